//! The account's movements as a list: all that came, and what went out as refunds of ours.

use super::{Fio, Movement, Statement, import, movements, symbol};
use kontor_actors::{
    ports::GatewayFault,
    ports_statement::{EntryKind, ProviderEntry, StatementAsk, StatementPage},
};
use kontor_messages::{Money, Timestamp, payment::Operation};
use std::time::Duration;

/// Movements between the two days, in one page: the bank gives no more than it has.
pub(super) async fn page(fio: &Fio, ask: &StatementAsk) -> Result<StatementPage, GatewayFault> {
    let mut turn = fio.turn.lock().await;
    super::wait_for(*turn, Timestamp::now())?;
    // The bank counts days in Prague, which begin before those of UTC.
    let (from, to) = (movements::day(ask.from, 0), movements::day(ask.until, 0));
    let call = fio.http.get(fio.movements(&from, &to));
    let reply = fio.send(&mut turn, call, Operation::Query).await?;
    let statement = Statement::read(&reply, &fio.settings, Timestamp::now())?;
    let entries = statement.all().iter().filter_map(|movement| entry(movement, fio));
    Ok(StatementPage { entries: entries.collect(), next: None })
}

/// What went out and is no refund of ours is the shop's own business.
fn entry(movement: &Movement, fio: &Fio) -> Option<ProviderEntry> {
    let came = movement.amount_minor > 0;
    if !came && import::tag_in(movement).is_none() {
        return None;
    }
    let own = movement.column(5).and_then(symbol::parse);
    let symbol = own.or_else(|| movement.texts().find_map(symbol::in_text));
    Some(ProviderEntry {
        reference: movement.column(22)?.to_owned(),
        names: symbol.into_iter().collect(),
        payment: None,
        kind: if came { EntryKind::In } else { EntryKind::Out },
        amount: Money::new(movement.amount_minor.checked_abs()?, fio.settings.currency),
        at: day(movement.column(0)?)?,
    })
}

/// Noon of a day as the bank writes it, `2026-01-05+0100`: in Prague as in UTC it is that day.
fn day(text: &str) -> Option<Timestamp> {
    let midnight = Timestamp::parse(&format!("{}T00:00:00Z", text.get(..10)?))?;
    Some(midnight.plus(Duration::from_secs(12 * 3600)))
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn a_day_of_the_bank_is_that_day() {
        assert_eq!(day("2026-01-05+0100").unwrap().to_string(), "2026-01-05T12:00:00.000Z");
        assert_eq!(day("yesterday"), None);
    }
}
