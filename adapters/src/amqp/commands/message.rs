//! A command as it comes from the queue: read strictly, with a pointer to what is wrong.

use crate::telemetry::is_traceparent;
use kontor_messages::TenantId;
use lapin::{BasicProperties, types::AMQPValue};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// What stands before the command's name in the type of a CloudEvent.
pub const TYPE_PREFIX: &str = "kontor.command.";
/// Message ids are kept with the effect for as long as request keys are.
const ID_MAX: usize = 200;
/// A larger message is not read.
const BODY_MAX: usize = 4 << 20;

/// A command with all that rides along.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordered {
    /// For which tenant.
    pub tenant: TenantId,
    /// Which: `order.place`.
    pub command: String,
    /// What it says.
    pub data: Value,
    /// The message's id; the same one again is the same command.
    pub id: String,
    /// The broker's user, if the publisher named it; the broker has checked it.
    pub user: Option<String>,
    /// W3C `traceparent`.
    pub trace: Option<String>,
}

/// Why a command was not carried out, and will not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// A stable code.
    pub code: String,
    /// A sentence for people.
    pub reason: String,
    /// The member of the message at fault, as a JSON pointer.
    pub pointer: Option<String>,
}

impl Refused {
    /// A refusal that points at nothing.
    pub fn new(code: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { code: code.into(), reason: reason.into(), pointer: None }
    }

    /// The same, pointing at a member.
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }
}

/// What becomes of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was carried out, and that is durable.
    Done {
        /// The entity that it was about.
        subject: String,
        /// How many changes that has seen.
        version: i64,
    },
    /// It cannot be carried out.
    Refused(Refused),
    /// It may work later.
    Passing {
        /// Why it does not now.
        refused: Refused,
        /// Not before then.
        wait: Option<Duration>,
        /// Whether others are known to have the same trouble: there is too much to do. Else it may
        /// be this command's own.
        busy: bool,
    },
    /// The node is stopping.
    Stopping,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    tenant: TenantId,
    command: String,
    #[serde(default = "nothing")]
    data: Value,
}

/// CloudEvents allow any extension besides.
#[derive(Deserialize)]
struct CloudEvent {
    specversion: String,
    id: String,
    r#type: String,
    tenant: TenantId,
    traceparent: Option<String>,
    #[serde(default = "nothing")]
    data: Value,
}

fn nothing() -> Value {
    Value::Object(Map::new())
}

/// Reads a message.
pub fn read(body: &[u8], properties: &BasicProperties) -> Result<Ordered, Refused> {
    if BODY_MAX < body.len() {
        return Err(Refused::new("too_large", "expected a message of 4 MiB at most"));
    }
    let id = text(properties.message_id());
    let media_type = text(properties.content_type()).unwrap_or_default().to_ascii_lowercase();
    let mut ordered = if media_type.starts_with("application/cloudevents") {
        cloud_event(body, id)?
    } else {
        let id = id.ok_or_else(|| {
            Refused::new(
                "message_id_missing",
                "expected the property message_id, which makes \
                the same command twice one",
            )
        })?;
        let Plain { tenant, command, data } = decode(body)?;
        Ordered { tenant, command, data, id, user: None, trace: None }
    };
    // It becomes a key in the database, which takes no NUL: that would fail again and again.
    if ordered.id.is_empty() || ID_MAX < ordered.id.len() || ordered.id.contains(char::is_control) {
        let expected = "expected a message id of 1 to 200 bytes without control characters";
        return Err(Refused::new("message_id_invalid", expected));
    }
    ordered.user = text(properties.user_id());
    let headers = properties.headers().as_ref();
    let header = headers.and_then(|headers| match headers.inner().get("traceparent") {
        Some(AMQPValue::LongString(trace)) => Some(trace.to_string()),
        Some(AMQPValue::ShortString(trace)) => Some(trace.to_string()),
        _ => None,
    });
    // It is kept beside every event, so only what is one is.
    ordered.trace = ordered.trace.or(header).filter(|trace| is_traceparent(trace));
    Ok(ordered)
}

