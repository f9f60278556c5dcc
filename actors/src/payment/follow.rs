//! What follows from what was told: entries of the ledger, the payment's new status, and what has
//! to be asked of the provider because of it.

use super::{
    draft::Draft,
    second::end_second,
    standing::{
        all_given_back, at_rest, counted, may_move, mismatch, paid_standing, standing, target,
    },
    state::{Attempt, DisputeRecord},
};
use kontor_messages::payment::{
    DisputeStatus, LedgerKind, PaymentEvent, PaymentStatus, RefundStatus,
};

/// Consequences have consequences, but never many.
const ROUNDS_MAX: usize = 8;

impl Draft<'_> {
    /// The events with all that follows from them. Nothing follows from nothing.
    pub fn finished(mut self) -> Vec<PaymentEvent> {
        for _ in 0..ROUNDS_MAX {
            let before = self.events.len();
            if before == 0 {
                break;
            }
            self.book();
            self.tell_mismatches();
            self.tell_status();
            self.tell_refunds();
            self.tell_disputes();
            self.end_what_is_too_much();
            self.settle();
            if self.events.len() == before {
                break;
            }
        }
        self.events
    }

    /// Brings the ledger to where the facts are.
    fn book(&mut self) {
        for attempt in self.document.attempts.clone() {
            let target = target(&self.document, &attempt);
            let taken = target.captured - attempt.captured_minor;
            let held = attempt.authorized_minor - attempt.authorized_minor.min(taken);
            self.entry(&attempt, LedgerKind::Authorize, target.authorized - held);
            self.entry(&attempt, LedgerKind::Capture, taken);
            self.entry(&attempt, LedgerKind::Void, held - target.authorized);
            // What goes down makes room for what goes up.
            let refunded = target.refunded - attempt.refunded_minor;
            let lost = target.charged_back - attempt.charged_back_minor;
            self.entry(&attempt, LedgerKind::RefundReversal, -refunded);
            self.entry(&attempt, LedgerKind::ChargebackReversal, -lost);
            self.entry(&attempt, LedgerKind::Refund, refunded);
            self.entry(&attempt, LedgerKind::Chargeback, lost);
        }
    }

    fn entry(&mut self, attempt: &Attempt, kind: LedgerKind, amount: i64) {
        if amount > 0 {
            let currency = self.document.attempt(attempt.attempt).map(|now| now.currency);
            let amount = kontor_messages::Money::new(amount, currency.unwrap_or(attempt.currency));
            self.push(PaymentEvent::Booked {
                attempt: attempt.attempt,
                kind,
                amount,
                provider: attempt.provider.clone(),
                account: attempt.account.clone(),
            });
        }
    }

    fn tell_mismatches(&mut self) {
        for attempt in self.document.attempts.clone() {
            let Some(found) = mismatch(&self.document, &attempt) else { continue };
            if attempt.mismatch_told {
                continue;
            }
            let now = self.document.status;
            let held = counted(&self.document).is_none() && may_move(now, PaymentStatus::Held);
            self.push(PaymentEvent::Mismatch {
                order: self.order(),
                attempt: attempt.attempt,
                expected: self.document.amount(),
                found,
                status: if held { PaymentStatus::Held } else { now },
            });
        }
    }

    fn tell_status(&mut self) {
        let (order, now) = (self.order(), self.document.status);
        if let Some(attempt) = counted(&self.document) {
            if !is_paid(now) {
                let paid = attempt.money(attempt.captured_minor);
                self.push(PaymentEvent::Paid { order, paid });
            }
            return;
        }
        let target = standing(&self.document);
        if target == now || !may_move(now, target) {
            return;
        }
        let event = match target {
            PaymentStatus::Pending => PaymentEvent::Pending { order },
            PaymentStatus::Authorized => {
                let authorized = self.document.money(self.document.authorized_minor);
                PaymentEvent::Authorized { order, authorized }
            }
            PaymentStatus::Failed => {
                let problem = self.document.attempts.last().and_then(|last| last.problem.clone());
                PaymentEvent::Failed { order, problem }
            }
            PaymentStatus::Cancelled => PaymentEvent::Cancelled { order },
            PaymentStatus::Expired => PaymentEvent::Expired { order },
            PaymentStatus::Refunded => {
                // Money that never counted: the order was not told of it, and is not told now.
                let back = self
                    .document
                    .attempts
                    .iter()
                    .find(|attempt| attempt.captured_minor > 0 && all_given_back(attempt));
                let Some(back) = back else { return };
                let refunded = back.money(back.refunded_minor);
                PaymentEvent::Refunded { order: None, refunded, status: target }
            }
            PaymentStatus::Created
            | PaymentStatus::Paid
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Disputed
            | PaymentStatus::Held => return,
        };
        self.push(event);
    }

    fn tell_refunds(&mut self) {
        for refund in self.document.refunds.clone() {
            if refund.status >= RefundStatus::Cancelled && !refund.failure_told {
                self.push(PaymentEvent::RefundFailed {
                    order: self.order(),
                    refund: refund.refund,
                    amount: refund.amount,
                    problem: refund.problem,
                });
            }
        }
        let Some(attempt) = counted(&self.document).cloned() else { return };
        let told = self.refunded_told();
        let refunded = self.document.money(self.document.refunded_minor);
        let (order, status) = (self.order(), self.standing_now(&attempt));
        if refunded.amount_minor > told {
            self.push(PaymentEvent::Refunded { order, refunded, status });
        } else if refunded.amount_minor < told {
            self.push(PaymentEvent::RefundReversed { order, refunded, status });
        }
    }

    /// The total that was told last, in this decision or before it.
    fn refunded_told(&self) -> i64 {
        let here = self.events.iter().rev().find_map(|event| match event {
            PaymentEvent::Refunded { refunded, .. }
            | PaymentEvent::RefundReversed { refunded, .. } => Some(refunded.amount_minor),
            _ => None,
        });
        here.unwrap_or(self.before.refunded_minor)
    }

    /// The paid attempt's status, under the dispute that was told if one is open.
    fn standing_now(&self, attempt: &Attempt) -> PaymentStatus {
        let told = |dispute: &DisputeRecord| {
            dispute.attempt == attempt.attempt && dispute.told == Some(DisputeStatus::Open)
        };
        if self.document.disputes.iter().any(told) {
            return PaymentStatus::Disputed;
        }
        paid_standing(attempt)
    }

    fn tell_disputes(&mut self) {
        let Some(paid) = counted(&self.document).cloned() else { return };
        for dispute in self.document.disputes.clone() {
            let news = dispute.attempt == paid.attempt && dispute.told != Some(dispute.status);
            if !news {
                continue;
            }
            let order = self.order();
            let reference = dispute.reference;
            let event = match dispute.status {
                DisputeStatus::Open => PaymentEvent::Disputed {
                    order,
                    reference,
                    amount: dispute.amount,
                    respond_by: dispute.respond_by,
                },
                outcome @ (DisputeStatus::Lost | DisputeStatus::Won) => {
                    PaymentEvent::DisputeClosed {
                        order,
                        reference,
                        outcome,
                        charged_back: self.document.money(self.document.charged_back_minor),
                        status: standing(&self.document),
                    }
                }
            };
            self.push(event);
        }
    }

    /// One attempt's money counts: another's is too much, and what is open besides is called off.
    /// What came too late goes back where that is wanted.
    fn end_what_is_too_much(&mut self) {
        for attempt in self.document.attempts.clone() {
            if attempt.unwanted && attempt.captured_minor > 0 {
                self.give_back(attempt.attempt, 0);
            } else if attempt.unwanted && attempt.status == PaymentStatus::Authorized {
                self.call_off(attempt.attempt);
            }
        }
        let Some(counts) = counted(&self.document).map(|attempt| attempt.attempt) else { return };
        for attempt in self.document.attempts.clone() {
            let number = attempt.attempt;
            if number == counts || attempt.unwanted {
                continue;
            }
            if attempt.captured_minor > 0 {
                if !attempt.twice_told {
                    let amount = attempt.money(attempt.captured_minor);
                    let order = self.order();
                    self.push(PaymentEvent::PaidTwice { order, attempt: number, amount });
                }
                end_second(self, &attempt);
            } else if attempt.is_open() || attempt.status == PaymentStatus::Authorized {
                self.call_off(number);
            }
        }
    }

    /// Works towards the end that was asked for.
    fn settle(&mut self) {
        let round = self.document.settle_round;
        if round == 0 || self.document.settled_at.is_some() {
            return;
        }
        for attempt in self.document.attempts.clone() {
            if attempt.captured_minor > 0 {
                self.give_back(attempt.attempt, round);
            } else if attempt.is_open() || attempt.status == PaymentStatus::Authorized {
                self.call_off(attempt.attempt);
            }
        }
        if at_rest(&self.document) {
            self.push(PaymentEvent::Settled { order: self.order() });
        }
    }
}

/// Whether the payment has been told as paid.
fn is_paid(status: PaymentStatus) -> bool {
    matches!(
        status,
        PaymentStatus::Paid
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Refunded
            | PaymentStatus::Disputed
    )
}
