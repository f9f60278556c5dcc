//! Reads for everybody, many at once: while one query is under way the next questions gather.

use crate::store::{Found, Lookup, Store, StoreFault};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Mutex, mpsc, oneshot};

/// Questions in one query, at most.
const QUESTIONS_MAX: usize = 512;
/// Groups of questions that may wait.
const WAITING_MAX: usize = 16_384;
/// How often a read is tried before the asker is told that the database is away.
const ATTEMPTS: u32 = 3;

/// Questions of one asker in one query, while others wait.
const SHARE_MAX: usize = 64;

/// The way to ask. Cheap to clone; its tasks end when the last one is dropped.
#[derive(Clone)]
pub struct Loader {
    asks: mpsc::Sender<Ask>,
}

struct Ask {
    wanted: Vec<Lookup>,
    found: Vec<Found>,
    answer: oneshot::Sender<Result<Vec<Found>, StoreFault>>,
}

type Waiting = Arc<Mutex<mpsc::Receiver<Ask>>>;

impl Loader {
    /// Starts `readers` tasks that ask the store. They share one queue: whoever is free takes
    /// what waits.
    pub fn start(store: Arc<dyn Store>, readers: u32) -> Self {
        let (asks, waiting) = mpsc::channel(WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..readers.max(1) {
            tokio::spawn(serve(Arc::clone(&store), Arc::clone(&waiting)));
        }
        Self { asks }
    }

    /// Looks things up; the answers stand in the order of the questions.
    pub async fn fetch(&self, wanted: Vec<Lookup>) -> Result<Vec<Found>, StoreFault> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, answered) = oneshot::channel();
        let found = Vec::with_capacity(wanted.len());
        let ask = Ask { wanted, found, answer };
        self.asks.try_send(ask).map_err(|_| StoreFault("too many reads wait".into()))?;
        answered.await.map_err(|_| StoreFault("the reader has stopped".into()))?
    }
}

impl Ask {
    fn rest(&self) -> &[Lookup] {
        &self.wanted[self.found.len()..]
    }
}

/// One reader: in each query a share for everybody whose questions it has.
async fn serve(store: Arc<dyn Store>, waiting: Waiting) {
    let mut asks: Vec<Ask> = Vec::with_capacity(64);
    loop {
        if asks.is_empty() {
            if waiting.lock().await.recv_many(&mut asks, QUESTIONS_MAX).await == 0 {
                return;
            }
        } else if let Ok(mut waiting) = waiting.try_lock() {
            // Else another reader stands there and takes what comes.
            while asks.len() < QUESTIONS_MAX
                && let Ok(ask) = waiting.try_recv()
            {
                asks.push(ask);
            }
        }
        // Whoever has gone away meanwhile is not looked up for.
        asks.retain(|ask| !ask.answer.is_closed());
        let share = if asks.len() == 1 { QUESTIONS_MAX } else { SHARE_MAX };
        ask_for_all(&*store, &mut asks, share).await;
    }
}

/// One query. Who has all answers is told so and leaves the list.
async fn ask_for_all(store: &dyn Store, asks: &mut Vec<Ask>, share: usize) {
    let mut wanted: Vec<Lookup> = Vec::new();
    let mut shares = Vec::with_capacity(asks.len());
    for ask in asks.iter() {
        let room = QUESTIONS_MAX - wanted.len();
        let share = ask.rest().len().min(share).min(room);
        wanted.extend_from_slice(&ask.rest()[..share]);
        shares.push(share);
    }
    if wanted.is_empty() {
        return;
    }
    match fetch(store, &wanted).await {
        Ok(found) => {
            let mut found = found.into_iter();
            for (ask, share) in asks.iter_mut().zip(&shares) {
                ask.found.extend(found.by_ref().take(*share));
            }
            // The next query begins with whoever had no share in this one.
            asks.rotate_left(shares.iter().take_while(|share| **share > 0).count());
        }
        // One asker's question may be at fault: then the others must not suffer.
        Err(_) if asks.len() > 1 && store.ping().await.is_ok() => {
            for ask in asks.drain(..) {
                let answer = store.fetch(&ask.wanted).await;
                let _ = ask.answer.send(answer);
            }
        }
        Err(fault) => {
            for ask in asks.drain(..) {
                let _ = ask.answer.send(Err(fault.clone()));
            }
        }
    }
    for ask in asks.extract_if(.., |ask| ask.rest().is_empty()) {
        let _ = ask.answer.send(Ok(ask.found));
    }
}

async fn fetch(store: &dyn Store, wanted: &[Lookup]) -> Result<Vec<Found>, StoreFault> {
    let mut attempt = 1;
    loop {
        match store.fetch(wanted).await {
            Err(fault) if attempt < ATTEMPTS => {
                tracing::warn!(%fault, attempt, "a read failed");
                tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}
