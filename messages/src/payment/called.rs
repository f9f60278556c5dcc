//! A call of a provider as it was made: for people who want to know what was said and when.
//! Nothing is decided by it.

use super::{Operation, Problem};
use crate::{EventId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a call of a provider, or one request of it, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// It was done, or told.
    Answered,
    /// The provider said no.
    Refused,
    /// We were too fast for it.
    Throttled,
    /// The provider failed, or was not there, and did nothing that counts.
    Failed,
    /// No answer came in time.
    TimedOut,
    /// It may have been done.
    Unknown,
    /// It was not made: the provider gets a rest, the account cannot be used, or nobody was reached.
    NotSent,
    /// A person has to do it, or to look whether it was done.
    LeftToPerson,
}

impl CallOutcome {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Answered,
        Self::Refused,
        Self::Throttled,
        Self::Failed,
        Self::TimedOut,
        Self::Unknown,
        Self::NotSent,
        Self::LeftToPerson,
    ];

    /// The outcome as it is written, in JSON and in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Unknown => "unknown",
            Self::NotSent => "not_sent",
            Self::LeftToPerson => "left_to_person",
        }
    }
}

/// A call of a provider as it was made, with the requests that it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderCall {
    /// Its identity; the same one is recorded once.
    pub id: EventId,
    /// What was asked.
    pub operation: Operation,
    /// For which attempt.
    pub attempt: u32,
    /// Of which provider.
    pub provider: String,
    /// Of which account there.
    pub account: String,
    /// Under which key the provider knows it; empty for a query.
    pub key: String,
    /// Which try of the call it was; of a query, which of the payment's queries.
    pub tries: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, with the wait for its turn.
    pub duration_ms: u64,
    /// How it ended.
    pub outcome: CallOutcome,
    /// Why, if it did not work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// The requests in it, in order. None: nobody was asked over the net.
    pub exchanges: Vec<Exchange>,
    /// How many more requests there were than are kept.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub exchanges_left_out: u32,
}

/// One request to a provider and its reply, without secrets and without what is personal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProviderExchange)]
pub struct Exchange {
    /// The method.
    #[schema(example = "POST")]
    pub method: String,
    /// Where it went.
    #[schema(example = "https://api.stripe.com/v1/checkout/sessions")]
    pub address: String,
    /// When it was sent.
    pub started_at: Timestamp,
    /// How long it took.
    pub duration_ms: u64,
    /// How it ended.
    pub outcome: CallOutcome,
    /// The status of the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What the provider calls the request, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What was sent; `***` stands for what is not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_body: Option<String>,
    /// What came back; `***` stands for what is not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_body: Option<String>,
}

fn is_none_at_all(count: &u32) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_has_one_word_wherever_it_is_written() {
        for outcome in CallOutcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.word());
        }
    }
}
