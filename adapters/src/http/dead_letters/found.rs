//! Finding dead letters. There is an index by id and one by tenant, and none by what else they are asked
//! for: so that is looked for through a bounded number of them.

use super::super::{
    Api,
    problem::Problem,
    read::{LIMIT_MAX, PAGES_MAX, bounded, limit},
};
use kontor_actors::store::{DeadLetter, LetterQuery};
use kontor_messages::TenantId;

/// A page that was asked for, checked.
pub(super) struct Asked {
    limit: usize,
    cursor: Option<String>,
}

impl Asked {
    /// The page, if its members are in their bounds.
    pub(super) fn new(wanted: Option<u32>, cursor: Option<String>) -> Result<Self, Problem> {
        // A letter's id may hold that of an entity with more before it.
        bounded("cursor", cursor.as_deref(), 300)?;
        Ok(Self { limit: limit(wanted)?, cursor })
    }
}

/// A page of letters, and what asks for the next one.
pub(super) async fn page(
    api: &Api,
    asked: Asked,
    which: LetterQuery,
) -> Result<(Vec<DeadLetter>, Option<String>), Problem> {
    bounded("source", which.source.as_deref(), 100)?;
    let within = within(&which);
    let by_source = which.source.is_some() || which.shard.is_some();
    let few = which.parked.is_some() || (by_source && within.is_none());
    let mut letters = Vec::new();
    let mut after = asked.cursor.max(within.clone());
    for _ in 0..PAGES_MAX {
        // One more tells whether there is another page.
        let wanted = if few { LIMIT_MAX as usize } else { asked.limit + 1 - letters.len() };
        let query = LetterQuery {
            tenant: which.tenant.clone(),
            after: after.clone(),
            limit: u32::try_from(wanted).unwrap_or(u32::MAX),
            ..LetterQuery::default()
        };
        let found = api.store().dead_letters(&query).await?;
        let full = found.len() == wanted;
        for letter in found {
            if within.as_ref().is_some_and(|within| !letter.id.starts_with(within)) {
                return Ok((letters, None));
            }
            let wanted = fits(&letter, &which);
            if wanted && letters.len() == asked.limit {
                return Ok((letters, after));
            }
            after = Some(letter.id.clone());
            if wanted {
                letters.push(letter);
            }
        }
        if !full {
            return Ok((letters, None));
        }
    }
    Ok((letters, after))
}

/// How the ids of a follower's letters begin, or of those of one shard: they stand together.
fn within(which: &LetterQuery) -> Option<String> {
    let source = which.source.as_ref().filter(|source| source.starts_with("follower:"))?;
    Some(match which.shard {
        Some(shard) => format!("{source}:{shard}:"),
        None => format!("{source}:"),
    })
}

fn fits(letter: &DeadLetter, which: &LetterQuery) -> bool {
    which.source.as_ref().is_none_or(|source| *source == letter.source)
        && which.parked.is_none_or(|parked| parked == letter.retry_at.is_some())
        && which.shard.is_none_or(|shard| letter.event.is_some_and(|(of, _)| of == shard))
}

/// One letter, of a tenant or of whomever.
pub(super) async fn load(
    api: &Api,
    tenant: Option<&TenantId>,
    id: String,
) -> Result<DeadLetter, Problem> {
    let tenant = tenant.cloned();
    let query = LetterQuery { tenant, id: Some(id), limit: 1, ..Default::default() };
    let found = api.store().dead_letters(&query).await?.into_iter().next();
    found.ok_or_else(|| Problem::not_found("dead letter"))
}

/// Drops a letter.
pub(super) async fn forget(api: &Api, letter: &DeadLetter) -> Result<(), Problem> {
    tracing::warn!(letter = letter.id, source = letter.source, "a dead letter was dropped");
    api.store().unbury(&letter.id).await?;
    Ok(())
}
