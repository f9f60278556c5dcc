//! Media in a folder: `<tenant>/<first two digits>/<hash>.<ending>`.

use super::{MediaFault, MediaFormat};
use bytes::Bytes;
use kontor_messages::TenantId;
use std::{io, path::PathBuf};
use tokio::{fs, io::AsyncWriteExt};

pub(super) struct Disk {
    folder: PathBuf,
}

impl Disk {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Writes a file whole or not at all; one that is there has the same content, by its name.
    pub(super) async fn write(
        &self,
        tenant: &TenantId,
        name: &str,
        format: MediaFormat,
        content: &[u8],
    ) -> Result<(), MediaFault> {
        let folder = self.folder_of(tenant, name);
        let place = folder.join(format!("{name}.{}", format.ending()));
        if fs::try_exists(&place).await.map_err(fault)? {
            return Ok(());
        }
        fs::create_dir_all(&folder).await.map_err(fault)?;
        let unfinished = folder.join(format!("{name}.{:016x}.part", fastrand::u64(..)));
        let written = write_whole(&unfinished, content).await;
        let moved = match written {
            Ok(()) => fs::rename(&unfinished, &place).await,
            Err(broken) => Err(broken),
        };
        if let Err(broken) = moved {
            // What is left of it is no file of ours; it may stay if the disk will not have it.
            let _ = fs::remove_file(&unfinished).await;
            return Err(fault(broken));
        }
        Ok(())
    }

    pub(super) async fn read(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<(MediaFormat, Bytes)>, MediaFault> {
        let folder = self.folder_of(tenant, name);
        for format in MediaFormat::ALL {
            match fs::read(folder.join(format!("{name}.{}", format.ending()))).await {
                Ok(content) => return Ok(Some((format, content.into()))),
                Err(broken) if broken.kind() == io::ErrorKind::NotFound => {}
                Err(broken) => return Err(fault(broken)),
            }
        }
        Ok(None)
    }

    pub(super) async fn forget(&self, tenant: &TenantId) -> Result<(), MediaFault> {
        match fs::remove_dir_all(self.folder.join(tenant.as_str())).await {
            Err(broken) if broken.kind() != io::ErrorKind::NotFound => Err(fault(broken)),
            _ => Ok(()),
        }
    }

    /// A tenant's name is plain, and so is a hash: neither leads elsewhere.
    fn folder_of(&self, tenant: &TenantId, name: &str) -> PathBuf {
        self.folder.join(tenant.as_str()).join(name.get(..2).unwrap_or("00"))
    }
}

async fn write_whole(place: &PathBuf, content: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(place).await?;
    file.write_all(content).await?;
    file.sync_all().await
}

fn fault(broken: io::Error) -> MediaFault {
    MediaFault::Disk(broken.to_string())
}
