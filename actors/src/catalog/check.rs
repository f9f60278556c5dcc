//! What fields, categories and attributes must look like, whatever the state. Pure.

use super::Step;
use crate::{domain::refuse, words::is_language};
use kontor_messages::{
    EntityId,
    catalog::{
        AttributeValue, CatalogRefusal, Field, FieldValue, Fields, Gtin, MediaItem, PriceKind,
        PriceValue, ProductStatus, Texts, Writer, gtin, source,
    },
};
use std::collections::BTreeSet;

/// A price at most, in minor units.
pub(super) const AMOUNT_MAX: i64 = 1_000_000_000_000;
const TITLE_MAX: usize = 500;
const SUMMARY_MAX: usize = 2_000;
const DESCRIPTION_MAX: usize = 60_000;
const NAME_MAX: usize = 200;
const LIST_MAX: usize = 50;
const MEDIA_MAX: usize = 50;
const PARTS_MAX: usize = 50;
const LANGUAGES_MAX: usize = 50;
const PART_UNITS_MAX: i64 = 1_000_000;
const WEIGHT_MAX_G: i64 = 100_000_000;
const SIDE_MAX_MM: i64 = 100_000;

pub(super) fn invalid<T>(pointer: impl Into<String>, expected: impl Into<String>) -> Step<T> {
    refuse(CatalogRefusal::Invalid { pointer: pointer.into(), expected: expected.into() })
}

/// Checks what fields say by themselves, and brings codes into one form.
pub fn check_fields(fields: Fields) -> Result<Fields, CatalogRefusal> {
    let checked = fields.into_iter().map(|(field, value)| {
        let value = check_field(&field, value);
        value
            .map(|value| (field.clone(), value))
            .map_err(|expected| CatalogRefusal::field(&field, expected))
    });
    checked.collect()
}

type Checked<T> = Result<T, String>;

fn check_field(field: &Field, value: Option<FieldValue>) -> Checked<Option<FieldValue>> {
    name(field)?;
    let Some(value) = value else {
        return match field {
            Field::Status => Err("expected draft, active or archived".to_owned()),
            _ => Ok(None),
        };
    };
    check_value(field, value).map(Some)
}

/// Whether the field's own name is well formed.
fn name(field: &Field) -> Checked<()> {
    let fits = match field {
        Field::Title(language) | Field::Summary(language) | Field::Description(language) => {
            if !is_language(language) {
                return Err("expected a language tag, such as cs or de-AT".to_owned());
            }
            true
        }
        Field::Attribute(code) => is_code(code),
        Field::Price(slot) => slot.channel.as_deref().is_none_or(is_channel),
        Field::Offer(supplier) => source::is_name(supplier),
        _ => true,
    };
    if fits { Ok(()) } else { Err("expected a field that is well named".to_owned()) }
}

fn check_value(field: &Field, value: FieldValue) -> Checked<FieldValue> {
    match (field, value) {
        (Field::Status, FieldValue::Text(status)) => {
            let known = ProductStatus::parse(&status).is_some();
            known
                .then_some(FieldValue::Text(status))
                .ok_or("expected draft, active or archived".into())
        }
        (Field::Title(_), FieldValue::Text(text)) => line(text, TITLE_MAX),
        (Field::Summary(_), FieldValue::Text(text)) => prose(text, SUMMARY_MAX),
        (Field::Description(_), FieldValue::Text(text)) => prose(text, DESCRIPTION_MAX),
        (Field::Brand | Field::Manufacturer | Field::Mpn, FieldValue::Text(text)) => {
            line(text, NAME_MAX)
        }
        (Field::Ean, FieldValue::Text(code)) => match Gtin::parse(&code) {
            Some(code) => Ok(FieldValue::Text(code.to_string())),
            None => Err(gtin::EXPECTED.to_owned()),
        },
        (Field::VariantOf, FieldValue::Text(id)) => id_text(&id).map(|()| FieldValue::Text(id)),
        (Field::Weight, FieldValue::Number(grams)) => {
            let fits = (0..=WEIGHT_MAX_G).contains(&grams);
            fits.then_some(FieldValue::Number(grams))
                .ok_or_else(|| format!("expected 0 to {WEIGHT_MAX_G} grams"))
        }
        (Field::Dimensions, FieldValue::Dimensions(size)) => {
            let sides = [size.length_mm, size.width_mm, size.height_mm];
            let fit = sides.iter().all(|side| (1..=SIDE_MAX_MM).contains(side));
            fit.then_some(FieldValue::Dimensions(size))
                .ok_or_else(|| format!("expected sides of 1 to {SIDE_MAX_MM} mm"))
        }
        (Field::Categories, FieldValue::List(ids)) => {
            ids.iter().try_for_each(|id| id_text(id))?;
            distinct(ids)
        }
        (Field::Tags, FieldValue::List(tags)) => {
            if !tags.iter().all(|tag| is_line(tag, 100)) {
                return Err("expected tags of 1 to 100 characters".to_owned());
            }
            distinct(tags)
        }
        (Field::Attribute(_), FieldValue::Attribute(value)) => attribute(value),
        (Field::Media, FieldValue::Media(media)) => self::media(media),
        (Field::Components, FieldValue::Parts(parts)) => {
            let each = |(id, units): (&String, &i64)| {
                id_text(id).is_ok() && (1..=PART_UNITS_MAX).contains(units)
            };
            if parts.is_empty() || parts.len() > PARTS_MAX || !parts.iter().all(each) {
                return Err(format!(
                    "expected 1 to {PARTS_MAX} products, 1 to {PART_UNITS_MAX} of each"
                ));
            }
            Ok(FieldValue::Parts(parts))
        }
        (Field::Price(slot), FieldValue::Price(value)) => price(slot.kind, value),
        (Field::Offer(_), FieldValue::Offer(offer)) => {
            let fits = (0..=AMOUNT_MAX).contains(&offer.cost.amount_minor);
            fits.then_some(FieldValue::Offer(offer))
                .ok_or_else(|| format!("expected an amount of 0 to {AMOUNT_MAX}"))
        }
        (field, _) => Err(format!("expected what {field} can be")),
    }
}

