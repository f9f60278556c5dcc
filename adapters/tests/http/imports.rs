//! Imports from beginning to end: a file, or a supplier's server, becomes offers, products and stock.

mod lists;

use crate::shop::{Asker, Shop};
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, Method, StatusCode};
use kontor_actors::{follower::Follow, store::Store};
use kontor_adapters::{dispatch::imports::Imports, gateways::http::Http};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A shop whose imports are carried out.
struct House {
    shop: Shop,
    harbour: Asker,
    imports: Imports,
    /// Up to which event it has been followed.
    seen: Mutex<i64>,
}

fn mapping() -> Value {
    json!({ "fields": [
        { "to": "code", "from": ["code"] },
        { "to": "name", "from": ["name"] },
        { "to": "ean", "from": ["ean"] },
        { "to": "purchase_price", "from": ["price"] },
        { "to": "stock", "from": ["stock"] },
        { "to": "categories", "from": ["category"] },
    ] })
}

fn source() -> Value {
    json!({
        "supplier": "acme", "name": "Acme, all", "currency": "CZK", "language": "cs",
        "warehouse": "acme", "new_products": "active", "sku_prefix": "AC-",
        "format": { "format": { "kind": "csv" } }, "mapping": mapping(),
        "gates": { "price_item_permille_max": 100_000, "price_median_permille_max": 100_000 },
    })
}

impl House {
    async fn open() -> Self {
        let (shop, harbour) = Shop::trading().await;
        harbour.put("/v1/suppliers/acme", json!({ "name": "Acme" })).await.ok();
        let warehouse = json!({ "name": "Acme", "kind": "supplier" });
        harbour.put("/v1/warehouses/acme", warehouse).await.ok();
        harbour.put("/v1/sources/full", source()).await.ok();
        let imports = imports(&shop);
        Self { shop, harbour, imports, seen: Mutex::new(0) }
    }

    /// Everything that the follower follows, done.
    async fn follow(&self) {
        loop {
            let after = *self.seen.lock().unwrap();
            let page = self.shop.store.read(0, after, 500).await.unwrap();
            let Some(last) = page.last() else { return };
            *self.seen.lock().unwrap() = last.seq;
            for event in page {
                let event = Arc::new(event);
                if let Some(lane) = self.imports.lane(&event) {
                    self.imports.handle(&lane, &[Arc::clone(&event)]).await.unwrap();
                }
            }
        }
    }

    async fn upload(&self, text: impl Into<Body>) {
        self.upload_to("full", text).await;
    }

    async fn upload_to(&self, source: &str, text: impl Into<Body>) {
        let path = format!("/v1/sources/{source}/file");
        let kind = Some("application/octet-stream");
        self.harbour.ask(Method::PUT, &path, text.into(), kind).await.ok();
    }

    /// Imports what is there, and shows what became of it.
    async fn import(&self) -> Value {
        self.import_of("full").await
    }

    async fn import_of(&self, source: &str) -> Value {
        let started = self.harbour.post("/v1/imports", json!({ "source": source })).await.ok();
        self.follow().await;
        self.shown(started["id"].as_str().unwrap()).await
    }

    async fn shown(&self, id: &str) -> Value {
        self.harbour.get(&format!("/v1/imports/{id}")).await.ok()
    }

    async fn feed(&self, text: &'static str) -> Value {
        self.upload(text).await;
        self.import().await
    }

    async fn units(&self, sku: &str) -> i64 {
        let known = self.harbour.get(&format!("/v1/stock/{sku}")).await.ok();
        let levels = known["levels"].as_array().unwrap();
        let level = levels.iter().find(|level| level["warehouse"] == "acme").unwrap();
        level["on_hand"].as_i64().unwrap()
    }

    async fn product(&self, sku: &str) -> Value {
        self.harbour.get(&format!("/api/products/sku/{sku}")).await.ok()["data"].clone()
    }

    async fn offers(&self) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/sources/full/offers?limit=200{cursor}");
            let page = self.harbour.get(&path).await.ok();
            all.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }
}

fn imports(shop: &Shop) -> Imports {
    Imports::new(shop.intake.clone(), shop.feeds.clone(), Http::new(true).unwrap())
}

