//! Names in paths. A name that cannot be is answered like one that is not there.

use super::problem::Problem;
use axum::extract::{FromRequestParts, Path};
use http::{StatusCode, request::Parts};
use kontor_messages::EntityId;
use serde::de::DeserializeOwned;

/// The path's parameters.
pub(super) struct Named<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(Self(named)),
            Err(rejection) => {
                let detail = rejection.body_text();
                Err(Problem::new(StatusCode::BAD_REQUEST, "malformed_path", detail))
            }
        }
    }
}

/// An id from a path or body, as the entity's name; one that cannot be is not there.
pub(super) fn known_id(id: &str, what: &str) -> Result<EntityId, Problem> {
    EntityId::parse(id).map_err(|_| Problem::not_found(what))
}

/// A name as a part of a path.
pub(super) fn escape(name: &str) -> String {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
    name.bytes().fold(String::with_capacity(name.len()), |mut path, c| {
        match plain(c) {
            true => path.push(char::from(c)),
            false => path.push_str(&format!("%{c:02X}")),
        }
        path
    })
}
