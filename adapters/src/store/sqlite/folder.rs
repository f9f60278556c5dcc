//! The data folder and the lock that keeps a second process out of it.

use crate::store::OpenError;
use std::{
    fmt,
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

/// A folder that belongs to this process for as long as the value lives. The system frees it when
/// the process ends, however it ends.
pub(super) struct Folder {
    dir: PathBuf,
    _lock: Option<File>,
}

impl Folder {
    /// Makes the folder if there is none, and takes it.
    pub fn take(dir: &Path) -> Result<Self, OpenError> {
        let failed = |error| OpenError::Folder { dir: dir.into(), error };
        make(dir).map_err(failed)?;
        let path = dir.join("kontor.lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut lock = options.open(path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Taken { dir: dir.into(), pid: owner(&mut lock) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        sign(&mut lock).map_err(failed)?;
        Ok(Self { dir: dir.into(), _lock: Some(lock) })
    }

    /// A folder that may belong to another process, for reading only. There has to be a database.
    pub fn beside(dir: &Path) -> Result<Self, OpenError> {
        let folder = Self { dir: dir.into(), _lock: None };
        let there = std::fs::metadata(folder.database());
        there.map_err(|error| OpenError::Folder { dir: dir.into(), error })?;
        Ok(folder)
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.dir.join("kontor.db")
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.dir.fmt(f)
    }
}

/// The folder holds customers' data, so others may not look into a new one.
fn make(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn sign(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{}", std::process::id())
}

fn owner(lock: &mut File) -> String {
    let mut pid = String::new();
    match lock.read_to_string(&mut pid) {
        Ok(_) if !pid.trim().is_empty() => pid.trim().into(),
        _ => "unknown".into(),
    }
}