fn counts(import: &Value) -> [u64; 5] {
    ["created", "updated", "unchanged", "skipped", "failed"]
        .map(|name| import["counts"][name].as_u64().unwrap())
}

const TWO: &str =
    "code;name;price;stock;category\nA;Vrták;82,50;7;Nářadí > Vrtáky\nB;Pila;100;skladem;Nářadí\n";

#[tokio::test]
async fn a_file_becomes_offers_products_and_stock() {
    let house = House::open().await;
    let import = house.feed(TWO).await;
    assert_eq!(import["status"], "completed", "{import}");
    assert_eq!(counts(&import), [2, 0, 0, 0, 0]);
    let offers = house.offers().await;
    assert_eq!((&offers[0]["code"], &offers[0]["product"]), (&json!("A"), &json!("AC-A")));
    assert_eq!(offers[0]["price"], json!({ "amount_minor": 8250, "currency": "CZK" }));
    assert_eq!(offers[1]["stock"], json!({ "is": "some" }));
    assert_eq!((house.units("AC-A").await, house.units("AC-B").await), (7, 2));
    assert_eq!(house.product("AC-A").await["sku"], "AC-A");
    let paths = house.harbour.get("/v1/sources/full/categories?unmapped=true").await.ok();
    assert_eq!(paths["items"].as_array().unwrap().len(), 2, "{paths}");
}

#[tokio::test]
async fn the_same_file_a_second_time_writes_nothing_and_the_same_rows_in_another_file_change_nothing()
 {
    let house = House::open().await;
    house.feed(TWO).await;
    let again = house.feed(TWO).await;
    assert_eq!((&again["status"], &again["not_modified"]), (&json!("completed"), &json!(true)));
    let turned = "code;name;price;stock;category\nB;Pila;100;skladem;Nářadí\nA;Vrták;82,50;7;Nářadí > Vrtáky\n";
    let before = house.offers().await;
    let same = house.feed(turned).await;
    assert_eq!(counts(&same), [0, 0, 2, 0, 0]);
    assert_eq!(house.offers().await, before);
}

#[tokio::test]
async fn only_what_has_changed_is_written() {
    let house = House::open().await;
    house.feed(TWO).await;
    let import = house.feed("code;name;price;stock;category\nA;Vrták;80;5;Nářadí > Vrtáky\nB;Pila;100;skladem;Nářadí\n").await;
    assert_eq!(counts(&import), [0, 1, 1, 0, 0]);
    assert_eq!(house.units("AC-A").await, 5);
    assert_eq!(house.offers().await[0]["price"]["amount_minor"], 8000);
}

#[tokio::test]
async fn one_bad_row_fails_alone_and_is_listed_with_line_field_and_reason() {
    let house = House::open().await;
    let import =
        house.feed("code;name;price;stock\nA;Vrták;82,50;7\nB;Pila;much;3\nC;Kladivo;50;4\n").await;
    assert_eq!(import["status"], "completed_with_errors");
    assert_eq!(counts(&import), [2, 0, 0, 0, 1]);
    let id = import["id"].as_str().unwrap();
    let errors = house.harbour.get(&format!("/v1/imports/{id}/errors?form=jsonl")).await;
    let problem: Value = serde_json::from_str(errors.text().trim()).unwrap();
    assert_eq!((&problem["row"], &problem["line"]), (&json!(2), &json!(3)));
    assert_eq!(problem["field"], "purchase_price");
    // Once the mapping takes such a row, only that row is tried again.
    let mut lenient = source();
    lenient["mapping"]["fields"][3] = json!({ "to": "list_price", "default": "1" });
    house.harbour.put("/v1/sources/full", lenient).await.ok();
    let retry = house.harbour.act(&format!("/v1/imports/{id}/retry")).await.ok();
    house.follow().await;
    let retried = house.shown(retry["id"].as_str().unwrap()).await;
    assert_eq!(counts(&retried)[0], 1, "{retried}");
    assert_eq!(house.offers().await.len(), 3);
}

#[tokio::test]
async fn rubbish_changes_nothing_and_says_why() {
    let house = House::open().await;
    house.feed(TWO).await;
    let before = house.offers().await;
    for rubbish in
        ["<!DOCTYPE html><html><body>Maintenance</body></html>", "code;name;price;stock\n"]
    {
        let import = house.feed(rubbish).await;
        assert_eq!(import["status"], "failed", "{import}");
        assert!(!import["problem"].as_str().unwrap().is_empty());
        assert_eq!(house.offers().await, before);
    }
    house.feed(TWO).await;
}

