//! The vocabulary of tenants: their settings, API keys and gateway accounts.
//!
//! Entities: `tenant` (one per tenant), `key/<id>` (an API key; its secret is never here, only its
//! hash), `account/<provider>/<name>` (an account at a payment provider, a mail server, ...).

use crate::{Currency, EntityId, Refusal, RefusalKind, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
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
}

/// What an API key may do, from a fixed list: `<resource>:read`, `<resource>:write`, or `*`.
/// Writing does not include reading.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, example = "orders:write")]
pub struct Scope(&'static str);

impl Scope {
    /// Everything.
    pub const ALL: Self = Self("*");

    /// The resources that scopes are about.
    pub const RESOURCES: [&'static str; 10] = [
        "orders",
        "stock",
        "payments",
        "notifications",
        "webhooks",
        "events",
        "tenants",
        "keys",
        "dead-letters",
        "timers",
    ];

    const WORDS: [&'static str; 21] = [
        "*",
        "orders:read",
        "orders:write",
        "stock:read",
        "stock:write",
        "payments:read",
        "payments:write",
        "notifications:read",
        "notifications:write",
        "webhooks:read",
        "webhooks:write",
        "events:read",
        "events:write",
        "tenants:read",
        "tenants:write",
        "keys:read",
        "keys:write",
        "dead-letters:read",
        "dead-letters:write",
        "timers:read",
        "timers:write",
    ];

    /// Reads a scope.
    pub fn parse(text: &str) -> Option<Self> {
        Self::WORDS.iter().find(|word| **word == text).map(|word| Self(word))
    }

    /// All scopes there are.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::WORDS.iter().map(|word| Self(word))
    }

    /// The scope as text.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether it allows reading, or writing, a resource.
    pub fn grants(self, resource: &str, write: bool) -> bool {
        let access = if write { "write" } else { "read" };
        self == Self::ALL || self.0.split_once(':') == Some((resource, access))
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom("expected a scope such as orders:read, orders:write or *")
        })
    }
}

/// Whether money and messages of an account are real.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountMode {
    /// The provider's test environment.
    #[default]
    Test,
    /// Real.
    Live,
}

/// A provider's settings, kept as given. They hold secrets: `Debug` prints none of it, and
/// [`AccountSettings::public_view`] is all that leaves the program.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct AccountSettings(pub serde_json::Value);

impl AccountSettings {
    /// Members whose text or number may be shown; all others are taken for secrets.
    const SHOWN: [&'static str; 22] = [
        "account",
        "base_url",
        "client_id",
        "country",
        "currency",
        "domain",
        "endpoint",
        "environment",
        "from",
        "from_name",
        "host",
        "language",
        "merchant_id",
        "mode",
        "port",
        "publishable_key",
        "reply_to",
        "shop_id",
        "timeout_ms",
        "tls",
        "url",
        "user",
    ];

    /// The settings with every text and number replaced by `***`, but for members that are known
    /// to hold no secret.
    pub fn public_view(&self) -> Self {
        Self(redacted(&self.0, false))
    }
}

fn redacted(value: &serde_json::Value, shown: bool) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(_) if shown => value.clone(),
        // A URL may carry credentials before its '@' or in its query.
        Value::String(text) if shown && !(text.contains("://") && text.contains(['@', '?'])) => {
            value.clone()
        }
        Value::Number(_) | Value::String(_) => Value::String("***".to_owned()),
        Value::Array(items) => items.iter().map(|item| redacted(item, shown)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let shown = AccountSettings::SHOWN.contains(&name.as_str());
                (name.clone(), redacted(value, shown))
            })
            .collect(),
    }
}

impl fmt::Debug for AccountSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountSettings(***)")
    }
}

