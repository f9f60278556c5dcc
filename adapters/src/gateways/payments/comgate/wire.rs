//! Names and values as ComGate writes them, in both notations.

use super::{Interface, Settings};
use crate::gateways::{
    http::{Call, Http, Reply},
    payments::below,
};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::collections::BTreeMap;
use url::form_urlencoded;

/// The members of a request, a reply or a push.
pub type Fields = BTreeMap<String, String>;

/// What a request says beside who asks and about what.
pub type Form = Vec<(&'static str, String)>;

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Create,
    Status,
    Cancel,
    Capture,
    Release,
    Refund,
}

/// Builds a call.
pub fn call(
    http: &Http,
    settings: &Settings,
    verb: Verb,
    id: Option<&str>,
    form: &[(&'static str, String)],
) -> Call {
    match settings.interface {
        Interface::V1 => form_call(http, settings, verb, id, form),
        Interface::V2 => json_call(http, settings, verb, id, form),
    }
}

fn form_call(
    http: &Http,
    settings: &Settings,
    verb: Verb,
    id: Option<&str>,
    form: &[(&'static str, String)],
) -> Call {
    let operation = match verb {
        Verb::Create => "create",
        Verb::Status => "status",
        Verb::Cancel => "cancel",
        Verb::Capture => "capturePreauth",
        Verb::Release => "cancelPreauth",
        Verb::Refund => "refund",
    };
    let secret = settings.secret.expose_secret();
    let mut pairs = vec![("merchant", settings.merchant.as_str()), ("secret", secret)];
    pairs.extend(id.map(|id| ("transId", id)));
    pairs.extend(form.iter().map(|(name, value)| (*name, value.as_str())));
    let pairs: Vec<_> =
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    http.post(below(&settings.endpoint, &["v1.0", operation])).form(&pairs)
}

fn json_call(
    http: &Http,
    settings: &Settings,
    verb: Verb,
    id: Option<&str>,
    form: &[(&'static str, String)],
) -> Call {
    let file = format!("{}.json", id.unwrap_or_default());
    let of = |path: &[&str]| below(&settings.endpoint, path);
    let call = match verb {
        Verb::Create => http.post(of(&["v2.0", "payment.json"])),
        Verb::Refund => http.post(of(&["v2.0", "refund.json"])),
        Verb::Status => http.get(of(&["v2.0", "payment", "transId", &file])),
        Verb::Cancel => http.delete(of(&["v2.0", "payment", "transId", &file])),
        Verb::Capture => http.put(of(&["v2.0", "preauth", "transId", &file])),
        Verb::Release => http.delete(of(&["v2.0", "preauth", "transId", &file])),
    };
    let call =
        call.basic(&settings.merchant, &settings.secret).header("accept", "application/json");
    let mut members = serde_json::Map::new();
    if let (Verb::Refund, Some(id)) = (verb, id) {
        members.insert("transId".into(), id.into());
    }
    for (name, value) in form {
        // Amounts are integers there; flags stay texts, as ComGate's own SDK sends them.
        let number = matches!(*name, "price" | "amount").then(|| value.parse::<i64>().ok());
        let value = number.flatten().map_or_else(|| Value::from(value.as_str()), Value::from);
        members.insert((*name).to_owned(), value);
    }
    if members.is_empty() { call } else { call.json(&members) }
}

/// The members of a reply, whichever notation it is in. An outage's page has none.
pub fn fields(reply: &Reply) -> Fields {
    read(reply.header("content-type"), &reply.body)
}

/// The members of a body. JSON begins with a brace, and no form does.
pub fn read(content_type: Option<&str>, body: &[u8]) -> Fields {
    let json = content_type.is_some_and(|kind| kind.contains("json"))
        || body.trim_ascii_start().first() == Some(&b'{');
    if json {
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
            return Fields::new();
        };
        return members
            .into_iter()
            .filter_map(|(name, value)| Some((name, text(&value)?)))
            .collect();
    }
    form_urlencoded::parse(body).into_owned().collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `AB12-CD34-EF56`: letters, digits and dashes only.
pub fn is_transaction(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (8..=40).contains(&name.len()) && name.bytes().all(plain)
}
