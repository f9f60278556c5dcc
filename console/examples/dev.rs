//! The console by itself, in front of a node that runs elsewhere: for work on its pages.
//!
//! `cargo run -p kontor-console --example dev -- http://127.0.0.1:3200 127.0.0.1:3201`

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use std::{convert::Infallible, error::Error};
use tokio::net::TcpListener;
use tower::{service_fn, util::BoxCloneSyncService};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    let node = arguments.next().unwrap_or_else(|| "http://127.0.0.1:3200".to_owned());
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:3201".to_owned());
    let client = reqwest::Client::builder().no_proxy().build()?;
    let backend = BoxCloneSyncService::new(service_fn(move |request| {
        let (client, node) = (client.clone(), node.clone());
        async move { Ok::<_, Infallible>(hand_on(&client, &node, request).await) }
    }));
    // Known to everybody: this is for work on pages, never for a house.
    let console = kontor_console::router(backend, &[42; 32])?;
    println!("http://{address}/console");
    axum::serve(TcpListener::bind(address).await?, console).await?;
    Ok(())
}

async fn hand_on(client: &reqwest::Client, node: &str, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let Ok(bytes) = axum::body::to_bytes(body, 4 * 1024 * 1024).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let asked = client.request(parts.method, format!("{node}{path}"));
    let answer = asked.headers(parts.headers).body(bytes).send().await;
    let Ok(answer) = answer else {
        return (StatusCode::BAD_GATEWAY, "the node does not answer").into_response();
    };
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers().iter().filter(|(name, _)| {
        !matches!(name.as_str(), "content-length" | "transfer-encoding" | "connection")
    }) {
        response = response.header(name, value);
    }
    response
        .body(Body::from_stream(answer.bytes_stream()))
        .unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
}
