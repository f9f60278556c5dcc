//! The ledger over HTTP.

use crate::shop::{Asker, Shop};
use kontor_actors::{admission::Lane, intake::Caller, payment::Payment, request::Terms};
use kontor_messages::{EntityId, Meta, TenantId, payment::PaymentCommand};
use serde_json::{Value, json};

fn money(amount: i64, currency: &str) -> Value {
    json!({ "amount_minor": amount, "currency": currency })
}

/// A payment by hand that has come in.
async fn paid(shop: &Shop, harbour: &Asker, account: &str, amount: i64, currency: &str) -> String {
    let wish = json!({ "provider": "manual", "account": account,
        "amount": money(amount, currency) });
    let payment = harbour.post("/v1/payments", wish).await.ok()["id"].as_str().unwrap().to_owned();
    // Nobody calls providers here: this is what would be told of one by hand.
    let opened = PaymentCommand::RecordOpened {
        transfer: None,
        client: None,
        payment: EntityId::parse(&payment).unwrap(),
        attempt: 1,
        provider_ref: format!("money-{payment}"),
        references: vec![],
        redirect_url: None,
        expires_at: None,
        by_hand: true,
    };
    let tenant = TenantId::parse("harbour-books").unwrap();
    let caller = Caller { tenant, meta: Meta::by("test"), lane: Lane::Realtime };
    shop.intake.tell::<Payment>(&caller, opened, Terms::default()).await.unwrap();
    let seen = json!({ "amount": money(amount, currency) });
    harbour.post(&format!("/v1/payments/{payment}/mark-paid"), seen).await.ok();
    payment
}

async fn given_back(harbour: &Asker, payment: &str, amount: i64, currency: &str) {
    let path = format!("/v1/payments/{payment}/refunds");
    let asked = harbour.post(&path, json!({ "amount": money(amount, currency) })).await.ok();
    let refund = asked["refunds"][0]["refund"].as_str().unwrap();
    let path = format!("{path}/{refund}/mark");
    harbour.post(&path, json!({ "succeeded": true })).await.ok();
}

async fn numbers(harbour: &Asker, query: &str) -> Vec<i64> {
    let page = harbour.get(&format!("/v1/ledger{query}")).await.ok();
    let items = page["items"].as_array().unwrap();
    items.iter().map(|entry| entry["number"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_payment_s_ledger_says_what_is_left_after_each_entry() {
    let (shop, harbour) = Shop::trading().await;
    let payment = paid(&shop, &harbour, "main", 1000, "CZK").await;
    given_back(&harbour, &payment, 300, "CZK").await;
    let path = format!("/v1/payments/{payment}/ledger");
    let all = harbour.get(&path).await.ok();
    let told: Vec<_> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["kind"].as_str().unwrap(),
                entry["amount_minor"].as_i64().unwrap(),
                entry["balance_minor"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("capture", 1000, 1000), ("refund", 300, 700)]);
    assert_eq!(
        (&all["items"][0]["provider"], &all["items"][0]["account"]),
        (&json!("manual"), &json!("main"))
    );
    let first = harbour.get(&format!("{path}?limit=1")).await.ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = harbour.get(&format!("{path}?limit=1&cursor={cursor}")).await.ok();
    assert_eq!(second["items"][0]["balance_minor"], 700);
    assert!(second.get("next_cursor").is_none());
    let past = harbour.get(&format!("/v1/payments/{payment}/history")).await.ok();
    let names: Vec<_> =
        past["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(names.first(), Some(&json!("payment.requested")));
    assert!(names.contains(&json!("payment.booked")), "{names:?}");
}

#[tokio::test]
async fn the_tenant_s_ledger_is_read_in_order_by_pages_and_by_what_is_wanted() {
    let (shop, harbour) = Shop::trading().await;
    let first = paid(&shop, &harbour, "main", 1000, "CZK").await;
    paid(&shop, &harbour, "till", 500, "CZK").await;
    paid(&shop, &harbour, "till", 70, "EUR").await;
    given_back(&harbour, &first, 300, "CZK").await;
    assert_eq!(numbers(&harbour, "").await, [1, 2, 3, 4]);
    assert_eq!(numbers(&harbour, "?account=till").await, [2, 3]);
    assert_eq!(numbers(&harbour, "?currency=EUR").await, [3]);
    assert_eq!(numbers(&harbour, "?provider=stripe").await, [] as [i64; 0]);
    assert_eq!(numbers(&harbour, "?kind=capture").await, [1, 2, 3]);
    assert_eq!(numbers(&harbour, "?kind=refund,refund_reversal").await, [4]);
    assert_eq!(numbers(&harbour, "?kind=capture&account=till").await, [2, 3]);
    let page = harbour.get("/v1/ledger?limit=3").await.ok();
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(numbers(&harbour, &format!("?limit=3&cursor={cursor}")).await, [4]);
    let at = harbour.get("/v1/ledger").await.ok()["items"][2]["at"].as_str().unwrap().to_owned();
    let (from, until) = (
        numbers(&harbour, &format!("?from={at}")).await,
        numbers(&harbour, &format!("?until={at}")).await,
    );
    assert_eq!([until, from].concat(), [1, 2, 3, 4], "an instant is on one side only");
    harbour.get("/v1/ledger?currency=crowns").await.at(400, "invalid_parameter", "currency");
    harbour.get("/v1/ledger?cursor=x").await.at(400, "invalid_parameter", "cursor");
    let often = vec!["refund"; 15].join(",");
    assert_eq!(numbers(&harbour, "?kind=refund,refund,refund").await, [4]);
    let problem = harbour.get(&format!("/v1/ledger?kind={often}")).await;
    problem.at(400, "invalid_parameter", "kind");
    for bad in ["/v1/ledger?kind=", "/v1/ledger?kind=refund,gift", "/v1/ledger.csv?kind=gift"] {
        let problem = harbour.get(bad).await.at(400, "invalid_parameter", "kind");
        assert!(problem["detail"].as_str().unwrap().contains("refund_reversal"), "{problem}");
    }
}

#[tokio::test]
async fn money_in_is_money_out_and_the_balance_by_account_and_currency() {
    let (shop, harbour) = Shop::trading().await;
    let none = harbour.get("/v1/ledger/balances").await.ok();
    assert_eq!(none, json!({ "entries": 0, "items": [] }));
    let first = paid(&shop, &harbour, "main", 1000, "CZK").await;
    paid(&shop, &harbour, "till", 70, "EUR").await;
    given_back(&harbour, &first, 300, "CZK").await;
    let balances = harbour.get("/v1/ledger/balances").await.ok();
    assert_eq!(
        balances["items"],
        json!([
            { "provider": "manual", "account": "main", "currency": "CZK", "in_minor": 1000,
              "out_minor": 300, "charged_back_minor": 0, "balance_minor": 700 },
            { "provider": "manual", "account": "till", "currency": "EUR", "in_minor": 70,
              "out_minor": 0, "charged_back_minor": 0, "balance_minor": 70 },
        ])
    );
    let csv = harbour.get("/v1/ledger.csv?currency=CZK").await;
    assert_eq!(csv.head("content-type"), "text/csv; charset=utf-8");
    let text = csv.text();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("number,at,payment"), "{text}");
    assert!(lines[1].contains(",capture,manual,main,CZK,1000,1000"), "{text}");
    assert!(lines[2].contains(",refund,manual,main,CZK,300,-300"), "{text}");
    assert_eq!(lines.len(), 3);
    let csv = harbour.get("/v1/ledger.csv?kind=refund").await.text();
    assert_eq!(csv.lines().count(), 2, "{csv}");
}
