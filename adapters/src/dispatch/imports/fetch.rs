//! Fetches a source's feed into a file, and says whether the supplier has anything new.

mod ftp;
mod pages;
mod sftp;

use super::files::{FeedFiles, Spool, SpoolFault};
use crate::gateways::{
    guard,
    http::{Call, Http, HttpFault, Opened},
};
use kontor_actors::supplier::SourceDocument;
use kontor_messages::{
    TenantId, Timestamp,
    supplier::{Access, Fetched, Reach},
};
use secrecy::SecretString;
use serde::Deserialize;
use std::{future::Future, time::Duration};
use tokio::net::TcpStream;
use url::Url;

/// For the whole of a file, however long.
const TOTAL: Duration = Duration::from_secs(2 * 3600);
/// Between two parts of it.
const PATIENCE: Duration = Duration::from_secs(60);
/// No supplier is waited for longer between two tries.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// How often a busy supplier is asked for one thing.
const TRIES_MAX: u32 = 5;

/// Fetches feeds.
#[derive(Clone)]
pub struct Fetcher {
    http: Http,
    files: FeedFiles,
}

/// What was found.
#[derive(Debug)]
pub enum Got {
    /// What was read last.
    Same(Fetched),
    /// Something else.
    New(Fetched),
}

/// Why nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct FetchFault {
    /// For people.
    pub reason: String,
    /// Whether it may help to try again soon.
    pub passing: bool,
}

impl FetchFault {
    fn lasting(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), passing: false }
    }

    fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), passing: true }
    }
}

impl Fetcher {
    /// One that calls by this client and keeps files here.
    pub fn new(http: Http, files: FeedFiles) -> Self {
        Self { http, files }
    }

    /// Fetches what a source has now.
    pub async fn fetch(
        &self,
        tenant: &TenantId,
        source: &SourceDocument,
    ) -> Result<Got, FetchFault> {
        let known = source.known_now();
        let fetched = match &source.settings.reach {
            Reach::Upload => {
                let upload = source.upload.as_ref();
                let upload = upload.ok_or_else(|| FetchFault::lasting("no file was uploaded"))?;
                let (file, observed_at) = (Some(upload.file.clone()), upload.observed_at);
                Fetched { file, etag: None, last_modified: None, observed_at }
            }
            Reach::Http { url, access, paging, interval_min_s } => {
                may_ask(source, *interval_min_s)?;
                let url = address(url)?;
                let access = self.enter(access).await?;
                let spool = self.spool(tenant, source).await?;
                match paging {
                    Some(paging) => self.pages(&url, &access, paging, spool).await?,
                    None => match self.file(&url, &access, known, spool).await? {
                        Some(fetched) => fetched,
                        None => return Ok(Got::Same(same(known))),
                    },
                }
            }
            Reach::Ftp(place) => {
                let spool = self.spool(tenant, source).await?;
                match self.ftp(place, known, spool).await? {
                    Some(fetched) => fetched,
                    None => return Ok(Got::Same(same(known))),
                }
            }
            Reach::Sftp(place) => {
                let spool = self.spool(tenant, source).await?;
                match self.sftp(place, known, spool).await? {
                    Some(fetched) => fetched,
                    None => return Ok(Got::Same(same(known))),
                }
            }
        };
        let unchanged =
            fetched.file.is_some() && known.is_some_and(|known| known.file == fetched.file);
        Ok(if unchanged { Got::Same(fetched) } else { Got::New(fetched) })
    }

    async fn spool(&self, tenant: &TenantId, source: &SourceDocument) -> Result<Spool, FetchFault> {
        self.files.spool(tenant, source.settings.file_bytes_max).await.map_err(disk)
    }

    /// One file; none, if the supplier says that it has not changed.
    async fn file(
        &self,
        url: &Url,
        access: &Entry,
        known: Option<&Fetched>,
        mut spool: Spool,
    ) -> Result<Option<Fetched>, FetchFault> {
        let observed_at = Timestamp::now();
        let ask = || {
            let mut call = access.of(self.http.get(url.clone())).within(TOTAL);
            if let Some(etag) = known.and_then(|known| known.etag.as_deref()) {
                call = call.header("if-none-match", etag);
            }
            if let Some(time) = known.and_then(|known| known.last_modified.as_deref()) {
                call = call.header("if-modified-since", time);
            }
            call
        };
        let mut opened = self.open(ask).await?;
        if opened.status == 304 {
            return Ok(None);
        }
        while let Some(part) = opened.part(PATIENCE).await.map_err(called)? {
            spool.write(&part).await.map_err(disk)?;
        }
        let told = opened.header("content-length").and_then(|length| length.parse::<u64>().ok());
        if told.is_some_and(|told| told != spool.bytes()) {
            return Err(FetchFault::passing("the supplier's answer broke off"));
        }
        let (etag, last_modified) = (text(&opened, "etag"), text(&opened, "last-modified"));
        let file = Some(spool.finish().await.map_err(disk)?);
        Ok(Some(Fetched { file, etag, last_modified, observed_at }))
    }

