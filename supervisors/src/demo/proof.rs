//! The proof: what was acknowledged, what the provider, the mail server and the endpoints saw,
//! and what the node says must be one and the same story.

use super::{
    ledger::{Ledger, Told},
    picture::{Order, Picture, Whole},
    report::{Findings, Flash, Money, ShopReport, Units},
    shops::Shop,
    tills::Books,
    town::Town,
};
use kontor_messages::order::{CancelReason, OrderStatus};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What is found about one shop.
struct Trial<'t> {
    town: &'t Town,
    at: usize,
    shop: &'t Shop,
    picture: &'t Picture,
    books: &'t Books,
    found: &'t mut Findings,
}

/// Looks at everything, shop by shop.
pub(super) fn prove(town: &Town, whole: &Whole, found: &mut Findings) -> Vec<ShopReport> {
    let told = town.ledger.orders();
    found.duplicated.extend(doubles(&town.ledger));
    found.duplicated.extend(
        town.sandbox
            .smtp()
            .duplicates()
            .into_keys()
            .map(|id| format!("the message {id} came twice")),
    );
    found.moving.extend(whole.moving.iter().cloned());
    found.surprises.extend(town.ledger.surprises());
    let shops = town.shops.iter().zip(&whole.shops).zip(&whole.books).enumerate();
    shops
        .map(|(at, ((shop, picture), books))| {
            Trial { town, at, shop, picture, books, found }.run(&told)
        })
        .collect()
}

/// How the rush went.
pub(super) fn flash(town: &Town) -> Flash {
    let counts = town.ledger.counts();
    let read = super::ledger::read;
    let units = town.shops.first().and_then(|shop| shop.initial.get(super::feed::FLASH).copied());
    Flash {
        units: units.unwrap_or(0),
        won: read(&counts.flash_won),
        refused: read(&counts.flash_refused),
    }
}

fn doubles(ledger: &Ledger) -> Vec<String> {
    let keys = ledger.doubles().into_iter();
    keys.map(|key| format!("the key {key} was answered with two orders")).collect()
}

