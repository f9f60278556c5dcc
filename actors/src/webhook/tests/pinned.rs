//! Events are kept for ever, so their JSON is pinned.

use super::*;

#[test]
fn events_keep_their_json() {
    let attempt =
        Attempt { at: NOW, status: Some(503), error: Some("busy".into()), duration_ms: 9 };
    let position = Position { shard: 3, seq: 41 };
    let named = |event| given::<Webhook>([]).when(event).result.unwrap().remove(0).1;
    let lane = lane_entity(&shop(), "order/1");
    let events = [
        named(create()),
        WebhookEvent::EndpointChanged {
            endpoint: shop(),
            url: "https://shop.example.com/v2".to_owned(),
            events: vec!["*".to_owned()],
            description: String::new(),
        },
        WebhookEvent::CallbacksPut {
            secret: Some(secret(1)),
            api_key: Some(CallbackKey("the-shop-s-own".to_owned())),
            hosts: vec!["shop.example.com".to_owned()],
        },
        WebhookEvent::EndpointRotated { secret: secret(2), previous_until: NOW },
        WebhookEvent::EndpointPaused { until: NOW },
        WebhookEvent::EndpointEnabled { endpoint: shop(), missed_from: Some(position) },
        WebhookEvent::EndpointDisabled { endpoint: shop(), reason: DisableReason::Gone },
        WebhookEvent::EndpointMissed { position },
        WebhookEvent::EndpointFailing { since: NOW },
        WebhookEvent::EndpointRecovered,
        WebhookEvent::EndpointRemoved { endpoint: shop() },
        WebhookEvent::TestRequested { endpoint: shop(), test: EntityId::named("t") },
        WebhookEvent::ReplayRequested {
            endpoint: shop(),
            replay: EntityId::named("again"),
            range: ReplayRange {
                from: position,
                until: Position { shard: 3, seq: 99 },
                since: Some(NOW),
                before: Some(NOW),
                types: vec!["order.*".to_owned()],
            },
        },
        WebhookEvent::ReplayAdvanced { reached: 50, queued: 2 },
        WebhookEvent::ReplayReleased,
        WebhookEvent::ReplayFinished,
        WebhookEvent::ReplayCancelled,
        WebhookEvent::DeliveryQueued {
            endpoint: shop(),
            event: event(2),
            name: "order.created".to_owned(),
            subject: "order/1".to_owned(),
            position,
            lane: lane.clone(),
            after: Some(delivery(1)),
            replay: Some(tally_entity(&shop(), &EntityId::named("again"))),
        },
        WebhookEvent::DeliveryReleased,
        WebhookEvent::DeliveryDue,
        WebhookEvent::DeliveryResumed,
        WebhookEvent::DeliveryParked,
        WebhookEvent::DeliveryPostponed { until: NOW },
        WebhookEvent::DeliveryAttemptFailed {
            endpoint: endpoint_entity(&shop()),
            attempt: attempt.clone(),
            next_attempt_at: Some(NOW),
        },
        WebhookEvent::DeliveryDelivered { attempt, empties: Some(lane), replay: None },
        WebhookEvent::DeliveryGivenUp {
            reason: GiveUpReason::Exhausted,
            empties: None,
            replay: Some(tally_entity(&shop(), &EntityId::named("again"))),
        },
    ];
    let lines: Vec<_> = include_str!("../events.jsonl").lines().collect();
    let written: Vec<_> = events.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
    assert_eq!(written, lines);
    for (line, event) in lines.iter().zip(events) {
        assert_eq!(serde_json::from_str::<WebhookEvent>(line).unwrap(), event);
        assert!(Webhook::event_name(&event).starts_with("webhook."));
    }
}
