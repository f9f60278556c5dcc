//! A line to the broker that can be cut.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Passes connections on to the broker until it is cut.
pub struct Link {
    pub port: u16,
    whole: Arc<AtomicBool>,
    cuts: watch::Sender<u32>,
}

impl Link {
    pub async fn to(broker: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (whole, cuts) = (Arc::new(AtomicBool::new(true)), watch::Sender::new(0));
        let (open, cut) = (Arc::clone(&whole), cuts.clone());
        tokio::spawn(async move {
            loop {
                let Ok((mut near, _)) = listener.accept().await else { return };
                if !open.load(Ordering::SeqCst) {
                    continue;
                }
                let (broker, mut cut) = (broker.clone(), cut.subscribe());
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(&broker).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { port, whole, cuts }
    }

    /// Cuts all connections, and lets no new one through.
    pub fn cut(&self) {
        self.whole.store(false, Ordering::SeqCst);
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Lets new connections through.
    pub fn mend(&self) {
        self.whole.store(true, Ordering::SeqCst);
    }
}
