//! What may be ordered, and how it is written. Behind the desk is no domain: a command that was
//! understood comes to nothing for that reason, and a pointer shows any other.

use super::*;
use kontor_actors::{
    admission::{Admission, AdmissionSettings},
    domain_actor::{DomainLimits, Ground},
    host::Hosts,
    journal::{Journal, JournalSettings},
    loader::Loader,
    memory::MemoryStore,
    store::{Batch, Store, StoredEntity},
};
use serde_json::json;

/// One of each command, as it is documented.
fn samples() -> Vec<(&'static str, Value)> {
    let (order, payment) = (json!({"order": "o-1"}), json!({"payment": "p-1"}));
    let money = json!({"amount_minor": 34900, "currency": "CZK"});
    let line = json!({"sku": "A", "title": "A book", "quantity": 1, "unit_price_minor": 34900});
    let totals = json!({"subtotal_minor": 34900, "total_minor": 34900});
    let customer = json!({"name": "Jana"});
    vec![
        (
            "order.place",
            json!({"channel": "web", "currency": "CZK", "customer": customer, "lines": [line],
                "totals": totals}),
        ),
        ("order.confirm", order.clone()),
        ("order.process", order.clone()),
        ("order.retry_stock", order.clone()),
        ("order.ship", json!({"order": "o-1", "parcel": {"carrier": "post"}})),
        ("order.deliver", order),
        ("order.cancel", json!({"order": "o-1", "reason": "customer"})),
        ("order.return", json!({"order": "o-1", "lines": [{"line": 0, "quantity": 1}]})),
        ("order.add_note", json!({"order": "o-1", "text": "call"})),
        ("stock.put_warehouse", json!({"code": "prague", "name": "Prague"})),
        ("stock.configure", json!({"sku": "A", "settings": {"low_threshold": 5}})),
        ("stock.move", json!({"sku": "A", "warehouse": "prague", "kind": "in", "quantity": 5})),
        (
            "stock.record_observation",
            json!({"sku": "A", "warehouse": "supplier", "quantity": 5,
                "observed_at": "2026-01-15T10:00:00Z"}),
        ),
        ("stock.transfer", json!({"sku": "A", "from": "prague", "to": "brno", "quantity": 1})),
        ("stock.receive_transfer", json!({"transfer": "t-1"})),
        (
            "payment.request",
            json!({"order": "o-1", "amount": money, "provider": "stripe", "account": "main",
                "description": "Order 1"}),
        ),
        ("payment.capture", payment.clone()),
        ("payment.cancel", payment),
        ("payment.refund", json!({"payment": "p-1", "amount": money})),
    ]
}

fn ordered(command: &str, data: Value) -> Ordered {
    let (tenant, command) = ("harbour-books".parse().unwrap(), command.to_owned());
    Ordered { tenant, command, data, id: "m-1".into(), user: None, trace: None }
}

async fn desk(status: &str) -> Desk {
    let store = MemoryStore::new();
    let settings = json!({"name": "Harbour Books", "country": "CZ", "currency": "CZK",
        "time_zone": "Europe/Prague"});
    let now = Timestamp::from_millis(1_768_471_200_000);
    let state =
        json!({"kind": "tenant", "status": status, "settings": settings, "created_at": now});
    let tenant = StoredEntity {
        tenant: "harbour-books".parse().unwrap(),
        domain: "tenant".into(),
        entity: tenant_entity(),
        shard: 0,
        version: 1,
        status: None,
        label: None,
        due: None,
        created_at: now,
        updated_at: now,
        state: state.to_string().into(),
    };
    store.commit(Arc::new(Batch { states: vec![tenant], ..Batch::default() })).await.unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    let ground = Ground {
        journal: Journal::open(Arc::clone(&store), 1, JournalSettings::default()).await.unwrap(),
        loader: Loader::start(Arc::clone(&store), 1),
        store,
        limits: DomainLimits::default(),
    };
    let admission = Admission::new(AdmissionSettings::default());
    Desk::new(Intake::new(Arc::new(Hosts::default()), ground, admission))
}

fn refused(outcome: Outcome) -> (String, String) {
    match outcome {
        Outcome::Refused(refused) => (refused.code, refused.pointer.unwrap_or_default()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_command_is_understood_as_it_is_documented() {
    let desk = desk("active").await;
    for (command, data) in samples() {
        let outcome = desk.obey(ordered(command, data)).await;
        assert!(matches!(&outcome, Outcome::Passing { busy: false, .. }), "{command}: {outcome:?}");
    }
    assert!(names().eq(samples().iter().map(|(command, _)| *command)), "a sample is missing");
}

#[tokio::test]
async fn a_member_that_nobody_knows_is_pointed_at_in_every_command() {
    let desk = desk("active").await;
    for (command, mut data) in samples() {
        data["colour"] = "red".into();
        let told = refused(desk.obey(ordered(command, data)).await);
        assert_eq!(told, ("malformed".into(), "/data/colour".into()), "{command}");
    }
}

#[tokio::test]
async fn a_wrong_member_deep_inside_is_pointed_at() {
    let (desk, (command, mut data)) = (desk("active").await, samples().swap_remove(0));
    data["lines"][0]["quantity"] = "two".into();
    let told = refused(desk.obey(ordered(command, data.clone())).await);
    assert_eq!(told, ("malformed".into(), "/data/lines/0/quantity".into()));
    data["lines"][0]["quantity"] = 0.into();
    let told = refused(desk.obey(ordered(command, data)).await);
    assert_eq!(told, ("invalid".into(), "/data/lines/0/quantity".into()));
}

#[tokio::test]
async fn a_tenant_that_is_not_there_or_does_no_business_is_refused() {
    let mut stranger = ordered("order.confirm", json!({"order": "o-1"}));
    stranger.tenant = "nobody".parse().unwrap();
    let told = refused(desk("active").await.obey(stranger.clone()).await);
    assert_eq!(told, ("unknown_tenant".into(), "/tenant".into()));
    stranger.tenant = "harbour-books".parse().unwrap();
    let told = refused(desk("suspended").await.obey(stranger).await);
    assert_eq!(told, ("tenant_suspended".into(), "/tenant".into()));
}

#[tokio::test]
async fn a_command_that_is_not_offered_here_is_refused() {
    let desk = desk("active").await;
    let told = refused(desk.obey(ordered("payment.mark_paid", json!({"payment": "p-1"}))).await);
    assert_eq!(told, ("unknown_command".into(), "/command".into()));
}
