//! One request a key: a second one with the same key waits for the first, and gets its answer.
//!
//! What a key has led to is kept in the database, in the transaction of its effect; here is only
//! what is under way on this node, and which keys surely were not used before. A tenant's requests all
//! pass one node, the owner of its shard.

use crate::{
    loader::Loader,
    store::{Found, Lookup, RequestName, RequestRow, StoreFault},
    used_keys::UsedKeys,
};
use kontor_messages::{TenantId, Timestamp};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::watch;

/// Who has which key under way.
#[derive(Clone)]
pub struct Gate {
    under_way: Arc<Mutex<HashMap<RequestName, watch::Receiver<()>>>>,
    used: Arc<UsedKeys>,
    loader: Loader,
}

/// A caller's key with the fingerprint of what was asked under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The key, 1 to 255 characters.
    pub key: String,
    /// SHA-256 over what was asked, shortened to 16 bytes.
    pub hash: [u8; 16],
}

/// How a request gets through the gate.
pub enum Entered {
    /// It is the first of its key; the key is free again when the pass is dropped.
    First(Pass),
    /// The key has led to this.
    Seen(RequestRow),
    /// The key was used for something else.
    Differs,
}

/// Holds a key while its request is under way.
pub struct Pass {
    gate: Gate,
    name: RequestName,
    /// The fingerprint of a request whose key was taken for new, and not looked up.
    taken_for_new: Option<[u8; 16]>,
    _leaving: watch::Sender<()>,
}

impl RequestKey {
    /// A key for a request that is made of these parts: method, path, body.
    pub fn new(key: impl Into<String>, parts: &[&[u8]]) -> Self {
        let mut sha = Sha256::new();
        for part in parts {
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part);
        }
        let digest = sha.finalize();
        let mut hash = [0; 16];
        hash.copy_from_slice(&digest[..16]);
        Self { key: key.into(), hash }
    }
}

impl Gate {
    /// A gate in front of the database that `loader` reads.
    pub fn new(loader: Loader) -> Self {
        Self { under_way: Arc::default(), used: Arc::default(), loader }
    }

    /// Which keys may have been used.
    pub fn used(&self) -> &Arc<UsedKeys> {
        &self.used
    }

    /// Waits until no other request of this key is under way, then says what the key has led to.
    pub async fn enter(
        &self,
        tenant: &TenantId,
        domain: &Arc<str>,
        request: &RequestKey,
    ) -> Result<Entered, StoreFault> {
        let mut pass = self.turn(tenant, domain, &request.key).await;
        if self.used.is_new(&pass.name) {
            pass.taken_for_new = Some(request.hash);
            return Ok(Entered::First(pass));
        }
        let seen = self.look_up(&pass.name, request.hash).await?;
        Ok(seen.unwrap_or(Entered::First(pass)))
    }

    /// Waits until no other request of this key is under way, whatever it has led to.
    pub async fn turn(&self, tenant: &TenantId, domain: &Arc<str>, key: &str) -> Pass {
        let (tenant, domain) = (tenant.clone(), Arc::clone(domain));
        let name = RequestName { tenant, domain, key: key.to_owned() };
        loop {
            match self.claim(&name) {
                Ok(pass) => return pass,
                // Ends when the other one's pass is dropped.
                Err(mut other) => while other.changed().await.is_ok() {},
            }
        }
    }

    /// What a key has led to that was taken for new. Only another node can have used it, while this one
    /// has not learnt yet that it is the owner no longer.
    pub async fn seen(&self, pass: &Pass) -> Result<Option<Entered>, StoreFault> {
        match pass.taken_for_new {
            Some(hash) => self.look_up(&pass.name, hash).await,
            None => Ok(None),
        }
    }

    async fn look_up(
        &self,
        name: &RequestName,
        hash: [u8; 16],
    ) -> Result<Option<Entered>, StoreFault> {
        let RequestName { tenant, domain, key } = name.clone();
        metrics::counter!("kontor_request_keys_looked_up_total").increment(1);
        let found = self.loader.fetch(vec![Lookup::Request { tenant, domain, key }]).await?;
        Ok(match found.into_iter().next() {
            Some(Found::Request(Some(row))) if row.hash == hash => Some(Entered::Seen(row)),
            Some(Found::Request(Some(_))) => Some(Entered::Differs),
            _ => None,
        })
    }

    fn claim(&self, name: &RequestName) -> Result<Pass, watch::Receiver<()>> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = under_way.get(name) {
            return Err(other.clone());
        }
        let (leaving, left) = watch::channel(());
        under_way.insert(name.clone(), left);
        let (gate, name) = (self.clone(), name.clone());
        Ok(Pass { gate, name, taken_for_new: None, _leaving: leaving })
    }
}

impl Pass {
    /// The row that is to be written with the effect.
    pub fn row(
        request: &RequestKey,
        tenant: &TenantId,
        domain: &Arc<str>,
        subject: (kontor_messages::EntityId, i64),
        at: Timestamp,
    ) -> RequestRow {
        RequestRow {
            tenant: tenant.clone(),
            domain: Arc::clone(domain),
            key: request.key.clone(),
            hash: request.hash,
            entity: subject.0,
            version: subject.1,
            at,
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut under_way = self.gate.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.remove(&self.name);
    }
}
