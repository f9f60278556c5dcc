//! What a measurement was made on, and how much memory it took.

use serde::Serialize;
use std::fs;

/// The machine.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    /// Its processor.
    cpu: String,
    /// How many of them.
    cores: usize,
    /// Its memory.
    memory_mb: u64,
    /// `sqlite` or `postgres`.
    database: &'static str,
    /// Whether the program was built with optimisation.
    optimised: bool,
}

impl Machine {
    pub(super) fn here(database: &'static str) -> Self {
        let cpu = line("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let memory = line("/proc/meminfo", "MemTotal").and_then(|text| kilobytes(&text));
        let memory_mb = memory.unwrap_or(0) / 1024;
        Self { cpu, cores, memory_mb, database, optimised: !cfg!(debug_assertions) }
    }
}

/// Forgets how much memory the process had at most; false where that cannot be told.
pub(super) fn forget_memory() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// How much memory the process had at most, in megabytes.
pub(super) fn memory_max_mb() -> u64 {
    let told = line("/proc/self/status", "VmHWM").and_then(|text| kilobytes(&text));
    told.unwrap_or(0).div_ceil(1024)
}

fn line(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let found = text.lines().find(|line| line.starts_with(name))?;
    Some(found.split_once(':')?.1.trim().to_owned())
}

fn kilobytes(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}
