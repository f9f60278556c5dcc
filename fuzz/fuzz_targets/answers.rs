//! What payment providers and banks answer: whatever it is, a call ends in what the port's words
//! can say or in a fault; statements, lists of movements and OAuth answers included.

#![no_main]

mod accounts;

use accounts::account;
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kontor_actors::{
    ports::{
        CancelPayment, CapturePayment, OpenPayment, PaymentGateway, QueryPayment, RefundPayment,
    },
    ports_statement::StatementAsk,
};
use kontor_adapters::gateways::http::Http;
use kontor_messages::{Currency, EntityId, Money, TenantId, Timestamp, payment::CaptureMode};
use libfuzzer_sys::fuzz_target;
use std::{
    cell::RefCell,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::runtime::{Builder, Runtime};

const STATUSES: [u16; 8] = [200, 200, 200, 201, 302, 400, 422, 500];
/// A refund of which everything is known that a provider wants to know.
const REFERENCES: [&str; 3] = ["2026000014", "pi_1", "AB12-CD34-EF56"];

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

type Said = Arc<Mutex<(StatusCode, Vec<u8>)>>;

struct World {
    runtime: Runtime,
    url: String,
    http: Http,
    said: Said,
}

fuzz_target!(|bytes: &[u8]| {
    let [kind, call, answer @ ..] = bytes else { return };
    WORLD.with_borrow_mut(|world| {
        let World { runtime, url, http, said } = world.get_or_insert_with(open);
        let status = STATUSES[usize::from(call >> 4) % STATUSES.len()];
        let status = StatusCode::from_u16(status).expect("a status");
        *said.lock().unwrap_or_else(PoisonError::into_inner) = (status, answer.to_vec());
        let account = account(*kind, url, http);
        runtime.block_on(ask(&*account, call % 6));
    });
});

fn open() -> World {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let said = Said::default();
    let app = Router::new().fallback(answer).with_state(Arc::clone(&said));
    let (url, http) = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        (url, Http::new(true).expect("a client"))
    });
    World { runtime, url, http, said }
}

/// Tokens are given to everybody, but where the answer itself is one that could be a token.
async fn answer(State(said): State<Said>, request: Request) -> Response {
    let path = request.uri().path();
    let (status, body) = said.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let grant = path.contains("oauth") && !body.windows(12).any(|part| part == b"access_token");
    if grant {
        return r#"{"access_token":"t","expires_in":300,"token_type":"Bearer"}"#.into_response();
    }
    (status, body).into_response()
}

async fn ask(account: &dyn PaymentGateway, call: u8) {
    let amount = Money::new(129_900, Currency::CZK);
    let references: Vec<String> = REFERENCES.map(str::to_owned).to_vec();
    let (tenant, payment) = (TenantId::parse("a").expect("a name"), EntityId::named("payment"));
    let now = Timestamp::from_millis(1_769_817_600_000);
    let until = now.plus(Duration::from_secs(7200));
    let key = "kontor-1".to_owned();
    match call {
        0 => {
            let open = OpenPayment {
                tenant,
                payment,
                attempt: 1,
                amount,
                capture: CaptureMode::Automatic,
                method: None,
                return_url: Some("https://shop.example/thanks".into()),
                cancel_url: Some("https://shop.example/basket".into()),
                description: "Order 2026-000001".into(),
                until,
                customer_email: Some("ann@example.com".into()),
                requested_at: now,
                key,
            };
            if let Ok(opened) = account.open(&open).await {
                assert!(!opened.provider_ref.is_empty(), "{opened:?}");
            }
        }
        1 => {
            let query = QueryPayment { references, refunds: true, ours: Vec::new(), wanted: true };
            written(account.query(&query).await.ok());
        }
        2 => {
            let refund = EntityId::named("refund");
            let refund = RefundPayment { tenant, payment, refund, references, amount, key };
            written(account.refund(&refund).await.ok());
        }
        3 => written(account.capture(&CapturePayment { references, amount, key }).await.ok()),
        4 => written(account.cancel(&CancelPayment { references, held: true, key }).await.ok()),
        _ => {
            let from = Timestamp::from_millis(now.millis() - 86_400_000);
            let page = account.statement(&StatementAsk { from, until: now, cursor: None }).await;
            let entries = page.ok().flatten().map(|page| page.entries).unwrap_or_default();
            assert!(entries.iter().all(|entry| !entry.reference.is_empty()), "{entries:?}");
        }
    }
}

/// It is kept in the journal, so it must be read again as it was.
fn written<T>(told: Option<T>)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let Some(told) = told else { return };
    let text = serde_json::to_string(&told).expect("it can be written");
    let again: T = serde_json::from_str(&text).expect("it can be read");
    assert_eq!(told, again);
}
