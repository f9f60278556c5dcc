use super::*;
use serde_json::json;

/// A shop in which one order of two atlases was placed and paid, as it should be.
struct Shop {
    purchases: Vec<Purchase>,
    truth: Truth,
    messages: Vec<Message>,
    books: Value,
}

fn event(seq: i64, domain: &str, entity: &str, version: i64, name: &str, payload: Value) -> Event {
    Event {
        shard: 0,
        seq,
        id: format!("e{seq}"),
        domain: domain.into(),
        entity: entity.into(),
        version,
        name: name.into(),
        payload,
    }
}

fn entity(version: i64, state: Value) -> Entity {
    Entity { version, due: None, state }
}

fn goods(quantity: i64) -> Value {
    json!({ "allocations": [{ "sku": "atlas", "quantity": quantity }] })
}

impl Shop {
    fn fine() -> Self {
        let money = json!({ "kind": "capture", "amount": { "amount_minor": 20_000 } });
        let moved = json!({ "change": { "sku": "atlas", "quantity": 5 } });
        let journal = vec![
            event(1, "stock", "movement/m", 1, "stock.moved", moved),
            event(2, "stock", "reservation/o", 1, "stock.reserved", goods(2)),
            event(3, "order", "o", 1, "order.created", Value::Null),
            event(4, "payment", "p", 1, "payment.booked", money),
            event(5, "order", "o", 2, "order.confirmed", Value::Null),
        ];
        let order = json!({
            "kind": "order", "number": "1", "status": "confirmed", "stock": "committed",
            "lines": [{ "sku": "atlas", "quantity": 2, "unit_price_minor": 10_000 }],
        });
        let sku = json!({ "levels": [{ "on_hand": 3 }] });
        let entities = [
            (("order", "o"), entity(2, order)),
            (("payment", "p"), entity(1, Value::Null)),
            (("stock", "sku/atlas"), entity(2, sku)),
            (("stock", "movement/m"), entity(1, Value::Null)),
            (("stock", "reservation/o"), entity(1, Value::Null)),
        ];
        let named = |((domain, id), entity): ((&str, &str), Entity)| {
            ((domain.to_owned(), id.to_owned()), entity)
        };
        let touches = vec![
            ("stock".to_owned(), "sku/atlas".to_owned(), 1),
            ("stock".to_owned(), "sku/atlas".to_owned(), 2),
        ];
        let messages = [3, 5].map(|seq| Message {
            id: format!("e{seq}"),
            subject: "/tenants/t/order o".into(),
            name: "order".into(),
            sequence: format!("0-{seq:016}"),
        });
        Self {
            purchases: vec![Purchase {
                key: "k".into(),
                price_minor: 10_000,
                sku: "atlas".into(),
                quantity: 2,
                by_channel: false,
                placed: Placed::Yes("o".into()),
                payment: Some("p".into()),
                paid: true,
                cancelled: false,
                unsure: false,
            }],
            truth: Truth {
                journal,
                entities: entities.into_iter().map(named).collect(),
                touches,
                ..Truth::default()
            },
            messages: messages.into(),
            books: json!({
                "charges_by_reference": { "p": 1 }, "captured_by_reference": { "p": 20_000 },
                "kept_by_reference": { "p": 20_000 },
            }),
        }
    }

    fn findings(&self) -> Vec<String> {
        let evidence = Evidence {
            purchases: &self.purchases,
            truth: &self.truth,
            messages: Some(&self.messages),
            books: &self.books,
            shelf: &[("atlas", 5)],
            now_ms: 1_000_000,
        };
        judge(&evidence).findings
    }

    fn order(&mut self) -> &mut Entity {
        self.truth.entities.get_mut(&("order".to_owned(), "o".to_owned())).unwrap()
    }

    #[track_caller]
    fn is_found(&self, part: &str) {
        let findings = self.findings();
        assert!(findings.iter().any(|finding| finding.contains(part)), "{part}: {findings:?}");
    }
}

#[test]
fn a_shop_that_kept_its_promises_is_found_to_have() {
    assert_eq!(Shop::fine().findings(), Vec::<String>::new());
}

#[test]
fn an_acknowledged_order_that_is_gone_is_found() {
    let mut shop = Shop::fine();
    shop.truth.entities.remove(&("order".to_owned(), "o".to_owned()));
    shop.is_found("order o was acknowledged");
}

#[test]
fn two_orders_of_one_request_are_found() {
    let mut shop = Shop::fine();
    let mut twin = shop.order().clone();
    twin.state["number"] = json!("2");
    shop.truth.entities.insert(("order".to_owned(), "twin".to_owned()), twin);
    shop.is_found("one request has led to two orders");
}

#[test]
fn an_order_that_was_refused_and_is_there_is_found() {
    let mut shop = Shop::fine();
    shop.purchases[0].placed = Placed::No;
    shop.is_found("was refused, and is there");
}

#[test]
fn a_paid_order_that_waits_for_money_is_found() {
    let mut shop = Shop::fine();
    shop.order().state["status"] = json!("pending");
    shop.is_found("order o is pending");
}

#[test]
fn a_gap_in_the_journal_and_a_version_given_twice_are_found() {
    let mut shop = Shop::fine();
    shop.truth.journal[4].seq = 6;
    shop.is_found("shard 0 has 6 after 4");
    let mut shop = Shop::fine();
    shop.truth.journal[4].version = 1;
    shop.is_found("order/o has the versions [1, 1]");
}

#[test]
fn goods_that_were_sold_twice_are_found() {
    let mut shop = Shop::fine();
    shop.truth.journal[1].payload = goods(6);
    shop.is_found("atlas is oversold by 1");
    let mut shop = Shop::fine();
    let sku = ("stock".to_owned(), "sku/atlas".to_owned());
    shop.truth.entities.get_mut(&sku).unwrap().state = json!({ "levels": [{ "on_hand": 4 }] });
    shop.is_found("of 5 atlas 2 are sold, 4 on the shelf");
}

#[test]
fn money_that_the_provider_has_otherwise_and_a_double_charge_are_found() {
    let mut shop = Shop::fine();
    shop.books["kept_by_reference"]["p"] = json!(0);
    shop.is_found("the provider took 20000 and kept 0");
    let mut shop = Shop::fine();
    shop.books["charges_by_reference"]["p"] = json!(2);
    shop.is_found("payment p was charged 2 times");
}

#[test]
fn a_deadline_that_nobody_kept_and_a_dead_letter_are_found() {
    let mut shop = Shop::fine();
    shop.order().due = Some(0);
    shop.is_found("waits for a time that is over");
    let mut shop = Shop::fine();
    shop.truth.dead_letters.push(("it panicked".into(), false));
    shop.is_found("it panicked");
}

#[test]
fn an_event_that_was_never_told_or_came_in_another_order_is_found() {
    let mut shop = Shop::fine();
    shop.messages.remove(0);
    shop.is_found("order.created of o was never told");
    let mut shop = Shop::fine();
    shop.messages.reverse();
    shop.is_found("came after");
    let mut shop = Shop::fine();
    let again = shop.messages[0].clone();
    shop.messages.push(again);
    assert_eq!(shop.findings(), Vec::<String>::new(), "what comes again is no finding");
}
