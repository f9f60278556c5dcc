//! A bucket of an S3 that nobody here wrote: the program `moto`.

use crate::{SOON, binary, until_true};
use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A process of `moto` with one empty bucket; killed when it is dropped.
pub struct Bucket {
    process: Child,
    url: String,
    http: reqwest::Client,
}

impl Bucket {
    /// The bucket's name.
    pub const NAME: &str = "shop";

    /// Starts one, and waits until its bucket is there.
    ///
    /// # Panics
    /// If there is no such program.
    pub async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(binary::python());
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let http = kontor_sandbox::plain_client(Duration::from_secs(10)).unwrap();
        let bucket = Self { process, url, http };
        until_true("a bucket", SOON, || async {
            let asked = bucket.http.put(format!("{}/{}", bucket.url, Self::NAME));
            asked.send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        bucket
    }

    /// What a node is told of it.
    pub fn settings(&self) -> Vec<(&str, &str)> {
        vec![
            ("KONTOR_MEDIA__S3__ENDPOINT", &self.url),
            ("KONTOR_MEDIA__S3__BUCKET", Self::NAME),
            ("KONTOR_MEDIA__S3__ACCESS_KEY_ID", "kontor"),
            ("KONTOR_MEDIA__S3__SECRET_ACCESS_KEY", "kontor-secret"),
        ]
    }

    /// The keys of what is in it.
    pub async fn keys(&self) -> Vec<String> {
        let asked = self.http.get(format!("{}/{}?list-type=2", self.url, Self::NAME));
        let listed = asked.send().await.unwrap().text().await.unwrap();
        let keys = listed.split("<Key>").skip(1);
        keys.filter_map(|rest| Some(rest.split_once("</Key>")?.0.to_owned())).collect()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
