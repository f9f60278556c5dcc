//! Query parameters: known ones only, each with what was expected.

use super::problem::Problem;
use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde::de::DeserializeOwned;

/// The query, read into a type that refuses unknown parameters.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(broken) => {
                let text = std::error::Error::source(&broken)
                    .map_or_else(|| broken.to_string(), ToString::to_string);
                // `limit: invalid digit found in string`, from the reader of the path.
                let (name, expected) = text.split_once(": ").unwrap_or(("", &text));
                Err(Problem::parameter(name, expected))
            }
        }
    }
}
