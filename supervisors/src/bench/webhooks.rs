//! `kontor bench webhooks`: orders whose events go to many endpoints of a receiver in this process.

use super::{
    buyer::Buyer,
    caller::Caller,
    load::{Load, drive},
    machine::Machine,
    process::Clocks,
    report::{Report, Row},
    stage::{Place, Stage},
    times::{per_second, spread},
};
use clap::Args;
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const SKUS: usize = 1_000;
const QUANTITY: u64 = 1_000_000;
const CALLERS: usize = 16;
/// How long deliveries may take to arrive.
const PATIENCE: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(5);
const REPLY: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// How webhooks are measured.
#[derive(Args, Clone, Debug)]
pub struct WebhooksArgs {
    /// Endpoints, each of which gets every order.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=50))]
    endpoints: u64,
    /// Orders a second that are placed.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pace: u64,
    /// For how long.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

pub(super) async fn measure(args: &WebhooksArgs, server: Option<String>) -> Result<Report, String> {
    let machine = Machine::tried();
    let environment = vec![("KONTOR_WEBHOOKS__ALLOW_PRIVATE", "true".to_owned())];
    let stage = Stage::open(&Place { server, environment, ..Place::default() }).await?;
    let shop = stage.shop(SKUS, QUANTITY).await?;
    let receiver = Receiver::listen().await?;
    let mut caller = Caller::connect(&shop).await?;
    for endpoint in 0..args.endpoints {
        let url = format!("http://127.0.0.1:{}/hooks/{endpoint}", receiver.port);
        let body = json!({ "url": url, "events": ["order.created"] }).to_string();
        caller.must("POST", "/v1/webhook-endpoints", &body).await?;
    }
    let (clocks, begun) = (Clocks::start(&stage.watched), Instant::now());
    let load = Load { callers: CALLERS, seconds: args.seconds, pace: Some(args.pace) };
    let buyers = Buyer::many(&shop, CALLERS, SKUS, 2).await?;
    let orders = drive("orders".to_owned(), true, load, buyers, &stage.watched).await?;
    let count = orders.count * args.endpoints;
    while receiver.got() < count {
        if PATIENCE < begun.elapsed() {
            return Err(format!("{} of {count} deliveries in five minutes", receiver.got()));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let row = Row {
        what: format!("kontor, {} endpoints", args.endpoints),
        ours: true,
        count,
        throughput_per_second: per_second(count, begun.elapsed()),
        spread: spread(Vec::new()),
        cpu: clocks.usage(count),
        steal_percent: clocks.steal_percent(),
    };
    let mut report =
        Report::of("webhooks", "deliveries", machine, stage.database().await?, vec![row]);
    report.done = format!(
        "{} orders, {} a second, told to {} endpoints, from the first order to the last delivery.",
        orders.count, args.pace, args.endpoints
    );
    report.memory_max_mb = stage.node.memory_max_mb();
    report.more.insert("orders".to_owned(), json!(orders));
    stage.close().await?;
    Ok(report)
}

/// Takes posts, and says yes to each.
struct Receiver {
    port: u16,
    posts: Arc<AtomicU64>,
}

impl Receiver {
    async fn listen() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|fault| fault.to_string())?;
        let port = listener.local_addr().map_err(|fault| fault.to_string())?.port();
        let posts = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&posts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, Arc::clone(&counted)));
            }
        });
        Ok(Self { port, posts })
    }

    fn got(&self) -> u64 {
        self.posts.load(Ordering::Acquire)
    }
}

async fn receive(mut stream: TcpStream, posts: Arc<AtomicU64>) {
    let _ = stream.set_nodelay(true);
    let mut read = Vec::with_capacity(8192);
    while let Ok(1..) = stream.read_buf(&mut read).await {
        while let Some(end) = end_of_post(&read) {
            read.drain(..end);
            posts.fetch_add(1, Ordering::AcqRel);
            if stream.write_all(REPLY).await.is_err() {
                return;
            }
        }
    }
}

/// Where a post ends that is whole.
fn end_of_post(read: &[u8]) -> Option<usize> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut post = httparse::Request::new(&mut headers);
    let Ok(httparse::Status::Complete(start)) = post.parse(read) else { return None };
    let length = post.headers.iter().find(|one| one.name.eq_ignore_ascii_case("content-length"))?;
    let length: usize = std::str::from_utf8(length.value).ok()?.parse().ok()?;
    (start + length <= read.len()).then_some(start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_ends_where_its_length_says() {
        let text = b"POST /hooks/1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST";
        assert_eq!(end_of_post(text), Some(text.len() - 4));
        assert_eq!(end_of_post(&text[..40]), None);
    }
}
