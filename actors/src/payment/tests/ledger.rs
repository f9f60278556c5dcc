//! The books over many payments, attempts and accounts.

use super::*;
use kontor_messages::payment::{DisputeSeen, DisputeStatus, LedgerKind, ledger_entity};
use proptest::prelude::*;
use std::collections::BTreeMap;

const ACCOUNTS: [(&str, &str); 3] = [("stripe", "main"), ("stripe", "second"), ("fio", "main")];

fn payment(number: usize) -> EntityId {
    EntityId::named(format!("01977e4e-0000-7000-8000-0000000001{number:02}"))
}

fn books(stage: &Stage<Payment>) -> super::super::LedgerDocument {
    match stage.state(&ledger_entity()) {
        PaymentState::Ledger(ledger) => *ledger,
        PaymentState::Blank => Default::default(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_entry_of_a_payment_is_an_entry_of_the_books() {
    let mut stage = after([request(), opened(1), tell(paid(czk(1000))), refund("r", 400)]);
    stage.obey(tell(refund_seen("r", 400, RefundStatus::Succeeded))).unwrap();
    let books = books(&stage);
    assert_eq!(books.entries, 2);
    let [balance] = &books.balances[..] else { panic!("{books:?}") };
    assert_eq!((&*balance.provider, &*balance.account), ("stripe", "main"));
    assert_eq!((balance.in_minor, balance.out_minor, balance.balance_minor()), (1000, 400, 600));
}

#[test]
fn an_entry_from_before_there_were_books_touches_none() {
    let old = E::Booked {
        attempt: 1,
        kind: LedgerKind::Capture,
        amount: czk(1000),
        provider: String::new(),
        account: String::new(),
    };
    let mut stage = after([request(), opened(1)]);
    stage.happen(id(), old);
    assert_eq!(stage.state(&ledger_entity()), PaymentState::Blank);
    assert_eq!(document(&stage).captured_minor, 1000);
}

#[test]
fn no_payment_takes_the_name_of_the_books() {
    let C::Request { order, amount, provider, account, capture, return_url, .. } = request() else {
        unreachable!()
    };
    let wish = C::Request {
        payment: ledger_entity(),
        order,
        amount,
        provider,
        account,
        capture,
        return_url,
        cancel_url: None,
        description: "Books".into(),
        until: later(HOUR),
        customer_email: None,
        plan: PaymentPlan::default(),
    };
    given::<Payment>([]).when(wish).refused(kontor_messages::payment::PaymentRefusal::PaymentTaken);
}

/// What happens to one of the payments: at which attempt, what, how much.
type Step = (usize, u32, usize, i64);

fn command((number, attempt, what, amount): Step, now: &PaymentDocument, at: Timestamp) -> C {
    let payment = payment(number);
    let tell = |told: Observation| C::RecordObservation {
        payment: payment.clone(),
        observation: Box::new(Observation { attempt: Some(attempt), observed_at: at, ..told }),
    };
    let currency = if amount % 7 == 0 { Currency::EUR } else { Currency::CZK };
    let seen = |status| tell(refund_seen(&format!("r{number}-{}", amount % 3), amount, status));
    let dispute = |status| {
        let amount = czk(amount);
        let reference = format!("dp-{number}-{attempt}");
        let seen = DisputeSeen { reference, amount, status, reason: None, respond_by: None };
        tell(Observation { disputes: vec![seen], ..told(None) })
    };
    match what {
        0 | 1 => tell(paid(Money::new(amount, currency))),
        2 => tell(held(czk(1000))),
        3 | 4 => tell(paid(czk(1000))),
        5 => {
            let (provider, account) = ACCOUNTS[amount as usize % 3];
            C::Retry {
                payment,
                attempt: now.attempts.len() as u32 + 1,
                provider: provider.into(),
                account: account.into(),
                until: at.plus(HOUR),
            }
        }
        6 => C::Refund {
            payment,
            refund: EntityId::named(format!("r{number}-{}", amount % 3)),
            amount: czk(amount / 3 + 1),
            key: format!("k{number}-{}", amount % 3),
            reason: None,
        },
        7 | 8 => seen(RefundStatus::Succeeded),
        9 => seen(RefundStatus::Failed),
        10 => dispute(DisputeStatus::Open),
        11 => dispute(DisputeStatus::Lost),
        12 => dispute(DisputeStatus::Won),
        13 => tell(told(Some(ObservedStatus::Cancelled))),
        14 => C::Settle { payment },
        _ => C::Wake { payment },
    }
}

/// Money in is money out and what is left, by account, as the payments themselves have it.
fn balanced(stage: &Stage<Payment>) {
    let mut truth: BTreeMap<(String, String, Currency), [i64; 3]> = BTreeMap::new();
    for number in 0..4 {
        let PaymentState::Payment(document) = stage.state(&payment(number)) else { continue };
        for attempt in document.attempts {
            let sums = [attempt.captured_minor, attempt.refunded_minor, attempt.charged_back_minor];
            let name = (attempt.provider, attempt.account, attempt.currency);
            let known = truth.entry(name).or_default();
            known.iter_mut().zip(sums).for_each(|(known, sum)| *known += sum);
        }
    }
    truth.retain(|_, sums| *sums != [0; 3]);
    let books = books(stage).balances.into_iter().map(|balance| {
        let sums = [balance.in_minor, balance.out_minor, balance.charged_back_minor];
        assert_eq!(balance.in_minor, sums[1] + sums[2] + balance.balance_minor());
        assert!(balance.balance_minor() >= 0, "{balance:?}");
        ((balance.provider, balance.account, balance.currency), sums)
    });
    let books: BTreeMap<_, _> = books.filter(|(_, sums)| *sums != [0; 3]).collect();
    assert_eq!(books, truth);
}

proptest! {
    #[test]
    fn money_in_is_money_out_and_what_is_left_whatever_happens(
        script in proptest::collection::vec((0..4_usize, 1..3_u32, 0..16_usize, 1..1500_i64), 1..60),
    ) {
        let mut stage = given::<Payment>([]);
        for number in 0..4 {
            let (provider, account) = ACCOUNTS[number % 3];
            let C::Request { order, amount, capture, description, until, .. } = request() else {
                unreachable!()
            };
            let (return_url, cancel_url, customer_email) = (None, None, None);
            let (provider, account) = (provider.into(), account.into());
            let wish = C::Request { payment: payment(number), order, amount, provider, account,
                capture, return_url, cancel_url, description, until, customer_email,
                plan: PaymentPlan::default() };
            stage.obey(wish).unwrap();
        }
        let mut entries = 0;
        for step in script {
            stage = stage.after(Duration::from_secs(60));
            let PaymentState::Payment(now) = stage.state(&payment(step.0)) else { unreachable!() };
            let Ok(events) = stage.obey(command(step, &now, stage.now())) else { continue };
            let booked = |event: &&(EntityId, E)| matches!(event.1, E::Booked { .. });
            entries += events.iter().filter(booked).count() as i64;
            balanced(&stage);
        }
        prop_assert_eq!(books(&stage).entries, entries);
    }
}
