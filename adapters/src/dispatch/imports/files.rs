//! Feeds on disk: each is spooled to a file of its own before anything of it is read, and kept by
//! its content's hash while a source may still need it.

use kontor_messages::{TenantId, supplier::FeedFile};
use sha2::{Digest, Sha256};
use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::io::{AsyncWriteExt, BufWriter};

/// How long a file is kept that no source needs: its failed rows can be retried until then.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);

/// The folder of feeds. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FeedFiles {
    folder: Arc<Path>,
}

/// A file that is being written; gone with its last holder unless it is finished.
pub struct Spool {
    files: FeedFiles,
    tenant: TenantId,
    path: PathBuf,
    out: BufWriter<tokio::fs::File>,
    hash: Sha256,
    bytes: u64,
    bytes_max: u64,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SpoolFault {
    /// It is too long.
    #[error("the file is longer than {0} bytes")]
    TooLarge(u64),
    /// The disk does not take it.
    #[error("the file cannot be kept: {0}")]
    Disk(#[from] io::Error),
}

impl FeedFiles {
    /// Feeds are kept below this folder, which need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into().into() }
    }

    /// Begins a file of a tenant.
    pub async fn spool(&self, tenant: &TenantId, bytes_max: u64) -> Result<Spool, SpoolFault> {
        let folder = self.of(tenant);
        tokio::fs::create_dir_all(&folder).await?;
        let path = folder.join(format!("{}.part", uuid::Uuid::new_v4().simple()));
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let out = BufWriter::with_capacity(256 * 1024, options.open(&path).await?);
        let (hash, files, tenant) = (Sha256::new(), self.clone(), tenant.clone());
        Ok(Spool { files, tenant, path, out, hash, bytes: 0, bytes_max })
    }

    /// Where a file is, whether it is there or not. Only a hash names one.
    pub fn path(&self, tenant: &TenantId, file: &FeedFile) -> Option<PathBuf> {
        let hash = &file.sha256;
        let is_hash = hash.len() == 64 && hash.bytes().all(|c| c.is_ascii_hexdigit());
        is_hash.then(|| self.of(tenant).join(hash))
    }

    /// Opens a file for reading.
    pub fn open(&self, tenant: &TenantId, file: &FeedFile) -> io::Result<fs::File> {
        let path = self.path(tenant, file).ok_or(io::ErrorKind::NotFound)?;
        fs::File::open(path)
    }

    /// Drops files that are not among those named here and were not touched for long, and what was
    /// begun and never finished.
    pub async fn sweep(&self, tenant: &TenantId, kept: HashSet<String>) {
        let folder = self.of(tenant);
        let swept = tokio::task::spawn_blocking(move || sweep(&folder, &kept)).await;
        if let Ok(Err(fault)) = swept {
            tracing::warn!(%fault, "the folder of feeds cannot be tidied");
        }
    }

    /// A place for a file that can be made again from what is kept elsewhere.
    pub fn derived(&self, tenant: &TenantId, name: &str) -> io::Result<PathBuf> {
        let folder = self.of(tenant);
        fs::create_dir_all(&folder)?;
        Ok(folder.join(name))
    }

    fn of(&self, tenant: &TenantId) -> PathBuf {
        self.folder.join(tenant.as_str())
    }
}

fn sweep(folder: &Path, kept: &HashSet<String>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let named = entry.file_name().to_str().is_some_and(|name| kept.contains(name));
        let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
        if !named && KEPT < age {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

impl Spool {
    /// Adds to the file.
    pub async fn write(&mut self, part: &[u8]) -> Result<(), SpoolFault> {
        self.bytes += part.len() as u64;
        if self.bytes_max < self.bytes {
            return Err(SpoolFault::TooLarge(self.bytes_max));
        }
        self.hash.update(part);
        self.out.write_all(part).await?;
        Ok(())
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Keeps the file under its content's hash.
    pub async fn finish(mut self) -> Result<FeedFile, SpoolFault> {
        self.out.flush().await?;
        self.out.get_ref().sync_all().await?;
        let sha256 = hex::encode(std::mem::take(&mut self.hash).finalize());
        let file = FeedFile { sha256, bytes: self.bytes };
        if let Some(path) = self.files.path(&self.tenant, &file) {
            tokio::fs::rename(&self.path, path).await?;
        }
        Ok(file)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // After it was finished there is nothing by this name.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn tenant() -> TenantId {
        "harbour-books".parse().unwrap()
    }

    #[tokio::test]
    async fn a_finished_file_is_found_by_its_hash_and_an_unfinished_one_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = FeedFiles::new(folder.path());
        let mut spool = files.spool(&tenant(), 100).await.unwrap();
        spool.write(b"code;stock\n").await.unwrap();
        spool.write(b"A;1\n").await.unwrap();
        let file = spool.finish().await.unwrap();
        assert_eq!(file.bytes, 15);
        let mut text = String::new();
        files.open(&tenant(), &file).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "code;stock\nA;1\n");
        let mut broken = files.spool(&tenant(), 100).await.unwrap();
        broken.write(b"half").await.unwrap();
        drop(broken);
        assert_eq!(fs::read_dir(folder.path().join("harbour-books")).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_file_that_is_too_long_is_refused_while_it_comes() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = FeedFiles::new(folder.path()).spool(&tenant(), 10).await.unwrap();
        spool.write(b"12345678").await.unwrap();
        assert!(matches!(spool.write(b"901").await, Err(SpoolFault::TooLarge(10))));
    }

    #[tokio::test]
    async fn what_was_kept_lately_stays_though_no_source_needs_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = FeedFiles::new(folder.path());
        files.sweep(&tenant(), HashSet::new()).await;
        let mut spool = files.spool(&tenant(), 10).await.unwrap();
        spool.write(b"new").await.unwrap();
        let new = spool.finish().await.unwrap();
        let old = folder.path().join("harbour-books/old.part");
        let long_ago = std::time::SystemTime::now() - KEPT - Duration::from_secs(1);
        fs::File::create(&old).unwrap().set_modified(long_ago).unwrap();
        files.sweep(&tenant(), HashSet::new()).await;
        assert!(files.open(&tenant(), &new).is_ok() && !old.exists());
    }

    #[test]
    fn only_a_hash_names_a_file() {
        let file = FeedFile { sha256: "../../etc/passwd".to_owned(), bytes: 1 };
        assert_eq!(FeedFiles::new("feeds").path(&tenant(), &file), None);
    }
}
