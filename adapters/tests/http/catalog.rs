//! The catalog over HTTP.

use crate::shop::{Asker, Shop};
use kontor_actors::{
    follower::{Follow, Follower},
    store::StoredEvent,
};
use kontor_adapters::{dispatch::belongings::Belongings, search::SearchKeeper};
use kontor_messages::{EntityId, EventId, TenantId, Timestamp};
use ractor::Actor;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

const EAN: &str = "8594000000006";

async fn make(asker: &Asker, body: Value) -> Value {
    let made = asker.post("/v1/products", body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.ok()
}

fn atlas() -> Value {
    json!({ "sku": "BOOK-1", "titles": { "cs": "Velký atlas", "en": "Large atlas" },
        "ean": "859-4000-000006", "brand": "Kartografie", "weight_g": 350,
        "dimensions": { "length_mm": 300, "width_mm": 210, "height_mm": 15 },
        "prices": [{ "kind": "base", "currency": "CZK", "amount_minor": 34905 }] })
}

fn path(product: &Value) -> String {
    format!("/v1/products/{}", product["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_product_is_made_read_changed_and_found_by_its_names() {
    let (_shop, harbour) = Shop::trading().await;
    let made = make(&harbour, atlas()).await;
    assert_eq!((&made["status"], &made["ean"]), (&json!("draft"), &json!(EAN)));
    assert_eq!(harbour.get(&path(&made)).await.ok(), made);
    let patch = json!({ "status": "active", "brand": null, "titles": { "en": null } });
    let changed = harbour.patch(&path(&made), patch).await.ok();
    assert_eq!((&changed["status"], &changed["version"]), (&json!("active"), &json!(2)));
    assert!(changed.get("brand").is_none() && changed["titles"].get("en").is_none());
    let by_ean = format!("ean={EAN}");
    for query in ["sku=BOOK-1", by_ean.as_str(), "ean=08594000000006", "status=active"] {
        let found = harbour.get(&format!("/v1/products?{query}")).await.ok();
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{query}");
    }
    let none = harbour.get("/v1/products?sku=BOOK-2").await.ok();
    assert_eq!(none["items"], json!([]));
    for (other, found) in [("sku=BOOK-1&status=active", 1), ("sku=BOOK-1&status=draft", 0)] {
        let page = harbour.get(&format!("/v1/products?{other}")).await.ok();
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{other}");
    }
    let lost = harbour.get("/v1/products?sku=BOOK-1&status=lost").await;
    lost.at(400, "invalid_parameter", "status");
    harbour.get("/v1/products?ean=123").await.problem(400, "invalid_parameter");
    let again = harbour.post("/v1/products", atlas()).await;
    again.at(409, "sku_taken", "/sku");
}

#[tokio::test]
async fn of_two_editors_the_second_is_told_that_it_has_changed() {
    let (_shop, harbour) = Shop::trading().await;
    let made = make(&harbour, atlas()).await;
    let one = harbour.clone().header("if-match", "\"1\"");
    one.patch(&path(&made), json!({ "brand": "A" })).await.ok();
    let late = one.patch(&path(&made), json!({ "brand": "B" })).await;
    late.problem(412, "other_version");
    assert_eq!(harbour.get(&path(&made)).await.ok()["brand"], "A");
}

#[tokio::test]
async fn what_is_at_fault_is_named_where_it_stands_in_the_body() {
    let (_shop, harbour) = Shop::trading().await;
    let made = make(&harbour, atlas()).await;
    for (patch, pointer) in [
        (json!({ "ean": "8594000000007" }), "/ean"),
        (json!({ "titles": { "cs": "" } }), "/titles/cs"),
        (json!({ "attributes": { "color": "red" } }), "/attributes/color"),
        (json!({ "categories": ["nowhere"] }), "/categories"),
        (json!({ "id": "x" }), "/id"),
        (json!({ "created_at": "2026-01-01T00:00:00Z" }), "/created_at"),
        (
            json!({ "prices": [{ "kind": "base", "currency": "CZK", "amount_minor": -1 }] }),
            "/prices",
        ),
    ] {
        harbour.patch(&path(&made), patch.clone()).await.at(422, "invalid", pointer);
    }
    let bare = make(&harbour, json!({ "sku": "BARE" })).await;
    let early = harbour.patch(&path(&bare), json!({ "status": "active" })).await;
    early.at(409, "not_ready", "/status");
}

#[tokio::test]
async fn a_supplier_s_word_gives_way_to_a_person_s_until_it_is_released() {
    let (_shop, harbour) = Shop::trading().await;
    let made = make(&harbour, atlas()).await;
    let theirs = json!({ "source": "supplier:acme", "brand": "ACME", "mpn": "A1" });
    let shown = harbour.patch(&path(&made), theirs.clone()).await.ok();
    assert_eq!((&shown["brand"], &shown["mpn"]), (&json!("Kartografie"), &json!("A1")));
    let owners = shown["owners"].as_array().unwrap();
    assert!(
        owners
            .iter()
            .any(|owner| owner["source"] == "supplier:acme" && owner["fields"] == json!(["mpn"]))
    );
    let release = json!({ "fields": ["brand"] });
    harbour.post(&format!("{}/release", path(&made)), release).await.ok();
    assert_eq!(harbour.patch(&path(&made), theirs).await.ok()["brand"], "ACME");
}

#[tokio::test]
async fn many_products_are_written_at_once_and_each_row_is_told() {
    let (_shop, harbour) = Shop::trading().await;
    let made = make(&harbour, atlas()).await;
    let rows = json!({ "rows": [
        { "sku": "BOOK-1", "brand": "Bulk" },
        { "sku": "BOOK-2", "titles": { "cs": "Glóbus" }, "ean": "96385074" },
        { "ean": EAN, "mpn": "M-1" },
        { "ean": "4006381333931", "mpn": "M-2" },
        { "sku": "BOOK-3", "titles": { "cs": "" } },
        { "id": made["id"], "brand": "Bulk" },
    ] });
    let keyed = harbour.clone().header("idempotency-key", "bulk-1");
    let done = keyed.post("/v1/products/bulk", rows.clone()).await.ok();
    let status: Vec<_> = done["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["status"].as_str().unwrap())
        .collect();
    assert_eq!(status, ["updated", "created", "updated", "failed", "failed", "unchanged"]);
    assert_eq!(done["rows"][4]["pointer"], "/rows/4/titles/cs");
    assert_eq!(done["rows"][3]["code"], "not_found");
    let counts = [&done["created"], &done["updated"], &done["unchanged"], &done["failed"]];
    assert_eq!(counts, [&json!(1), &json!(2), &json!(1), &json!(2)]);
    let known = harbour.get(&path(&made)).await.ok();
    assert_eq!((&known["brand"], &known["mpn"]), (&json!("Bulk"), &json!("M-1")));
    let again = keyed.post("/v1/products/bulk", rows).await;
    assert_eq!(again.head("idempotency-replayed"), "true");
    assert_eq!(again.ok()["unchanged"], 4);
    assert_eq!(harbour.get(&path(&made)).await.ok()["version"], known["version"]);
    let none = harbour.post("/v1/products/bulk", json!({ "rows": [] })).await;
    none.at(422, "invalid", "/rows");
    let bare = harbour.post("/v1/products/bulk", json!({ "rows": [{ "brand": "x" }] })).await;
    bare.at(422, "invalid", "/rows/0");
}

#[tokio::test]
async fn prices_are_set_together_and_the_one_that_counts_is_shown() {
    let (_shop, harbour) = Shop::trading().await;
    let made = make(&harbour, atlas()).await;
    let prices = format!("{}/prices", path(&made));
    let sale = json!({ "prices": [
        { "kind": "sale", "currency": "CZK", "amount_minor": 29900, "until": "2099-01-01T00:00:00Z" },
        { "kind": "base", "currency": "CZK", "channel": "allegro", "amount_minor": 39900 },
    ] });
    harbour.put(&prices, sale).await.ok();
    let shown = harbour.get(&prices).await.ok();
    assert_eq!(shown["current"]["amount_minor"], 29900);
    assert_eq!(shown["current"]["regular_minor"], 34905);
    assert_eq!(shown["prices"].as_array().unwrap().len(), 3);
    let then = harbour.get(&format!("{prices}?at=2099-06-01T00:00:00Z")).await.ok();
    assert_eq!(then["current"]["amount_minor"], 34905);
    let there = harbour.get(&format!("{prices}?channel=allegro&currency=CZK")).await.ok();
    assert_eq!(there["current"]["amount_minor"], 39900);
    assert!(harbour.get(&format!("{prices}?currency=EUR")).await.ok().get("current").is_none());
    let gone = json!({ "prices": [{ "kind": "sale", "currency": "CZK", "amount_minor": null }] });
    harbour.put(&prices, gone).await.ok();
    let past = harbour.get(&format!("{prices}/history")).await.ok();
    let names: Vec<_> = past["items"].as_array().unwrap().iter().map(|one| &one["type"]).collect();
    assert_eq!(names, ["product.created", "price.changed", "price.changed"]);
    let all = harbour.get(&format!("{}/history", path(&made))).await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_rule_prices_what_a_supplier_sells() {
    let (_shop, harbour) = Shop::trading().await;
    let made = make(&harbour, json!({ "sku": "LAMP", "titles": { "cs": "Lampa" } })).await;
    let rules = |bp: u32| {
        json!({ "rules": [{ "name": "All", "currency": "CZK", "vat_bp": 2100,
            "formula": { "type": "markup", "bp": bp },
            "rounding": { "unit_minor": 100, "ending_minor": 0, "way": "up" } }] })
    };
    assert_eq!(harbour.put("/v1/pricing", rules(2_500)).await.ok()["version"], 1);
    let cost = json!({ "source": "supplier:acme",
        "prices": [{ "kind": "cost", "currency": "CZK", "amount_minor": 10000 }] });
    harbour.put(&format!("{}/prices", path(&made)), cost).await.ok();
    let now = |asker: Asker, at: String| async move {
        asker.get(&format!("{at}/prices")).await.ok()["current"]["amount_minor"].clone()
    };
    assert_eq!(now(harbour.clone(), path(&made)).await, 15_200);
    harbour.put("/v1/pricing", rules(5_000)).await.ok();
    harbour.act(&format!("{}/reprice", path(&made))).await.ok();
    assert_eq!(now(harbour.clone(), path(&made)).await, 18_200);
    let bad = harbour
        .put(
            "/v1/pricing",
            json!({ "rules": [{ "name": "", "currency": "CZK",
        "formula": { "type": "add", "amount_minor": 1 } }] }),
        )
        .await;
    bad.at(422, "invalid", "/rules/0/name");
}

#[tokio::test]
async fn categories_make_a_tree_that_is_moved_merged_and_never_a_ring() {
    let (_shop, harbour) = Shop::trading().await;
    let make = |name: &'static str, parent: Option<String>| {
        let (asker, body) = (harbour.clone(), json!({ "names": { "cs": name }, "parent": parent }));
        async move { asker.post("/v1/categories", body).await.ok()["id"].as_str().unwrap().to_owned() }
    };
    let media = make("Média", None).await;
    let books = make("Knihy", Some(media.clone())).await;
    let toys = make("Hračky", None).await;
    let at = |category: &str, what: &str| format!("/v1/categories/{category}/{what}");
    let ring = harbour.post(&at(&media, "move"), json!({ "parent": books })).await;
    ring.at(409, "cycle", "/parent");
    harbour.post(&at(&books, "move"), json!({ "parent": toys, "position": 3 })).await.ok();
    let tree = harbour.get("/v1/categories/tree").await.ok();
    let top = tree["items"].as_array().unwrap();
    let toy_shelf = top.iter().find(|one| one["id"] == toys.as_str()).unwrap();
    assert_eq!(toy_shelf["children"][0]["path"], json!([toys, books]));
    harbour.post(&at(&toys, "merge"), json!({ "into": media })).await.ok();
    let tree = harbour.get("/v1/categories/tree").await.ok();
    assert_eq!(tree["items"].as_array().unwrap().len(), 1);
    assert_eq!(tree["items"][0]["children"][0]["id"], books.as_str());
    harbour.act(&at(&books, "archive")).await.ok();
    assert_eq!(harbour.get("/v1/categories/tree").await.ok()["items"][0]["children"], json!([]));
    harbour.act(&at(&books, "restore")).await.ok();
    let renamed = json!({ "names": { "cs": "Knížky" }, "slug": "knizky" });
    let renamed = harbour.patch(&format!("/v1/categories/{books}"), renamed).await.ok();
    assert_eq!(renamed["slug"], "knizky");
    let merged = harbour.patch(&format!("/v1/categories/{toys}"), json!({ "position": 1 })).await;
    merged.problem(409, "category_merged");
}

#[tokio::test]
async fn attributes_are_checked_by_the_set_of_the_category() {
    let (_shop, harbour) = Shop::trading().await;
    let color = json!({ "labels": { "cs": "Barva" }, "filterable": true, "kind":
        { "type": "select", "options": { "red": { "cs": "červená" }, "blue": { "cs": "modrá" } } } });
    harbour.put("/v1/attributes/color", color).await.ok();
    let scale =
        json!({ "labels": { "cs": "Měřítko" }, "kind": { "type": "number", "unit": "km" } });
    harbour.put("/v1/attributes/scale", scale.clone()).await.ok();
    let set = json!({ "name": "Mapy", "attributes": [{ "code": "color", "required": true }] });
    harbour.put("/v1/attribute-sets/maps", set).await.ok();
    let shelf = json!({ "names": { "cs": "Mapy" }, "attribute_set": "maps" });
    let shelf = harbour.post("/v1/categories", shelf).await.ok()["id"].clone();
    let made = make(
        &harbour,
        json!({ "sku": "MAP", "titles": { "cs": "Mapa" },
        "categories": [shelf] }),
    )
    .await;
    let say = |value: Value| {
        let (asker, at) = (harbour.clone(), path(&made));
        async move { asker.patch(&at, json!({ "attributes": value })).await }
    };
    say(json!({ "color": "green" })).await.at(422, "invalid", "/attributes/color");
    say(json!({ "scale": "1.5" })).await.at(422, "invalid", "/attributes/scale");
    let active = harbour.patch(&path(&made), json!({ "status": "active" })).await;
    active.at(409, "not_ready", "/status");
    say(json!({ "color": "red" })).await.ok();
    harbour.patch(&path(&made), json!({ "status": "active" })).await.ok();
    let other = json!({ "labels": { "cs": "Měřítko" }, "kind": { "type": "text" } });
    harbour.put("/v1/attributes/scale", other).await.at(409, "kind_fixed", "/kind");
    let unknown = json!({ "name": "x", "attributes": [{ "code": "size" }] });
    let unknown = harbour.put("/v1/attribute-sets/x", unknown).await;
    unknown.at(422, "invalid", "/attributes/0/code");
    assert_eq!(harbour.get("/v1/attributes").await.ok()["items"].as_array().unwrap().len(), 2);
    assert_eq!(harbour.get("/v1/attribute-sets/maps").await.ok()["name"], "Mapy");
}

#[tokio::test]
async fn a_supplier_s_code_leads_to_the_product_that_it_was_linked_to() {
    let (_shop, harbour) = Shop::trading().await;
    let made = make(&harbour, atlas()).await;
    let link = json!({ "source": "acme", "code": "A/77" });
    harbour.post(&format!("{}/links", path(&made)), link.clone()).await.ok();
    let found = harbour.get("/v1/products?supplier=acme&code=A%2F77").await.ok();
    assert_eq!(found["items"][0]["id"], made["id"]);
    let other = make(&harbour, json!({ "sku": "OTHER", "titles": { "cs": "x" } })).await;
    let taken = harbour.post(&format!("{}/links", path(&other)), link.clone()).await;
    taken.at(409, "link_taken", "/code");
    harbour.post(&format!("{}/unlink", path(&made)), link).await.ok();
    let found = harbour.get("/v1/products?supplier=acme&code=A%2F77").await.ok();
    assert_eq!(found["items"], json!([]));
}

#[tokio::test]
async fn an_archived_product_is_kept_and_dry_runs_change_nothing() {
    let (_shop, harbour) = Shop::trading().await;
    let made = make(&harbour, atlas()).await;
    let would = harbour.act(&format!("{}/archive?dry_run=true", path(&made))).await.ok();
    assert_eq!(would["would"][0]["type"], "product.archived");
    assert_eq!(harbour.get(&path(&made)).await.ok()["status"], "draft");
    harbour.act(&format!("{}/archive", path(&made))).await.ok();
    assert_eq!(
        harbour.get("/v1/products?status=archived").await.ok()["items"][0]["id"],
        made["id"]
    );
    let dry = json!({ "rows": [{ "sku": "NEW", "titles": { "cs": "x" } }] });
    let dry = harbour.post("/v1/products/bulk?dry_run=true", dry).await.ok();
    assert_eq!(dry["created"], 1);
    assert_eq!(harbour.get("/v1/products?sku=NEW").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn clients_of_the_system_before_read_products_and_categories_in_their_shape() {
    let (shop, harbour) = Shop::trading().await;
    let shelf = json!({ "names": { "cs": "Knihy" }, "slug": "knihy" });
    let shelf = harbour.post("/v1/categories", shelf).await.ok()["id"].clone();
    let mut wish = atlas();
    wish["categories"] = json!([shelf]);
    wish["media"] = json!([{ "url": "https://cdn.example/a.jpg", "alt": { "cs": "Obálka" } }]);
    let made = make(&harbour, wish).await;
    harbour.patch(&path(&made), json!({ "status": "active" })).await.ok();
    make(&harbour, json!({ "sku": "LAMP", "titles": { "cs": "Lampa" } })).await;
    let one = harbour.get("/api/products/sku/BOOK-1").await.ok();
    assert_eq!(one["success"], true);
    let data = &one["data"];
    assert_eq!((&data["id"], &data["isActive"]), (&made["id"], &json!(true)));
    assert_eq!((&data["weightKg"], &data["dimensionsCm"]["width"]), (&json!(0.35), &json!(21.0)));
    assert_eq!(data["pricing"][0]["basePrice"], json!(349.05));
    assert_eq!(data["media"][0]["isPrimary"], true);
    let by_id = format!("/api/products/{}", made["id"].as_str().unwrap());
    assert_eq!(harbour.get(&by_id).await.ok()["data"], *data);
    let page = harbour.get("/api/products?page=2&limit=1").await.ok();
    let pages = json!({ "total": 2, "page": 2, "limit": 1, "pages": 2 });
    assert_eq!(page["pagination"], pages);
    for (query, sku) in [
        ("isActive=false", "LAMP"),
        ("isActive=true", "BOOK-1"),
        ("search=velk", "BOOK-1"),
        ("search=LAMP", "LAMP"),
        (&*format!("categoryId={}", shelf.as_str().unwrap()), "BOOK-1"),
    ] {
        let page = harbour.get(&format!("/api/products?{query}")).await.ok();
        assert_eq!(
            (&page["pagination"]["total"], &page["data"][0]["sku"]),
            (&json!(1), &json!(sku))
        );
    }
    harbour.get("/api/products?limit=101").await.problem(400, "invalid_parameter");
    let tree = harbour.get("/api/categories/tree").await.ok();
    assert_eq!(tree["data"][0]["path"], "knihy");
    let flat = harbour.get("/api/categories").await.ok();
    assert_eq!((&flat["data"][0]["id"], &flat["data"][0]["level"]), (&shelf, &json!(0)));
    harbour.get("/api/products/sku/NONE").await.problem(404, "not_found");
    shop.nobody().get("/api/products").await.problem(401, "unauthorized");
}

fn pixel() -> Vec<u8> {
    let mut content = std::io::Cursor::new(Vec::new());
    let picture = image::DynamicImage::new_rgba8(1, 1);
    picture.write_to(&mut content, image::ImageFormat::Png).unwrap();
    content.into_inner()
}

#[tokio::test]
async fn a_picture_is_uploaded_once_and_shown_to_whoever_has_its_address() {
    let (shop, harbour) = Shop::trading().await;
    let up = harbour.raw("/v1/media", pixel(), Some("image/png")).await;
    assert_eq!(up.status, 201, "{}", up.text());
    let up = up.json();
    assert_eq!((&up["format"], &up["width_px"]), (&json!("png"), &json!(1)));
    let url = up["url"].as_str().unwrap();
    let seen = shop.nobody().get(url).await;
    assert_eq!((seen.status.as_u16(), seen.head("content-type")), (200, "image/png".to_owned()));
    assert!(seen.head("cache-control").contains("immutable"));
    let known = shop.nobody().header("if-none-match", &seen.head("etag"));
    assert_eq!(known.get(url).await.status, 304);
    assert_eq!(shop.nobody().get(up["copies"][0]["url"].as_str().unwrap()).await.status, 200);
    shop.nobody().get(&format!("{url}?side=201")).await.problem(400, "invalid_parameter");
    let elsewhere = url.replace("harbour-books", "other-books");
    shop.nobody().get(&elsewhere).await.problem(404, "not_found");
    let made = make(&harbour, atlas()).await;
    let media = json!({ "media": [{ "url": url, "hash": up["hash"] }] });
    harbour.patch(&path(&made), media).await.ok();
    let page = harbour.raw("/v1/media", "<script>", Some("image/png")).await;
    page.problem(415, "unsupported_media_type");
    let broken = harbour.raw("/v1/media", pixel()[..20].to_vec(), Some("image/png")).await;
    broken.problem(422, "invalid");
}

/// Keeps the shop's indexes in step, as a node does.
async fn follow(shop: &Shop) {
    let ground = shop.intake.ground();
    let (journal, store) = (ground.journal.clone(), Arc::clone(&ground.store));
    let keeper: Arc<dyn Follow> = Arc::new(SearchKeeper::new(shop.search.clone()));
    Actor::spawn(None, Follower::new(0, keeper, journal, store), 0).await.unwrap();
}

/// The SKUs that are found, once so many are.
async fn found(asker: &Asker, query: &str, count: usize) -> Vec<String> {
    let mut skus = Vec::new();
    for _ in 0..3_000 {
        let page = asker.get(&format!("/v1/products?{query}")).await.ok();
        let items = page["items"].as_array().unwrap();
        skus = items.iter().map(|one| one["sku"].as_str().unwrap().to_owned()).collect();
        if skus.len() == count {
            return skus;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{query}: {skus:?}");
}

#[tokio::test]
async fn products_are_found_without_accents_with_slips_and_by_their_codes() {
    let (shop, harbour) = Shop::trading().await;
    follow(&shop).await;
    let shelf = json!({ "names": { "cs": "Média" } });
    let shelf = harbour.post("/v1/categories", shelf).await.ok()["id"].clone();
    let books = json!({ "names": { "cs": "Knihy" }, "parent": shelf });
    let books = harbour.post("/v1/categories", books).await.ok()["id"].clone();
    let color = json!({ "labels": { "cs": "Barva" }, "filterable": true, "searchable": true,
        "kind": { "type": "select", "options": { "red": { "cs": "červená" } } } });
    harbour.put("/v1/attributes/color", color).await.ok();
    make(
        &harbour,
        json!({ "sku": "KUN-1", "titles": { "cs": "Žluťoučký kůň" }, "brand": "Příroda",
        "categories": [books], "attributes": { "color": "red" }, "ean": EAN }),
    )
    .await;
    make(&harbour, json!({ "sku": "TIL-2", "titles": { "kk": "Қазақ тілі оқулығы" } })).await;
    make(&harbour, json!({ "sku": "JAZ-3", "titles": { "pl": "Zażółć gęślą jaźń" } })).await;
    found(&harbour, "q=kun", 1).await;
    for (query, sku) in [
        ("q=ZLUTOUCKY", "KUN-1"),
        ("q=zlutoucki%20kun", "KUN-1"),
        ("q=%C5%BElut", "KUN-1"),
        ("q=cervena", "KUN-1"),
        ("q=priroda", "KUN-1"),
        ("q=8594000000006", "KUN-1"),
        ("q=kun1", "KUN-1"),
        ("q=%D0%BA%D0%B0%D0%B7%D0%B0%D0%BA", "TIL-2"),
        ("q=zazolc", "JAZ-3"),
        ("attribute=color%3Dred", "KUN-1"),
        ("brand=P%C5%99%C3%ADroda", "KUN-1"),
        (&*format!("category={}", shelf.as_str().unwrap()), "KUN-1"),
    ] {
        assert_eq!(found(&harbour, query, 1).await, [sku], "{query}");
    }
    found(&harbour, "q=velryba", 0).await;
    let page = harbour.get("/v1/products?q=kun").await.ok();
    assert_eq!(page["total"], 1);
    assert_eq!(page["facets"]["attribute"], json!([{ "value": "color=red", "count": 1 }]));
    let other = shop.tenant("other-books").await;
    found(&other, "q=kun", 0).await;
}

#[tokio::test]
async fn what_changes_is_found_as_it_is_now() {
    let (shop, harbour) = Shop::trading().await;
    follow(&shop).await;
    let made = make(&harbour, atlas()).await;
    found(&harbour, "q=atlas&status=draft", 1).await;
    harbour.patch(&path(&made), json!({ "titles": { "cs": "Globus", "en": null } })).await.ok();
    found(&harbour, "q=globus", 1).await;
    found(&harbour, "q=atlas", 0).await;
    harbour.act(&format!("{}/archive", path(&made))).await.ok();
    found(&harbour, "q=globus&status=draft", 0).await;
    harbour.get("/v1/products?q=x&sku=y").await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn what_a_tenant_left_on_disk_goes_with_it() {
    let (shop, harbour) = Shop::trading().await;
    let kept = harbour.raw("/v1/media", pixel(), Some("image/png")).await.json();
    let url = kept["url"].as_str().unwrap();
    assert_eq!(shop.nobody().get(url).await.status, 200);
    make(&harbour, atlas()).await;
    found(&harbour, "q=atlas", 1).await;
    let left = Belongings::new(shop.uploads(), shop.search.clone());
    let tenant = TenantId::parse("harbour-books").unwrap();
    let gone = StoredEvent {
        shard: 0,
        seq: 1,
        id: EventId::fresh(Timestamp::now()),
        tenant,
        domain: "tenant".into(),
        entity: EntityId::named("tenant"),
        version: 1,
        name: "tenant.deleted".into(),
        at: Timestamp::now(),
        payload: "{}".into(),
        meta: "{}".into(),
    };
    assert!(left.lane(&gone).is_some());
    left.handle("", &[Arc::new(gone)]).await.unwrap();
    shop.nobody().get(url).await.problem(404, "not_found");
    // What is not there is built from the database again, as long as that has it.
    found(&harbour, "q=atlas", 1).await;
}
