//! The HTTP API: translates requests into commands and answers into JSON. It decides nothing.
//!
//! One file a resource; beside them what all share: access, bodies, problems, paging, the edge.

// What describes the routes names its types in full.
#![allow(unused_qualifications)]

mod access;
mod account_health;
mod accounts;
mod actors;
mod audit;
mod auth;
mod bearers;
mod body;
mod catalog;
mod client_address;
mod command;
mod credentials;
mod csv;
mod dead_letters;
mod document;
mod edge;
mod endpoints;
mod erasures;
mod events;
mod export;
mod happened;
mod history;
mod hooks;
mod invitations;
mod kept;
mod keys;
mod known;
mod ledger;
mod members;
mod notifications;
mod openapi;
mod orders;
mod path;
mod pausing;
mod payment_routes;
mod payments;
mod payouts;
mod places;
mod problem;
mod providers;
mod quarantine;
mod query;
mod rates;
mod read;
mod reconciliations;
mod roles;
mod routes;
mod settings;
mod shards;
mod stock;
mod suppliers;
mod system;
mod templates;
mod tenants;
mod timers;
mod troubles;
mod users;
mod uses;

pub use bearers::{Bearer, Bearers};
pub use problem::Problem;
pub use roles::permissions_page;
pub use routes::{document, router};
pub use settings::HttpSettings;

use crate::{
    dispatch::imports::files::FeedFiles,
    gateways::{Accounts, http::Http as Client},
    hook_address::HookAddresses,
    identity::Identity,
    invitation::Derive,
    media::Media,
    search::Search,
};
use axum::{
    Router,
    response::{IntoResponse, Response},
};
use bytes::{BufMut, BytesMut};
use http::{HeaderValue, StatusCode, header};
use known::Known;
use kontor_actors::{intake::Intake, store::Store};
use kontor_messages::TenantId;
use rates::Rates;
use secrecy::ExposeSecret;
use serde::Serialize;
use std::{future::Future, io, net::SocketAddr, sync::Arc};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};
use uses::Uses;

/// Renders the node's figures as Prometheus reads them.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// Lets a quarantined domain of a tenant serve again; false if it was not quarantined.
pub type ReleaseQuarantine = Arc<dyn Fn(&TenantId, &str) -> bool + Send + Sync>;

/// What the API needs besides the domains.
#[derive(Clone)]
pub struct Ties {
    /// Renders the node's figures.
    pub metrics: RenderMetrics,
    /// The tenants' accounts at providers.
    pub accounts: Arc<Accounts>,
    /// The client that accounts are tried with when they are set.
    pub client: Client,
    /// Lets a quarantined domain of a tenant serve again; false if it was not quarantined.
    pub release: ReleaseQuarantine,
    /// Knows whose access token it is; without it nobody signs in.
    pub bearers: Option<Arc<dyn Bearers>>,
    /// Derives the secrets of invitations and of accounts' addresses; without it nobody is invited,
    /// and no provider heard.
    pub secrets: Option<Arc<dyn Derive>>,
    /// Passwords and tokens.
    pub identity: Identity,
    /// Where feeds of suppliers are kept.
    pub feeds: FeedFiles,
    /// Pictures, films and papers of products; without it none are kept.
    pub media: Option<Media>,
    /// Search over products; without it nobody searches.
    pub search: Option<Search>,
}

/// What every handler shares. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    settings: HttpSettings,
    intake: Intake,
    known: Known,
    uses: Uses,
    rates: Rates,
    /// SHA-256 of the platform operator's token.
    operator: Option<[u8; 32]>,
    ties: Ties,
    pace: auth::pace::Pace,
    summaries: orders::Summaries,
    /// Whose word on a client's address counts.
    streams: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

