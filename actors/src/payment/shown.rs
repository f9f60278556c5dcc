//! What of a payment may be shown to who may read it.

use super::state::{PaymentDocument, PaymentState};

impl PaymentState {
    /// The state without what only the payer's browser needs.
    pub fn public_view(self) -> Self {
        match self {
            Self::Payment(document) => Self::Payment(Box::new(document.public_view())),
            other => other,
        }
    }
}

impl PaymentDocument {
    /// The payment without what only the payer's browser needs.
    pub fn public_view(mut self) -> Self {
        for attempt in &mut self.attempts {
            attempt.client = None;
        }
        self
    }
}
