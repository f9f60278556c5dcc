//! The rules of reconciliation, each as a sentence.

use super::{
    Reconciliation,
    compare::{self, Day, Place, Sums},
    decide::difference_entity,
};
use crate::{
    payment::PaymentDocument,
    testing::{NOW, Stage, given},
};
use kontor_messages::{
    Currency, EntityId, Money, Timestamp,
    reconciliation::{
        Difference, DifferenceKind as K, ReconciliationCommand as C, ReconciliationEvent as E,
        ReconciliationRefusal as R, Report, Settling, run_entity,
    },
};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: &str = "2026-01-15";

fn run() -> EntityId {
    run_entity("r1")
}

fn request() -> C {
    C::Request { run: run(), provider: "stripe".into(), account: "main".into(), day: DAY.into() }
}

fn place() -> Place {
    Place { provider: "stripe".into(), account: "main".into(), day: DAY.into() }
}

fn missing(reference: &str) -> Difference {
    place().difference(K::MissingHere, reference, None)
}

fn found(references: &[&str]) -> C {
    let differences = references.iter().map(|name| missing(name)).collect();
    C::RecordDifferences { run: run(), differences }
}

fn asked() -> Stage<Reconciliation> {
    given([]).when(request()).then_names(&["reconciliation.requested"])
}

fn begun() -> Stage<Reconciliation> {
    asked().when(C::RecordBegun { run: run() }).then_names(&["reconciliation.begun"])
}

#[test]
fn a_run_is_asked_for_begun_and_completed_with_its_report() {
    let report = Report { theirs: 3, ours: 2, matched: 2, differences: 1 };
    let stage = begun();
    stage
        .when(request())
        .then_nothing()
        .when(found(&["txn_1"]))
        .then_names(&["reconciliation.difference_found"])
        .when(C::RecordCompleted { run: run(), report })
        .then([(run(), E::Completed { report })])
        .when(found(&["txn_2"]))
        .then_nothing()
        .when(C::RecordNotOffered { run: run() })
        .then_nothing();
}

#[test]
fn a_day_an_account_and_a_provider_are_named_as_they_should() {
    let wish = |provider: &str, account: &str, day: &str| {
        let (provider, account, day) = (provider.into(), account.into(), day.into());
        given::<Reconciliation>([]).when(C::Request { run: run(), provider, account, day }).result
    };
    assert!(wish("stripe", "main", DAY).is_ok());
    for (provider, account, day, at) in [
        ("", "main", DAY, "/provider"),
        ("stripe", "a/b", DAY, "/account"),
        ("stripe", "main", "yesterday", "/day"),
        ("stripe", "main", "2026-02-30", "/day"),
        ("stripe", "main", "2026-1-1", "/day"),
    ] {
        let refused = wish(provider, account, day).unwrap_err();
        assert!(matches!(&refused, R::Invalid { pointer, .. } if pointer == at), "{refused:?}");
    }
}

#[test]
fn a_run_that_nobody_ends_is_begun_again_and_given_up_in_the_end() {
    let mut stage = begun();
    let mut names = Vec::new();
    for _ in 0..20 {
        stage = stage.after(HOUR);
        let wake = C::Wake { entity: run() };
        names.extend(stage.obey(wake).unwrap().into_iter().map(|(_, event)| event.name()));
    }
    assert_eq!(names.len(), 9, "{names:?}");
    assert_eq!(names.pop(), Some("reconciliation.failed"));
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>().len(), 1);
}

#[test]
fn what_can_be_tried_again_is_and_what_cannot_is_left_to_a_person() {
    let failed = |retry_at| C::RecordFailed { run: run(), problem: "busy".into(), retry_at };
    let stage = begun()
        .when(failed(Some(NOW.plus(HOUR))))
        .then_names(&["reconciliation.postponed"])
        .after(HOUR)
        .when(C::Wake { entity: run() })
        .then_names(&["reconciliation.repeated"]);
    stage.when(failed(None)).then_names(&["reconciliation.failed"]);
}

#[test]
fn the_same_difference_of_the_same_day_is_one() {
    let stage = begun()
        .when(found(&["txn_1", "txn_1", "txn_2"]))
        .then_names(&["reconciliation.difference_found"; 2])
        .when(found(&["txn_2"]))
        .then_nothing();
    let known = stage.state(&difference_entity(&missing("txn_1")));
    assert_eq!(known.difference().unwrap().run, run());
}

#[test]
fn a_difference_has_an_owner_and_is_settled_once_with_a_reason() {
    let entity = difference_entity(&missing("txn_1"));
    let assign = |owner: Option<&str>| C::Assign {
        difference: entity.clone(),
        owner: owner.map(str::to_owned),
    };
    let settle = |how, note: Option<&str>| C::Settle {
        difference: entity.clone(),
        how,
        note: note.map(str::to_owned),
    };
    let stage = begun()
        .when(found(&["txn_1"]))
        .then_names(&["reconciliation.difference_found"])
        .when(assign(Some("olga")))
        .then_names(&["reconciliation.difference_assigned"])
        .when(assign(Some("olga")))
        .then_nothing();
    let mut stage = stage;
    assert!(stage.obey(settle(Settling::WrittenOff, None)).is_err(), "it says why");
    assert!(stage.obey(settle(Settling::AskedProvider, None)).is_err(), "whom to ask about?");
    stage
        .when(settle(Settling::WrittenOff, Some("a test payment")))
        .then_names(&["reconciliation.difference_settled"])
        .when(settle(Settling::WrittenOff, Some("a test payment")))
        .then_nothing()
        .when(settle(Settling::ByHand, Some("other")))
        .refused(R::Settled);
}