impl Trial<'_> {
    fn run(mut self, told: &HashMap<String, Told>) -> ShopReport {
        let (tenant, currency) = (self.shop.tenant.clone(), self.shop.currency);
        let mut report = ShopReport { tenant, currency, ..ShopReport::default() };
        for order in &self.picture.orders {
            let word = kontor_actors::order::state::word(order.status).to_owned();
            *report.orders.entry(word).or_default() += 1;
        }
        self.acknowledged(told);
        report.units = self.units();
        self.payments();
        report.providers = self.money();
        report.money = total(&report.providers);
        report.mails = self.mails();
        report.events = self.events();
        report
    }

    /// Every order that was acknowledged is there, as it was acknowledged, once.
    fn acknowledged(&mut self, told: &HashMap<String, Told>) {
        let orders = self.picture.orders.iter();
        let there: HashMap<&str, &Order> = orders.map(|order| (&*order.id, order)).collect();
        let at = self.at;
        for (id, told) in told.iter().filter(|(_, told)| told.shop == at) {
            match there.get(id.as_str()) {
                None => self.lost(format!("order {id} was acknowledged and is not there")),
                Some(order) => {
                    if let Some(other) = otherwise(told, order) {
                        self.lost(format!("order {id}: {other}"));
                    }
                }
            }
        }
        let mut buyers = HashSet::new();
        for order in &self.picture.orders {
            if !order.customer.email.as_ref().is_some_and(|email| buyers.insert(email)) {
                let second = format!("order {} is the second of one request", order.id);
                self.found.duplicated.push(second);
            }
        }
    }

    /// Nothing was sold that was not there, and every unit is somewhere.
    fn units(&mut self) -> Units {
        let mut wanted: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for order in &self.picture.orders {
            for (sku, units) in order.units() {
                let (sold, held) = wanted.entry(sku).or_default();
                *sold += if order.has_goods() { units } else { 0 };
                *held += if order.holds() { units } else { 0 };
            }
        }
        let mut all = Units { initial: self.shop.initial.values().sum(), ..Units::default() };
        for stock in &self.picture.stock {
            let on_hand: i64 = stock.levels.iter().map(|level| level.on_hand).sum();
            let reserved: i64 = stock.levels.iter().map(|level| level.reserved).sum();
            // What the supplier has is looked at by itself.
            let Some(initial) = self.shop.initial.get(&stock.id).copied() else { continue };
            let (sold, held) = wanted.get(&*stock.id).copied().unwrap_or_default();
            all.sold += sold;
            all.held += reserved;
            all.on_hand += on_hand;
            let over = stock.levels.iter().any(|level| {
                level.on_hand < 0 || level.reserved < 0 || level.on_hand < level.reserved
            });
            if over || stock.total_available < 0 || initial < sold {
                let what = format!("{} of {}: {sold} of {initial}", stock.id, self.shop.tenant);
                self.found.oversold.push(what);
            }
            if on_hand + sold != initial || held != reserved {
                self.found.unbalanced.push(format!(
                    "{} of {}: {initial} at first, {on_hand} on hand and {sold} sold; \
                     {held} held by orders and {reserved} on the shelf",
                    stock.id, self.shop.tenant
                ));
            }
        }
        all
    }

    /// The providers' books and ours agree payment by payment, and every order knows.
    fn payments(&mut self) {
        let mut charged: HashMap<&str, u64> = HashMap::new();
        let orders = self.picture.orders.iter();
        let orders: HashMap<&str, &Order> = orders.map(|order| (&*order.id, order)).collect();
        for payment in &self.picture.payments {
            let kept = self.books.kept.get(&payment.id).copied().unwrap_or(0);
            if kept != payment.captured_minor - payment.refunded_minor {
                self.lost(format!(
                    "payment {}: the provider keeps {kept}, we know of {} less {}",
                    payment.id, payment.captured_minor, payment.refunded_minor
                ));
            }
            let Some(id) = payment.order.as_deref() else { continue };
            let charges = &self.books.charges;
            *charged.entry(id).or_default() += charges.get(&payment.id).copied().unwrap_or(0);
            let Some(order) = orders.get(id) else { continue };
            let known = order.payments.iter().find(|known| known.payment == payment.id);
            let known = known.map_or((0, 0), |known| (known.paid_minor, known.refunded_minor));
            if known != (payment.captured_minor, payment.refunded_minor) {
                self.lost(format!("order {id} does not know what payment {} did", payment.id));
            }
        }
        for (order, charges) in charged {
            if charges > 1 {
                self.found.duplicated.push(format!("order {order} was charged {charges} times"));
            }
            let waits = orders.get(order).is_some_and(|one| one.status == OrderStatus::Pending);
            if charges > 0 && waits {
                self.lost(format!("order {order} was paid and waits for payment"));
            }
        }
    }

    /// Every provider's books and ours agree, money that no payment of ours knows of included.
    fn money(&mut self) -> BTreeMap<&'static str, Money> {
        let mut all = BTreeMap::new();
        for (provider, side) in &self.books.sides {
            let mut money = Money {
                provider_taken_minor: side.taken_minor,
                provider_refunded_minor: side.given_back_minor,
                ..Money::default()
            };
            let attempts = self.picture.payments.iter().flat_map(|payment| &payment.attempts);
            for attempt in attempts.filter(|attempt| attempt.provider == *provider) {
                money.payments += u64::from(attempt.captured_minor > 0);
                money.taken_minor += attempt.captured_minor;
                money.refunded_minor += attempt.refunded_minor;
            }
            let ours = (money.taken_minor, money.refunded_minor);
            money.agree = ours == (money.provider_taken_minor, money.provider_refunded_minor);
            if !money.agree {
                let what = format!("{}'s money at {provider}: {money:?}", self.shop.tenant);
                self.found.unbalanced.push(what);
            }
            all.insert(*provider, money);
        }
        all
    }

    /// Every buyer was written to, and every message that is said to be sent has come.
    fn mails(&mut self) -> u64 {
        let from = format!("orders@{}.example", self.shop.tenant);
        let (mut ids, mut reached) = (HashSet::new(), HashSet::new());
        for mail in self.town.sandbox.smtp().messages() {
            if mail.from == from {
                ids.extend(mail.header("Message-ID").map(str::to_owned));
                reached.extend(mail.to.iter().cloned());
            }
        }
        for order in &self.picture.orders {
            let email = order.customer.email.as_ref();
            if !email.is_some_and(|email| reached.contains(email)) {
                self.lost(format!("the buyer of order {} was never written to", order.id));
            }
        }
        let sent = self.picture.messages.iter().filter(|message| message.status == "sent").count();
        if sent != ids.len() || sent != self.picture.messages.len() {
            let all = self.picture.messages.len();
            self.lost(format!("of {all} messages {sent} are said to be sent, {} came", ids.len()));
        }
        ids.len() as u64
    }

    /// Everything that happened to an order was told to the shop's endpoint, once and in order.
    fn events(&mut self) -> u64 {
        let mut created = HashSet::new();
        for event in &self.picture.events {
            if event.name == "order.created" {
                created.insert(event.subject.rsplit('/').next().unwrap_or_default().to_owned());
            }
            if !self.picture.heard.contains(&event.id) {
                self.lost(format!("{} {} was not delivered", event.name, event.id));
            }
        }
        for order in &self.picture.orders {
            if !created.contains(&order.id) {
                self.lost(format!("order {} was never told to be created", order.id));
            }
        }
        let receiver = self.town.sandbox.receiver();
        for (id, times) in receiver.duplicates(&self.shop.tenant) {
            self.found.duplicated.push(format!("the event {id} was delivered {times} times"));
        }
        for subject in receiver.out_of_order(&self.shop.tenant) {
            self.found.disordered.push(format!("the events of {subject} came in another order"));
        }
        self.picture.heard.len() as u64
    }

    fn lost(&mut self, what: String) {
        self.found.lost.push(format!("{}: {what}", self.shop.tenant));
    }
}

