//! The source that a form says, as the API takes it.

use super::fields::{
    BASIC, BEARER, CLIENT, CSV, FILE, FTP, Field, GUARDS, GUARDS_OTHER, HEADERS, HTTP, JSON, Kind,
    OTHERS, PAGING, PRODUCTS, SERVER, SFTP, TARGETS, TIMETABLE, VANISHED, column,
};
use crate::{backend::Trouble, desk::Form, value::Read, words::Language};
use serde_json::{Map, Value, json};

/// How an answer shows what it does not tell.
const MASK: &str = "***";

/// The source that a form says. `known` is the source as it is, whose secrets stay where nothing is
/// written.
pub(super) fn body(language: Language, said: &Form, known: &Value) -> Result<Value, Trouble> {
    let mut body = json!({ "format": {}, "mapping": {} });
    for name in ["supplier", "name", "kind"] {
        body[name] = said.text(name).into();
    }
    if !said.text("warehouse").is_empty() {
        body["warehouse"] = said.text("warehouse").into();
    }
    let mut writing = Writing { language, said, known: known.at("settings"), body };
    writing.reach()?;
    writing.file()?;
    writing.mapping()?;
    for fields in [PRODUCTS, OTHERS, VANISHED, GUARDS, GUARDS_OTHER] {
        writing.all(fields)?;
    }
    if !said.text("timetable/cron").is_empty() {
        writing.all(TIMETABLE)?;
    }
    Ok(writing.body)
}

/// A document in the making.
struct Writing<'w> {
    language: Language,
    said: &'w Form,
    /// The settings as they are.
    known: &'w Value,
    body: Value,
}

