//! What the demo says in the end.

use super::suppliers::Imports;
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write};

/// Findings of one kind that are shown.
const SHOWN: usize = 20;

/// Everything.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether every proof succeeded.
    pub(super) passed: bool,
    /// Orders that are there.
    pub(super) orders: u64,
    /// Products of which more was promised than there is.
    pub(super) oversold: usize,
    /// What was acknowledged, taken or told, and cannot be found.
    pub(super) lost: usize,
    /// What was done twice.
    pub(super) duplicated: usize,
    /// Whether the journal tells of every entity what is stored of it.
    pub(super) replay_equal: bool,
    pub(super) orders_per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) seconds: f64,
    pub(super) shoppers: usize,
    pub(super) shops: Vec<ShopReport>,
    pub(super) flash_sale: Flash,
    /// Requests that were sent twice under one key, on purpose.
    pub(super) sent_twice: u64,
    /// Requests that were asked again because the node was busy.
    pub(super) asked_again: u64,
    /// How often the answer was no, by what was asked and why.
    pub(super) refusals: BTreeMap<String, u64>,
    pub(super) replayed_events: u64,
    pub(super) replayed_entities: u64,
    /// How long it took until nothing was in motion.
    pub(super) rest_seconds: f64,
    pub(super) findings: Findings,
}

/// How one shop stands.
#[derive(Debug, Default, Serialize)]
pub(super) struct ShopReport {
    pub(super) tenant: String,
    pub(super) currency: &'static str,
    /// By status.
    pub(super) orders: BTreeMap<String, u64>,
    pub(super) units: Units,
    pub(super) money: Money,
    /// The same, provider by provider.
    pub(super) providers: BTreeMap<&'static str, Money>,
    /// Messages, each counted once.
    pub(super) mails: u64,
    /// Events that its endpoint took, each counted once.
    pub(super) events: u64,
    /// How its supplier's feed was imported.
    pub(super) imports: Imports,
}

/// Where the goods are.
#[derive(Debug, Default, Serialize)]
pub(super) struct Units {
    pub(super) initial: i64,
    pub(super) on_hand: i64,
    pub(super) held: i64,
    pub(super) sold: i64,
}

/// Where the money is: what we say, and what the provider says.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Money {
    /// Payments that brought some.
    pub(super) payments: u64,
    pub(super) taken_minor: i64,
    pub(super) refunded_minor: i64,
    pub(super) provider_taken_minor: i64,
    pub(super) provider_refunded_minor: i64,
    pub(super) agree: bool,
}

/// How the rush went.
#[derive(Debug, Serialize)]
pub(super) struct Flash {
    pub(super) units: i64,
    pub(super) won: u64,
    pub(super) refused: u64,
}

/// What is wrong, in words.
#[derive(Debug, Default, Serialize)]
pub(super) struct Findings {
    pub(super) oversold: Vec<String>,
    pub(super) lost: Vec<String>,
    pub(super) duplicated: Vec<String>,
    /// Units or money that do not add up.
    pub(super) unbalanced: Vec<String>,
    /// Events of one order that came in another order.
    pub(super) disordered: Vec<String>,
    /// Entities of which the journal tells something else.
    pub(super) differing: Vec<String>,
    /// What was still in motion when patience ended.
    pub(super) moving: Vec<String>,
    /// Answers that nobody expected.
    pub(super) surprises: Vec<String>,
}

