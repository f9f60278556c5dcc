//! How much of the machine each process took, as Linux tells it; elsewhere nothing is told.

// Shares of a core are shown to people; nothing here is money or stock.
#![allow(clippy::float_arithmetic)]

use super::times::rounded;
use serde::Serialize;
use std::{
    collections::HashMap,
    fs,
    time::{Duration, Instant},
};

/// What Linux counts a process's time in, whatever the kernel's own clock is.
const TICKS_PER_SECOND: u64 = 100;

/// The process that makes the load.
const LOAD: &str = "load";

/// A process, or a server with all of its processes.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    name: &'static str,
    root: u32,
}

/// What one of them took.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Usage {
    /// Which: `node`, `load`, `postgres`, `rabbitmq`.
    pub(super) process: &'static str,
    /// How many cores it kept busy.
    pub(super) cores: f64,
    /// Microseconds of a core for each unit.
    pub(super) each_us: u64,
    /// Memory that it had at most, since it began.
    pub(super) memory_max_mb: u64,
}

/// The machine's clocks as they were.
pub(super) struct Clocks {
    watched: Vec<(Watched, u64)>,
    machine: (u64, u64),
    since: Instant,
}

impl Watched {
    /// This process: it makes the load.
    pub(super) fn load() -> Self {
        Self { name: LOAD, root: std::process::id() }
    }

    /// A process that this one has started.
    pub(super) fn node(pid: u32) -> Self {
        Self { name: "node", root: pid }
    }

    /// Whoever listens on a port of this machine, if it can be told.
    pub(super) fn listener(name: &'static str, port: u16) -> Option<Self> {
        let inode = listening(&fs::read_to_string("/proc/net/tcp").ok()?, port)
            .or_else(|| listening(&fs::read_to_string("/proc/net/tcp6").ok()?, port))?;
        let socket = format!("socket:[{inode}]");
        let owns = |pid: &u32| {
            let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
            files
                .map(|file| fs::read_link(file.path()))
                .any(|link| link.is_ok_and(|link| link.as_os_str() == socket.as_str()))
        };
        // A server's own children hold its socket too, and come after it.
        let root = pids().filter(owns).min()?;
        Some(Self { name, root })
    }

    fn ticks(&self, all: &HashMap<u32, Stat>) -> u64 {
        let Some(root) = all.get(&self.root) else { return 0 };
        if self.name == LOAD {
            // Its children are the nodes that it has started.
            return root.own;
        }
        let children = all.values().filter(|stat| stat.parent == self.root);
        root.own + root.ended + children.map(|stat| stat.own + stat.ended).sum::<u64>()
    }

    fn memory_max_mb(&self) -> u64 {
        memory_mb(self.root, "VmHWM")
    }
}

impl Clocks {
    /// Begins to watch.
    pub(super) fn start(watched: &[Watched]) -> Self {
        let all = stats();
        let watched = watched.iter().map(|each| (each.clone(), each.ticks(&all))).collect();
        Self { watched, machine: machine_ticks(), since: Instant::now() }
    }

    /// What each has taken since, for so many units.
    pub(super) fn usage(&self, units: u64) -> Vec<Usage> {
        let (took, all) = (self.since.elapsed(), stats());
        let usage = |(watched, before): &(Watched, u64)| {
            let ticks = watched.ticks(&all).saturating_sub(*before);
            let busy = Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND);
            Usage {
                process: watched.name,
                cores: rounded(busy.as_secs_f64() / took.as_secs_f64().max(0.001)),
                each_us: busy.as_micros() as u64 / units.max(1),
                memory_max_mb: watched.memory_max_mb(),
            }
        };
        self.watched.iter().map(usage).collect()
    }

    /// Hundredths of the machine's time that its host has taken for others since.
    pub(super) fn steal_percent(&self) -> f64 {
        let (all, stolen) = machine_ticks();
        let all = all.saturating_sub(self.machine.0).max(1);
        rounded(100.0 * stolen.saturating_sub(self.machine.1) as f64 / all as f64)
    }
}

/// A process's clocks.
#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    own: u64,
    /// Of children that have ended and were waited for.
    ended: u64,
}

fn pids() -> impl Iterator<Item = u32> {
    let folders = fs::read_dir("/proc").into_iter().flatten().flatten();
    folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok())
}

fn stats() -> HashMap<u32, Stat> {
    let of = |pid: u32| Some((pid, stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?));
    pids().filter_map(of).collect()
}

/// The line of `/proc/<pid>/stat`; the program's name in it may hold blanks and brackets.
fn stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(number(1)?).ok()?,
        own: number(11)? + number(12)?,
        ended: number(13)? + number(14)?,
    })
}

/// The inode of the socket that listens on a port, out of `/proc/net/tcp`.
fn listening(table: &str, port: u16) -> Option<u64> {
    const LISTENS: &str = "0A";
    let wanted = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, local, _, state, ..] = fields[..] else { return None };
        let found = local.ends_with(&wanted) && state == LISTENS;
        found.then(|| fields.get(9)?.parse().ok()).flatten()
    })
}

/// All of the machine's time, and what its host took of it.
fn machine_ticks() -> (u64, u64) {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let ticks: Vec<u64> =
        first.split_whitespace().skip(1).take(8).filter_map(|part| part.parse().ok()).collect();
    (ticks.iter().sum(), ticks.get(7).copied().unwrap_or(0))
}

/// A process's memory in megabytes: `VmRSS` now, `VmHWM` at most.
pub(super) fn memory_mb(pid: u32, name: &str) -> u64 {
    let told = line(&format!("/proc/{pid}/status"), name);
    told.and_then(|text| kilobytes(&text)).unwrap_or(0).div_ceil(1024)
}

/// A line of a file that Linux keeps, after its name.
pub(super) fn line(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let found = text.lines().find(|line| line.starts_with(name))?;
    Some(found.split_once(':')?.1.trim().to_owned())
}

/// The number of a line that ends with `kB`.
pub(super) fn kilobytes(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_be_called_anything() {
        let text = "7 (a) b) S 3 7 7 0 -1 4194560 1 2 0 0 11 22 33 44 20 0 1 0 5 6 7";
        assert_eq!(stat(text), Some(Stat { parent: 3, own: 33, ended: 77 }));
        assert_eq!(stat("nothing"), None);
    }

    #[test]
    fn only_who_listens_is_found_by_a_port() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode\n\
             0: 0100007F:1538 0100007F:9C40 01 00000000:00000000 00:00000000 00000000 0 0 1111 1\n\
             1: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 2222 1\n";
        assert_eq!(listening(table, 5432), Some(2222));
        assert_eq!(listening(table, 5433), None);
    }
}
