//! What may be shown of what was said to a provider, and of what it answered.
//!
//! Nothing is shown unless its name is on a list: what a provider invents tomorrow is masked until
//! somebody has looked at it. And what is shown is looked at once more: it is one word or, under
//! few names, a sentence of which suspicious words are masked, and nothing in it is a secret of the
//! account, a card's number, a mail address or a token.

mod marked;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

/// Of a body that is shown.
pub const BODY_MAX: usize = 4096;
/// Of an address that is shown.
const ADDRESS_MAX: usize = 500;
/// Of a word that is shown.
const WORD_MAX: usize = 120;
/// Of a sentence that is shown.
const SENTENCE_MAX: usize = 1000;
/// Of a member's name that is shown.
const NAME_MAX: usize = 60;
/// Shorter settings are no secrets, and would mask words of everybody's.
const SECRET_MIN: usize = 6;
/// Stands for what is not shown.
pub const MASK: &str = "***";

/// The names whose value is shown if it is one word. In lower case, without `_` and `-`; in order.
const WORDS: &[&str] = &[
    "amount",
    "amountcapturable",
    "amountcaptured",
    "amountreceived",
    "amountrefunded",
    "amountsubtotal",
    "amounttocapture",
    "amounttotal",
    "attempt",
    "balancetransaction",
    "cancellationreason",
    "capturemethod",
    "charge",
    "clientreferenceid",
    "code",
    "codeliteral",
    "created",
    "createtime",
    "curr",
    "currency",
    "currencycode",
    "customid",
    "debugid",
    "declinecode",
    "errorcode",
    "expand",
    "expirationtime",
    "expiresat",
    "expiresin",
    "extorderid",
    "extrefundid",
    "failurereason",
    "field",
    "granttype",
    "id",
    "intent",
    "invoiceid",
    "issue",
    "lang",
    "latestcharge",
    "limit",
    "method",
    "mode",
    "object",
    "ordercreatedate",
    "orderid",
    "payment",
    "paymentintent",
    "paymentstatus",
    "preauth",
    "prepareonly",
    "price",
    "quantity",
    "reason",
    "reasoncode",
    "referenceid",
    "refid",
    "refund",
    "refundid",
    "rel",
    "responsecode",
    "resultcode",
    "severity",
    "status",
    "statuscode",
    "statusname",
    "tenant",
    "test",
    "tokentype",
    "totalamount",
    "transid",
    "type",
    "unitamount",
    "unitprice",
    "updatetime",
    "useraction",
    "validitytime",
];

/// The names whose value is a sentence for whoever looks for a fault.
const SENTENCES: &[&str] = &["errordescription", "message", "resultmessage", "statusdesc"];

/// How tokens and keys begin that are known by their beginning.
const TOKENS: &[&str] = &["sk_", "rk_", "pk_", "whsec_", "ek_", "eyj", "bearer", "basic"];

