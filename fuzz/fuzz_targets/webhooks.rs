//! Notifications of payment providers: whatever the headers and the body are, they are read or
//! refused, and what is not signed with the account's secret is never said to be.

#![no_main]

mod accounts;

use accounts::{KINDS, SECRET, account};
use hmac::{Hmac, KeyInit, Mac};
use kontor_actors::ports::{Headers, PaymentGateway};
use kontor_adapters::gateways::http::Http;
use kontor_messages::Timestamp;
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;
use std::{cell::RefCell, sync::Arc};
use tokio::runtime::{Builder, Runtime};

/// The end of January 2026: what is signed, is signed then.
const NOW: Timestamp = Timestamp::from_millis(1_769_817_600_000);
/// A port that nobody listens on.
const NOWHERE: &str = "http://127.0.0.1:9/";

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

struct World {
    runtime: Runtime,
    accounts: Vec<Arc<dyn PaymentGateway>>,
}

fuzz_target!(|bytes: &[u8]| {
    WORLD.with_borrow_mut(|world| {
        let World { runtime, accounts } = world.get_or_insert_with(open);
        let Some((kind, message)) = bytes.split_first() else { return };
        let account = &accounts[usize::from(kind % KINDS)];
        let (headers, body) = take_apart(message);
        let guessed = headers.iter().all(|(_, value)| !value.contains(SECRET))
            && !body.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        tell(runtime, &**account, headers.clone(), body, guessed && *kind < 128);
        tell(runtime, &**account, signed(account.name(), headers, body), body, false);
    });
});

fn open() -> World {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _within = runtime.enter();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = Http::new(true).expect("a client");
    let accounts = (0..KINDS).map(|kind| account(kind, NOWHERE, &http)).collect();
    drop(_within);
    World { runtime, accounts }
}

fn tell(
    runtime: &Runtime,
    account: &dyn PaymentGateway,
    headers: Vec<(String, String)>,
    body: &[u8],
    is_forged: bool,
) {
    let read = runtime.block_on(account.interpret(&Headers::new(headers), body, NOW));
    let Ok(told) = read else { return };
    assert!(!(is_forged && told.signature_ok), "{}: nobody signed {told:?}", account.name());
    assert!(!told.event_id.is_empty() && told.event_id.chars().count() <= 100, "{told:?}");
    let text = serde_json::to_string(&told.observation).expect("it can be written");
    let again: Option<Box<_>> = serde_json::from_str(&text).expect("it can be read");
    assert_eq!(told.observation, again);
}

/// Headers one a line, an empty line, and the body.
fn take_apart(message: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let mut headers = Vec::new();
    let mut rest = message;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n')
        && headers.len() < 8
    {
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    (headers, rest)
}

/// The same with a signature that is right, so that what comes after it is reached.
fn signed(
    provider: &str,
    mut headers: Vec<(String, String)>,
    body: &[u8],
) -> Vec<(String, String)> {
    let mac = |before: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
        mac.update(before);
        mac.update(body);
        hex::encode(mac.finalize().into_bytes())
    };
    let at = NOW.seconds();
    let (name, value) = match provider {
        "stripe" => ("stripe-signature", format!("t={at},v1={}", mac(format!("{at}.").as_bytes()))),
        "payu" => (
            "openpayu-signature",
            format!("sender=checkout;signature={};algorithm=HMAC-SHA-256", mac(b"")),
        ),
        _ => return headers,
    };
    headers.retain(|(known, _)| known != name);
    headers.push((name.to_owned(), value));
    headers
}
