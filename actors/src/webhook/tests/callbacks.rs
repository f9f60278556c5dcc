//! The rules of payments' callbacks: deliveries like any other, to addresses of their own.

use super::*;
use crate::webhook::dispatch::{CallbackTerms, Next, next};
use kontor_messages::webhook::callbacks_id;

fn put(api_key: Option<&str>, hosts: &[&str]) -> WebhookCommand {
    WebhookCommand::PutCallbacks {
        secret: secret(2),
        api_key: api_key.map(|key| CallbackKey(key.to_owned())),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
    }
}

fn prepare() -> WebhookCommand {
    WebhookCommand::PrepareCallbacks { secret: secret(1) }
}

fn call_back(n: u8) -> WebhookCommand {
    let mut command = deliver(n, "payment/p-1");
    if let WebhookCommand::Deliver { endpoint, name, .. } = &mut command {
        (*endpoint, *name) = (callbacks_id(), "payment.paid".to_owned());
    }
    command
}

fn of_callbacks(n: u8) -> EntityId {
    delivery_entity(&callbacks_id(), event(n), None)
}

fn endpoint_of(stage: &Stage<Webhook>) -> EndpointDocument {
    match stage.state(&endpoint_entity(&callbacks_id())) {
        WebhookState::Endpoint(endpoint) => endpoint,
        other => panic!("expected an endpoint, found {other:?}"),
    }
}

fn refuse_at(command: WebhookCommand, pointer: &str) {
    match given::<Webhook>([]).when(command).result {
        Err(WebhookRefusal::Invalid { pointer: found, .. }) => assert_eq!(found, pointer),
        other => panic!("expected a fault at {pointer}, found {other:?}"),
    }
}

#[test]
fn the_endpoint_is_made_once_and_what_was_set_on_it_stays() {
    let stage = given::<Webhook>([])
        .when(prepare())
        .then_names(&["webhook.callbacks_put"])
        .when(prepare())
        .then_nothing()
        .when(put(Some("key"), &["shop.example.com"]))
        .then_names(&["webhook.callbacks_put"])
        .when(put(Some("key"), &["shop.example.com"]))
        .then_nothing()
        .when(prepare())
        .then_nothing();
    let endpoint = endpoint_of(&stage);
    assert_eq!(endpoint.secret, secret(1), "only a rotation changes it");
    assert_eq!(endpoint.api_key, Some(CallbackKey("key".to_owned())));
}

#[test]
fn an_endpoint_that_was_removed_comes_back_only_if_somebody_says_so() {
    let stage = given::<Webhook>([])
        .when(prepare())
        .then_names(&["webhook.callbacks_put"])
        .when(WebhookCommand::Remove { endpoint: callbacks_id() })
        .then_names(&["webhook.endpoint_removed"])
        .when(prepare())
        .then_nothing()
        .when(call_back(1))
        .then_nothing()
        .when(put(None, &[]))
        .then_names(&["webhook.callbacks_put"]);
    let endpoint = endpoint_of(&stage);
    assert_eq!((endpoint.secret, endpoint.phase), (secret(2), EndpointPhase::Active));
}

#[test]
fn a_key_is_shown_to_named_hosts_only() {
    refuse_at(put(Some("key"), &[]), "/hosts");
    refuse_at(put(Some(""), &["shop.example.com"]), "/api_key");
    refuse_at(put(Some("two words"), &["shop.example.com"]), "/api_key");
    refuse_at(put(Some("***"), &["shop.example.com"]), "/api_key");
    refuse_at(put(None, &["https://shop.example.com"]), "/hosts/0");
    refuse_at(put(None, &["a.example", "B.example"]), "/hosts/1");
    let terms = |hosts: &[&str]| CallbackTerms {
        api_key: None,
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
    };
    assert!(terms(&[]).allow("anywhere.example"));
    let named = terms(&["shop.example.com"]);
    assert!(named.allow("Shop.example.com"));
    for other in ["example.com", "a.shop.example.com", "shop.example.com.evil.example"] {
        assert!(!named.allow(other), "{other}");
    }
}

#[test]
fn what_needs_an_address_of_its_own_is_refused() {
    let endpoint = callbacks_id();
    let change = WebhookCommand::Change {
        endpoint: endpoint.clone(),
        url: "https://shop.example.com/hooks".to_owned(),
        events: vec!["*".to_owned()],
        description: String::new(),
    };
    let test = WebhookCommand::SendTest { endpoint: endpoint.clone(), test: shop() };
    let replay = WebhookCommand::Replay {
        endpoint: endpoint.clone(),
        replay: shop(),
        from: Some(Position { shard: 3, seq: 1 }),
        until: Position { shard: 3, seq: 9 },
        since: None,
        before: None,
        types: vec![],
    };
    for command in [create_as(endpoint), change, test, replay] {
        let stage = given::<Webhook>([]).when(prepare()).then_names(&["webhook.callbacks_put"]);
        assert_eq!(stage.when(command).result, Err(WebhookRefusal::NoAddress));
    }
}

#[test]
fn a_callback_is_a_delivery_and_one_address_s_trouble_is_not_the_others() {
    let mut stage = given::<Webhook>([])
        .when(put(Some("key"), &["shop.example.com"]))
        .then_names(&["webhook.callbacks_put"]);
    for n in 1..=3 {
        let gone = WebhookCommand::RecordFailure {
            delivery: of_callbacks(n),
            attempt: 1,
            status: Some(410),
            error: "gone".to_owned(),
            duration_ms: 9,
            retry_after_s: None,
            jitter: 0,
        };
        stage = stage
            .when(call_back(n))
            .then_names(&["webhook.delivery_queued"])
            .when(gone)
            .then_names(&["webhook.delivery_attempt_failed", "webhook.delivery_given_up"]);
    }
    assert_eq!(endpoint_of(&stage).phase, EndpointPhase::Active);
    let stage = stage.when(call_back(4)).then_names(&["webhook.delivery_queued"]);
    let (entity, endpoint) = (of_callbacks(4), endpoint_entity(&callbacks_id()));
    let asked = next(&entity, &stage.state(&entity), &stage.state(&endpoint), stage.now());
    let Next::Post { callback, secrets, .. } = asked else { panic!("expected a post: {asked:?}") };
    let terms = callback.unwrap();
    assert_eq!(terms.api_key, Some(CallbackKey("key".to_owned())));
    assert!(terms.allow("shop.example.com") && !terms.allow("other.example.com"));
    assert_eq!(secrets, [secret(2)]);
}

#[test]
fn what_is_shown_of_it_holds_no_secret() {
    let stage = given::<Webhook>([])
        .when(put(Some("the-shop-s"), &["shop.example.com"]))
        .then_names(&["webhook.callbacks_put"]);
    let shown = stage.state(&endpoint_entity(&callbacks_id())).public_view();
    let event = WebhookEvent::CallbacksPut {
        secret: Some(secret(2)),
        api_key: Some(CallbackKey("the-shop-s".to_owned())),
        hosts: vec![],
    };
    let told = serde_json::to_string(&(&shown, event.public_view())).unwrap();
    assert!(!told.contains("the-shop-s") && !told.contains(&secret(2).0), "{told}");
    assert!(!format!("{event:?}").contains("the-shop-s"));
}
