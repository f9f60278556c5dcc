//! The sockets under the HTTP stand-ins, and a client that needs no certificates.
//!
//! A handler may cut the connection it is being called over, so that the caller gets no answer at
//! all. Nothing here knows what is served.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::warn;

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const GRACE: Duration = Duration::from_millis(500);

/// Builds a client for plain HTTP that follows no redirects and uses no proxy. It brings its own
/// TLS provider (without trusted roots), so nothing process-wide has to be installed first.
pub fn plain_client(timeout: Duration) -> io::Result<reqwest::Client> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(timeout)
        .build()
        .map_err(io::Error::other)
}

/// A bound listener whose connections can be cut from inside a handler.
pub(crate) struct Cuttable(pub(crate) TcpListener);

/// One accepted connection.
pub(crate) struct Line {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

/// What a handler gets to know of its connection.
#[derive(Clone)]
pub(crate) struct Peer {
    cut: Arc<AtomicBool>,
}

impl Peer {
    /// The answer under way will not leave: the socket closes instead.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
    }
}

/// Serves `router` until `closing` turns true. Open connections get a moment to finish.
pub(crate) fn serve(
    listener: TcpListener,
    router: Router,
    closing: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<Peer>();
        let closed = closing.clone();
        let serving = axum::serve(Cuttable(listener), service)
            .with_graceful_shutdown(async move { until_closed(closing).await });
        tokio::select! {
            served = serving => if let Err(error) = served { warn!(%error, "server ended") },
            () = async { until_closed(closed).await; tokio::time::sleep(GRACE).await } => {}
        }
    })
}

/// Returns when `closing` is true or its sender is gone.
pub(crate) async fn until_closed(mut closing: watch::Receiver<bool>) {
    // An error says that the sandbox was dropped, which is a way of closing too.
    let _ = closing.wait_for(|closed| *closed).await;
}

impl axum::serve::Listener for Cuttable {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // Nagle only delays small answers; failing to switch it off harms nothing.
                    let _ = stream.set_nodelay(true);
                    return (Line { stream, cut: Arc::new(AtomicBool::new(false)) }, address);
                }
                Err(error) => {
                    warn!(%error, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Cuttable>> for Peer {
    fn connect_info(incoming: IncomingStream<'_, Cuttable>) -> Self {
        Self { cut: incoming.io().cut.clone() }
    }
}

impl Line {
    fn check(&self) -> io::Result<()> {
        if self.cut.load(Ordering::Acquire) {
            return Err(io::Error::from(io::ErrorKind::ConnectionReset));
        }
        Ok(())
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
