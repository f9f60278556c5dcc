//! A source of the API as its form says it. What has no field of its own stands there as JSON, so
//! nothing is lost by saving a form.

use super::fields::{
    BASIC, BEARER, CLIENT, CSV, FILE, FTP, Field, GUARDS, GUARDS_OTHER, HTTP, JSON, Kind, OTHERS,
    PAGING, PRODUCTS, SERVER, SFTP, TARGETS, TIMETABLE, VANISHED, XML, column,
};
use crate::{
    desk::{Desk, Form},
    value::Read,
};
use serde_json::Value;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What stands between several columns, of which the first that has a value counts.
const OR: &str = " | ";

/// What a new source says before anybody has said anything.
pub(super) fn blank(desk: &Desk, supplier: &str) -> Form {
    Form::of([
        ("supplier", supplier),
        ("kind", "full"),
        ("reach/by", "upload"),
        ("reach/access/with", "nothing"),
        ("format/format/kind", "csv"),
        ("format/format/header_lines", "1"),
        ("new_products", "draft"),
        ("vanished/action", "zero_stock"),
        ("vanished/after_runs", "1"),
        ("some_units", "2"),
        ("language", desk.language().code()),
        ("timetable/zone", desk.zone().name()),
        ("timetable/enabled", "yes"),
    ])
}

