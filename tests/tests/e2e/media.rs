//! Pictures in a bucket of an S3 that nobody here wrote.

use kontor_tests::{
    bucket::Bucket,
    shop::Shop,
    site::{Kind, Site},
};
use serde_json::Value;

/// A picture of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\
    \0\0\0\x0cIDATx\xdac8\xc1\xc5\x05\0\x02z\0\xddY\xda\x91\xd1\0\0\0\0IEND\xaeB`\x82";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_lies_in_the_bucket_by_its_tenant_and_hash_and_anybody_sees_it() {
    let bucket = Bucket::start().await;
    let site = Site::on(Kind::Sqlite).await.with_settings(&bucket.settings());
    let node = site.start().await;
    let shop = Shop::open(&node, "harbour-books").await;
    let http = kontor_sandbox::plain_client(std::time::Duration::from_secs(10)).unwrap();
    let sent = http.post(format!("{}/v1/media", node.url())).bearer_auth(shop.client.token());
    let sent = sent.header("content-type", "application/octet-stream").body(PIXEL).send().await;
    let kept: Value = serde_json::from_slice(&sent.unwrap().bytes().await.unwrap()).unwrap();
    let hash = kept["hash"].as_str().unwrap_or_else(|| panic!("{kept}"));
    let mut wanted: Vec<String> = ["", "-200", "-800"]
        .iter()
        .map(|copy| format!("harbour-books/{}/{hash}{copy}", &hash[..2]))
        .collect();
    let mut keys = bucket.keys().await;
    keys.sort();
    wanted.sort();
    assert_eq!(keys, wanted);
    let seen = http.get(format!("{}{}", node.url(), kept["url"].as_str().unwrap()));
    let seen = seen.send().await.unwrap();
    assert_eq!(seen.headers()["content-type"], "image/png");
    assert_eq!(seen.bytes().await.unwrap(), PIXEL);
}