    /// Asks until it is answered with 200 or 304, a few times at most.
    async fn open(&self, ask: impl Fn() -> Call) -> Result<Opened, FetchFault> {
        for tries in 1.. {
            let opened = ask().open().await.map_err(called)?;
            let busy = matches!(opened.status, 429 | 502 | 503 | 504);
            match opened.status {
                200 | 304 => return Ok(opened),
                _ if busy && tries < TRIES_MAX => {
                    let told = opened.header("retry-after").and_then(|text| text.parse().ok());
                    let wait = Duration::from_secs(told.unwrap_or(2_u64.pow(tries)));
                    tokio::time::sleep(wait.min(WAIT_MAX)).await;
                }
                status => return Err(answered(status)),
            }
        }
        Err(FetchFault::passing("the supplier is busy"))
    }

    /// What proves who we are.
    async fn enter(&self, access: &Access) -> Result<Entry, FetchFault> {
        let secret = |text: &str| SecretString::from(text.to_owned());
        Ok(match access {
            Access::Nothing => Entry::Nothing,
            Access::Basic { user, password } => Entry::Basic(user.clone(), secret(password)),
            Access::Bearer { token } => Entry::Bearer(secret(token)),
            Access::Headers { headers } => Entry::Headers(
                headers.iter().map(|(name, value)| (name.clone(), secret(value))).collect(),
            ),
            Access::ClientCredentials { token_url, client_id, client_secret, scope } => {
                let mut form = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
                form.extend(scope.iter().map(|scope| ("scope".to_owned(), scope.clone())));
                let call =
                    self.http.post(address(token_url)?).basic(client_id, &secret(client_secret));
                let reply = call.form(&form).send().await.map_err(called)?;
                let token: Token = reply.json().map_err(called)?;
                Entry::Bearer(secret(&token.access_token))
            }
        })
    }
}

/// What proves who we are, ready for a call.
enum Entry {
    Nothing,
    Basic(String, SecretString),
    Bearer(SecretString),
    Headers(Vec<(String, SecretString)>),
}

impl Entry {
    fn of(&self, call: Call) -> Call {
        use secrecy::ExposeSecret;
        match self {
            Self::Nothing => call,
            Self::Basic(user, password) => call.basic(user, password),
            Self::Bearer(token) => call.bearer(token),
            Self::Headers(headers) => headers
                .iter()
                .fold(call, |call, (name, value)| call.header(name, value.expose_secret())),
        }
    }
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

/// A line to a server that a tenant has named, at an address where we may call.
async fn connected(host: &str, port: u16, allow_private: bool) -> Result<TcpStream, FetchFault> {
    let places = in_time(guard::addresses(host, port, allow_private)).await?;
    let places = places.map_err(|refused| FetchFault::lasting(refused.to_string()))?;
    let line = in_time(TcpStream::connect(&*places)).await?;
    line.map_err(|fault| FetchFault::passing(format!("the supplier is not reached: {fault}")))
}

/// One answer of a server, if it comes in time.
async fn in_time<T>(answer: impl Future<Output = T>) -> Result<T, FetchFault> {
    let late = |_| FetchFault::passing("the supplier's server does not answer");
    tokio::time::timeout(PATIENCE, answer).await.map_err(late)
}

/// A supplier that wants to be asked seldom is not asked.
fn may_ask(source: &SourceDocument, interval_min_s: u32) -> Result<(), FetchFault> {
    let interval = Duration::from_secs(interval_min_s.into());
    let next = source.last.as_ref().map(|last| last.at.plus(interval));
    match next.filter(|next| Timestamp::now() < *next) {
        Some(next) => {
            let reason = format!("the supplier may be asked again at {next}");
            Err(FetchFault::lasting(reason))
        }
        None => Ok(()),
    }
}

/// The file is the one that was read last; what was asked for with is kept.
fn same(known: Option<&Fetched>) -> Fetched {
    let known = known.cloned();
    let blank = || Fetched {
        file: None,
        etag: None,
        last_modified: None,
        observed_at: Timestamp::default(),
    };
    Fetched { observed_at: Timestamp::now(), ..known.unwrap_or_else(blank) }
}

fn address(url: &str) -> Result<Url, FetchFault> {
    Url::parse(url).map_err(|_| FetchFault::lasting("the source's address is no URL"))
}

fn text(opened: &Opened, name: &str) -> Option<String> {
    opened.header(name).filter(|text| text.len() <= 500).map(str::to_owned)
}

fn disk(fault: SpoolFault) -> FetchFault {
    match fault {
        SpoolFault::TooLarge(_) => FetchFault::lasting(fault.to_string()),
        SpoolFault::Disk(_) => FetchFault::passing(fault.to_string()),
    }
}

/// A token that has run out looks like an outage, and is none: nobody tries again by itself.
fn answered(status: u16) -> FetchFault {
    match status {
        401 | 403 => FetchFault::lasting(format!("the supplier refuses our access: HTTP {status}")),
        300..=399 => {
            let reason =
                format!("the supplier sends us elsewhere (HTTP {status}), perhaps to a login");
            FetchFault::lasting(reason)
        }
        408 | 429 | 500.. => FetchFault::passing(format!("the supplier answered HTTP {status}")),
        _ => FetchFault::lasting(format!("the supplier answered HTTP {status}")),
    }
}

fn called(fault: HttpFault) -> FetchFault {
    match fault {
        HttpFault::Refused(refused) => FetchFault::lasting(refused.to_string()),
        HttpFault::NotSent(reason) | HttpFault::Unknown(reason) => {
            FetchFault::passing(format!("the supplier is not reached: {reason}"))
        }
        HttpFault::Status(reply) => answered(reply.status),
    }
}
