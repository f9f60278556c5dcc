//! How prices follow from costs, and which price counts. Pure arithmetic of whole minor units.

use super::{Decided, Step, View, check, state::Product, tree};
use crate::domain::Decision;
use kontor_messages::{
    Currency, EntityId, Timestamp,
    catalog::{
        CatalogEvent, Field, FieldValue, Fields, Formula, PriceKind, PriceRule, PriceSlot,
        PriceValue, Pricing, Rounding, RuleScope, Way, pricing_entity, source,
    },
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

const RULES_MAX: usize = 500;
/// Hundredths of a per cent in one.
const WHOLE_BP: i128 = 10_000;

/// Sets the tenant's rules.
pub(super) fn put(world: &View<'_>, pricing: Pricing) -> Decided {
    if pricing.rules.len() > RULES_MAX {
        return check::invalid("/rules", format!("expected at most {RULES_MAX} rules"));
    }
    for (index, rule) in pricing.rules.iter().enumerate() {
        check_rule(&format!("/rules/{index}"), rule)?;
    }
    let entity = pricing_entity();
    if world.get(&entity)?.pricing() == Some(&pricing) {
        return Ok(Decision::nothing(entity));
    }
    Ok(Decision::of(entity, vec![CatalogEvent::PricingPut { pricing }]))
}

fn check_rule(at: &str, rule: &PriceRule) -> Step<()> {
    if !check::is_line(&rule.name, 200) {
        return check::invalid(format!("{at}/name"), "expected 1 to 200 characters on one line");
    }
    if !rule.channel.as_deref().is_none_or(check::is_channel) {
        return check::invalid(format!("{at}/channel"), "expected the name of a sales channel");
    }
    let RuleScope { product, brand, category, supplier } = &rule.scope;
    for id in [product, category].into_iter().flatten() {
        check::id(&format!("{at}/scope"), id)?;
    }
    if !brand.as_ref().is_none_or(|brand| check::is_line(brand, 200)) {
        return check::invalid(format!("{at}/scope/brand"), "expected 1 to 200 characters");
    }
    if !supplier.as_deref().is_none_or(source::is_name) {
        return check::invalid(format!("{at}/scope/supplier"), "expected the name of a supplier");
    }
    let amounts = 0..=check::AMOUNT_MAX;
    if !amounts.contains(&rule.cost_from_minor) {
        return check::invalid(format!("{at}/cost_from_minor"), "expected an amount");
    }
    let formula = match rule.formula {
        Formula::Markup { bp } => bp <= 1_000_000,
        Formula::Margin { bp } => bp < 10_000,
        Formula::Add { amount_minor } => amounts.contains(&amount_minor),
        Formula::BelowRecommended { bp } | Formula::MarginShared { bp } => bp <= 10_000,
    };
    if !formula {
        let expected = "expected a mark-up up to 10000 %, a margin below 100 %, an amount, or a \
            share up to 100 %";
        return check::invalid(format!("{at}/formula"), expected);
    }
    if rule.vat_bp > 10_000 || rule.floor_markup_bp > 1_000_000 {
        return check::invalid(at, "expected tax up to 100 % and a floor up to 10000 %");
    }
    let Rounding { unit_minor, ending_minor, .. } = rule.rounding;
    if !(1..=check::AMOUNT_MAX).contains(&unit_minor) || !(0..unit_minor).contains(&ending_minor) {
        let expected = "expected a unit of 1 or more, and an ending below it";
        return check::invalid(format!("{at}/rounding"), expected);
    }
    Ok(())
}

/// Whether prices follow from a field: it is what a product costs, or what its maker recommends.
pub(super) fn is_followed(field: &Field) -> bool {
    let followed = |kind| matches!(kind, PriceKind::Cost | PriceKind::Recommended);
    matches!(field, Field::Price(slot) if followed(slot.kind))
}

/// The prices that follow from a product's costs by the tenant's rules.
pub(super) fn follow(world: &View<'_>, id: &EntityId, product: &Product) -> Step<Fields> {
    let mut prices = Fields::new();
    let Some(pricing) = world.get(&pricing_entity())?.pricing() else { return Ok(prices) };
    let Some(costs) = costs(product) else { return Ok(prices) };
    let mut above = Vec::new();
    if pricing.rules.iter().any(|rule| rule.scope.category.is_some()) {
        for category in product.list(&Field::Categories) {
            above.extend(tree::upwards(world, category)?);
        }
    }
    let mut best: BTreeMap<PriceSlot, (&PriceRule, i64)> = BTreeMap::new();
    for rule in &pricing.rules {
        let Some(cost) = costs.get(&rule.currency).copied() else { continue };
        let category = match &rule.scope.category {
            None => true,
            Some(wanted) => {
                let wanted = tree::resolve(world, wanted)?;
                wanted.is_some_and(|wanted| above.contains(&wanted))
            }
        };
        if !category || !is_for(rule, id, product, cost) {
            continue;
        }
        let (currency, channel) = (rule.currency, rule.channel.clone());
        let slot = PriceSlot { kind: PriceKind::Base, currency, channel };
        let known = best.entry(slot).or_insert((rule, cost));
        if weight(known.0) < weight(rule) {
            *known = (rule, cost);
        }
    }
    for (slot, (rule, cost)) in best {
        let recommended = recommended(product, slot.currency);
        if let Some(amount) = price(rule, cost, recommended) {
            let value = FieldValue::Price(PriceValue::always(amount));
            prices.insert(Field::Price(slot), Some(value));
        }
    }
    Ok(prices)
}

/// What a product costs, by currency; `None` if it is not known.
fn costs(product: &Product) -> Option<BTreeMap<Currency, i64>> {
    Some(product.costs().collect::<BTreeMap<_, _>>()).filter(|costs| !costs.is_empty())
}

/// What the maker recommends, with tax.
fn recommended(product: &Product, currency: Currency) -> Option<i64> {
    let slot = PriceSlot::everywhere(PriceKind::Recommended, currency);
    match product.value(&Field::Price(slot)) {
        Some(FieldValue::Price(price)) => Some(price.amount_minor),
        _ => None,
    }
}

fn is_for(rule: &PriceRule, id: &EntityId, product: &Product, cost: i64) -> bool {
    let RuleScope { product: wanted, brand, supplier, .. } = &rule.scope;
    let cost_of = || {
        let slot = PriceSlot::everywhere(PriceKind::Cost, rule.currency);
        product.owner(&Field::Price(slot)).and_then(|owner| owner.source.supplier())
    };
    rule.cost_from_minor <= cost
        && wanted.as_deref().is_none_or(|wanted| wanted == id.as_str())
        && brand.as_deref().is_none_or(|brand| product.text(&Field::Brand) == Some(brand))
        && supplier.as_deref().is_none_or(|supplier| cost_of() == Some(supplier))
}

/// The narrower rule counts, then the higher, then the one that begins at the higher cost.
fn weight(rule: &PriceRule) -> (u8, i32, i64) {
    let RuleScope { product, brand, category, supplier } = &rule.scope;
    let narrow = u8::from(product.is_some()) * 16
        + u8::from(brand.is_some()) * 4
        + u8::from(category.is_some()) * 4
        + u8::from(supplier.is_some());
    (narrow, rule.priority, rule.cost_from_minor)
}

/// The price that a rule makes of a cost without tax, and of what the maker recommends with tax;
/// `None` if it makes none.
pub(super) fn price(rule: &PriceRule, cost: i64, recommended: Option<i64>) -> Option<i64> {
    let (cost, recommended) = (i128::from(cost), recommended.map(i128::from));
    let vat = WHOLE_BP + i128::from(rule.vat_bp);
    let taxed = |net: i128, per: i128| (net * vat, per * WHOLE_BP);
    // As a fraction, so that nothing is rounded before the end.
    let gross = match rule.formula {
        Formula::Markup { bp } => taxed(cost * (WHOLE_BP + i128::from(bp)), WHOLE_BP),
        Formula::Margin { bp } => taxed(cost * WHOLE_BP, WHOLE_BP - i128::from(bp)),
        Formula::Add { amount_minor } => taxed(cost + i128::from(amount_minor), 1),
        Formula::BelowRecommended { bp } => (recommended? * (WHOLE_BP - i128::from(bp)), WHOLE_BP),
        Formula::MarginShared { bp } => {
            let earned = recommended? * WHOLE_BP - cost * vat;
            let left = recommended? * WHOLE_BP * WHOLE_BP - earned * i128::from(bp);
            (left, WHOLE_BP * WHOLE_BP)
        }
    };
    let floor = cost * (WHOLE_BP + i128::from(rule.floor_markup_bp)) * vat;
    let floor = ceil(floor, WHOLE_BP * WHOLE_BP);
    let rounded = round(gross, rule.rounding);
    let rounded = if rounded < floor {
        round((floor, 1), Rounding { way: Way::Up, ..rule.rounding })
    } else {
        rounded
    };
    let rounded = match recommended.filter(|most| rule.recommended_max && *most < rounded) {
        Some(most) if most < floor => return None,
        Some(most) => most,
        None => rounded,
    };
    i64::try_from(rounded).ok().filter(|price| (0..=check::AMOUNT_MAX).contains(price))
}

/// An amount that is a fraction, rounded.
fn round((amount, per): (i128, i128), rounding: Rounding) -> i128 {
    let (unit, ending) =
        (i128::from(rounding.unit_minor.max(1)), i128::from(rounding.ending_minor));
    let (over, step) = (amount - ending * per, unit * per);
    let steps = match rounding.way {
        Way::Up => ceil(over, step),
        Way::Nearest => (2 * over + step).div_euclid(2 * step),
    };
    steps.max(0) * unit + ending
}

fn ceil(amount: i128, per: i128) -> i128 {
    amount.div_euclid(per) + i128::from(amount.rem_euclid(per) != 0)
}

/// What a product is sold for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CurrentPrice {
    /// Minor units.
    pub amount_minor: i64,
    /// In which currency.
    pub currency: Currency,
    /// Which price it is.
    pub kind: PriceKind,
    /// What it is sold for when the action is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regular_minor: Option<i64>,
    /// Until when, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The price that counts on a channel at an instant. A channel's own prices go before those for
/// everywhere; an action goes before what is asked otherwise.
pub fn current_price(
    product: &Product,
    channel: Option<&str>,
    currency: Currency,
    at: Timestamp,
) -> Option<CurrentPrice> {
    let find = |kind: PriceKind, channel: Option<&str>| {
        let slot = PriceSlot { kind, currency, channel: channel.map(str::to_owned) };
        match product.value(&Field::Price(slot)) {
            Some(FieldValue::Price(price)) => Some(*price),
            _ => None,
        }
    };
    let everywhere = std::iter::once(None);
    let places = channel.map(Some).into_iter().chain(everywhere);
    for place in places {
        let base = find(PriceKind::Base, place);
        let sale = find(PriceKind::Sale, place).filter(|sale| sale.counts_at(at));
        if let Some(sale) = sale {
            return Some(CurrentPrice {
                amount_minor: sale.amount_minor,
                currency,
                kind: PriceKind::Sale,
                regular_minor: base.map(|base| base.amount_minor),
                until: sale.until,
            });
        }
        if let Some(base) = base {
            let (amount_minor, kind) = (base.amount_minor, PriceKind::Base);
            return Some(CurrentPrice {
                amount_minor,
                currency,
                kind,
                regular_minor: None,
                until: None,
            });
        }
    }
    None
}
