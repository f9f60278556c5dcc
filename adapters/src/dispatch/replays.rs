//! Looks through the journal for what an endpoint's replay is to deliver once more.
//!
//! Each step looks at a bounded stretch, brings what it found in one command, and is asked for by
//! the event of the step before, so that nothing is held here and a crash only makes a step again.

use super::{caller, event_id, read, tell};
use async_trait::async_trait;
use kontor_actors::{
    announce::announce,
    follower::{Follow, Hitch},
    intake::Intake,
    store::{Seq, StoredEvent},
    webhook::{Webhook, WebhookState, dispatch},
};
use kontor_messages::{
    EntityId,
    webhook::{Position, ReplayedEvent, WebhookCommand, tally_entity},
};
use std::sync::Arc;

/// Rows of the journal that one step looks at, at most.
const ROWS_MAX: Seq = 5_000;
/// Rows of the journal read at a time.
const PAGE: Seq = 500;

/// Goes through the journal for replays.
pub struct WebhookReplays {
    intake: Intake,
}

/// What a step has found.
struct Found {
    events: Vec<ReplayedEvent>,
    reached: Seq,
}

impl WebhookReplays {
    /// A follower that tells the webhook domain through `intake`.
    pub fn new(intake: Intake) -> Self {
        Self { intake }
    }

    /// Makes the next step of the endpoint's replay, if it has one and there is room.
    async fn go_on(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let state = read::<Webhook>(&self.intake, event, &event.entity).await?;
        let WebhookState::Endpoint(known) = state else { return Ok(()) };
        let Some(replay) = known.running_replay() else { return Ok(()) };
        let Some(id) = event.entity.as_str().strip_prefix("endpoint/") else { return Ok(()) };
        let endpoint = EntityId::named(id);
        let tally = tally_entity(&endpoint, &replay.id);
        let open = read::<Webhook>(&self.intake, event, &tally).await?.open();
        let Some(step) = dispatch::next_step(&known, open) else { return Ok(()) };
        let Found { events, reached } = self.look(event, &step).await?;
        let (replay, after) = (step.replay.clone(), step.after);
        let command = WebhookCommand::ContinueReplay { endpoint, replay, after, reached, events };
        tell::<Webhook>(&self.intake, &caller("webhooks", event), command).await.map(drop)
    }

    /// Looks until there is no room, or the step has cost enough, or the range is at its end.
    async fn look(&self, event: &StoredEvent, step: &dispatch::Step<'_>) -> Result<Found, Hitch> {
        let journal = &self.intake.ground().journal;
        let until = step.range.until.seq;
        let (mut events, mut reached, first) = (Vec::new(), step.after, step.after);
        while reached < until && reached - first < ROWS_MAX {
            let rows = PAGE.min(until - reached);
            let own = journal.read_tenant(&event.tenant, reached, rows as u32).await;
            for row in own.map_err(|fault| Hitch::new(fault.to_string()))? {
                if step.room <= events.len() {
                    return Ok(Found { events, reached: row.seq - 1 });
                }
                told(&row, step, &mut events)?;
            }
            reached += rows;
        }
        Ok(Found { events, reached })
    }
}

/// What of a row is to be delivered.
fn told(
    row: &StoredEvent,
    step: &dispatch::Step<'_>,
    events: &mut Vec<ReplayedEvent>,
) -> Result<(), Hitch> {
    for told in announce(row) {
        if step.wants(told.name, told.at) {
            events.push(ReplayedEvent {
                event: event_id(&told.id)?,
                name: told.name.to_owned(),
                subject: format!("{}/{}", row.domain, told.subject),
                position: Position { shard: row.shard, seq: row.seq },
            });
        }
    }
    Ok(())
}

#[async_trait]
impl Follow for WebhookReplays {
    fn name(&self) -> &'static str {
        "webhook-replays"
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        let wanted = dispatch::wants_replaying(&event.name);
        wanted.then(|| format!("{}/{}", event.tenant, event.entity).into())
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        for (done, event) in events.iter().enumerate() {
            self.go_on(event).await.map_err(|hitch| hitch.after(done))?;
        }
        Ok(())
    }
}