/// A source as the form says it; `zone` is on whose clocks it would be imported, if it is not yet.
pub(super) fn written(known: &Value, zone: &str) -> Form {
    let settings = known.at("settings");
    let mut said: Vec<(String, String)> = Vec::new();
    for name in ["supplier", "name", "kind", "warehouse"] {
        said.push((name.to_owned(), settings.text(name).to_owned()));
    }
    said.push(("seen".to_owned(), mark(known)));
    said.push(("revision".to_owned(), known.int("revision").to_string()));
    for name in ["reach/by", "reach/access/with", "reach/paging/style"] {
        said.push((name.to_owned(), settings.text(&format!("/{name}")).to_owned()));
    }
    let groups = [HTTP, BASIC, BEARER, CLIENT, SERVER, FTP, SFTP, PAGING, PRODUCTS, OTHERS];
    for field in groups.into_iter().chain([VANISHED, GUARDS, GUARDS_OTHER, TIMETABLE]).flatten() {
        said.push((field.name.to_owned(), in_words(field.kind, member(settings, field))));
    }
    // What holds if one begins to say something that was not said so far.
    if !settings.has("timetable") {
        said.push(("timetable/zone".to_owned(), zone.to_owned()));
        said.push(("timetable/enabled".to_owned(), "yes".to_owned()));
    }
    if settings.text("/reach/access/with").is_empty() {
        said.push(("reach/access/with".to_owned(), "nothing".to_owned()));
    }
    read_file(settings, &mut said);
    read_mapping(settings, &mut said);
    Form::of(said.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// What differs once somebody has changed any of the settings. A source's revision does not: where its
/// feed is, when it is imported and what guards it is nothing that a row is read by.
pub(super) fn mark(known: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    known.at("settings").to_string().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn member<'v>(settings: &'v Value, field: &Field) -> &'v Value {
    settings.at(&field.pointer())
}

/// The dialect that both the file and its fields begin with, if they do.
fn dialect(settings: &Value) -> &str {
    let (format, mapping) = (settings.text("/format/preset"), settings.text("/mapping/preset"));
    if format == mapping { format } else { "" }
}

fn read_file(settings: &Value, said: &mut Vec<(String, String)>) {
    let mut rest = settings.at("format").clone();
    let mut tell = |name: &str, value: String| said.push((name.to_owned(), value));
    for field in FILE {
        tell(field.name, in_words(field.kind, member(settings, field)));
        drop(taken(&mut rest, of_format(field.name)));
    }
    let dialect = dialect(settings);
    tell("dialect", dialect.to_owned());
    if !dialect.is_empty() {
        drop(taken(&mut rest, "preset"));
    }
    let kind = match rest.text("/format/kind") {
        kind if dialect.is_empty() && !rest.has("preset") => kind.to_owned(),
        _ => "other".to_owned(),
    };
    tell("format/format/kind", if dialect.is_empty() { kind.clone() } else { "csv".to_owned() });
    let fields = match &*kind {
        "csv" => CSV,
        "json" => JSON,
        "xml" => {
            read_elements(&rest, &mut tell);
            XML
        }
        _ => &[],
    };
    if kind != "other" {
        drop(taken(&mut rest, "format/kind"));
    }
    for field in fields {
        let name = of_format(field.name).replace("xml/", "format/");
        let value = taken(&mut rest, &name).unwrap_or_default();
        if !field.name.starts_with("xml/") {
            tell(field.name, in_words(field.kind, &value));
        }
    }
    tell("format/rest", rest_in_words(rest));
}

/// A field's member within the format.
fn of_format(name: &str) -> &str {
    name.strip_prefix("format/").unwrap_or(name)
}

/// The elements of XML that are rows, that are gone, and that are variants.
fn read_elements(format: &Value, tell: &mut impl FnMut(&str, String)) {
    let rows = format.list("/format/rows");
    let paths = |gone: bool| {
        let of = rows.iter().filter(|row| row.is("deleted") == gone).map(|row| row.text("path"));
        of.collect::<Vec<_>>().join("\n")
    };
    tell("xml/rows", paths(false));
    tell("xml/deleted", paths(true));
    tell("xml/variants", in_words(Kind::Lines, format.at("/format/variants")));
}

fn read_mapping(settings: &Value, said: &mut Vec<(String, String)>) {
    let mut rest = settings.at("mapping").clone();
    let by_dialect = !dialect(settings).is_empty();
    if by_dialect {
        drop(taken(&mut rest, "preset"));
    }
    let fields = match taken(&mut rest, "fields") {
        Some(Value::Array(fields)) => fields,
        _ => Vec::new(),
    };
    let mut others = Vec::new();
    for field in fields {
        let target = field.text("to").to_owned();
        let is_known = said.iter().any(|(name, _)| *name == column(&target));
        match columns(&field) {
            Some(columns) if !by_dialect && !is_known && is_target(&target) => {
                said.push((column(&target), columns));
            }
            _ => others.push(field),
        }
    }
    if !others.is_empty() {
        rest["fields"] = Value::Array(others);
    }
    said.push(("mapping/rest".to_owned(), rest_in_words(rest)));
}

fn is_target(target: &str) -> bool {
    TARGETS.iter().any(|(known, _)| *known == target)
}

/// The columns of a rule that says nothing else.
fn columns(rule: &Value) -> Option<String> {
    let members = rule.as_object()?;
    let plain = members.keys().all(|name| matches!(name.as_str(), "to" | "from"));
    let names: Option<Vec<&str>> = rule.list("from").iter().map(Value::as_str).collect();
    let names = names.filter(|names| plain && !names.is_empty())?;
    let clear = names.iter().all(|name| !name.contains('|') && name.trim() == *name);
    clear.then(|| names.join(OR))
}

/// A member that is taken out of a document.
fn taken(document: &mut Value, path: &str) -> Option<Value> {
    match path.split_once('/') {
        Some((first, rest)) => taken(document.get_mut(first)?, rest),
        None => document.as_object_mut()?.remove(path),
    }
}

fn rest_in_words(mut rest: Value) -> String {
    prune(&mut rest);
    match rest.as_object() {
        Some(members) if !members.is_empty() => {
            serde_json::to_string_pretty(&rest).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// Leaves out objects of which nothing is left.
fn prune(value: &mut Value) {
    if let Some(members) = value.as_object_mut() {
        members.values_mut().for_each(prune);
        members.retain(|_, member| member.as_object().is_none_or(|inside| !inside.is_empty()));
    }
}

fn in_words(kind: Kind, value: &Value) -> String {
    match (kind, value) {
        (Kind::Secret | Kind::SecretLines, _) | (_, Value::Null) => String::new(),
        (Kind::Share, value) => {
            let permille = value.as_i64().unwrap_or_default();
            let tenths = match permille % 10 {
                0 => String::new(),
                tenths => format!(".{tenths}"),
            };
            format!("{}{tenths}", permille / 10)
        }
        (Kind::Switch, value) => if *value == Value::Bool(true) { "yes" } else { "" }.to_owned(),
        (_, Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
        }
        (_, Value::Object(members)) => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let lines = members.iter().map(|(name, value)| format!("{name} = {}", text(value)));
            lines.collect::<Vec<_>>().join("\n")
        }
        (_, Value::String(text)) => text.clone(),
        (_, value) => value.to_string(),
    }
}
