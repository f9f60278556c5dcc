//! The steps that a world takes: one of many, at random, and when the storm is over all of them
//! until nothing is left to do.

use super::{
    Flaw, Simulation,
    clients::{Wish, cart, order_wish},
    followers::ALL,
    node::{Entry, Node, Then},
    provider::{Charge, Notice},
};
use kontor_actors::{
    domain::Domain, notification::Notification, order::Order, payment::Payment, stock::Stock,
};
use kontor_messages::{EntityId, payment::PaymentCommand};
use std::{sync::Arc, time::Duration};

/// How long everything gets to come to its end.
const SETTLE_FOR: Duration = Duration::from_secs(60 * 24 * 60 * 60);
/// Rounds of that, at most: more means that something goes round in circles.
const ROUNDS_MAX: u32 = 20_000;

impl Simulation {
    /// One step in bad weather.
    pub(super) fn storm(&mut self) -> Result<(), String> {
        let span = self.chance.u64(0..900);
        self.pass_time(Duration::from_millis(span));
        match self.chance.u32(..100) {
            0..8 => self.somebody_wishes(),
            8..20 => self.request_arrives(),
            20..24 => self.client_asks_again(),
            24..30 => self.payer_pays(),
            30..38 => self.notification_arrives(),
            38..58 => {
                let most = self.chance.usize(1..8);
                return self.commit(most);
            }
            58..60 => self.commit_fails(),
            60..63 => return self.crash(),
            63..66 => self.wake_due(),
            66 => self.node.tidy(),
            67 => self.echo(),
            68..71 => {
                let minutes = self.chance.u64(1..50);
                self.pass_time(Duration::from_secs(60 * minutes));
            }
            _ => {
                let follower = ALL[self.chance.usize(..ALL.len())];
                return self.follow(follower);
            }
        }
        Ok(())
    }

    /// Gusts: what is under way arrives, calls fail and the node dies all the same; so refunds and
    /// cancellations get their share of trouble.
    pub(super) fn gusts(&mut self) -> Result<(), String> {
        for _ in 0..self.chance.u32(0..6) {
            self.somebody_wishes();
            self.payer_pays();
            self.echo();
            self.drain()?;
            let minutes = self.chance.u64(0..40);
            self.pass_time(Duration::from_secs(60 * minutes));
            self.wake_due();
        }
        Ok(())
    }

