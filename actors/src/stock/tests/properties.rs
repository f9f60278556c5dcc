//! What must hold whatever is asked, in whatever order.

use super::*;
use crate::{book::Book, domain::Decision, stock::available, testing::tenant};
use kontor_messages::stock::Allocation;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const SKUS: [&str; 3] = ["A", "B", "C"];
const CODES: [&str; 3] = ["main", "side", "sup"];

/// Something asked for; times are minutes from the instant of asking.
#[derive(Clone, Debug)]
enum Ask {
    Move(MovementKind, usize, usize, i64),
    Observe(usize, i64, i64),
    ObserveMany(Vec<(usize, i64)>, i64),
    Transfer(u8, usize, usize, usize, i64),
    Receive(u8),
    Reserve(u8, Vec<(usize, i64, Option<usize>)>, u32, bool),
    Renew(u8, u32),
    Release(u8, Option<(usize, i64)>, u8, bool),
    Commit(u8),
    Expire(u8),
    Switch(usize, bool),
    Backorder(bool),
    Buffer(i64),
    Retotal(usize),
    Wait(u32),
}

fn ask() -> impl Strategy<Value = Ask> {
    let kind = prop_oneof![
        4 => Just(MovementKind::In),
        1 => Just(MovementKind::Out),
        1 => Just(MovementKind::Adjustment),
        1 => Just(MovementKind::Count),
    ];
    // The product after the last is a bundle of the first two.
    let lines = prop::collection::vec(
        (0..4_usize, 1..6_i64, prop::option::weighted(0.2, 0..3_usize)),
        1..4,
    );
    let part = prop::option::of((0..4_usize, 1..4_i64));
    prop_oneof![
        4 => (kind, 0..3_usize, 0..3_usize, -4..15_i64).prop_map(|(k, s, w, q)| Ask::Move(k, s, w, q)),
        4 => (0..3_usize, 0..12_i64, -1..9_i64).prop_map(|(s, q, at)| Ask::Observe(s, q, at)),
        2 => (prop::collection::vec((0..4_usize, 0..12_i64), 0..5), -1..9_i64)
            .prop_map(|(counts, at)| Ask::ObserveMany(counts, at)),
        1 => (0..3_u8, 0..3_usize, 0..3_usize, 0..3_usize, 1..6_i64)
            .prop_map(|(t, s, from, to, q)| Ask::Transfer(t, s, from, to, q)),
        1 => (0..3_u8).prop_map(Ask::Receive),
        8 => (0..5_u8, lines, 1..40_u32, prop::bool::weighted(0.25))
            .prop_map(|(r, l, until, paid)| Ask::Reserve(r, l, until, paid)),
        2 => (0..3_usize, 0..3_usize, 0..4_i64)
            .prop_map(|(s, w, q)| Ask::Move(MovementKind::Count, s, w, q)),
        1 => (0..5_u8, 1..40_u32).prop_map(|(r, until)| Ask::Renew(r, until)),
        4 => (0..5_u8, part, 0..6_u8, any::<bool>())
            .prop_map(|(r, part, key, cancel)| Ask::Release(r, part, key, cancel)),
        4 => (0..5_u8).prop_map(Ask::Commit),
        1 => (0..5_u8).prop_map(Ask::Expire),
        1 => (0..3_usize, any::<bool>()).prop_map(|(w, active)| Ask::Switch(w, active)),
        1 => any::<bool>().prop_map(Ask::Backorder),
        1 => (0..4_i64).prop_map(Ask::Buffer),
        1 => (0..3_usize).prop_map(Ask::Retotal),
        3 => (1..20_u32).prop_map(Ask::Wait),
    ]
}

fn name(sku: usize) -> String {
    SKUS.get(sku).copied().unwrap_or("KIT").to_owned()
}

