//! Bracketed form parameters, `line_items[0][price_data][currency]=czk`, and their checks.

use std::collections::BTreeMap;

use super::error::ApiError;

const PAIRS_MAX: usize = 1000;
const METADATA_KEYS_MAX: usize = 50;
const METADATA_KEY_LEN_MAX: usize = 40;
const METADATA_VALUE_LEN_MAX: usize = 500;

/// The parameters of one call. Equal parameters make equal values whatever their order was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads a form or a query string. `name[]` becomes `name[0]`, `name[1]` and so on.
    pub(crate) fn parse(encoded: &[u8]) -> Result<Self, ApiError> {
        let mut pairs = BTreeMap::new();
        let mut nexts: BTreeMap<String, usize> = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(encoded) {
            let name = match name.strip_suffix("[]") {
                Some(list) => {
                    let next = nexts.entry(list.to_owned()).or_default();
                    *next += 1;
                    format!("{list}[{}]", *next - 1)
                }
                None => name.into_owned(),
            };
            pairs.insert(name, value.into_owned());
            if pairs.len() > PAIRS_MAX {
                return Err(ApiError::invalid("", "Too many parameters."));
            }
        }
        Ok(Self(pairs))
    }

    /// Refuses a parameter that the call does not know, as Stripe does.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        for name in self.0.keys() {
            let top = name.split('[').next().unwrap_or(name);
            if !known.contains(&top) {
                return Err(ApiError::unknown(top));
            }
        }
        Ok(())
    }

    /// A parameter that was given and is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name).ok_or_else(|| ApiError::missing(name))
    }

    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// A whole number. A decimal point, a sign other than minus or a blank is an error.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if plain => Ok(Some(number)),
            _ => Err(ApiError::coded(
                name,
                "parameter_invalid_integer",
                format!("Invalid integer: {text}"),
            )),
        }
    }

    /// The distinct first indexes under `name`, in numeric order where they are numbers.
    pub(crate) fn indexes(&self, name: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for (index, _) in self.under(name) {
            let index = index.split(']').next().unwrap_or_default().to_owned();
            if !found.contains(&index) {
                found.push(index);
            }
        }
        found.sort_by_key(|index| index.parse::<u64>().unwrap_or(u64::MAX));
        found
    }

    /// The values of a list, `expand[]` or `expand[0]`.
    pub(crate) fn list<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        self.under(name).map(|(_, value)| value).collect()
    }

    /// A metadata map under `name`, checked for Stripe's limits.
    pub(crate) fn metadata(&self, name: &str) -> Result<BTreeMap<String, String>, ApiError> {
        let mut map = BTreeMap::new();
        for (rest, value) in self.under(name) {
            let Some(key) = rest.strip_suffix(']').filter(|key| !key.contains(['[', ']'])) else {
                return Err(ApiError::invalid(name, "Metadata values must be strings."));
            };
            if key.len() > METADATA_KEY_LEN_MAX {
                return Err(ApiError::invalid(name, "Metadata keys have at most 40 characters."));
            }
            if value.chars().count() > METADATA_VALUE_LEN_MAX {
                return Err(ApiError::invalid(
                    name,
                    "Metadata values have at most 500 characters.",
                ));
            }
            map.insert(key.to_owned(), value.to_owned());
        }
        if map.len() > METADATA_KEYS_MAX {
            return Err(ApiError::invalid(name, "Metadata has at most 50 keys."));
        }
        Ok(map)
    }

    /// What follows `name[` in each parameter's name, with the value.
    fn under<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(full, value)| {
            let rest = full.strip_prefix(name)?.strip_prefix('[')?;
            Some((rest, value.as_str()))
        })
    }
}
