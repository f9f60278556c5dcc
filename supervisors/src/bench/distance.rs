//! A database further away: what is sent to it arrives so much later, over as many connections as
//! there are. It models distance, not a narrow line: pieces do not wait for one another.
//!
//! On threads of its own, for a runtime's clock counts in whole milliseconds.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

/// Pieces on their way at once, at most, and bytes of one.
const PIECES_MAX: usize = 1024;
const PIECE: usize = 64 * 1024;

/// Listens on a port of this machine, and passes everything on to `server`; what goes there takes
/// `later` longer, what comes back does not. Ends with the process.
pub(super) fn put_between(server: String, later: Duration) -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|fault| fault.to_string())?;
    let port = listener.local_addr().map_err(|fault| fault.to_string())?.port();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            if let Err(fault) = join(client, &server, later) {
                tracing::warn!(%fault, server, "cannot be reached");
            }
        }
    });
    Ok(port)
}

fn join(client: TcpStream, server: &str, later: Duration) -> std::io::Result<()> {
    let server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, mut to_client) = (client.try_clone()?, client);
    let (mut from_server, to_server) = (server.try_clone()?, server);
    let (pieces, arriving) = sync_channel(PIECES_MAX);
    thread::spawn(move || take(from_client, later, &pieces));
    thread::spawn(move || give(&arriving, to_server));
    thread::spawn(move || {
        // However it ends, both sides are told.
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
        let _ = from_server.shutdown(Shutdown::Both);
    });
    Ok(())
}

fn take(mut from: TcpStream, later: Duration, pieces: &SyncSender<(Instant, Vec<u8>)>) {
    loop {
        let mut piece = vec![0; PIECE];
        let Ok(len @ 1..) = from.read(&mut piece) else { return };
        piece.truncate(len);
        if pieces.send((Instant::now() + later, piece)).is_err() {
            return;
        }
    }
}

fn give(arriving: &Receiver<(Instant, Vec<u8>)>, mut to: TcpStream) {
    while let Ok((due, piece)) = arriving.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&piece).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_arrives_in_order_and_the_answer_comes_back() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut told = [0; 10];
            client.read_exact(&mut told).unwrap();
            client.write_all(b"heard").unwrap();
            told
        });
        let port = put_between(address, Duration::from_millis(1)).unwrap();
        let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        client.write_all(b"01234").unwrap();
        client.write_all(b"56789").unwrap();
        let mut heard = String::new();
        client.read_to_string(&mut heard).unwrap();
        assert_eq!((heard.as_str(), &server.join().unwrap()), ("heard", b"0123456789"));
    }
}
