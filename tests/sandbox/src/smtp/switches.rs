//! The faults that the SMTP stand-in can be told to commit.

use serde::{Deserialize, Serialize};

/// What goes wrong at the SMTP stand-in. The default takes all mail at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmtpSwitches {
    /// Every reply takes at least this long.
    pub latency_ms: u64,
    /// RCPT is answered 451 4.7.1 with this chance; the same sender and recipient pass at the next
    /// try.
    pub greylist_percent: u8,
    /// Greylisted pairs get no free pass: every try throws the dice again.
    pub greylist_forever: bool,
    /// RCPT is answered 550 5.1.1 for addresses that contain `reject`.
    pub reject_recipients: bool,
    /// Keeps the message, then closes the connection instead of answering the final dot.
    pub drop_after_data: bool,
    /// The same with this chance for each message.
    pub drop_after_data_percent: u8,
}
