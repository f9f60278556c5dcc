//! A source's settings, made ready for its rows; and what is wrong with them, for who sets them.

use super::index::short;
use kontor_feeds::{
    Fingerprint, Format, Limits, Mapping, Rules, Source, gates::Gates, mapping::presets::Preset,
};
use kontor_messages::{
    EntityId,
    schedule::Plan as Schedule,
    supplier::{Reach, SourceSettings, Timetable},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// An import is abandoned by its schedule after so long.
const OPEN_MAX_S: u32 = 12 * 3600;
/// What a schedule runs to have a source imported, before the source's code.
const WHAT: &str = "import/";
/// The member that names a dialect to begin with.
const PRESET: &str = "preset";

/// How a source's rows are read.
pub struct Plan {
    /// How its file is read.
    pub source: Source,
    /// What a row means.
    pub mapping: Mapping,
    /// What a feed must be like.
    pub gates: Gates,
    /// What else decides what becomes of a row.
    pub salt: u64,
}

/// A setting at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The member, as a JSON pointer into the settings.
    pub pointer: String,
    /// What was expected.
    pub expected: String,
}

/// Says what is wrong with settings.
pub fn check(settings: &SourceSettings) -> Result<(), Wrong> {
    Plan::of(settings, 0).map(drop)
}

impl Plan {
    /// The plan of a source at a revision of its settings.
    pub fn of(settings: &SourceSettings, revision: u32) -> Result<Self, Wrong> {
        let format = preset(&settings.format, "/format", |preset| {
            serde_json::to_value(Source::new(preset.format()))
        })?;
        let mut source: Source = read(&format, "/format")?;
        source.limits =
            Limits { body_bytes_max: settings.file_bytes_max.saturating_mul(20), ..source.limits };
        if let Reach::Http { paging: Some(_), .. } = &settings.reach {
            // Pages are kept as one row a line.
            let Format::Json(json) = &mut source.format else {
                let expected = "expected json: only such a feed is told in pages".to_owned();
                return Err(Wrong { pointer: "/format/format".to_owned(), expected });
            };
            json.rows.clear();
            (json.keyed, json.envelope) = (false, None);
        }
        let rules =
            preset(&settings.mapping, "/mapping", |preset| serde_json::to_value(preset.rules()))?;
        let mut rules: Rules = read(&rules, "/mapping")?;
        rules.reading.currency.get_or_insert(settings.currency);
        let mapping = Mapping::compile(&rules).map_err(|faults| {
            let first = faults.into_iter().next();
            let (place, reason) =
                first.map_or_else(Default::default, |fault| (fault.place, fault.reason));
            Wrong { pointer: format!("/mapping/{}", pointer(&place)), expected: reason }
        })?;
        let gates = match &settings.gates {
            Value::Null => Gates::default(),
            gates => read(gates, "/gates")?,
        };
        let salt = short(Fingerprint::of(&format!("{revision}")));
        Ok(Self { source, mapping, gates, salt })
    }
}

/// `fields[3].expression` as a pointer.
fn pointer(place: &str) -> String {
    place.replace('[', "/").replace(']', "").replace('.', "/")
}

/// Settings that begin with a dialect: the other members replace the dialect's own.
fn preset(
    value: &Value,
    at: &str,
    known: impl Fn(Preset) -> serde_json::Result<Value>,
) -> Result<Value, Wrong> {
    let Some(members) = value.as_object() else {
        return Err(Wrong { pointer: at.to_owned(), expected: "expected an object".to_owned() });
    };
    let Some(name) = members.get(PRESET) else { return Ok(value.clone()) };
    let preset: Preset = read(name, &format!("{at}/{PRESET}"))?;
    let mut whole = known(preset).unwrap_or_default();
    if let Some(whole) = whole.as_object_mut() {
        let own = members.iter().filter(|(name, _)| *name != PRESET);
        merge(whole, own.map(|(name, value)| (name.clone(), value.clone())).collect());
    }
    Ok(whole)
}

/// Members over members, objects member by member.
fn merge(into: &mut Map<String, Value>, own: Map<String, Value>) {
    for (name, value) in own {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(into)), Value::Object(own)) => merge(into, own),
            (_, value) => drop(into.insert(name, value)),
        }
    }
}

fn read<T: DeserializeOwned>(value: &Value, at: &str) -> Result<T, Wrong> {
    serde_path_to_error::deserialize(value).map_err(|fault| {
        let path = match fault.path().to_string().as_str() {
            "." => String::new(),
            path => format!("/{}", pointer(path)),
        };
        Wrong { pointer: format!("{at}{path}"), expected: fault.inner().to_string() }
    })
}

/// The schedule of a source.
pub fn schedule(code: &str, timetable: &Timetable) -> (EntityId, Schedule) {
    let plan = Schedule {
        cron: timetable.cron.clone(),
        zone: timetable.zone.clone(),
        what: format!("{WHAT}{code}"),
        enabled: timetable.enabled,
        open_max_s: OPEN_MAX_S,
    };
    (schedule_entity(code), plan)
}

/// The entity of a source's schedule.
pub fn schedule_entity(code: &str) -> EntityId {
    EntityId::named(format!("{WHAT}{code}"))
}

/// The source that a schedule runs, if it is one of ours.
pub fn scheduled(what: &str) -> Option<&str> {
    what.strip_prefix(WHAT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings(format: Value, mapping: Value) -> SourceSettings {
        serde_json::from_value(json!({
            "supplier": "acme", "name": "All", "currency": "CZK",
            "format": format, "mapping": mapping,
        }))
        .unwrap()
    }

    #[test]
    fn a_dialect_is_a_beginning_and_what_is_said_besides_replaces_it() {
        let mapping = json!({ "preset": "heureka", "reading": { "currency": "EUR" } });
        let plan = Plan::of(&settings(json!({ "preset": "heureka" }), mapping), 1).unwrap();
        assert!(plan.mapping.fills(&kontor_feeds::mapping::Target::Stock));
    }

    #[test]
    fn a_fault_is_named_with_its_member() {
        let format = json!({ "preset": "heureka" });
        let wrong = |mapping| check(&settings(format.clone(), mapping)).unwrap_err().pointer;
        assert_eq!(wrong(json!({ "preset": "nobody" })), "/mapping/preset");
        assert_eq!(wrong(json!({ "fields": [] })), "/mapping/fields");
        let twice =
            json!({ "fields": [{ "to": "code", "from": ["a"] }, { "to": "code", "from": ["b"] }] });
        assert_eq!(wrong(twice), "/mapping/fields/1/to");
        let odd = json!({ "fields": [{ "to": "code", "from": 7 }] });
        assert_eq!(wrong(odd), "/mapping/fields/0/from");
    }
}
