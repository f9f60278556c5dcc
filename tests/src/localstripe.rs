//! A Stripe that nobody here wrote: the program `localstripe`, and a payer who pays there.

use crate::{SOON, binary, until_true};
use serde_json::Value;
use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

const KEY: &str = "sk_test_of_the_tests";

/// A process of `localstripe`; killed when it is dropped.
pub struct LocalStripe {
    process: Child,
    url: String,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl LocalStripe {
    /// Starts one that knows nothing, and waits until it answers.
    ///
    /// # Panics
    /// If there is no such program.
    pub async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(binary::python());
        command.args(["-m", "localstripe", "--from-scratch", "--port", &port.to_string()]);
        command.current_dir(folder.path()).env("TMPDIR", folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let http = kontor_sandbox::plain_client(Duration::from_secs(10)).unwrap();
        let stripe = Self { process, url, http, _folder: folder };
        until_true("localstripe", SOON, || async {
            let asked = stripe.http.get(format!("{}/v1/events", stripe.url)).bearer_auth(KEY);
            asked.send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        stripe
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A key that it takes.
    pub fn key(&self) -> &'static str {
        KEY
    }

    /// Has it send what happens to an address, signed with a secret.
    pub async fn tell(&self, url: &str, secret: &str) {
        let form = [("url", url), ("secret", secret)];
        let (status, body) = self.post("/_config/webhooks/kontor", &form).await;
        assert_eq!(status, 200, "{body}");
    }

    /// A payer tries to pay an intent with a card, as the script on the shop's page would.
    pub async fn pay(&self, intent: &str, card: &str) -> (u16, Value) {
        let form = [
            ("type", "card"),
            ("card[number]", card),
            ("card[exp_month]", "12"),
            ("card[exp_year]", "2040"),
            ("card[cvc]", "123"),
        ];
        let (status, method) = self.post("/v1/payment_methods", &form).await;
        assert_eq!(status, 200, "{method}");
        let method = method["id"].as_str().unwrap();
        let path = format!("/v1/payment_intents/{intent}");
        let (status, body) = self.post(&path, &[("payment_method", method)]).await;
        assert_eq!(status, 200, "{body}");
        self.post(&format!("{path}/confirm"), &[]).await
    }

    /// Reads something.
    pub async fn get(&self, path: &str) -> Value {
        let asked = self.http.get(format!("{}{path}", self.url)).bearer_auth(KEY);
        let answer = asked.send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let url = reqwest::Url::parse_with_params(&self.url, form).unwrap();
        let body = url.query().unwrap_or_default().to_owned();
        let asked = self.http.post(format!("{}{path}", self.url)).bearer_auth(KEY);
        let asked = asked.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = asked.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }
}

impl Drop for LocalStripe {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
