//! The embedded database's disk is full, or reads only. The disk is a small one in memory, which
//! only root may mount; elsewhere the scenario says that it was left out.

use super::{Ground, Injected, conclude, inject};
use crate::{
    Outcome,
    checker::Verdict,
    cluster::is_root,
    load::Load,
    process::{run, say},
    site::{Kind, Site},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

const CUSTOMERS: usize = 4;

/// A disk of some megabytes, taken away at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path) -> Outcome<Self> {
        std::fs::create_dir_all(folder)?;
        mount(&["-t", "tmpfs", "-o", "size=96m", "none"], folder)?;
        Ok(Self(folder.to_owned()))
    }

    fn remount(&self, options: &str) -> Outcome<()> {
        mount(&["-o", &format!("remount,{options}")], &self.0)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let mut command = Command::new("umount");
        command.arg("-l").arg(&self.0);
        // It may be gone already.
        let _ = run(command);
    }
}

fn mount(words: &[&str], folder: &Path) -> Outcome<()> {
    let mut command = Command::new("mount");
    command.args(words).arg(folder);
    run(command).map(drop)
}

/// Fills the disk, and makes it read only; both end, and sales go on.
pub async fn disk(ground: &Ground) -> Outcome<(Injected, Verdict)> {
    let mut injected = Injected::new();
    let folder = ground.folder.join("disk-full");
    let disk = match is_root()?.then(|| SmallDisk::mount(&folder.join("small"))) {
        Some(Ok(disk)) => disk,
        _ => {
            say("  left out: only root may mount a small disk");
            return Ok((injected, Verdict::default()));
        }
    };
    let mut site =
        Site::create(&ground.programs, &folder, Kind::Sqlite, &ground.servers, false).await?;
    site.keep_data_in(&disk.0.join("data"));
    site.start().await?;
    site.open_shop().await?;
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    let outage = Duration::from_secs(if ground.extent.long { 20 } else { 3 });
    for _ in 0..ground.extent.rounds {
        load.more(10).await?;
        let ballast = disk.0.join("ballast");
        fill(&ballast);
        inject(&mut injected, "SQLite's disk full");
        tokio::time::sleep(outage).await;
        // Killed with a full disk, it starts when there is room again.
        site.kill()?;
        inject(&mut injected, "kill -9 on a full disk");
        std::fs::remove_file(&ballast)?;
        site.start().await?;
        load.more(10).await?;
        // Files that are open for writing keep a disk from being made read only by force, so the
        // node is killed first and cannot start until the disk is back.
        site.kill()?;
        disk.remount("ro")?;
        site.launch()?;
        inject(&mut injected, "a start on a disk that reads only");
        tokio::time::sleep(outage).await;
        site.kill()?;
        disk.remount("rw")?;
        site.start().await?;
        load.more(10).await?;
    }
    let verdict = conclude(&mut site, load).await?;
    drop(site);
    Ok((injected, verdict))
}

/// Writes until there is no room.
fn fill(file: &Path) {
    use std::io::Write;
    let Ok(mut file) = std::fs::File::create(file) else { return };
    for size in [1024 * 1024, 4096, 512] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}
