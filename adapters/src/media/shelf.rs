//! Where media lie: a folder, or a bucket of whoever speaks S3. In both a medium is
//! `<tenant>/<first two digits of the hash>/<hash>`.

use super::{MediaFault, MediaFormat, S3Settings};
use bytes::Bytes;
use futures_util::TryStreamExt;
use kontor_messages::TenantId;
use object_store::{
    ClientOptions, Error, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
    aws::AmazonS3Builder,
    client::{HttpClient, HttpConnector},
    local::LocalFileSystem,
    path::Path as Place,
};
use secrecy::ExposeSecret;
use std::{path::Path, sync::Arc, time::Duration};

/// Tries of one question to a bucket, and how long all of them may take.
const RETRIES_MAX: usize = 3;
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Shelf {
    store: Arc<dyn ObjectStore>,
}

impl Shelf {
    /// A folder, which is made.
    pub(super) fn folder(folder: &Path) -> Result<Self, String> {
        let wrong = |fault: String| format!("media.folder: {}: {fault}", folder.display());
        std::fs::create_dir_all(folder).map_err(|fault| wrong(fault.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(folder);
        let store = store.map_err(|fault| wrong(fault.to_string()))?;
        Ok(Self { store: Arc::new(store.with_fsync(true).with_automatic_cleanup(true)) })
    }

    /// A bucket.
    pub(super) fn bucket(settings: &S3Settings, http: reqwest::Client) -> Result<Self, String> {
        let secret = settings.secret_access_key.expose_secret();
        let needed = [
            ("bucket", settings.bucket.as_str()),
            ("access_key_id", settings.access_key_id.as_str()),
            ("secret_access_key", secret),
        ];
        if let Some((name, _)) = needed.iter().find(|(_, value)| value.is_empty()) {
            return Err(format!("media.s3.{name}: expected a value"));
        }
        let retry =
            RetryConfig { max_retries: RETRIES_MAX, retry_timeout: PATIENCE, ..Default::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(&settings.access_key_id)
            .with_secret_access_key(secret)
            .with_virtual_hosted_style_request(settings.endpoint.is_none())
            .with_retry(retry)
            .with_http_connector(Ours(http));
        if let Some(endpoint) = &settings.endpoint {
            let plain = endpoint.scheme() == "http";
            builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
            builder = builder.with_allow_http(plain);
        }
        let store = builder.build().map_err(|fault| format!("media.s3: {fault}"))?;
        Ok(Self { store: Arc::new(store) })
    }

    /// Writes a medium whole or not at all; one that is there has the same content, by its name.
    pub(super) async fn write(
        &self,
        tenant: &TenantId,
        name: &str,
        content: Bytes,
    ) -> Result<(), MediaFault> {
        let place = place(tenant, name);
        match self.store.head(&place).await {
            Ok(_) => return Ok(()),
            Err(Error::NotFound { .. }) => {}
            Err(broken) => return Err(fault(&broken)),
        }
        let put = self.store.put(&place, PutPayload::from_bytes(content)).await;
        put.map(drop).map_err(|broken| fault(&broken))
    }

    pub(super) async fn read(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<(MediaFormat, Bytes)>, MediaFault> {
        let found = match self.store.get(&place(tenant, name)).await {
            Ok(found) => found.bytes().await.map_err(|broken| fault(&broken))?,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(broken) => return Err(fault(&broken)),
        };
        // What was kept was known when it was.
        Ok(MediaFormat::of(&found).map(|format| (format, found)))
    }

    pub(super) async fn forget(&self, tenant: &TenantId) -> Result<(), MediaFault> {
        let all = self.store.list(Some(&Place::from(tenant.as_str())));
        let places = Box::pin(all.map_ok(|found| found.location));
        let gone = self.store.delete_stream(places).map_ok(drop);
        let gone = gone.try_for_each(|()| async { Ok(()) }).await;
        match gone {
            Err(Error::NotFound { .. }) => Ok(()),
            gone => gone.map_err(|broken| fault(&broken)),
        }
    }
}

/// The client that is used for everything else too: its trusted roots and limits hold here.
#[derive(Debug)]
struct Ours(reqwest::Client);

impl HttpConnector for Ours {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// A tenant's name is plain, and so is a hash: neither leads elsewhere.
fn place(tenant: &TenantId, name: &str) -> Place {
    let first = name.get(..2).unwrap_or("00");
    Place::from_iter([tenant.as_str(), first, name])
}

fn fault(broken: &Error) -> MediaFault {
    MediaFault::Store(broken.to_string())
}
