//! What a caller shows: an API key, a user's access token, or the platform operator's token.

use super::{
    Api,
    bearers::Bearer,
    known::{Credential, KnownTenant},
    problem::Problem,
};
use http::{HeaderMap, StatusCode, header};
use kontor_actors::tenant::{
    KeyDocument,
    key::{self, PresentedKey},
};
use kontor_messages::{Timestamp, tenant::key_entity};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The header by which operators and users say for which tenant.
pub(super) const TENANT: &str = "x-kontor-tenant";

/// Who a caller says they are. A key is not looked up yet; everything else is proven.
pub(super) enum Asker<'t> {
    /// An operator of the platform: the bearer of the token, or a user.
    Operator(Option<Bearer>),
    /// The bearer of what looks like a key.
    Key(PresentedKey<'t>),
    /// A user who is signed in.
    User(Bearer),
}

/// Reads what a caller shows.
pub(super) async fn identify<'t>(api: &Api, headers: &'t HeaderMap) -> Result<Asker<'t>, Problem> {
    let token = bearer(headers).ok_or_else(unauthorized)?;
    if is_operator(api, token) {
        return Ok(Asker::Operator(None));
    }
    if let Some(presented) = key::parse(token) {
        return Ok(Asker::Key(presented));
    }
    let verified = match api.bearers() {
        Some(bearers) => bearers.verify(token, Timestamp::now()).await?,
        None => None,
    };
    match verified.ok_or_else(unauthorized)? {
        bearer if bearer.is_platform_operator => Ok(Asker::Operator(Some(bearer))),
        bearer => Ok(Asker::User(bearer)),
    }
}

/// The key that a text proves, with its tenant.
pub(super) async fn known_key(
    api: &Api,
    presented: &PresentedKey<'_>,
) -> Result<(KnownTenant, Arc<KeyDocument>), Problem> {
    let entity = key_entity(presented.id);
    let known = api.known().tenant(&presented.tenant, Some(&entity)).await?;
    let known = known.ok_or_else(unauthorized)?;
    let Some(Credential::Key(key)) = &known.credential else { return Err(unauthorized()) };
    if !key::matches(&key.hash, presented.secret) || !key.counts_at(Timestamp::now()) {
        return Err(unauthorized());
    }
    let key = Arc::clone(key);
    Ok((known, key))
}

pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a token is the operator's, in the same time wherever they differ.
fn is_operator(api: &Api, token: &str) -> bool {
    api.operator().is_some_and(|expected| digest(token).ct_eq(expected).into())
}

pub(super) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

pub(super) fn unauthorized() -> Problem {
    let detail = "expected the header Authorization: Bearer with an API key or an access token \
        that counts";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
}
