//! Refusals: a domain says no. Answered and counted, never retried by the machine.

/// What kind of no it is; the edge turns it into a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The thing named is not there.
    NotFound,
    /// The state of things does not allow it now.
    Conflict,
    /// Whoever asks may not, or not that much.
    Forbidden,
    /// So much of it is allowed, and that is used up.
    Exhausted,
    /// The request itself is at fault, whatever the state.
    Invalid,
}

/// What every domain's refusal can say about itself; its `Display` is a sentence for people.
pub trait Refusal: std::error::Error + Send + Sync + 'static {
    /// A stable code in snake case, such as `out_of_stock`.
    fn code(&self) -> &'static str;
    /// What kind of no it is.
    fn kind(&self) -> RefusalKind;
    /// The offending member as a JSON pointer into the command, such as `/lines/0/quantity`.
    fn pointer(&self) -> Option<String> {
        None
    }
}
