//! The rules of deliveries: in order by subject, again while it may help, not for ever.

use super::*;

fn queued() -> Stage<Webhook> {
    created().when(deliver(1, "order/1")).then_names(&["webhook.delivery_queued"])
}

/// How long a delivery waits after its first attempt failed so.
fn wait_after(command: WebhookCommand) -> u64 {
    let stage = queued().when(command).then_names(&["webhook.delivery_attempt_failed"]);
    match delivery_of(&stage, 1).phase {
        DeliveryPhase::Waiting { until } => until.since(stage.now()).as_secs(),
        other => panic!("expected a wait, found {other:?}"),
    }
}

/// Fails attempts of a delivery, each when it is due, until it is given up; the waits between.
fn exhaust(stage: Stage<Webhook>, n: u8) -> (Stage<Webhook>, Vec<u64>) {
    let (mut stage, mut waits) = (stage, Vec::new());
    for attempt in 1.. {
        stage.obey(failed(n, attempt, Some(500))).unwrap();
        let DeliveryPhase::Waiting { until } = delivery_of(&stage, n).phase else { break };
        let wait = until.since(stage.now());
        waits.push(wait.as_secs());
        stage = stage.after(wait);
        assert_eq!(stage.wake_due(), 1);
    }
    (stage, waits)
}

#[test]
fn an_event_is_delivered_to_an_endpoint_once_unless_a_repeat_is_asked_for_by_name() {
    let repeat = |key: &str| {
        let mut command = deliver(1, "order/1");
        if let WebhookCommand::Deliver { key: name, .. } = &mut command {
            *name = Some(key.to_owned());
        }
        command
    };
    queued()
        .when(deliver(1, "order/1"))
        .then_nothing()
        .when(ok(1))
        .then_names(&["webhook.delivery_delivered"])
        .when(ok(1))
        .then_nothing()
        .when(failed(1, 1, Some(500)))
        .then_nothing()
        .when(deliver(1, "order/1"))
        .then_nothing()
        .when(repeat("again-1"))
        .then_names(&["webhook.delivery_queued"])
        .when(repeat("again-1"))
        .then_nothing();
}

#[test]
fn events_of_one_subject_wait_for_each_other_and_other_subjects_go_on() {
    let stage = queued()
        .when(deliver(2, "order/1"))
        .then_names(&["webhook.delivery_queued"])
        .when(deliver(3, "order/2"))
        .then_names(&["webhook.delivery_queued"]);
    assert_eq!((word(&stage, 2), word(&stage, 3)), ("blocked", "queued"));
    let stage = stage
        .when(ok(2))
        .then_nothing()
        .when(ok(1))
        .then_names(&["webhook.delivery_delivered", "webhook.delivery_released"]);
    assert_eq!(word(&stage, 2), "queued");
    let stage = stage.when(ok(2)).then_names(&["webhook.delivery_delivered"]);
    assert_eq!(stage.state(&lane_entity(&shop(), "order/1")), WebhookState::Blank);
}

