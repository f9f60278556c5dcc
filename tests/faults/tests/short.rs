//! The short version of what breaks around a node. `./test --long` runs the long one.

use std::{path::PathBuf, process::Command};

/// A program of the same build.
fn program(name: &str) -> PathBuf {
    std::path::Path::new(env!("CARGO_BIN_EXE_kontor-faults")).with_file_name(name)
}

#[test]
fn whatever_breaks_around_a_node_nothing_acknowledged_is_missing_doubled_or_oversold() {
    let mut harness = Command::new(env!("CARGO_BIN_EXE_kontor-faults"));
    harness.arg("--kontor").arg(
        std::env::var_os("KONTOR_TEST_BINARY").map_or_else(|| program("kontor"), PathBuf::from),
    );
    harness.arg("--sandbox").arg(program("kontor-sandbox"));
    if std::env::var_os("KONTOR_TEST_SERVERS").is_none() {
        harness.arg("--no-servers");
    }
    let ended = harness.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
}
