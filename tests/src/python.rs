//! Programs that know nothing of Kontor: the broker's and the providers' own clients, in Python.

use crate::binary;
use serde_json::Value;
use std::process::{Command, Stdio};

/// Runs a script of `tests/python` with one JSON argument, and reads the JSON of its last line.
///
/// # Panics
/// If it fails; with what it said.
pub async fn run(script: &str, input: Value) -> Value {
    let mut command = Command::new(binary::python());
    command.arg(format!("{}/python/{script}", env!("CARGO_MANIFEST_DIR"))).arg(input.to_string());
    let output = finish(command).await;
    let said = format!("{}\n{}", output.0, output.1);
    assert!(output.2, "{script} failed:\n{said}");
    let last = output.0.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|_| panic!("{script} said no JSON last:\n{said}"))
}

/// Runs a program to its end: standard output, standard error, whether it was content.
///
/// # Panics
/// If it cannot be run.
pub async fn finish(mut command: Command) -> (String, String, bool) {
    command.stdin(Stdio::null());
    let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&ran.stdout), text(&ran.stderr), ran.status.success())
}