fn cloud_event(body: &[u8], id: Option<String>) -> Result<Ordered, Refused> {
    let event: CloudEvent = decode(body)?;
    if event.specversion != "1.0" {
        return Err(Refused::new("malformed", "expected 1.0").at("/specversion"));
    }
    let Some(command) = event.r#type.strip_prefix(TYPE_PREFIX) else {
        let reason = format!("expected a type such as {TYPE_PREFIX}order.place");
        return Err(Refused::new("malformed", reason).at("/type"));
    };
    Ok(Ordered {
        tenant: event.tenant,
        command: command.to_owned(),
        data: event.data,
        id: id.unwrap_or(event.id),
        user: None,
        trace: event.traceparent,
    })
}

fn decode<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, Refused> {
    let json = &mut serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(json).map_err(|error| malformed("", &error))
}

/// What is wrong with JSON, and where below `within`.
pub(super) fn malformed(
    within: &str,
    error: &serde_path_to_error::Error<serde_json::Error>,
) -> Refused {
    use serde_path_to_error::Segment;
    let mut pointer = within.to_owned();
    for segment in error.path().iter() {
        let part = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&part);
    }
    Refused::new("malformed", error.inner().to_string()).at(pointer)
}

fn text(value: &Option<lapin::types::ShortString>) -> Option<String> {
    value.as_ref().map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn properties(id: &str) -> BasicProperties {
        BasicProperties::default().with_message_id(id.into())
    }

    fn refused(body: &str) -> (String, Option<String>) {
        let refused = read(body.as_bytes(), &properties("m-1")).unwrap_err();
        (refused.code, refused.pointer)
    }

    #[test]
    fn a_plain_message_is_read() {
        let body = r#"{"tenant":"harbour-books","command":"order.cancel","data":{"order":"o"}}"#;
        let ordered = read(body.as_bytes(), &properties("m-1")).unwrap();
        assert_eq!(ordered.command, "order.cancel");
        assert_eq!(ordered.data, json!({"order": "o"}));
        assert_eq!(ordered.id, "m-1");
    }

    #[test]
    fn a_cloud_event_is_read_and_may_bring_its_id_itself() {
        let body = json!({
            "specversion": "1.0", "id": "e-1", "source": "/erp", "tenant": "harbour-books",
            "type": "kontor.command.order.place", "data": {"channel": "web"}, "anything": "else",
        });
        let media_type = "application/cloudevents+json; charset=utf-8";
        let properties = BasicProperties::default().with_content_type(media_type.into());
        let ordered = read(body.to_string().as_bytes(), &properties).unwrap();
        assert_eq!((ordered.command.as_str(), ordered.id.as_str()), ("order.place", "e-1"));
    }

    #[test]
    fn a_message_without_an_id_is_refused() {
        let body = br#"{"tenant":"harbour-books","command":"order.cancel"}"#;
        let refused = read(body, &BasicProperties::default()).unwrap_err();
        assert_eq!(refused.code, "message_id_missing");
    }

    #[test]
    fn an_id_that_no_database_keeps_is_refused_at_once() {
        let body = br#"{"tenant":"harbour-books","command":"order.cancel"}"#;
        for id in ["", "m\0", "m\n1", &"m".repeat(201)] {
            let refused = read(body, &properties(id)).unwrap_err();
            assert_eq!(refused.code, "message_id_invalid", "{id:?}");
        }
    }

    #[test]
    fn what_is_malformed_is_pointed_at() {
        assert_eq!(refused("{"), ("malformed".into(), Some(String::new())));
        let tenant = r#"{"tenant":"No","command":"order.cancel"}"#;
        assert_eq!(refused(tenant), ("malformed".into(), Some("/tenant".into())));
        let more = r#"{"tenant":"a","command":"order.cancel","when":"now"}"#;
        assert_eq!(refused(more), ("malformed".into(), Some("/when".into())));
    }
}
