//! Pictures, films and papers of products: kept once by the hash of their content, with smaller
//! copies of pictures.
//!
//! What it is follows from the content, never from what an uploader says it is, so that nothing
//! that a browser would run is ever served.

mod kinds;
mod pictures;
mod shelf;
#[cfg(test)]
mod tests;

pub use kinds::MediaFormat;

use crate::gateways::http::Http;
use bytes::Bytes;
use kontor_messages::TenantId;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shelf::Shelf;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Semaphore;
use url::Url;
use utoipa::ToSchema;

/// The longer sides of the smaller copies, in pixels.
pub const SIZES: [u32; 2] = [200, 800];
/// Pictures that are made smaller at once.
const PICTURES_MAX: usize = 2;

/// What can be set on media.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MediaSettings {
    /// Where they are kept; in the node's own folder, if nothing is said.
    pub folder: Option<PathBuf>,
    /// A bucket instead of a folder.
    pub s3: Option<S3Settings>,
    /// Bytes of an upload at most.
    pub upload_max_bytes: usize,
    /// Pixels of a picture's side at most.
    pub side_max_px: u32,
}

impl Default for MediaSettings {
    fn default() -> Self {
        Self { folder: None, s3: None, upload_max_bytes: 20 * 1024 * 1024, side_max_px: 12_000 }
    }
}

/// A bucket of whoever speaks S3.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct S3Settings {
    /// Where it is, if not at Amazon's; the bucket is named in its path then.
    pub endpoint: Option<Url>,
    /// The bucket.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// Who asks.
    pub access_key_id: String,
    /// The proof.
    pub secret_access_key: SecretString,
}

impl Default for S3Settings {
    fn default() -> Self {
        Self {
            endpoint: None,
            bucket: String::new(),
            region: "us-east-1".to_owned(),
            access_key_id: String::new(),
            secret_access_key: SecretString::default(),
        }
    }
}

/// Where media are kept. Cheap to clone.
#[derive(Clone)]
pub struct Media {
    inner: Arc<Inner>,
}

struct Inner {
    shelf: Shelf,
    settings: MediaSettings,
    permits: Semaphore,
}

/// Something that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Kept {
    /// SHA-256 of its content.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    /// What it is.
    pub format: MediaFormat,
    /// How many bytes it has.
    pub size_bytes: usize,
    /// A picture's width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width_px: Option<u32>,
    /// A picture's height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height_px: Option<u32>,
}

/// Why something is not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaFault {
    /// It is nothing that is kept here.
    #[error("expected a JPEG, PNG or WebP picture, an MP4 film or a PDF")]
    Unknown,
    /// It is no picture, though it begins like one; or it is too large.
    #[error("the picture cannot be read: {0}")]
    Picture(String),
    /// The folder or the bucket said no.
    #[error("media cannot be reached: {0}")]
    Store(String),
}

impl Media {
    /// Keeps media in the bucket or the folder of the settings, else in `folder`. An error names the
    /// setting at fault.
    pub fn open(folder: &Path, settings: MediaSettings) -> Result<Self, String> {
        let shelf = match (&settings.s3, &settings.folder) {
            (Some(_), Some(_)) => {
                return Err("media: folder and s3: expected one of them".to_owned());
            }
            (Some(s3), None) => Shelf::bucket(s3, Http::of_operator()?)?,
            (None, own) => Shelf::folder(own.as_deref().unwrap_or(folder))?,
        };
        let permits = Semaphore::new(PICTURES_MAX);
        Ok(Self { inner: Arc::new(Inner { shelf, settings, permits }) })
    }

    /// Bytes of an upload at most.
    pub fn upload_max_bytes(&self) -> usize {
        self.inner.settings.upload_max_bytes
    }

    /// Keeps content of a tenant; the same content twice is kept once.
    pub async fn keep(&self, tenant: &TenantId, content: Bytes) -> Result<Kept, MediaFault> {
        let format = MediaFormat::of(&content).ok_or(MediaFault::Unknown)?;
        let hash = hex::encode(Sha256::digest(&content));
        let mut kept =
            Kept { hash, format, size_bytes: content.len(), width_px: None, height_px: None };
        if format.is_picture() {
            let smaller = self.smaller(content.clone()).await?;
            (kept.width_px, kept.height_px) = (Some(smaller.width), Some(smaller.height));
            for copy in smaller.copies {
                let name = copy_name(&kept.hash, copy.side);
                self.inner.shelf.write(tenant, &name, copy.content.into()).await?;
            }
        }
        // The content itself comes last: whoever finds it finds its copies.
        self.inner.shelf.write(tenant, &kept.hash, content).await?;
        Ok(kept)
    }

    /// Reads content by its hash: whole, or a copy whose longer side is `side`.
    pub async fn read(
        &self,
        tenant: &TenantId,
        hash: &str,
        side: Option<u32>,
    ) -> Result<Option<(MediaFormat, Bytes)>, MediaFault> {
        let known = hash.len() == 64
            && hash.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
        if !known {
            return Ok(None);
        }
        match side {
            None => self.inner.shelf.read(tenant, hash).await,
            Some(side) => self.inner.shelf.read(tenant, &copy_name(hash, side)).await,
        }
    }

    /// Forgets all that a tenant has.
    pub async fn forget(&self, tenant: &TenantId) -> Result<(), MediaFault> {
        self.inner.shelf.forget(tenant).await
    }

    async fn smaller(&self, content: Bytes) -> Result<pictures::Smaller, MediaFault> {
        let permit = self.inner.permits.acquire().await;
        let _permit = permit.map_err(|closed| MediaFault::Picture(closed.to_string()))?;
        let side_max = self.inner.settings.side_max_px;
        let work = tokio::task::spawn_blocking(move || pictures::smaller(&content, side_max));
        work.await.map_err(|broken| MediaFault::Picture(broken.to_string()))?
    }
}

fn copy_name(hash: &str, side: u32) -> String {
    format!("{hash}-{side}")
}