#[test]
fn a_difference_that_nobody_settles_is_told_once() {
    let stage = begun().when(found(&["txn_1"])).then_names(&["reconciliation.difference_found"]);
    let entity = difference_entity(&missing("txn_1"));
    let wake = || C::Wake { entity: entity.clone() };
    stage
        .when(wake())
        .then_nothing()
        .after(HOUR * 72)
        .when(wake())
        .then_names(&["reconciliation.difference_overdue"])
        .when(wake())
        .then_nothing();
}

fn czk(amount: i64) -> Money {
    Money::new(amount, Currency::CZK)
}

/// A payment of which so much has come and gone back.
fn payment(captured: i64, refunded: i64) -> PaymentDocument {
    let attempt = json!({ "attempt": 1, "provider": "stripe", "account": "main",
        "status": "paid", "references": ["pi_1"], "until": NOW, "currency": "CZK",
        "authorized_minor": 0, "captured_minor": captured, "refunded_minor": refunded,
        "charged_back_minor": 0, "calls_made": 1 });
    let document = json!({ "status": "paid", "amount_minor": 1000, "currency": "CZK",
        "authorized_minor": 0, "captured_minor": captured, "refunded_minor": refunded,
        "charged_back_minor": 0, "capture": "automatic", "description": "an order",
        "until": NOW, "attempts": [attempt] });
    serde_json::from_value(document).unwrap()
}

fn sums(came: i64, went: i64) -> Sums {
    let mut sums = Sums::default();
    if came != 0 || went != 0 {
        sums.add(came, went, Currency::CZK, true);
    }
    sums
}

fn kinds(document: &PaymentDocument, booked: &Sums, theirs: &Sums) -> Vec<K> {
    let id = EntityId::named("p1");
    let found = compare::payment(&place(), &id, document, booked, theirs);
    found.into_iter().map(|difference| difference.kind).collect()
}

#[test]
fn lists_that_say_the_same_do_not_differ() {
    assert_eq!(kinds(&payment(1000, 300), &sums(1000, 300), &sums(1000, 300)), []);
    // We learned of it after the day.
    assert_eq!(kinds(&payment(1000, 300), &sums(0, 0), &sums(1000, 300)), []);
    // What came before the list begins is not in it.
    assert_eq!(kinds(&payment(1000, 300), &sums(0, 300), &sums(0, 300)), []);
    // The rest of a transfer came later.
    assert_eq!(kinds(&payment(1000, 0), &sums(900, 0), &sums(900, 0)), []);
}

#[test]
fn lists_that_say_otherwise_differ_in_one_way_each() {
    assert_eq!(kinds(&payment(1000, 0), &sums(1000, 0), &sums(0, 0)), [K::MissingThere]);
    assert_eq!(kinds(&payment(0, 0), &sums(0, 0), &sums(1000, 0)), [K::Status]);
    assert_eq!(kinds(&payment(900, 0), &sums(900, 0), &sums(1000, 0)), [K::Amount]);
    assert_eq!(kinds(&payment(1000, 0), &sums(1000, 0), &sums(900, 0)), [K::Amount]);
    assert_eq!(kinds(&payment(1000, 0), &sums(1000, 0), &sums(1000, 300)), [K::Refund]);
    assert_eq!(kinds(&payment(1000, 300), &sums(1000, 300), &sums(1000, 0)), [K::Refund]);
    let mut euros = Sums::default();
    euros.add(1000, 0, Currency::EUR, true);
    assert_eq!(kinds(&payment(1000, 0), &sums(1000, 0), &euros), [K::Currency]);
}

#[test]
fn what_neither_list_has_on_the_day_is_another_day_s_matter() {
    let mut before = sums(1000, 0);
    before.on_day = false;
    assert_eq!(kinds(&payment(0, 0), &sums(0, 0), &before), []);
}

#[test]
fn a_difference_says_what_we_have_and_what_they_have() {
    let id = EntityId::named("p1");
    let found = compare::payment(&place(), &id, &payment(900, 0), &sums(900, 0), &sums(1000, 0));
    assert_eq!((found[0].ours, found[0].theirs), (Some(czk(900)), Some(czk(1000))));
    assert_eq!(found[0].payment, Some(id));
}

#[test]
fn a_day_begins_and_ends_at_midnight_and_the_list_begins_before_it() {
    let day = Day::parse(DAY).unwrap();
    let at = |text: &str| Timestamp::parse(text).unwrap();
    assert!(day.holds(at("2026-01-15T00:00:00Z")) && day.holds(at("2026-01-15T23:59:59Z")));
    assert!(!day.holds(at("2026-01-16T00:00:00Z")));
    assert_eq!(day.begin(), at("2026-01-12T00:00:00Z"));
}

/// Each event's JSON, kept for ever: adding is free, changing fails.
#[test]
fn every_event_reads_and_writes_the_json_it_was_released_with() {
    let pinned: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("pinned/events.json")).unwrap();
    let mut names = BTreeSet::new();
    for value in pinned {
        let event: E = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), value);
        names.insert(event.name());
    }
    assert_eq!(names.len(), 11);
}
