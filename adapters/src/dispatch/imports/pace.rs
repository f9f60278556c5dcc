//! How fast an import goes: as fast as it can while nobody else asks for anything, else in small
//! steps that are written with what the others ask for.

use kontor_actors::{admission::Admission, follower::Hitch};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Rows of a step while others ask: they are written with an order, which waits for them.
const ROWS_BESIDE_OTHERS: usize = 10;
/// Steps under way at once.
const STEPS_MAX: u32 = 8;
/// So long after somebody asked, others may ask again.
const OTHERS_FOR: Duration = Duration::from_millis(250);
/// The time that others have, for each that a step takes; most of that it waits for theirs.
const REST_TIMES: u32 = 1;
/// A rest at most.
const REST_MAX: Duration = Duration::from_millis(250);

/// An import's pace.
pub struct Pace {
    admission: Admission,
    steps: Arc<Semaphore>,
    /// How many others had been let in at the last look.
    others: u64,
    others_at: Option<Instant>,
    /// When the last step began.
    begun: Instant,
}

impl Pace {
    /// The pace of an import on the node of this door.
    pub fn new(admission: Admission) -> Self {
        let others = admission.others_let_in();
        let steps = Arc::new(Semaphore::new(STEPS_MAX as usize));
        Self { admission, steps, others, others_at: None, begun: Instant::now() }
    }

    /// Waits until the next step may begin; it is under way until the permit is dropped. Answers
    /// how many rows it may have of so many.
    pub async fn step(&mut self, rows_max: usize) -> Result<(OwnedSemaphorePermit, usize), Hitch> {
        let beside = self.is_beside_others();
        if beside {
            // What is under way is done first, so that its time is known.
            drop(self.steps.acquire_many(STEPS_MAX).await.map_err(closed)?);
            let took = self.begun.elapsed();
            tokio::time::sleep((took * REST_TIMES).min(REST_MAX)).await;
        }
        let step = Arc::clone(&self.steps).acquire_owned().await.map_err(closed)?;
        self.begun = Instant::now();
        Ok((step, if beside { ROWS_BESIDE_OTHERS.min(rows_max) } else { rows_max }))
    }

    fn is_beside_others(&mut self) -> bool {
        let others = self.admission.others_let_in();
        if std::mem::replace(&mut self.others, others) != others {
            self.others_at = Some(Instant::now());
        }
        self.others_at.is_some_and(|at| at.elapsed() < OTHERS_FOR)
    }
}

fn closed(_: AcquireError) -> Hitch {
    Hitch::new("the import's pace was lost")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_actors::admission::{AdmissionSettings, Lane};

    #[tokio::test(start_paused = true)]
    async fn steps_are_large_while_nobody_asks_and_small_with_rests_beside_others() {
        let door = Admission::new(AdmissionSettings::default());
        let tenant = "harbour-books".parse().unwrap();
        let mut pace = Pace::new(door.clone());
        let first = pace.step(200).await.unwrap();
        assert_eq!(first.1, 200);
        drop(door.admit::<()>(&tenant, Lane::Bulk).unwrap());
        assert_eq!(pace.step(200).await.unwrap().1, 200, "other imports are no others");
        drop(door.admit::<()>(&tenant, Lane::Realtime).unwrap());
        // The first step is under way still, so the next one does not begin.
        let early = tokio::time::timeout(Duration::from_secs(1), pace.step(200)).await;
        assert!(early.is_err());
        drop(first);
        drop(door.admit::<()>(&tenant, Lane::Realtime).unwrap());
        assert_eq!(pace.step(200).await.unwrap().1, ROWS_BESIDE_OTHERS);
    }
}
