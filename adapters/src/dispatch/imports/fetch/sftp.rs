//! Feeds on SFTP servers. A server is known by its key: without one that was set nothing is
//! fetched, and people are told which key it showed.

use super::{FetchFault, Fetcher, PATIENCE, TOTAL, connected, disk, in_time};
use crate::dispatch::imports::files::Spool;
use kontor_messages::{
    Timestamp,
    supplier::{Fetched, SftpPlace},
};
use russh::{
    client,
    keys::{HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key},
};
use russh_sftp::client::SftpSession;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncReadExt;

/// Bytes of a part.
const PART: usize = 64 * 1024;

/// Takes a server that shows the key that was set, and remembers the key that it showed.
struct HostKey {
    expected: Option<String>,
    shown: Arc<Mutex<Option<String>>>,
}

impl client::Handler for HostKey {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else { return Ok(false) };
        let shown = key.fingerprint(HashAlg::Sha256).to_string();
        let known = self.expected.as_ref() == Some(&shown);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        Ok(known)
    }
}

impl Fetcher {
    /// One file; none, if its size and time are those of the last one.
    pub(super) async fn sftp(
        &self,
        place: &SftpPlace,
        known: Option<&Fetched>,
        spool: Spool,
    ) -> Result<Option<Fetched>, FetchFault> {
        tokio::time::timeout(TOTAL, self.sftp_file(place, known, spool))
            .await
            .unwrap_or_else(|_| Err(FetchFault::passing("the supplier's server took too long")))
    }

    async fn sftp_file(
        &self,
        place: &SftpPlace,
        known: Option<&Fetched>,
        mut spool: Spool,
    ) -> Result<Option<Fetched>, FetchFault> {
        let observed_at = Timestamp::now();
        let session = self.entered(place).await?;
        let channel = in_time(session.channel_open_session()).await?.map_err(told)?;
        in_time(channel.request_subsystem(true, "sftp")).await?.map_err(told)?;
        let files = in_time(SftpSession::new(channel.into_stream())).await?.map_err(asked)?;
        files.set_timeout(PATIENCE.as_secs());
        let about = in_time(files.metadata(&place.path)).await?.map_err(asked)?;
        let tag = about.size.zip(about.mtime).map(|(size, time)| format!("{size} {time}"));
        if tag.is_some() && known.is_some_and(|known| known.etag == tag) {
            return Ok(None);
        }
        let mut file = in_time(files.open(&place.path)).await?.map_err(asked)?;
        let mut part = vec![0; PART];
        loop {
            let read = in_time(file.read(&mut part)).await?;
            let read = read.map_err(|_| FetchFault::passing("the supplier's answer broke off"))?;
            if read == 0 {
                break;
            }
            spool.write(part.get(..read).unwrap_or_default()).await.map_err(disk)?;
        }
        if about.size.is_some_and(|size| size != spool.bytes()) {
            return Err(FetchFault::passing("the supplier's answer broke off"));
        }
        let file = Some(spool.finish().await.map_err(disk)?);
        Ok(Some(Fetched { file, etag: tag, last_modified: None, observed_at }))
    }

    /// A session of a server that is the right one, and takes us for who we are.
    async fn entered(&self, place: &SftpPlace) -> Result<client::Handle<HostKey>, FetchFault> {
        let line = connected(&place.host, place.port, self.http.allows_private()).await?;
        let shown = Arc::new(Mutex::new(None));
        let key = HostKey { expected: place.host_key.clone(), shown: Arc::clone(&shown) };
        let config = client::Config { inactivity_timeout: Some(PATIENCE), ..Default::default() };
        let session = in_time(client::connect_stream(Arc::new(config), line, key)).await?;
        let mut session = session.map_err(|fault| {
            let shown = shown.lock().unwrap_or_else(PoisonError::into_inner).take();
            match shown.filter(|shown| place.host_key.as_ref() != Some(shown)) {
                Some(shown) => FetchFault::lasting(format!(
                    "the supplier's server shows the key {shown}: set it as `host_key` if it is its own"
                )),
                None => told(fault),
            }
        })?;
        let entered = match &place.private_key {
            Some(key) => {
                let key = decode_secret_key(key, None)
                    .map_err(|_| FetchFault::lasting("private_key: expected an OpenSSH key"))?;
                let key = PrivateKeyWithHashAlg::new(Arc::new(key), Some(HashAlg::Sha256));
                in_time(session.authenticate_publickey(&place.user, key)).await?
            }
            None => {
                let password = place.password.clone().unwrap_or_default();
                in_time(session.authenticate_password(&place.user, password)).await?
            }
        };
        if entered.map_err(told)?.success() {
            Ok(session)
        } else {
            Err(FetchFault::lasting("the supplier refuses our access"))
        }
    }
}

fn told(fault: russh::Error) -> FetchFault {
    FetchFault::passing(format!("the supplier is not reached: {fault}"))
}

fn asked(fault: russh_sftp::client::error::Error) -> FetchFault {
    use russh_sftp::{client::error::Error, protocol::StatusCode};
    match fault {
        Error::Status(status) if status.status_code == StatusCode::NoSuchFile => {
            FetchFault::lasting("the supplier's server has no such file")
        }
        Error::Status(status) if status.status_code == StatusCode::PermissionDenied => {
            FetchFault::lasting("the supplier's server does not let us read the file")
        }
        other => FetchFault::passing(format!("the supplier's server: {other}")),
    }
}
