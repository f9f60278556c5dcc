//! Replay equals state: every state derived from the journal alone is what is stored.

use crate::{python::finish, site::Site};

/// Compares a site's journal with its states, keys and cursors.
///
/// # Panics
/// If they differ.
pub async fn assert_replays(site: &Site) {
    let (stdout, stderr, sound) = finish(site.kontor(&["--json", "journal", "verify"])).await;
    assert!(sound, "{stdout}\n{stderr}");
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["sound"], true, "{report}");
    assert!(0 < report["events"].as_u64().unwrap(), "there was nothing to be compared: {report}");
}
