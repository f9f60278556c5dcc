//! The dialogue, against a mail server of a few lines.

use super::*;
use kontor_messages::EntityId;
use serde_json::json;
use std::sync::Arc;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// How the server answers where the tests differ.
#[derive(Clone, Copy)]
struct Manner {
    ehlo: &'static str,
    auth: &'static str,
    rcpt: &'static str,
    /// Nothing: the connection is cut instead of an answer to the final dot.
    dot: Option<&'static str>,
}

const FRIENDLY: Manner = Manner {
    ehlo: "250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n",
    auth: "235 2.7.0 ok\r\n",
    rcpt: "250 2.1.5 ok\r\n",
    dot: Some("250 2.0.0 queued as 4XyZ\r\n"),
};

/// What the server was told, line by line, over all connections.
type Heard = Arc<Mutex<Vec<String>>>;

async fn server(manner: Manner) -> (u16, Heard) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Heard::default();
    let log = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, manner, Arc::clone(&log)));
        }
    });
    (port, heard)
}

async fn talk(stream: TcpStream, manner: Manner, heard: Heard) -> Option<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    heard.lock().unwrap().push("(connected)".to_owned());
    writer.write_all(b"220 mail.test\r\n").await.ok()?;
    let mut body = false;
    while let Some(line) = lines.next_line().await.ok()? {
        heard.lock().unwrap().push(line.clone());
        let answer = match line.split([' ', ':']).next().unwrap_or_default() {
            "." if body => {
                body = false;
                manner.dot?
            }
            _ if body => continue,
            "EHLO" => manner.ehlo,
            "AUTH" => manner.auth,
            "RCPT" => manner.rcpt,
            "DATA" => {
                body = true;
                "354 go on\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        writer.write_all(answer.as_bytes()).await.ok()?;
    }
    None
}

fn channel(port: u16, more: serde_json::Value) -> Smtp {
    let mut settings = json!({
        "host": "127.0.0.1", "port": port, "tls": "none",
        "from": "shop@example.com", "from_name": "Přístavní knihy", "timeout_ms": 2000,
    });
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    Smtp::new(Settings::parse(&AccountSettings(settings)).unwrap(), true).unwrap()
}

fn message() -> OutgoingMessage {
    OutgoingMessage {
        notification: EntityId::named("0199-message"),
        recipient: "jana@example.com".to_owned(),
        subject: "Přijali jsme objednávku 2026-000123".to_owned(),
        text: "Děkujeme.\n.tečka na začátku\n".to_owned(),
        html: Some("<p>Děkujeme.</p>".to_owned()),
        language: "cs".to_owned(),
    }
}

async fn failure_of(manner: Manner, more: serde_json::Value) -> SendFault {
    let (port, _) = server(manner).await;
    channel(port, more).send(&message()).await.unwrap_err()
}

fn header(heard: &[String], name: &str) -> String {
    heard.iter().find(|line| line.starts_with(name)).cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_message_goes_out_in_two_parts_with_its_headers() {
    let (port, heard) = server(FRIENDLY).await;
    let accepted = channel(port, json!({})).send(&message()).await.unwrap();
    assert!(accepted.provider_id.unwrap().contains("4XyZ"));
    let heard = heard.lock().unwrap().clone();
    assert_eq!(header(&heard, "MAIL FROM"), "MAIL FROM:<shop@example.com>");
    assert_eq!(header(&heard, "RCPT TO"), "RCPT TO:<jana@example.com>");
    assert_eq!(header(&heard, "Message-ID"), "Message-ID: <0199-message@example.com>");
    assert_eq!(header(&heard, "Auto-Submitted"), "Auto-Submitted: auto-generated");
    assert!(header(&heard, "Content-Type: multipart/alternative").len() > 10);
    assert!(header(&heard, "Subject").starts_with("Subject: =?utf-8?b?"));
    assert!(header(&heard, "Date").len() > 10);
    assert!(heard.iter().all(|line| line.is_ascii()));
}

#[tokio::test]
async fn a_second_message_uses_the_same_connection_and_a_second_try_the_same_message_id() {
    let (port, heard) = server(FRIENDLY).await;
    let channel = channel(port, json!({}));
    channel.send(&message()).await.unwrap();
    channel.send(&message()).await.unwrap();
    let heard = heard.lock().unwrap().clone();
    let count = |text: &str| heard.iter().filter(|line| line.starts_with(text)).count();
    assert_eq!(count("(connected)"), 1);
    assert_eq!(count("Message-ID: <0199-message@example.com>"), 2);
}

#[tokio::test]
async fn an_unknown_recipient_is_told_from_an_unwilling_server() {
    let rcpt = |rcpt| Manner { rcpt, ..FRIENDLY };
    let fault = failure_of(rcpt("550 5.1.1 <jana@example.com> unknown\r\n"), json!({})).await;
    assert_eq!(fault.failure.kind, FailureKind::RejectRecipient);
    assert_eq!(fault.failure.code, "550 5.1.1");
    assert!(!fault.failure.message.contains("jana"), "{}", fault.failure.message);
    let fault = failure_of(rcpt("450 4.2.0 greylisted, come back\r\n"), json!({})).await;
    assert_eq!(fault.failure.kind, FailureKind::RetryBackoff);
    assert_eq!(fault.failure.code, "450 4.2.0");
    let fault = failure_of(rcpt("550 5.7.1 policy\r\n"), json!({})).await;
    assert_eq!(fault.failure.kind, FailureKind::RejectConfig);
}

#[tokio::test]
async fn a_connection_cut_after_the_final_dot_is_ambiguous() {
    let fault = failure_of(Manner { dot: None, ..FRIENDLY }, json!({})).await;
    assert_eq!(fault.failure.kind, FailureKind::Ambiguous);
    let fault = failure_of(Manner { dot: Some("451 try later\r\n"), ..FRIENDLY }, json!({})).await;
    assert_eq!(fault.failure.kind, FailureKind::RetryBackoff);
}

#[tokio::test]
async fn a_wrong_password_is_the_settings_fault_and_is_not_repeated() {
    let login = json!({"user": "shop", "password": "wave"});
    let manner = Manner { auth: "535 5.7.8 no\r\n", ..FRIENDLY };
    let fault = failure_of(manner, login.clone()).await;
    assert_eq!(fault.failure.kind, FailureKind::RejectConfig);
    assert!(!format!("{fault:?}").contains("wave"));
    let (port, heard) = server(FRIENDLY).await;
    channel(port, login).send(&message()).await.unwrap();
    assert_eq!(header(&heard.lock().unwrap(), "AUTH"), "AUTH PLAIN AHNob3AAd2F2ZQ==");
}

#[tokio::test]
async fn a_server_without_starttls_hears_neither_credentials_nor_message() {
    let (port, heard) = server(FRIENDLY).await;
    let more = json!({"tls": "starttls", "user": "shop", "password": "wave"});
    let fault = channel(port, more).send(&message()).await.unwrap_err();
    assert_eq!(fault.failure.kind, FailureKind::RejectConfig);
    let heard = heard.lock().unwrap();
    assert!(heard.iter().all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL")));
}

#[tokio::test]
async fn a_server_that_is_away_is_asked_later() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = channel(port, json!({"timeout_ms": 100})).send(&message()).await.unwrap_err();
    assert_eq!(silent.failure.kind, FailureKind::RetryBackoff);
    drop(listener);
    let away = channel(port, json!({})).send(&message()).await.unwrap_err();
    assert_eq!(away.failure.kind, FailureKind::RetryBackoff);
}

#[tokio::test]
async fn w97_a_header_cannot_be_smuggled_in_and_nothing_personal_is_printed() {
    let channel = channel(1, json!({}));
    let mut bad = message();
    bad.subject = "Hello\r\nBcc: x@example.com".to_owned();
    let fault = channel.send(&bad).await.unwrap_err();
    assert_eq!(fault.failure.kind, FailureKind::RejectMessage);
    let mut bad = message();
    bad.recipient = "jana@example.com\r\nRCPT TO:<x@example.com>".to_owned();
    let fault = channel.send(&bad).await.unwrap_err();
    assert_eq!(fault.failure.kind, FailureKind::RejectRecipient);
    let printed = format!("{:?}", message());
    assert!(!printed.contains("jana") && !printed.contains("objednávku"));
}

#[test]
fn settings_that_would_give_the_password_away_are_refused() {
    let parse = |settings| Settings::parse(&AccountSettings(settings)).map(|_| ());
    let text = |settings| parse(settings).unwrap_err().0;
    let plain = json!({"host": "mail.example.com", "from": "a@b.cz", "tls": "none"});
    assert!(text(plain).starts_with("tls:"));
    let half = json!({"host": "mail.example.com", "from": "a@b.cz", "user": "shop"});
    assert!(text(half).starts_with("user"));
    let wrong = json!({"host": "mail.example.com", "from": "a@b.cz", "password": 4711});
    assert_eq!(text(wrong), "password: expected another value");
    assert!(text(json!({"from": "a@b.cz"})).contains("missing field `host`"));
    assert!(parse(json!({"host": "mail.example.com", "from": "a@b.cz"})).is_ok());
    assert!(parse(json!({"host": "::1", "from": "a@b.cz", "tls": "none"})).is_ok());
}

#[tokio::test]
async fn a_tenant_s_server_at_a_private_address_is_not_even_connected_to() {
    let (port, heard) = server(FRIENDLY).await;
    for host in ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "::1", "::ffff:127.0.0.1"] {
        let settings = json!({ "host": host, "port": port, "from": "shop@example.com" });
        let settings = AccountSettings(settings);
        let fault = super::super::check(&settings, false).await.unwrap_err();
        assert_eq!(fault, ("host", "the address is not public".to_owned()), "{host}");
        let strict = Smtp::new(Settings::parse(&settings).unwrap(), false).unwrap();
        let fault = strict.send(&message()).await.unwrap_err().failure;
        assert_eq!((fault.kind, &*fault.code), (FailureKind::RejectConfig, "address"), "{host}");
        assert_eq!(fault.message, "host: the address is not public", "{host}");
    }
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_is_known_by_its_name_though_it_is_called_at_an_address() {
    let (port, heard) = server(FRIENDLY).await;
    let accepted = channel(port, json!({ "host": "localhost" })).send(&message()).await;
    assert!(accepted.is_ok(), "{accepted:?}");
    assert_eq!(heard.lock().unwrap()[0], "(connected)");
}
