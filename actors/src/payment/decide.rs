//! What is answered to a command. People's and policies' wishes are here, what is told from
//! outside is in `record`, and what time brings is in `wake`.

use super::{
    Payment,
    birth::blank_document,
    called,
    draft::{Draft, NewRefund},
    fallback::another_attempt,
    inbox, record,
    schedule::next_ask,
    second,
    standing::{all_given_back, counted, find_refund, mismatch, refundable, room},
    state::{
        ATTEMPTS_MAX, Attempt, CallState, PaymentDocument, PaymentState, REFUNDS_MAX, RefundRecord,
    },
    validate, wake,
};
use crate::{
    domain::{Decision, Stop, refuse},
    world::World,
};
use kontor_messages::{
    EntityId, Money, Timestamp,
    payment::{
        AccountName, Operation, PaymentCommand as C, PaymentEvent, PaymentRefusal as R,
        PaymentStatus as S, QueryReason, RefundStatus, ledger_entity,
    },
};
use std::time::Duration;

/// How the domain answers.
pub type Answer = Result<Decision<PaymentEvent>, Stop<R>>;
type View<'w> = World<'w, Payment>;

/// Asked again within so short a time, the answer is on its way.
const ASKED_JUST_NOW: Duration = Duration::from_secs(5);
/// Asked to settle again after so long, a settled payment says so again: whoever asks may have
/// had no use for the first telling.
const TELL_SETTLED_AGAIN: Duration = Duration::from_secs(60);

/// Answers a command.
pub fn decide(world: &View<'_>, command: C, now: Timestamp) -> Answer {
    match command {
        C::Request { .. } => request(world, command, now),
        C::Retry { payment, attempt, provider, account, until } => {
            retry(world, &payment, attempt, AccountName { provider, account }, until, now)
        }
        C::Capture { payment, amount } => capture(world, &payment, amount, now),
        C::Cancel { payment } => cancel(world, &payment, now),
        C::Refund { payment, refund, amount, key, reason } => {
            let wish = Wish { refund, amount, key, reason };
            give_money_back(world, &payment, wish, now)
        }
        C::Settle { payment } => settle(world, &payment, now),
        C::RetryCall { payment, key } => retry_call(world, &payment, &key, now),
        C::Query { payment } => query(world, &payment, now),
        C::Accept { payment, note } => accept(world, &payment, note, now),
        C::MarkPaid { payment, amount, reference } => {
            record::mark_paid(world, &payment, amount, reference, now)
        }
        C::MarkFailed { payment, reason } => record::mark_failed(world, &payment, reason, now),
        C::DecideSecond { payment, attempt, decision } => {
            second::decide(world, &payment, (attempt, decision), now)
        }
        C::MarkRefund { payment, refund, succeeded, note } => {
            record::mark_refund(world, &payment, &refund, (succeeded, note), now)
        }
        C::RecordReturn { payment } => record::returned(world, payment, now),
        C::RecordOpened { .. } => record::opened(world, command, now),
        C::RecordCallBegun { payment, key } => record::call_begun(world, payment, key, now),
        C::RecordCallFailed { .. } => record::call_failed(world, command, now),
        C::RecordObservation { payment, observation } => {
            record::observed(world, payment, *observation, now)
        }
        C::RecordCall { payment, call, told } => called::called(world, payment, call, *told, now),
        C::RecordNotification { notification } => inbox::received(world, notification, now),
        C::Wake { payment } => match world.get(&payment)? {
            PaymentState::Blank | PaymentState::Ledger(_) => Ok(Decision::nothing(payment)),
            PaymentState::Payment(_) => wake::payment(world, payment, now),
            PaymentState::Notification(_) => inbox::look_again(world, payment, now),
        },
    }
}

/// The payment, or a refusal.
pub fn existing<'w>(
    world: &'w View<'w>,
    id: &EntityId,
    now: Timestamp,
) -> Result<Draft<'w>, Stop<R>> {
    match Draft::of(world, id, now)? {
        Some(draft) => Ok(draft),
        None => refuse(R::NotFound),
    }
}

fn request(world: &View<'_>, command: C, now: Timestamp) -> Answer {
    let C::Request {
        payment,
        order,
        amount,
        provider,
        account,
        capture,
        return_url,
        cancel_url,
        description,
        until,
        customer_email,
        plan,
    } = command
    else {
        return refuse(R::NotFound);
    };
    let attempt = 1;
    let key = super::draft::call_key(world.tenant(), &payment, attempt, Operation::Open, 1);
    let event = PaymentEvent::Requested {
        order,
        amount,
        provider,
        account,
        capture,
        return_url,
        cancel_url,
        description,
        until,
        customer_email,
        attempt,
        call: key,
        plan,
    };
    match world.get(&payment)? {
        _ if payment == ledger_entity() => return refuse(R::PaymentTaken),
        PaymentState::Blank => {}
        PaymentState::Payment(known) if same_request(known, &event) => {
            return Ok(Decision::nothing(payment));
        }
        PaymentState::Payment(_) | PaymentState::Notification(_) | PaymentState::Ledger(_) => {
            return refuse(R::PaymentTaken);
        }
    }
    validate::request(&event, now)?;
    let Some(blank) = blank_document(&event) else { return refuse(R::NotFound) };
    let mut draft = Draft::new(world, &payment, blank, now);
    draft.push(event);
    Ok(draft.decision())
}

