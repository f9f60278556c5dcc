//! The demo proves itself, on the embedded database.

use kontor::demo::{DemoArgs, Folder, run, settings};
use std::process::ExitCode;

#[tokio::test(flavor = "multi_thread")]
async fn demo_for_three_seconds_proves_itself() {
    let folder = Folder::new(None).unwrap();
    let args = DemoArgs { seconds: Some(3), listen: None, amqp_url: None, shoppers: 16 };
    let code = run(args, false, settings(&folder, None)).await;
    // An exit code tells nothing but what it prints.
    assert_eq!(format!("{code:?}"), format!("{:?}", Ok::<_, String>(ExitCode::SUCCESS)));
}
