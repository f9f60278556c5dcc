//! Amounts as Stripe counts them. Its minor units are not always those of ISO 4217.

use kontor_messages::{Currency, Money};

/// Whole units only.
const WHOLE: [&str; 15] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
];
/// Three decimals, of which the last is 0.
const THREE: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];
/// Two decimals, which are 00.
const TWO_ZEROS: [&str; 2] = ["ISK", "UGX"];

/// The amount on the wire; none if Stripe cannot take such an amount.
pub fn to_wire(money: Money) -> Option<i64> {
    let (ours, theirs) = (money.currency.exponent(), exponent(money.currency));
    let amount = if ours <= theirs {
        money.amount_minor.checked_mul(10_i64.pow(theirs - ours))?
    } else {
        whole(money.amount_minor, 10_i64.pow(ours - theirs))?
    };
    is_allowed(amount, money.currency).then_some(amount)
}

/// An amount from the wire; none if it is no amount of that currency.
pub fn from_wire(amount: i64, currency: &str) -> Option<Money> {
    let currency = Currency::parse(&currency.to_ascii_uppercase()).ok()?;
    let (ours, theirs) = (currency.exponent(), exponent(currency));
    let minor = if theirs <= ours {
        amount.checked_mul(10_i64.pow(ours - theirs))?
    } else {
        whole(amount, 10_i64.pow(theirs - ours))?
    };
    Some(Money::new(minor, currency))
}

fn exponent(currency: Currency) -> u32 {
    match currency.as_str() {
        code if WHOLE.contains(&code) => 0,
        code if THREE.contains(&code) => 3,
        _ => 2,
    }
}

fn is_allowed(amount: i64, currency: Currency) -> bool {
    match currency.as_str() {
        code if THREE.contains(&code) => amount % 10 == 0,
        code if TWO_ZEROS.contains(&code) => amount % 100 == 0,
        _ => true,
    }
}

fn whole(amount: i64, unit: i64) -> Option<i64> {
    (amount % unit == 0).then_some(amount / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, Currency::parse(code).unwrap())
    }

    #[test]
    fn amounts_go_over_the_wire_as_stripe_counts_them() {
        for (ours, wire) in [
            (money(129_900, "CZK"), Some(129_900)),
            (money(1299, "JPY"), Some(1299)),
            (money(1299, "ISK"), Some(129_900)),
            (money(12_990, "KWD"), Some(12_990)),
            (money(12_991, "KWD"), None),
            (money(129_900, "MGA"), Some(1299)),
            (money(129_950, "MGA"), None),
            (money(129_900, "HUF"), Some(129_900)),
            (money(i64::MAX, "UGX"), None),
        ] {
            assert_eq!(to_wire(ours), wire, "{ours}");
            if let Some(wire) = wire {
                assert_eq!(from_wire(wire, ours.currency.as_str()), Some(ours));
            }
        }
    }

    #[test]
    fn more_decimals_than_the_currency_has_are_an_error_and_not_rounded() {
        assert_eq!(from_wire(129_950, "isk"), None);
        assert_eq!(from_wire(1, "crowns"), None);
    }
}
