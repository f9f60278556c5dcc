//! The port to whoever knows which user an access token belongs to.

use super::auth::client::stands;
use crate::identity::{Identity, TokenFault};
use async_trait::async_trait;
use kontor_actors::store::StoreFault;
use kontor_messages::{EntityId, Timestamp, user::PlatformRole};

/// Reads access tokens of users.
#[async_trait]
pub trait Bearers: Send + Sync {
    /// Whose token it is; `None` if it is no token, forged, ended, or its session is over.
    async fn verify(&self, token: &str, now: Timestamp) -> Result<Option<Bearer>, StoreFault>;
}

#[async_trait]
impl Bearers for Identity {
    async fn verify(&self, token: &str, now: Timestamp) -> Result<Option<Bearer>, StoreFault> {
        let known = match Self::verify(self, token, now).await {
            Ok(known) => known,
            Err(TokenFault::Unavailable) => return Err(StoreFault("no keys to check with".into())),
            Err(TokenFault::Expired | TokenFault::Invalid) => return Ok(None),
        };
        // A token outlives its session by minutes; here it counts no longer at once.
        let Some(user) = stands(self.intake(), &known, now).await? else { return Ok(None) };
        Ok(Some(Bearer {
            user: EntityId::named(known.user.to_string()),
            session: EntityId::named(known.session.to_string()),
            email: known.email,
            is_platform_operator: user.role == PlatformRole::Operator,
            expires_at: known.expires_at,
        }))
    }
}

/// A user who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// Who.
    pub user: EntityId,
    /// In which session.
    pub session: EntityId,
    /// The user's address, if it is known to be theirs.
    pub email: Option<String>,
    /// Whether the user may do what the platform's operator may.
    pub is_platform_operator: bool,
    /// When the token ends by itself.
    pub expires_at: Timestamp,
}
