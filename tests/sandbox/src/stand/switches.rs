//! The faults that the stand-ins of payment providers beside Stripe can be told to commit.

use serde::{Deserialize, Serialize};

use crate::common::Dice;

/// What goes wrong at a provider's stand-in. The default is a faultless, prompt provider. A
/// number of calls counts down to 0; a percentage is a chance, from 0 to 100.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StandSwitches {
    /// Every call takes at least this long.
    pub delay_ms: u64,
    /// So many of the next calls are answered 500, and nothing is done.
    pub fail_before: u32,
    /// So many of the next calls that change something do their work, and are answered 500.
    pub fail_after: u32,
    /// So many of the next calls that change something do their work, and the line is cut.
    pub silent_after: u32,
    /// So many of the next calls do their work and are kept waiting for `hang_ms`, then cut.
    pub hang: u32,
    /// How long calls hang.
    pub hang_ms: u64,
    /// So many of the next calls are answered 429, and nothing is done.
    pub rate_limit: u32,
    /// After how many seconds a call that was too fast may come again.
    pub retry_after_s: u32,
    /// So many of the next calls are answered as in an outage, and nothing is done: a page in
    /// HTML, with status 200 at ComGate; an error document in XML with status 200 at Fio.
    pub outage: u32,
    /// How likely a call, or a notification, meets one of the faults at random.
    pub trouble_percent: u8,
    /// So many of the next questions are answered from before the payer paid: the status before
    /// at ComGate and PayU, `REJECT` for reason 454 at Halyk, a capture that is `PENDING` at
    /// PayPal, a movement that is not booked yet at Fio.
    pub lagging_reads: u32,
    /// Payments are told with 100 minor units too much.
    pub wrong_amount: bool,
    /// Payments are told with a status that nobody knows.
    pub unknown_status: bool,
    /// Notifications carry a wrong signature or secret.
    pub wrong_signature: bool,
    /// Notifications are not sent.
    pub drop_notifications: bool,
    /// Notifications are sent twice at once.
    pub duplicate_notifications: bool,
    /// Notifications leave so much later.
    pub late_ms: u64,
    /// Notifications leave out of order, and up to 300 ms late.
    pub shuffle_notifications: bool,
    /// What a call causes is notified before the call is answered. A new payment is paid, and
    /// that notified, before its page is told.
    pub notify_before_answer: bool,
    /// After the notification that a payment is paid comes one of an earlier try that is not:
    /// `CANCELED` at PayU, `PENDING` at ComGate, `APPROVED` at PayPal, a failure at Halyk.
    pub contradict: bool,
}

impl Default for StandSwitches {
    fn default() -> Self {
        Self {
            delay_ms: 0,
            fail_before: 0,
            fail_after: 0,
            silent_after: 0,
            hang: 0,
            hang_ms: 60_000,
            rate_limit: 0,
            retry_after_s: 1,
            outage: 0,
            trouble_percent: 0,
            lagging_reads: 0,
            wrong_amount: false,
            unknown_status: false,
            wrong_signature: false,
            drop_notifications: false,
            duplicate_notifications: false,
            late_ms: 0,
            shuffle_notifications: false,
            notify_before_answer: false,
            contradict: false,
        }
    }
}

/// What a call meets before any work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    Fails,
    TooFast(u32),
    Outage,
}

/// What a call meets after its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Nothing,
    Fails,
    Cut,
    Hangs(u64),
}

/// How a notification leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leaving {
    pub(super) times: u32,
    pub(super) late_ms: u64,
}

const SHUFFLE_MS: u64 = 300;

impl StandSwitches {
    pub(super) fn before(&mut self, dice: &Dice) -> Before {
        if take(&mut self.fail_before) {
            return Before::Fails;
        }
        if take(&mut self.rate_limit) {
            return Before::TooFast(self.retry_after_s);
        }
        if take(&mut self.outage) {
            return Before::Outage;
        }
        if !dice.chance(self.trouble_percent / 2) {
            return Before::Nothing;
        }
        match dice.below(3) {
            0 => Before::Fails,
            1 => Before::TooFast(self.retry_after_s),
            _ => Before::Outage,
        }
    }

    pub(super) fn after(&mut self, changed: bool, dice: &Dice) -> After {
        if take(&mut self.hang) {
            return After::Hangs(self.hang_ms);
        }
        if !changed {
            return After::Nothing;
        }
        if take(&mut self.silent_after) {
            return After::Cut;
        }
        if take(&mut self.fail_after) {
            return After::Fails;
        }
        match dice.chance(self.trouble_percent / 2) {
            true if dice.below(2) == 0 => After::Fails,
            true => After::Cut,
            false => After::Nothing,
        }
    }

    pub(super) fn leaving(&self, dice: &Dice) -> Leaving {
        let mut leaving = Leaving { times: 1, late_ms: self.late_ms };
        if self.duplicate_notifications {
            leaving.times = 2;
        }
        if self.shuffle_notifications {
            leaving.late_ms += dice.below(SHUFFLE_MS);
        }
        if dice.chance(self.trouble_percent) {
            match dice.below(3) {
                0 => leaving.times = 0,
                1 => leaving.times = 2,
                _ => leaving.late_ms += dice.below(SHUFFLE_MS),
            }
        }
        if self.drop_notifications {
            leaving.times = 0;
        }
        leaving
    }
}

/// Counts one down, if there is one.
pub(super) fn take(count: &mut u32) -> bool {
    let some = *count > 0;
    *count = count.saturating_sub(1);
    some
}
