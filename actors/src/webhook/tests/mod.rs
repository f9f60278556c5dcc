//! The rules of outgoing webhooks.

mod callbacks;
mod deliveries;
mod pinned;
mod properties;
mod replays;

use super::*;
use crate::testing::{NOW, Stage, given};
use kontor_messages::{
    EventId,
    webhook::{
        Attempt, CallbackKey, DisableReason, GiveUpReason, Position, ReplayRange, SigningSecret,
        delivery_entity, endpoint_entity, tally_entity,
    },
};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn shop() -> EntityId {
    EntityId::named("shop")
}

fn secret(n: u8) -> SigningSecret {
    use base64::{Engine, engine::general_purpose::STANDARD};
    SigningSecret(format!("whsec_{}", STANDARD.encode([n; 32])))
}

fn create_as(endpoint: EntityId) -> WebhookCommand {
    WebhookCommand::Create {
        endpoint,
        url: "https://shop.example.com/hooks".to_owned(),
        events: vec!["order.*".to_owned()],
        description: "the shop".to_owned(),
        secret: secret(1),
    }
}

fn create() -> WebhookCommand {
    create_as(shop())
}

fn created() -> Stage<Webhook> {
    given::<Webhook>([]).when(create()).then_names(&["webhook.endpoint_created"])
}

fn event(n: u8) -> EventId {
    serde_json::from_value(format!("01990000-0000-7000-8000-0000000000{n:02x}").into()).unwrap()
}

fn delivery(n: u8) -> EntityId {
    delivery_entity(&shop(), event(n), None)
}

/// The n-th event of the journal, about this subject, for the shop.
fn deliver(n: u8, subject: &str) -> WebhookCommand {
    WebhookCommand::Deliver {
        endpoint: shop(),
        event: event(n),
        name: "order.created".to_owned(),
        subject: subject.to_owned(),
        position: Position { shard: 0, seq: i64::from(n) },
        key: None,
    }
}

fn ok(n: u8) -> WebhookCommand {
    WebhookCommand::RecordDelivered { delivery: delivery(n), status: 200, duration_ms: 12 }
}

fn failed(n: u8, attempt: u32, status: Option<u16>) -> WebhookCommand {
    WebhookCommand::RecordFailure {
        delivery: delivery(n),
        attempt,
        status,
        error: "no".to_owned(),
        duration_ms: 12,
        retry_after_s: None,
        jitter: 0,
    }
}

fn endpoint_of(stage: &Stage<Webhook>) -> EndpointDocument {
    match stage.state(&endpoint_entity(&shop())) {
        WebhookState::Endpoint(endpoint) => endpoint,
        other => panic!("expected an endpoint, found {other:?}"),
    }
}

fn delivery_of(stage: &Stage<Webhook>, n: u8) -> DeliveryDocument {
    match stage.state(&delivery(n)) {
        WebhookState::Delivery(delivery) => delivery,
        other => panic!("expected a delivery, found {other:?}"),
    }
}

fn word(stage: &Stage<Webhook>, n: u8) -> &'static str {
    delivery_of(stage, n).phase.word()
}

#[test]
fn an_endpoint_is_created_once_and_listed() {
    let stage = created().when(create()).then_nothing();
    let WebhookState::Register(register) = stage.state(&register_entity()) else { panic!() };
    assert_eq!(register.endpoints[&shop()], ["order.*"]);
    let mut other = create();
    if let WebhookCommand::Create { url, .. } = &mut other {
        *url = "https://other.example.com/".to_owned();
    }
    stage.when(other).refused(WebhookRefusal::Exists);
}

#[test]
fn a_tenant_has_fifty_endpoints_at_most() {
    let mut stage = given::<Webhook>([]);
    for n in 0..decide::ENDPOINTS_MAX {
        stage.obey(create_as(EntityId::named(format!("e-{n}")))).unwrap();
    }
    stage.when(create()).refused(WebhookRefusal::TooMany(decide::ENDPOINTS_MAX));
}

