//! From a template and what it speaks of to a message.
//!
//! A template chooses and repeats; it computes nothing. So that a tenant's text can neither read
//! what it should not nor wear the program out, it knows `if` and `for` only, a few filters, no
//! arithmetic and no joining of texts, runs on fuel, and its output is bounded. What is not there
//! is an error, not an empty place. HTML is escaped always.

use super::defaults::{DEFAULTS, DefaultTemplate, PLATFORM};
use kontor_actors::ports_notification::SendFault;
use kontor_messages::notification::{FailureKind, Template};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, filters, tests};
use serde_json::{Value, json};
use std::io;

const FUEL: u64 = 50_000;
const SUBJECT_LEN_MAX: usize = 500;
const TEXT_LEN_MAX: usize = 256 * 1024;
const HTML_LEN_MAX: usize = 512 * 1024;
/// The language in which there is a text for everything.
const LAST_LANGUAGE: &str = "en";
/// Who writes to users.
const PLATFORM_NAME: &str = "Kontor";

/// A message as its recipient reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject, one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
    /// In which language.
    pub language: String,
}

/// Why there is no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// Nobody has written such a text.
    #[error("there is no template {0}")]
    Unknown(String),
    /// A part of the text is at fault.
    #[error("{part}: {reason}")]
    Part {
        /// `subject`, `text` or `html`.
        part: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl From<TemplateFault> for SendFault {
    fn from(fault: TemplateFault) -> Self {
        Self::new(FailureKind::RejectMessage, "template", &fault.to_string())
    }
}

/// The languages in which a text is looked for, best first: `cs-CZ`, `cs`, the tenant's, English.
pub fn chain(recipient: Option<&str>, tenant: &str) -> Vec<String> {
    let mut languages: Vec<String> = Vec::new();
    for wanted in recipient.into_iter().chain([tenant, LAST_LANGUAGE]) {
        let base = wanted.split('-').next().unwrap_or(wanted);
        for language in [wanted, base] {
            if !languages.iter().any(|known| known == language) {
                languages.push(language.to_owned());
            }
        }
    }
    languages
}

/// Renders a message in the first language of the chain in which there is a text. In each, the
/// tenant's own text comes before the program's. `data` is what the text speaks of; `language`
/// and, if it is not in there, `shop` are added.
pub fn render(
    name: &str,
    languages: &[String],
    own: &[Template],
    shop: &str,
    data: &Value,
) -> Result<Rendered, TemplateFault> {
    for language in languages {
        let mine = own.iter().find(|text| text.name == name && text.language == *language);
        if let Some(Template { subject, text, html, .. }) = mine {
            return parts(subject, text, html.as_deref(), &context(data, shop, language));
        }
        if let Some(DefaultTemplate { subject, text, html, .. }) =
            DEFAULTS.iter().find(|text| text.name == name && text.language == language)
        {
            return parts(subject, text, Some(html), &context(data, shop, language));
        }
    }
    Err(TemplateFault::Unknown(name.to_owned()))
}

/// The same for what the platform itself writes to its users.
pub fn render_platform(
    name: &str,
    languages: &[String],
    data: &Value,
) -> Result<Rendered, TemplateFault> {
    for language in languages {
        if let Some(DefaultTemplate { subject, text, html, .. }) =
            PLATFORM.iter().find(|text| text.name == name && text.language == language)
        {
            let html = Some(*html).filter(|html| !html.is_empty());
            return parts(subject, text, html, &context(data, PLATFORM_NAME, language));
        }
    }
    Err(TemplateFault::Unknown(name.to_owned()))
}

/// Tries a tenant's own text on sample data, before it is taken.
pub fn check(template: &Template) -> Result<Rendered, TemplateFault> {
    show(template, "Harbour Books", &sample(&template.name))
}

/// How a tenant's own text looks with this data.
pub fn show(template: &Template, shop: &str, data: &Value) -> Result<Rendered, TemplateFault> {
    let Template { language, subject, text, html, .. } = template;
    let data = context(data, shop, language);
    parts(subject, text, html.as_deref(), &data)
}

/// What a text of this name speaks of, with everything that may be there.
pub fn sample(name: &str) -> Value {
    let mut data = json!({
        "order_number": "2026-000123",
        "customer_name": "Jana Nováková",
        "lines": [
            {"title": "Atlas of <Tides>", "quantity": 2, "total": "698.00 CZK"},
            {"title": "Chart & compass", "quantity": 1, "total": "1 249.00 CZK"},
        ],
        "total": "1 947.00 CZK",
    });
    if let (Value::Object(data), Value::Object(more)) = (&mut data, sample_beside(name)) {
        data.extend(more);
    }
    data
}

/// The part of a sample that is not of the order itself.
pub fn sample_beside(name: &str) -> Value {
    match name {
        "payment_received" => json!({"paid": "1 947.00 CZK"}),
        "shipped" => json!({
            "carrier": "PPL",
            "tracking_number": "40012345678",
            "tracking_url": "https://track.example.com/?id=40012345678&lang=cs",
        }),
        "cancelled" => json!({"reason": "payment_timeout"}),
        "refund" => json!({"refunded": "698.00 CZK"}),
        "invitation" => json!({
            "role": "support",
            "expires_at": "2026-01-22",
            "token": "inv_harbour-books_0192_c2FtcGxl",
            "link": "https://kontor.example/join#inv_harbour-books_0192_c2FtcGxl",
        }),
        _ => json!({}),
    }
}

fn context(data: &Value, shop: &str, language: &str) -> Value {
    let mut members = data.as_object().cloned().unwrap_or_default();
    members.entry("shop").or_insert_with(|| shop.into());
    members.insert("language".to_owned(), language.into());
    Value::Object(members)
}

fn parts(
    subject: &str,
    text: &str,
    html: Option<&str>,
    data: &Value,
) -> Result<Rendered, TemplateFault> {
    let subject = part("subject", subject, data, SUBJECT_LEN_MAX)?.trim().to_owned();
    if subject.is_empty() || subject.chars().any(char::is_control) {
        let reason = "expected one line that is not empty".to_owned();
        return Err(TemplateFault::Part { part: "subject", reason });
    }
    let text = part("text", text, data, TEXT_LEN_MAX)?;
    let html = html.map(|html| part("html", html, data, HTML_LEN_MAX)).transpose()?;
    let language = data["language"].as_str().unwrap_or(LAST_LANGUAGE).to_owned();
    Ok(Rendered { subject, text, html, language })
}

fn part(
    part: &'static str,
    source: &str,
    data: &Value,
    len_max: usize,
) -> Result<String, TemplateFault> {
    let fault = |reason: String| TemplateFault::Part { part, reason };
    tame(source).map_err(fault)?;
    let environment = environment();
    let plain = |error: minijinja::Error| {
        let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
        fault(format!("{line}{}: {}", error.kind(), error.detail().unwrap_or("no detail")))
    };
    let template = environment.template_from_named_str(part, source).map_err(plain)?;
    let mut output = Bounded { bytes: Vec::new(), len_max, full: false };
    let data = minijinja::value::Serde(data);
    let rendered = template.render_captured_to(data, &mut output).map(|_| ());
    if output.full {
        return Err(fault(format!("it is too long: expected {len_max} bytes at most")));
    }
    rendered.map_err(plain)?;
    String::from_utf8(output.bytes).map_err(|_| fault("it is no UTF-8".to_owned()))
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|part| match part {
        "html" => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    environment.add_filter("default", filters::default);
    environment.add_filter("first", filters::first);
    environment.add_filter("last", filters::last);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("title", filters::title);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("upper", filters::upper);
    environment.add_test("defined", tests::is_defined);
    environment.add_test("none", tests::is_none);
    environment.add_test("startingwith", tests::is_startingwith);
    environment
}

/// Refuses what could make much out of little: assignments, arithmetic, joining of texts.
fn tame(source: &str) -> Result<(), String> {
    const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];
    let mut rest = source;
    while let Some(start) = rest.find("{%").into_iter().chain(rest.find("{{")).min() {
        let statement = rest[start..].starts_with("{%");
        let body = &rest[start + 2..];
        let end = body.find(if statement { "%}" } else { "}}" }).unwrap_or(body.len());
        let inside = &body[..end];
        if let Some(sign) = inside.chars().find(|c| "+*~".contains(*c)) {
            return Err(format!("a text does not compute: '{sign}' is not allowed in a tag"));
        }
        let word = inside.trim_start_matches('-').split_whitespace().next().unwrap_or_default();
        let word = word.trim_end_matches('-');
        if statement && !STATEMENTS.contains(&word) {
            return Err(format!("only if and for are known, found '{word}'"));
        }
        rest = &body[end..];
    }
    Ok(())
}

/// Takes so much and no more.
struct Bounded {
    bytes: Vec<u8>,
    len_max: usize,
    full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > self.len_max {
            self.full = true;
            return Err(io::Error::other("the output is too long"));
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "templates_tests.rs"]
mod templates_tests;