impl Writing<'_> {
    fn reach(&mut self) -> Result<(), Trouble> {
        let by = self.said.text("reach/by").to_owned();
        put(&mut self.body, "reach/by", Value::from(&*by));
        match &*by {
            "http" => {
                self.all(HTTP)?;
                self.access()?;
                let style = self.said.text("reach/paging/style").to_owned();
                if !style.is_empty() {
                    self.paging(&style)?;
                }
                Ok(())
            }
            "ftp" => {
                self.all(SERVER)?;
                self.all(FTP)?;
                let password = &mut self.body["reach"]["password"];
                if password.is_null() {
                    *password = "".into();
                }
                Ok(())
            }
            "sftp" => {
                self.all(SERVER)?;
                self.all(SFTP)?;
                self.one_of_both();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn access(&mut self) -> Result<(), Trouble> {
        let with = self.said.text("reach/access/with").to_owned();
        put(&mut self.body, "reach/access/with", Value::from(&*with));
        self.all(match &*with {
            "basic" => BASIC,
            "bearer" => BEARER,
            "headers" => HEADERS,
            "client_credentials" => CLIENT,
            _ => &[],
        })
    }

    fn paging(&mut self, style: &str) -> Result<(), Trouble> {
        put(&mut self.body, "reach/paging/style", style.into());
        let members: &[&str] = match style {
            "offset" => &["offset", "limit", "size", "rows"],
            "number" => &["page", "first", "per_page", "size", "rows"],
            "cursor" => &["next", "parameter", "rows"],
            _ => &["rows"],
        };
        let is_of = |field: &&Field| {
            field.name.rsplit('/').next().is_some_and(|name| members.contains(&name))
        };
        PAGING.iter().filter(is_of).try_for_each(|field| self.one(field))
    }

    /// Of a password and a key the one that was written counts, and the other is forgotten.
    fn one_of_both(&mut self) {
        let wrote = |name: &str| !self.said.text(name).is_empty();
        let (password, key) = (wrote("reach/password"), wrote("reach/private_key"));
        let forgotten = if key && !password { "password" } else { "private_key" };
        if password != key
            && let Some(reach) = self.body["reach"].as_object_mut()
        {
            reach.remove(forgotten);
        }
    }

    fn file(&mut self) -> Result<(), Trouble> {
        self.all(FILE)?;
        let dialect = self.said.text("dialect");
        if dialect.is_empty() {
            match self.said.text("format/format/kind") {
                "csv" => self.rows("csv", CSV)?,
                "json" => self.rows("json", JSON)?,
                "xml" => self.elements(),
                _ => {}
            }
        } else {
            put(&mut self.body, "format/preset", dialect.into());
        }
        let rest = self.rest("format/rest", "/format")?;
        merge(&mut self.body["format"], rest);
        Ok(())
    }

    fn rows(&mut self, kind: &str, fields: &[Field]) -> Result<(), Trouble> {
        put(&mut self.body, "format/format/kind", kind.into());
        self.all(fields)
    }

    fn elements(&mut self) {
        let lines = |name: &str| lines(self.said.text(name)).map(str::to_owned).collect::<Vec<_>>();
        let row = |deleted: bool| move |path: String| json!({ "path": path, "deleted": deleted });
        let kept = lines("xml/rows").into_iter().map(row(false));
        let rows: Vec<_> = kept.chain(lines("xml/deleted").into_iter().map(row(true))).collect();
        let format = json!({ "kind": "xml", "rows": rows, "variants": lines("xml/variants") });
        put(&mut self.body, "format/format", format);
    }

    fn mapping(&mut self) -> Result<(), Trouble> {
        let mut rest = self.rest("mapping/rest", "/mapping")?;
        let dialect = self.said.text("dialect");
        if dialect.is_empty() {
            let mut fields = Vec::new();
            for (target, _) in TARGETS {
                let said = self.said.text(&column(target));
                let from = said.split('|').map(str::trim).filter(|name| !name.is_empty());
                let from: Vec<&str> = from.collect();
                if !from.is_empty() {
                    fields.push(json!({ "to": target, "from": from }));
                }
            }
            if let Some(Value::Array(others)) = rest.remove("fields") {
                fields.extend(others);
            }
            // None at all would take the fields of a dialect that is named there away.
            if !fields.is_empty() || !rest.contains_key("preset") {
                self.body["mapping"]["fields"] = Value::Array(fields);
            }
        } else {
            put(&mut self.body, "mapping/preset", dialect.into());
        }
        merge(&mut self.body["mapping"], rest);
        Ok(())
    }

    /// What a field of JSON says.
    fn rest(&self, name: &str, pointer: &str) -> Result<Map<String, Value>, Trouble> {
        let said = self.said.text(name);
        if said.is_empty() {
            return Ok(Map::new());
        }
        let read = serde_json::from_str::<Map<String, Value>>(said);
        read.map_err(|_| {
            Trouble::at(pointer, self.language.t("Write a JSON object here, or nothing."))
        })
    }

    fn all(&mut self, fields: &[Field]) -> Result<(), Trouble> {
        fields.iter().try_for_each(|field| self.one(field))
    }

    fn one(&mut self, field: &Field) -> Result<(), Trouble> {
        let known = self.known.at(&field.pointer());
        let said = self.said.text(field.name);
        let value = match field.kind {
            Kind::Switch => Value::Bool(said == "yes"),
            _ if said.is_empty() && is_hidden(known) && field.is_secret() => known.clone(),
            Kind::Number if said.is_empty() && field.needed => {
                self.value(field, Kind::Number, said)?
            }
            Kind::SecretLines if said.is_empty() && field.needed => json!({}),
            _ if said.is_empty() && field.needed => "".into(),
            _ if said.is_empty() => return Ok(()),
            kind => self.value(field, kind, said)?,
        };
        put(&mut self.body, field.name, value);
        Ok(())
    }

    fn value(&self, field: &Field, kind: Kind, said: &str) -> Result<Value, Trouble> {
        let wrong = |expected: &str| Trouble::at(&field.pointer(), expected);
        Ok(match kind {
            Kind::Number => {
                let number = self.said.int(field.name);
                number.ok_or_else(|| wrong(self.language.t("Write a whole number here.")))?.into()
            }
            Kind::Share => {
                let share = permille(said);
                share.ok_or_else(|| {
                    wrong(self.language.t("Write a share in per cent, such as 30."))
                })?
            }
            Kind::Lines => lines(said).collect::<Vec<_>>().into(),
            Kind::Pairs | Kind::SecretLines if field.takes_pairs() => pairs(said)
                .ok_or_else(|| wrong(self.language.t("Write a line for each: name = value.")))?,
            // Browsers send lines of a text with two characters at their ends.
            _ => said.replace("\r\n", "\n").into(),
        })
    }
}

impl Field {
    /// Whether it is never shown.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret | Kind::SecretLines)
    }

    /// Whether its lines are names with values; those of a key are one text.
    fn takes_pairs(&self) -> bool {
        self.name != "reach/private_key"
    }
}

fn lines(said: &str) -> impl Iterator<Item = &str> {
    said.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn pairs(said: &str) -> Option<Value> {
    let pairs = lines(said).map(|line| {
        let (name, value) = line.split_once('=')?;
        Some((name.trim().to_owned(), Value::from(value.trim())))
    });
    pairs.collect::<Option<Map<_, _>>>().map(Value::Object)
}

/// A share in per cent with one decimal at most, in thousandths.
fn permille(said: &str) -> Option<Value> {
    let said = said.trim_end_matches('%').trim();
    let (whole, tenths) = said.split_once(['.', ',']).unwrap_or((said, "0"));
    let tenths = Some(tenths).filter(|tenths| tenths.len() == 1)?.parse::<u32>().ok()?;
    let whole = whole.parse::<u32>().ok()?;
    Some(whole.checked_mul(10)?.checked_add(tenths)?.into())
}

/// Whether something is there and is not told.
pub(super) fn is_hidden(value: &Value) -> bool {
    match value {
        Value::String(text) => text == MASK,
        Value::Object(members) => members.values().any(is_hidden),
        _ => false,
    }
}

/// Writes a member, and the objects around it.
fn put(document: &mut Value, path: &str, value: Value) {
    let mut at = document;
    for part in path.split('/') {
        at = &mut at[part];
    }
    *at = value;
}

/// Members over members, objects member by member.
fn merge(into: &mut Value, members: Map<String, Value>) {
    for (name, value) in members {
        match (&mut into[&name], value) {
            (inside @ Value::Object(_), Value::Object(members)) => merge(inside, members),
            (place, value) => *place = value,
        }
    }
}
