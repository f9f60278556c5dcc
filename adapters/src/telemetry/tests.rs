//! The rules of telemetry.

use super::*;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn came_in() -> String {
    format!("00-{TRACE}-b7ad6b7169203331-01")
}

#[test]
fn only_a_well_formed_trace_is_passed_on() {
    assert_eq!(traceparent(Some(&came_in())), Some(came_in()));
    let zero = "0".repeat(32);
    for bad in
        ["", "00-0-0-01", &format!("00-{zero}-b7ad6b7169203331-01"), &came_in().to_uppercase()]
    {
        assert_eq!(traceparent(Some(bad)), None, "{bad}");
    }
    assert_eq!(traceparent(None), None);
}

#[test]
fn a_filter_that_cannot_be_read_is_a_fault() {
    let with = |filter: &str| LogSettings { filter: filter.into(), ..Default::default() };
    assert!(with("info,kontor_adapters=debug").fault().is_none());
    assert!(with("kontor=loud").fault().is_some());
}

/// Takes one request and says what its body and head hold.
async fn collector() -> (Url, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let taking = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        let mut part = vec![0; 4096];
        loop {
            let len = stream.read(&mut part).await.unwrap();
            request.extend_from_slice(&part[..len]);
            let text = String::from_utf8_lossy(&request).to_string();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let body_len = request.len() - head.len() - 4;
            let wanted = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if wanted.is_some_and(|wanted| wanted.parse::<usize>().unwrap() <= body_len) {
                let _ = body;
                break;
            }
        }
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
        request
    });
    (url, taking)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_goes_from_the_request_through_here_to_the_collector() {
    let (endpoint, taking) = collector().await;
    let headers = [("x-key".to_owned(), "secret".to_owned().into())].into();
    let settings = OtlpSettings { endpoint: Some(endpoint), headers, ..Default::default() };
    let provider = export::provider(&settings).unwrap().unwrap();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("kontor"));
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!("request_under_test");
        join(&span, Some(&came_in()));
        let passed_on = span.in_scope(|| traceparent(Some(&came_in()))).unwrap();
        assert!(passed_on.starts_with(&format!("00-{TRACE}-")) && passed_on != came_in());
    });
    Telemetry { provider: Some(provider) }.stop().await;
    let request = tokio::time::timeout(Duration::from_secs(10), taking).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&request);
    assert!(text.starts_with("POST /v1/traces HTTP/1.1"), "{text}");
    assert!(text.contains("x-key: secret") && text.contains("request_under_test"), "{text}");
    let id = hex::decode(TRACE).unwrap();
    assert!(request.windows(16).any(|window| window == id));
}