#[tokio::test]
async fn half_a_feed_is_rejected_by_its_gate() {
    let house = House::open().await;
    let rows = |count| {
        (0..count).fold("code;price;stock\n".to_owned(), |text, n| text + &format!("C{n};10;1\n"))
    };
    house.upload(rows(40)).await;
    house.import().await;
    house.upload(rows(20)).await;
    let import = house.import().await;
    assert_eq!((&import["status"], &import["gate"]), (&json!("rejected"), &json!("rows_dropped")));
    assert_eq!(house.units("AC-C39").await, 1);
}

#[tokio::test]
async fn what_a_full_feed_no_longer_holds_has_no_stock() {
    let house = House::open().await;
    house.feed(TWO).await;
    let import =
        house.feed("code;name;price;stock;category\nA;Vrták;82,50;7;Nářadí > Vrtáky\n").await;
    assert_eq!(import["counts"]["vanished"], 1, "{import}");
    assert_eq!((house.units("AC-A").await, house.units("AC-B").await), (7, 0));
}

/// A second supplier of the same goods.
async fn with_rival(house: &House) {
    house.harbour.put("/v1/suppliers/rival", json!({ "name": "Rival" })).await.ok();
    let warehouse = json!({ "name": "Rival", "kind": "supplier" });
    house.harbour.put("/v1/warehouses/rival", warehouse).await.ok();
    let mut other = source();
    for member in ["supplier", "warehouse"] {
        other[member] = json!("rival");
    }
    other["sku_prefix"] = json!("RI-");
    house.harbour.put("/v1/sources/rival", other).await.ok();
}

/// What a product costs, and whose offer that is.
async fn cost(house: &House, sku: &str) -> (i64, String) {
    let found = house.harbour.get(&format!("/v1/products?sku={sku}")).await.ok();
    let product = &found["items"][0];
    let price = product["prices"].as_array().unwrap().iter().find(|price| price["kind"] == "cost");
    let of =
        |owner: &&Value| owner["fields"].as_array().unwrap().contains(&json!("price.cost.CZK"));
    let owner = product["owners"].as_array().unwrap().iter().find(of).unwrap();
    let source = owner["source"].as_str().unwrap().to_owned();
    (price.unwrap()["amount_minor"].as_i64().unwrap(), source)
}

#[tokio::test]
async fn of_several_suppliers_the_cheapest_who_has_some_makes_the_cost() {
    let house = House::open().await;
    with_rival(&house).await;
    let of = |minor: i64, supplier: &str| (minor, format!("supplier:{supplier}"));
    let ours = "code;name;ean;price;stock\nA;Vrták;8594000000006;80;7\n";
    house.feed(ours).await;
    assert_eq!(cost(&house, "AC-A").await, of(8_000, "acme"));
    house.upload_to("rival", "code;name;ean;price;stock\nX;Vrták;8594000000006;70;3\n").await;
    let import = house.import_of("rival").await;
    assert_eq!(import["status"], "completed", "{import}");
    assert_eq!(cost(&house, "AC-A").await, of(7_000, "rival"));
    // Nothing but its stock is told anew: it has none left.
    house.upload_to("rival", "code;name;ean;price;stock\nX;Vrták;8594000000006;70;0\n").await;
    house.import_of("rival").await;
    assert_eq!(cost(&house, "AC-A").await, of(8_000, "acme"));
    // It has some again, and then leaves the feed.
    let two = "code;name;ean;price;stock\nX;Vrták;8594000000006;70;2\nY;Pila;;50;1\n";
    house.upload_to("rival", two).await;
    house.import_of("rival").await;
    assert_eq!(cost(&house, "AC-A").await, of(7_000, "rival"));
    house.upload_to("rival", "code;name;ean;price;stock\nY;Pila;;50;1\n").await;
    house.import_of("rival").await;
    assert_eq!(cost(&house, "AC-A").await, of(8_000, "acme"));
}

