//! Whatever happens in whatever order, the shop comes to rest with its books in order.

use super::*;
use kontor_messages::order::{CancelReason, LineQuantity, Parcel};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Place { mugs: i64, pens: i64, paid: bool },
    Open(usize),
    Pay(usize),
    Answer(usize),
    Ask(usize, Wish),
    Restock,
    Wait(u64),
    Deliver { lane: usize },
    DeliverAll,
    Echo(usize),
    Crash { lane: usize, facts: usize },
}

#[derive(Clone, Debug)]
enum Wish {
    Confirm,
    Retry,
    Cancel,
    CancelOne(u32),
    Ship,
    ShipOne(u32),
    ReturnOne(u32),
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        2 => Just(Wish::Confirm),
        2 => Just(Wish::Retry),
        3 => Just(Wish::Cancel),
        2 => (0..2_u32).prop_map(Wish::CancelOne),
        1 => Just(Wish::Ship),
        2 => (0..2_u32).prop_map(Wish::ShipOne),
        1 => (0..2_u32).prop_map(Wish::ReturnOne),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (1..3_i64, 1..3_i64, any::<bool>())
            .prop_map(|(mugs, pens, paid)| Step::Place { mugs, pens, paid }),
        3 => (0..4_usize).prop_map(Step::Open),
        5 => (0..6_usize).prop_map(Step::Pay),
        2 => (0..6_usize).prop_map(Step::Answer),
        8 => (0..4_usize, wish()).prop_map(|(order, wish)| Step::Ask(order, wish)),
        1 => Just(Step::Restock),
        2 => prop_oneof![1..50_u64, 50..130_u64].prop_map(Step::Wait),
        20 => (0..16_usize).prop_map(|lane| Step::Deliver { lane }),
        4 => Just(Step::DeliverAll),
        3 => (0..24_usize).prop_map(Step::Echo),
        3 => (0..16_usize, 0..5_usize).prop_map(|(lane, facts)| Step::Crash { lane, facts }),
    ]
}

fn one(line: u32) -> Vec<LineQuantity> {
    vec![LineQuantity { line, quantity: 1 }]
}

fn command(order: EntityId, wish: Wish) -> OrderCommand {
    let reason = CancelReason::Merchant;
    let parcel = |lines| Parcel {
        carrier: "post".to_owned(),
        tracking_number: None,
        tracking_url: None,
        lines,
    };
    match wish {
        Wish::Confirm => OrderCommand::Confirm { order },
        Wish::Retry => OrderCommand::RetryStock { order },
        Wish::Cancel => OrderCommand::Cancel { order, reason, lines: Vec::new(), key: None },
        Wish::CancelOne(line) => {
            OrderCommand::Cancel { order, reason, lines: one(line), key: None }
        }
        Wish::Ship => OrderCommand::Ship { order, parcel: parcel(Vec::new()), key: None },
        Wish::ShipOne(line) => OrderCommand::Ship { order, parcel: parcel(one(line)), key: None },
        Wish::ReturnOne(line) => {
            let (lines, reason, restock, key) = (one(line), None, true, None);
            OrderCommand::Return { order, lines, reason, restock, key }
        }
    }
}

fn play(shop: &mut Shop, steps: Vec<Step>) {
    for step in steps {
        match step {
            Step::Place { mugs, pens, paid } => shop.place(mugs, pens, paid),
            Step::Open(order) => shop.open_payment(order),
            Step::Pay(payment) => shop.pay(payment),
            Step::Answer(payment) => shop.provider_answers(payment),
            Step::Ask(order, wish) => {
                let order = shop.placed[order % shop.placed.len()].clone();
                shop.ask(command(order, wish));
            }
            Step::Restock => shop.restock(),
            Step::Wait(minutes) => shop.wait(Duration::from_secs(60 * minutes)),
            Step::Deliver { lane } => shop.deliver(lane),
            Step::DeliverAll => shop.drain(),
            Step::Echo(index) => shop.echo(index),
            Step::Crash { lane, facts } => shop.crash(lane, facts),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_and_goods_are_where_they_belong_once_everything_has_arrived(
        stubborn in any::<bool>(),
        (mugs, pens) in (1..4_i64, 2..6_i64),
        steps in prop::collection::vec(step(), 1..90),
    ) {
        let mut shop = Shop::new(stubborn, mugs, pens);
        shop.place(1, 2, false);
        play(&mut shop, steps);
        shop.settle();
        shop.check();
    }
}
