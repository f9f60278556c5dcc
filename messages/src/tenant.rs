//! The vocabulary of tenants: their settings, API keys, gateway accounts and members.
//!
//! Entities: `tenant` (one per tenant), `key/<id>` (an API key; its secret is never here, only its
//! hash), `account/<provider>/<name>` (an account at a payment provider, a mail server, ...),
//! `member/<user>` (a person who works here), `role/<name>` (a role of the tenant's own),
//! `invitation/<id>` (its secret is nowhere), `team` (counts over members, roles, invitations),
//! `payment-routes` (which accounts take which payment).

mod account;
mod command;
mod event;
mod giver;
mod refusal;
mod routing;
mod scope;

pub use account::{AccountMode, AccountSettings};
pub use command::TenantCommand;
pub use event::TenantEvent;
pub use giver::Giver;
pub use refusal::TenantRefusal;
pub use routing::PaymentRule;
pub use scope::{BuiltIn, Scope, lacking};

use crate::{Currency, EntityId, payment::PaymentChoices};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The entity of the tenant itself.
pub fn tenant_entity() -> EntityId {
    EntityId::named("tenant")
}

/// The entity of an API key.
pub fn key_entity(key: &str) -> EntityId {
    EntityId::named(format!("key/{key}"))
}

/// The entity of a gateway account.
pub fn account_entity(provider: &str, name: &str) -> EntityId {
    EntityId::named(format!("account/{provider}/{name}"))
}

/// The entity of the rules by which payments find their accounts.
pub fn payment_routes_entity() -> EntityId {
    EntityId::named("payment-routes")
}

/// The entity of a member.
pub fn member_entity(user: &str) -> EntityId {
    EntityId::named(format!("member/{user}"))
}

/// The entity of a role of the tenant's own.
pub fn role_entity(name: &str) -> EntityId {
    EntityId::named(format!("role/{name}"))
}

/// The entity of an invitation.
pub fn invitation_entity(id: &str) -> EntityId {
    EntityId::named(format!("invitation/{id}"))
}

/// The entity that counts a tenant's members, roles and invitations.
pub fn team_entity() -> EntityId {
    EntityId::named("team")
}

/// How much a tenant may ask for. Past a limit the answer is 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests that may be under way at once.
    #[schema(minimum = 1, maximum = 10_000)]
    pub requests_in_flight: u32,
    /// Requests that may begin in a second.
    #[schema(minimum = 1, maximum = 100_000)]
    pub requests_per_second: u32,
    /// Orders that may be placed in a day of the tenant's time zone; no limit if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub orders_per_day: Option<u32>,
    /// Entities that it may have: orders, payments, products, messages and all else; no limit if
    /// absent. What is there can still be changed and finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub entities: Option<u64>,
    /// Rows that one import may bring.
    #[schema(minimum = 1, maximum = 10_000_000)]
    pub import_rows: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_in_flight: 256,
            requests_per_second: 1000,
            orders_per_day: None,
            entities: None,
            import_rows: 1_000_000,
        }
    }
}

/// What may be set on a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantSettings {
    /// Its name for people.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$", example = "CZ")]
    pub country: String,
    /// The currency that is taken where none is named.
    pub currency: Currency,
    /// IANA time zone, in which days and years begin.
    #[schema(example = "Europe/Prague")]
    pub time_zone: String,
    /// How order numbers look: `{year}` and `{number}`, with a width as in `{number:06}`.
    #[serde(default = "number_format")]
    #[schema(max_length = 40, example = "{year}-{number:06}")]
    pub number_format: String,
    /// BCP 47 language of messages to customers who have none.
    #[serde(default = "language")]
    #[schema(max_length = 35, example = "cs")]
    pub language: String,
    /// How much it may ask for.
    #[serde(default)]
    pub limits: Limits,
    /// Minutes for which an order waits for its payment.
    #[serde(default = "payment_wait_minutes")]
    #[schema(minimum = 1, maximum = 43_200)]
    pub payment_wait_minutes: u32,
    /// What becomes of money that nobody waited for.
    #[serde(default, skip_serializing_if = "PaymentChoices::is_default")]
    pub payments: PaymentChoices,
}

fn number_format() -> String {
    "{year}-{number:06}".to_owned()
}

fn language() -> String {
    "en".to_owned()
}

fn payment_wait_minutes() -> u32 {
    60
}

/// Where a tenant stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenantStatus {
    /// Does business.
    #[default]
    Active,
    /// May read only, until resumed.
    Suspended,
    /// May read only, for ever.
    Archived,
    /// May read only, until it is deleted or kept after all.
    Deleting,
    /// Is not there any more; its name is not given out again.
    Deleted,
}
