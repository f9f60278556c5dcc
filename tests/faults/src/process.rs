//! Processes that the harness starts: the node, the sandbox, servers. Each ends with its owner.

use crate::{Outcome, until};
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

/// A process with its output in a file.
pub struct Process {
    child: Child,
    /// Where its output is kept.
    pub log: PathBuf,
}

impl Process {
    /// Starts it; its output is added to `log`.
    pub fn start(mut command: Command, log: &Path) -> Outcome<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        Ok(Self { child: command.spawn()?, log: log.to_owned() })
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it where it stands, as a power cut would.
    pub fn kill(&mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends a signal by its name, such as `TERM` or `STOP`.
    pub fn signal(&self, name: &str) -> Outcome<()> {
        let status =
            Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status()?;
        if status.success() { Ok(()) } else { Err(format!("kill -{name} failed").into()) }
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self, patience: Duration) -> Outcome<ExitStatus> {
        let child = &mut self.child;
        until("the end of a process", patience, || {
            let ended = child.try_wait().ok().flatten();
            async move { ended }
        })
        .await
    }

    /// Whether it has ended by itself.
    pub fn is_over(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Memory that it has allocated, in KiB.
    pub fn memory_kib(&self) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let word = line.and_then(|line| line.split_whitespace().next());
        Ok(word.ok_or("no RssAnon in /proc")?.parse()?)
    }

    /// File handles that it has open.
    pub fn handles(&self) -> Outcome<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.pid()))?.count())
    }

    /// The last lines of its output.
    pub fn tail(&self, lines: usize) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end; the error is what it said.
pub fn run(mut command: Command) -> Outcome<String> {
    let output = command.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {said}{complaint}").into())
}

/// Tells people how far the harness is.
pub fn say(text: impl AsRef<str>) {
    // Nobody may read it, and that is no reason to end.
    let _ = writeln!(std::io::stdout(), "{}", text.as_ref());
}
