//! Stand-ins for whoever knows users and holds secrets.

use async_trait::async_trait;
use kontor_actors::{intake::Intake, store::StoreFault};
use kontor_adapters::{
    http::{Bearer, Bearers},
    identity::{Identity, IdentitySettings, Vault},
    invitation::Derive,
};
use kontor_messages::{EntityId, Timestamp};
use sha2::{Digest, Sha256};

/// The secret of every node here.
pub const SECRET: [u8; 32] = [7; 32];

/// Reads access tokens that say themselves whose they are.
pub struct Tokens;

/// Derives secrets from what everybody here knows.
pub struct Seed;

/// Who signs tokens at a node.
pub fn identity(intake: &Intake, settings: &IdentitySettings) -> Identity {
    Identity::new(intake.clone(), Vault::new(&SECRET).unwrap(), settings).unwrap()
}

/// The token of a user until an instant: `user`, `operator`, or `nobody` for one without an
/// address that is known to be theirs.
pub fn access_token(name: &str, until: Timestamp, kind: &str) -> String {
    format!("at.{name}.{}.{kind}", until.millis())
}

#[async_trait]
impl Bearers for Tokens {
    async fn verify(&self, token: &str, now: Timestamp) -> Result<Option<Bearer>, StoreFault> {
        Ok(bearer(token, now))
    }
}

fn bearer(token: &str, now: Timestamp) -> Option<Bearer> {
    let mut parts = token.split('.');
    let genuine = parts.next() == Some("at");
    let name = parts.next()?;
    let expires_at = Timestamp::from_millis(parts.next()?.parse().ok()?);
    let kind = parts.next()?;
    let bearer = Bearer {
        user: EntityId::parse(name).ok()?,
        session: EntityId::named("session"),
        email: (kind != "nobody").then(|| format!("{name}@example.com")),
        is_platform_operator: kind == "operator",
        expires_at,
    };
    (genuine && now < expires_at).then_some(bearer)
}

impl Derive for Seed {
    fn derive(&self, purpose: &str, id: &str) -> [u8; 32] {
        Sha256::digest(format!("{purpose} {id}")).into()
    }
}
