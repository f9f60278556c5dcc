//! The prices of a row: which currency, per which unit, with or without VAT.

use super::apply::Reader;
use super::convert;
use super::rules::Target;
use crate::decimal::{Decimal, divide_rounded};
use crate::record::{Note, Record, VatRate};
use kontor_messages::{Currency, Money};

/// Hundredths of a percent in the whole.
const WHOLE: i128 = 10_000;

impl Reader<'_> {
    pub(super) fn prices(&mut self, record: &mut Record) {
        record.vat = self
            .convert(&Target::Vat, |mapping, field, text| {
                let reading = &mapping.reading;
                convert::vat(text, field.decimal, reading.vat, &reading.vat_words)
            })
            .or(self.mapping.vat_default);
        let currency = self.currency();
        let per_piece = self.per_piece();
        let mut read = |target| self.price(&target, currency, per_piece);
        let (purchase, purchase_gross) =
            (read(Target::PurchasePrice), read(Target::PurchasePriceGross));
        let (list, list_gross) = (read(Target::ListPrice), read(Target::ListPriceGross));
        let (rrp, rrp_net) = (read(Target::Rrp), read(Target::RrpNet));
        record.purchase_price = purchase.or_else(|| self.net(purchase_gross, record.vat));
        record.list_price = list.or_else(|| self.net(list_gross, record.vat));
        record.rrp = rrp.or_else(|| self.gross(rrp_net, record.vat));
        note_oddities(record, list, list_gross.or(rrp));
    }

    fn currency(&mut self) -> Option<Currency> {
        let told = self.convert(&Target::Currency, |_, _, text| {
            let text = text.trim();
            let upper = text.to_ascii_uppercase();
            // A sign will do.
            let sign = || {
                Decimal::parse_amount(
                    &format!("0 {text}"),
                    Default::default(),
                    crate::decimal::ThreeDigits::Refuse,
                )
            };
            Currency::parse(&upper)
                .ok()
                .or_else(|| sign().ok().and_then(|(_, currency)| currency))
                .ok_or_else(|| "expected a currency such as CZK".to_owned())
        });
        told.or(self.mapping.reading.currency)
    }

    /// What a price is to be multiplied with, so that it is for one piece.
    fn per_piece(&mut self) -> Option<Decimal> {
        let mut number = |target| {
            let read = self.convert(&target, |_, field, text| {
                let number = convert::number(text, field.decimal)?;
                if number.is_zero() || number.is_negative() {
                    return Err("expected a number above zero".to_owned());
                }
                Ok(number)
            });
            read.unwrap_or(Decimal::new(1, 0))
        };
        let factor = number(Target::PriceFactor);
        let quantity = number(Target::PriceQuantity);
        let pieces = number(Target::UnitsPerOrderUnit);
        let one = Decimal::new(1, 0);
        if factor == one && quantity == one && pieces == one {
            return None;
        }
        factor.over(quantity.times(pieces)?)
    }

    fn price(
        &mut self,
        target: &Target,
        currency: Option<Currency>,
        per_piece: Option<Decimal>,
    ) -> Option<Money> {
        self.convert(target, |_, field, text| {
            let (price, own) = convert::price(text, field.decimal)?;
            let currency = match (own, currency) {
                (Some(own), Some(other)) if own != other => {
                    return Err(format!("expected a price in {other}, it is in {own}"));
                }
                (Some(own), _) => own,
                (None, Some(currency)) => currency,
                (None, None) => return Err("expected a currency, there is none".to_owned()),
            };
            let price = match per_piece {
                Some(factor) => price.times(factor),
                None => Some(price),
            };
            let minor = price.and_then(|price| price.to_units(currency.exponent()));
            minor
                .map(|amount_minor| Money::new(amount_minor, currency))
                .ok_or_else(|| "the price is too large".to_owned())
        })
    }

    fn net(&mut self, gross: Option<Money>, vat: Option<VatRate>) -> Option<Money> {
        let gross = gross?;
        let vat = self.rate(vat)?;
        let whole = WHOLE + i128::from(vat.0);
        scale(gross, WHOLE, whole)
    }

    fn gross(&mut self, net: Option<Money>, vat: Option<VatRate>) -> Option<Money> {
        let net = net?;
        let vat = self.rate(vat)?;
        scale(net, WHOLE + i128::from(vat.0), WHOLE)
    }

    fn rate(&mut self, vat: Option<VatRate>) -> Option<VatRate> {
        if vat.is_none() {
            self.fault("vat", "expected a rate: a price has to be converted with it", None);
        }
        vat
    }
}

/// An amount times a fraction, rounded to the minor unit.
pub(crate) fn scale(money: Money, by: i128, over: i128) -> Option<Money> {
    let amount = divide_rounded(i128::from(money.amount_minor).checked_mul(by)?, over)?;
    i64::try_from(amount).ok().map(|amount| Money::new(amount, money.currency))
}

fn note_oddities(record: &mut Record, net: Option<Money>, gross: Option<Money>) {
    let taxed = record.vat.is_some_and(|vat| vat != VatRate::ZERO);
    if taxed && net.is_some_and(|net| Some(net) == gross && !net.is_zero()) {
        record.notes.push(Note::NetEqualsGross);
    }
    if let (Some(rrp), Some(purchase)) = (record.rrp, record.purchase_price)
        && rrp.currency == purchase.currency
        && rrp.amount_minor < purchase.amount_minor
    {
        record.notes.push(Note::RrpBelowPurchase);
    }
}
