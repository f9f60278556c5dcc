//! The program around the library.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use kontor_sandbox::plain_client;
use serde_json::Value;

use crate::world::PATIENCE;

/// Ends the program when the test does, however it does.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_program_prints_where_it_listens_and_serves_there() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kontor-sandbox"));
    command.args(["--account", "sk_test_shop,http://127.0.0.1:1/hook,whsec_x"]);
    let mut running = Running(command.stdout(Stdio::piped()).spawn().expect("the program"));
    let mut line = String::new();
    let output = running.0.stdout.take().expect("its output");
    BufReader::new(output).read_line(&mut line).expect("a line");
    let addresses: Value = serde_json::from_str(&line).expect("addresses");
    let client = plain_client(PATIENCE).expect("a client");
    for name in ["stripe", "receiver"] {
        let base = addresses[name].as_str().expect("an address");
        let answer = client.get(format!("{base}/_sandbox/stripe/summary")).send().await;
        let summary: Value = answer.expect("an answer").json().await.expect("a summary");
        assert!(summary["accounts"]["sk_test_shop"].is_object());
    }
    assert!(addresses["smtp"].as_str().is_some_and(|address| address.starts_with("127.0.0.1:")));
}
