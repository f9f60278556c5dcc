//! What everybody in the demo shares, and the course of its day: when providers misbehave, when
//! the rush is, when the shops close.

use super::{api::Client, feed::Product, ledger::Ledger, shopper, shops::Shop, suppliers};
use kontor_sandbox::{Sandbox, StandSwitches, StripeSwitches};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

/// How long a day is where none is set.
const DAY: Duration = Duration::from_secs(60);
/// How often the course of the day is looked at.
const TICK: Duration = Duration::from_millis(50);
/// Without an end, a shopper rests this long between two orders.
const REST_MS: u64 = 8_000;
/// And no more than so many orders are placed: the stand-ins keep everything in memory.
const ORDERS_MAX: u64 = 50_000;

/// The shops and everybody around them.
pub(super) struct Town {
    pub(super) client: Client,
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) shops: Vec<Shop>,
    pub(super) products: Vec<Product>,
    pub(super) ledger: Ledger,
    /// How long the shops are open, if that is known.
    pub(super) open_for: Option<Duration>,
    pub(super) closing: watch::Sender<bool>,
}

impl Town {
    pub(super) fn closed(&self) -> bool {
        *self.closing.borrow()
    }

    /// Waits, but not past the end.
    pub(super) async fn until_closed(&self, wait: Duration) {
        let mut closing = self.closing.subscribe();
        let _ = tokio::time::timeout(wait, closing.wait_for(|closed| *closed)).await;
    }

    /// What a shopper does between two orders.
    pub(super) async fn rest(&self) {
        if self.open_for.is_some() {
            return;
        }
        self.until_closed(Duration::from_millis(fastrand::u64(REST_MS / 2..REST_MS * 3 / 2))).await;
        if super::ledger::read(&self.ledger.counts().placed) >= ORDERS_MAX {
            self.until_closed(Duration::MAX).await;
        }
    }

    /// The day: shoppers, packers and a rush until `end` or until the time is over. Answers how
    /// long it took, and how many orders were acknowledged by then.
    pub(super) async fn open(
        self: &Arc<Self>,
        shoppers: usize,
        end: impl Future<Output = ()>,
    ) -> (Duration, u64) {
        let begun = Instant::now();
        let mut people = JoinSet::new();
        for _ in 0..shoppers {
            people.spawn(shopper::shop(Arc::clone(self)));
        }
        people.spawn(shopper::pack(Arc::clone(self)));
        people.spawn(suppliers::write(Arc::clone(self)));
        tokio::pin!(end);
        let mut rushed = false;
        loop {
            let now = begun.elapsed();
            self.weather(now);
            let day = self.open_for.unwrap_or(DAY);
            if !rushed && day / 5 <= now {
                rushed = true;
                people.spawn(shopper::rush(Arc::clone(self)));
            }
            if self.open_for.is_some_and(|day| day <= now) {
                break;
            }
            tokio::select! {
                () = &mut end => break,
                () = tokio::time::sleep(TICK) => {}
            }
        }
        let placed = super::ledger::read(&self.ledger.counts().placed);
        let took = begun.elapsed();
        self.closing.send_replace(true);
        while let Some(ended) = people.join_next().await {
            if let Err(panic) = ended {
                self.ledger.surprise(format!("somebody ended: {panic}"));
            }
        }
        self.fair_weather();
        (took, placed)
    }

    /// How the payment providers behave at this time of the day.
    fn weather(&self, now: Duration) {
        let day = self.open_for.unwrap_or(DAY).as_millis().max(1);
        let hour = now.as_millis() % day * 100 / day;
        self.sandbox.stripe().set_switches(|switches| {
            *switches = StripeSwitches {
                duplicate_webhooks: true,
                webhook_before_answer: (20..35).contains(&hour),
                instant_pay_before_create_answer: (40..50).contains(&hour),
                shuffle_webhooks: (55..65).contains(&hour),
                fail_after_rate_percent: if (70..85).contains(&hour) { 10 } else { 0 },
                ..StripeSwitches::default()
            };
        });
        let weather = StandSwitches {
            duplicate_notifications: true,
            contradict: (5..15).contains(&hour),
            notify_before_answer: (30..45).contains(&hour),
            shuffle_notifications: (55..65).contains(&hour),
            delay_ms: if (70..80).contains(&hour) { 100 } else { 0 },
            rate_limit: u32::from((80..85).contains(&hour)),
            ..StandSwitches::default()
        };
        self.at_the_others(&weather, u32::from((66..70).contains(&hour)));
    }

    fn at_the_others(&self, weather: &StandSwitches, fails: u32) {
        let at = self.sandbox.providers();
        at.comgate.set_switches(|switches| switches.clone_from(weather));
        at.payu.set_switches(|switches| switches.clone_from(weather));
        at.paypal.set_switches(|switches| switches.clone_from(weather));
        at.halyk.set_switches(|switches| switches.clone_from(weather));
        // Where a refund that failed can be asked for again without a person's help.
        at.payu.set_switches(|switches| switches.fail_before = fails);
        at.paypal.set_switches(|switches| switches.fail_before = fails);
        // A bank sends nothing, and is asked by people who wait for the answer.
        at.fio.set_switches(|switches| switches.delay_ms = weather.delay_ms / 10);
    }

    fn fair_weather(&self) {
        let duplicate_notifications = true;
        let weather = StandSwitches { duplicate_notifications, ..StandSwitches::default() };
        self.at_the_others(&weather, 0);
        self.sandbox.stripe().set_switches(|switches| {
            *switches = StripeSwitches { duplicate_webhooks: true, ..StripeSwitches::default() };
        });
    }
}
