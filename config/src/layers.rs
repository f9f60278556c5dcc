//! Where settings come from, and how one wins over another: value by value, each tried by itself,
//! so that every mistake is found.

use crate::{DEFAULT_FILE, Mistake, Overrides, Sections, mistakes::fault};
use figment::{
    Figment, Profile, Provider,
    providers::{Format, Serialized, Toml},
    value::{Dict, Value},
};
use secrecy::ExposeSecret;
use std::ffi::OsString;

/// Keys whose values are never shown; below `otlp.headers` all are.
const SECRETS: [&str; 7] = [
    "http.admin_token",
    "identity.secret",
    "store.url",
    "amqp.url",
    "smtp.url",
    "sms.api_key",
    "sms.password",
];
/// Names in the environment that are shorter than their keys.
const SHORT: [(&str, &str); 8] = [
    ("LISTEN", "http.listen"),
    ("DATA_DIR", "data_dir"),
    ("DATABASE_URL", "store.url"),
    ("AMQP_URL", "amqp.url"),
    ("ADMIN_TOKEN", "http.admin_token"),
    ("LOG_FORMAT", "log.format"),
    ("OTLP_ENDPOINT", "otlp.endpoint"),
    ("SMTP_URL", "smtp.url"),
];
/// Variables that are for others: the command line's client, the tests, the container's tag.
const OTHERS: [&str; 3] = ["URL", "TEST_", "TAG"];

/// Whether a key's value is never shown.
pub(crate) fn is_secret(key: &str) -> bool {
    SECRETS.contains(&key) || key.starts_with("otlp.headers.")
}

/// What one source says, value by value: key, source and value.
pub(crate) struct Layer(Vec<(String, String, Value)>);

impl Layer {
    pub(crate) fn file(name: &str, text: &str) -> Result<Self, Mistake> {
        let tree = parse(text).map_err(|fault| Mistake::new("", name, fault))?;
        let mut values = Vec::new();
        flatten("", tree, &mut |key, value| values.push((key, name.to_owned(), value)));
        Ok(Self(values))
    }

    /// `KONTOR_HTTP__LISTEN` or one of the short names. An empty variable says nothing.
    pub(crate) fn environment(
        variables: impl Iterator<Item = (OsString, OsString)>,
        tree: &Tree,
        mistakes: &mut Vec<Mistake>,
    ) -> Self {
        let mut values = Vec::new();
        for (variable, text) in variables {
            let Some(variable) = variable.to_str() else { continue };
            let Some(name) = variable.strip_prefix("KONTOR_") else { continue };
            if OTHERS
                .iter()
                .any(|other| name == *other || other.ends_with('_') && name.starts_with(other))
            {
                continue;
            }
            let short = SHORT.iter().find(|(short, _)| *short == name);
            let key = short.map_or_else(
                || name.to_ascii_lowercase().replace("__", "."),
                |(_, key)| (*key).to_owned(),
            );
            match text.to_str() {
                Some("") => {}
                Some(text) => values.push((key.clone(), variable.into(), tree.typed(&key, text))),
                None => mistakes.push(Mistake::new(key, variable, "expected UTF-8")),
            }
        }
        Self(values)
    }

    pub(crate) fn flags(overrides: &Overrides, tree: &Tree) -> Self {
        let data_dir = overrides.data_dir.as_ref().map(|dir| dir.to_string_lossy().into_owned());
        let token = overrides.admin_token.as_ref().map(|token| token.expose_secret().to_owned());
        let named = [
            ("http.listen", overrides.listen.clone()),
            ("data_dir", data_dir),
            ("store.url", overrides.database_url.clone()),
            ("amqp.url", overrides.amqp_url.clone()),
            ("http.admin_token", token),
            ("log.filter", overrides.log_filter.clone()),
        ];
        let named = named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        let all = named.chain(overrides.others.iter().cloned());
        let values = all.map(|(key, text)| {
            let value = tree.typed(&key, &text);
            (key, "the command line".to_owned(), value)
        });
        Self(values.collect())
    }
}

/// What holds so far.
pub(crate) struct Tree {
    holds: Dict,
    /// Who said what, by key.
    said: Vec<(String, String)>,
}

impl Tree {
    /// The file that is compiled in.
    pub(crate) fn defaults() -> Self {
        let holds = parse(DEFAULT_FILE)
            .unwrap_or_else(|fault| unreachable!("the default file is tested: {fault}"));
        let mut tree = Self { holds, said: Vec::new() };
        tree.find_out();
        tree
    }