#[test]
fn a_delivery_that_fails_is_tried_ten_times_and_then_lets_the_next_one_go() {
    let stage = queued().when(deliver(2, "order/1")).then_names(&["webhook.delivery_queued"]);
    let (stage, waits) = exhaust(stage, 1);
    assert_eq!(waits, [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    assert_eq!((word(&stage, 1), word(&stage, 2)), ("given_up", "queued"));
    assert_eq!(delivery_of(&stage, 1).attempts.len(), 10);
}

#[test]
fn a_named_delay_is_obeyed_up_to_twice_the_usual_one() {
    let named = |status, seconds| {
        let mut command = failed(1, 1, status);
        if let WebhookCommand::RecordFailure { retry_after_s, .. } = &mut command {
            *retry_after_s = Some(seconds);
        }
        wait_after(command)
    };
    assert_eq!(wait_after(failed(1, 1, Some(500))), 5);
    assert_eq!(wait_after(failed(1, 1, None)), 60);
    assert_eq!(wait_after(failed(1, 1, Some(429))), 60);
    assert_eq!((named(Some(500), 7), named(Some(500), 99)), (7, 10));
    assert_eq!((named(Some(429), 1), named(Some(429), 99)), (60, 99));
}

#[test]
fn the_outcome_of_an_attempt_counts_once() {
    let stage = queued()
        .when(failed(1, 1, Some(500)))
        .then_names(&["webhook.delivery_attempt_failed"])
        .when(failed(1, 1, Some(500)))
        .then_nothing();
    let mut stage = stage.after(HOUR);
    assert_eq!(stage.wake_due(), 1);
    stage.when(failed(1, 1, Some(500))).then_nothing();
}

#[test]
fn an_answer_of_410_ends_the_delivery_and_the_endpoint() {
    let stage = queued().when(failed(1, 1, Some(410))).then_names(&[
        "webhook.delivery_attempt_failed",
        "webhook.delivery_given_up",
        "webhook.endpoint_disabled",
    ]);
    let EndpointPhase::Disabled { reason, .. } = endpoint_of(&stage).phase else { panic!() };
    assert_eq!(reason, DisableReason::Gone);
}

#[test]
fn the_owner_hears_of_four_failures_in_a_row_and_of_the_recovery() {
    let mut stage = queued();
    for n in 2..=5 {
        stage.obey(deliver(n, &format!("order/{n}"))).unwrap();
    }
    for n in 1..=3 {
        stage =
            stage.when(failed(n, 1, Some(500))).then_names(&["webhook.delivery_attempt_failed"]);
    }
    stage
        .when(failed(4, 1, Some(500)))
        .then_names(&["webhook.delivery_attempt_failed", "webhook.endpoint_failing"])
        .when(ok(5))
        .then_names(&["webhook.delivery_delivered", "webhook.endpoint_recovered"]);
}

#[test]
fn an_endpoint_is_disabled_after_five_days_of_failures_alone() {
    let (stage, _) = exhaust(queued(), 1);
    assert_eq!(endpoint_of(&stage).phase, EndpointPhase::Active);
    let stage = stage.when(deliver(2, "order/1")).then_names(&["webhook.delivery_queued"]);
    let mut stage = stage.after(48 * HOUR);
    stage.obey(failed(2, 1, None)).unwrap();
    let EndpointPhase::Disabled { reason, .. } = endpoint_of(&stage).phase else { panic!() };
    assert_eq!(reason, DisableReason::Failing);
    let mut stage = stage.after(HOUR);
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(word(&stage, 2), "parked");
    let stage = stage.when(WebhookCommand::Enable { endpoint: shop() }).stage;
    assert_eq!((endpoint_of(&stage).failures, endpoint_of(&stage).failing_since), (0, None));
}

#[test]
fn a_success_in_between_begins_the_five_days_anew() {
    let (stage, _) = exhaust(queued(), 1);
    let mut stage = stage.when(deliver(2, "order/1")).stage;
    stage.obey(ok(2)).unwrap();
    let mut stage = stage.after(48 * HOUR).when(deliver(3, "order/1")).stage;
    stage.obey(failed(3, 1, None)).unwrap();
    assert_eq!(endpoint_of(&stage).phase, EndpointPhase::Active);
}

#[test]
fn a_delivery_whose_endpoint_was_away_for_a_moment_is_not_forgotten() {
    let inactive = || WebhookCommand::RecordInactive { delivery: delivery(1) };
    let stage = queued()
        .when(inactive())
        .then_names(&["webhook.delivery_postponed"])
        .when(inactive())
        .then_nothing();
    let mut stage = stage.after(Duration::from_secs(5));
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(word(&stage, 1), "queued");
}

#[test]
fn a_sender_posts_what_is_queued_for_an_active_endpoint_and_nothing_else() {
    let stage = queued();
    let ask = |stage: &Stage<Webhook>| {
        let endpoint = stage.state(&endpoint_entity(&shop()));
        dispatch::next(&delivery(1), &stage.state(&delivery(1)), &endpoint, NOW)
    };
    let dispatch::Next::Post { url, secrets, attempt, callback: None } = ask(&stage) else {
        panic!()
    };
    assert_eq!((&*url, attempt), ("https://shop.example.com/hooks", 1));
    assert_eq!(secrets, [secret(1)]);
    let stage = stage.when(WebhookCommand::Pause { endpoint: shop() }).stage;
    let inactive = WebhookCommand::RecordInactive { delivery: delivery(1) };
    assert_eq!(ask(&stage), dispatch::Next::Tell(inactive));
    let stage = stage.when(ok(1)).then_names(&["webhook.delivery_delivered"]);
    assert_eq!(ask(&stage), dispatch::Next::Nothing);
}

#[test]
fn facts_about_unknown_deliveries_and_endpoints_are_no_fault() {
    for command in [ok(1), failed(1, 1, None), deliver(1, "order/1")] {
        given::<Webhook>([]).when(command).then_nothing();
    }
}