impl Api {
    /// An API in front of these domains.
    pub fn new(settings: HttpSettings, intake: Intake, ties: Ties) -> Self {
        let ground = intake.ground();
        let known = Known::new(ground.journal.clone(), ground.loader.clone());
        let streams = Arc::new(Semaphore::new(settings.streams_max));
        let (closing, _) = watch::channel(false);
        let token = settings.admin_token.as_ref();
        let operator = token.map(|token| credentials::digest(token.expose_secret()));
        let uses = Uses::default();
        let rates = Rates::new(
            settings.address_requests_per_second,
            settings.key_requests_per_second,
            settings.user_requests_per_second,
            settings.stranger_requests_per_second,
        );
        let pace = auth::pace::Pace::new(ties.identity.settings());
        let summaries = orders::Summaries::default();
        let inner = Inner {
            settings,
            intake,
            known,
            uses,
            rates,
            operator,
            ties,
            pace,
            summaries,
            streams,
            closing,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Ends the streams, which would go on for ever.
    pub fn close(&self) {
        self.inner.closing.send_replace(true);
    }

    fn settings(&self) -> &HttpSettings {
        &self.inner.settings
    }

    fn intake(&self) -> &Intake {
        &self.inner.intake
    }

    fn store(&self) -> &dyn Store {
        &*self.inner.intake.ground().store
    }

    fn operator(&self) -> Option<&[u8; 32]> {
        self.inner.operator.as_ref()
    }

    fn summaries(&self) -> &orders::Summaries {
        &self.inner.summaries
    }

    fn known(&self) -> &Known {
        &self.inner.known
    }

    fn uses(&self) -> &Uses {
        &self.inner.uses
    }

    fn rates(&self) -> &Rates {
        &self.inner.rates
    }

    fn bearers(&self) -> Option<&dyn Bearers> {
        self.inner.ties.bearers.as_deref()
    }

    fn secrets(&self) -> Option<&dyn Derive> {
        self.inner.ties.secrets.as_deref()
    }

    /// Where providers send their notifications.
    fn hooks(&self) -> Option<HookAddresses> {
        let secrets = self.inner.ties.secrets.clone()?;
        Some(HookAddresses::new(secrets, self.settings().public_url.clone()))
    }

    fn metrics(&self) -> String {
        (self.inner.ties.metrics)()
    }

    fn accounts(&self) -> &Accounts {
        &self.inner.ties.accounts
    }

    fn feeds(&self) -> &FeedFiles {
        &self.inner.ties.feeds
    }

    fn client(&self) -> &Client {
        &self.inner.ties.client
    }

    fn release(&self, tenant: &TenantId, domain: &str) -> bool {
        (self.inner.ties.release)(tenant, domain)
    }

    /// Passwords and tokens; [`Identity::verify`] says who shows an access token.
    pub fn identity(&self) -> &Identity {
        &self.inner.ties.identity
    }

    fn media(&self) -> Option<&Media> {
        self.inner.ties.media.as_ref()
    }

    fn search(&self) -> Option<&Search> {
        self.inner.ties.search.as_ref()
    }

    fn pace(&self) -> &auth::pace::Pace {
        &self.inner.pace
    }

    fn streams(&self) -> &Arc<Semaphore> {
        &self.inner.streams
    }

    fn closing(&self) -> watch::Receiver<bool> {
        self.inner.closing.subscribe()
    }
}

/// Serves an API by its [`router`], into which others may have been merged, until `shutdown` is
/// ready and everything under way is answered.
pub async fn serve(
    listener: TcpListener,
    api: Api,
    app: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let ending = async move {
        shutdown.await;
        api.close();
    };
    axum::serve(listener, app).with_graceful_shutdown(ending).await
}

/// A JSON answer.
fn json(status: StatusCode, document: &impl Serialize) -> Response {
    let mut body = BytesMut::with_capacity(1024).writer();
    match serde_json::to_writer(&mut body, document) {
        Ok(()) => {
            let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            (status, kind, body.into_inner().freeze()).into_response()
        }
        Err(broken) => {
            tracing::error!(%broken, "an answer could not be written");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "internal_error", "an internal error").into_response()
        }
    }
}
