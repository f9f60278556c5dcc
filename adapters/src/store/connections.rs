//! A fixed number of connections to a database, lent one at a time.
//!
//! sqlx's own pool asks the server for a sign of life after every use, which is a second round
//! trip for each commit. Here a connection comes back only after an answer, and is tested only
//! when it has rested.

use kontor_actors::store::StoreFault;
use std::{
    fmt::Display,
    future::Future,
    ops::{Deref, DerefMut},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, error::Elapsed, timeout, timeout_at},
};

/// A connection that rested longer may have been closed by the other side.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// A connection of some kind.
pub(super) trait Link: Sized + Send {
    /// How it is opened.
    type Options: Send + Sync;

    /// Opens one.
    fn connect(options: &Self::Options) -> impl Future<Output = Result<Self, StoreFault>> + Send;

    /// Whether there is somebody at the other end.
    fn answers(&mut self) -> impl Future<Output = bool> + Send;
}

/// Connections of one kind: the writers or the readers.
pub(super) struct Connections<C: Link> {
    options: C::Options,
    idle: Mutex<Vec<(C, Instant)>>,
    permits: Semaphore,
    acquire_max: Duration,
}

impl<C: Link> Connections<C> {
    /// At most `connections`, opened when first needed; a caller waits `acquire_max` for one.
    pub fn new(options: C::Options, connections: u32, acquire_max: Duration) -> Self {
        let permits = Semaphore::new(connections.max(1) as usize);
        Self { options, idle: Mutex::default(), permits, acquire_max }
    }

    /// A connection that answered lately, or a new one.
    pub async fn lend(&self) -> Result<Lease<'_, C>, StoreFault> {
        let deadline = Instant::now() + self.acquire_max;
        let busy = || StoreFault("all connections are busy".into());
        let permit = timeout_at(deadline, self.permits.acquire()).await.map_err(|_| busy())?;
        let permit = permit.map_err(|_| busy())?;
        let connected = timeout_at(deadline, self.connect()).await;
        match connected {
            Ok(Ok(connection)) => {
                Ok(Lease { connection: Some(connection), home: self, _permit: permit })
            }
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(StoreFault("no connection in time".into())),
        }
    }

    async fn connect(&self) -> Result<C, StoreFault> {
        while let Some((mut connection, since)) = self.take_idle() {
            if since.elapsed() < FRESH_FOR {
                return Ok(connection);
            }
            // Half of the patience, so that there is time left for a new one.
            if timeout(self.acquire_max / 2, connection.answers()).await.unwrap_or(false) {
                return Ok(connection);
            }
            self.idle().clear();
        }
        C::connect(&self.options).await
    }

    fn take_idle(&self) -> Option<(C, Instant)> {
        self.idle().pop()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(C, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection on loan. Dropped without [`Lease::keep`] it is closed: nobody knows in what state
/// a statement that was given up has left it.
pub(super) struct Lease<'a, C: Link> {
    connection: Option<C>,
    home: &'a Connections<C>,
    _permit: SemaphorePermit<'a>,
}

impl<C: Link> Lease<'_, C> {
    /// Gives the connection back for the next caller.
    pub fn keep(mut self) {
        if let Some(connection) = self.connection.take() {
            self.home.idle().push((connection, Instant::now()));
        }
    }

    /// Keeps the connection if it answered, and says what the answer was.
    pub fn settle<T, E: Display>(
        self,
        answer: Result<Result<T, E>, Elapsed>,
    ) -> Result<T, StoreFault> {
        match answer {
            Ok(Ok(answer)) => {
                self.keep();
                Ok(answer)
            }
            Ok(Err(error)) => Err(StoreFault(error.to_string())),
            Err(_) => Err(StoreFault("no answer in time".into())),
        }
    }
}

impl<C: Link> Drop for Lease<'_, C> {
    fn drop(&mut self) {
        if self.connection.is_some() {
            // A connection that fails seldom fails alone: the next caller opens a new one.
            self.home.idle().clear();
        }
    }
}

impl<C: Link> Deref for Lease<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.connection.as_ref().expect("a lease holds its connection until it is kept")
    }
}

impl<C: Link> DerefMut for Lease<'_, C> {
    fn deref_mut(&mut self) -> &mut C {
        self.connection.as_mut().expect("a lease holds its connection until it is kept")
    }
}
