//! The node's memory is at its limit: the kernel takes pages away from it, and ends it where no more
//! can be had. Only root may set limits of a group; elsewhere the scenario says that it was left out.

use super::{Ground, Injected, conclude, inject};
use crate::{
    Outcome, checker::Verdict, cluster::is_root, load::Load, process::say, site::Kind, until,
};
use std::{fs, path::PathBuf, time::Duration};

const CUSTOMERS: usize = 8;
/// What the node has while nothing is injected.
const PLENTY: u64 = 4 << 30;
/// How close to what it uses the limit comes: less than a busy second needs.
const ROOM: u64 = 1 << 20;

/// A group of processes whose memory has a limit, taken away with its owner.
struct Group {
    folder: PathBuf,
    limit: &'static str,
    usage: &'static str,
}

impl Group {
    fn create() -> Outcome<Self> {
        let name = format!("kontor-faults-{}", std::process::id());
        // The first is how the kernel shows groups of its first version, the second how of its own.
        let old = PathBuf::from("/sys/fs/cgroup/memory");
        let group = if old.join("memory.limit_in_bytes").exists() {
            let (limit, usage) = ("memory.limit_in_bytes", "memory.usage_in_bytes");
            Self { folder: old.join(name), limit, usage }
        } else {
            let folder = PathBuf::from("/sys/fs/cgroup").join(name);
            Self { folder, limit: "memory.max", usage: "memory.current" }
        };
        fs::create_dir(&group.folder)?;
        group.allow(PLENTY)?;
        Ok(group)
    }

    fn allow(&self, bytes: u64) -> Outcome<()> {
        Ok(fs::write(self.folder.join(self.limit), bytes.to_string())?)
    }

    fn used(&self) -> Outcome<u64> {
        Ok(fs::read_to_string(self.folder.join(self.usage))?.trim().parse()?)
    }

    fn take_in(&self, pid: u32) -> Outcome<()> {
        Ok(fs::write(self.folder.join("cgroup.procs"), pid.to_string())?)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Its processes are gone by then; if one is not, the empty group costs nobody anything.
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Takes the node's memory away under load, until the kernel ends it.
pub async fn memory(ground: &Ground) -> Outcome<(Injected, Verdict)> {
    let mut injected = Injected::new();
    let group = match is_root()?.then(Group::create) {
        Some(Ok(group)) => group,
        other => {
            let why = other.and_then(Result::err).map(|fault| fault.to_string());
            say(format!("  left out: no group of processes can be limited: {why:?}"));
            return Ok((injected, Verdict::default()));
        }
    };
    let mut site = ground.site("memory", Kind::Sqlite, false).await?;
    site.kill()?;
    restart(&mut site, &group).await?;
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    let patience = Duration::from_secs(if ground.extent.long { 120 } else { 20 });
    for _ in 0..2 * ground.extent.rounds {
        load.more(10).await?;
        let ended = squeeze(&mut site, &group, patience).await?;
        inject(
            &mut injected,
            if ended { "ended by the kernel for its memory" } else { "memory at its limit" },
        );
        site.kill()?;
        group.allow(PLENTY)?;
        restart(&mut site, &group).await?;
        load.more(10).await?;
    }
    let verdict = conclude(&mut site, load).await?;
    drop(site);
    Ok((injected, verdict))
}

async fn restart(site: &mut crate::site::Site, group: &Group) -> Outcome<()> {
    site.launch()?;
    group.take_in(site.node.as_ref().ok_or("no node")?.pid())?;
    site.ready(Duration::from_secs(90)).await
}

/// Brings the limit down after what is used, again and again; whether the node was ended.
async fn squeeze(site: &mut crate::site::Site, group: &Group, patience: Duration) -> Outcome<bool> {
    let node = site.node.as_mut().ok_or("no node")?;
    let ended = until("the end of a node without memory", patience, || {
        // The kernel refuses a limit that it cannot reach; then it has given back what it could.
        let _ = group.used().and_then(|used| group.allow(used.saturating_sub(ROOM)));
        let over = node.is_over();
        async move { over.then_some(()) }
    });
    Ok(ended.await.is_ok())
}
