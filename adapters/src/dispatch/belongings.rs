//! What a tenant left outside the database goes when the tenant does: uploads, and indexes.

use crate::{media::Media, search::Search};
use async_trait::async_trait;
use kontor_actors::{
    follower::{Follow, Habits, Hitch, OnHitch},
    store::StoredEvent,
};
use std::sync::Arc;

/// The event of a tenant that is not there any more.
const DELETED: &str = "tenant.deleted";

/// Takes away what deleted tenants left on disk.
pub struct Belongings {
    media: Media,
    search: Search,
}

impl Belongings {
    /// A follower that looks after these.
    pub fn new(media: Media, search: Search) -> Self {
        Self { media, search }
    }
}

#[async_trait]
impl Follow for Belongings {
    fn name(&self) -> &'static str {
        "belongings"
    }

    fn habits(&self) -> Habits {
        Habits { on_hitch: OnHitch::Stand, ..Habits::default() }
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        (&*event.name == DELETED).then(|| event.tenant.as_str().into())
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        for event in events {
            let media = self.media.forget(&event.tenant).await;
            media.map_err(|fault| Hitch::new(fault.to_string()))?;
            let search = self.search.forget(&event.tenant).await;
            search.map_err(|fault| Hitch::new(fault.to_string()))?;
        }
        Ok(())
    }
}