#[tokio::test]
async fn a_product_without_an_ean_is_known_by_its_brand_and_its_maker_s_code() {
    let house = House::open().await;
    with_rival(&house).await;
    for (code, of) in [("full", "acme"), ("rival", "rival")] {
        let mut told = source();
        let fields = told["mapping"]["fields"].as_array_mut().unwrap();
        for name in ["brand", "mpn"] {
            fields.push(json!({ "to": name, "from": [name] }));
        }
        (told["supplier"], told["warehouse"]) = (json!(of), json!(of));
        told["sku_prefix"] = json!(format!("{of}-"));
        house.harbour.put(&format!("/v1/sources/{code}"), told).await.ok();
    }
    house.feed("code;name;brand;mpn;price;stock\nA;Vrták;Bosch;GSB-13/RE;80;7\n").await;
    let text = "code;name;brand;mpn;price;stock\nX;Vrtačka;BOSCH;gsb 13 re;70;3\nY;Pila;Bosch;GSB-14;60;3\n";
    house.upload_to("rival", text).await;
    let import = house.import_of("rival").await;
    assert_eq!(import["status"], "completed", "{import}");
    let items = house.harbour.get("/v1/sources/rival/offers").await.ok();
    let products: Vec<_> =
        items["items"].as_array().unwrap().iter().map(|offer| offer["product"].clone()).collect();
    assert_eq!(products, ["acme-A", "rival-Y"]);
    assert_eq!(cost(&house, "acme-A").await, (7_000, "supplier:rival".to_owned()));
}

#[tokio::test]
async fn an_import_is_undone_where_nobody_touched_what_it_wrote() {
    let house = House::open().await;
    house.feed(TWO).await;
    let import = house.feed("code;name;price;stock;category\nA;Vrták;80;5;Nářadí > Vrtáky\nB;Pila;90;skladem;Nářadí\nN;Nový;5;1;Nářadí\n").await;
    assert_eq!(counts(&import), [1, 2, 0, 0, 0]);
    let id = import["id"].as_str().unwrap();
    house.harbour.act(&format!("/v1/imports/{id}/undo")).await.ok();
    house.follow().await;
    let undone = house.shown(id).await;
    assert_eq!(undone["undo"]["done"], true, "{undone}");
    assert_eq!((house.units("AC-A").await, house.units("AC-N").await), (7, 0));
    let offers = house.offers().await;
    assert_eq!(offers[0]["price"]["amount_minor"], 8250);
    // The feed that was undone is news again.
    let again = house.import().await;
    assert_eq!(again["counts"]["updated"], 3, "{again}");
}

#[tokio::test]
async fn a_trial_shows_what_would_change_and_changes_nothing() {
    let house = House::open().await;
    house.upload(TWO).await;
    let trial = json!({ "source": "full", "trial": true });
    let started = house.harbour.post("/v1/imports", trial).await.ok();
    house.follow().await;
    let shown = house.shown(started["id"].as_str().unwrap()).await;
    assert_eq!(counts(&shown), [2, 0, 0, 0, 0]);
    assert_eq!(shown["samples"][0]["code"], "A");
    assert!(house.offers().await.is_empty());
}

/// A supplier's server: what was asked, and what it answers.
#[derive(Clone, Default)]
struct Server {
    asked: Arc<AtomicUsize>,
}

