//! Buyers: each places one order after another through HTTP.

use super::{
    caller::{Caller, Door},
    load::{Answered, Ask},
};
use std::fmt::Write;

/// Somebody who places orders.
pub(super) struct Buyer {
    caller: Caller,
    /// Products of the shop, which are called `SKU-<n>`.
    skus: usize,
    /// Lines of an order, the first of one unit, the next of two, and so on.
    lines: usize,
    body: String,
}

impl Buyer {
    /// So many buyers, each with a connection of its own.
    pub(super) async fn many(
        shop: &Door,
        buyers: usize,
        skus: usize,
        lines: usize,
    ) -> Result<Vec<Self>, String> {
        let mut all = Vec::with_capacity(buyers);
        for _ in 0..buyers {
            let (caller, body) = (Caller::connect(shop).await?, String::with_capacity(1024));
            all.push(Self { caller, skus, lines, body });
        }
        Ok(all)
    }

    /// Units that an order of so many lines takes.
    pub(super) fn units(lines: usize) -> i64 {
        (1..=lines as i64).sum()
    }

    fn write(&mut self) -> std::fmt::Result {
        self.body.clear();
        self.body.push_str(
            r#"{"channel":"web","currency":"CZK","customer":{"name":"Jana Novakova"},"shipping_address":{"name":"Jana Novakova","street":"Dlouha 1","city":"Praha","postal_code":"11000","country":"CZ"},"lines":["#,
        );
        let first = fastrand::usize(..self.skus);
        for line in 0..self.lines {
            // Neighbours of one chosen at random: all differ.
            let (sku, quantity) = ((first + line) % self.skus, line + 1);
            let comma = if line == 0 { "" } else { "," };
            write!(
                self.body,
                r#"{comma}{{"sku":"SKU-{sku}","title":"A thing that is sold","quantity":{quantity},"unit_price_minor":12900}}"#
            )?;
        }
        let total = Self::units(self.lines) * 12_900;
        write!(self.body, r#"],"totals":{{"subtotal_minor":{total},"total_minor":{total}}}}}"#)
    }
}

impl Ask for Buyer {
    async fn ask(&mut self) -> Result<Answered, String> {
        self.write().map_err(|fault| fault.to_string())?;
        let answer = self.caller.ask("POST", "/v1/orders", &self.body).await?;
        match answer.status {
            201 => Ok(Answered::Done),
            409 => Ok(Answered::Over),
            other => {
                let text = String::from_utf8_lossy(answer.body).into_owned();
                Err(format!("an order was answered {other}: {text}"))
            }
        }
    }
}

/// Units that were sold and are not there: more than there ever were, or more acknowledged than are
/// held, which somebody else could buy.
pub(super) fn oversold(stocked: i64, acknowledged: i64, sellable: i64) -> i64 {
    let held = stocked - sellable;
    (acknowledged - stocked).max(acknowledged - held).max(held - stocked).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_acknowledged_must_be_held_and_have_been_there() {
        assert_eq!(oversold(100, 60, 40), 0);
        assert_eq!(oversold(100, 100, 0), 0);
        assert_eq!(oversold(100, 101, 0), 1, "one more than there ever was");
        assert_eq!(oversold(100, 60, 45), 5, "five of them can be bought again");
        assert_eq!(oversold(100, 90, -3), 3, "more is held than there was");
        assert_eq!(oversold(100, 58, 40), 0, "an answer that was lost is no sale too many");
    }
}
