//! Posts, against an endpoint of a few lines.

use super::*;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode as Status},
    routing::post,
};
use bytes::Bytes;
use kontor_messages::{
    EventId,
    webhook::{CallbackKey, SigningSecret},
};
use std::sync::Mutex;

type Heard = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// An endpoint that answers with this status and header.
async fn endpoint(status: u16, extra: Option<(&'static str, &'static str)>) -> (String, Heard) {
    let heard = Heard::default();
    let answer = move |State(heard): State<Heard>, headers: HeaderMap, body: Bytes| async move {
        heard.lock().unwrap().push((headers, body));
        let extra = extra.into_iter().collect::<Vec<_>>();
        (Status::from_u16(status).unwrap(), axum::response::AppendHeaders(extra))
    };
    let app = Router::new().route("/hooks", post(answer)).with_state(Arc::clone(&heard));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, heard)
}

fn sender(allow_private: bool) -> Sender {
    Sender::new(&SenderSettings { timeout_ms: 500, allow_private }).unwrap()
}

fn to(url: &str) -> WebhookPost {
    WebhookPost {
        url: url.to_owned(),
        secrets: vec![SigningSecret(
            "whsec_a29udG9yLXN0YW5kYXJkLXdlYmhvb2sta2V5LTAwMDE=".to_owned(),
        )],
        event: EventId::fresh(Timestamp::from_millis(1_768_471_200_000)),
        name: "order.paid".to_owned(),
        at: Timestamp::from_millis(1_768_471_200_000),
        content: PostContent::Event(json!({"order_id": "o-1001"})),
    }
}

async fn failure(sender: &Sender, url: &str) -> (Option<u16>, String, Option<Duration>) {
    match sender.post(&to(url)).await {
        PostOutcome::Failed { status, error, retry_after, .. } => (status, error, retry_after),
        PostOutcome::Delivered { status, .. } => panic!("delivered with {status}"),
    }
}

#[tokio::test]
async fn a_post_carries_id_time_and_a_signature_that_holds() {
    let (url, heard) = endpoint(204, None).await;
    let post = to(&url);
    let outcome = sender(true).post(&post).await;
    assert!(matches!(outcome, PostOutcome::Delivered { status: 204, .. }), "{outcome:?}");
    let (headers, body) = heard.lock().unwrap().remove(0);
    assert_eq!(
        body,
        r#"{"type":"order.paid","timestamp":"2026-01-15T10:00:00.000Z","data":{"order_id":"o-1001"}}"#
    );
    let id = headers["webhook-id"].to_str().unwrap();
    assert_eq!(id, post.event.to_string());
    let seconds: i64 = headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
    let expected = sign::signatures(&post.secrets, id, seconds, &body).unwrap();
    assert_eq!(headers["webhook-signature"], expected);
    assert_eq!(headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_callback_is_posted_as_it_is_signed_and_with_the_shop_s_key() {
    let (url, heard) = endpoint(200, None).await;
    let body = r#"{"paymentId":"p-1","amount":349.00}"#.to_owned();
    let api_key = Some(CallbackKey("the-shop-s-own".to_owned()));
    let mut post = to(&url);
    post.content = PostContent::Callback { body: body.clone(), api_key };
    sender(true).post(&post).await;
    post.content = PostContent::Callback { body: body.clone(), api_key: None };
    sender(true).post(&post).await;
    let heard = heard.lock().unwrap().clone();
    assert_eq!((&heard[0].1, &heard[1].1), (&Bytes::from(body.clone()), &Bytes::from(body)));
    assert_eq!(heard[0].0["x-api-key"], "the-shop-s-own");
    assert_eq!(heard[1].0.get("x-api-key"), None);
    let (headers, body) = &heard[0];
    let told = |name: &str| headers[name].to_str().unwrap();
    let seconds = told("webhook-timestamp").parse().unwrap();
    let expected = sign::signatures(&post.secrets, told("webhook-id"), seconds, body).unwrap();
    assert_eq!(told("webhook-signature"), expected);
}

#[tokio::test]
async fn anything_but_2xx_is_a_failure_and_a_named_delay_is_passed_on() {
    let (url, _) = endpoint(503, Some(("retry-after", "90"))).await;
    let (status, error, retry_after) = failure(&sender(true), &url).await;
    assert_eq!((status, &*error), (Some(503), "Service Unavailable"));
    assert_eq!(retry_after, Some(Duration::from_secs(90)));
    let (url, _) = endpoint(410, None).await;
    assert_eq!(failure(&sender(true), &url).await.0, Some(410));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (target, heard) = endpoint(200, None).await;
    let location: &'static str = Box::leak(target.into_boxed_str());
    let (url, _) = endpoint(307, Some(("location", location))).await;
    assert_eq!(failure(&sender(true), &url).await.0, Some(307));
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_private_endpoint_is_not_even_connected_to() {
    let (url, heard) = endpoint(200, None).await;
    let port = Url::parse(&url).unwrap().port().unwrap();
    let strict = sender(false);
    for url in
        [format!("https://127.0.0.1:{port}/hooks"), format!("https://localhost:{port}/hooks")]
    {
        let (status, error, _) = failure(&strict, &url).await;
        assert_eq!((status, &*error), (None, "the address is not public"), "{url}");
    }
    let (_, error, _) = failure(&strict, &url).await;
    assert!(error.contains("https"));
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_given_up_in_time() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (status, error, _) = failure(&sender(true), &url).await;
    assert_eq!((status, &*error), (None, "no answer in time"));
}

#[tokio::test]
async fn an_event_that_is_too_large_is_announced_without_what_it_says() {
    let (url, heard) = endpoint(200, None).await;
    let mut post = to(&url);
    post.content = PostContent::Event(json!({"note": "x".repeat(DATA_LEN_MAX)}));
    sender(true).post(&post).await;
    let (_, body) = heard.lock().unwrap().remove(0);
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["data"]["omitted"], true);
}