#[test]
fn an_endpoint_that_makes_no_sense_is_refused_with_the_place() {
    let edit = |edit: fn(&mut EntityId, &mut String, &mut Vec<String>, &mut SigningSecret)| {
        let mut command = create();
        if let WebhookCommand::Create { endpoint, url, events, secret, .. } = &mut command {
            edit(endpoint, url, events, secret);
        }
        match given::<Webhook>([]).when(command).result {
            Err(WebhookRefusal::Invalid { pointer, .. }) => pointer,
            other => panic!("expected a refusal, got {other:?}"),
        }
    };
    assert_eq!(edit(|id, _, _, _| *id = EntityId::named("a/b")), "/endpoint");
    assert_eq!(edit(|_, url, _, _| *url = "ftp://example.com".to_owned()), "/url");
    assert_eq!(edit(|_, url, _, _| url.push_str("\r\nx")), "/url");
    assert_eq!(edit(|_, _, events, _| events.clear()), "/events");
    assert_eq!(edit(|_, _, events, _| events.push("nonsense".to_owned())), "/events/1");
    assert_eq!(edit(|_, _, _, secret| secret.0 = "whsec_YWJj".to_owned()), "/secret");
}

#[test]
fn a_changed_endpoint_is_listed_with_its_new_events() {
    let change = || WebhookCommand::Change {
        endpoint: shop(),
        url: "https://shop.example.com/v2".to_owned(),
        events: vec!["*".to_owned()],
        description: String::new(),
    };
    let stage = created()
        .when(change())
        .then_names(&["webhook.endpoint_changed"])
        .when(change())
        .then_nothing();
    let WebhookState::Register(register) = stage.state(&register_entity()) else { panic!() };
    assert_eq!(register.endpoints[&shop()], ["*"]);
}

#[test]
fn both_secrets_count_for_a_day_after_a_rotation() {
    let rotate = || WebhookCommand::Rotate { endpoint: shop(), secret: secret(2) };
    let stage = created()
        .when(rotate())
        .then_names(&["webhook.endpoint_rotated"])
        .when(rotate())
        .then_nothing();
    let endpoint = endpoint_of(&stage);
    assert_eq!(endpoint.secrets_at(NOW), [secret(2), secret(1)]);
    assert_eq!(endpoint.secrets_at(NOW.plus(24 * HOUR)), [secret(2)]);
}

#[test]
fn secrets_are_neither_shown_nor_printed() {
    let stage =
        created().when(WebhookCommand::Rotate { endpoint: shop(), secret: secret(2) }).stage;
    let state = stage.state(&endpoint_entity(&shop()));
    let shown = serde_json::to_string(&state.public_view()).unwrap();
    for text in [shown, format!("{state:?} {:?}", create())] {
        assert!(!text.contains(&secret(1).0) && !text.contains(&secret(2).0));
    }
    let event = WebhookEvent::EndpointRotated { secret: secret(2), previous_until: NOW };
    assert!(!serde_json::to_string(&event.public_view()).unwrap().contains(&secret(2).0));
}

#[test]
fn a_paused_endpoint_keeps_deliveries_and_resumes_them_in_order() {
    let stage = created()
        .when(WebhookCommand::Pause { endpoint: shop() })
        .then_names(&["webhook.endpoint_paused"])
        .when(WebhookCommand::Pause { endpoint: shop() })
        .then_nothing()
        .when(deliver(1, "order/1"))
        .then_names(&["webhook.delivery_queued"])
        .when(WebhookCommand::RecordInactive { delivery: delivery(1) })
        .then_names(&["webhook.delivery_parked"])
        .when(deliver(2, "order/1"))
        .then_names(&["webhook.delivery_queued"])
        .when(WebhookCommand::ResumeDelivery { delivery: delivery(1) })
        .then_nothing()
        .when(WebhookCommand::Enable { endpoint: shop() })
        .then_names(&["webhook.endpoint_enabled"])
        .when(WebhookCommand::Enable { endpoint: shop() })
        .then_nothing()
        .when(WebhookCommand::ResumeDelivery { delivery: delivery(1) })
        .then_names(&["webhook.delivery_resumed"])
        .when(WebhookCommand::ResumeDelivery { delivery: delivery(1) })
        .then_nothing();
    assert_eq!((word(&stage, 1), word(&stage, 2)), ("queued", "blocked"));
}

