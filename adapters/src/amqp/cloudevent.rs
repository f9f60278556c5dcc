//! An announcement as a CloudEvent 1.0 in structured mode.
//!
//! The binary mode is defined for AMQP 1.0 only. The type is `io.kontor.` and the public name, so
//! its last two parts are the routing key.

use super::short;
use kontor_actors::announce::Announcement;
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};
use serde::Serialize;
use serde_json::Value;

/// The media type of an event in structured mode.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";
/// What stands before the public name in an event's type.
pub const TYPE_PREFIX: &str = "io.kontor.";

#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: &'a str,
    subject: &'a str,
    time: kontor_messages::Timestamp,
    datacontenttype: &'static str,
    tenant: &'a str,
    sequence: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    data: &'a Value,
}

/// The event as JSON.
pub fn body(announcement: &Announcement) -> Vec<u8> {
    let domain = announcement.name.split('.').next().unwrap_or_default();
    let event = CloudEvent {
        specversion: "1.0",
        id: &announcement.id,
        source: &format!("/tenants/{}/{domain}", announcement.tenant),
        r#type: &format!("{TYPE_PREFIX}{}", announcement.name),
        subject: &announcement.subject,
        time: announcement.at,
        datacontenttype: "application/json",
        tenant: announcement.tenant.as_str(),
        sequence: &announcement.sequence(),
        traceparent: announcement.trace.as_deref(),
        data: &announcement.data,
    };
    // Cannot fail: texts, and a value that came from JSON.
    serde_json::to_vec(&event).unwrap_or_default()
}

/// What the broker and its operators see of it.
pub fn properties(announcement: &Announcement) -> BasicProperties {
    let mut headers = FieldTable::default();
    let tenant = announcement.tenant.as_str();
    headers.insert("tenant".into(), AMQPValue::LongString(tenant.into()));
    if let Some(trace) = &announcement.trace {
        headers.insert("traceparent".into(), AMQPValue::LongString(trace.as_str().into()));
    }
    BasicProperties::default()
        .with_content_type(MEDIA_TYPE.into())
        .with_delivery_mode(2)
        .with_message_id(short(&announcement.id))
        .with_timestamp(announcement.at.seconds().max(0).unsigned_abs())
        .with_type(short(&format!("{TYPE_PREFIX}{}", announcement.name)))
        .with_app_id("kontor".into())
        .with_headers(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_messages::Timestamp;
    use serde_json::json;

    #[test]
    fn the_event_on_the_wire_stays_as_it_is() {
        let announcement = Announcement {
            id: "019bc0de-0000-7000-8000-000000000001".into(),
            name: "order.confirmed",
            subject: "o-1".into(),
            tenant: "harbour-books".parse().unwrap(),
            at: Timestamp::from_millis(1_768_471_200_000),
            data: json!({"order": "o-1", "version": 2}),
            shard: 3,
            seq: 42,
            version: 2,
            coalesce: None,
            trace: None,
        };
        let body = String::from_utf8(body(&announcement)).unwrap();
        let expected = concat!(
            r#"{"specversion":"1.0","id":"019bc0de-0000-7000-8000-000000000001","#,
            r#""source":"/tenants/harbour-books/order","type":"io.kontor.order.confirmed","#,
            r#""subject":"o-1","time":"2026-01-15T10:00:00.000Z","#,
            r#""datacontenttype":"application/json","tenant":"harbour-books","#,
            r#""sequence":"3-0000000000000042","data":{"order":"o-1","version":2}}"#
        );
        assert_eq!(body, expected);
    }
}
