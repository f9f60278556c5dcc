//! The movements of an account, as Fio tells them: numbered columns of texts and numbers.

use super::{Settings, minor, not_now, symbol};
use crate::gateways::{http::Reply, payments::told};
use kontor_actors::ports::{FaultCause, GatewayFault};
use kontor_messages::{Timestamp, payment::Operation};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, time::Duration};

/// An account's movements of some days.
pub struct Statement {
    /// When they were asked for.
    pub at: Timestamp,
    movements: Vec<Movement>,
}

/// A movement, as far as payments are concerned.
pub struct Movement {
    /// Negative if it went out.
    pub amount_minor: i64,
    columns: BTreeMap<u32, String>,
}

impl Statement {
    /// Reads a statement of the settings' own account, if it is whole.
    pub fn read(reply: &Reply, settings: &Settings, at: Timestamp) -> Result<Self, GatewayFault> {
        // An error document comes with success as well; it is over some time.
        if reply.header("content-type").is_some_and(|kind| kind.contains("xml")) {
            return Err(not_now(FaultCause::Provider, None));
        }
        let unreadable = || told::unreadable("statement", Operation::Query);
        let wire::Reply { account_statement: statement } =
            reply.json().map_err(|_| unreadable())?;
        if statement.info.iban.as_deref() != Some(settings.iban.as_str()) {
            return Err(told::refused("foreign_account", "the token is another account's"));
        }
        let list = statement.transaction_list.and_then(|list| list.transaction);
        let mut movements = Vec::new();
        let mut sum: i64 = 0;
        for columns in
            list.map_or(Some(Vec::new()), |list| one_or_many(&list)).ok_or_else(unreadable)?
        {
            let movement = Movement::read(&columns, settings).ok_or_else(unreadable)?;
            sum = sum.saturating_add(movement.amount_minor);
            // The same movement under two pages of one answer would be money twice.
            let known = |other: &Movement| other.column(22) == movement.column(22);
            if !movements.iter().any(known) {
                movements.push(movement);
            }
        }
        let balance = |text: &Option<Box<RawValue>>| {
            text.as_ref().and_then(|raw| minor(raw.get(), settings.currency))
        };
        let (opening, closing) =
            (balance(&statement.info.opening_balance), balance(&statement.info.closing_balance));
        match (opening, closing) {
            (Some(opening), Some(closing)) if opening.saturating_add(sum) != closing => {
                Err(told::unreadable("statement, whose balances differ,", Operation::Query))
            }
            _ => Ok(Self { at, movements }),
        }
    }

    /// All of them.
    pub fn all(&self) -> &[Movement] {
        &self.movements
    }

    /// What came under a symbol.
    pub fn incoming(&self, symbol: &str) -> Vec<&Movement> {
        self.movements.iter().filter(|it| it.amount_minor > 0 && it.is_of(symbol)).collect()
    }

    /// What went out under a symbol.
    pub fn outgoing(&self, symbol: &str) -> Vec<&Movement> {
        self.movements.iter().filter(|it| it.amount_minor < 0 && it.is_of(symbol)).collect()
    }
}

impl Movement {
    fn read(wire: &wire::Columns, settings: &Settings) -> Option<Self> {
        let mut columns = BTreeMap::new();
        for (name, cell) in wire {
            let number = name.strip_prefix("column").and_then(|number| number.parse().ok());
            let text = cell.as_ref().and_then(|cell| cell.value.as_deref()).and_then(text);
            if let (Some(number), Some(text)) = (number, text) {
                columns.insert(number, text);
            }
        }
        let amount_minor = minor(columns.get(&1)?, settings.currency)?;
        let ours = columns.get(&14).map(String::as_str) == Some(settings.currency.as_str());
        (ours && columns.contains_key(&22)).then_some(Self { amount_minor, columns })
    }

    /// A column's text.
    pub fn column(&self, number: u32) -> Option<&str> {
        self.columns.get(&number).map(String::as_str)
    }

    /// The account and the bank that it came from.
    pub fn sender(&self) -> Option<(&str, &str)> {
        let (account, bank) = (self.column(2)?, self.column(3)?);
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let domestic = plain(account) && plain(bank) && bank.len() == 4;
        domestic.then_some((account, bank))
    }

    /// The texts in which people and banks write what it is for.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        [27, 16, 7, 25].into_iter().filter_map(|number| self.column(number))
    }

    fn is_of(&self, wanted: &str) -> bool {
        if let Some(own) = self.column(5).and_then(symbol::parse) {
            return own == wanted;
        }
        self.texts().any(|text| match symbol::in_text(text) {
            Some(found) => found == wanted,
            None => symbol::stands_in(text, wanted),
        })
    }
}

/// A day as the bank counts them, so many days ago.
pub fn day(now: Timestamp, ago: u16) -> String {
    // Prague is an hour or two ahead; the days before overlap anyway.
    let there = now.plus(Duration::from_secs(3600)).to_utc();
    (there - chrono::Days::new(ago.into())).date_naive().to_string()
}

/// An array, or its only element without one.
fn one_or_many<T: DeserializeOwned>(raw: &RawValue) -> Option<Vec<T>> {
    match raw.get().trim_start().as_bytes().first()? {
        b'[' => serde_json::from_str(raw.get()).ok(),
        b'n' => Some(Vec::new()),
        _ => Some(vec![serde_json::from_str(raw.get()).ok()?]),
    }
}

/// A text, or a number as it is written.
fn text(raw: &RawValue) -> Option<String> {
    match raw.get().as_bytes().first()? {
        b'"' => serde_json::from_str(raw.get()).ok(),
        b'n' => None,
        _ => Some(raw.get().to_owned()),
    }
}

mod wire {
    use super::{BTreeMap, Deserialize, RawValue};

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Reply {
        pub account_statement: Statement,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Statement {
        pub info: Info,
        pub transaction_list: Option<List>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Info {
        pub iban: Option<String>,
        pub opening_balance: Option<Box<RawValue>>,
        pub closing_balance: Option<Box<RawValue>>,
    }

    #[derive(Deserialize)]
    pub struct List {
        pub transaction: Option<Box<RawValue>>,
    }

    /// The members of a movement, by `columnN`.
    pub type Columns = BTreeMap<String, Option<Cell>>;

    #[derive(Deserialize)]
    pub struct Cell {
        pub value: Option<Box<RawValue>>,
    }
}
