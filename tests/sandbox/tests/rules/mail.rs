//! The SMTP stand-in, spoken to line by line.

use kontor_sandbox::{SandboxConfig, SmtpLimits};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::world::{PATIENCE, World, read};

const TEXT: &str = "Message-ID: <one@kontor>\r\nSubject: =?utf-8?b?0KjQvtGC?=\r\n folded\r\n\
                    \r\nHello\r\n..stuffed\r\n.\r\n";

struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(world: &World) -> Self {
        let stream = TcpStream::connect(world.sandbox.smtp().address()).await.expect("a server");
        let mut client = Self(BufReader::new(stream));
        assert!(client.reply().await.starts_with("220"));
        client
    }

    /// One reply, continuation lines included; empty when the server has hung up.
    async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let start = reply.len();
            let length = self.0.read_line(&mut reply).await.unwrap_or(0);
            if length == 0 || reply.get(start + 3..start + 4) != Some("-") {
                return reply;
            }
        }
    }

    async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("an open connection");
    }

    async fn ask(&mut self, command: &str) -> String {
        self.say(&format!("{command}\r\n")).await;
        self.reply().await
    }

    async fn code(&mut self, command: &str) -> u16 {
        let reply = self.ask(command).await;
        reply.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0)
    }

    async fn mail(&mut self, to: &str) -> u16 {
        assert_eq!(self.code("MAIL FROM:<shop@kontor.test> BODY=8BITMIME").await, 250);
        let answer = self.code(&format!("RCPT TO:<{to}>")).await;
        if answer != 250 {
            assert_eq!(self.code("RSET").await, 250);
            return answer;
        }
        assert_eq!(self.code("DATA").await, 354);
        self.code(TEXT.trim_end()).await
    }
}

#[tokio::test]
async fn mail_is_kept_with_its_envelope_headers_unfolded_and_dots_unstuffed() {
    let world = World::new().await;
    let mut client = Client::connect(&world).await;
    let hello = client.ask("EHLO kontor").await;
    for extension in ["SIZE", "PIPELINING", "8BITMIME", "SMTPUTF8", "AUTH PLAIN LOGIN"] {
        assert!(hello.contains(extension), "{hello}");
    }
    assert_eq!(client.mail("payer@example.kz").await, 250);
    assert_eq!(client.code("QUIT").await, 221);
    let mail = world.sandbox.smtp().messages().remove(0);
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("shop@kontor.test", &["payer@example.kz".to_owned()][..])
    );
    assert_eq!(mail.header("subject"), Some("=?utf-8?b?0KjQvtGC?= folded"));
    assert_eq!(mail.body(), "Hello\r\n.stuffed\r\n");
}

#[tokio::test]
async fn pipelined_commands_are_answered_one_by_one() {
    let world = World::new().await;
    let mut client = Client::connect(&world).await;
    client.say("HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.kz>\r\nRCPT TO:<c@d.kz>\r\nDATA\r\n").await;
    for expected in ["250", "250", "250", "250", "354"] {
        assert!(client.reply().await.starts_with(expected));
    }
    client.say(TEXT).await;
    assert!(client.reply().await.starts_with("250"));
    assert_eq!(world.sandbox.smtp().messages()[0].to.len(), 2);
    assert_eq!(world.sandbox.smtp().to("C@D.kz").len(), 1);
}

#[tokio::test]
async fn anybody_may_log_in_with_readable_credentials() {
    let world = World::new().await;
    let mut client = Client::connect(&world).await;
    assert_eq!(client.code("AUTH PLAIN AHVzZXJAZXhhbXBsZS5regBzZWNyZXQ=").await, 235);
    assert_eq!(client.mail("a@b.kz").await, 250);
    assert_eq!(world.sandbox.smtp().messages()[0].user.as_deref(), Some("user@example.kz"));
    assert_eq!(client.code("AUTH LOGIN").await, 334);
    assert_eq!(client.code("dXNlcg==").await, 334);
    assert_eq!(client.code("c2VjcmV0").await, 235);
    assert_eq!(client.code("AUTH PLAIN ???").await, 535);
}

#[tokio::test]
async fn commands_out_of_order_are_refused() {
    let world = World::new().await;
    let mut client = Client::connect(&world).await;
    assert_eq!(client.code("RCPT TO:<a@b.kz>").await, 503);
    assert_eq!(client.code("DATA").await, 503);
    assert_eq!(client.code("MAIL TO:<a@b.kz>").await, 501);
    assert_eq!(client.code("TURN").await, 500);
    assert_eq!(client.code("NOOP").await, 250);
}

#[tokio::test]
async fn a_greylisted_recipient_passes_at_the_next_try() {
    let world = World::new().await;
    world.sandbox.smtp().set_switches(|switches| switches.greylist_percent = 100);
    let mut client = Client::connect(&world).await;
    assert_eq!(client.mail("a@b.kz").await, 451);
    assert_eq!(client.mail("a@b.kz").await, 250);
    world.sandbox.smtp().set_switches(|switches| switches.greylist_forever = true);
    assert_eq!(client.mail("a@b.kz").await, 451);
    assert_eq!(client.mail("a@b.kz").await, 451);
}

#[tokio::test]
async fn only_addresses_that_say_so_are_rejected() {
    let world = World::new().await;
    world.sandbox.smtp().set_switches(|switches| switches.reject_recipients = true);
    let mut client = Client::connect(&world).await;
    client.ask("MAIL FROM:<shop@kontor.test>").await;
    assert!(client.ask("RCPT TO:<reject-me@b.kz>").await.starts_with("550 5.1.1"));
    assert_eq!(client.code("RCPT TO:<a@b.kz>").await, 250);
}

#[tokio::test]
async fn a_connection_lost_after_the_final_dot_leaves_the_message_and_a_duplicate() {
    let world = World::new().await;
    let smtp = world.sandbox.smtp();
    smtp.set_switches(|switches| switches.drop_after_data = true);
    let mut client = Client::connect(&world).await;
    assert_eq!(client.mail("a@b.kz").await, 0);
    smtp.set_switches(|switches| switches.drop_after_data = false);
    let mut client = Client::connect(&world).await;
    assert_eq!(client.mail("a@b.kz").await, 250);
    assert!(smtp.wait_for(2, PATIENCE).await);
    assert_eq!(smtp.duplicates()["<one@kontor>"], 2);
    let url = world.url("/_sandbox/mail?to=a@b.kz");
    let shown = read(world.client.get(url)).await.expect("an answer").ok();
    assert_eq!(shown.at("/count"), json!(2));
    assert_eq!(shown.at("/messages/0/from"), json!("shop@kontor.test"));
}

#[tokio::test]
async fn a_full_store_and_a_big_message_are_refused_without_loss_of_count() {
    let limits = SmtpLimits { messages_max: 1, message_bytes_max: 200, ..SmtpLimits::default() };
    let config = SandboxConfig { smtp_limits: limits, ..SandboxConfig::default() };
    let world = World::with(config).await;
    let mut client = Client::connect(&world).await;
    assert_eq!(client.code("MAIL FROM:<a@b.kz> SIZE=201").await, 552);
    assert_eq!(client.mail("a@b.kz").await, 250);
    assert_eq!(client.mail("a@b.kz").await, 452);
    client.ask("MAIL FROM:<a@b.kz>").await;
    client.ask("RCPT TO:<a@b.kz>").await;
    client.ask("DATA").await;
    assert_eq!(client.code(&format!("{}\r\n.", "x".repeat(300))).await, 552);
    assert_eq!(world.sandbox.smtp().count(), 1);
}