/// All providers together.
fn total(providers: &BTreeMap<&'static str, Money>) -> Money {
    let mut all = Money { agree: true, ..Money::default() };
    for money in providers.values() {
        all.payments += money.payments;
        all.taken_minor += money.taken_minor;
        all.refunded_minor += money.refunded_minor;
        all.provider_taken_minor += money.provider_taken_minor;
        all.provider_refunded_minor += money.provider_refunded_minor;
        all.agree &= money.agree;
    }
    all
}

/// What contradicts what was acknowledged, if something does.
fn otherwise(told: &Told, order: &Order) -> Option<&'static str> {
    use OrderStatus::{Cancelled, Delivered, Pending, Shipped};
    if order.number != told.number || order.total_minor != told.total_minor {
        return Some("it has another number or total than was acknowledged");
    }
    if order.customer.email.as_ref() != Some(&told.email) {
        return Some("it has another buyer than was acknowledged");
    }
    match order.status {
        status if told.cancelled && status != Cancelled => Some("its cancellation is lost"),
        status if told.delivered && status != Delivered => Some("its arrival is lost"),
        status if told.shipped && !matches!(status, Shipped | Delivered) => {
            Some("its parcel is lost")
        }
        Pending if told.paid => Some("it was paid and waits for payment"),
        Cancelled if !told.cancelled && (told.paid || !timed_out(order)) => {
            Some("nobody cancelled it")
        }
        _ => None,
    }
}

/// Whether it ended because nobody paid.
fn timed_out(order: &Order) -> bool {
    let reason = order.cancellation.as_ref().map(|cancellation| cancellation.reason);
    reason == Some(CancelReason::PaymentTimeout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn order(status: &str, reason: Option<&str>) -> Order {
        let cancellation = reason.map(|reason| json!({ "reason": reason, "missing": [] }));
        serde_json::from_value(json!({
            "id": "1", "number": "2026-000001", "status": status, "stock": "held",
            "total_minor": 100, "customer": { "email": "a@example.test" }, "lines": [],
            "cancellation": cancellation,
        }))
        .unwrap()
    }

    fn told() -> Told {
        Told {
            number: "2026-000001".into(),
            total_minor: 100,
            email: "a@example.test".into(),
            ..Told::default()
        }
    }

    #[test]
    fn an_order_that_is_as_it_was_acknowledged_is_no_finding() {
        assert_eq!(otherwise(&told(), &order("pending", None)), None);
        let paid = Told { paid: true, ..told() };
        assert_eq!(otherwise(&paid, &order("confirmed", None)), None);
        assert_eq!(otherwise(&told(), &order("cancelled", Some("payment_timeout"))), None);
        let cancelled = Told { cancelled: true, ..paid };
        assert_eq!(otherwise(&cancelled, &order("cancelled", Some("customer"))), None);
    }

    #[test]
    fn whatever_was_acknowledged_and_is_gone_is_found() {
        for (told, order) in [
            (Told { cancelled: true, ..told() }, order("confirmed", None)),
            (Told { shipped: true, ..told() }, order("confirmed", None)),
            (Told { shipped: true, delivered: true, ..told() }, order("shipped", None)),
            (Told { paid: true, ..told() }, order("pending", None)),
            (Told { paid: true, ..told() }, order("cancelled", Some("payment_timeout"))),
            (told(), order("cancelled", Some("customer"))),
            (Told { total_minor: 99, ..told() }, order("pending", None)),
            (Told { number: "2026-000002".into(), ..told() }, order("pending", None)),
            (Told { email: "b@example.test".into(), ..told() }, order("pending", None)),
        ] {
            assert!(otherwise(&told, &order).is_some(), "{told:?}");
        }
    }
}
