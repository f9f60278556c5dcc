//! What a measurement was made on, and how much memory it took.

use super::{
    process::{kilobytes, line},
    times::per_second,
};
use serde::Serialize;
use std::{
    fmt,
    io::{Seek, SeekFrom, Write},
    time::{Duration, Instant},
};

/// For how long it is tried how fast the disk makes writes durable.
const TRIAL: Duration = Duration::from_millis(300);
/// Bytes of one such write: a page of a database.
const PAGE: usize = 8192;

/// The machine.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    /// Its processor.
    cpu: String,
    /// How many of them.
    cores: usize,
    /// Its memory.
    memory_mb: u64,
    /// How often a second 8 kB are made durable, one after another, where temporary files are;
    /// 0 if it was not tried.
    fsync_per_second: u64,
}

impl Machine {
    /// This machine, its disk untried.
    pub(super) fn here() -> Self {
        let cpu = line("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let memory = line("/proc/meminfo", "MemTotal").and_then(|text| kilobytes(&text));
        Self { cpu, cores, memory_mb: memory.unwrap_or(0) / 1024, fsync_per_second: 0 }
    }

    /// This machine, with its disk tried.
    pub(super) fn tried() -> Self {
        Self { fsync_per_second: fsync_per_second().unwrap_or(0), ..Self::here() }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, cores, memory_mb, fsync_per_second } = self;
        write!(f, "{cores} cores of {cpu}, {memory_mb} MB, {fsync_per_second} fsyncs/s")
    }
}

fn fsync_per_second() -> std::io::Result<u64> {
    let (mut file, page) = (tempfile::tempfile()?, [7; PAGE]);
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed() < TRIAL {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&page)?;
        file.sync_data()?;
        count += 1;
    }
    Ok(per_second(count, begun.elapsed()))
}

/// How much memory the process had at most, in megabytes.
pub(super) fn memory_max_mb() -> u64 {
    let told = line("/proc/self/status", "VmHWM").and_then(|text| kilobytes(&text));
    told.unwrap_or(0).div_ceil(1024)
}