async fn feed(State(server): State<Server>, headers: HeaderMap) -> Response {
    server.asked.fetch_add(1, Ordering::Relaxed);
    if headers.get("authorization").is_none_or(|told| told != "Basic a29udG9yOnMzY3JldA==") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if headers.get("if-none-match").is_some_and(|tag| tag == "\"e1\"") {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([("etag", "\"e1\"")], TWO).into_response()
}

async fn items(Query(query): Query<HashMap<String, usize>>) -> Response {
    let (offset, limit) = (query["offset"], query["limit"]);
    let rows: Vec<Value> = (offset..5.min(offset + limit))
        .map(|n| json!({ "code": format!("P{n}"), "price": "10.5000", "stock": n }))
        .collect();
    axum::Json(json!({ "code": 200, "data": rows })).into_response()
}

async fn serve(server: Server) -> String {
    let app =
        Router::new().route("/feed.csv", get(feed)).route("/items", get(items)).with_state(server);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("http://{address}")
}

#[tokio::test]
async fn a_feed_is_fetched_with_its_password_and_not_again_while_it_has_not_changed() {
    let house = House::open().await;
    let server = Server::default();
    let base = serve(server.clone()).await;
    let mut http = source();
    http["reach"] = json!({ "by": "http", "url": format!("{base}/feed.csv"),
        "access": { "with": "basic", "user": "kontor", "password": "s3cret" } });
    house.harbour.put("/v1/sources/full", http.clone()).await.ok();
    assert_eq!(counts(&house.import().await), [2, 0, 0, 0, 0]);
    let again = house.import().await;
    assert_eq!(again["not_modified"], true, "{again}");
    assert_eq!(server.asked.load(Ordering::Relaxed), 2);
    http["reach"]["access"] = json!({ "with": "nothing" });
    house.harbour.put("/v1/sources/full", http).await.ok();
    let refused = house.import().await;
    assert_eq!(refused["status"], "failed");
    assert!(refused["problem"].as_str().unwrap().contains("401"), "{refused}");
}

#[tokio::test]
async fn a_feed_in_pages_is_read_to_its_end() {
    let house = House::open().await;
    let base = serve(Server::default()).await;
    let mut paged = source();
    paged["format"] = json!({ "format": { "kind": "json" } });
    paged["reach"] = json!({ "by": "http", "url": format!("{base}/items"),
        "paging": { "style": "offset", "size": 2, "rows": "/data" } });
    house.harbour.put("/v1/sources/full", paged).await.ok();
    let import = house.import().await;
    assert_eq!(counts(&import), [5, 0, 0, 0, 0], "{import}");
    assert_eq!(house.units("AC-P4").await, 4);
}

/// What an import leaves behind, without what tells two shops apart.
async fn left(house: &House) -> (Vec<Value>, Vec<(String, i64)>, Value) {
    let mut offers = house.offers().await;
    for offer in &mut offers {
        let offer = offer.as_object_mut().unwrap();
        offer.remove("observed_at");
        offer.remove("missed_at");
    }
    let mut units = Vec::new();
    for offer in &offers {
        let sku = offer["product"].as_str().unwrap().to_owned();
        let there = house.units(&sku).await;
        units.push((sku, there));
    }
    let paths = house.harbour.get("/v1/sources/full/categories").await.ok();
    (offers, units, paths["items"].clone())
}

fn rows(prices: &[u8]) -> String {
    let head = "code;name;price;stock;category\n".to_owned();
    prices.iter().enumerate().fold(head, |text, (n, price)| {
        text + &format!("C{n};Thing {n};{};{price};Shelf {}\n", u32::from(*price) + 10, n % 3)
    })
}

impl House {
    /// Imports, and is killed whenever so many events were written since; then begins again.
    async fn import_interrupted(&self, kills: &[usize]) -> Value {
        let started = self.harbour.post("/v1/imports", json!({ "source": "full" })).await.ok();
        let id = started["id"].as_str().unwrap().to_owned();
        for kill in kills {
            let after = self.head().await + *kill as i64;
            let killed = async {
                while self.head().await < after {
                    tokio::task::yield_now().await;
                }
            };
            let seen = *self.seen.lock().unwrap();
            tokio::select! {
                biased;
                () = killed => *self.seen.lock().unwrap() = seen,
                () = self.follow() => break,
            }
        }
        self.follow().await;
        self.shown(&id).await
    }

    async fn head(&self) -> i64 {
        self.shop.store.heads(1).await.unwrap()[0]
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn an_import_that_is_interrupted_and_begun_again_is_as_one_that_was_not(
        first in prop::collection::vec(0..9_u8, 1..450),
        second in prop::collection::vec(0..9_u8, 1..450),
        kills in prop::collection::vec(1..40_usize, 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.unwrap().block_on(async {
            let (whole, broken) = (House::open().await, House::open().await);
            let mut results = Vec::new();
            for prices in [&first, &second] {
                whole.upload(rows(prices)).await;
                broken.upload(rows(prices)).await;
                let (one, two) = (whole.import().await, broken.import_interrupted(&kills).await);
                assert_eq!(one["status"], two["status"], "{one}\n{two}");
                results.push((one["counts"].clone(), two["counts"].clone()));
            }
            for (one, two) in results {
                assert_eq!(one, two);
            }
            assert_eq!(left(&whole).await, left(&broken).await);
        });
    }
}