/// Masks what is not shown, with the secrets of an account at hand.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    /// Masks these secrets, wherever they stand.
    pub fn hiding(secrets: impl IntoIterator<Item = String>) -> Self {
        let address = |secret: &String| secret.starts_with("http") && Url::parse(secret).is_ok();
        let long = |secret: &String| SECRET_MIN <= secret.len();
        let secrets = secrets.into_iter().filter(|secret| long(secret) && !address(secret));
        Self { secrets: secrets.collect() }
    }

    /// Masks one more.
    pub fn and(mut self, secret: &str) -> Self {
        if SECRET_MIN <= secret.len() {
            self.secrets.push(secret.to_owned());
        }
        self
    }

    /// A body as it is shown; none if there is none.
    pub fn body(&self, kind: Option<&str>, body: &[u8]) -> Option<String> {
        if body.trim_ascii().is_empty() {
            return None;
        }
        let text = match serde_json::from_slice::<Value>(body) {
            Ok(mut value @ (Value::Object(_) | Value::Array(_))) => {
                self.value("", &mut value);
                value.to_string()
            }
            _ if is_form(kind, body) => self.pairs(form_urlencoded::parse(body)),
            _ => self.marked(kind, body).unwrap_or_else(|| self.unread(kind, body.len())),
        };
        Some(cut(self.guarded(text), BODY_MAX))
    }

    /// An address as it is shown.
    pub fn address(&self, url: &Url) -> String {
        let path = url.path_segments().into_iter().flatten().map(|part| {
            // What is escaped there is looked at as it is meant.
            let escaped = part.replace('+', "%2B");
            let plain = form_urlencoded::parse(escaped.as_bytes()).next();
            let plain = plain.map(|(plain, _)| plain.into_owned()).unwrap_or_default();
            let whole = !part.contains(['&', '=']) && self.is_clean(part) && self.is_clean(&plain);
            if whole { part } else { MASK }
        });
        let path = path.collect::<Vec<_>>().join("/");
        let origin = url.origin().ascii_serialization();
        let origin = if self.is_clean(&origin) { origin } else { MASK.to_owned() };
        let mut text = format!("{origin}/{path}");
        if url.query().is_some() {
            text = format!("{text}?{}", self.pairs(url.query_pairs()));
        }
        cut(self.guarded(text), ADDRESS_MAX)
    }

    /// A secret that was in no part of it may be in the whole.
    fn guarded(&self, text: String) -> String {
        let secret = self.secrets.iter().any(|secret| text.contains(secret.as_str()));
        if secret { MASK.to_owned() } else { text }
    }

    /// A single word as it is shown, such as the provider's name of a request.
    pub fn word(&self, text: &str) -> Option<String> {
        self.is_word(text).then(|| text.to_owned())
    }

    fn value(&self, name: &str, value: &mut Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                let text = number.to_string();
                if self.shown(name, &text).as_ref() != Some(&text) {
                    *value = MASK.into();
                }
            }
            Value::String(text) => {
                *value = self.shown(name, text).unwrap_or_else(|| MASK.to_owned()).into();
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(name, item)),
            Value::Object(members) => {
                let shown = std::mem::take(members).into_iter().map(|(name, mut value)| {
                    self.value(&name, &mut value);
                    (self.name(&name).to_owned(), value)
                });
                *members = shown.collect::<Map<_, _>>();
            }
        }
    }

    fn pairs<'t>(
        &self,
        pairs: impl Iterator<Item = (std::borrow::Cow<'t, str>, std::borrow::Cow<'t, str>)>,
    ) -> String {
        let shown = pairs.map(|(name, value)| {
            let value = self.shown(&name, &value).unwrap_or_else(|| MASK.to_owned());
            format!("{}={value}", self.name(&name))
        });
        shown.collect::<Vec<_>>().join("&")
    }

    fn marked(&self, kind: Option<&str>, body: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(body).ok()?;
        if text.trim_start().starts_with("<?xml") {
            return self.xml(text);
        }
        self.parts(kind, text)
    }

    fn unread(&self, kind: Option<&str>, len: usize) -> String {
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
        let kind = self.word(kind.trim()).unwrap_or_else(|| "text".to_owned());
        format!("({kind}, {len} bytes)")
    }

    /// A member's name, unless it looks like something that somebody should not read.
    fn name<'n>(&self, name: &'n str) -> &'n str {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(&byte);
        let is_name = name.len() <= NAME_MAX && name.bytes().all(plain);
        if is_name && self.is_clean(name) { name } else { MASK }
    }

    /// What is shown of a value that stands under a name.
    fn shown(&self, name: &str, text: &str) -> Option<String> {
        let name = listed_as(name);
        if text.is_empty() {
            return Some(String::new());
        }
        if SENTENCES.contains(&&*name) {
            return Some(self.sentence(text));
        }
        // PayPal's amounts; a number without a point may be an account's.
        let amount = name == "value" && text.contains('.') && is_decimal(text);
        let may = amount || WORDS.binary_search(&&*name).is_ok();
        (may && self.is_word(text)).then(|| text.to_owned())
    }

    fn sentence(&self, text: &str) -> String {
        // A secret may have spaces in it, and a card's number has.
        if SENTENCE_MAX < text.len() || !self.is_clean(text) {
            return MASK.to_owned();
        }
        // So many digits may be a telephone number, in however many groups.
        let digits_max = if digits(text) < 9 { 5 } else { 0 };
        let shown = |word: &str| word.len() <= 40 && digits(word) <= digits_max;
        let words = text.split_whitespace().take(60);
        let words = words.map(|word| if shown(word) { word } else { MASK });
        words.collect::<Vec<_>>().join(" ")
    }

    fn is_word(&self, text: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_graphic();
        !text.is_empty() && text.len() <= WORD_MAX && text.bytes().all(plain) && self.is_clean(text)
    }

    /// Whether there is nothing in it that is known, or looks like, what nobody should read.
    fn is_clean(&self, text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        let mut words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let token = words.any(|word| TOKENS.iter().any(|token| word.starts_with(token)));
        let secret = self.secrets.iter().any(|secret| text.contains(secret.as_str()));
        !(token || secret || text.contains('@') || holds_card_number(text))
    }
}

