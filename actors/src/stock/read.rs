//! How much may be sold: for whoever shows it, and for the decisions themselves.
//!
//! A level from which more is held than is there gives nothing, and takes nothing from the others:
//! the total counts it as 0. Only on backorder do totals fall below zero.

use super::state::{SkuState, Warehouses};
use kontor_messages::stock::StockSettings;

/// Sellable units of a product over all active warehouses. A bundle has none of its own.
pub fn available(sku: &SkuState, warehouses: &Warehouses) -> i64 {
    let backorder = sku.settings.backorder;
    sku.levels
        .iter()
        .filter(|level| warehouses.get(&level.warehouse).is_some_and(|found| found.active))
        .fold(0, |total: i64, level| {
            total.saturating_add(free(level.on_hand, level.reserved, backorder))
        })
}

/// Sellable units of a product for a channel: the total without what is kept back from it. Below
/// zero only on backorder. For a bundle see [`bundle_sellable`].
pub fn sellable(sku: &SkuState, warehouses: &Warehouses, channel: &str) -> i64 {
    let units = available(sku, warehouses).saturating_sub(buffer(&sku.settings, channel));
    if sku.settings.backorder { units } else { units.max(0) }
}

/// How many of a bundle a channel may sell: as many as its scarcest part allows. Parts on
/// backorder never run short, unless all of them are. `part` finds a product by its name.
pub fn bundle_sellable<'s>(
    bundle: &SkuState,
    part: impl Fn(&str) -> Option<&'s SkuState>,
    warehouses: &Warehouses,
    channel: &str,
) -> i64 {
    let units = bundles(bundle.settings.components.iter().map(|(name, each)| {
        let found = part(name);
        let units = found.map_or(0, |sku| sellable(sku, warehouses, channel));
        (units, *each, found.is_some_and(|sku| sku.settings.backorder))
    }));
    units.saturating_sub(buffer(&bundle.settings, channel)).max(0)
}

/// How many bundles parts of `(units, units a bundle, backorder)` make.
pub(super) fn bundles(parts: impl Iterator<Item = (i64, i64, bool)>) -> i64 {
    let (mut scarce, mut endless) = (None, None);
    for (units, each, backorder) in parts {
        let lowest = if backorder { &mut endless } else { &mut scarce };
        let bundles = units.div_euclid(each.max(1));
        *lowest = Some(lowest.map_or(bundles, |lowest: i64| lowest.min(bundles)));
    }
    scarce.or(endless).unwrap_or(0)
}

/// What is kept back from a channel.
pub(super) fn buffer(settings: &StockSettings, channel: &str) -> i64 {
    settings.safety_buffers.get(channel).copied().unwrap_or(0)
}

/// What a level of an active warehouse adds to the total.
pub(super) fn free(on_hand: i64, reserved: i64, backorder: bool) -> i64 {
    let free = on_hand.saturating_sub(reserved);
    if backorder { free } else { free.max(0) }
}
