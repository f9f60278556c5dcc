//! Money: an integer of minor units and an ISO 4217 currency. Never a float.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use utoipa::ToSchema;

/// An ISO 4217 currency code, three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "CZK")]
pub struct Currency([u8; 3]);

/// An amount in the currency's minor units (haléř, cent; whole units where it has none).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units; 349,00 CZK is 34900.
    pub amount_minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// Why two amounts could not be combined, or a text is no currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The sum does not fit 64 bits.
    #[error("the amount is too large")]
    Overflow,
    /// Amounts of two currencies do not add.
    #[error("the currencies differ")]
    CurrencyMismatch,
    /// No such code.
    #[error("expected an ISO 4217 code of three upper-case letters, such as CZK")]
    UnknownCurrency,
}

/// Codes in use with other than two decimals (ISO 4217).
const EXPONENTS: [(&str, u32); 24] = [
    ("BHD", 3),
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("IQD", 3),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("PYG", 0),
    ("RWF", 0),
    ("TND", 3),
    ("UGX", 0),
    ("UYI", 0),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
];

impl Currency {
    /// The Czech crown, the default of a new tenant.
    pub const CZK: Self = Self(*b"CZK");
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// Reads a code.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(MoneyError::UnknownCurrency),
        }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimals the minor unit has.
    pub fn exponent(self) -> u32 {
        EXPONENTS
            .iter()
            .find(|(code, _)| *code == self.as_str())
            .map_or(2, |(_, exponent)| *exponent)
    }
}

impl Money {
    /// An amount of minor units.
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self { amount_minor, currency }
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Whether nothing is owed.
    pub const fn is_zero(self) -> bool {
        self.amount_minor == 0
    }

    /// The sum of two amounts of one currency.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let sum = self.amount_minor.checked_add(other.amount_minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(sum, self.currency))
    }

    /// The difference of two amounts of one currency.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let rest = self.amount_minor.checked_sub(other.amount_minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(rest, self.currency))
    }

    /// This amount for `quantity` pieces.
    pub fn times(self, quantity: i64) -> Result<Self, MoneyError> {
        let product = self.amount_minor.checked_mul(quantity).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(product, self.currency))
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::CurrencyMismatch) }
    }
}

/// Prints as `349.00 CZK`, for logs and messages to people who have no locale.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let (amount, unit) = (self.amount_minor.unsigned_abs(), 10_u64.pow(exponent));
        if exponent == 0 {
            return write!(f, "{sign}{amount} {}", self.currency);
        }
        let (whole, rest) = (amount / unit, amount % unit);
        write!(f, "{sign}{whole}.{rest:0width$} {}", self.currency, width = exponent as usize)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_two_currencies_do_not_add() {
        let sum = Money::new(1, Currency::CZK).plus(Money::new(1, Currency::EUR));
        assert_eq!(sum, Err(MoneyError::CurrencyMismatch));
    }

    #[test]
    fn a_sum_that_does_not_fit_is_an_error_and_never_wraps() {
        let most = Money::new(i64::MAX, Currency::CZK);
        assert_eq!(most.plus(Money::new(1, Currency::CZK)), Err(MoneyError::Overflow));
        assert_eq!(most.times(2), Err(MoneyError::Overflow));
    }

    #[test]
    fn an_amount_prints_with_its_currency_s_decimals() {
        let yen = Currency::parse("JPY").unwrap();
        assert_eq!(Money::new(-34905, Currency::CZK).to_string(), "-349.05 CZK");
        assert_eq!(Money::new(349, yen).to_string(), "349 JPY");
    }
}
