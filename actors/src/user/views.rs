//! Views that a user keeps of a tenant's list of orders: a name, and what the list is narrowed by.
//!
//! They are an entity of their own, beside the user: whoever comes in is looked up with every
//! request, and does not carry them along.

use super::{
    SavedView, UserState, ViewsDocument,
    decide::{Answer, Asked, active, invalid},
};
use crate::{
    domain::{Decision, refuse},
    words::is_line,
};
use kontor_messages::{
    TenantId,
    user::{UserEvent, UserId, UserRefusal, views_entity},
};

/// Views that one user may keep of one tenant's orders.
pub const VIEWS_MAX: usize = 20;
/// Characters of a view's name.
pub const VIEW_NAME_MAX: usize = 40;
/// Characters of what a list is narrowed by.
pub const VIEW_QUERY_MAX: usize = 500;

pub(super) fn save(
    world: Asked<'_, '_>,
    user: UserId,
    tenant: &TenantId,
    name: String,
    query: String,
) -> Answer {
    active(world, user)?;
    if !is_line(&name, VIEW_NAME_MAX) || name.trim() != name {
        return invalid("/name", "1 to 40 characters on one line, without blanks around them");
    }
    if !is_line(&query, VIEW_QUERY_MAX) {
        return invalid("/query", "1 to 500 characters on one line");
    }
    let entity = views_entity(user, tenant);
    let known = world.get(&entity)?.views();
    let same = |view: &SavedView| view.name == name;
    let kept = known.iter().find(|view| same(view));
    if kept.is_some_and(|view| view.query == query) {
        return Ok(Decision::nothing(entity));
    }
    if kept.is_none() && VIEWS_MAX <= known.len() {
        return refuse(UserRefusal::WrongState("20 views are kept already: remove one first"));
    }
    Ok(Decision::of(entity, vec![UserEvent::ViewSaved { name, query }]))
}

pub(super) fn remove(
    world: Asked<'_, '_>,
    user: UserId,
    tenant: &TenantId,
    name: String,
) -> Answer {
    active(world, user)?;
    let entity = views_entity(user, tenant);
    let kept = world.get(&entity)?.views().iter().any(|view| view.name == name);
    let event = kept.then_some(UserEvent::ViewRemoved { name });
    Ok(Decision::of(entity, event.into_iter().collect()))
}

/// Carries an event into the views that there are.
pub(super) fn apply(state: &mut UserState, event: &UserEvent) {
    let mut views = state.views().to_vec();
    match event {
        UserEvent::ViewSaved { name, query } => {
            match views.iter_mut().find(|view| view.name == *name) {
                Some(kept) => kept.query.clone_from(query),
                None => views.push(SavedView { name: name.clone(), query: query.clone() }),
            }
        }
        UserEvent::ViewRemoved { name } => views.retain(|view| view.name != *name),
        _ => return,
    }
    *state = UserState::Views(ViewsDocument { views });
}
