//! Recorded exchanges with Halyk.

use super::*;
use crate::gateways::{
    payments::testing::{NOW, capture, money, open_in, query, refund},
    tests::{Recorded, Server, http},
};
use kontor_messages::payment::CallFault;
use serde_json::json;

const TOKEN: &str =
    r#"{"access_token":"tok-1","expires_in":"1200","scope":"payment","token_type":"Bearer"}"#;
const TERMINAL: &str = "67e34d63-102f-4bd1-898e-370781d0074d";
const INVOICE: &str = "000000012345";
const ID: &str = "0b7f2a52-8f3a-4f0e-9d53-6f1f5a0c1d11";

fn reply(status: u16, body: impl ToString) -> Recorded {
    (status, &[], body.to_string())
}

fn settings(server: &str, two_step: bool) -> Value {
    json!({
        "client_id": "test", "client_secret": "yF587AV9Ms94qN2QShFzVR3vFnWkhjbAK3sG",
        "terminal": TERMINAL, "shop_id": "shop", "hash_key": "kontor-halyk-hash-key",
        "notify_url": "https://kontor.example/webhooks/harbour-books/halyk/main",
        "endpoint": server, "token_endpoint": format!("{server}/oauth2/token"),
        "two_step": two_step
    })
}

async fn with(
    two_step: bool,
    replies: impl IntoIterator<Item = Recorded>,
) -> (Server, Arc<dyn PaymentGateway>) {
    let server = Server::new([reply(200, TOKEN)].into_iter().chain(replies)).await;
    let gateway = build(&settings(&server.url, two_step), &http()).unwrap();
    (server, gateway)
}

fn names() -> Vec<String> {
    vec![INVOICE.into(), "tail/012345".into(), format!("operation/{ID}")]
}

fn kzt(minor: i64) -> Money {
    money(minor, "KZT")
}

fn standing(status: &str, amount: &str) -> String {
    format!(
        r#"{{"resultCode":"100","resultMessage":"ok","transaction":{{"id":"{ID}","invoiceID":"{INVOICE}","amount":{amount},"payoutAmount":1260.03,"currency":"KZT","terminal":"123","terminalID":"{TERMINAL}","statusName":"{status}","reasonCode":0}}}}"#
    )
}

#[tokio::test]
async fn a_link_is_made_under_a_token_of_its_own() {
    let made = json!({"invoice_url": "https://epay-api.homebank.kz/link/1"});
    let (server, gateway) = with(false, [reply(200, made)]).await;
    let opened = gateway.open(&open_in("KZT")).await.unwrap();
    assert_eq!(opened.redirect_url.as_deref(), Some("https://epay-api.homebank.kz/link/1"));
    assert!(opened.provider_ref.len() == 15 && is_invoice(&opened.provider_ref));
    assert_eq!(opened.references, [format!("tail/{}", &opened.provider_ref[9..])]);
    let asked = server.asked();
    assert_eq!((asked[0].get("amount"), asked[0].get("currency")), (Some("1299"), Some("KZT")));
    assert_eq!(asked[0].get("invoiceID"), Some(opened.provider_ref.as_str()));
    assert_eq!(asked[0].get("secret_hash").map(str::len), Some(32));
    assert_eq!(asked[1].line, "POST /invoice");
    assert_eq!(asked[1].header("authorization"), Some("Bearer tok-1"));
}

#[tokio::test]
async fn a_number_whose_page_is_lost_is_not_used_a_second_time() {
    let exists = json!({"code": 1269, "message": "the invoice exists"});
    let (_server, gateway) = with(false, [reply(400, exists)]).await;
    let fault = gateway.open(&open_in("KZT")).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::Retry { at: None, fresh_key: true });
}

#[test]
fn hal_1_our_value_for_an_invoice() {
    let key = "kontor-halyk-hash-key".into();
    let hash = notification::secret_hash(&key, "tenant-7", INVOICE, kzt(129_900));
    assert_eq!(hash, "a60e975135ba3ca601d46ec30fa77e9c");
}

#[test]
fn hal_2_a_payments_token_is_asked_for_with_all_that_it_is_bound_to() {
    let settings: Settings =
        super::super::settings(&settings("https://bank.example", false)).unwrap();
    let form = token_form(&settings, Some((INVOICE, kzt(129_900))));
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
    let hash = notification::secret_hash(&settings.hash_key, TERMINAL, INVOICE, kzt(129_900));
    let expected = format!(
        "grant_type=client_credentials&scope=webapi+usermanagement+email_send+verification+statement+statistics+payment&client_id=test&client_secret=yF587AV9Ms94qN2QShFzVR3vFnWkhjbAK3sG&invoiceID=000000012345&secret_hash={hash}&amount=1299&currency=KZT&terminal={TERMINAL}&postLink="
    );
    assert!(text.starts_with(&expected), "{text}");
    let service = token_form(&settings, None);
    assert!(service.iter().all(|(name, _)| name != "invoiceID" && name != "secret_hash"));
}

#[tokio::test]
async fn every_status_is_understood_and_an_unknown_one_means_pending() {
    use ObservedStatus as S;
    for (two_step, status, expected) in [
        (false, "NEW", S::Pending),
        (false, "3D", S::Pending),
        (false, "AUTH", S::Pending),
        (true, "AUTH", S::Authorized),
        (false, "CHARGE", S::Paid),
        (false, "REFUND", S::Paid),
        (false, "PARTIAL_REFUND", S::Paid),
        (false, "CANCEL", S::Cancelled),
        (false, "CANCEL_OLD", S::Cancelled),
        (false, "REJECT", S::Created),
        (false, "FAILED", S::Created),
        (false, "SOMETHING", S::Pending),
    ] {
        let (server, gateway) = with(two_step, [reply(200, standing(status, "1299"))]).await;
        let told = gateway.query(&query(&names())).await.unwrap();
        assert_eq!((told.status, told.amount), (Some(expected), Some(kzt(129_900))), "{status}");
        let line = format!("GET /check-status/payment/transaction/{INVOICE}");
        assert_eq!(server.asked()[1].line, line);
    }
}

