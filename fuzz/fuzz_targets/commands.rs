//! Commands as they come in bodies and messages: whatever the bytes are, reading and deciding do not
//! panic, what was read is written and read again the same, and what was decided can be stored.

#![no_main]

use kontor_actors::{
    catalog::Catalog, domain::Domain, notification::Notification, order::Order, payment::Payment,
    payout::Payout, schedule::Schedule, stock::Stock, supplier::Supplier, tenant::Tenant,
    testing::given, user::User, webhook::Webhook,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((which, json)) = bytes.split_first() else { return };
    match which % 11 {
        0 => obey::<Order>(json),
        1 => obey::<Stock>(json),
        2 => obey::<Payment>(json),
        3 => obey::<Notification>(json),
        4 => obey::<Catalog>(json),
        5 => obey::<Supplier>(json),
        6 => obey::<Tenant>(json),
        7 => obey::<User>(json),
        8 => obey::<Webhook>(json),
        9 => obey::<Schedule>(json),
        _ => obey::<Payout>(json),
    }
});

/// One command a line; each is decided on what those before it have left.
fn obey<D: Domain>(json: &[u8]) {
    let mut stage = given::<D>([]);
    for line in json.split(|byte| *byte == b'\n').take(16) {
        let Ok(command) = serde_json::from_slice::<D::Command>(line) else { continue };
        let text = serde_json::to_string(&command).expect("a command can be written");
        let again: D::Command = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(format!("{command:?}"), format!("{again:?}"));
        let Ok(events) = stage.obey(command) else { continue };
        for (owner, event) in events {
            let text = serde_json::to_string(&event).expect("an event can be written");
            let again: D::Event = serde_json::from_str(&text).expect("an event can be read");
            assert_eq!(event, again);
            let state = stage.state(&owner);
            let text = serde_json::to_string(&state).expect("a state can be written");
            let again: D::State = serde_json::from_str(&text).expect("a state can be read");
            assert_eq!(state, again, "{text}");
        }
    }
}
