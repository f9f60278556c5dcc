//! The provider's own list of what came and went, for those that have one.

use kontor_messages::{EntityId, Money, Timestamp};

/// A part of a provider's list.
#[derive(Clone, Debug, PartialEq)]
pub struct StatementAsk {
    /// From this instant on.
    pub from: Timestamp,
    /// Before this one.
    pub until: Timestamp,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// A page of it. Providers that know days only may tell of the whole days at both ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatementPage {
    /// What came and went.
    pub entries: Vec<ProviderEntry>,
    /// Asks for the next page; none on the last.
    pub next: Option<String>,
}

/// Money that moved, as the provider tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderEntry {
    /// What the provider calls the entry.
    pub reference: String,
    /// What the payment may be called there.
    pub names: Vec<String>,
    /// Which payment of ours it is, if the provider says so.
    pub payment: Option<EntityId>,
    /// Which way it went.
    pub kind: EntryKind,
    /// How much. Negative where the way it went was taken back: a refund that bounced.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
}

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// From the payer.
    In,
    /// Back to the payer, by a refund or a dispute.
    Out,
    /// To the provider, or between one's own accounts: no payment's money.
    Fee,
}