#[tokio::test]
async fn hal_5_amounts_are_read_exactly_and_never_from_what_is_paid_out() {
    for (text, expected) in [
        ("1299", Some(129_900)),
        ("1299.5", Some(129_950)),
        ("1299.50", Some(129_950)),
        ("1299.005", None),
        ("\"1299\"", Some(129_900)),
    ] {
        let (_server, gateway) = with(false, [reply(200, standing("CHARGE", text))]).await;
        let told = gateway.query(&query(&names())).await.ok();
        assert_eq!(told.and_then(|told| told.captured), expected.map(kzt), "{text}");
    }
}

#[tokio::test]
async fn what_the_bank_answers_without_a_transaction() {
    let answer = |code: Value| json!({"resultCode": code, "resultMessage": "text"});
    for (status, body, expected) in [
        (400, answer(json!("102")), Ok(ObservedStatus::Created)),
        (200, answer(json!(102)), Ok(ObservedStatus::Created)),
        (400, answer(json!("101")), Ok(ObservedStatus::Created)),
        (400, answer(json!("103")), Err(true)),
        (200, answer(json!("107")), Err(true)),
        (400, answer(json!("104")), Err(false)),
        (400, answer(json!("109")), Err(false)),
        (400, json!({"code": 454, "message": "not final"}), Err(true)),
        (500, json!({}), Err(true)),
    ] {
        let (_server, gateway) = with(false, [reply(status, &body)]).await;
        let told = gateway.query(&query(&names())).await;
        let told = told.map(|told| told.status.unwrap());
        let told = told.map_err(|fault| matches!(fault.fault, CallFault::Retry { .. }));
        assert_eq!(told, expected, "{body}");
    }
    let foreign = standing("CHARGE", "1299").replace(TERMINAL, "another");
    let (_server, gateway) = with(false, [reply(200, foreign)]).await;
    assert_eq!(gateway.query(&query(&names())).await.unwrap_err().code, "foreign");
}

#[tokio::test]
async fn operations_go_to_the_transaction_with_exact_amounts() {
    let (server, gateway) = with(true, [reply(200, ""), reply(200, "")]).await;
    gateway.capture(&capture(&names(), kzt(60_050))).await.unwrap();
    gateway.refund(&refund(&names(), "r-1", kzt(1000))).await.unwrap();
    let small = gateway.refund(&refund(&names(), "r-2", kzt(999))).await.unwrap_err();
    assert_eq!(small.code, "refund_too_small");
    let lines: Vec<_> = server.asked().iter().skip(1).map(|asked| asked.line.clone()).collect();
    assert_eq!(
        lines,
        [
            format!("POST /operation/{ID}/charge?amount=600.5"),
            format!("POST /operation/{ID}/refund?amount=10&externalID=r-1"),
        ]
    );
}

async fn called_back(body: &str) -> Result<Interpreted, NotificationError> {
    let gateway = build(&settings("http://127.0.0.1:1", false), &http()).unwrap();
    gateway.interpret(&Headers::default(), body.as_bytes(), NOW).await
}

/// HAL-3, with our value for the terminal.
fn callback() -> String {
    let key = "kontor-halyk-hash-key".into();
    let hash = notification::secret_hash(&key, TERMINAL, INVOICE, kzt(129_900));
    format!(
        r#"{{"id":"{ID}","invoiceId":"{INVOICE}","amount":1299,"currency":"KZT","terminal":"{TERMINAL}","code":"ok","reason":"success","reasonCode":0,"approvalCode":"123456","secret_hash":"{hash}"}}"#
    )
}

#[tokio::test]
async fn hal_3_a_callback_with_our_value_only_leads_to_a_query() {
    let read = called_back(&callback()).await.unwrap();
    assert_eq!(read.references, [INVOICE]);
    assert!(read.observation.is_none() && !read.signature_ok);
    assert_eq!(read.event_id, format!("{INVOICE}/{ID}/ok"));
}

#[tokio::test]
async fn hal_4_a_callback_with_another_value_invoice_or_amount_is_refused() {
    let good = callback();
    let (head, hash) = good.split_once("\"secret_hash\":\"").unwrap();
    let flipped = if hash.starts_with('0') { "1" } else { "0" };
    for wrong in [
        format!("{head}\"x\":1}}"),
        format!("{head}\"secret_hash\":\"{flipped}{}", &hash[1..]),
        good.replace("000000012345", "000000012346"),
        good.replace("\"amount\":1299", "\"amount\":1298"),
        good.replace("KZT", "USD"),
        String::new(),
        "[]".into(),
    ] {
        assert_eq!(called_back(&wrong).await, Err(NotificationError::Unsigned), "{wrong}");
    }
}

#[tokio::test]
async fn what_halyk_cannot_take_is_not_sent() {
    let gateway = build(&settings("http://127.0.0.1:1", false), &http()).unwrap();
    assert_eq!(gateway.open(&open_in("CZK")).await.unwrap_err().code, "amount_not_possible");
    let mut short = settings("http://127.0.0.1:1", false);
    short["hash_key"] = "short".into();
    assert!(build(&short, &http()).err().unwrap().starts_with("hash_key"));
}
