//! What all of the console's handlers share.

use crate::{
    backend::Backend,
    pages::system::{figures::Samples, troubled::Troubled},
    seal::Seal,
    session::Exchanges,
};
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
    troubled: Troubled,
}

impl Console {
    /// A console in front of this API.
    pub(crate) fn new(backend: Backend, seal: Seal) -> Self {
        let (exchanges, samples, troubled) = Default::default();
        Self { shared: Arc::new(Shared { backend, seal, exchanges, samples, troubled }) }
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

    /// Which tenants need a look, as the API told it last.
    pub(crate) fn troubled(&self) -> &Troubled {
        &self.shared.troubled
    }
}
