//! Where the `kontor` binary is: beside the tests, built first unless `./test` has done so.

use std::{path::PathBuf, process::Command, sync::OnceLock};

/// The binary, brought up to date once a process.
///
/// # Panics
/// If it cannot be built.
pub fn kontor() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| given().unwrap_or_else(build)).clone()
}

fn given() -> Option<PathBuf> {
    std::env::var_os("KONTOR_TEST_BINARY").map(PathBuf::from)
}

fn build() -> PathBuf {
    // target/<profile>/deps/<test>
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "kontor", "--bin", "kontor"]);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(built.success(), "the kontor binary does not build");
    folder.join("kontor")
}

/// The interpreter with the providers' and the broker's own clients.
///
/// # Panics
/// If `KONTOR_TEST_PYTHON` names none and there is none in `target/test-venv`.
pub fn python() -> PathBuf {
    if let Some(given) = std::env::var_os("KONTOR_TEST_PYTHON") {
        return PathBuf::from(given);
    }
    let test = std::env::current_exe().unwrap();
    let python = test.ancestors().nth(3).unwrap().join("test-venv/bin/python");
    assert!(python.exists(), "no {}: run ./test, which makes it", python.display());
    python
}