/// What one may ask of a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum TenantCommand {
    /// Opens the tenant's books. Again with the same settings: nothing.
    Create {
        /// All settings.
        settings: TenantSettings,
    },
    /// Changes the settings.
    Configure {
        /// All settings.
        settings: TenantSettings,
    },
    /// Lets it read only.
    Suspend {
        /// Why, for people.
        #[schema(max_length = 500)]
        reason: String,
    },
    /// Lets it do business again.
    Resume,
    /// Closes its books for good.
    Archive,
    /// Makes an API key known.
    CreateKey {
        /// The key's id, the public part of its text: 12 characters `a-z2-7`.
        key: String,
        /// What it is for.
        #[schema(min_length = 1, max_length = 100)]
        name: String,
        /// What it may do, 1 to 21 scopes.
        #[schema(min_items = 1, max_items = 21)]
        scopes: Vec<Scope>,
        /// SHA-256 of the secret part's text, in hex.
        #[schema(pattern = "^[0-9a-f]{64}$")]
        hash: String,
        /// When it ends by itself.
        #[serde(default)]
        expires_at: Option<Timestamp>,
    },
    /// Ends an API key.
    RevokeKey {
        /// Which.
        key: String,
    },
    /// Creates or changes an account at a provider.
    PutAccount {
        /// The provider's word, such as `stripe` or `smtp`.
        #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,39}$")]
        provider: String,
        /// The account's name at this tenant.
        #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,39}$")]
        name: String,
        /// Whether it is real.
        mode: AccountMode,
        /// The provider's settings.
        settings: AccountSettings,
    },
    /// Forgets an account and its settings.
    RemoveAccount {
        /// The provider's word.
        provider: String,
        /// The account's name.
        name: String,
    },
}

/// What has become of a tenant. Not for consumers: an account's settings hold secrets, see
/// [`TenantEvent::public_view`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TenantEvent {
    /// `tenant.created`.
    Created {
        /// All settings.
        settings: TenantSettings,
    },
    /// `tenant.configured`.
    Configured {
        /// All settings.
        settings: TenantSettings,
    },
    /// `tenant.suspended`.
    Suspended {
        /// Why.
        reason: String,
    },
    /// `tenant.resumed`.
    Resumed,
    /// `tenant.archived`.
    Archived,
    /// `tenant.key_created`.
    KeyCreated {
        /// What it is for.
        name: String,
        /// What it may do.
        scopes: Vec<Scope>,
        /// SHA-256 of its secret, in hex.
        hash: String,
        /// When it ends by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    /// `tenant.key_revoked`.
    KeyRevoked,
    /// `tenant.account_put`.
    AccountPut {
        /// The provider's word.
        provider: String,
        /// The account's name.
        name: String,
        /// Whether it is real.
        mode: AccountMode,
        /// The provider's settings.
        settings: AccountSettings,
    },
    /// `tenant.account_removed`.
    AccountRemoved,
}

impl TenantEvent {
    /// The event as it may leave the program: no settings of accounts, no hashes of keys.
    pub fn public_view(&self) -> Self {
        let mut view = self.clone();
        match &mut view {
            Self::AccountPut { settings, .. } => *settings = settings.public_view(),
            Self::KeyCreated { hash, .. } => hash.clear(),
            Self::Created { .. }
            | Self::Configured { .. }
            | Self::Suspended { .. }
            | Self::Resumed
            | Self::Archived
            | Self::KeyRevoked
            | Self::AccountRemoved => {}
        }
        view
    }
}

/// How a tenant says no.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TenantRefusal {
    /// Nothing by that name.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// It is there already, and differs.
    #[error("the {0} exists and differs")]
    Exists(&'static str),
    /// The name is the platform's own.
    #[error("the name platform is reserved: nobody can trade under it")]
    Reserved,
    /// The tenant's books are closed.
    #[error("the tenant is archived")]
    Archived,
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
}

impl Refusal for TenantRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::Exists(_) => "exists",
            Self::Reserved => "tenant_reserved",
            Self::Archived => "tenant_archived",
            Self::Invalid { .. } => "invalid",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound(_) => RefusalKind::NotFound,
            Self::Exists(_) | Self::Reserved | Self::Archived => RefusalKind::Conflict,
            Self::Invalid { .. } => RefusalKind::Invalid,
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
            _ => None,
        }
    }
}