impl Findings {
    /// Every kind with its name.
    fn kinds(&self) -> [(&'static str, &Vec<String>); 8] {
        [
            ("oversold", &self.oversold),
            ("lost", &self.lost),
            ("duplicated", &self.duplicated),
            ("not in balance", &self.unbalanced),
            ("out of order", &self.disordered),
            ("replayed otherwise", &self.differing),
            ("still in motion", &self.moving),
            ("unexpected", &self.surprises),
        ]
    }

    pub(super) fn none(&self) -> bool {
        self.kinds().iter().all(|(_, found)| found.is_empty())
    }

    /// The same, with no more of each kind than people read.
    pub(super) fn shown(mut self) -> Self {
        for found in [
            &mut self.oversold,
            &mut self.lost,
            &mut self.duplicated,
            &mut self.unbalanced,
            &mut self.disordered,
            &mut self.differing,
            &mut self.moving,
            &mut self.surprises,
        ] {
            found.truncate(SHOWN);
        }
        self
    }
}

impl Report {
    /// The report for people.
    pub(super) fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let names: Vec<_> = self.shops.iter().map(|shop| shop.tenant.clone()).collect();
        row(out, "", &names)?;
        let statuses = self.shops.iter().flat_map(|shop| shop.orders.keys());
        for status in statuses.collect::<std::collections::BTreeSet<_>>() {
            let count = |shop: &ShopReport| shop.orders.get(status).copied().unwrap_or(0);
            self.line(out, &format!("orders {status}"), |shop| count(shop).to_string())?;
        }
        self.line(out, "units at first", |shop| shop.units.initial.to_string())?;
        self.line(out, "units sold", |shop| shop.units.sold.to_string())?;
        self.line(out, "units on hand", |shop| shop.units.on_hand.to_string())?;
        self.line(out, "  of these held", |shop| shop.units.held.to_string())?;
        let money = |shop: &ShopReport, minor| format!("{} {}", amount(minor), shop.currency);
        self.line(out, "money taken", |shop| money(shop, shop.money.taken_minor))?;
        self.line(out, "money refunded", |shop| money(shop, shop.money.refunded_minor))?;
        self.line(out, "messages sent", |shop| shop.mails.to_string())?;
        self.line(out, "events delivered", |shop| shop.events.to_string())?;
        self.line(out, "imports completed", |shop| shop.imports.completed.to_string())?;
        self.line(out, "  of these by schedule", |shop| shop.imports.scheduled.to_string())?;
        self.line(out, "products as the feed says", |shop| shop.imports.products.to_string())?;
        writeln!(out)?;
        self.write_providers(out)?;
        writeln!(out)?;
        let flash = &self.flash_sale;
        let tried = flash.won + flash.refused;
        writeln!(out, "rush: {tried} buyers for {} units, {} sold", flash.units, flash.won)?;
        writeln!(
            out,
            "{} requests sent twice under one key, {} asked again; at rest after {:.1} s; \
             {} entities replayed from {} events",
            self.sent_twice,
            self.asked_again,
            self.rest_seconds,
            self.replayed_entities,
            self.replayed_events
        )?;
        for (what, times) in &self.refusals {
            writeln!(out, "refused: {what}: {times}")?;
        }
        for (kind, found) in self.findings.kinds() {
            for one in found {
                writeln!(out, "{kind}: {one}")?;
            }
        }
        writeln!(out)?;
        writeln!(
            out,
            "orders {}, oversold {}, lost {}, duplicated {}, replay {}",
            self.orders,
            self.oversold,
            self.lost,
            self.duplicated,
            if self.replay_equal { "equal" } else { "DIFFERS" }
        )?;
        writeln!(
            out,
            "{:.1} orders/s over {:.1} s with {} shoppers; POST /v1/orders: p50 {:.1} ms, p99 {:.1} ms",
            self.orders_per_second, self.seconds, self.shoppers, self.p50_ms, self.p99_ms
        )?;
        writeln!(out, "{}", if self.passed { "all proofs hold" } else { "NOT ALL PROOFS HOLD" })
    }

    /// Account by account, what we say and what the provider says.
    fn write_providers(&self, out: &mut String) -> std::fmt::Result {
        let heads = ["payments", "taken", "says the provider", "refunded", "says the provider"];
        let line = |out: &mut String, name: &str, values: [String; 5]| {
            let [payments, taken, theirs, refunded, theirs_too] = values;
            writeln!(
                out,
                "{name:<18}{payments:>10}{taken:>15}{theirs:>19}{refunded:>15}{theirs_too:>19}"
            )
        };
        line(out, "", heads.map(str::to_owned))?;
        for shop in &self.shops {
            for (provider, money) in &shop.providers {
                let values = [
                    money.payments.to_string(),
                    amount(money.taken_minor),
                    amount(money.provider_taken_minor),
                    amount(money.refunded_minor),
                    amount(money.provider_refunded_minor),
                ];
                line(out, &format!("{provider}, {}", shop.currency), values)?;
            }
        }
        Ok(())
    }

    fn line(
        &self,
        out: &mut String,
        name: &str,
        value: impl Fn(&ShopReport) -> String,
    ) -> std::fmt::Result {
        row(out, name, &self.shops.iter().map(value).collect::<Vec<_>>())
    }
}

fn row(out: &mut String, name: &str, values: &[String]) -> std::fmt::Result {
    write!(out, "{name:<28}")?;
    for value in values {
        write!(out, "{value:>22}")?;
    }
    writeln!(out)
}

fn amount(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}
