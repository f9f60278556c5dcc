//! Feeds on FTP servers (RFC 959), over TLS (RFC 4217) unless the source says otherwise.

use super::{FetchFault, Fetcher, PATIENCE, TOTAL, connected, disk, in_time};
use crate::dispatch::imports::files::Spool;
use kontor_messages::{
    Timestamp,
    supplier::{Fetched, FtpPlace},
};
use std::sync::Arc;
use suppaftp::{
    FtpError, Status,
    tokio::{AsyncRustlsConnector, AsyncRustlsFtpStream},
    types::FileType,
};
use tokio::io::AsyncReadExt;

/// Bytes of a part.
const PART: usize = 64 * 1024;

impl Fetcher {
    /// One file; none, if its size and time are those of the last one.
    pub(super) async fn ftp(
        &self,
        place: &FtpPlace,
        known: Option<&Fetched>,
        spool: Spool,
    ) -> Result<Option<Fetched>, FetchFault> {
        tokio::time::timeout(TOTAL, self.ftp_file(place, known, spool))
            .await
            .unwrap_or_else(|_| Err(FetchFault::passing("the supplier's server took too long")))
    }

    async fn ftp_file(
        &self,
        place: &FtpPlace,
        known: Option<&Fetched>,
        mut spool: Spool,
    ) -> Result<Option<Fetched>, FetchFault> {
        let observed_at = Timestamp::now();
        let line = connected(&place.host, place.port, self.http.allows_private()).await?;
        let server = in_time(AsyncRustlsFtpStream::connect_with_stream(line)).await?;
        let mut server = server.map_err(told)?;
        // Files come from the server that was asked, whatever address it names.
        server.set_passive_nat_workaround(true);
        if !place.plain {
            let secured = in_time(server.into_secure(tls()?, &place.host)).await?;
            server = secured.map_err(told)?;
        }
        in_time(server.login(&place.user, &place.password)).await?.map_err(told)?;
        in_time(server.transfer_type(FileType::Binary)).await?.map_err(told)?;
        // Old servers know neither; then the file is fetched and compared.
        let size = in_time(server.size(&place.path)).await?.ok();
        let time = in_time(server.mdtm(&place.path)).await?.ok();
        let tag = size.zip(time).map(|(size, time)| format!("{size} {time}"));
        if tag.is_some() && known.is_some_and(|known| known.etag == tag) {
            return Ok(None);
        }
        let opened = in_time(server.retr_as_stream(&place.path)).await?;
        let mut file = opened.map_err(told)?;
        let mut part = vec![0; PART];
        loop {
            let read = tokio::time::timeout(PATIENCE, file.read(&mut part)).await;
            let read = read.map_err(|_| broken())?.map_err(|_| broken())?;
            if read == 0 {
                break;
            }
            spool.write(part.get(..read).unwrap_or_default()).await.map_err(disk)?;
        }
        in_time(file.finish()).await?.map_err(told)?;
        if size.is_some_and(|size| size as u64 != spool.bytes()) {
            return Err(broken());
        }
        // What is fetched is fetched, however it says goodbye.
        let _ = in_time(server.quit()).await;
        let file = Some(spool.finish().await.map_err(disk)?);
        Ok(Some(Fetched { file, etag: tag, last_modified: None, observed_at }))
    }
}

/// TLS as everywhere: with the roots that the machine trusts.
fn tls() -> Result<AsyncRustlsConnector, FetchFault> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|fault| FetchFault::lasting(format!("there is no TLS: {fault}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = suppaftp::tokio_rustls::TlsConnector::from(Arc::new(config));
    Ok(AsyncRustlsConnector::from(connector))
}

fn broken() -> FetchFault {
    FetchFault::passing("the supplier's answer broke off")
}

fn told(fault: FtpError) -> FetchFault {
    match fault {
        FtpError::UnexpectedResponse(answer) => match answer.status {
            Status::NotLoggedIn => FetchFault::lasting("the supplier refuses our access (530)"),
            Status::FileUnavailable => {
                FetchFault::lasting("the supplier's server has no such file for us (550)")
            }
            status => FetchFault::passing(format!("the supplier answered {}", status.code())),
        },
        FtpError::SecureError(reason) => {
            FetchFault::lasting(format!("the supplier's server is not trusted: {reason}"))
        }
        other => FetchFault::passing(format!("the supplier is not reached: {other}")),
    }
}