/// The command for what is asked; `None` for a wait.
fn command(ask: &Ask, number: usize, now: Timestamp) -> Option<StockCommand> {
    let order = |r: u8| format!("o{r}");
    let code = |w: usize| CODES[w].to_owned();
    let at = |minutes: i64| Timestamp::from_millis(now.millis() + minutes * 60_000);
    Some(match ask.clone() {
        Ask::Move(kind, sku, w, quantity) => {
            moved(&format!("m{number}"), &name(sku), CODES[w], kind, quantity)
        }
        Ask::ObserveMany(counts, minutes) => {
            let counts = counts.into_iter().map(|(sku, units)| (name(sku), units)).collect();
            observed_many(counts, at(minutes))
        }
        Ask::Observe(sku, quantity, minutes) => observed(&name(sku), quantity, at(minutes)),
        Ask::Transfer(t, sku, from, to, quantity) => StockCommand::Transfer {
            transfer: id(&format!("t{t}")),
            sku: name(sku),
            from: code(from),
            to: code(to),
            quantity,
        },
        Ask::Receive(t) => StockCommand::ReceiveTransfer { transfer: id(&format!("t{t}")) },
        Ask::Reserve(r, lines, until, paid) => StockCommand::Reserve {
            reservation: id(&order(r)),
            channel: "web".to_owned(),
            lines: lines
                .into_iter()
                .map(|(sku, quantity, w)| ReservationLine {
                    warehouse: w.map(code),
                    ..line(&name(sku), quantity)
                })
                .collect(),
            until: at(i64::from(until)),
            paid,
        },
        Ask::Renew(r, until) => renew(&order(r), at(i64::from(until))),
        Ask::Release(r, part, key, cancel) => {
            let lines: Vec<_> =
                part.map(|(sku, units)| line(&name(sku), units)).into_iter().collect();
            let reason = if cancel { ReleaseReason::Cancelled } else { ReleaseReason::Released };
            give_back(&order(r), &format!("k{key}"), &lines, reason)
        }
        Ask::Commit(r) => commit(&order(r)),
        Ask::Expire(r) => StockCommand::Expire { reservation: id(&order(r)) },
        Ask::Switch(w, active) => {
            let known = if w == 2 { supplier("sup") } else { warehouse(CODES[w], 10 - w as i32) };
            put(Warehouse { active, ..known })
        }
        Ask::Backorder(backorder) => {
            configure("C", StockSettings { backorder, low_threshold: 2, ..Default::default() })
        }
        Ask::Buffer(units) => configure("A", buffered("web", units)),
        Ask::Retotal(sku) => StockCommand::Retotal { sku: name(sku) },
        Ask::Wait(_) => return None,
    })
}

/// Everything that has happened, counted independently of what the events say of the levels.
#[derive(Default)]
struct Witness {
    journal: Vec<(EntityId, StockEvent, Timestamp)>,
    on_hand: BTreeMap<(String, String), i64>,
    told: BTreeMap<String, i64>,
    commits: BTreeMap<EntityId, u32>,
    stale: BTreeSet<&'static str>,
}

impl Witness {
    fn see(&mut self, stage: &mut Stage<Stock>, command: StockCommand) -> bool {
        let Ok(events) = stage.obey(command) else { return false };
        let fresh = events.iter().any(|(_, e)| !matches!(e, StockEvent::CommitFailed { .. }));
        for (owner, event) in events {
            self.count(&owner, &event);
            self.journal.push((owner, event, stage.now()));
        }
        fresh
    }

    fn count(&mut self, owner: &EntityId, event: &StockEvent) {
        match event {
            StockEvent::Moved { change, .. } | StockEvent::Observed { change, .. } => {
                self.book(change, change.quantity);
            }
            StockEvent::Observations { allocations, .. } => {
                allocations.iter().for_each(|change| self.book(change, change.quantity));
            }
            StockEvent::TransferStarted { from, .. } => self.book(from, -from.quantity),
            StockEvent::TransferReceived { to } => self.book(to, to.quantity),
            StockEvent::Reserved { allocations, .. } => {
                allocations.iter().for_each(|allocation| self.book(allocation, 0));
            }
            StockEvent::Released { allocations, returned, .. } => {
                let sign = i64::from(*returned);
                allocations.iter().for_each(|a| self.book(a, sign * a.quantity));
            }
            StockEvent::Committed { allocations } => {
                *self.commits.entry(owner.clone()).or_default() += 1;
                allocations.iter().for_each(|a| self.book(a, -a.quantity));
            }
            StockEvent::Configured { after, .. } | StockEvent::Retotalled { after } => {
                let sku = owner.as_str().trim_start_matches("sku/");
                self.tell(sku, after.total_available);
            }
            StockEvent::WarehousePut { .. } => self.stale.extend(SKUS),
            StockEvent::Wanted { .. }
            | StockEvent::Renewed { .. }
            | StockEvent::CommitFailed { .. } => {}
        }
    }

    fn book(&mut self, change: &Allocation, units: i64) {
        let level = (change.sku.clone(), change.warehouse.clone());
        *self.on_hand.entry(level).or_default() += units;
        self.tell(&change.sku, change.after.total_available);
    }

    fn tell(&mut self, sku: &str, total: i64) {
        self.told.insert(sku.to_owned(), total);
        self.stale.retain(|stale| *stale != sku);
    }