/// Whether a name is one whose value may be shown.
#[cfg(test)]
fn is_listed(name: &str) -> bool {
    let name = listed_as(name);
    let name = name.as_str();
    name == "value" || SENTENCES.contains(&name) || WORDS.binary_search(&name).is_ok()
}

/// The name as the lists have it: of `metadata[order_id]` it is `orderid`.
fn listed_as(name: &str) -> String {
    // What only counts is no name, and nor is nothing.
    let counts = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let last = name.rsplit(['[', ']']).find(|part| !counts(part));
    let plain = last.unwrap_or_default().chars().filter(|c| !matches!(c, '_' | '-'));
    plain.map(|c| c.to_ascii_lowercase()).collect()
}

fn is_form(kind: Option<&str>, body: &[u8]) -> bool {
    let told = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let first = body.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    // Some say nothing of the kind, and send `code=0&message=OK`.
    told || (first > 0 && body.get(first) == Some(&b'='))
}

fn is_decimal(text: &str) -> bool {
    text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte))
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// Thirteen to nineteen digits whose check digit is right: in one, or in groups as people write
/// them. The longer groups of our own ids are none of those.
fn holds_card_number(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut groups: Vec<&str> = Vec::new();
    for word in words {
        let mut runs = word.split(|c: char| !c.is_ascii_digit());
        if runs.any(is_card_number) {
            return true;
        }
        let is_group = word.len() <= 6 && word.bytes().all(|byte| byte.is_ascii_digit());
        if !is_group {
            groups.clear();
            continue;
        }
        groups.push(word);
        if GROUPS_MAX < groups.len() {
            groups.remove(0);
        }
        if (0..groups.len()).any(|first| is_card_number(&groups[first..].concat())) {
            return true;
        }
    }
    false
}

/// More groups than digits that it may have.
const GROUPS_MAX: usize = 19;

fn is_card_number(digits: &str) -> bool {
    (13..=19).contains(&digits.len()) && passes_check(digits)
}

/// Luhn's sum.
fn passes_check(digits: &str) -> bool {
    let digits = digits.bytes().rev().map(|byte| u32::from(byte.saturating_sub(b'0')));
    let counted = digits.enumerate().map(|(place, digit)| match (place % 2, digit * 2) {
        (0, _) => digit,
        (_, double) => double / 10 + double % 10,
    });
    let sum: u32 = counted.sum();
    sum > 0 && sum.is_multiple_of(10)
}

/// Cut between two characters, and marked as cut.
fn cut(mut text: String, max: usize) -> String {
    const MORE: &str = "...";
    if text.len() <= max {
        return text;
    }
    let mut end = max - MORE.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push_str(MORE);
    text
}
