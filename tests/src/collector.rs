//! A collector of traces: takes OTLP over HTTP and says which spans it has seen.

use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Where a span's trace id stands in its message: field 1, 16 bytes.
const TRACE_ID: [u8; 2] = [0x0a, 16];
/// Its name: field 5, a text.
const NAME: u8 = 0x2a;
/// What stands between the two, each with its length: the span's id, the trace's state, the parent.
const BETWEEN: [u8; 3] = [0x12, 0x1a, 0x22];

/// A collector that listens until the runtime ends.
pub struct Collector {
    url: String,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Collector {
    /// A collector on a port of its own.
    ///
    /// # Panics
    /// If there is no port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bodies = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let kept = Arc::clone(&bodies);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, Arc::clone(&kept)));
            }
        });
        Self { url, bodies }
    }

    /// What a node is told of it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The names of the spans that belong to a trace.
    ///
    /// # Panics
    /// If the trace is not written in 32 hexadecimal digits.
    pub fn spans_of(&self, trace: &str) -> Vec<String> {
        let id = u128::from_str_radix(trace, 16).unwrap().to_be_bytes();
        let wanted = [&TRACE_ID[..], &id].concat();
        let bodies = self.bodies.lock().unwrap();
        bodies.iter().flat_map(|body| names_after(body, &wanted)).collect()
    }
}

fn names_after(body: &[u8], wanted: &[u8]) -> Vec<String> {
    let starts = (0..body.len()).filter(|start| body[*start..].starts_with(wanted));
    starts.filter_map(|start| name_in(&body[start + wanted.len()..])).collect()
}

/// The name of a span, read field by field: an id may hold any byte, also those that begin a name.
fn name_in(mut fields: &[u8]) -> Option<String> {
    loop {
        let (field, len) = (*fields.first()?, usize::from(*fields.get(1)?));
        let value = fields.get(2..2 + len)?;
        match field {
            NAME => return Some(String::from_utf8_lossy(value).into_owned()),
            field if BETWEEN.contains(&field) => fields = &fields[2 + len..],
            _ => return None,
        }
    }
}

/// Takes requests of one connection.
async fn take(mut stream: TcpStream, bodies: Arc<Mutex<Vec<Vec<u8>>>>) {
    let (mut read, mut part) = (Vec::new(), vec![0; 16 * 1024]);
    while let Ok(len @ 1..) = stream.read(&mut part).await {
        read.extend_from_slice(&part[..len]);
        while let Some((body, end)) = request(&read) {
            bodies.lock().unwrap().push(body);
            read.drain(..end);
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            if stream.write_all(answer).await.is_err() {
                return;
            }
        }
    }
}

/// The body of a request that is whole, and where it ends.
fn request(read: &[u8]) -> Option<(Vec<u8>, usize)> {
    let head_len = read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&read[..head_len]).to_lowercase();
    let len = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let end = head_len + len.trim().parse::<usize>().ok()?;
    Some((read.get(head_len..end)?.to_vec(), end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_known_by_its_name_whatever_bytes_its_ids_hold() {
        let ids = [&[0x12, 8][..], &[NAME; 8], &[0x22, 8], &[NAME; 8]].concat();
        let trace = [&TRACE_ID[..], &[7; 16]].concat();
        let body = [&trace[..], &ids, &[NAME, 6], b"commit"].concat();
        assert_eq!(names_after(&body, &trace), ["commit"]);
    }
}