    fn check(&self, stage: &Stage<Stock>) {
        let mut held: BTreeMap<(String, String), i64> = BTreeMap::new();
        for order in 0..5 {
            let state = stage.state(&reservation_entity(&id(&format!("o{order}"))));
            let Some(reservation) = state.as_reservation() else { continue };
            for line in &reservation.lines {
                assert!((0..=line.quantity).contains(&line.left()), "{line:?}");
                assert!(reservation.has_goods() || line.parts.is_empty(), "{reservation:?}");
                for part in line.parts.iter().filter(|_| reservation.status.word() == "held") {
                    let level = (part.sku(line).to_owned(), part.warehouse.clone());
                    *held.entry(level).or_default() += part.quantity;
                }
            }
        }
        assert!(self.commits.values().all(|count| *count == 1));
        for sku in SKUS {
            let state = stage.sku(sku);
            assert_eq!(self.told.get(sku).copied().unwrap_or(0), state.total_available, "{sku}");
            if !self.stale.contains(sku) {
                assert_eq!(available(&state, &stage.register()), state.total_available, "{sku}");
            }
            for level in &state.levels {
                let at = (sku.to_owned(), level.warehouse.to_string());
                assert_eq!(self.on_hand.get(&at).copied().unwrap_or(0), level.on_hand, "{at:?}");
                assert_eq!(held.get(&at).copied().unwrap_or(0), level.reserved, "{at:?}");
                // C is on backorder now and then.
                assert!(level.on_hand >= 0 || sku == "C", "{level:?}");
                assert!(level.in_transit >= 0, "{level:?}");
            }
            assert!(state.total_available >= 0 || sku == "C");
        }
        assert!(stage.sku("KIT").levels.is_empty());
    }

    /// What is held is there at the instant of holding, and versions are the book's.
    fn check_last(&self, stage: &Stage<Stock>, since: usize) {
        let mut versions: BTreeMap<&str, i64> = BTreeMap::new();
        for (_, event, _) in &self.journal[since..] {
            let allocations = match event {
                StockEvent::Reserved { allocations, .. } => {
                    for a in allocations.iter().filter(|a| a.sku != "C") {
                        assert!(a.after.reserved <= a.after.on_hand, "{a:?}");
                    }
                    allocations
                }
                StockEvent::Released { allocations, .. }
                | StockEvent::Committed { allocations } => allocations,
                _ => continue,
            };
            for allocation in allocations {
                versions.insert(&allocation.sku, allocation.after.version);
            }
        }
        for (sku, version) in versions {
            assert_eq!(stage.book().get(&sku_entity(sku)).unwrap().version, version, "{sku}");
        }
    }

    /// The journal, written and read again, leads to the same states.
    fn check_replay(&self, stage: &Stage<Stock>) {
        let mut book = Book::<Stock>::new(tenant());
        for (owner, event, at) in &self.journal {
            let json = serde_json::to_string(event).unwrap();
            let events = vec![(owner.clone(), serde_json::from_str(&json).unwrap())];
            book.absorb(Decision { subject: owner.clone(), events }, *at, 0);
        }
        for (entity, known) in stage.book().entities().filter(|(_, known)| known.version > 0) {
            let replayed = book.get(entity).unwrap();
            assert_eq!((&replayed.state, replayed.version), (&known.state, known.version));
            let json = serde_json::to_string(&*known.state).unwrap();
            assert_eq!(serde_json::from_str::<StockState>(&json).unwrap(), *known.state);
        }
    }
}

fn everything(stage: &Stage<Stock>) -> BTreeMap<EntityId, StockState> {
    let known = stage.book().entities().filter(|(_, entity)| entity.version > 0);
    known.map(|(id, entity)| (id.clone(), (*entity.state).clone())).collect()
}

/// Tells whoever is due, as the timers do.
fn wake(stage: &mut Stage<Stock>, witness: &mut Witness) {
    use crate::domain::Domain;
    let due: Vec<_> = stage
        .book()
        .entities()
        .filter(|(_, entity)| Stock::due(&entity.state).is_some_and(|due| due <= stage.now()))
        .filter_map(|(id, entity)| Stock::wake(id, &entity.state))
        .collect();
    for command in due {
        witness.see(stage, command);
    }
    assert_eq!(stage.wake_due(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn stock_stays_honest(asks in prop::collection::vec(ask(), 1..80)) {
        let mut stage = given([]);
        let mut witness = Witness::default();
        let opening = warehouses().into_iter().chain([
            arrive("A", "main", 20),
            arrive("B", "side", 12),
            configure("KIT", bundle(&[("A", 2), ("B", 1)])),
        ]);
        for command in opening {
            assert!(witness.see(&mut stage, command));
        }
        for (number, ask) in asks.iter().enumerate() {
            let since = witness.journal.len();
            match command(ask, number, stage.now()) {
                None => {
                    let Ask::Wait(minutes) = ask else { unreachable!() };
                    stage = stage.after(MINUTE * *minutes);
                    wake(&mut stage, &mut witness);
                }
                Some(command) => {
                    witness.see(&mut stage, command.clone());
                    witness.check_last(&stage, since);
                    let before = everything(&stage);
                    prop_assert!(!witness.see(&mut stage, command), "a repeat changed something");
                    prop_assert_eq!(before, everything(&stage));
                }
            }
            witness.check(&stage);
        }
        witness.check_replay(&stage);
    }
}
