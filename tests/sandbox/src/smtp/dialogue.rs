//! One SMTP connection from greeting to farewell.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::Inner;
use super::mail::{Mail, headers};
use crate::common::now_ms;

const COMMAND_LEN_MAX: usize = 4_096;
const TEXT_LINE_LEN_MAX: usize = 1024 * 1024;
const IDLE: Duration = Duration::from_secs(300);

/// Whether the conversation goes on after a command.
#[derive(PartialEq)]
enum Next {
    Continue,
    Close,
}

struct Dialogue {
    stream: BufReader<TcpStream>,
    inner: Arc<Inner>,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

/// Talks until the client leaves. A client that is silent for long is dropped.
pub(crate) async fn converse(stream: TcpStream, inner: Arc<Inner>) -> io::Result<()> {
    let mut dialogue =
        Dialogue { stream: BufReader::new(stream), inner, user: None, from: None, to: Vec::new() };
    dialogue.reply("220 sandbox ESMTP ready").await?;
    loop {
        let Some(line) = dialogue.line(COMMAND_LEN_MAX).await? else { return Ok(()) };
        let line = String::from_utf8_lossy(&line).into_owned();
        if dialogue.obey(&line).await? == Next::Close {
            return Ok(());
        }
    }
}

impl Dialogue {
    async fn obey(&mut self, line: &str) -> io::Result<Next> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.extended_hello().await?,
            "HELO" => {
                self.reset();
                self.reply("250 sandbox").await?;
            }
            "AUTH" => self.authenticate(rest).await?,
            "MAIL" => self.mail(rest).await?,
            "RCPT" => self.recipient(rest).await?,
            "DATA" => return self.data().await,
            "RSET" => {
                self.reset();
                self.reply("250 2.0.0 Ok").await?;
            }
            "NOOP" => self.reply("250 2.0.0 Ok").await?,
            "QUIT" => {
                self.reply("221 2.0.0 Bye").await?;
                return Ok(Next::Close);
            }
            _ => self.reply("500 5.5.2 Command unknown").await?,
        }
        Ok(Next::Continue)
    }

    async fn extended_hello(&mut self) -> io::Result<()> {
        self.reset();
        let size = self.inner.limits.message_bytes_max;
        let greeting = format!(
            "250-sandbox\r\n250-SIZE {size}\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
             250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN LOGIN"
        );
        self.reply(&greeting).await
    }

    /// Any user and password will do; only what is not base64 is refused.
    async fn authenticate(&mut self, rest: &str) -> io::Result<()> {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let user = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let token = match initial {
                    "" => self.ask("334 ").await?,
                    given => given.to_owned(),
                };
                decoded(&token).and_then(|text| text.split('\0').nth(1).map(str::to_owned))
            }
            "LOGIN" => {
                let name = match initial {
                    "" => self.ask("334 VXNlcm5hbWU6").await?,
                    given => given.to_owned(),
                };
                let password = self.ask("334 UGFzc3dvcmQ6").await?;
                decoded(&name).filter(|_| decoded(&password).is_some())
            }
            _ => return self.reply("504 5.5.4 Mechanism unknown").await,
        };
        match user {
            Some(user) => {
                self.user = Some(user);
                self.reply("235 2.7.0 Welcome").await
            }
            None => self.reply("535 5.7.8 Credentials unreadable").await,
        }
    }

    async fn ask(&mut self, prompt: &str) -> io::Result<String> {
        self.reply(prompt).await?;
        let line = self.line(COMMAND_LEN_MAX).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    async fn mail(&mut self, rest: &str) -> io::Result<()> {
        let Some((from, options)) = address(rest, "FROM:") else {
            return self.reply("501 5.5.4 Syntax: MAIL FROM:<address>").await;
        };
        if self.from.is_some() {
            return self.reply("503 5.5.1 Sender already given").await;
        }
        let announced = options.split(' ').find_map(|option| option.strip_prefix("SIZE="));
        let announced = announced.and_then(|size| size.parse::<usize>().ok()).unwrap_or(0);
        if announced > self.inner.limits.message_bytes_max {
            return self.reply("552 5.3.4 Message too big").await;
        }
        self.from = Some(from);
        self.reply("250 2.1.0 Ok").await
    }

    async fn recipient(&mut self, rest: &str) -> io::Result<()> {
        let Some(from) = self.from.clone() else {
            return self.reply("503 5.5.1 Sender first").await;
        };
        let Some((to, _)) = address(rest, "TO:").filter(|(to, _)| !to.is_empty()) else {
            return self.reply("501 5.5.4 Syntax: RCPT TO:<address>").await;
        };
        if self.to.len() >= self.inner.limits.recipients_max {
            return self.reply("452 4.5.3 Too many recipients").await;
        }
        if self.inner.switches().reject_recipients && to.to_ascii_lowercase().contains("reject") {
            return self.reply("550 5.1.1 No such mailbox").await;
        }
        if self.inner.greylists(&from, &to) {
            return self.reply("451 4.7.1 Greylisted, try again later").await;
        }
        self.to.push(to);
        self.reply("250 2.1.5 Ok").await
    }

    async fn data(&mut self) -> io::Result<Next> {
        if self.from.is_none() || self.to.is_empty() {
            self.reply("503 5.5.1 Recipients first").await?;
            return Ok(Next::Continue);
        }
        self.reply("354 End with a dot on a line").await?;
        let Some(raw) = self.text().await? else {
            self.reset();
            self.reply("552 5.3.4 Message too big").await?;
            return Ok(Next::Continue);
        };
        let mail = Mail {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            user: self.user.clone(),
            headers: headers(&raw),
            raw,
            received_ms: now_ms(),
        };
        if !self.inner.keep(mail) {
            self.reply("452 4.3.1 The store is full").await?;
            return Ok(Next::Continue);
        }
        let switches = self.inner.switches();
        if switches.drop_after_data || self.inner.dice.chance(switches.drop_after_data_percent) {
            return Ok(Next::Close);
        }
        let queued = self.inner.dice.id("");
        self.reply(&format!("250 2.0.0 Ok: queued as {queued}")).await?;
        Ok(Next::Continue)
    }

    /// Reads to the final dot and takes the stuffed dots off. None if the text is too long; it is
    /// read to its end all the same.
    async fn text(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut raw = Vec::new();
        let mut too_long = false;
        loop {
            let line = self.line(TEXT_LINE_LEN_MAX).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if line == b"." {
                return Ok((!too_long).then_some(raw));
            }
            let line = line.strip_prefix(b".").unwrap_or(&line);
            too_long |= raw.len() + line.len() > self.inner.limits.message_bytes_max;
            if !too_long {
                raw.extend_from_slice(line);
                raw.extend_from_slice(b"\r\n");
            }
        }
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }

    /// One line without its line end. None when the client has left.
    async fn line(&mut self, len_max: usize) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let limit = u64::try_from(len_max).unwrap_or(u64::MAX);
        let mut limited = (&mut self.stream).take(limit);
        let reading = limited.read_until(b'\n', &mut line);
        tokio::time::timeout(IDLE, reading).await.map_err(io::Error::other)??;
        if line.is_empty() {
            return Ok(None);
        }
        if line.pop() != Some(b'\n') {
            return Err(io::Error::other("line cut short or too long"));
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }

    async fn reply(&mut self, text: &str) -> io::Result<()> {
        let latency = self.inner.switches().latency_ms;
        if latency > 0 {
            tokio::time::sleep(Duration::from_millis(latency)).await;
        }
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }
}

/// Takes `FROM:<address> options` apart.
fn address<'a>(rest: &'a str, label: &str) -> Option<(String, &'a str)> {
    let start = rest.get(..label.len())?;
    if !start.eq_ignore_ascii_case(label) {
        return None;
    }
    let bracketed = rest.get(label.len()..)?.trim_start().strip_prefix('<')?;
    let (address, options) = bracketed.split_once('>')?;
    Some((address.to_owned(), options.trim()))
}

fn decoded(token: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()
}
