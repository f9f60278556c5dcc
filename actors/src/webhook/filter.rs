//! Which endpoints want which events.

use super::RegisterDocument;
use crate::{announce, words::is_word};
use kontor_messages::{EntityId, webhook::WebhookEvent};

/// Whether a text is a pattern: `*`, `order.*` or `order.created`.
pub fn is_pattern(text: &str) -> bool {
    let word = |text: &str| is_word(text, "_", 60);
    match text.split_once('.') {
        None => text == "*",
        Some((domain, what)) => word(domain) && (what == "*" || word(what)),
    }
}

/// Whether a text is a pattern that fits something which is delivered.
pub fn is_known_pattern(text: &str) -> bool {
    let pattern = [text.to_owned()];
    let told = |name: &str| is_deliverable(name) && wants(&pattern, name);
    is_pattern(text) && announce::names().into_iter().any(told)
}

/// Whether one of the patterns fits an event's public name.
pub fn wants(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => pattern == name,
    })
}

/// Whether events of this name are ever delivered. What tells of deliveries would call for more
/// deliveries without end, and what tells of the tenant's keys and accounts is nobody's business.
pub fn is_deliverable(name: &str) -> bool {
    match name.split_once('.') {
        Some(("webhook", what)) => {
            matches!(what, "endpoint_disabled" | "endpoint_failing" | "endpoint_recovered")
        }
        Some(("tenant", _)) | None => false,
        Some(_) => true,
    }
}

/// The endpoints of the register that an event of this name goes to.
pub fn targets<'a>(
    register: &'a RegisterDocument,
    name: &str,
) -> impl Iterator<Item = &'a EntityId> {
    let deliverable = is_deliverable(name);
    register
        .endpoints
        .iter()
        .filter(move |(_, patterns)| deliverable && wants(patterns, name))
        .map(|(id, _)| id)
}

/// The one endpoint that an event of this domain is meant for, if it is a test.
pub fn test_target(event: &WebhookEvent) -> Option<&EntityId> {
    match event {
        WebhookEvent::TestRequested { endpoint, .. } => Some(endpoint),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_pattern_is_a_name_a_domain_or_everything() {
        for good in ["*", "order.*", "order.created", "stock.warehouse_put"] {
            assert!(is_pattern(good), "{good}");
        }
        for bad in ["", "order", "*.created", "order.", "Order.*", "order.cre*", "order.a.b", "**"]
        {
            assert!(!is_pattern(bad), "{bad}");
        }
    }

    #[test]
    fn deliveries_and_secrets_are_delivered_to_nobody() {
        let everything = BTreeMap::from([(EntityId::named("a"), vec!["*".to_owned()])]);
        let register = RegisterDocument { endpoints: everything };
        for name in ["webhook.delivery_queued", "webhook.endpoint_created", "tenant.account_put"] {
            assert_eq!(targets(&register, name).count(), 0, "{name}");
        }
        assert_eq!(targets(&register, "order.created").count(), 1);
    }

    #[test]
    fn a_domain_s_pattern_fits_that_domain_only() {
        let patterns = ["order.*".to_owned(), "stock.low".to_owned()];
        assert!(wants(&patterns, "order.created") && wants(&patterns, "stock.low"));
        assert!(!wants(&patterns, "orders.created") && !wants(&patterns, "stock.lower"));
    }
}
