//! What can go wrong with a whole feed. What is wrong with one row is a `RowError` of the mapping.

use serde::{Deserialize, Serialize};
use std::io;

/// Why a feed cannot be read on. Nothing of such a feed may be applied: all of these mean that what
/// was read is perhaps not all there was.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The body holds nothing but white space.
    #[error("the feed is empty")]
    Empty,
    /// A page for people, such as a login or a maintenance notice, in place of the feed.
    #[error("expected a feed, the body is an HTML page")]
    Html,
    /// The body is in another format.
    #[error("expected {expected}, the body begins with {found:?}")]
    WrongFormat {
        /// The format of the source.
        expected: &'static str,
        /// The first characters of the body.
        found: String,
    },
    /// The body ends before its format says that it is complete.
    #[error("the feed is cut off at line {line}: {reason}")]
    Truncated {
        /// Where it ends.
        line: u64,
        /// What is missing.
        reason: String,
    },
    /// The text breaks the rules of its format.
    #[error("line {line}: {reason}")]
    Malformed {
        /// Where.
        line: u64,
        /// Which rule.
        reason: String,
    },
    /// The feed is whole, but has no row.
    #[error("the feed has no rows: expected {expected}")]
    NoRows {
        /// What a row would have been.
        expected: String,
    },
    /// The supplier's answer says in its envelope that it is an error.
    #[error("the supplier answered {code}: {message}")]
    Refused {
        /// The envelope's code.
        code: String,
        /// The envelope's message.
        message: String,
    },
    /// The archive is damaged, encrypted, or of a kind that is not read.
    #[error("the archive cannot be read: {reason}")]
    Archive {
        /// Why.
        reason: String,
    },
    /// The archive does not hold exactly one file that the mask allows.
    #[error("the archive holds no file to read, or several: {reason}")]
    ArchiveContent {
        /// What was found.
        reason: String,
    },
    /// A limit of the source was passed.
    #[error("{what} passes the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit, in the unit that `what` names.
        limit: u64,
    },
    /// Resumed upon another body than the one where the position was taken.
    #[error("the feed is not the one that row {row} was read from")]
    Changed {
        /// The row of the position.
        row: u64,
    },
    /// The settings name something that does not exist.
    #[error("{setting}: {reason}")]
    Settings {
        /// The setting.
        setting: &'static str,
        /// What was expected.
        reason: String,
    },
    /// The reader below failed.
    #[error("the feed could not be read: {0}")]
    Read(io::Error),
}

/// What a run does about a feed that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedFault {
    /// The transport failed: another try may succeed.
    Transport,
    /// The body is no good: only another body helps.
    Body,
    /// The settings of the source do not fit the body.
    Settings,
}

impl FeedError {
    /// What to do about it.
    pub fn fault(&self) -> FeedFault {
        match self {
            Self::Read(_) => FeedFault::Transport,
            Self::Settings { .. } => FeedFault::Settings,
            _ => FeedFault::Body,
        }
    }

    /// Errors travel through readers of bytes as `io::Error` and come out as what they were.
    pub(crate) fn from_io(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(error) => Self::Read(error),
        }
    }

    pub(crate) fn into_io(self) -> io::Error {
        match self {
            Self::Read(error) => error,
            own => io::Error::other(own),
        }
    }
}
