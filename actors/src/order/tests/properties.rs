//! What holds after any commands in any order, with any time between them.

use super::*;
use crate::{
    book::Book,
    domain::{Decision, Domain},
    testing::tenant,
};
use kontor_messages::order::CancellationStep;
use proptest::prelude::*;

const ORDERS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Ask(OrderCommand),
    Wait(Duration),
}

fn any_order() -> impl Strategy<Value = EntityId> {
    (0..ORDERS).prop_map(|index| id(&format!("order-{index}")))
}

fn any_payment() -> impl Strategy<Value = EntityId> {
    (0..3_u8).prop_map(|index| id(&format!("p{index}")))
}

fn any_lines() -> impl Strategy<Value = Vec<LineQuantity>> {
    let unit = (0..3_u32, 0..4_i64).prop_map(|(line, quantity)| LineQuantity { line, quantity });
    prop::collection::vec(unit, 0..3)
}

fn any_key() -> impl Strategy<Value = Option<String>> {
    any::<u16>().prop_map(|key| Some(key.to_string()))
}

fn any_standing() -> impl Strategy<Value = StockStanding> {
    use StockStanding::{Committed, Held, Released, Short};
    prop_oneof![1 => Just(Held), 4 => Just(Committed), 2 => Just(Short), 2 => Just(Released)]
}

fn placing() -> impl Strategy<Value = OrderCommand> {
    (any_order(), any::<bool>(), any_standing()).prop_map(|(order, paid, stock)| {
        let external_id = Some(format!("of {order}"));
        place_as(order, PlaceOrder { paid, external_id, ..cart() }, stock)
    })
}

fn fact() -> impl Strategy<Value = OrderCommand> {
    let amount = prop_oneof![4 => Just(400), 1 => 0..500_i64];
    let minutes = (0..300_u64).prop_map(|minutes| NOW.plus(Duration::from_secs(60 * minutes)));
    let step = prop_oneof![
        Just(CancellationStep::Stock),
        Just(CancellationStep::Refund),
        Just(CancellationStep::Channel),
        Just(CancellationStep::Message),
    ];
    prop_oneof![
        2 => (any_order(), any_payment(), minutes)
            .prop_map(|(order, payment, until)| OrderCommand::RecordPaymentOpened { order, payment, until }),
        4 => (any_order(), any_payment(), amount.clone())
            .prop_map(|(order, payment, paid)| OrderCommand::RecordPaid { order, payment, paid: czk(paid), accepted: false }),
        1 => (any_order(), any_payment(), amount)
            .prop_map(|(order, payment, back)| OrderCommand::RecordRefunded { order, payment, refunded: czk(back) }),
        1 => (any_order(), any_payment())
            .prop_map(|(order, payment)| OrderCommand::RecordPaymentSettled { order, payment }),
        6 => (any_order(), any_standing(), 1..4_i64)
            .prop_map(|(order, standing, version)| OrderCommand::RecordStock { order, standing, version }),
        2 => (any_order(), step, proptest::option::of(1..4_i64))
            .prop_map(|(order, step, version)| OrderCommand::RecordCancellationStep { order, step, version }),
        1 => any_order().prop_map(|order| OrderCommand::Wake { order }),
    ]
}

