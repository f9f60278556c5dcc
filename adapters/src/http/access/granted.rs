//! What they may do who were let in, as handlers ask for it.

use super::{
    super::{
        Api,
        credentials::unauthorized,
        known::{Credential, KnownTenant},
        problem::Problem,
    },
    Access, Needed, Operator, SignedIn, Who, open,
};
use axum::extract::FromRequestParts;
use http::request::Parts;
use kontor_actors::{admission::Lane, intake::Caller};
use kontor_messages::{
    Meta, TenantId, Timestamp,
    tenant::{Giver, TenantSettings, key_entity, member_entity},
};
use std::sync::Arc;

impl Access {
    pub(super) fn new(caller: Caller, known: KnownTenant, who: Who, needed: Needed) -> Self {
        Self { caller: Arc::new(caller), tenant: known.tenant, who, needed }
    }

    /// Whether whoever asked may still do what they asked: for answers that go on for long.
    pub(in crate::http) async fn still_counts(&self, api: &Api) -> bool {
        let entity = match &self.who {
            Who::Operator => return true,
            Who::Member(_, end) if *end <= Timestamp::now() => return false,
            Who::Member(user, _) => member_entity(user.as_str()),
            Who::Key(id) => key_entity(id),
        };
        let known = api.known().tenant(self.id(), Some(&entity)).await;
        match known.ok().flatten().and_then(|known| known.credential) {
            Some(Credential::Key(key)) => key.counts_at(Timestamp::now()),
            Some(Credential::Member(scopes)) => self.needed.is_in(&scopes),
            None => false,
        }
    }

    /// Refuses who reads here and may not write here.
    pub(in crate::http) async fn writes(&self, api: &Api) -> Result<(), Problem> {
        match self.may_write(api).await {
            true => open(&self.tenant, true),
            false => Needed { write: true, ..self.needed }.of(&[], "whoever asks has"),
        }
    }

    /// Whether whoever reads here may write here too.
    pub(in crate::http) async fn may_write(&self, api: &Api) -> bool {
        self.may(api, Needed { write: true, ..self.needed }).await
    }

    /// Whether whoever asks may read another resource as well.
    pub(in crate::http) async fn may_read(&self, api: &Api, resource: &'static str) -> bool {
        self.may(api, Needed { resource, write: false }).await
    }

    /// Refuses who may not read another resource as well.
    pub(in crate::http) async fn reads(
        &self,
        api: &Api,
        resource: &'static str,
    ) -> Result<(), Problem> {
        match self.may_read(api, resource).await {
            true => Ok(()),
            false => Needed { resource, write: false }.of(&[], "whoever asks has"),
        }
    }

    async fn may(&self, api: &Api, needed: Needed) -> bool {
        let entity = match &self.who {
            Who::Operator => return true,
            Who::Member(user, _) => member_entity(user.as_str()),
            Who::Key(id) => key_entity(id),
        };
        let known = api.known().tenant(self.id(), Some(&entity)).await;
        match known.ok().flatten().and_then(|known| known.credential) {
            Some(Credential::Key(key)) => needed.is_in(&key.scopes),
            Some(Credential::Member(scopes)) => needed.is_in(&scopes),
            None => false,
        }
    }

    /// Who gives what this caller gives.
    pub(in crate::http) fn giver(&self) -> Giver {
        match &self.who {
            Who::Operator => Giver::Operator,
            Who::Key(id) => Giver::Key(id.to_string()),
            Who::Member(user, _) => Giver::User(user.clone()),
        }
    }

    /// For which tenant.
    pub(in crate::http) fn id(&self) -> &TenantId {
        &self.caller.tenant
    }

    /// What is set on the tenant.
    pub(in crate::http) fn settings(&self) -> &TenantSettings {
        &self.tenant.settings
    }

    /// As the intake wants it.
    pub(in crate::http) fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl Operator {
    /// The operator at work on a tenant.
    pub(in crate::http) fn on(&self, tenant: TenantId) -> Caller {
        Caller { tenant, meta: Meta::clone(&self.meta), lane: Lane::Interactive }
    }
}

impl SignedIn {
    /// The user at work on a tenant.
    pub(in crate::http) fn on(&self, tenant: TenantId) -> Caller {
        Caller { tenant, meta: Meta::clone(&self.meta), lane: Lane::Interactive }
    }
}

macro_rules! let_in {
    ($caller:ty) => {
        impl<S: Send + Sync> FromRequestParts<S> for $caller {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                parts.extensions.get::<Self>().cloned().ok_or_else(unauthorized)
            }
        }
    };
}
let_in!(Access);
let_in!(Operator);
let_in!(SignedIn);
