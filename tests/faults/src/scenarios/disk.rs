//! The disk of either database is full, or reads only. The disk is a small one in memory, which only
//! root may mount; elsewhere a scenario says that it was left out.

use super::{Ground, Injected, conclude, inject};
use crate::{
    Outcome,
    checker::Verdict,
    cluster::{Cluster, is_root},
    load::Load,
    process::{run, say},
    site::{Kind, Site},
    truth::Database,
    until,
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

const CUSTOMERS: usize = 4;
/// How long it may take until a disk without room is noticed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A disk of some megabytes, taken away at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path, size_mib: u32) -> Outcome<Self> {
        std::fs::create_dir_all(folder)?;
        mount(&["-t", "tmpfs", "-o", &format!("size={size_mib}m"), "none"], folder)?;
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
    let disk = match is_root()?.then(|| SmallDisk::mount(&folder.join("small"), 96)) {
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

/// Makes the files of a living node such that nobody may write them; that ends, and sales go on.
pub async fn read_only(ground: &Ground) -> Outcome<(Injected, Verdict)> {
    let mut injected = Injected::new();
    let mut site = ground.site("sqlite-read-only", Kind::Sqlite, false).await?;
    let Database::Sqlite(file) = site.database.clone() else { return Err("no SQLite".into()) };
    if let Err(fault) = Frozen::freeze(&file).map(drop) {
        say(format!("  left out: files cannot be frozen: {fault}"));
        site.terminate().await?;
        return Ok((injected, Verdict::default()));
    }
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    let outage = Duration::from_secs(if ground.extent.long { 20 } else { 3 });
    for _ in 0..2 * ground.extent.rounds {
        load.more(10).await?;
        let frozen = Frozen::freeze(&file)?;
        inject(&mut injected, "SQLite's files read only under a living node");
        tokio::time::sleep(outage).await;
        drop(frozen);
        load.more(10).await?;
    }
    Ok((injected, conclude(&mut site, load).await?))
}

/// A database's files that nobody may write, also who has them open; thawed with their owner. Not the
/// index of the WAL: it is mapped into memory, and the kernel ends whoever writes to a mapped page of
/// a file that may not be written. That is one more kill, and these are tried elsewhere.
struct Frozen(Vec<PathBuf>);

impl Frozen {
    fn freeze(file: &Path) -> Outcome<Self> {
        let names = ["", "-wal"].map(|end| format!("{}{end}", file.display()));
        let files = names.into_iter().map(PathBuf::from).filter(|file| file.exists()).collect();
        let frozen = Self(files);
        frozen.mark("+i")?;
        Ok(frozen)
    }

    fn mark(&self, how: &str) -> Outcome<()> {
        let mut command = Command::new("chattr");
        command.arg(how).args(&self.0);
        run(command).map(drop)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // One that is gone meanwhile needs no thaw.
        let _ = self.mark("-i");
    }
}

/// Fills the disk of PostgreSQL under load. It stops at that; with room again it is started.
pub async fn database(ground: &mut Ground) -> Outcome<(Injected, Verdict)> {
    let mut injected = Injected::new();
    let scratch = tempfile::tempdir()?;
    let disk = match is_root()?.then(|| SmallDisk::mount(&scratch.path().join("small"), 256)) {
        Some(Ok(disk)) => disk,
        _ => {
            say("  left out: only root may mount a small disk");
            return Ok((injected, Verdict::default()));
        }
    };
    let own = Cluster::create(&disk.0).await?;
    let shared = ground.servers.cluster.replace(own);
    let made = ground.site("database-disk", Kind::Postgres, false).await;
    let own = std::mem::replace(&mut ground.servers.cluster, shared).ok_or("no PostgreSQL")?;
    let mut site = made?;
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    let outage = Duration::from_secs(if ground.extent.long { 60 } else { 4 });
    for _ in 0..ground.extent.rounds {
        load.more(10).await?;
        let ballast = disk.0.join("ballast");
        fill(&ballast);
        // What it has reserved before is used up first.
        until("an order that PostgreSQL has no room for", PATIENCE, || async {
            own.has_said("No space left on device").then_some(())
        })
        .await?;
        inject(&mut injected, "PostgreSQL's disk full");
        tokio::time::sleep(outage).await;
        std::fs::remove_file(&ballast)?;
        if own.is_over()? {
            inject(&mut injected, "PostgreSQL ended by it, and started again");
            own.start().await?;
        }
        load.more(10).await?;
    }
    let verdict = conclude(&mut site, load).await?;
    drop((site, own));
    drop(disk);
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
