//! The port to whoever knows which user an access token belongs to.

use kontor_messages::{EntityId, Timestamp};

/// Reads access tokens of users.
pub trait Bearers: Send + Sync {
    /// Whose token it is; `None` if it is no token, forged, ended, or its session is over.
    fn verify(&self, token: &str, now: Timestamp) -> Option<Bearer>;
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
