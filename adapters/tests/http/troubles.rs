//! Whose books need a look, what could not be done for whom, and what stands in the journal, for the
//! platform's operator.

use crate::shop::Shop;
use kontor_actors::store::{Batch, DeadLetter, Store, StoredEntity, StoredEvent};
use kontor_adapters::store::SealedStore;
use kontor_messages::{EntityId, EventId, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

const TROUBLES: &str = "/v1/platform/troubles";

fn letter(id: &str, tenant: &str, retry_at: Option<Timestamp>) -> DeadLetter {
    DeadLetter {
        id: id.into(),
        tenant: Some(tenant.parse().unwrap()),
        source: "follower:policies".into(),
        lane: String::new(),
        event: Some((0, 1)),
        reason: "it did not work".into(),
        payload: "{}".into(),
        attempts: 3,
        retry_at,
        at: Timestamp::now(),
    }
}

/// Something that waits since then, although nobody looks at it.
async fn waits(shop: &Shop, name: &str, due: Timestamp) {
    let row = StoredEntity {
        tenant: "harbour-books".parse().unwrap(),
        domain: "order".into(),
        entity: EntityId::parse(name).unwrap(),
        shard: 0,
        version: 1,
        status: Some("pending".into()),
        label: None,
        due: Some(due),
        created_at: due,
        updated_at: due,
        state: "{}".into(),
    };
    let batch = Batch { states: vec![row], ..Batch::default() };
    shop.store.commit(Arc::new(batch)).await.unwrap();
}

/// An event of which nobody could open what is sealed.
async fn unreadable(shop: &Shop, after: usize) {
    let last = shop.store.read(0, 0, 500).await.unwrap().pop().unwrap();
    let event = StoredEvent {
        seq: i64::try_from(after).unwrap() + 1,
        id: EventId::fresh(Timestamp::now()),
        entity: EntityId::parse("unreadable").unwrap(),
        domain: "order".into(),
        version: 1,
        payload: r#"{"customer":{"email":"~1.x""#.into(),
        ..last
    };
    let batch = Batch { events: vec![event], ..Batch::default() };
    shop.store.commit(Arc::new(batch)).await.unwrap();
    let sealed = SealedStore::over(Arc::new(shop.store.clone()));
    assert!(sealed.read(0, after as i64, 1).await.is_err(), "it is what this test needs");
}

fn whose(told: &Value) -> Vec<&str> {
    let items = told["items"].as_array().unwrap().iter();
    items.map(|one| one["tenant"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_platform_where_all_is_well_tells_of_nobody() {
    let (shop, harbour) = Shop::trading().await;
    let told = shop.operator().get(TROUBLES).await.ok();
    assert_eq!(told, json!({ "items": [], "complete": true }));
    harbour.get(TROUBLES).await.problem(403, "operator_only");
    shop.operator().get(&format!("{TROUBLES}?limit=0")).await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn tenants_in_trouble_are_told_the_worst_first_with_what_is_the_matter() {
    let shop = Shop::open().await;
    for name in ["a-paused", "b-parked", "c-undone", "d-held", "e-well"] {
        shop.tenant(name).await;
    }
    let operator = shop.operator();
    operator.act("/v1/actors/a-paused/order/pause").await.ok();
    let soon = Some(Timestamp::now());
    for undone in [
        letter("one", "b-parked", soon),
        letter("two", "c-undone", None),
        letter("three", "c-undone", soon),
        letter("four", "nobody-any-more", None),
    ] {
        shop.store.bury(&undone).await.unwrap();
    }
    let held = "d-held".parse().unwrap();
    shop.intake.hosts().named("stock").unwrap().quarantine(&held, "panic in stock".into());
    let told = operator.get(TROUBLES).await.ok();
    assert_eq!(whose(&told), ["d-held", "c-undone", "b-parked", "a-paused"]);
    assert_eq!(told["items"][0]["quarantined"], json!(["stock"]));
    let undone = &told["items"][1];
    assert_eq!((&undone["dead_letters"], &undone["parked"]), (&json!(1), &json!(1)));
    assert_eq!((&undone["name"], &undone["status"]), (&json!("c-undone"), &json!("active")));
    assert_eq!(told["items"][3]["paused"], json!(["order"]));
    assert_eq!(told["complete"], true);
    let worst = operator.get(&format!("{TROUBLES}?limit=1")).await.ok();
    assert_eq!((whose(&worst), &worst["complete"]), (vec!["d-held"], &json!(false)));
}

#[tokio::test]
async fn what_was_not_done_is_told_of_all_tenants_by_pages_and_narrowed_by_source_and_tenant() {
    const ALL: &str = "/v1/platform/dead-letters";
    let (shop, harbour) = Shop::trading().await;
    shop.tenant("other-books").await;
    let of_domain =
        DeadLetter { source: "domain:order".into(), ..letter("three", "other-books", None) };
    for undone in
        [letter("one", "harbour-books", None), letter("two", "other-books", None), of_domain]
    {
        shop.store.bury(&undone).await.unwrap();
    }
    let operator = shop.operator();
    let ids = |told: &Value| {
        let items = told["items"].as_array().unwrap().iter();
        items.map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = operator.get(&format!("{ALL}?limit=2")).await.ok();
    assert_eq!(
        (ids(&first), whose(&first)),
        (vec!["one".into(), "three".into()], vec!["harbour-books", "other-books"])
    );
    let next = first["next_cursor"].as_str().unwrap();
    let rest = operator.get(&format!("{ALL}?limit=2&cursor={next}")).await.ok();
    assert_eq!((ids(&rest), rest.get("next_cursor")), (vec!["two".into()], None));
    let of_source = operator.get(&format!("{ALL}?source=domain:order")).await.ok();
    assert_eq!(ids(&of_source), ["three"]);
    let of_tenant = operator.get(&format!("{ALL}?tenant=other-books")).await.ok();
    assert_eq!(ids(&of_tenant), ["three", "two"]);
    operator.get(&format!("{ALL}?tenant=Not+One")).await.problem(400, "invalid_parameter");
    let of_no_event = DeadLetter { event: None, ..letter("four", "other-books", None) };
    shop.store.bury(&of_no_event).await.unwrap();
    let of_shard = operator.get(&format!("{ALL}?shard=0&tenant=other-books")).await.ok();
    assert_eq!(ids(&of_shard), ["three", "two"]);
    operator.get(&format!("{ALL}?shard=7")).await.at(400, "invalid_parameter", "shard");
    harbour.get(ALL).await.problem(403, "operator_only");
    let own = harbour.get("/v1/dead-letters").await.ok();
    assert_eq!((ids(&own), own["items"][0].get("tenant")), (vec!["one".into()], None));
}

#[tokio::test]
async fn what_is_tried_again_by_itself_is_told_apart_from_what_waits_for_a_person() {
    let (shop, harbour) = Shop::trading().await;
    let soon = Some(Timestamp::now());
    for undone in [
        letter("one", "harbour-books", soon),
        letter("three", "harbour-books", soon),
        letter("two", "harbour-books", None),
    ] {
        shop.store.bury(&undone).await.unwrap();
    }
    let asked = [(&harbour, "/v1/dead-letters"), (&shop.operator(), "/v1/platform/dead-letters")];
    for (asker, path) in asked {
        let ids = async |query: &str| {
            let told = asker.get(&format!("{path}?{query}")).await.ok();
            let items = told["items"].as_array().unwrap().iter();
            items.map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids("parked=true").await, ["one", "three"]);
        assert_eq!(ids("parked=true&limit=1&cursor=one").await, ["three"]);
        assert_eq!(ids("parked=false").await, ["two"]);
        assert!(ids("parked=false&source=domain:order").await.is_empty());
        asker.get(&format!("{path}?parked=1")).await.at(400, "invalid_parameter", "parked");
    }
}

#[tokio::test]
async fn what_is_overdue_is_narrowed_to_what_is_overdue_by_so_many_seconds() {
    let (shop, harbour) = Shop::trading().await;
    for (name, late_s) in [("just", 5), ("long", 90), ("longer", 7_200)] {
        let due = Timestamp::from_millis(Timestamp::now().millis() - late_s * 1_000);
        waits(&shop, name, due).await;
    }
    let asked = [(&harbour, "/v1/timers"), (&shop.operator(), "/v1/platform/timers")];
    for (asker, path) in asked {
        let names = async |query: &str| {
            let told = asker.get(&format!("{path}?{query}")).await.ok();
            let items = told["items"].as_array().unwrap().iter();
            items.map(|one| one["entity"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("overdue=true").await, ["longer", "long", "just"]);
        assert_eq!(names("late_s=60").await, ["longer", "long"]);
        assert_eq!(names("overdue=true&late_s=3600").await, ["longer"]);
        for bad in ["late_s=0", "late_s=2592001", "late_s=60&overdue=false", "late_s=x"] {
            let answer = asker.get(&format!("{path}?{bad}")).await;
            answer.at(400, "invalid_parameter", "late_s");
        }
    }
    let told = shop.operator().get(TROUBLES).await.ok();
    assert_eq!(told["items"][0]["overdue"], 2, "what the list tells of 60 seconds");
}

#[tokio::test]
async fn the_journal_of_a_shard_is_told_from_a_place_on_without_what_events_say() {
    let (shop, harbour) = Shop::trading().await;
    harbour.post("/v1/orders", crate::shop::order("atlas", 1)).await.ok();
    let operator = shop.operator();
    let shard = operator.get("/v1/shards").await.ok()["items"][0]["shard"].as_u64().unwrap();
    let journal = format!("/v1/shards/{shard}/events");
    let all = operator.get(&format!("{journal}?after=0&limit=500")).await.ok();
    let items = all["items"].as_array().unwrap();
    assert_eq!(json!(items.len()), all["events"]);
    assert!(items.iter().any(|one| one["type"] == "order.created"
        && one["tenant"] == "harbour-books"
        && one["domain"] == "order"));
    assert!(!all.to_string().contains("jana@example.com"), "{all}");
    let last = operator.get(&format!("{journal}?limit=2")).await.ok();
    assert_eq!(last["items"].as_array().unwrap()[..], items[items.len() - 2..]);
    let behind = operator.get(&format!("{journal}?after={}", items.len())).await.ok();
    assert_eq!(behind["items"], json!([]));
    for bad in ["after=-1", "limit=0", "limit=501", "after=x"] {
        operator.get(&format!("{journal}?{bad}")).await.problem(400, "invalid_parameter");
    }
    unreadable(&shop, items.len()).await;
    let unread = operator.get(&format!("{journal}?after={}", items.len())).await.ok();
    assert_eq!(unread["items"][0]["entity"], "unreadable", "nothing of it is opened");
    operator.get("/v1/shards/4096/events").await.problem(404, "not_found");
    operator.get("/v1/shards/x/events").await.problem(400, "malformed_path");
    harbour.get(&journal).await.problem(403, "operator_only");
}
