//! Which members of an entity's JSON are personal, and whose they are.

use kontor_actors::store::EntityRef;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What stands for a domain where an event's provenance is meant; its entities are who did it.
pub const META: &str = "meta";

/// Names of members under which something personal may stand, in quotes: a text without any of
/// them need not be parsed. None for a domain that keeps nothing personal.
pub fn hints(domain: &str) -> &'static [&'static str] {
    match domain {
        "order" => {
            &["\"customer\"", "\"shipping_address\"", "\"billing_address\"", "\"note\"", "\"text\""]
        }
        "payment" => &[
            "\"customer_email\"",
            "\"body\"",
            "\"request_body\"",
            "\"response_body\"",
            "\"client_secret\"",
            "\"payee_account\"",
            "\"metadata\"",
        ],
        "payout" => &["\"payee_account\""],
        "notification" => &["\"recipient\"", "\"data\""],
        "user" => &[
            "\"email\"",
            "\"phone\"",
            "\"name\"",
            "\"to\"",
            "\"password\"",
            "\"rehash\"",
            "\"sealed\"",
            "\"device\"",
            "\"query\"",
        ],
        "tenant" => &["\"email\"", "\"address\"", "\"last_used_from\"", "\"provider\""],
        "webhook" => &["\"secret\"", "\"api_key\""],
        "supplier" => &["\"access\""],
        META => &["\"address\""],
        _ => &[],
    }
}

/// Whether a text may hold something personal.
pub fn may_hold(domain: &str, json: &str) -> bool {
    hints(domain).iter().any(|hint| json.contains(hint))
}

/// Whether a member of that name is personal. Country, town and language stay readable: reports need
/// them, and alone they name nobody.
pub fn is_personal(domain: &str, parent: &str, name: &str) -> bool {
    match (domain, parent) {
        ("order", "customer") => name != "language",
        ("order", "shipping_address" | "billing_address") => {
            matches!(name, "name" | "street" | "company" | "tax_id")
        }
        ("order", _) => matches!(name, "note" | "text"),
        ("payment", _) => matches!(
            name,
            "customer_email"
                | "body"
                | "request_body"
                | "response_body"
                | "client_secret"
                | "payee_account"
                | "metadata"
        ),
        ("payout", _) => name == "payee_account",
        ("notification", _) => matches!(name, "recipient" | "data"),
        ("user", _) => matches!(
            name,
            "email"
                | "phone"
                | "name"
                | "to"
                | "password"
                | "rehash"
                | "sealed"
                | "device"
                | "address"
                | "query"
        ),
        ("tenant", "settings") => false,
        ("tenant", _) => matches!(name, "email" | "address" | "last_used_from"),
        // A secret that was replaced stands one step deeper.
        ("webhook", _) => matches!(name, "secret" | "api_key"),
        // An address may carry a token after its question mark.
        ("supplier", "reach") => matches!(name, "access" | "url"),
        (META, _) => name == "address",
        _ => false,
    }
}

