//! Tokens of the OAuth grant `client_credentials`: kept for four fifths of their life, one fetch
//! at a time, and fetched anew once after a 401.

use crate::gateways::http::{Call, HttpFault, Reply};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tokio::{sync::Mutex, time::Instant};

/// Of a token whose life was not told.
const LIFE: u64 = 300;
/// No token is kept longer.
const LIFE_MAX: u64 = 24 * 3600;

/// The token of an account.
#[derive(Default)]
pub struct Tokens {
    kept: Mutex<Option<(SecretString, Instant)>>,
}

/// The members of a grant that are read (RFC 6749, 5.1).
#[derive(Deserialize)]
struct Grant {
    access_token: SecretString,
    /// Seconds; some write it as text.
    #[serde(default)]
    expires_in: Value,
}

impl Tokens {
    /// Makes a call under the token. `grant` asks for a token, `call` builds the call.
    pub async fn send(
        &self,
        grant: impl Fn() -> Call,
        call: impl Fn() -> Call,
    ) -> Result<Reply, HttpFault> {
        let token = self.get(&grant).await?;
        match call().bearer(&token).send().await {
            Err(HttpFault::Status(reply)) if reply.status == 401 => {
                *self.kept.lock().await = None;
                let token = self.get(&grant).await?;
                call().bearer(&token).send().await
            }
            answer => answer,
        }
    }

    async fn get(&self, grant: &impl Fn() -> Call) -> Result<SecretString, HttpFault> {
        let mut kept = self.kept.lock().await;
        if let Some((token, until)) = &*kept
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let asked_at = Instant::now();
        let (token, life) = fetch(grant()).await?;
        *kept = Some((token.clone(), asked_at + life * 4 / 5));
        Ok(token)
    }
}

/// Asks for a token, and says how long it lives.
pub async fn fetch(grant: Call) -> Result<(SecretString, Duration), HttpFault> {
    // Without a token nothing was asked for yet, whatever became of the question for it.
    let not_sent = |fault| match fault {
        HttpFault::Status(reply) if reply.status == 429 => HttpFault::Status(reply),
        HttpFault::Refused(refused) => HttpFault::Refused(refused),
        HttpFault::Status(reply) => {
            HttpFault::NotSent(format!("no token was granted: http {}", reply.status))
        }
        HttpFault::NotSent(text) | HttpFault::Unknown(text) => {
            HttpFault::NotSent(format!("no token was granted: {text}"))
        }
    };
    let reply = grant.send().await.map_err(not_sent)?;
    let granted: Grant = reply.json().map_err(not_sent)?;
    let seconds = match &granted.expires_in {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let life = Duration::from_secs(seconds.unwrap_or(LIFE).min(LIFE_MAX));
    Ok((granted.access_token, life))
}
