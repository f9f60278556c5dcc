//! What a provider cannot do is refused here, before anything is asked of it.

use super::super::problem::Problem;
use crate::gateways::Account;
use http::StatusCode;
use kontor_actors::ports::Abilities;
use kontor_messages::{Money, payment::CaptureMode};

/// Refuses a hold where money is taken at once; `pointer` is the member that asks for it.
pub(super) fn holding(
    account: &Account,
    capture: CaptureMode,
    pointer: &str,
) -> Result<(), Problem> {
    if capture == CaptureMode::Automatic || account.abilities().hold {
        return Ok(());
    }
    let expected = format!(
        "this account of {} cannot hold money: expected one that can, or capture `automatic`",
        account.provider()
    );
    Err(unable(pointer, expected))
}

/// Refuses a part of what is held, where only all of it can be taken.
pub(super) fn capturing(abilities: Abilities, amount: Money, held: Money) -> Result<(), Problem> {
    part(abilities.partial_capture, amount, held, "what is held can only be taken in full")
}

/// Refuses a part of what was taken, where only all of it can go back.
pub(super) fn refunding(abilities: Abilities, amount: Money, taken: Money) -> Result<(), Problem> {
    part(abilities.partial_refund, amount, taken, "what was taken can only go back in full")
}

// More than there is, and another currency, are for the domain to refuse.
fn part(able: bool, amount: Money, whole: Money, why: &str) -> Result<(), Problem> {
    let is_part = amount.currency == whole.currency && amount.amount_minor < whole.amount_minor;
    if able || !is_part {
        return Ok(());
    }
    Err(unable("/amount", format!("{why}: expected {}", whole.amount_minor)))
}

fn unable(pointer: &str, expected: String) -> Problem {
    Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "not_supported", pointer, expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_messages::Currency;

    const WHOLE_ONLY: Abilities = Abilities {
        redirect: true,
        push: true,
        poll: true,
        hold: true,
        partial_capture: false,
        partial_refund: false,
        refund_reference: true,
        calls_per_second: 1,
    };

    fn czk(amount: i64) -> Money {
        Money::new(amount, Currency::CZK)
    }

    #[test]
    fn a_part_is_refused_where_only_all_of_it_is_possible() {
        for check in [capturing, refunding] {
            let problem = check(WHOLE_ONLY, czk(999), czk(1000)).unwrap_err();
            assert_eq!(problem.status(), StatusCode::UNPROCESSABLE_ENTITY);
            assert!(check(WHOLE_ONLY, czk(1000), czk(1000)).is_ok());
            let partly = Abilities { partial_capture: true, partial_refund: true, ..WHOLE_ONLY };
            assert!(check(partly, czk(999), czk(1000)).is_ok());
        }
    }
}
