//! A private PostgreSQL: a cluster in a folder, on a port of its own, that may be stopped, restarted
//! and spoilt without anybody else noticing.

use crate::{Outcome, free_port, process::run, until};
use sqlx::{Connection, Executor, PgConnection};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// A private PostgreSQL.
pub struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
    /// Where it listens.
    pub port: u16,
    as_postgres: bool,
    /// Words for its start that others have not.
    options: &'static str,
}

/// A commit is answered once the only standby has it.
const OF_A_PAIR: &str = "-c synchronous_standby_names=*";

impl Cluster {
    /// Makes one under `folder` and starts it.
    pub async fn create(folder: &Path) -> Outcome<Self> {
        let bin = newest_bin()?;
        let as_postgres = is_root()?;
        let cluster = Self::at(&folder.join("postgres"), bin, as_postgres)?;
        let data = cluster.data();
        let words = ["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"];
        run(cluster.program("initdb", &words))?;
        cluster.start().await?;
        Ok(cluster)
    }

    fn at(folder: &Path, bin: PathBuf, as_postgres: bool) -> Outcome<Self> {
        std::fs::create_dir_all(folder)?;
        if as_postgres {
            open_the_way(folder)?;
            run(command("chown", &["postgres", &folder.display().to_string()]))?;
        }
        Ok(Self { folder: folder.to_owned(), bin, port: free_port(), as_postgres, options: "" })
    }

    /// Makes a standby of it under `folder`, which has every commit before it is answered here from
    /// now on.
    pub async fn standby(&mut self, folder: &Path) -> Outcome<Self> {
        let standby = Self::at(folder, self.bin.clone(), self.as_postgres)?;
        let (data, port) = (standby.data(), self.port.to_string());
        let from = ["-h", "127.0.0.1", "-p", &port, "-U", "postgres"];
        let words = [&from[..], &["-D", &data, "-R", "-c", "fast"]].concat();
        run(standby.program("pg_basebackup", &words))?;
        standby.start().await?;
        self.stop("fast")?;
        self.options = OF_A_PAIR;
        self.start().await?;
        self.execute("CREATE TABLE IF NOT EXISTS both_have_it ()".to_owned()).await?;
        Ok(standby)
    }

    /// Makes a standby a server of its own.
    pub async fn promote(&self) -> Outcome<()> {
        run(self.program("pg_ctl", &["-D", &self.data(), "-w", "promote"]))?;
        self.answers().await
    }

    /// Starts the server, and waits until it answers.
    pub async fn start(&self) -> Outcome<()> {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=60 {}",
            self.port, self.options
        );
        let log = self.folder.join("server.log").display().to_string();
        let words = ["-D", &self.data(), "-l", &log, "-w", "-t", "60", "-o", &options, "start"];
        // Its output goes to the log, so that nobody waits for the end of a pipe that it inherits.
        let mut program = self.program("pg_ctl", &words);
        program.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let status = program.status()?;
        if !status.success() {
            return Err("PostgreSQL did not start".into());
        }
        self.answers().await
    }

    /// Whether the server has said this.
    pub fn has_said(&self, text: &str) -> bool {
        let log = std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        log.contains(text)
    }

    /// Whether the server has ended by itself.
    pub fn is_over(&self) -> Outcome<bool> {
        let mut status = self.program("pg_ctl", &["-D", &self.data(), "status"]);
        // 3: it does not run.
        Ok(status.output()?.status.code() == Some(3))
    }

    /// Stops the server: `fast`, or `immediate` as a power cut would.
    pub fn stop(&self, mode: &str) -> Outcome<()> {
        run(self.program("pg_ctl", &["-D", &self.data(), "-m", mode, "-w", "stop"])).map(drop)
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs a statement as the superuser.
    pub async fn execute(&self, statement: String) -> Outcome<()> {
        let mut connection = PgConnection::connect(&self.url("postgres")).await?;
        connection.execute(sqlx::AssertSqlSafe(statement)).await?;
        connection.close().await?;
        Ok(())
    }

    async fn answers(&self) -> Outcome<()> {
        let url = self.url("postgres");
        until("an answer of PostgreSQL", Duration::from_secs(60), || async {
            PgConnection::connect(&url).await.ok().map(drop)
        })
        .await
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn program(&self, name: &str, words: &[&str]) -> Command {
        let path = self.bin.join(name).display().to_string();
        let mut program = if self.as_postgres {
            let mut program = Command::new("runuser");
            program.args(["-u", "postgres", "--", &path]);
            program
        } else {
            Command::new(path)
        };
        program.args(words).current_dir(&self.folder);
        program
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // It may have been stopped already.
        let _ = self.stop("immediate");
    }
}

fn newest_bin() -> Outcome<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut bins: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    bins.sort();
    let bins = bins.into_iter().rev().chain(["/usr/local/bin".into(), "/usr/bin".into()]);
    let mut bins = bins.filter(|bin: &PathBuf| bin.join("initdb").exists());
    Ok(bins.next().ok_or("PostgreSQL is missing: install it")?)
}

/// PostgreSQL refuses to run as root, so root lends it a user, who has to reach its folder.
fn open_the_way(folder: &Path) -> Outcome<()> {
    for above in folder.ancestors().skip(1).filter(|above| above.starts_with(std::env::temp_dir()))
    {
        if above != std::env::temp_dir() {
            run(command("chmod", &["711", &above.display().to_string()]))?;
        }
    }
    Ok(())
}

/// Whether the harness runs as root.
pub fn is_root() -> Outcome<bool> {
    Ok(run(command("id", &["-u"]))?.trim() == "0")
}

fn command(name: &str, words: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(words);
    command
}
