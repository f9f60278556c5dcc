//! An SMTP server that takes all mail and delivers none.
//!
//! No TLS. Mail is kept with its envelope, for tests to look at; when the store is full, mail is
//! refused for the moment, so that a count is never wrong.

mod dialogue;
mod mail;
mod switches;

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tracing::{debug, warn};

pub use mail::Mail;
pub use switches::SmtpSwitches;

use crate::common::{Dice, lock, merged};
use crate::http::until_closed;

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The sizes of the SMTP stand-in.
#[derive(Clone, Debug)]
pub struct SmtpLimits {
    /// Messages that are kept; further ones are answered 452.
    pub messages_max: usize,
    /// Bytes that all kept messages may have together; further ones are answered 452.
    pub stored_bytes_max: usize,
    /// Bytes of one message, announced as SIZE; a larger one is answered 552.
    pub message_bytes_max: usize,
    /// Connections at one time; further ones wait.
    pub connections_max: usize,
    /// Recipients of one message; further ones are answered 452.
    pub recipients_max: usize,
}

impl Default for SmtpLimits {
    fn default() -> Self {
        Self {
            messages_max: 20_000,
            stored_bytes_max: 256 * 1024 * 1024,
            message_bytes_max: 10 * 1024 * 1024,
            connections_max: 256,
            recipients_max: 1_000,
        }
    }
}

/// The handle to a running SMTP stand-in.
#[derive(Clone)]
pub struct Smtp {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    address: SocketAddr,
    limits: SmtpLimits,
    switches: Mutex<SmtpSwitches>,
    store: Mutex<Store>,
    /// Sender and recipient pairs that were greylisted and pass at their next try.
    greylisted: Mutex<HashSet<(String, String)>>,
    dice: Dice,
    arrivals: watch::Sender<usize>,
}

#[derive(Default)]
struct Store {
    mails: Vec<Arc<Mail>>,
    bytes: usize,
}

impl Smtp {
    pub(crate) fn start(
        listener: TcpListener,
        address: SocketAddr,
        switches: SmtpSwitches,
        limits: SmtpLimits,
        seed: Option<u64>,
        closing: watch::Receiver<bool>,
    ) -> (Self, JoinHandle<()>) {
        let inner = Arc::new(Inner {
            address,
            limits,
            switches: Mutex::new(switches),
            store: Mutex::default(),
            greylisted: Mutex::default(),
            dice: Dice::new(seed),
            arrivals: watch::Sender::new(0),
        });
        let server = tokio::spawn(accept(listener, inner.clone(), closing));
        (Self { inner }, server)
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.inner.address
    }

    /// All kept mail in the order of arrival.
    pub fn messages(&self) -> Vec<Arc<Mail>> {
        lock(&self.inner.store).mails.clone()
    }

    /// How many messages are kept.
    pub fn count(&self) -> usize {
        lock(&self.inner.store).mails.len()
    }

    /// The mail whose envelope names the recipient, in the order of arrival.
    pub fn to(&self, recipient: &str) -> Vec<Arc<Mail>> {
        let mut mails = self.messages();
        mails.retain(|mail| mail.to.iter().any(|to| to.eq_ignore_ascii_case(recipient)));
        mails
    }

    /// The `Message-ID`s that came more than once, with how often they came.
    pub fn duplicates(&self) -> BTreeMap<String, usize> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for mail in self.messages() {
            if let Some(id) = mail.header("Message-ID") {
                *counts.entry(id.to_owned()).or_default() += 1;
            }
        }
        counts.retain(|_, count| *count > 1);
        counts
    }

    /// Waits until at least `count` messages are kept; false if that takes longer than `patience`.
    pub async fn wait_for(&self, count: usize, patience: Duration) -> bool {
        let mut arrivals = self.inner.arrivals.subscribe();
        let enough = arrivals.wait_for(|arrived| *arrived >= count);
        matches!(tokio::time::timeout(patience, enough).await, Ok(Ok(_)))
    }

    /// Throws all kept mail away.
    pub fn clear(&self) {
        *lock(&self.inner.store) = Store::default();
        self.inner.arrivals.send_replace(0);
    }

    /// What goes wrong at present.
    pub fn switches(&self) -> SmtpSwitches {
        lock(&self.inner.switches).clone()
    }

    /// Changes what goes wrong from now on.
    pub fn set_switches(&self, change: impl FnOnce(&mut SmtpSwitches)) {
        change(&mut lock(&self.inner.switches));
    }

    pub(crate) fn patch_switches(&self, patch: Value) -> Result<(), String> {
        let mut switches = lock(&self.inner.switches);
        *switches = merged(&*switches, patch)?;
        Ok(())
    }
}

impl Inner {
    fn switches(&self) -> SmtpSwitches {
        lock(&self.switches).clone()
    }

    /// Keeps a message, or says that there is no room.
    fn keep(&self, mail: Mail) -> bool {
        let count = {
            let mut store = lock(&self.store);
            let bytes = store.bytes.saturating_add(mail.raw.len());
            if store.mails.len() >= self.limits.messages_max || bytes > self.limits.stored_bytes_max
            {
                return false;
            }
            store.bytes = bytes;
            store.mails.push(Arc::new(mail));
            store.mails.len()
        };
        self.arrivals.send_replace(count);
        true
    }

    /// Whether this recipient is put off now. A pair that was put off passes at its next try,
    /// unless the switch says never.
    fn greylists(&self, from: &str, to: &str) -> bool {
        let switches = self.switches();
        let pair = (from.to_owned(), to.to_owned());
        let mut greylisted = lock(&self.greylisted);
        if greylisted.remove(&pair) && !switches.greylist_forever {
            return false;
        }
        if !self.dice.chance(switches.greylist_percent) {
            return false;
        }
        if greylisted.len() < self.limits.messages_max {
            greylisted.insert(pair);
        }
        true
    }
}

async fn accept(listener: TcpListener, inner: Arc<Inner>, closing: watch::Receiver<bool>) {
    let connections = Arc::new(Semaphore::new(inner.limits.connections_max.max(1)));
    let accepting = async {
        loop {
            let Ok(permit) = connections.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (inner, closing) = (inner.clone(), closing.clone());
                    tokio::spawn(async move {
                        tokio::select! {
                            () = until_closed(closing) => {}
                            ended = dialogue::converse(stream, inner) => {
                                if let Err(error) = ended {
                                    debug!(%error, "smtp connection ended");
                                }
                            }
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    warn!(%error, "smtp accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = until_closed(closing.clone()) => {}
        () = accepting => {}
    }
}