fn request() -> impl Strategy<Value = OrderCommand> {
    let parcel = |lines| Parcel {
        carrier: "post".to_owned(),
        tracking_number: None,
        tracking_url: None,
        lines,
    };
    let reason = CancelReason::Customer;
    prop_oneof![
        2 => any_order().prop_map(|order| OrderCommand::Confirm { order }),
        1 => any_order().prop_map(|order| OrderCommand::RetryStock { order }),
        2 => any_order().prop_map(|order| OrderCommand::Process { order }),
        6 => (any_order(), any_lines(), any_key()).prop_map(move |(order, lines, key)| {
            OrderCommand::Ship { order, parcel: parcel(lines), key }
        }),
        3 => (any_order(), prop::option::of(0..4_u32))
            .prop_map(|(order, parcel)| OrderCommand::Deliver { order, parcel }),
        2 => (any_order(), any_lines(), any_key())
            .prop_map(move |(order, lines, key)| OrderCommand::Cancel { order, reason, lines, key }),
        4 => (any_order(), any_lines(), any::<bool>(), any_key())
            .prop_map(|(order, lines, restock, key)| {
                OrderCommand::Return { order, lines, reason: None, restock, key }
            }),
        1 => (any_order(), any_key())
            .prop_map(|(order, key)| OrderCommand::AddNote { order, text: "x".to_owned(), key }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![6 => 0..90_u64, 1 => Just(49 * 60), 1 => Just(366 * 24 * 60)];
    let step = prop_oneof![
        3 => placing().prop_map(Step::Ask),
        8 => fact().prop_map(Step::Ask),
        8 => request().prop_map(Step::Ask),
        2 => wait.prop_map(|minutes| Step::Wait(Duration::from_secs(60 * minutes))),
    ];
    prop::collection::vec(step, 1..60)
}

/// Where an order may go from where it stands.
fn legal(from: OrderStatus, to: OrderStatus) -> bool {
    use OrderStatus::*;
    let next: &[OrderStatus] = match from {
        Pending => &[Confirmed, PaidWithoutStock, Cancelled],
        PaidWithoutStock => &[Confirmed, Cancelled],
        Confirmed => &[Processing, Cancelled],
        Processing => &[Shipped, Delivered, Returned, Cancelled],
        Shipped => &[Delivered, Returned],
        Delivered => &[Returned],
        Cancelled | Returned => &[],
    };
    from == to || next.contains(&to)
}

fn documents(stage: &Stage<Order>) -> Vec<Option<OrderDocument>> {
    (0..ORDERS).map(|index| stage.state(&id(&format!("order-{index}"))).order().cloned()).collect()
}

type Journal = Vec<(EntityId, OrderEvent, Timestamp)>;

fn ask(stage: &mut Stage<Order>, command: OrderCommand, journal: &mut Journal) -> bool {
    let at = stage.now();
    let Ok(events) = stage.obey(command) else { return false };
    let something = !events.is_empty();
    journal.extend(events.into_iter().map(|(owner, event)| (owner, event, at)));
    something
}

/// Tells every due order so, as the timers do.
fn wake_all(stage: &mut Stage<Order>, journal: &mut Journal) {
    for (index, order) in documents(stage).into_iter().enumerate() {
        if order.and_then(|order| order.due()).is_some_and(|due| due <= stage.now()) {
            let order = id(&format!("order-{index}"));
            let woken = ask(stage, OrderCommand::Wake { order: order.clone() }, journal);
            let due = Order::due(&stage.state(&order));
            assert!(woken && due.is_none_or(|due| due > stage.now()), "{order} wakes for ever");
        }
    }
}

fn check_order(order: &OrderDocument) {
    for line in &order.lines {
        assert!(line.cancelled >= 0 && line.shipped >= 0 && line.returned >= 0);
        assert!(line.shipped <= line.quantity - line.cancelled);
        assert!(line.returned <= line.shipped);
    }
    assert!((0..=order.totals.total_minor).contains(&order.total_minor));
    let payers = order.payments.iter().filter(|known| known.paid_minor > 0 && !known.stranded);
    assert!(payers.count() <= 1);
    let sent = !matches!(
        order.status,
        OrderStatus::Pending | OrderStatus::PaidWithoutStock | OrderStatus::Cancelled
    );
    assert!(!sent || order.stock == StockStanding::Committed);
    assert_eq!(order.cancellation.is_some(), order.status == OrderStatus::Cancelled);
    let waits = matches!(order.status, OrderStatus::Pending | OrderStatus::PaidWithoutStock);
    assert!(!waits || order.due().is_some(), "whoever waits has a deadline");
}

fn check_journal(journal: &Journal) {
    let mut numbers = std::collections::BTreeMap::<EntityId, Vec<String>>::new();
    for (_, event, _) in journal {
        if let OrderEvent::Created { counter, number, .. } = event {
            numbers.entry(counter.clone()).or_default().push(number.clone());
        }
    }
    for (counter, numbers) in numbers {
        let year = counter.as_str().trim_start_matches("number/");
        let expected: Vec<_> =
            (1..=numbers.len()).map(|number| format!("{year}-{number:06}")).collect();
        assert_eq!(numbers, expected);
    }
    for index in 0..ORDERS {
        let order = id(&format!("order-{index}"));
        let of_it = || journal.iter().filter(|(owner, ..)| *owner == order);
        let paid = of_it().filter(|(_, event, _)| matches!(event, OrderEvent::Paid { .. }));
        assert!(paid.count() <= 1, "paid once");
        let confirmed = of_it().filter(|(_, event, _)| matches!(event, OrderEvent::Confirmed));
        assert!(confirmed.count() <= 1, "confirmed once");
    }
}

/// Tells the journal again, event by event: statuses move on legally, and the same state comes out.
fn check_replay(stage: &Stage<Order>, journal: Journal) {
    let mut book = Book::<Order>::new(tenant());
    for (owner, event, at) in journal {
        let status = |book: &Book<Order>| {
            book.get(&owner).and_then(|known| known.state.order()).map(|order| order.status)
        };
        let (before, subject) = (status(&book), owner.clone());
        book.absorb(Decision { subject, events: vec![(owner.clone(), event.clone())] }, at, 0);
        let now = status(&book);
        let moved = before.zip(now).is_none_or(|(from, to)| legal(from, to));
        assert!(moved, "{before:?} became {now:?} by {event:?}");
    }
    for (entity, known) in stage.book().entities().filter(|(_, known)| known.version > 0) {
        let replayed = book.get(entity).unwrap();
        assert_eq!((&replayed.state, replayed.version), (&known.state, known.version));
        let json = serde_json::to_string(&*known.state).unwrap();
        let read: super::super::state::OrderState = serde_json::from_str(&json).unwrap();
        assert_eq!(read, *known.state);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_order_keeps_its_promises_whatever_is_asked_of_it(steps in steps()) {
        let mut stage = given::<Order>([]);
        let mut journal = Journal::new();
        for step in steps {
            match step {
                Step::Wait(span) => {
                    stage = stage.after(span);
                    wake_all(&mut stage, &mut journal);
                }
                Step::Ask(command) => {
                    ask(&mut stage, command.clone(), &mut journal);
                    let once = documents(&stage);
                    prop_assert!(!ask(&mut stage, command, &mut journal), "twice is once");
                    prop_assert_eq!(once, documents(&stage));
                }
            }
            documents(&stage).iter().flatten().for_each(check_order);
        }
        check_journal(&journal);
        check_replay(&stage, journal);
    }
}
