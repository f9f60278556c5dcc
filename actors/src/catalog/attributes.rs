//! Attributes and their sets, and whether what a product says fits them.

use super::{Decided, Step, View, check, state::Product, tree};
use crate::domain::{Decision, refuse};
use kontor_messages::catalog::{
    Attribute, AttributeKind, AttributeSet, AttributeValue, CatalogEvent, CatalogRefusal, Change,
    Field, FieldValue, Texts, attribute_entity, attribute_set_entity, category_entity,
};
use std::collections::{BTreeMap, BTreeSet};

const OPTIONS_MAX: usize = 2_000;
const MEMBERS_MAX: usize = 200;
/// The longest number, with its sign and point.
const NUMBER_MAX: usize = 30;

/// Makes or changes an attribute.
pub(super) fn put(world: &View<'_>, code: &str, attribute: Attribute) -> Decided {
    if !check::is_code(code) {
        return check::invalid("/code", "expected 1 to 60 characters of a-z, 0-9 and '_'");
    }
    check::texts("/labels", &attribute.labels, 200)?;
    check_kind(&attribute.kind)?;
    let entity = attribute_entity(code);
    if let Some(known) = world.get(&entity)?.attribute() {
        if *known == attribute {
            return Ok(Decision::nothing(entity));
        }
        if !is_like(&known.kind, &attribute.kind) {
            return refuse(CatalogRefusal::KindFixed);
        }
    }
    Ok(Decision::of(entity, vec![CatalogEvent::AttributePut { attribute }]))
}

/// Makes or changes an attribute set.
pub(super) fn put_set(world: &View<'_>, code: &str, set: AttributeSet) -> Decided {
    if !check::is_code(code) {
        return check::invalid("/code", "expected 1 to 60 characters of a-z, 0-9 and '_'");
    }
    if !check::is_line(&set.name, 200) {
        return check::invalid("/name", "expected 1 to 200 characters on one line");
    }
    if set.attributes.len() > MEMBERS_MAX {
        return check::invalid("/attributes", format!("expected at most {MEMBERS_MAX} attributes"));
    }
    let entities: Vec<_> = set.attributes.iter().map(|one| attribute_entity(&one.code)).collect();
    world.need(&entities)?;
    let mut seen = BTreeSet::new();
    for (index, member) in set.attributes.iter().enumerate() {
        let pointer = format!("/attributes/{index}/code");
        let there = check::is_code(&member.code)
            && world.get(&attribute_entity(&member.code))?.attribute().is_some();
        if !there {
            return check::invalid(pointer, format!("there is no attribute {}", member.code));
        }
        if !seen.insert(&member.code) {
            return check::invalid(pointer, "expected each attribute once");
        }
    }
    let entity = attribute_set_entity(code);
    if world.get(&entity)?.attribute_set() == Some(&set) {
        return Ok(Decision::nothing(entity));
    }
    Ok(Decision::of(entity, vec![CatalogEvent::AttributeSetPut { set }]))
}

/// Whether the attributes that change are defined, fit their definition, and belong to the
/// product's categories.
pub(super) fn check(world: &View<'_>, after: &Product, changes: &[Change]) -> Step<()> {
    let said = changes.iter().filter_map(|change| match (&change.field, &change.now) {
        (Field::Attribute(code), Some(FieldValue::Attribute(value))) => Some((code, value)),
        _ => None,
    });
    let said: Vec<_> = said.collect();
    if said.is_empty() {
        return Ok(());
    }
    let entities: Vec<_> = said.iter().map(|(code, _)| attribute_entity(code)).collect();
    world.need(&entities)?;
    let members = members(world, after)?;
    for (code, value) in said {
        let fault = |expected: String| {
            refuse(CatalogRefusal::field(&Field::Attribute(code.clone()), expected))
        };
        let Some(known) = world.get(&attribute_entity(code))?.attribute() else {
            return fault(format!("there is no attribute {code}"));
        };
        if !fits(&known.kind, value) {
            return fault(expected(&known.kind));
        }
        if members.as_ref().is_some_and(|members| !members.contains_key(code)) {
            return fault("expected an attribute that the product's categories have".to_owned());
        }
    }
    Ok(())
}

