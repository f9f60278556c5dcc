//! What can be broken on purpose: a checker that has never found anything proves nothing.

/// A rule of the engine, or of a partner, that is broken in this world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The gateway takes the money again when it is asked with a key that it knows.
    GatewayCapturesTwice,
    /// The gateway gives the money back again when it is asked with a key that it knows.
    GatewayRefundsTwice,
    /// A follower moves its cursor before it has acted.
    CursorBeforeEffect,
    /// A caller is told before the transaction is written.
    AnswerBeforeDurable,
    /// A request's key is not kept with what it led to.
    KeyForgotten,
    /// A domain whose transaction failed goes on with what it had in memory.
    MemoryAfterFailure,
    /// What stood on a failed decision is written all the same.
    OrphansWritten,
    /// After a restart nobody wakes what waits.
    TimersForgotten,
    /// The relay sends what an entity went through in any order.
    RelayOutOfOrder,
    /// After a restart a product's level is read as it was one change ago.
    StaleLoad,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::GatewayCapturesTwice,
        Self::GatewayRefundsTwice,
        Self::CursorBeforeEffect,
        Self::AnswerBeforeDurable,
        Self::KeyForgotten,
        Self::MemoryAfterFailure,
        Self::OrphansWritten,
        Self::TimersForgotten,
        Self::RelayOutOfOrder,
        Self::StaleLoad,
    ];
}