/// Whether the same was asked before. A client that repeats may name a later end.
fn same_request(known: &PaymentDocument, event: &PaymentEvent) -> bool {
    let Some(asked) = blank_document(event) else { return false };
    let PaymentEvent::Requested { provider, account, .. } = event else { return false };
    let first = known.attempt(1);
    let same_account =
        first.is_some_and(|first| first.provider == *provider && first.account == *account);
    same_account
        && known.order == asked.order
        && known.amount() == asked.amount()
        && known.capture == asked.capture
        && known.return_url == asked.return_url
        && known.cancel_url == asked.cancel_url
        && known.description == asked.description
        && known.customer_email == asked.customer_email
}

fn retry(
    world: &View<'_>,
    id: &EntityId,
    attempt: u32,
    name: AccountName,
    until: Timestamp,
    now: Timestamp,
) -> Answer {
    let mut draft = existing(world, id, now)?;
    if let Some(known) = draft.document.attempt(attempt) {
        if known.provider == name.provider && known.account == name.account {
            return Ok(Decision::nothing(id.clone()));
        }
        return refuse(R::PaymentTaken);
    }
    let open = matches!(draft.document.status, S::Created | S::Pending);
    if !open || draft.document.settle_round > 0 {
        return refuse(draft.cannot_be("tried again"));
    }
    if draft.document.attempts.len() >= ATTEMPTS_MAX {
        return refuse(R::TooMany { what: "attempts", max: ATTEMPTS_MAX });
    }
    if attempt as usize != draft.document.attempts.len() + 1 {
        return refuse(R::Invalid {
            pointer: "/attempt".into(),
            expected: "expected the number after that of the last attempt".into(),
        });
    }
    let old: Vec<u32> = draft.document.attempts.iter().map(|old| old.attempt).collect();
    let event = another_attempt(&draft, attempt, name, until);
    validate::request(&event, now)?;
    draft.push(event);
    for number in old {
        if draft.document.attempt(number).is_some_and(|old| old.is_open()) {
            draft.call_off(number);
        }
    }
    Ok(draft.decision())
}

fn capture(world: &View<'_>, id: &EntityId, amount: Option<Money>, now: Timestamp) -> Answer {
    let mut draft = existing(world, id, now)?;
    let held = |status| status == S::Authorized;
    let attempt = draft.document.attempts.iter().find(|attempt| held(attempt.status)).cloned();
    let (Some(attempt), true) = (attempt, held(draft.document.status)) else {
        return refuse(draft.cannot_be("captured"));
    };
    let left = attempt.money(attempt.authorized_minor);
    let amount = amount.unwrap_or(left);
    validate::positive(amount, left.currency)?;
    if amount.amount_minor > left.amount_minor {
        return refuse(R::CaptureTooLarge { held: left });
    }
    let mut calls = draft.document.calls.iter().filter(|call| call.attempt == attempt.attempt);
    let under_way =
        calls.find(|call| matches!(call.operation, Operation::Capture | Operation::Cancel));
    match under_way {
        Some(call) if call.operation == Operation::Capture && call.amount == Some(amount) => {
            return Ok(Decision::nothing(id.clone()));
        }
        Some(_) => return refuse(draft.cannot_be("captured while another call is under way")),
        None => {}
    }
    let call = draft.next_key(&attempt, Operation::Capture);
    let Attempt { attempt, provider, account, .. } = attempt;
    draft.push(PaymentEvent::CaptureRequested { attempt, amount, call, provider, account });
    Ok(draft.decision())
}

fn cancel(world: &View<'_>, id: &EntityId, now: Timestamp) -> Answer {
    let mut draft = existing(world, id, now)?;
    match draft.document.status {
        S::Created | S::Pending | S::Authorized => {}
        S::Cancelled | S::Failed | S::Expired => return Ok(Decision::nothing(id.clone())),
        S::Paid | S::PartiallyRefunded | S::Refunded | S::Held | S::Disputed => {
            return refuse(draft.cannot_be("cancelled"));
        }
    }
    let capturing = |call: &super::state::Call| call.operation == Operation::Capture;
    if draft.document.calls.iter().any(capturing) {
        return refuse(draft.cannot_be("cancelled while it is being captured"));
    }
    for attempt in draft.document.attempts.clone() {
        if attempt.is_open() || attempt.status == S::Authorized {
            draft.call_off(attempt.attempt);
        }
    }
    Ok(draft.decision())
}

/// A refund as somebody wants it.
struct Wish {
    refund: EntityId,
    amount: Money,
    key: String,
    reason: Option<String>,
}

