//! Servers of files that nobody here wrote: `pyftpdlib` for FTP, `asyncssh` for SFTP. Both take
//! [`USER`] with [`PASSWORD`].

use crate::{SOON, binary, until_true};
use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};
use tokio::net::TcpStream;

/// Who may read.
pub const USER: &str = "kontor";
/// The proof.
pub const PASSWORD: &str = "s3cret-of-the-tests";

const SFTP: &str = r#"
import asyncio, asyncssh, sys
port, folder, user, password = int(sys.argv[1]), *sys.argv[2:]
class Server(asyncssh.SSHServer):
    def begin_auth(self, username): return True
    def password_auth_supported(self): return True
    def validate_password(self, *given): return given == (user, password)
async def main():
    key = asyncssh.generate_private_key('ssh-ed25519')
    files = lambda channel: asyncssh.SFTPServer(channel, chroot=folder.encode())
    await asyncssh.create_server(Server, '127.0.0.1', port, server_host_keys=[key], sftp_factory=files)
    await asyncio.Event().wait()
asyncio.run(main())
"#;

/// A process that serves a folder; killed when it is dropped.
pub struct FileServer {
    process: Child,
    port: u16,
}

impl FileServer {
    /// Serves a folder by FTP, without TLS.
    ///
    /// # Panics
    /// If there is no such program.
    pub async fn ftp(folder: &Path) -> Self {
        let port = free_port();
        let mut command = Command::new(binary::python());
        command.args(["-m", "pyftpdlib", "-i", "127.0.0.1", "-p", &port.to_string()]);
        command.args(["-u", USER, "-P", PASSWORD, "-d"]).arg(folder);
        Self::start(command, port).await
    }

    /// Serves a folder by SFTP, under a key of its own.
    ///
    /// # Panics
    /// If there is no such program.
    pub async fn sftp(folder: &Path) -> Self {
        let port = free_port();
        let mut command = Command::new(binary::python());
        command.args(["-c", SFTP, &port.to_string()]).arg(folder).args([USER, PASSWORD]);
        Self::start(command, port).await
    }

    /// Where it listens, on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    async fn start(mut command: Command, port: u16) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self { process: command.spawn().unwrap(), port };
        until_true("a server of files", SOON, || async {
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        server
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