/// Whether an active product has all that it needs.
pub(super) fn check_ready(world: &View<'_>, after: &Product) -> Step<()> {
    let mut missing = Vec::new();
    if !after.fields.keys().any(|field| matches!(field, Field::Title(_))) {
        missing.push("a title".to_owned());
    }
    let members = members(world, after)?.unwrap_or_default();
    let required = members.into_iter().filter(|(_, required)| *required);
    let lacking = required.map(|(code, _)| Field::Attribute(code));
    let lacking = lacking.filter(|field| after.value(field).is_none());
    missing.extend(lacking.map(|field| field.to_string()));
    if missing.is_empty() { Ok(()) } else { refuse(CatalogRefusal::NotReady(missing)) }
}

/// The attributes of the product's categories, and whether each is required; `None` if no
/// category of it says which.
fn members(world: &View<'_>, product: &Product) -> Step<Option<BTreeMap<String, bool>>> {
    let mut members: Option<BTreeMap<String, bool>> = None;
    for category in product.list(&Field::Categories) {
        let Some(code) = set_of(world, category)? else { continue };
        let Some(set) = world.get(&attribute_set_entity(&code))?.attribute_set() else { continue };
        let all = members.get_or_insert_default();
        for member in &set.attributes {
            *all.entry(member.code.clone()).or_default() |= member.required;
        }
    }
    Ok(members)
}

/// The attribute set of a category, or of the nearest one above it.
fn set_of(world: &View<'_>, category: &str) -> Step<Option<String>> {
    for id in tree::upwards(world, category)? {
        let known = world.get(&category_entity(&id))?.category();
        if let Some(code) = known.and_then(|known| known.content.attribute_set.clone()) {
            return Ok(Some(code));
        }
    }
    Ok(None)
}

fn check_kind(kind: &AttributeKind) -> Step<()> {
    match kind {
        AttributeKind::Text | AttributeKind::Boolean | AttributeKind::Number { unit: None } => {
            Ok(())
        }
        AttributeKind::Number { unit: Some(unit) } if check::is_line(unit, 20) => Ok(()),
        AttributeKind::Number { .. } => {
            check::invalid("/kind/unit", "expected a unit of 1 to 20 characters")
        }
        AttributeKind::Select { options } | AttributeKind::MultiSelect { options } => {
            check_options(options)
        }
    }
}

fn check_options(options: &BTreeMap<String, Texts>) -> Step<()> {
    let coded = options.keys().all(|code| check::is_code(code));
    if options.is_empty() || options.len() > OPTIONS_MAX || !coded {
        let expected = format!("expected 1 to {OPTIONS_MAX} options by codes of a-z, 0-9 and '_'");
        return check::invalid("/kind/options", expected);
    }
    options
        .iter()
        .try_for_each(|(code, labels)| check::texts(&format!("/kind/options/{code}"), labels, 200))
}

/// Whether values of one are values of the other, but for options that come and go.
fn is_like(one: &AttributeKind, other: &AttributeKind) -> bool {
    use AttributeKind as K;
    match (one, other) {
        (K::Number { unit }, K::Number { unit: other }) => unit == other,
        (K::Text, K::Text)
        | (K::Boolean, K::Boolean)
        | (K::Select { .. }, K::Select { .. })
        | (K::MultiSelect { .. }, K::MultiSelect { .. }) => true,
        _ => false,
    }
}

fn fits(kind: &AttributeKind, value: &AttributeValue) -> bool {
    match (kind, value) {
        (AttributeKind::Text, AttributeValue::Text(_))
        | (AttributeKind::Boolean, AttributeValue::Flag(_)) => true,
        (AttributeKind::Number { .. }, AttributeValue::Text(text)) => is_number(text),
        (AttributeKind::Select { options }, AttributeValue::Text(code)) => {
            options.contains_key(code)
        }
        (AttributeKind::MultiSelect { options }, AttributeValue::Many(codes)) => {
            codes.iter().all(|code| options.contains_key(code))
        }
        _ => false,
    }
}

fn expected(kind: &AttributeKind) -> String {
    match kind {
        AttributeKind::Text => "expected a text".to_owned(),
        AttributeKind::Boolean => "expected true or false".to_owned(),
        AttributeKind::Number { .. } => "expected a number as text, such as \"12.5\"".to_owned(),
        AttributeKind::Select { options } | AttributeKind::MultiSelect { options } => {
            let known: Vec<_> = options.keys().take(10).map(String::as_str).collect();
            let several = matches!(kind, AttributeKind::MultiSelect { .. });
            let what = if several { "a list of options" } else { "an option" };
            format!("expected {what}, such as {}", known.join(", "))
        }
    }
}

/// A decimal number as text.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    text.len() <= NUMBER_MAX && plain(whole) && plain(rest)
}
