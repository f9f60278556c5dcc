//! Notifications: once, twice, late or never, and again until they are taken.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Merchant, Notice, Stand, TillPayment};
use crate::common::lock;
use crate::http::until_closed;

const TRIES: u32 = 12;
const PAUSE_MS: u64 = 100;
const PAUSE_MS_MAX: u64 = 2_000;
const POLL: Duration = Duration::from_millis(5);

impl<A: Merchant> Stand<A> {
    /// Sends the notification about a payment as it stands, and says whether it was taken at
    /// once. What is not taken comes again; what is to be late leaves by itself.
    pub async fn notify(&self, id: &str) -> bool {
        let Some(payment) = self.payment(id) else { return false };
        let mut taken = self.leave(&payment).await;
        let earlier = A::contradiction().filter(|_| self.switches().contradict);
        if let Some(status) = earlier.filter(|_| payment.captured_minor > 0) {
            taken &= self.leave(&TillPayment { status: status.into(), ..payment }).await;
        }
        taken
    }

    /// Waits until no notification is under way.
    pub async fn settled(&self) {
        while self.inner.under_way.load(Ordering::Acquire) > 0 {
            tokio::time::sleep(POLL).await;
        }
    }

    async fn leave(&self, payment: &TillPayment) -> bool {
        let notice = self.account(&payment.account);
        let notice = notice.and_then(|account| account.notice(self, payment));
        let Some(notice) = notice else { return false };
        let leaving = lock(&self.inner.switches).leaving(&self.inner.dice);
        let mut taken = leaving.times > 0;
        for _ in 0..leaving.times {
            if leaving.late_ms == 0 && self.post(&notice).await {
                continue;
            }
            taken = false;
            let tries = if leaving.late_ms == 0 { TRIES - 1 } else { TRIES };
            self.later(leaving.late_ms.max(PAUSE_MS), notice.clone(), tries);
        }
        taken
    }

    fn later(&self, wait_ms: u64, notice: Notice, tries: u32) {
        let stand = self.clone();
        self.spawn(async move {
            let mut wait_ms = wait_ms;
            for _ in 0..tries {
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                if stand.post(&notice).await {
                    return;
                }
                wait_ms = wait_ms.saturating_mul(2).clamp(PAUSE_MS, PAUSE_MS_MAX);
            }
        });
    }

    async fn post(&self, notice: &Notice) -> bool {
        let mut request = self.inner.client.post(&notice.url).body(notice.body.clone());
        for (name, value) in &notice.headers {
            request = request.header(*name, value);
        }
        request.send().await.is_ok_and(|answer| answer.status() == 200)
    }

    /// Runs work that no caller waits for, until it ends or the sandbox closes.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.inner.under_way.fetch_add(1, Ordering::AcqRel);
        let stand = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = until_closed(stand.inner.closing.clone()) => {}
                () = work => {}
            }
            stand.inner.under_way.fetch_sub(1, Ordering::AcqRel);
        });
    }
}
