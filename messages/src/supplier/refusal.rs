//! How suppliers say no.

use crate::{EntityId, Refusal, RefusalKind};

/// How suppliers say no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SupplierRefusal {
    /// Nothing by that name.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// An import of the source has not ended.
    #[error("{0} of this source has not ended")]
    Running(EntityId),
    /// Nothing is imported from it.
    #[error("{0}")]
    Inactive(&'static str),
    /// The id was used for something else.
    #[error("the id is used already, for another import")]
    Differs,
    /// It cannot be so as the import stands.
    #[error("{0}")]
    Impossible(String),
    /// A member of the command is at fault.
    #[error("{expected}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What was expected.
        expected: String,
    },
}

impl SupplierRefusal {
    /// A member is at fault.
    pub fn invalid(pointer: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Invalid { pointer: pointer.into(), expected: expected.into() }
    }
}

impl Refusal for SupplierRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::Running(_) => "import_running",
            Self::Inactive(_) => "inactive",
            Self::Differs => "differs",
            Self::Impossible(_) => "impossible",
            Self::Invalid { .. } => "invalid",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotFound(_) => RefusalKind::NotFound,
            Self::Invalid { .. } => RefusalKind::Invalid,
            Self::Running(_) | Self::Inactive(_) | Self::Differs | Self::Impossible(_) => {
                RefusalKind::Conflict
            }
        }
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::Invalid { pointer, .. } => Some(pointer.clone()),
            _ => None,
        }
    }
}
