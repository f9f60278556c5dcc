//! Events as a journal may hold them: `apply` never fails, whatever has happened before.

#![no_main]

use kontor_actors::{
    catalog::Catalog, domain::Domain, notification::Notification, order::Order, payment::Payment,
    payout::Payout, reconciliation::Reconciliation, schedule::Schedule, stock::Stock,
    supplier::Supplier, tenant::Tenant, testing::given, user::User, webhook::Webhook,
};
use kontor_messages::EntityId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((which, json)) = bytes.split_first() else { return };
    match which % 12 {
        0 => happen::<Order>(json),
        1 => happen::<Stock>(json),
        2 => happen::<Payment>(json),
        3 => happen::<Notification>(json),
        4 => happen::<Catalog>(json),
        5 => happen::<Supplier>(json),
        6 => happen::<Tenant>(json),
        7 => happen::<User>(json),
        8 => happen::<Webhook>(json),
        9 => happen::<Schedule>(json),
        10 => happen::<Reconciliation>(json),
        _ => happen::<Payout>(json),
    }
});

/// One event a line, all of one entity.
fn happen<D: Domain>(json: &[u8]) {
    let mut stage = given::<D>([]);
    let owner = EntityId::named("one");
    for line in json.split(|byte| *byte == b'\n').take(16) {
        let Ok(event) = serde_json::from_slice::<D::Event>(line) else { continue };
        assert!(D::event_name(&event).contains('.'));
        stage.happen(owner.clone(), event);
        let state = stage.state(&owner);
        let _ = (D::due(&state), D::status(&state), D::keys(&state), D::wake(&owner, &state));
        let text = serde_json::to_string(&state).expect("a state can be written");
        let again: D::State = serde_json::from_str(&text).expect("a state can be read");
        assert_eq!(state, again, "{text}");
    }
}
