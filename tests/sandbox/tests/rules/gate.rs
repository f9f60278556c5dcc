//! Who may call, what a repeated key does, and what goes wrong on request.

use std::time::Duration;

use kontor_sandbox::SandboxConfig;
use serde_json::json;

use crate::world::{KEY, OTHER_KEY, Reply, SESSIONS, World, order_form, read};

fn code(reply: &Reply) -> String {
    reply.at("/error/code").as_str().unwrap_or_default().to_owned()
}

fn kind(reply: &Reply) -> String {
    reply.at("/error/type").as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_call_without_a_test_key_is_unauthorized() {
    let world = World::new().await;
    assert_eq!(world.get_as("sk_live_x", "/v1/events").await.status, 401);
    let bare = read(world.client.get(world.url("/v1/events"))).await.expect("an answer");
    assert_eq!(bare.status, 401);
    assert_eq!(kind(&bare), "invalid_request_error");
    assert!(bare.headers.contains_key("request-id"));
}

#[tokio::test]
async fn unregistered_keys_can_be_refused() {
    let config = SandboxConfig { known_keys_only: true, ..SandboxConfig::default() };
    let world = World::with(config).await;
    assert_eq!(world.get_as(OTHER_KEY, "/v1/events").await.status, 401);
    let url = world.url("/_sandbox/stripe/accounts");
    let account = json!({"api_key": OTHER_KEY, "webhooks": []});
    read(world.client.post(url).json(&account)).await.expect("an answer").ok();
    assert_eq!(world.get_as(OTHER_KEY, "/v1/events").await.status, 200);
    let summary = read(world.client.get(world.url("/_sandbox/stripe/summary"))).await;
    let accounts = summary.expect("an answer").ok().at("/accounts");
    assert_eq!(accounts.as_object().map(serde_json::Map::len), Some(2));
}

#[tokio::test]
async fn a_json_body_is_not_a_form() {
    let world = World::new().await;
    let request = world.client.post(world.url(SESSIONS)).bearer_auth(KEY).json(&json!({}));
    assert_eq!(read(request).await.expect("an answer").status, 400);
    assert_eq!(world.post("/v1/charges", &[]).await.status, 404);
}

#[tokio::test]
async fn objects_are_invisible_to_other_accounts() {
    let world = World::new().await;
    let session = world.session("o-1").await;
    let path = format!("{SESSIONS}/{session}");
    assert_eq!(world.get_as(KEY, &path).await.status, 200);
    let hidden = world.get_as(OTHER_KEY, &path).await;
    assert_eq!((hidden.status, code(&hidden)), (404, "resource_missing".to_owned()));
    world.press(&session, "pay").await;
    assert_eq!(world.get_as(OTHER_KEY, "/v1/events").await.at("/data"), json!([]));
}

#[tokio::test]
async fn the_same_key_and_parameters_replay_the_first_answer() {
    let world = World::new().await;
    let form = order_form("o-1");
    let first = world.post_keyed(SESSIONS, "k-1", &form).await.ok();
    let mut reordered = form.clone();
    reordered.reverse();
    let second = world.post_keyed(SESSIONS, "k-1", &reordered).await.ok();
    assert_eq!(first.text, second.text);
    assert!(!first.replayed() && second.replayed());
    assert_eq!(world.books().sessions_by_reference["o-1"], 1);
    assert_eq!(world.books().idempotent_replays, 1);
}

#[tokio::test]
async fn the_same_key_with_other_parameters_is_an_idempotency_error() {
    let world = World::new().await;
    world.post_keyed(SESSIONS, "k-1", &order_form("o-1")).await.ok();
    let refused = world.post_keyed(SESSIONS, "k-1", &order_form("o-2")).await;
    assert_eq!((refused.status, kind(&refused)), (400, "idempotency_error".to_owned()));
}

#[tokio::test]
async fn a_key_in_use_is_a_conflict_until_the_first_call_ends() {
    let world = World::new().await;
    world.switch(|switches| switches.latency_ms = 300);
    let form = order_form("o-1");
    let (one, two) = tokio::join!(
        world.post_keyed(SESSIONS, "k-1", &form),
        world.post_keyed(SESSIONS, "k-1", &form),
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert!(world.post_keyed(SESSIONS, "k-1", &form).await.ok().replayed());
}

#[tokio::test]
async fn the_work_goes_on_when_the_caller_hangs_up() {
    let world = World::new().await;
    world.switch(|switches| switches.latency_ms = 200);
    let form = order_form("o-1");
    let call = world.post_keyed(SESSIONS, "k-1", &form);
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err());
    while world.books().sessions.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.switch(|switches| switches.latency_ms = 0);
    let mut again = world.post_keyed(SESSIONS, "k-1", &form).await;
    while again.status == 409 {
        again = world.post_keyed(SESSIONS, "k-1", &form).await;
    }
    assert!(again.ok().replayed());
}

#[tokio::test]
async fn a_validation_failure_does_not_use_the_key_up() {
    let world = World::new().await;
    let refused = world.post_keyed(SESSIONS, "k-1", &[("mode", "payment")]).await;
    assert_eq!((refused.status, code(&refused)), (400, "parameter_missing".to_owned()));
    assert_eq!(refused.at("/error/param"), json!("line_items"));
    world.post_keyed(SESSIONS, "k-1", &order_form("o-1")).await.ok();
}

#[tokio::test]
async fn failures_and_limits_before_the_work_leave_nothing_behind() {
    let world = World::new().await;
    let form = order_form("o-1");
    world.switch(|switches| switches.fail_rate_percent = 100);
    let failed = world.post_keyed(SESSIONS, "k-1", &form).await;
    assert_eq!((failed.status, kind(&failed)), (500, "api_error".to_owned()));
    world.switch(|switches| {
        switches.fail_rate_percent = 0;
        switches.rate_limit_percent = 100;
    });
    let limited = world.post_keyed(SESSIONS, "k-1", &form).await;
    assert_eq!((limited.status, code(&limited)), (429, "rate_limit".to_owned()));
    world.switch(|switches| switches.rate_limit_percent = 0);
    assert!(world.books().sessions.is_empty());
    assert!(!world.post_keyed(SESSIONS, "k-1", &form).await.ok().replayed());
}

#[tokio::test]
async fn an_answer_lost_after_the_work_is_found_again_by_its_key() {
    let world = World::new().await;
    world.switch(|switches| switches.fail_after_rate_percent = 100);
    let form = order_form("o-1");
    let (mut cut, mut failed) = (0, 0);
    for key in (0..40).map(|number| format!("k-{number}")) {
        match world.try_post(SESSIONS, Some(&key), &form).await {
            Ok(reply) => failed += u32::from(reply.status == 500),
            Err(_) => cut += 1,
        }
    }
    assert!(cut > 0 && failed > 0 && cut + failed == 40, "{cut} cut, {failed} failed");
    world.switch(|switches| switches.fail_after_rate_percent = 0);
    assert!(world.post_keyed(SESSIONS, "k-0", &form).await.ok().replayed());
    assert_eq!(world.books().sessions_by_reference["o-1"], 40);
}

#[tokio::test]
async fn a_saved_500_is_what_the_key_finds() {
    let world = World::new().await;
    world.switch(|switches| {
        switches.fail_after_rate_percent = 100;
        switches.fail_after_saves_500 = true;
    });
    let form = order_form("o-1");
    let _ = world.try_post(SESSIONS, Some("k-1"), &form).await;
    let again = world.post_keyed(SESSIONS, "k-1", &form).await;
    assert_eq!((again.status, again.replayed()), (500, true));
}

#[tokio::test]
async fn switches_are_read_and_set_over_http_and_unknown_ones_refused() {
    let world = World::new().await;
    let url = world.url("/_sandbox/switches");
    let patch = json!({"stripe": {"two_v1": true}, "smtp": {"greylist_percent": 7}});
    let set = read(world.client.post(&url).json(&patch)).await.expect("an answer").ok();
    assert_eq!(set.at("/stripe/two_v1"), json!(true));
    let shown = read(world.client.get(&url)).await.expect("an answer");
    assert_eq!(shown.at("/smtp/greylist_percent"), json!(7));
    assert_eq!(shown.at("/stripe/later_ms"), json!(200));
    let unknown = world.client.post(&url).json(&json!({"stripe": {"nonsense": 1}}));
    assert_eq!(read(unknown).await.expect("an answer").status, 400);
}