/// How a person is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// By a mail address, in any case of letters.
    Email(&'a str),
    /// By a telephone number, with or without spaces.
    Phone(&'a str),
    /// As the buyer of an order.
    Order(&'a str),
    /// As the payer of a payment.
    Payment(&'a str),
    /// As a user of the platform, by id.
    User(&'a str),
    /// As somebody who was invited, by mail address.
    Invited(&'a str),
    /// By nothing but the entity itself.
    Entity(&'a str),
}

impl Known<'_> {
    /// The name under which the keys of a person's entities are found: a hash, so that the table of
    /// keys names nobody either.
    pub fn person(&self) -> String {
        let (kind, text) = match self {
            Self::Email(text) => ("email", text.trim().to_lowercase()),
            Self::Phone(text) => ("phone", text.split_whitespace().collect()),
            Self::Order(text) => ("order", (*text).to_owned()),
            Self::Payment(text) => ("payment", (*text).to_owned()),
            Self::User(text) => ("user", (*text).to_owned()),
            Self::Invited(text) => ("invited", text.trim().to_lowercase()),
            Self::Entity(text) => ("entity", (*text).to_owned()),
        };
        hex::encode(&Sha256::digest(format!("{kind}:{text}"))[..16])
    }
}

/// Whose an entity's personal data is, as far as its JSON tells.
pub fn person_of(entity: &EntityRef, value: &Value) -> Option<String> {
    let known = match &*entity.domain {
        "order" => {
            let customer = find(value, "customer")?;
            let text = |name: &str| customer.get(name).and_then(Value::as_str);
            text("email").map(Known::Email).or_else(|| text("phone").map(Known::Phone))
        }
        "payment" => {
            let text = |name: &str| find(value, name).and_then(Value::as_str);
            let by_order = || text("order").map(Known::Order);
            let by_payment = || text("payment").map(Known::Payment);
            text("customer_email").map(Known::Email).or_else(by_order).or_else(by_payment)
        }
        "payout" => find(value, "payment").and_then(Value::as_str).map(Known::Payment),
        "notification" => {
            let recipient = value.get("recipient").and_then(Value::as_str)?;
            match recipient.contains('@') {
                true => Some(Known::Email(recipient)),
                false => recipient.starts_with('+').then_some(Known::Phone(recipient)),
            }
        }
        "user" => {
            let mut parts = entity.entity.as_str().split('/');
            let kept = parts.next().filter(|kind| ["user", "session", "views"].contains(kind));
            kept.and(parts.next()).map(Known::User)
        }
        "tenant" => match entity.entity.as_str().split_once('/') {
            Some(("member", user)) => Some(Known::User(user)),
            Some(("invitation", _)) => {
                find(value, "email").and_then(Value::as_str).map(Known::Invited)
            }
            _ => None,
        },
        META => entity.entity.as_str().strip_prefix("user:").map(Known::User),
        _ => None,
    };
    known.map(|known| known.person())
}

/// A member of the object, or of an object in it: events keep what they bring one step deeper.
fn find<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let members = value.as_object()?;
    let here = members.get(name).filter(|found| !found.is_null());
    here.or_else(|| {
        members.values().find_map(|deeper| deeper.get(name).filter(|found| !found.is_null()))
    })
}

#[cfg(test)]
mod tests {
    use super::{super::walk, *};
    use kontor_messages::{EntityId, TenantId};
    use serde_json::json;

    fn personal(domain: &str, value: Value) -> Vec<Value> {
        let json = value.to_string();
        let places = walk::personal(domain, &json).unwrap();
        places.into_iter().map(|place| serde_json::from_str(&json[place]).unwrap()).collect()
    }

    #[test]
    fn an_orders_people_are_personal_and_its_goods_are_not() {
        let place = json!({
            "channel": "web",
            "customer": { "name": "Jana", "email": "j@example.com", "language": "cs" },
            "shipping_address": { "name": "Jana", "street": "Nábřeží 7", "city": "Děčín",
                "postal_code": "405 02", "country": "CZ", "company": null },
            "lines": [{ "sku": "atlas", "title": "Atlas", "quantity": 1 }],
            "note": "by the door",
        });
        let expected = ["Jana", "j@example.com", "Jana", "Nábřeží 7", "by the door"];
        assert_eq!(personal("order", place.clone()), expected.map(Value::from));
        assert_eq!(personal("order", json!({ "type": "created", "place": place })).len(), 5);
        assert!(personal("stock", json!({ "customer": { "name": "x" } })).is_empty());
    }

    #[test]
    fn secrets_of_accounts_are_personal_and_a_tenant_s_settings_are_not() {
        let account = json!({ "type": "account_put", "provider": "stripe", "name": "main",
            "settings": { "secret_key": "sk" } });
        assert_eq!(personal("tenant", account), [json!({ "secret_key": "sk" })]);
        let created = json!({ "type": "created", "settings": { "name": "Harbour", "email": "x" } });
        assert!(personal("tenant", created).is_empty());
        let member = json!({ "kind": "member", "user": "u1", "email": "a@example.com" });
        assert_eq!(personal("tenant", member), ["a@example.com"]);
        let client =
            json!({ "client": { "client_secret": "pi_1_secret", "publishable_key": "pk" } });
        assert_eq!(personal("payment", client), ["pi_1_secret"]);
        let payout = json!({ "transfer": { "payee_account": "2900000005", "message": "K" } });
        assert_eq!(personal("payout", payout), ["2900000005"]);
        let source = json!({ "type": "source_put", "settings": { "reach": { "by": "http",
            "url": "https://a.example/?key=1", "access": { "with": "bearer", "token": "t" } } } });
        let secrets =
            [json!("https://a.example/?key=1"), json!({ "with": "bearer", "token": "t" })];
        assert_eq!(personal("supplier", source), secrets);
        let hook = json!({ "secret": "whsec_1", "previous_secret": { "secret": "whsec_0" } });
        assert_eq!(personal("webhook", hook), ["whsec_1", "whsec_0"]);
        let callbacks = json!({ "api_key": "the shop's", "hosts": ["shop.example"] });
        assert_eq!(personal("webhook", callbacks), ["the shop's"]);
        let client = json!({ "plan": { "client": { "order": "o-1", "metadata": "{}" } } });
        assert_eq!(personal("payment", client), ["{}"]);
    }

    #[test]
    fn what_was_said_to_a_provider_is_personal_and_that_it_was_said_is_not() {
        let exchange = json!({ "method": "POST", "address": "https://pay.example/v1",
            "outcome": "answered", "status": 200, "request_id": "req_1",
            "request_body": "sent", "response_body": "answered" });
        let called = json!({ "type": "called", "order": "o1",
            "call": { "key": "kontor-1", "exchanges": [exchange.clone(), exchange] } });
        assert!(may_hold("payment", &called.to_string()));
        let seen = personal("payment", called.clone());
        assert_eq!(seen, ["sent", "answered", "sent", "answered"]);
        let entity = EntityRef {
            tenant: TenantId::parse("harbour").unwrap(),
            domain: "payment".to_owned(),
            entity: EntityId::parse("p1").unwrap(),
        };
        // The first of a payment that has nothing personal otherwise: it goes with its order.
        assert_eq!(person_of(&entity, &called), Some(Known::Order("o1").person()));
    }

    #[test]
    fn a_user_is_one_person_wherever_they_are_at_work() {
        let platform = TenantId::platform();
        let of = |domain: &str, name: &str, value: Value| {
            let entity = EntityRef {
                tenant: platform.clone(),
                domain: domain.to_owned(),
                entity: EntityId::named(name),
            };
            person_of(&entity, &value)
        };
        let olga = Some(Known::User("u1").person());
        assert_eq!(of("user", "user/u1", json!({})), olga);
        assert_eq!(of("user", "session/u1/s1", json!({})), olga);
        assert_eq!(of("tenant", "member/u1", json!({ "email": "o@example.com" })), olga);
        assert_eq!(of(META, "user:u1", json!({ "address": "::1" })), olga);
        assert_eq!(of("user", "views/u1/harbour", json!({})), olga);
        let views = json!({ "kind": "views", "views": [{ "name": "Tills", "query": "q=1" }] });
        assert_eq!(personal("user", views), ["Tills", "q=1"]);
        assert_eq!(of("user", "address/ab", json!({})), None);
        assert_eq!(of(META, "key:abc", json!({})), None);
        let invited = of("tenant", "invitation/i1", json!({ "email": "O@example.com" }));
        assert_eq!(invited, Some(Known::Invited("o@example.com").person()));
    }

    #[test]
    fn a_person_is_the_same_however_the_address_is_written() {
        let entity = |domain: &str| EntityRef {
            tenant: TenantId::parse("harbour").unwrap(),
            domain: domain.to_owned(),
            entity: EntityId::parse("o1").unwrap(),
        };
        let jana = Some(Known::Email("jana@example.com").person());
        let order = json!({ "place": { "customer": { "email": "Jana@Example.com" } } });
        assert_eq!(person_of(&entity("order"), &order), jana);
        let payment = json!({ "type": "requested", "customer_email": "jana@example.com" });
        assert_eq!(person_of(&entity("payment"), &payment), jana);
        let message = json!({ "recipient": "jana@example.com", "data": {} });
        assert_eq!(person_of(&entity("notification"), &message), jana);
        let text = json!({ "recipient": "+420602123456", "data": {} });
        let by_phone = Some(Known::Phone("+420 602 123 456").person());
        assert_eq!(person_of(&entity("notification"), &text), by_phone);
        let by_order = json!({ "type": "requested", "customer_email": null, "order": "o1" });
        let expected = Some(Known::Order("o1").person());
        assert_eq!(person_of(&entity("payment"), &by_order), expected);
        assert_ne!(Known::Order("o1").person(), Known::Payment("o1").person());
    }
}