#[test]
fn a_pause_of_a_week_ends_in_disabling() {
    let stage = created().when(WebhookCommand::Pause { endpoint: shop() }).stage;
    let mut stage = stage.after(7 * 24 * HOUR);
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(
        endpoint_of(&stage).phase,
        EndpointPhase::Disabled { at: stage.now(), reason: DisableReason::PausedTooLong }
    );
    assert_eq!(stage.wake_due(), 0);
    stage.when(WebhookCommand::Pause { endpoint: shop() }).refused(WebhookRefusal::Disabled);
}

#[test]
fn a_disabled_endpoint_remembers_the_first_event_that_it_missed() {
    let stage = created()
        .when(WebhookCommand::Disable { endpoint: shop() })
        .then_names(&["webhook.endpoint_disabled"])
        .when(WebhookCommand::Disable { endpoint: shop() })
        .then_nothing()
        .when(deliver(7, "order/1"))
        .then_names(&["webhook.endpoint_missed"])
        .when(deliver(8, "order/2"))
        .then_nothing()
        .when(WebhookCommand::Enable { endpoint: shop() })
        .then([(
            endpoint_entity(&shop()),
            WebhookEvent::EndpointEnabled {
                endpoint: shop(),
                missed_from: Some(Position { shard: 0, seq: 7 }),
            },
        )]);
    assert_eq!(endpoint_of(&stage).missed_from, Some(Position { shard: 0, seq: 7 }));
    stage.when(deliver(7, "order/1")).then_names(&["webhook.delivery_queued"]);
}

#[test]
fn a_removed_endpoint_gets_nothing_more_and_what_was_open_is_given_up() {
    let stage = created()
        .when(deliver(1, "order/1"))
        .then_names(&["webhook.delivery_queued"])
        .when(deliver(2, "order/1"))
        .then_names(&["webhook.delivery_queued"])
        .when(WebhookCommand::Remove { endpoint: shop() })
        .then_names(&["webhook.endpoint_removed"])
        .when(WebhookCommand::RecordInactive { delivery: delivery(1) })
        .then_names(&["webhook.delivery_given_up", "webhook.delivery_released"])
        .when(WebhookCommand::RecordInactive { delivery: delivery(2) })
        .then_names(&["webhook.delivery_given_up"])
        .when(deliver(3, "order/1"))
        .then_nothing()
        .when(WebhookCommand::Remove { endpoint: shop() })
        .refused(WebhookRefusal::NotFound("endpoint"))
        .when(create())
        .refused(WebhookRefusal::Exists);
    assert_eq!(endpoint_of(&stage).secret.0, "");
    let removed = WebhookEvent::EndpointRemoved { endpoint: shop() };
    assert_eq!(dispatch::wants_resuming(&removed), Some(&shop()));
    let WebhookState::Register(register) = stage.state(&register_entity()) else { panic!() };
    assert!(register.endpoints.is_empty());
}

#[test]
fn a_test_is_sent_once_and_to_its_endpoint_alone() {
    let test = || WebhookCommand::SendTest { endpoint: shop(), test: EntityId::named("first-try") };
    let outcome = created().when(test());
    let events = outcome.result.clone().unwrap();
    assert_eq!(filter::test_target(&events[0].1), Some(&shop()));
    outcome.then_names(&["webhook.test"]).when(test()).then_nothing();
}
