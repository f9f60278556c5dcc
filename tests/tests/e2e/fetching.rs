//! Feeds from servers of files that nobody here wrote.

use kontor_tests::{
    SOON,
    file_server::{FileServer, PASSWORD, USER},
    shop::Shop,
    site::{Kind, Site},
    until,
};
use serde_json::{Value, json};

const FEED: &str = "code;name;price;stock\nA;Vrták;82,50;7\nB;Pila;100;3\n";

/// A shop whose supplier's feed lies on a server.
struct World {
    folder: tempfile::TempDir,
    shop: Shop,
    // Both go with the world.
    _node: kontor_tests::node::Node,
    _site: Site,
}

impl World {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("feed.csv"), FEED).unwrap();
        let private = [("KONTOR_GATEWAYS__ALLOW_PRIVATE", "true")];
        let site = Site::on(Kind::Sqlite).await.with_settings(&private);
        let node = site.start().await;
        let shop = Shop::open(&node, "harbour-books").await;
        shop.client.put("/v1/suppliers/acme", json!({ "name": "Acme" })).await.ok();
        Self { folder, shop, _node: node, _site: site }
    }

    /// Imports from where the feed lies; how that ended.
    async fn import(&self, reach: Value) -> Value {
        let source = json!({
            "supplier": "acme", "name": "All", "currency": "CZK", "reach": reach,
            "format": { "format": { "kind": "csv" } },
            "mapping": { "fields": [
                { "to": "code", "from": ["code"] }, { "to": "name", "from": ["name"] },
                { "to": "purchase_price", "from": ["price"] }, { "to": "stock", "from": ["stock"] },
            ] },
        });
        self.shop.client.put("/v1/sources/full", source).await.ok();
        let begun = self.shop.client.post("/v1/imports", json!({ "source": "full" })).await.ok();
        let path = format!("/v1/imports/{}", begun["id"].as_str().unwrap());
        until("the import's end", SOON, || async {
            let known = self.shop.client.get(&path).await.ok();
            let open = ["queued", "running"].iter().any(|status| known["status"] == *status);
            (!open).then_some(known)
        })
        .await
    }

    /// The feed is imported, not again while it is the same, and again when it is another.
    async fn imports_what_is_new(&self, reach: Value) {
        let first = self.import(reach.clone()).await;
        assert_eq!(
            (&first["status"], &first["counts"]["created"]),
            (&json!("completed"), &json!(2))
        );
        let again = self.import(reach.clone()).await;
        assert_eq!(again["not_modified"], true, "{again}");
        let longer = format!("{FEED}C;Kladivo;50;1\n");
        std::fs::write(self.folder.path().join("feed.csv"), longer).unwrap();
        let third = self.import(reach).await;
        assert_eq!(third["counts"]["created"], 1, "{third}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_on_an_ftp_server_is_fetched_when_it_has_changed() {
    let world = World::open().await;
    let server = FileServer::ftp(world.folder.path()).await;
    let mut reach = json!({
        "by": "ftp", "host": "127.0.0.1", "port": server.port(), "path": "/feed.csv",
        "user": USER, "password": PASSWORD, "plain": true,
    });
    world.imports_what_is_new(reach.clone()).await;
    reach["path"] = "/nothing.csv".into();
    let missing = world.import(reach.clone()).await;
    assert!(missing["problem"].as_str().unwrap().contains("no such file"), "{missing}");
    reach["password"] = "wrong".into();
    let refused = world.import(reach).await;
    assert!(refused["problem"].as_str().unwrap().contains("refuses our access"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_on_an_sftp_server_is_fetched_when_the_server_shows_the_key_that_was_set() {
    let world = World::open().await;
    let server = FileServer::sftp(world.folder.path()).await;
    let mut reach = json!({
        "by": "sftp", "host": "127.0.0.1", "port": server.port(), "path": "/feed.csv",
        "user": USER, "password": PASSWORD,
    });
    let unknown = world.import(reach.clone()).await;
    assert_eq!(unknown["status"], "failed");
    let problem = unknown["problem"].as_str().unwrap();
    let shown = problem.split_whitespace().find(|word| word.starts_with("SHA256:")).unwrap();
    reach["host_key"] = shown.trim_end_matches(':').into();
    world.imports_what_is_new(reach.clone()).await;
    reach["password"] = "wrong".into();
    let refused = world.import(reach).await;
    assert!(refused["problem"].as_str().unwrap().contains("refuses our access"), "{refused}");
}
