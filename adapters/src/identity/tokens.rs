//! Access tokens: JWT (RFC 7519) signed with Ed25519 (RFC 8037), for ten minutes. There is one
//! algorithm and no way to ask for another.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_messages::{
    Timestamp,
    user::{PlatformRole, SessionId, UserId},
};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

/// How long an access token counts.
pub const ACCESS_FOR: Duration = Duration::from_secs(10 * 60);
/// The longest token that is looked at.
const LEN_MAX: usize = 4096;
/// What a verifier's clock may be behind, in seconds.
const SKEW_S: i64 = 5;

/// Why an access token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It is no token of ours, or was changed.
    #[error("it is no access token of this platform")]
    Invalid,
    /// Its time is over.
    #[error("the access token has expired")]
    Expired,
    /// The keys cannot be read now.
    #[error("the keys cannot be read now")]
    Unavailable,
}

/// Who shows an access token that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The user.
    pub user: UserId,
    /// The session that the token was made in.
    pub session: SessionId,
    /// What the user may do on the platform itself.
    pub platform_role: PlatformRole,
    /// The mail address, if it is known to be theirs.
    pub email: Option<String>,
    /// Their roles, for services that read them; nothing here is allowed by them.
    pub roles: Vec<String>,
    /// Until when the token counts.
    pub expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
    jti: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "is_none")]
    platform_role: PlatformRole,
    #[serde(default)]
    roles: Vec<String>,
}

fn is_none(role: &PlatformRole) -> bool {
    *role == PlatformRole::None
}

/// A token, signed.
pub(super) fn sign(
    (kid, key): (&str, &Ed25519KeyPair),
    issuer: &str,
    bearer: &Bearer,
    jti: Uuid,
) -> Option<String> {
    let header = Header { alg: "EdDSA".into(), typ: "JWT".into(), kid: kid.into() };
    let exp = bearer.expires_at.seconds();
    let claims = Claims {
        iss: issuer.to_owned(),
        sub: bearer.user,
        sid: bearer.session,
        iat: exp - i64::try_from(ACCESS_FOR.as_secs()).ok()?,
        exp,
        jti,
        email: bearer.email.clone(),
        platform_role: bearer.platform_role,
        roles: bearer.roles.clone(),
    };
    let part = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
    let header = part(serde_json::to_vec(&header).ok()?);
    let body = format!("{header}.{}", part(serde_json::to_vec(&claims).ok()?));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(body.as_bytes()));
    Some(format!("{body}.{signature}"))
}

/// Which key a token says it is signed with.
pub(super) fn kid(token: &str) -> Option<String> {
    if LEN_MAX < token.len() {
        return None;
    }
    let (header, _) = token.split_once('.')?;
    let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    (header.alg == "EdDSA" && header.typ == "JWT").then_some(header.kid)
}

/// Who shows a token, if it was signed with this key here and its time is not over.
pub(super) fn verify(
    token: &str,
    public: &[u8],
    issuer: &str,
    now: Timestamp,
) -> Result<Bearer, TokenFault> {
    let (body, signature) = token.rsplit_once('.').ok_or(TokenFault::Invalid)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenFault::Invalid)?;
    let key = UnparsedPublicKey::new(&ED25519, public);
    key.verify(body.as_bytes(), &signature).map_err(|_| TokenFault::Invalid)?;
    let (_, claims) = body.split_once('.').ok_or(TokenFault::Invalid)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| TokenFault::Invalid)?;
    let claims: Claims = serde_json::from_slice(&claims).map_err(|_| TokenFault::Invalid)?;
    if claims.iss != issuer || now.seconds() + SKEW_S < claims.iat {
        return Err(TokenFault::Invalid);
    }
    let expires_at = Timestamp::from_millis(claims.exp.saturating_mul(1000));
    if expires_at <= now {
        return Err(TokenFault::Expired);
    }
    let Claims { sub: user, sid: session, platform_role, email, roles, .. } = claims;
    Ok(Bearer { user, session, platform_role, email, roles, expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::KeyPair;

    const NOW: Timestamp = Timestamp::from_millis(1_768_471_200_000);

    fn key(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn bearer() -> Bearer {
        Bearer {
            user: UserId(Uuid::from_u128(1)),
            session: SessionId(Uuid::from_u128(2)),
            platform_role: PlatformRole::Operator,
            email: Some("jana@example.com".to_owned()),
            roles: vec!["global:superadmin".to_owned()],
            expires_at: NOW.plus(ACCESS_FOR),
        }
    }

    fn token() -> String {
        sign(("a", &key(1)), "kontor", &bearer(), Uuid::nil()).unwrap()
    }

    fn check(token: &str, seed: u8, issuer: &str, now: Timestamp) -> Result<Bearer, TokenFault> {
        verify(token, key(seed).public_key().as_ref(), issuer, now)
    }

    #[test]
    fn a_token_says_who_shows_it_until_its_time_is_over() {
        let token = token();
        assert_eq!(kid(&token).as_deref(), Some("a"));
        assert_eq!(check(&token, 1, "kontor", NOW), Ok(bearer()));
        let last = NOW.plus(ACCESS_FOR - Duration::from_millis(1));
        assert!(check(&token, 1, "kontor", last).is_ok());
        let late = check(&token, 1, "kontor", NOW.plus(ACCESS_FOR));
        assert_eq!(late, Err(TokenFault::Expired));
    }

    #[test]
    fn another_s_token_and_one_that_was_changed_do_not_count() {
        let token = token();
        assert_eq!(check(&token, 2, "kontor", NOW), Err(TokenFault::Invalid));
        assert_eq!(check(&token, 1, "other", NOW), Err(TokenFault::Invalid));
        let early = Timestamp::from_millis(NOW.millis() - 60_000);
        assert_eq!(check(&token, 1, "kontor", early), Err(TokenFault::Invalid));
        let parts: Vec<_> = token.split('.').collect();
        let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        let other = URL_SAFE_NO_PAD.encode(claims.replace("jana", "petr"));
        let changed = format!("{}.{other}.{}", parts[0], parts[2]);
        for bad in ["", "a", "a.b.c", &changed, &format!("{}.{}.", parts[0], parts[1])] {
            assert_eq!(check(bad, 1, "kontor", NOW), Err(TokenFault::Invalid), "{bad}");
        }
    }

    #[test]
    fn a_token_cannot_choose_how_it_is_checked() {
        let header = |alg: &str| {
            let header = format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"a"}}"#);
            format!("{}.e30.", URL_SAFE_NO_PAD.encode(header))
        };
        assert!(kid(&header("EdDSA")).is_some());
        for bad in [header("none"), header("HS256"), "rt_1_2_3_x".to_owned(), "x".repeat(5000)] {
            assert_eq!(kid(&bad), None);
        }
    }
}
