//! Keeps indexes in step: a follower with a lane for each tenant.

use super::Search;
use async_trait::async_trait;
use kontor_actors::{
    catalog::Catalog,
    domain::Domain,
    follower::{Follow, Habits, Hitch, OnHitch},
    store::StoredEvent,
};
use std::{collections::BTreeSet, sync::Arc};

/// Events that are written to an index at once.
const BATCH_MAX: usize = 1_000;

/// Writes what has changed of products to the indexes.
pub struct SearchKeeper {
    search: Search,
}

impl SearchKeeper {
    /// A follower for these indexes.
    pub fn new(search: Search) -> Self {
        Self { search }
    }
}

#[async_trait]
impl Follow for SearchKeeper {
    fn name(&self) -> &'static str {
        "search"
    }

    fn habits(&self) -> Habits {
        Habits { batch_max: BATCH_MAX, on_hitch: OnHitch::Stand, ..Habits::default() }
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        let product = event.entity.as_str().starts_with("product/");
        // Nobody looks for prices, and a supplier changes thousands in a night.
        let told = &*event.domain == Catalog::NAME && !event.name.starts_with("price.");
        (told && product).then(|| event.tenant.as_str().into())
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        let Some(first) = events.first() else { return Ok(()) };
        let ids: BTreeSet<&str> = events
            .iter()
            .filter_map(|event| event.entity.as_str().strip_prefix("product/"))
            .collect();
        let ids = ids.into_iter().map(str::to_owned).collect();
        let kept = self.search.refresh(&first.tenant, ids).await;
        kept.map_err(|fault| Hitch::new(fault.to_string()))
    }
}