    /// Good weather: everything that is under way arrives, and what waits is woken, for a long time.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        self.calm = true;
        let end = self.now.plus(SETTLE_FOR);
        for _ in 0..ROUNDS_MAX {
            self.drain()?;
            let next = self.disk.next_due().filter(|next| *next <= end);
            let asks_again = self.clients.wait();
            match next {
                None if asks_again => self.pass_time(Duration::from_secs(60)),
                None => return Ok(()),
                Some(due) if due > self.now => self.pass_time(due.since(self.now)),
                Some(_) => self.pass_time(Duration::from_millis(1)),
            }
            self.wake_due();
        }
        Err("it never comes to rest".to_owned())
    }

    fn drain(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS_MAX {
            let head = self.disk.head();
            for request in self.clients.unanswered(self.now) {
                self.send_again(request);
            }
            while !self.clients.on_the_way().is_empty() {
                self.request_arrives();
            }
            for place in 0..self.provider.notices.len() {
                if self.provider.notices[place].waits() {
                    self.notify(place);
                }
            }
            self.commit(usize::MAX)?;
            for follower in ALL {
                self.follow_all(follower)?;
            }
            self.commit(usize::MAX)?;
            self.check()?;
            if self.disk.head() == head && self.is_quiet() {
                return Ok(());
            }
        }
        Err("it goes round in circles".to_owned())
    }

    fn is_quiet(&mut self) -> bool {
        let head = self.disk.head();
        let idle = self.node.waiting.is_empty() && self.node.cursors.is_empty();
        idle && self.node.followers.are_done(head) && !self.notification_waits()
    }

    fn somebody_wishes(&mut self) {
        let orders: Vec<EntityId> = self.disk.entities::<Order>().cloned().collect();
        let orders: Vec<_> =
            orders.into_iter().filter(|id| !id.as_str().starts_with("number/")).collect();
        let payments: Vec<EntityId> = self.disk.entities::<Payment>().cloned().collect();
        let payments: Vec<_> =
            payments.into_iter().filter(|id| id.as_str().starts_with("payment-")).collect();
        let kind = self.chance.u32(..20);
        let wish = match (self.chance.choice(&orders).cloned(), self.chance.choice(&payments)) {
            (None, _) => self.wish_to_place(),
            (Some(_), _) if kind < 7 => self.wish_to_place(),
            (Some(order), _) if kind < 11 => Wish::Pay { order, hold: self.chance.bool() },
            (Some(order), _) if kind < 15 => {
                Wish::Order(Box::new(order_wish(&mut self.chance, order)))
            }
            (_, Some(payment)) if kind < 18 => Wish::Capture { payment: payment.clone() },
            (_, Some(payment)) if kind == 18 => Wish::CancelPayment { payment: payment.clone() },
            _ => {
                let sku = if self.chance.bool() { "mug" } else { "pen" };
                Wish::Deliver { sku, quantity: self.chance.i64(1..3) }
            }
        };
        self.note(|| format!("somebody wishes {wish:?}"));
        self.clients.wish(wish, self.now);
    }

    fn wish_to_place(&mut self) -> Wish {
        let name = format!("customer of request-{}", self.clients.requests.len());
        let external =
            (self.chance.u32(..3) == 0).then(|| format!("shop-{}", self.chance.u32(..3)));
        let paid = self.chance.u32(..4) == 0;
        let (mugs, pens) = match &external {
            // The same name means the same order: a channel that says it twice says the same.
            Some(_) => (1, 1),
            None => (self.chance.i64(1..3), self.chance.i64(1..3)),
        };
        let name = external.clone().unwrap_or(name);
        let paid = paid && external.is_none();
        Wish::Place(Box::new(cart(name, mugs, pens, paid, external)))
    }

    fn request_arrives(&mut self) {
        let coming = self.clients.on_the_way();
        let Some(request) = self.chance.choice(&coming).copied() else { return };
        let (lost, again) = (self.one_in(8), self.one_in(8));
        let known = &mut self.clients.requests[request];
        known.on_the_way -= 1;
        if again {
            known.on_the_way += 1;
            self.injected.repetitions += 1;
        }
        self.note(|| format!("request {request} arrives, lost: {lost}, again: {again}"));
        if !lost {
            self.receive(request);
        }
    }

    fn client_asks_again(&mut self) {
        let waiting = self.clients.unanswered(self.now);
        if let Some(request) = self.chance.choice(&waiting).copied() {
            self.send_again(request);
        }
    }

    fn send_again(&mut self, request: usize) {
        let now = self.now;
        let known = &mut self.clients.requests[request];
        (known.on_the_way, known.tries) = (1, known.tries + 1);
        known.next_at = now.plus(Duration::from_secs(10));
        self.injected.repetitions += 1;
    }

    /// An answer is on its way to its client.
    pub(super) fn answer(&mut self, request: usize, answer: Result<(EntityId, i64), String>) {
        let key = self.clients.requests[request].key.clone();
        self.node.in_hand.remove(&key);
        if let Wish::Place(place) = &self.clients.requests[request].wish
            && let Some(external) = &place.external_id
        {
            self.node.in_hand.remove(&format!("external/{external}"));
        }
        if self.one_in(5) {
            self.injected.answers_lost += 1;
            return;
        }
        self.note(|| format!("request {request} is answered {answer:?}"));
        self.clients.requests[request].answer.get_or_insert(answer);
    }

    fn payer_pays(&mut self) {
        // Nobody pays at an address that nobody was told.
        let told = |charge: &Charge| {
            let state = self.disk.state::<Payment>(&charge.payment);
            let attempt = state.payment().and_then(|known| known.attempt(charge.attempt));
            attempt.is_some_and(|attempt| !attempt.references.is_empty())
        };
        let open = self.provider.charges.iter();
        let open = open.filter(|(_, charge)| charge.is_open() && told(charge));
        let open: Vec<String> = open.map(|(reference, _)| reference.clone()).collect();
        if let Some(reference) = self.chance.choice(&open) {
            self.note(|| format!("a payer pays {reference}"));
            self.provider.pay(reference, self.now);
        }
    }

    fn notification_waits(&self) -> bool {
        self.provider.notices.iter().any(Notice::waits)
    }

    fn notification_arrives(&mut self) {
        let waiting = self.provider.notices.iter().enumerate();
        let waiting = waiting.filter(|(_, notice)| notice.waits());
        let waiting: Vec<usize> = waiting.map(|(place, _)| place).collect();
        let Some(place) = self.chance.choice(&waiting).copied() else { return };
        self.provider.notices[place].tries += 1;
        if self.one_in(3) {
            return;
        }
        self.notify(place);
    }

    fn notify(&mut self, place: usize) {
        self.note(|| format!("notification {place} arrives"));
        let notification = self.provider.notices[place].notification.clone();
        let command = PaymentCommand::RecordNotification { notification };
        self.tell::<Payment>(command, Then::Thanks(place));
    }

    pub(super) fn wake_due(&mut self) {
        if self.flaw == Some(Flaw::TimersForgotten) && self.node.starts > 0 {
            return;
        }
        for (domain, id) in self.disk.due(self.now) {
            self.note(|| format!("{domain}/{id} is woken"));
            match domain {
                Order::NAME => self.node.wake::<Order>(&self.disk, self.now, &id),
                Stock::NAME => self.node.wake::<Stock>(&self.disk, self.now, &id),
                Payment::NAME => self.node.wake::<Payment>(&self.disk, self.now, &id),
                _ => self.node.wake::<Notification>(&self.disk, self.now, &id),
            }
        }
    }

    /// One transaction: all that waits, up to so many entries.
    pub(super) fn commit(&mut self, most: usize) -> Result<(), String> {
        for (follower, seq) in std::mem::take(&mut self.node.cursors) {
            let cursor = self.disk.cursors.entry(follower).or_insert(0);
            *cursor = seq.max(*cursor);
        }
        for Entry { rows, then } in self.take(most) {
            let (life, ticket) = (rows.life, rows.ticket);
            self.disk.write(rows);
            self.node.confirm(life, ticket);
            self.succeed(then)?;
        }
        Ok(())
    }

    /// The next entries for a transaction, without those whose ground has gone.
    fn take(&mut self, most: usize) -> Vec<Entry> {
        let mut entries = Vec::new();
        while entries.len() < most
            && let Some(entry) = self.node.waiting.pop_front()
        {
            let orphan = self.node.is_orphan(&entry.rows);
            if orphan && self.flaw != Some(Flaw::OrphansWritten) {
                if !entry.rows.events.is_empty() {
                    self.node.restart(entry.rows.life);
                }
                self.fail(entry.then);
            } else {
                entries.push(entry);
            }
        }
        entries
    }

    /// The database refuses a transaction: nobody was told yes, and whose memory ran ahead dies.
    fn commit_fails(&mut self) {
        let most = self.chance.usize(1..8);
        let entries = self.take(most);
        if entries.is_empty() {
            return;
        }
        self.injected.commits_failed += 1;
        self.note(|| format!("a transaction of {} entries fails", entries.len()));
        for Entry { rows, then } in entries {
            let ahead = !rows.events.is_empty();
            if !rows.brings_something() && !self.node.is_orphan(&rows) {
                self.node.confirm(rows.life, rows.ticket);
                // It only waited for others, and those were no part of it.
                let _ = self.succeed(then);
                continue;
            }
            if ahead && self.flaw != Some(Flaw::MemoryAfterFailure) {
                self.node.restart(rows.life);
            }
            self.fail(then);
        }
    }

    pub(super) fn crash(&mut self) -> Result<(), String> {
        self.injected.crashes += 1;
        let landed = !self.node.waiting.is_empty() && self.chance.bool();
        if landed {
            self.injected.crashes_after_commit += 1;
            let most = self.chance.usize(1..8);
            for Entry { rows, .. } in self.take(most) {
                self.disk.write(rows);
            }
        }
        self.note(|| format!("the node dies; a transaction had landed untold: {landed}"));
        self.node = Node::start(&self.disk, self.node.starts + 1);
        Ok(())
    }

    fn succeed(&mut self, then: Then) -> Result<(), String> {
        match then {
            Then::Nothing => {}
            Then::Answer(request, answer) => self.answer(request, answer),
            Then::Worked(follower, lane) => self.durable(follower, &lane),
            Then::Thanks(notice) => {
                let lost = self.one_in(4);
                self.provider.notices[notice].thanked |= !lost;
            }
        }
        Ok(())
    }

    fn fail(&mut self, then: Then) {
        match then {
            Then::Nothing | Then::Thanks(_) => {}
            Then::Answer(request, _) => {
                let key = self.clients.requests[request].key.clone();
                self.node.in_hand.remove(&key);
                if let Wish::Place(place) = &self.clients.requests[request].wish
                    && let Some(external) = &place.external_id
                {
                    self.node.in_hand.remove(&format!("external/{external}"));
                }
            }
            Then::Worked(follower, lane) => self.hitch(follower, &Arc::clone(&lane)),
        }
    }
}
