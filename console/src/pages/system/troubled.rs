//! Which tenants need a look, asked of the API now and then: an answer goes through a thousand letters and
//! deadlines, and the tree is drawn every two seconds for whoever has it open.

use super::tenants;
use crate::{
    backend::{Api, Trouble},
    desk::query,
};
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// How long an answer is told again.
const KEPT_FOR: Duration = Duration::from_secs(15);

/// The last answer, for all who run the platform. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Troubled {
    last: Arc<Mutex<Option<(Instant, Value)>>>,
}

impl Troubled {
    /// The last answer, if it is not old, or a new one: whoever asks meanwhile waits for it.
    pub(crate) async fn told(&self, api: &Api) -> Result<Value, Trouble> {
        let mut last = self.last.lock().await;
        if let Some((_, told)) = last.as_ref().filter(|(at, _)| at.elapsed() < KEPT_FOR) {
            return Ok(told.clone());
        }
        *last = None;
        let told =
            api.get(&query("/v1/platform/troubles", &[("limit", tenants::TROUBLED)])).await?;
        *last = Some((Instant::now(), told.clone()));
        Ok(told)
    }
}
