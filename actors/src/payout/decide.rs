//! What orders and batches answer.

use super::{
    Payout,
    state::{BatchStatus, OrderStatus, PayoutBatch, PayoutOrder},
};
use crate::{
    domain::{Decision, Stop, refuse},
    words::{is_line, is_word},
    world::World,
};
use kontor_messages::{
    EntityId, Money, Timestamp,
    payout::{PayoutCommand as C, PayoutEvent as E, PayoutOutcome, PayoutRefusal as R, Transfer},
};
use sha2::{Digest, Sha256};

/// Orders of one file.
pub const ORDERS_MAX: usize = 200;
/// The longest note.
const NOTE_MAX: usize = 500;

type View<'w> = World<'w, Payout>;
type Answer = Result<Decision<E>, Stop<R>>;

/// The entity of the order that pays a refund out: the same for the same refund.
pub fn order_entity(payment: &EntityId, reference: &str) -> EntityId {
    let digest = hex::encode(Sha256::digest(format!("{payment}\n{reference}").as_bytes()));
    EntityId::named(format!("order/{payment}.{}", &digest[..16]))
}

/// Answers a command.
pub fn decide(world: &View<'_>, command: C, now: Timestamp) -> Answer {
    match command {
        C::Queue { order, payment, provider, account, transfer } => {
            if world.get(&order)?.order().is_some() {
                return Ok(Decision::nothing(order));
            }
            check(&order, &provider, &account, &transfer).map_err(Stop::Refused)?;
            Ok(Decision::of(order, vec![E::Queued { payment, provider, account, transfer }]))
        }
        C::Close { order, outcome } => close(world, order, outcome),
        C::FormBatch { batch, provider, account, orders } => {
            form(world, batch, (provider, account), orders)
        }
        C::HandOver { batch } => hand_over(world, batch),
        C::Release { batch, note } => release(world, batch, note),
        C::Wake { order } => {
            let late = |known: &PayoutOrder| known.due().is_some_and(|due| due <= now);
            let events = world.get(&order)?.order().filter(|known| late(known));
            let events = events.map(|_| E::Overdue).into_iter().collect();
            Ok(Decision::of(order, events))
        }
    }
}

fn close(world: &View<'_>, order: EntityId, outcome: PayoutOutcome) -> Answer {
    let known = world.get(&order)?.order();
    // The bank's word comes after a person's: money that was seen going out has gone.
    let news = known.is_some_and(|known| match outcome {
        PayoutOutcome::Paid => known.status != OrderStatus::Paid,
        PayoutOutcome::Failed => !known.is_over(),
    });
    if !news {
        return Ok(Decision::nothing(order));
    }
    // An order that had ended counts as open no longer.
    let batch = known.filter(|known| !known.is_over()).and_then(|known| known.batch.clone());
    Ok(Decision::of(order, vec![E::Closed { outcome, batch }]))
}

fn form(
    world: &View<'_>,
    batch: EntityId,
    (provider, account): (String, String),
    orders: Vec<EntityId>,
) -> Answer {
    if world.get(&batch)?.batch().is_some() {
        return Ok(Decision::nothing(batch));
    }
    if !batch.as_str().starts_with("batch/") {
        return refuse(invalid("/batch", "expected a name that begins with batch/"));
    }
    world.need(&orders)?;
    let mut taken: Vec<EntityId> = Vec::new();
    let mut total: Option<Money> = None;
    for order in orders {
        let Some(known) = world.get(&order)?.order() else { continue };
        let here = known.provider == provider && known.account == account;
        let fits = here && known.status == OrderStatus::Waiting && !taken.contains(&order);
        // One file is in one currency; the others wait for the next.
        let sum = match total {
            None => Some(known.transfer.amount),
            Some(total) => total.plus(known.transfer.amount).ok(),
        };
        if let (true, Some(sum)) = (fits && taken.len() < ORDERS_MAX, sum) {
            total = Some(sum);
            taken.push(order);
        }
    }
    let Some(total) = total else { return refuse(R::NothingWaits) };
    let formed = E::BatchFormed { provider, account, orders: taken, total };
    Ok(Decision::of(batch, vec![formed]))
}

fn hand_over(world: &View<'_>, batch: EntityId) -> Answer {
    let known = existing(world, &batch)?;
    match known.status {
        BatchStatus::Formed => {}
        BatchStatus::Released => return refuse(R::Released),
        BatchStatus::HandedOver => return Ok(Decision::nothing(batch)),
        // What was taken before can be looked at again.
        BatchStatus::Done if known.handed_over_at.is_some() => {
            return Ok(Decision::nothing(batch));
        }
        BatchStatus::Done => return refuse(R::Done),
    }
    let (orders, total) = left(world, known)?;
    let Some(total) = total else { return refuse(R::Done) };
    Ok(Decision::of(batch, vec![E::HandedOver { orders, total }]))
}

fn release(world: &View<'_>, batch: EntityId, note: String) -> Answer {
    if !is_line(&note, NOTE_MAX) {
        return refuse(invalid("/note", "expected 1 to 500 characters on one line"));
    }
    let known = existing(world, &batch)?;
    match known.status {
        BatchStatus::Formed | BatchStatus::HandedOver => {}
        BatchStatus::Released => return Ok(Decision::nothing(batch)),
        BatchStatus::Done => return refuse(R::Done),
    }
    let (orders, _) = left(world, known)?;
    Ok(Decision::of(batch, vec![E::Released { orders, note }]))
}

/// The orders of a batch that have not ended, and how much they come to.
fn left(world: &View<'_>, batch: &PayoutBatch) -> Result<(Vec<EntityId>, Option<Money>), Stop<R>> {
    world.need(&batch.orders)?;
    let (mut orders, mut total): (Vec<EntityId>, Option<Money>) = (Vec::new(), None);
    for order in &batch.orders {
        let Some(known) = world.get(order)?.order().filter(|known| !known.is_over()) else {
            continue;
        };
        let amount = known.transfer.amount;
        total = Some(total.map_or(amount, |total| total.plus(amount).unwrap_or(total)));
        orders.push(order.clone());
    }
    Ok((orders, total))
}

fn existing<'w>(world: &'w View<'_>, batch: &EntityId) -> Result<&'w PayoutBatch, Stop<R>> {
    match world.get(batch)?.batch() {
        Some(known) => Ok(known),
        None => refuse(R::NotFound),
    }
}

fn check(order: &EntityId, provider: &str, account: &str, transfer: &Transfer) -> Result<(), R> {
    let digits = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_digit() || byte == b'-';
        (1..=20).contains(&text.len()) && text.bytes().all(plain)
    };
    if !order.as_str().starts_with("order/") {
        return Err(invalid("/order", "expected a name that begins with order/"));
    }
    if !is_word(provider, "_-", 40) {
        return Err(invalid("/provider", "expected the name of a provider"));
    }
    if !is_word(account, "_-", 40) {
        return Err(invalid("/account", "expected the name of an account"));
    }
    if !digits(&transfer.payee_account) || !digits(&transfer.payee_bank) {
        return Err(invalid("/transfer/payee_account", "expected an account as a bank writes it"));
    }
    if transfer.amount.amount_minor <= 0 {
        return Err(invalid("/transfer/amount", "expected more than nothing"));
    }
    if !digits(&transfer.variable_symbol) || !is_line(&transfer.message, 140) {
        return Err(invalid("/transfer", "expected a symbol and a message"));
    }
    Ok(())
}

fn invalid(pointer: &str, expected: &str) -> R {
    R::Invalid { pointer: pointer.to_owned(), expected: expected.to_owned() }
}