fn line(text: String, max: usize) -> Checked<FieldValue> {
    if is_line(&text, max) {
        return Ok(FieldValue::Text(text));
    }
    Err(format!("expected 1 to {max} characters on one line"))
}

fn prose(text: String, max: usize) -> Checked<FieldValue> {
    let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.trim().is_empty() || text.len() > max || text.chars().any(strange) {
        return Err(format!("expected 1 to {max} bytes without control characters"));
    }
    Ok(FieldValue::Text(text))
}

fn id_text(id: &str) -> Checked<()> {
    let fits = EntityId::parse(id).is_ok() && id.len() <= 180;
    if fits { Ok(()) } else { Err("expected an id of 1 to 180 characters".to_owned()) }
}

fn distinct(list: Vec<String>) -> Checked<FieldValue> {
    let different = list.iter().collect::<BTreeSet<_>>().len() == list.len();
    if list.is_empty() || list.len() > LIST_MAX || !different {
        return Err(format!("expected 1 to {LIST_MAX}, each once"));
    }
    Ok(FieldValue::List(list))
}

fn attribute(value: AttributeValue) -> Checked<FieldValue> {
    let fits = match &value {
        AttributeValue::Flag(_) => true,
        AttributeValue::Text(text) => is_line(text, SUMMARY_MAX),
        AttributeValue::Many(many) => {
            let different = many.iter().collect::<BTreeSet<_>>().len() == many.len();
            (1..=100).contains(&many.len()) && different && many.iter().all(|code| is_code(code))
        }
    };
    fits.then_some(FieldValue::Attribute(value))
        .ok_or_else(|| "expected a text of 1 to 2000 characters, codes, or a flag".to_owned())
}

fn media(media: Vec<MediaItem>) -> Checked<FieldValue> {
    if media.is_empty() || media.len() > MEDIA_MAX {
        return Err(format!("expected 1 to {MEDIA_MAX} media"));
    }
    for item in &media {
        let known = ["https://", "http://", "/media/"];
        let led =
            known.iter().any(|start| item.url.len() > start.len() && item.url.starts_with(start));
        if !led || item.url.len() > 2_000 || item.url.chars().any(|c| c.is_control() || c == ' ') {
            return Err("expected an https or http address, or the path of an upload".to_owned());
        }
        let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        let hash = |hash: &String| hash.len() == 64 && hash.bytes().all(hex);
        if !item.hash.as_ref().is_none_or(hash) {
            return Err("expected a SHA-256 of 64 digits of 0-9 and a-f".to_owned());
        }
        let alt =
            |(language, text): (&String, &String)| is_language(language) && is_line(text, 500);
        if item.alt.len() > LANGUAGES_MAX || !item.alt.iter().all(alt) {
            return Err("expected alt texts of 1 to 500 characters by language".to_owned());
        }
    }
    Ok(FieldValue::Media(media))
}

fn price(kind: PriceKind, value: PriceValue) -> Checked<FieldValue> {
    if !(0..=AMOUNT_MAX).contains(&value.amount_minor) {
        return Err(format!("expected an amount of 0 to {AMOUNT_MAX}"));
    }
    let period = value.from.is_some() || value.until.is_some();
    if period && kind != PriceKind::Sale {
        return Err("expected no period: only a sale has one".to_owned());
    }
    if let (Some(from), Some(until)) = (value.from, value.until)
        && until <= from
    {
        return Err("expected an end after the beginning".to_owned());
    }
    Ok(FieldValue::Price(value))
}

/// A short code of ours, such as `screen_size`.
pub(super) fn is_code(text: &str) -> bool {
    crate::words::is_word(text, "_", 60)
}

/// The name of a sales channel.
pub(super) fn is_channel(text: &str) -> bool {
    crate::words::is_word(text, "-_", 40)
}

/// A SKU, as stock wants it.
pub(super) fn sku(text: &str) -> Step<()> {
    if is_line(text, 100) && text.len() <= 196 {
        return Ok(());
    }
    invalid("/sku", "expected a SKU of 1 to 100 characters without control characters")
}

/// An id that is short enough to stand behind the word for its kind.
pub(super) fn id(pointer: &str, id: &str) -> Step<()> {
    match id_text(id) {
        Ok(()) => Ok(()),
        Err(expected) => invalid(pointer, expected),
    }
}

/// Names by language, at least one.
pub(super) fn texts(pointer: &str, texts: &Texts, max: usize) -> Step<()> {
    let fits = |(language, text): (&String, &String)| is_language(language) && is_line(text, max);
    if texts.is_empty() || texts.len() > LANGUAGES_MAX || !texts.iter().all(fits) {
        return invalid(pointer, format!("expected 1 to {max} characters by language tag"));
    }
    Ok(())
}

pub(super) fn is_line(text: &str, max: usize) -> bool {
    crate::words::is_line(text, max)
}

/// A writer that may write.
pub(super) fn writer(by: &Writer) -> Step<()> {
    if by.run.as_deref().is_none_or(|run| is_line(run, 100)) {
        return Ok(());
    }
    invalid("/by/run", "expected the name of a run of 1 to 100 characters")
}
