//! A `kontor serve` process.

use crate::{SOON, client::Client, site::OPERATOR, until, until_true};
use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

/// A process that serves; killed when it is dropped.
pub struct Node {
    process: Child,
    url: String,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// What it said to whoever started it.
    pub stderr: String,
}

impl Node {
    /// Starts a process that is to listen at `url`.
    ///
    /// # Panics
    /// If there is no such program.
    pub fn spawn(mut command: Command, url: String) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let stdout = keep(process.stdout.take().unwrap());
        let stderr = keep(process.stderr.take().unwrap());
        Self { process, url, stdout, stderr }
    }

    /// The platform's operator.
    pub fn operator(&self) -> Client {
        Client::new(&self.url, OPERATOR)
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Waits until it can serve.
    pub async fn ready(&self) {
        let http = kontor_sandbox::plain_client(Duration::from_secs(5)).unwrap();
        until_true(&format!("a node at {}", self.url), SOON, || async {
            let stderr = self.stderr();
            assert!(!stderr.lines().any(|line| line.starts_with("kontor: ")), "{stderr}");
            let answer = http.get(format!("{}/ready", self.url)).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    /// What it has said on standard output so far.
    pub fn stdout(&self) -> String {
        self.stdout.lock().unwrap().clone()
    }

    /// What it has said on standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// Ends it where it stands, as a power cut would.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub async fn terminate(&mut self) -> Ended {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.ended().await
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> Ended {
        let (process, stderr) = (&mut self.process, &self.stderr);
        let status = until("the node's end", SOON, || {
            let ended = process.try_wait().unwrap();
            async move { ended }
        })
        .await;
        Ended { status, stderr: stderr.lock().unwrap().clone() }
    }

    /// Memory that it uses, in KiB. A debug build's code is several times the real one's, so there
    /// only what it has allocated counts.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let member = if cfg!(debug_assertions) { "RssAnon:" } else { "VmRSS:" };
        let line = status.lines().find(|line| line.starts_with(member)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let stderr = self.stderr();
            let from = stderr.char_indices().rev().nth(8_000).map_or(0, |(at, _)| at);
            eprintln!("--- what the node at {} said ---\n{}", self.url, &stderr[from..]);
        }
    }
}

/// Reads a pipe to its end, so that the process never waits for a reader.
fn keep(pipe: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let kept = Arc::new(Mutex::new(String::new()));
    let text = Arc::clone(&kept);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut text = text.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
        }
    });
    kept
}
