//! A line between a node and a server that can be cut and mended, so that the server itself goes
//! on for everybody else.

use std::sync::Arc;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A line to a server.
pub struct Proxy {
    /// The port of this machine where it begins.
    pub port: u16,
    whole: Arc<watch::Sender<bool>>,
}

impl Proxy {
    /// A whole line to `server` (`host:port`).
    ///
    /// # Panics
    /// If no port is free.
    pub async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let whole = Arc::new(watch::Sender::new(true));
        tokio::spawn(serve(listener, server, Arc::clone(&whole)));
        Self { port, whole }
    }

    /// Ends all connections, and ends new ones at once.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn serve(listener: TcpListener, server: String, whole: Arc<watch::Sender<bool>>) {
    while let Ok((client, _)) = listener.accept().await {
        if *whole.borrow() {
            tokio::spawn(carry(client, server.clone(), whole.subscribe()));
        }
    }
}

async fn carry(mut client: TcpStream, server: String, mut whole: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = whole.wait_for(|whole| !*whole) => {}
    }
}
