//! What has happened to one entity.

use super::{
    Api,
    happened::{Happened, happened},
    problem::Problem,
    read::{Asked, Page},
};
use kontor_actors::store::EntityRef;

/// A page of what has changed an entity, oldest first.
pub(super) async fn page(
    api: &Api,
    address: &EntityRef,
    asked: Asked,
) -> Result<Page<Happened>, Problem> {
    let after = asked.cursor.as_deref().unwrap_or("0").parse();
    let after: i64 = after.map_err(|_| Problem::parameter("cursor", "expected next_cursor"))?;
    let limit = u32::try_from(asked.limit).unwrap_or(u32::MAX);
    let events = api.store().history(address, after, limit).await?;
    let last = events.last().filter(|_| events.len() == asked.limit).map(|event| event.version);
    let next_cursor = last.map(|version| version.to_string());
    Ok(Page { items: events.iter().map(happened).collect(), next_cursor })
}
