//! Permissions, from a fixed list, and the roles that come with the program.
//!
//! What each permission allows is said here once; the API and the documentation show the same.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt};
use utoipa::ToSchema;

/// What an API key or a member may do, from a fixed list: `<resource>:read`, `<resource>:write`,
/// or `*`. Writing does not include reading.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, example = "orders:write")]
pub struct Scope(&'static str);

/// The fixed list, each with what it allows.
const LIST: [(&str, &str); Scope::COUNT] = [
    ("*", "Everything, also what later versions add."),
    ("orders:read", "See orders and their history."),
    ("orders:write", "Place, change, ship, cancel and return orders."),
    ("stock:read", "See stock, warehouses, movements, transfers and reservations."),
    ("stock:write", "Move, count, transfer, reserve and release goods; set warehouses up."),
    ("supplier:read", "See suppliers, their sources without secrets, offers and imports."),
    ("supplier:write", "Set suppliers and sources up; import, upload, cancel and undo."),
    ("catalog:read", "See products, categories, attributes, prices, costs and margins."),
    (
        "catalog:write",
        "Describe, price, import and archive products; keep categories and attributes.",
    ),
    ("payments:read", "See payments, refunds, the ledger and reconciliation."),
    ("payments:write", "Open, capture, cancel, accept, mark and refund payments; reconcile them."),
    ("notifications:read", "See messages to customers and their texts."),
    ("notifications:write", "Send messages again or drop them; change their texts."),
    ("webhooks:read", "See webhook endpoints and what was delivered to them."),
    ("webhooks:write", "Set webhook endpoints up, and deliver again."),
    ("events:read", "Follow what happens, by pages or as a stream."),
    ("events:write", "Nothing yet."),
    ("tenants:read", "See the tenant's settings and its accounts at providers, without secrets."),
    ("tenants:write", "Set accounts at providers up."),
    ("keys:read", "See API keys, without their secrets."),
    ("keys:write", "Make and revoke API keys, with no more permissions than one's own."),
    ("dead-letters:read", "See what could not be done."),
    ("dead-letters:write", "Have it tried again, or drop it."),
    ("timers:read", "See what waits for what."),
    ("timers:write", "Nothing yet."),
    ("members:read", "See members and invitations."),
    ("members:write", "Invite, change and remove members, who get no more than one's own."),
    ("roles:read", "See roles and the list of permissions."),
    ("roles:write", "Write roles of one's own, with no more permissions than one's own."),
    ("audit:read", "See who did what, when and from where."),
    ("export:read", "Take all of the tenant's data out."),
    ("erasures:read", "See who was forgotten when, by hashes only."),
    ("erasures:write", "Make a person's data unreadable for good."),
];

impl Scope {
    /// Everything.
    pub const ALL: Self = Self("*");

    /// How many there are.
    pub const COUNT: usize = 33;

    /// Reads a scope.
    pub fn parse(text: &str) -> Option<Self> {
        LIST.iter().find(|(word, _)| *word == text).map(|(word, _)| Self(word))
    }

    /// All scopes there are.
    pub fn all() -> impl Iterator<Item = Self> {
        LIST.iter().map(|(word, _)| Self(word))
    }

    /// The scope as text.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// What it allows, as a sentence.
    pub fn about(self) -> &'static str {
        LIST.iter().find(|(word, _)| *word == self.0).map_or("", |(_, about)| about)
    }

    /// Whether it allows reading, or writing, a resource.
    pub fn grants(self, resource: &str, write: bool) -> bool {
        let access = if write { "write" } else { "read" };
        self == Self::ALL || self.0.split_once(':') == Some((resource, access))
    }

    /// Whether who has it has `other`.
    pub fn covers(self, other: Self) -> bool {
        self == Self::ALL || self == other
    }
}

/// The first of `wanted` that `own` does not cover: nobody gives what they have not.
pub fn lacking(own: &[Scope], wanted: &[Scope]) -> Option<Scope> {
    wanted.iter().copied().find(|one| !own.iter().any(|mine| mine.covers(*one)))
}

/// A role that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// May do everything, and is made by owners only.
    Owner,
    /// May do everything that is on the list.
    Admin,
    /// Does the day's work.
    Operator,
    /// Answers customers.
    Support,
    /// Looks on.
    Viewer,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Owner, Self::Admin, Self::Operator, Self::Support, Self::Viewer];

    /// Reads a role's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The role's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Support => "support",
            Self::Viewer => "viewer",
        }
    }

    /// What it is for, as a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::Owner => "May do everything; only an owner makes another owner.",
            Self::Admin => "May do everything that is on the list.",
            Self::Operator => "Does the day's work: orders, goods, money, messages.",
            Self::Support => "Answers customers: sees orders, goods and money, writes to them.",
            Self::Viewer => "Looks on and changes nothing.",
        }
    }

    /// What its members may do.
    pub fn scopes(self) -> Vec<Scope> {
        let except = |without: &[Scope]| Scope::all().filter(|s| !without.contains(s)).collect();
        let some = |words: &[&str]| Scope::all().filter(|s| words.contains(&s.0)).collect();
        match self {
            Self::Owner => vec![Scope::ALL],
            Self::Admin => except(&[Scope::ALL]),
            Self::Operator => some(&OPERATOR),
            Self::Support => some(&SUPPORT),
            Self::Viewer => some(&VIEWER),
        }
    }
}

const OPERATOR: [&str; 21] = [
    "orders:read",
    "orders:write",
    "stock:read",
    "stock:write",
    "supplier:read",
    "supplier:write",
    "catalog:read",
    "catalog:write",
    "payments:read",
    "payments:write",
    "notifications:read",
    "notifications:write",
    "webhooks:read",
    "events:read",
    "tenants:read",
    "dead-letters:read",
    "dead-letters:write",
    "timers:read",
    "members:read",
    "roles:read",
    "audit:read",
];

const SUPPORT: [&str; 11] = [
    "orders:read",
    "orders:write",
    "stock:read",
    "supplier:read",
    "catalog:read",
    "payments:read",
    "notifications:read",
    "notifications:write",
    "events:read",
    "timers:read",
    "roles:read",
];

const VIEWER: [&str; 10] = [
    "orders:read",
    "stock:read",
    "supplier:read",
    "catalog:read",
    "payments:read",
    "notifications:read",
    "webhooks:read",
    "events:read",
    "timers:read",
    "roles:read",
];

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
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
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom("expected a scope such as orders:read, orders:write or *")
        })
    }
}