fn give_money_back(world: &View<'_>, id: &EntityId, wish: Wish, now: Timestamp) -> Answer {
    let mut draft = existing(world, id, now)?;
    if let Some(known) = find_refund(&draft.document, &wish.refund, &wish.key) {
        if known.amount == wish.amount {
            return Ok(Decision::nothing(id.clone()));
        }
        return refuse(R::RefundTaken);
    }
    let Some(attempt) = refundable(&draft.document) else {
        return refuse(draft.cannot_be("refunded"));
    };
    validate::positive(wish.amount, attempt.currency)?;
    validate::text("/key", &wish.key, 200)?;
    validate::text("/reason", wish.reason.as_deref().unwrap_or("-"), 500)?;
    let remaining = attempt.money(room(&draft.document, attempt));
    if wish.amount.amount_minor > remaining.amount_minor {
        return refuse(R::RefundTooLarge { remaining });
    }
    if draft.document.refunds.len() >= REFUNDS_MAX {
        return refuse(R::TooMany { what: "refunds", max: REFUNDS_MAX });
    }
    let attempt = attempt.attempt;
    let Wish { refund, amount, key, reason } = wish;
    draft.refund(NewRefund { attempt, refund, amount, key, reason, automatic: None });
    Ok(draft.decision())
}

/// Takes what has come for what was asked for.
fn accept(world: &View<'_>, id: &EntityId, note: Option<String>, now: Timestamp) -> Answer {
    let mut draft = existing(world, id, now)?;
    validate::text("/note", note.as_deref().unwrap_or("-"), 500)?;
    let document = &draft.document;
    if counted(document).is_some_and(|attempt| attempt.accepted) {
        return Ok(Decision::nothing(id.clone()));
    }
    let wrong = |attempt: &&Attempt| mismatch(document, attempt).is_some();
    let came = |attempt: &&Attempt| attempt.captured_minor > 0 && !all_given_back(attempt);
    let attempt = document.attempts.iter().filter(wrong).find(came);
    let (Some(attempt), S::Held) = (attempt, document.status) else {
        return refuse(draft.cannot_be("accepted before money of another amount has come"));
    };
    let accepted = attempt.money(attempt.captured_minor);
    let expected = document.amount();
    if accepted.currency != expected.currency {
        return refuse(R::OtherCurrency { found: accepted });
    }
    if document.settle_round > 0 {
        return refuse(draft.cannot_be("accepted while it is being settled"));
    }
    let (order, attempt) = (draft.order(), attempt.attempt);
    draft.push(PaymentEvent::MismatchAccepted { order, attempt, expected, accepted, note });
    Ok(draft.decision())
}

fn settle(world: &View<'_>, id: &EntityId, now: Timestamp) -> Answer {
    let mut draft = existing(world, id, now)?;
    let document = &draft.document;
    if let Some(settled) = document.settled_at {
        if now.since(settled) >= TELL_SETTLED_AGAIN {
            draft.push(PaymentEvent::Settled { order: draft.order() });
        }
        return Ok(draft.decision());
    }
    let round = document.settle_round;
    let failed = |refund: &RefundRecord| {
        refund.automatic == Some(round) && refund.status >= RefundStatus::Cancelled
    };
    let stuck = document.calls.iter().any(|call| call.state == CallState::GivenUp)
        || document.refunds.iter().any(failed);
    if round > 0 && !stuck {
        return Ok(Decision::nothing(id.clone()));
    }
    draft.push(PaymentEvent::SettleRequested { order: draft.order(), round: round + 1 });
    Ok(draft.decision())
}

fn retry_call(world: &View<'_>, id: &EntityId, key: &str, now: Timestamp) -> Answer {
    let mut draft = existing(world, id, now)?;
    match draft.document.call(key).cloned() {
        Some(call) if call.state == CallState::GivenUp => {
            draft.repeat(&call);
            Ok(draft.decision())
        }
        // It is under way again.
        Some(_) => Ok(Decision::nothing(id.clone())),
        None => refuse(R::CallNotFound),
    }
}

fn query(world: &View<'_>, id: &EntityId, now: Timestamp) -> Answer {
    let mut draft = existing(world, id, now)?;
    ask_about_all(&mut draft, QueryReason::Operator, now);
    ask_what_became(&mut draft, now);
    Ok(draft.decision())
}

/// The question just asked is about the calls of unknown outcome too: they need not wait for
/// their own.
fn ask_what_became(draft: &mut Draft<'_>, now: Timestamp) {
    for call in draft.document.calls.clone() {
        let open = call.operation == Operation::Open;
        let unknown = call.state == CallState::Unknown && call.asks == 0 && !open;
        let attempt = draft.document.attempt(call.attempt);
        if unknown && attempt.is_some_and(|attempt| attempt.asked_at == Some(now)) {
            draft.push(PaymentEvent::CallAsked { key: call.key, next: next_ask(1, now) });
        }
    }
}

/// Asks about every attempt that was not asked about just now.
pub fn ask_about_all(draft: &mut Draft<'_>, reason: QueryReason, now: Timestamp) {
    for attempt in draft.document.attempts.clone() {
        let just_now = attempt.asked_at.is_some_and(|at| now.since(at) < ASKED_JUST_NOW);
        if !just_now {
            draft.query(attempt.attempt, reason, None);
        }
    }
}
