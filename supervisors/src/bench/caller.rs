//! A caller over one connection that is kept: HTTP/1.1 by hand, since a client for everything would
//! take more of the machine than the node that is measured.

use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::timeout,
};

/// How long an answer is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// Headers of an answer, at most.
const HEADERS_MAX: usize = 32;
/// Bytes of an answer, at most.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Whom a caller asks, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// `127.0.0.1:3200`.
    pub(super) address: String,
    /// What it shows.
    pub(super) token: String,
    /// For which tenant, where the token does not say it.
    pub(super) tenant: Option<String>,
}

/// One connection.
pub(super) struct Caller {
    stream: TcpStream,
    /// The headers that are the same in every request.
    standing: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// An answer.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) body: &'a [u8],
}

impl Caller {
    pub(super) async fn connect(door: &Door) -> Result<Self, String> {
        let connecting = TcpStream::connect(&door.address).await;
        let stream = connecting.map_err(|fault| format!("{}: {fault}", door.address))?;
        stream.set_nodelay(true).map_err(|fault| fault.to_string())?;
        let tenant = door.tenant.as_ref().map(|tenant| format!("x-kontor-tenant: {tenant}\r\n"));
        let standing = format!(
            "HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n{}",
            door.address,
            door.token,
            tenant.unwrap_or_default()
        );
        let (request, answer) = (Vec::with_capacity(2048), Vec::with_capacity(8192));
        Ok(Self { stream, standing, request, answer })
    }

    /// Asks, under a key that nobody has used.
    pub(super) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<Answer<'_>, String> {
        use std::io::Write;
        self.request.clear();
        let key = fastrand::u128(..);
        let written = write!(
            self.request,
            "{method} {path} {}content-type: application/json\r\nidempotency-key: {key:032x}\r\n\
             content-length: {}\r\n\r\n{body}",
            self.standing,
            body.len()
        );
        written.map_err(|fault| fault.to_string())?;
        let sent = timeout(ANSWER_MAX, self.stream.write_all(&self.request)).await;
        let sent = sent.map_err(|_| "the node reads nothing".to_owned())?;
        sent.map_err(|fault| fault.to_string())?;
        self.answered().await
    }

    /// Waits for the answer to what was sent.
    async fn answered(&mut self) -> Result<Answer<'_>, String> {
        let asking = async {
            self.answer.clear();
            loop {
                let read = self.stream.read_buf(&mut self.answer).await;
                if read.map_err(|fault| fault.to_string())? == 0 {
                    return Err("the node hung up".to_owned());
                }
                if let Some(found) = parse(&self.answer)? {
                    return Ok(found);
                }
            }
        };
        let answered = timeout(ANSWER_MAX, asking).await;
        let (status, start) = answered.map_err(|_| "no answer within a minute".to_owned())??;
        Ok(Answer { status, body: &self.answer[start..] })
    }

    /// Asks for something that must work; answers with its JSON.
    pub(super) async fn must(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<serde_json::Value, String> {
        let answer = self.ask(method, path, body).await?;
        answer.good().map_err(|fault| format!("{method} {path} {fault}"))
    }

    /// Puts a file whose parts come as they are made; it must be taken.
    pub(super) async fn upload(
        &mut self,
        path: &str,
        mut parts: mpsc::Receiver<Vec<u8>>,
    ) -> Result<(), String> {
        let head = format!(
            "PUT {path} {}content-type: application/octet-stream\r\n\
             transfer-encoding: chunked\r\n\r\n",
            self.standing
        );
        let mut sent = timeout(ANSWER_MAX, self.stream.write_all(head.as_bytes())).await;
        let mut part = Vec::with_capacity(8192);
        while let (Ok(Ok(())), Some(next)) = (&sent, parts.recv().await) {
            part.clear();
            part.extend_from_slice(format!("{:x}\r\n", next.len()).as_bytes());
            part.extend_from_slice(&next);
            part.extend_from_slice(b"\r\n");
            sent = timeout(ANSWER_MAX, self.stream.write_all(&part)).await;
        }
        if let Ok(Ok(())) = sent {
            sent = timeout(ANSWER_MAX, self.stream.write_all(b"0\r\n\r\n")).await;
        }
        // A node that refuses a file need not read all of it: its answer says why.
        sent.map_err(|_| format!("PUT {path}: the node reads nothing"))?.ok();
        let answer = self.answered().await?;
        answer.good().map(drop).map_err(|fault| format!("PUT {path} {fault}"))
    }
}

impl Answer<'_> {
    /// Its JSON, if it says yes.
    fn good(&self) -> Result<serde_json::Value, String> {
        if (200..300).contains(&self.status) {
            return Ok(serde_json::from_slice(self.body).unwrap_or_default());
        }
        let text = String::from_utf8_lossy(self.body);
        Err(format!("was answered {}: {text}", self.status))
    }
}

/// Status, and where the body starts, of an answer that is whole.
fn parse(bytes: &[u8]) -> Result<Option<(u16, usize)>, String> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut answer = httparse::Response::new(&mut headers);
    let head = answer.parse(bytes).map_err(|broken| format!("not HTTP: {broken}"))?;
    let httparse::Status::Complete(start) = head else { return Ok(None) };
    let length = answer.headers.iter().find(|one| one.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|one| std::str::from_utf8(one.value).ok()?.parse().ok());
    let length: usize = match (length, answer.code) {
        (Some(length), _) => length,
        (None, Some(204 | 304)) => 0,
        (None, _) => return Err("an answer without a length".to_owned()),
    };
    if ANSWER_BYTES_MAX < length {
        return Err("an answer that is too long".to_owned());
    }
    let whole = bytes.len() >= start + length;
    Ok(whole.then_some((answer.code.unwrap_or_default(), start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let text = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(parse(text), Ok(Some((201, text.len() - 2))));
        assert_eq!(parse(&text[..text.len() - 1]), Ok(None));
        assert_eq!(parse(&text[..20]), Ok(None));
        assert_eq!(parse(b"HTTP/1.1 204 No Content\r\n\r\n"), Ok(Some((204, 27))));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        assert!(parse(b"SSH-2.0-x\r\n\r\n").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n").is_err());
    }
}
