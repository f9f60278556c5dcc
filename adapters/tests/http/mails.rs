//! The mail of an invitation: what it is accepted with is in there, and in nothing that is kept.

use crate::{people::SECRET, people::Seed, shop::Shop};
use kontor_actors::{
    follower::Follow,
    policies::follower::Policies,
    store::{Store, StoredEvent},
};
use kontor_adapters::{
    dispatch::{letters::Letters, notifications::NotificationSender},
    gateways::GatewaySettings,
    identity::{IdentitySettings, Vault},
    invitation::{self, Links},
};
use kontor_messages::TenantId;
use serde_json::json;
use std::sync::Arc;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};

const SHOP: &str = "harbour-books";

/// A mail server for one message.
async fn mail_server() -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        writer.write_all(b"220 mail.test\r\n").await.unwrap();
        let (mut inside, mut message) = (false, String::new());
        while let Some(line) = lines.next_line().await.unwrap() {
            let answer = match line.split([' ', ':']).next().unwrap_or_default() {
                "." if inside => {
                    writer.write_all(b"250 queued\r\n").await.unwrap();
                    return message;
                }
                _ if inside => {
                    // A long line goes on behind '='.
                    message.push_str(line.strip_suffix('=').unwrap_or(&format!("{line}\n")));
                    continue;
                }
                "DATA" => {
                    inside = true;
                    "354 go on\r\n"
                }
                _ => "250 ok\r\n",
            };
            writer.write_all(answer.as_bytes()).await.unwrap();
        }
        message
    });
    (port, heard)
}

pub async fn events(shop: &Shop, name: &str) -> Vec<Arc<StoredEvent>> {
    let all = shop.intake.ground().store.read(0, 0, 500).await.unwrap();
    all.into_iter().filter(|event| &*event.name == name).map(Arc::new).collect()
}

pub fn letters() -> Letters {
    Letters::new(Vault::new(&SECRET).unwrap(), IdentitySettings::default())
}

#[tokio::test]
async fn an_invitation_s_secret_is_in_its_mail_and_in_nothing_that_is_kept() {
    let (shop, _) = Shop::trading().await;
    let olga = shop.member("olga", SHOP, "owner").await;
    let (port, heard) = mail_server().await;
    let account = json!({ "settings": {
        "host": "127.0.0.1", "port": port, "tls": "none", "from": "shop@example.com" } });
    olga.put("/v1/accounts/smtp/main", account).await.ok();
    let wish = json!({ "email": "nina@example.com", "role": "support" });
    let invited = olga.post("/v1/invitations", wish).await.ok();

    let policies = Policies::new(shop.intake.clone());
    let told = events(&shop, "tenant.invited").await;
    assert!(policies.lane(&told[0]).is_some());
    policies.handle("", &told).await.unwrap();
    let page = Some("https://kontor.example/join".to_owned());
    let links = Links { secrets: Arc::new(Seed), page };
    let sender =
        NotificationSender::new(shop.intake.clone(), None, letters()).with_links(Some(links));
    let sender =
        sender.with_reach(&GatewaySettings { allow_private: true, ..GatewaySettings::default() });
    sender.handle("", &events(&shop, "notification.queued").await).await.unwrap();

    let id = invited["id"].as_str().unwrap();
    let token = invitation::text(&Seed, &TenantId::parse(SHOP).unwrap(), id);
    let mail = heard.await.unwrap();
    assert!(mail.contains(&format!("https://kontor.example/join#{token}")), "{mail}");
    assert_eq!(events(&shop, "notification.sent").await.len(), 1);
    let secret = token.rsplit_once(&format!("{id}_")).unwrap().1;
    for event in shop.store.read(0, 0, 500).await.unwrap() {
        assert!(!event.payload.contains(secret) && !event.meta.contains(secret), "{event:?}");
    }
    shop.user("nina").post("/v1/invitations/accept", json!({ "token": token })).await.ok();
}

#[tokio::test]
async fn without_a_secret_to_derive_from_an_invitation_is_not_sent() {
    let (shop, _) = Shop::trading().await;
    let olga = shop.member("olga", SHOP, "owner").await;
    let wish = json!({ "email": "nina@example.com", "role": "support" });
    olga.post("/v1/invitations", wish).await.ok();
    let policies = Policies::new(shop.intake.clone());
    policies.handle("", &events(&shop, "tenant.invited").await).await.unwrap();
    let sender = NotificationSender::new(shop.intake.clone(), None, letters());
    sender.handle("", &events(&shop, "notification.queued").await).await.unwrap();
    assert_eq!(events(&shop, "notification.sent").await.len(), 0);
    assert_eq!(events(&shop, "notification.attempt_failed").await.len(), 1);
}
