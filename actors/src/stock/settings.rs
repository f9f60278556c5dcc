//! Warehouses, and what is set on a product: thresholds, buffers, backorder, a bundle's parts.

use super::{
    Decided, Stock, check,
    ledger::{LEVEL_MAX, Step, crossed},
    read,
    state::{SkuState, Warehouses},
};
use crate::{
    domain::{Decision, refuse},
    world::World,
};
use kontor_messages::stock::{
    StockEvent, StockRefusal, StockSettings, TotalAfter, Warehouse, register_entity, sku_entity,
};

const WAREHOUSES_MAX: usize = 1000;
const COMPONENTS_MAX: usize = 50;
const COMPONENT_UNITS_MAX: i64 = 1_000_000;
const BUNDLES_MAX: usize = 100;
const BUFFERS_MAX: usize = 100;

/// Creates or changes a warehouse.
pub(super) fn put_warehouse(world: &World<'_, Stock>, warehouse: Warehouse) -> Decided {
    check::warehouse(&warehouse)?;
    let register = register_entity();
    if let Some(known) = world.get(&register)?.as_warehouses() {
        let found = known.get(&warehouse.code);
        if found == Some(&warehouse) {
            return Ok(Decision::nothing(register));
        }
        if found.is_none() && known.warehouses.len() >= WAREHOUSES_MAX {
            return refuse(StockRefusal::Impossible(format!(
                "a tenant has at most {WAREHOUSES_MAX} warehouses"
            )));
        }
    }
    Ok(Decision::of(register, vec![StockEvent::WarehousePut { warehouse }]))
}

/// Sets what is to be known of a product's stock.
pub(super) fn configure(world: &World<'_, Stock>, sku: &str, settings: StockSettings) -> Decided {
    check::sku("/sku", sku)?;
    check_settings(sku, &settings)?;
    let entity = sku_entity(sku);
    let known = world.get(&entity)?.as_sku();
    if known.is_some_and(|known| known.settings == settings) {
        return Ok(Decision::nothing(entity));
    }
    let blank = SkuState::default();
    let before = known.unwrap_or(&blank);
    let parts_joined = missing_from(&settings, &before.settings);
    let parts_left = missing_from(&before.settings, &settings);
    if !settings.components.is_empty() {
        check_bundle(world, sku, before, &settings, &parts_joined)?;
    }
    let threshold = settings.low_threshold;
    let state = SkuState { settings, levels: before.levels.clone(), ..SkuState::default() };
    let total = read::available(&state, registered(world)?.unwrap_or(&Warehouses::default()));
    let (low, out) =
        crossed((before.total_available, before.settings.low_threshold), (total, threshold));
    let after =
        TotalAfter { total_available: total, version: world.version(&entity)? + 1, low, out };
    let settings = state.settings;
    let event = StockEvent::Configured { settings, after, parts_joined, parts_left };
    Ok(Decision::of(entity, vec![event]))
}

/// Tells the total anew where a warehouse's coming or going has changed it.
pub(super) fn retotal(world: &World<'_, Stock>, sku: &str) -> Decided {
    check::sku("/sku", sku)?;
    let entity = sku_entity(sku);
    let Some(known) = world.get(&entity)?.as_sku() else {
        return refuse(StockRefusal::UnknownSku { line: None, sku: sku.to_owned() });
    };
    let total = read::available(known, registered(world)?.unwrap_or(&Warehouses::default()));
    if total == known.total_available {
        return Ok(Decision::nothing(entity));
    }
    let threshold = known.settings.low_threshold;
    let (low, out) = crossed((known.total_available, threshold), (total, threshold));
    let after =
        TotalAfter { total_available: total, version: world.version(&entity)? + 1, low, out };
    Ok(Decision::of(entity, vec![StockEvent::Retotalled { after }]))
}

fn registered<'a>(world: &World<'a, Stock>) -> Step<Option<&'a Warehouses>> {
    Ok(world.get(&register_entity())?.as_warehouses())
}

fn check_settings(sku: &str, settings: &StockSettings) -> Step<()> {
    if !(0..=LEVEL_MAX).contains(&settings.low_threshold) {
        return check::invalid("/settings/low_threshold", "expected 0 or more");
    }
    let buffers = &settings.safety_buffers;
    if buffers.len() > BUFFERS_MAX {
        return check::invalid(
            "/settings/safety_buffers",
            format!("expected at most {BUFFERS_MAX} channels"),
        );
    }
    for (channel, units) in buffers {
        check::text("/settings/safety_buffers", channel, 40)?;
        check::quantity("/settings/safety_buffers", *units, 0)?;
    }
    let components = &settings.components;
    if components.len() > COMPONENTS_MAX {
        return check::invalid(
            "/settings/components",
            format!("expected at most {COMPONENTS_MAX} parts"),
        );
    }
    for (part, units) in components {
        check::sku("/settings/components", part)?;
        if part == sku {
            return check::invalid("/settings/components", "a bundle is no part of itself");
        }
        if !(1..=COMPONENT_UNITS_MAX).contains(units) {
            return check::invalid(
                "/settings/components",
                format!("expected 1 to {COMPONENT_UNITS_MAX} units of each part"),
            );
        }
    }
    if !components.is_empty() && (settings.backorder || settings.low_threshold > 0) {
        return check::invalid(
            "/settings/components",
            "a bundle follows its parts: backorder and low threshold are set on them",
        );
    }
    Ok(())
}

fn check_bundle(
    world: &World<'_, Stock>,
    sku: &str,
    before: &SkuState,
    settings: &StockSettings,
    joined: &[String],
) -> Step<()> {
    let stocked =
        |level: &super::Level| level.on_hand != 0 || level.reserved != 0 || level.in_transit != 0;
    if before.levels.iter().any(stocked) {
        return refuse(StockRefusal::Impossible(format!(
            "{sku} has stock of its own and cannot be a bundle"
        )));
    }
    if let Some(bundle) = before.bundles.first() {
        return refuse(StockRefusal::Impossible(format!(
            "{sku} is a part of {bundle}, and bundles are not nested"
        )));
    }
    let parts: Vec<_> = settings.components.keys().map(|part| sku_entity(part)).collect();
    world.need(&parts)?;
    for (part, entity) in settings.components.keys().zip(&parts) {
        let Some(state) = world.get(entity)?.as_sku() else {
            return refuse(StockRefusal::UnknownSku { line: None, sku: part.clone() });
        };
        if state.is_bundle() {
            return check::invalid(
                "/settings/components",
                format!("{part} is a bundle, and bundles are not nested"),
            );
        }
        if joined.contains(part) && state.bundles.len() >= BUNDLES_MAX {
            return refuse(StockRefusal::Impossible(format!(
                "{part} is a part of {BUNDLES_MAX} bundles already"
            )));
        }
    }
    Ok(())
}

/// The parts of one that the other has not.
fn missing_from(one: &StockSettings, other: &StockSettings) -> Vec<String> {
    one.components.keys().filter(|part| !other.components.contains_key(*part)).cloned().collect()
}
