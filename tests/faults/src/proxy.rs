//! A line between a node and a server that can be made slow, cut, left half open, or made to lose
//! the answer to one commit: the server goes on for everybody else.

use crate::Outcome;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// What the line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// It carries everything at once.
    Fair,
    /// Every piece waits so many milliseconds.
    Slow(u64),
    /// Nothing gets through, and connections end.
    Cut,
    /// Connections stand and nothing gets through: nobody is told.
    HalfOpen,
    /// The next piece that holds these bytes reaches the server; its answer does not come back, and
    /// the connection ends.
    SwallowAnswerTo(&'static [u8]),
}

/// A line to a server.
pub struct Proxy {
    /// The port of this machine where it begins.
    pub port: u16,
    state: Arc<State>,
}

struct State {
    server: watch::Sender<String>,
    weather: watch::Sender<Weather>,
    swallowed: AtomicU64,
    connections: AtomicU64,
}

impl Proxy {
    /// A fair line to `server` (`host:port`).
    pub async fn to(server: String) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State {
            server: watch::Sender::new(server),
            weather: watch::Sender::new(Weather::Fair),
            swallowed: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        });
        tokio::spawn(serve(listener, Arc::clone(&state)));
        Ok(Self { port, state })
    }

    /// Changes the weather, also for connections that stand.
    pub fn set(&self, weather: Weather) {
        self.state.weather.send_replace(weather);
    }

    /// Leads new connections to another server.
    pub fn lead_to(&self, server: String) {
        self.state.server.send_replace(server);
    }

    /// Answers that did not come back.
    pub fn swallowed(&self) -> u64 {
        self.state.swallowed.load(Ordering::Acquire)
    }

    /// Connections that were made.
    pub fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::Acquire)
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        if *state.weather.borrow() != Weather::Cut {
            state.connections.fetch_add(1, Ordering::AcqRel);
            tokio::spawn(carry(client, Arc::clone(&state)));
        }
    }
}

async fn carry(client: TcpStream, state: Arc<State>) {
    let server = state.server.borrow().clone();
    let Ok(server) = TcpStream::connect(server).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Whichever way ends first ends the connection.
    let swallow = Arc::new(watch::Sender::new(false));
    tokio::select! {
        () = there(from_client, to_server, &state, &swallow) => {}
        () = back(from_server, to_client, &state, &swallow) => {}
        () = cut(&state) => {}
    }
}

async fn cut(state: &State) {
    let mut weather = state.weather.subscribe();
    let _ = weather.wait_for(|weather| *weather == Weather::Cut).await;
}

async fn there(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: &State,
    swallow: &watch::Sender<bool>,
) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(len @ 1..) = from.read(&mut piece).await {
        wait(state).await;
        if let Weather::SwallowAnswerTo(mark) = *state.weather.borrow()
            && piece[..len].windows(mark.len()).any(|window| window == mark)
        {
            swallow.send_replace(true);
        }
        if *swallow.borrow() {
            // Once only.
            state.weather.send_replace(Weather::Fair);
            state.swallowed.fetch_add(1, Ordering::AcqRel);
        }
        if to.write_all(&piece[..len]).await.is_err() {
            return;
        }
        if *swallow.borrow() {
            // The server has time to do it; what it says to that is thrown away by the other way.
            tokio::time::sleep(Duration::from_millis(300)).await;
            return;
        }
    }
}

async fn back(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: &State,
    swallow: &watch::Sender<bool>,
) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(len @ 1..) = from.read(&mut piece).await {
        wait(state).await;
        if *swallow.borrow() {
            continue;
        }
        if to.write_all(&piece[..len]).await.is_err() {
            return;
        }
    }
    if *swallow.borrow() {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Waits as the weather wants it.
async fn wait(state: &State) {
    let weather = *state.weather.borrow();
    match weather {
        Weather::Slow(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Weather::HalfOpen => {
            let mut weather = state.weather.subscribe();
            let _ = weather.wait_for(|weather| *weather != Weather::HalfOpen).await;
        }
        Weather::Fair | Weather::Cut | Weather::SwallowAnswerTo(_) => {}
    }
}