    /// Lays a source over what holds. A value that cannot be is a mistake, and changes nothing.
    pub(crate) fn lay(&mut self, layer: Layer, mistakes: &mut Vec<Mistake>) {
        for (key, source, value) in layer.0 {
            let mut tried = self.holds.clone();
            put(&mut tried, &key, value);
            match sections(&tried) {
                Ok(_) => {
                    self.holds = tried;
                    self.said.push((key, source));
                }
                Err(error) => {
                    let error = *error;
                    let key = match &error.kind {
                        figment::error::Kind::UnknownField(name, _) => up_to(&key, name),
                        _ => key.clone(),
                    };
                    let fault = fault(&error.kind, is_secret(&key));
                    mistakes.push(Mistake::new(key, source, fault));
                }
            }
        }
    }

    /// Fills in what follows from the rest if nobody has said it.
    pub(crate) fn find_out(&mut self) {
        let postgres = self
            .text("store.url")
            .is_some_and(|url| self.source("store.url").is_some() && url.starts_with("postgres"));
        let folder = self.text("data_dir").unwrap_or_default().to_owned();
        let found = [
            ("store.url", Value::from(folder)),
            ("engine.shards", Value::from(if postgres { 64_u32 } else { 1 })),
            ("journal.writers", Value::from(if postgres { 2_u32 } else { 1 })),
        ];
        for (key, value) in found {
            if self.source(key).is_none() {
                put(&mut self.holds, key, value);
            }
        }
    }

    /// Who said it last, if anybody did.
    pub(crate) fn source(&self, key: &str) -> Option<&str> {
        let said = self.said.iter().rev().find(|(said, _)| said == key);
        said.map(|(_, source)| source.as_str())
    }

    pub(crate) fn sections(&self) -> Result<Sections, Mistake> {
        sections(&self.holds).map_err(|error| {
            let key = error.path.join(".");
            Mistake::new(key.as_str(), "the settings", fault(&error.kind, is_secret(&key)))
        })
    }

    pub(crate) fn holds(&self) -> &Dict {
        &self.holds
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.find(key)?.as_str()
    }

    fn find(&self, key: &str) -> Option<&Value> {
        let mut names = key.split('.');
        let mut found = self.holds.get(names.next()?)?;
        for name in names {
            found = found.as_dict()?.get(name)?;
        }
        Some(found)
    }

    /// A text as the kind of value that stands there; text if nothing does.
    fn typed(&self, key: &str, text: &str) -> Value {
        match self.find(key) {
            Some(Value::Num(..) | Value::Bool(..)) => {
                text.parse().unwrap_or_else(|never: std::convert::Infallible| match never {})
            }
            Some(Value::Array(..)) => {
                let parts = text.trim_matches(['[', ']']).split(',');
                let parts = parts.map(|part| part.trim().trim_matches('"'));
                parts.filter(|part| !part.is_empty()).map(Value::from).collect::<Vec<_>>().into()
            }
            // A number may be found out and have been taken away; it is read as one.
            _ if ["engine.shards", "journal.writers"].contains(&key) => {
                text.parse().unwrap_or_else(|never: std::convert::Infallible| match never {})
            }
            _ => Value::from(text),
        }
    }
}

fn sections(tree: &Dict) -> Result<Sections, Box<figment::Error>> {
    Figment::from(Serialized::defaults(tree)).extract().map_err(Box::new)
}

fn parse(text: &str) -> Result<Dict, String> {
    let mut data = Toml::string(text).data().map_err(|error| error.to_string())?;
    Ok(data.remove(&Profile::Default).unwrap_or_default())
}

/// Every value with its full key. An empty section counts as one, so that it is looked at.
fn flatten(within: &str, tree: Dict, take: &mut impl FnMut(String, Value)) {
    for (name, value) in tree {
        let key = if within.is_empty() { name } else { format!("{within}.{name}") };
        match value {
            Value::Dict(_, dict) if !dict.is_empty() => flatten(&key, dict, take),
            value => take(key, value),
        }
    }
}

/// Puts a value in its place; an empty section takes nothing away.
fn put(tree: &mut Dict, key: &str, value: Value) {
    match key.split_once('.') {
        Some((name, rest)) => {
            let within = tree.entry(name.to_owned()).or_insert_with(|| Value::from(Dict::new()));
            match within {
                Value::Dict(_, within) => put(within, rest, value),
                // It will be told that a section is expected.
                other => *other = value,
            }
        }
        None => match (tree.get(key), &value) {
            (Some(Value::Dict(..)), Value::Dict(_, empty)) if empty.is_empty() => {}
            _ => {
                tree.insert(key.to_owned(), value);
            }
        },
    }
}

/// The key up to and including the name that nobody knows.
fn up_to(key: &str, name: &str) -> String {
    let names: Vec<&str> = key.split('.').collect();
    let len = names.iter().position(|part| *part == name).map_or(names.len(), |place| place + 1);
    names[..len].join(".")
}
