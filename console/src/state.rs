//! What all of the console's handlers share.

use crate::{backend::Backend, pages::system::figures::Samples, seal::Seal, session::Exchanges};
use std::sync::Arc;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Console {
    shared: Arc<Shared>,
}

struct Shared {
    backend: Backend,
    seal: Seal,
    exchanges: Exchanges,
    samples: Samples,
}

impl Console {
    /// A console in front of this API.
    pub(crate) fn new(backend: Backend, seal: Seal) -> Self {
        let (exchanges, samples) = (Exchanges::default(), Samples::default());
        Self { shared: Arc::new(Shared { backend, seal, exchanges, samples }) }
    }

    /// The API.
    pub(crate) fn backend(&self) -> Backend {
        self.shared.backend.clone()
    }

    /// What seals cookies and marks forms.
    pub(crate) fn seal(&self) -> &Seal {
        &self.shared.seal
    }

    /// Renewals of sessions.
    pub(crate) fn exchanges(&self) -> &Exchanges {
        &self.shared.exchanges
    }

    /// The node's figures of the last minute.
    pub(crate) fn samples(&self) -> &Samples {
        &self.shared.samples
    }
}
