//! The console, as people use it: in a real browser, on a demo of its own.

use kontor_tests::binary;
use std::{path::Path, process::Command};

#[test]
fn people_do_their_work_in_the_console() {
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../console/tests/browser/run");
    let mut run = Command::new(run);
    run.arg(binary::kontor()).env("KONTOR_TEST_PYTHON", binary::python());
    let ended = run.output().unwrap();
    let (said, wrong) = (&ended.stdout, &ended.stderr);
    assert!(
        ended.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(said),
        String::from_utf8_lossy(wrong)
    );
}
