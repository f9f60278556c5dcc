//! The receiver of outgoing webhooks.

use std::time::{SystemTime, UNIX_EPOCH};

use kontor_sandbox::Verdict;
use kontor_sandbox::signing::{SignatureFault, standard_v1};
use serde_json::json;

use crate::world::{PATIENCE, Reply, World, read};

const SECRET: &str = "whsec_a29udG9yLXN0YW5kYXJkLXdlYmhvb2sta2V5LTAwMDE=";

async fn send(world: &World, name: &str, id: &str, body: &str) -> Reply {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    let signature = standard_v1(SECRET, id, now, body.as_bytes()).expect("a secret");
    let request = world
        .client
        .post(world.sandbox.receiver().hook_url(name))
        .header("webhook-id", id)
        .header("webhook-timestamp", now)
        .header("webhook-signature", signature)
        .body(body.to_owned());
    read(request).await.expect("an answer")
}

fn body(subject: &str, sequence: u32) -> String {
    json!({"type": "order.paid", "subject": subject, "sequence": sequence}).to_string()
}

#[tokio::test]
async fn a_registered_secret_is_verified() {
    let world = World::new().await;
    let receiver = world.sandbox.receiver();
    receiver.register("shop", SECRET);
    assert_eq!(send(&world, "shop", "msg_1", "{}").await.status, 204);
    receiver.register("shop", "whsec_a29udG9yLXN0YW5kYXJkLXdlYmhvb2sta2V5LTAwMDA=");
    assert_eq!(send(&world, "shop", "msg_2", "{}").await.status, 401);
    let bare = world.client.post(receiver.hook_url("shop")).body("{}");
    assert_eq!(read(bare).await.expect("an answer").status, 401);
    let verdicts: Vec<_> = receiver.deliveries("shop").iter().map(|one| one.verdict).collect();
    let expected = [
        Verdict::Verified,
        Verdict::Refused(SignatureFault::NoMatch),
        Verdict::Refused(SignatureFault::Malformed),
    ];
    assert_eq!(verdicts, expected);
    assert_eq!((receiver.accepted("shop").len(), receiver.accepted_count("shop")), (1, 1));
}

#[tokio::test]
async fn a_hook_can_fail_at_first_and_say_when_to_retry() {
    let world = World::new().await;
    let receiver = world.sandbox.receiver();
    receiver.set("shop", |settings| {
        settings.fail_first = 2;
        settings.fail_status = 503;
        settings.retry_after_s = Some(7);
    });
    for _ in 0..2 {
        let refused = send(&world, "shop", "msg_1", "{}").await;
        assert_eq!(
            (refused.status, &refused.headers["retry-after"]),
            (503, &"7".parse().expect("a header"))
        );
    }
    let taken = send(&world, "shop", "msg_1", "{}").await;
    assert_eq!((taken.status, taken.headers.contains_key("retry-after")), (204, false));
    assert_eq!(receiver.deliveries("shop").len(), 3);
    assert!(receiver.duplicates("shop").is_empty());
    send(&world, "shop", "msg_1", "{}").await;
    assert_eq!(receiver.duplicates("shop")["msg_1"], 2);
}

#[tokio::test]
async fn order_is_judged_within_a_subject_only() {
    let world = World::new().await;
    let receiver = world.sandbox.receiver();
    for (id, subject, sequence) in
        [("a", "o-1", 1), ("b", "o-2", 2), ("c", "o-2", 1), ("d", "o-1", 2), ("a", "o-1", 1)]
    {
        send(&world, "shop", id, &body(subject, sequence)).await;
    }
    assert!(receiver.wait_for("shop", 4, PATIENCE).await);
    assert_eq!(receiver.out_of_order("shop"), ["o-2"]);
    assert_eq!(receiver.by_subject("shop")["o-1"].len(), 2);
}

#[tokio::test]
async fn the_receiver_is_set_and_read_over_http() {
    let world = World::new().await;
    let url = format!("{}/_sandbox/receiver/shop", world.sandbox.receiver().base_url());
    let patch = json!({"secret": SECRET, "status": 202});
    read(world.client.post(&url).json(&patch)).await.expect("an answer").ok();
    assert_eq!(send(&world, "shop", "msg_1", &body("o-1", 1)).await.status, 202);
    let shown = read(world.client.get(&url)).await.expect("an answer").ok();
    assert_eq!(shown.at("/count"), json!(1));
    assert_eq!(shown.at("/deliveries/0/verdict"), json!("verified"));
    assert_eq!(shown.at("/deliveries/0/subject"), json!("o-1"));
    assert_eq!(shown.at("/settings/status"), json!(202));
}
