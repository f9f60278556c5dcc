//! What holds for every route: bodies, ids, headers, and what goes wrong.

use crate::shop::{ADMIN, Shop, available, order, stock};
use axum::body::Body;
use futures_util::stream;
use http::Method;
use kontor_actors::{memory::MemoryStore, store::CommitError, tenant::load_pauses};
use serde_json::{Value, json};
use std::convert::Infallible;

const JSON: Option<&str> = Some("application/json");

#[tokio::test]
async fn a_body_that_is_not_sound_json_is_refused_with_a_clear_word() {
    let (_shop, harbour) = Shop::trading().await;
    let whole = order("atlas", 1).to_string();
    let truncated = whole[..whole.len() / 2].to_owned();
    harbour.raw("/v1/orders", truncated, JSON).await.problem(400, "malformed_body");
    harbour.raw("/v1/orders", format!("{whole}x"), JSON).await.problem(400, "malformed_body");
    harbour
        .raw("/v1/orders", &b"{\"channel\":\"\xff\"}"[..], JSON)
        .await
        .problem(400, "malformed_body");
    harbour.raw("/v1/orders", "", JSON).await.problem(400, "malformed_body");
    harbour.raw("/v1/orders", "[]", JSON).await.problem(422, "invalid");
    let twice = whole.replacen("{", "{\"channel\":\"web\",", 1);
    let body = harbour.raw("/v1/orders", twice, JSON).await.problem(422, "invalid");
    assert!(body["detail"].as_str().unwrap().contains("duplicate field"), "{body}");
    let nul = whole.replace("Jana", "\\u0000");
    harbour.raw("/v1/orders", nul, JSON).await.problem(400, "malformed_body");
    harbour.raw("/v1/orders", "{}", JSON).await.problem(422, "invalid");
    harbour.raw("/v1/orders", Body::empty(), None).await.problem(400, "malformed_body");
    assert_eq!(available(&harbour, "atlas").await, 10);
}

#[tokio::test]
async fn a_body_says_that_it_is_json() {
    let (_shop, harbour) = Shop::trading().await;
    let whole = order("atlas", 1).to_string();
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let answer = harbour.raw("/v1/orders", whole.clone(), kind).await;
        answer.problem(415, "unsupported_media_type");
    }
    let kind = Some("application/json; charset=utf-8");
    harbour.raw("/v1/orders", whole, kind).await.ok();
}

#[tokio::test]
async fn megabytes_where_kilobytes_belong_are_not_read() {
    let (shop, harbour) = Shop::trading().await;
    let megabyte = " ".repeat(1 << 20);
    harbour.raw("/v1/orders", megabyte.clone(), JSON).await.problem(413, "body_too_large");
    let frames = stream::iter((0..64).map(|_| Ok::<_, Infallible>(" ".repeat(1 << 14))));
    let unannounced = Body::from_stream(frames);
    harbour.raw("/v1/orders", unannounced, JSON).await.problem(413, "body_too_large");
    let path = &shop.hook("harbour-books", "stripe", "main");
    harbour.raw(path, megabyte, JSON).await.problem(413, "body_too_large");
}

#[tokio::test]
async fn a_body_in_many_frames_is_one_body() {
    let (_shop, harbour) = Shop::trading().await;
    let whole = order("atlas", 1).to_string().into_bytes();
    let frames: Vec<_> = whole.chunks(7).map(|frame| Ok::<_, Infallible>(frame.to_vec())).collect();
    harbour.raw("/v1/orders", Body::from_stream(stream::iter(frames)), JSON).await.ok();
}

#[tokio::test]
async fn a_path_that_nobody_has_and_a_method_that_it_does_not_take_are_problems() {
    let (_shop, harbour) = Shop::trading().await;
    harbour.get("/v1/nothing").await.problem(404, "unknown_route");
    harbour.get("/").await.problem(404, "unknown_route");
    harbour.delete("/v1/orders").await.problem(405, "method_not_allowed");
    harbour.get("/v1/orders/%ff").await.problem(400, "malformed_path");
    harbour.get("/v1/orders/%00").await.problem(404, "not_found");
    harbour.get(&format!("/v1/orders/{}", "x".repeat(300))).await.problem(404, "not_found");
    harbour.get("/v1/keys/..%2Ftenant").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_request_s_id_comes_back_or_is_made() {
    let (_shop, harbour) = Shop::trading().await;
    let named = harbour.clone().header("x-request-id", "mine-1").get("/ping").await;
    assert_eq!(named.head("x-request-id"), "mine-1");
    let long = harbour.clone().header("x-request-id", &"x".repeat(200)).get("/ping").await;
    assert_eq!(long.head("x-request-id").len(), 36);
    assert_ne!(harbour.get("/ping").await.head("x-request-id"), long.head("x-request-id"));
}

#[tokio::test]
async fn answers_carry_what_keeps_browsers_careful() {
    let (_shop, harbour) = Shop::trading().await;
    let answer = harbour.get("/v1/orders").await;
    assert_eq!(answer.head("x-content-type-options"), "nosniff");
    assert_eq!(answer.head("x-frame-options"), "DENY");
    assert_eq!(answer.head("cache-control"), "private, no-cache");
    assert!(answer.head("content-security-policy").contains("frame-ancestors 'none'"));
}

#[tokio::test]
async fn a_long_answer_is_compressed_for_who_asks_for_it() {
    let (_shop, harbour) = Shop::trading().await;
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let zipped = harbour.clone().header("accept-encoding", "gzip").get("/v1/orders").await;
    assert_eq!(zipped.head("content-encoding"), "gzip");
    assert_eq!(harbour.get("/v1/orders").await.head("content-encoding"), "");
}

#[tokio::test]
async fn pages_of_known_origins_may_call_and_no_others() {
    let shop = Shop::with(|settings| settings.cors_origins = vec!["https://shop.example".into()]);
    let shop = shop.await;
    let from = |origin: &str| {
        let asker = shop.nobody().header("origin", origin);
        asker.header("access-control-request-method", "POST")
    };
    let known = from("https://shop.example");
    let known = known.ask(Method::OPTIONS, "/v1/orders", Body::empty(), None).await;
    assert_eq!(known.head("access-control-allow-origin"), "https://shop.example");
    let other = from("https://evil.example");
    let other = other.ask(Method::OPTIONS, "/v1/orders", Body::empty(), None).await;
    assert_eq!(other.head("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_panic_is_answered_and_the_next_request_served() {
    let shop = Shop::open().await;
    shop.panicking().get("/metrics").await.problem(500, "internal_error");
    shop.nobody().get("/ping").await;
}

#[tokio::test]
async fn what_takes_too_long_is_answered_as_unknown() {
    let store = MemoryStore::new();
    let shop = Shop::on(store, |settings| settings.request_timeout_ms = 300).await;
    let harbour = shop.tenant("harbour-books").await;
    shop.store.hold();
    let answer = harbour.put("/v1/warehouses/main", json!({ "name": "Main" })).await;
    assert_eq!(answer.head("retry-after"), "1");
    answer.problem(503, "unavailable");
    shop.store.release();
}

#[tokio::test]
async fn what_could_not_be_written_is_said_to_be_unknown_and_can_be_asked_again() {
    let (shop, harbour) = Shop::trading().await;
    let keyed = harbour.clone().header("idempotency-key", "k");
    shop.store.fail_next(CommitError::Rejected("a rule of the database".into()), 1);
    keyed.post("/v1/orders", order("atlas", 1)).await.problem(503, "unavailable");
    keyed.post("/v1/orders", order("atlas", 1)).await.ok();
    assert_eq!(available(&harbour, "atlas").await, 9);
}

#[tokio::test]
async fn a_node_that_stops_lets_nobody_in() {
    let (shop, harbour) = Shop::trading().await;
    shop.intake.admission().close();
    harbour.post("/v1/orders", order("atlas", 1)).await.problem(503, "unavailable");
    harbour.get("/v1/orders").await.ok();
}

#[tokio::test]
async fn a_quarantined_domain_says_so_until_it_is_released() {
    let (shop, harbour) = Shop::trading().await;
    let tenant = "harbour-books".parse().unwrap();
    shop.intake.hosts().named("order").unwrap().quarantine(&tenant, "panic in order".into());
    let answer = harbour.post("/v1/orders", order("atlas", 1)).await;
    assert_eq!(answer.head("retry-after"), "30");
    answer.problem(503, "quarantined");
    let all = shop.operator().get("/v1/quarantine").await.ok();
    assert_eq!(all["items"][0]["domain"], "order");
    let path = "/v1/quarantine/harbour-books/order/release";
    assert_eq!(shop.operator().act(path).await.status, 204);
    shop.operator().act(path).await.problem(404, "not_found");
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
}

#[tokio::test]
async fn a_domain_that_is_paused_refuses_says_when_to_ask_again_and_goes_on() {
    let (shop, harbour) = Shop::trading().await;
    let operator = shop.operator();
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let (pause, resume) =
        ("/v1/actors/harbour-books/order/pause", "/v1/actors/harbour-books/order/resume");
    harbour.act(pause).await.problem(403, "operator_only");
    for domain in ["tenant", "user", "signing"] {
        let refused = operator.act(&format!("/v1/actors/harbour-books/{domain}/pause")).await;
        refused.problem(409, "not_pausable");
    }
    operator.act("/v1/actors/harbour-books/nothing/pause").await.problem(404, "not_found");
    operator.act("/v1/actors/nobody/order/pause").await.problem(404, "not_found");
    operator.act(&format!("{pause}?dry_run=true")).await.ok();
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let told = operator.act(pause).await.ok();
    assert!(told["paused"]["order"].is_string(), "{told}");
    let refused = harbour.post("/v1/orders", order("atlas", 1)).await;
    assert_eq!(refused.head("retry-after"), "30");
    refused.problem(503, "actor_paused");
    let path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
    harbour
        .post(&format!("{path}/cancel"), json!({ "reason": "merchant" }))
        .await
        .problem(503, "actor_paused");
    assert_eq!(harbour.get(&path).await.ok()["status"], "pending", "it can be read");
    // Others of the tenant go on, and so do other tenants.
    harbour.put("/v1/warehouses/second", json!({ "name": "Second" })).await.ok();
    let seen = operator.get("/v1/actors?tenant=harbour-books").await.ok();
    let seen = seen["items"].as_array().unwrap().iter().find(|one| one["domain"] == "order");
    assert_eq!(seen.unwrap()["status"], "paused");
    for _ in 0..2 {
        let told = operator.act(resume).await.ok();
        assert!(told.get("paused").is_none(), "{told}");
    }
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
}

#[tokio::test]
async fn a_domain_stays_paused_when_the_node_begins_anew() {
    let store = MemoryStore::new();
    let shop = Shop::on(store.clone(), |_| ()).await;
    let harbour = shop.tenant("harbour-books").await;
    shop.tenant("market").await;
    stock(&harbour, "atlas", 10).await;
    shop.operator().act("/v1/actors/harbour-books/order/pause").await.ok();
    let again = Shop::on(store, |_| ()).await;
    load_pauses(&again.store, again.intake.hosts()).await.unwrap();
    let harbour = harbour.at(&again);
    harbour.post("/v1/orders", order("atlas", 1)).await.problem(503, "actor_paused");
    again.operator().act("/v1/actors/harbour-books/order/resume").await.ok();
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
}

#[tokio::test]
async fn a_shard_that_lives_is_told_with_its_events_and_its_actors_to_operators_alone() {
    let (shop, harbour) = Shop::trading().await;
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let told = shop.operator().get("/v1/shards").await.ok();
    let shards = told["items"].as_array().unwrap();
    assert_eq!((shards.len(), &shards[0]["shard"]), (1, &json!(0)));
    assert!(shards[0]["events"].as_i64().unwrap() > 0);
    assert!(shards[0]["actors_running"].as_u64().unwrap() >= 3, "{told}");
    // Nobody follows the journal here.
    assert_eq!(shards[0]["followers"], json!([]));
    harbour.get("/v1/shards").await.problem(403, "operator_only");
}

#[tokio::test]
async fn an_actor_is_seen_at_work_and_one_that_is_killed_loses_nothing() {
    let (shop, harbour) = Shop::trading().await;
    let placed = harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    let operator = shop.operator();
    let all = operator.get("/v1/actors?tenant=harbour-books").await.ok();
    let domains: Vec<_> = all["items"].as_array().unwrap().iter().collect();
    let orders = domains.iter().find(|actor| actor["domain"] == "order").unwrap();
    assert_eq!((&orders["status"], &orders["waiting"]), (&json!("running"), &json!(0)));
    assert!(orders["done"].as_u64().unwrap() >= 1 && orders["crashes"] == 0);
    let pace = (&orders["answers_per_minute"], &orders["answer_p99_us"]);
    assert!(0 < pace.0.as_u64().unwrap() && 0 < pace.1.as_u64().unwrap(), "{pace:?}");
    assert_eq!(orders["shard"], 0);
    let first = operator.get("/v1/actors?limit=1").await.ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = operator.get(&format!("/v1/actors?limit=1&cursor={cursor}")).await.ok();
    assert_ne!(first["items"][0], second["items"][0]);
    operator.get("/v1/actors?limit=0").await.problem(400, "invalid_parameter");
    let of_domain = operator.get("/v1/actors?domain=order").await.ok();
    let of_domain = of_domain["items"].as_array().unwrap();
    assert!(!of_domain.is_empty() && of_domain.iter().all(|actor| actor["domain"] == "order"));
    let running = operator.get("/v1/actors?domain=order&status=running&shard=0").await.ok();
    assert_eq!(running["items"].as_array().unwrap().len(), of_domain.len());
    let paused = operator.get("/v1/actors?status=paused").await.ok();
    assert_eq!(paused["items"], json!([]));
    for bad in ["status", "shard"] {
        operator.get(&format!("/v1/actors?{bad}=99")).await.at(400, "invalid_parameter", bad);
    }
    let path = "/v1/actors/harbour-books/order/restart";
    assert_eq!(operator.act(path).await.status, 204);
    let id = placed["id"].as_str().unwrap();
    assert_eq!(harbour.get(&format!("/v1/orders/{id}")).await.ok()["status"], placed["status"]);
    harbour.post("/v1/orders", order("atlas", 1)).await.ok();
    operator.act("/v1/actors/harbour-books/nothing/restart").await.problem(404, "not_found");
    operator.act("/v1/actors/nobody/order/restart").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_node_is_ready_while_its_database_answers() {
    let shop = Shop::open().await;
    let nobody = shop.nobody();
    assert_eq!(nobody.get("/health").await.ok()["status"], "up");
    assert_eq!(nobody.get("/ping").await.text(), "pong");
    assert_eq!(nobody.get("/ready").await.ok()["ready"], true);
    assert!(nobody.get("/metrics").await.text().starts_with('#'));
    shop.store.away();
    let unready = nobody.get("/ready").await;
    assert_eq!(unready.status, 503);
    assert_eq!(unready.json()["reasons"], json!(["the database does not answer"]));
    shop.operator().get("/v1/tenants").await.problem(503, "unavailable");
    shop.store.heal();
    shop.api.close();
    assert_eq!(nobody.get("/ready").await.json()["reasons"], json!(["the node is stopping"]));
}

#[tokio::test]
async fn the_operator_s_token_is_nothing_where_none_is_set() {
    let shop = Shop::with(|settings| settings.admin_token = None).await;
    shop.nobody().token(ADMIN).get("/v1/tenants").await.problem(401, "unauthorized");
    shop.nobody().token("").get("/v1/tenants").await.problem(401, "unauthorized");
}

#[tokio::test]
async fn the_description_names_every_route_with_its_problems() {
    let shop = Shop::open().await;
    let described = shop.nobody().get("/openapi.json").await.ok();
    assert_eq!(described["openapi"], "3.1.0");
    let mut operations = 0;
    for (path, item) in described["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            let responses = operation["responses"].as_object().unwrap();
            if path.starts_with("/v1/") {
                for status in ["400", "401", "403", "404", "429", "500", "503"] {
                    assert!(responses.contains_key(status), "{method} {path} {status}");
                }
                assert!(operation["security"].is_array(), "{method} {path}");
            }
            let described = operation["summary"].as_str().or(operation["description"].as_str());
            assert!(described.is_some(), "{method} {path} says nothing");
        }
    }
    assert!(operations > 80, "{operations}");
    assert_eq!(unknown_references(&described), Vec::<String>::new());
    // Two types of one name would be described as one.
    let schemas = &described["components"]["schemas"];
    assert!(schemas["Problem"]["properties"]["instance"].is_object());
    assert!(schemas["PaymentProblem"]["properties"]["message"].is_object());
    let docs = shop.nobody().get("/docs/").await;
    assert!(docs.text().contains("swagger-ui"), "{}", docs.text());
    assert!(!docs.text().contains("https://"), "the page needs the net");
}

/// References that lead nowhere.
fn unknown_references(document: &Value) -> Vec<String> {
    fn walk(root: &Value, value: &Value, unknown: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                let reference = members.get("$ref").and_then(Value::as_str);
                let leads = |to: &str| root.pointer(to.trim_start_matches('#')).is_some();
                unknown.extend(reference.filter(|to| !leads(to)).map(str::to_owned));
                members.values().for_each(|value| walk(root, value, unknown));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(root, value, unknown)),
            _ => {}
        }
    }
    let mut unknown = Vec::new();
    walk(document, document, &mut unknown);
    unknown
}

/// Two types of one name would be one schema of the description, and one of them told wrongly.
#[test]
fn each_schema_of_the_description_has_a_name_of_its_own() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut homes = std::collections::BTreeMap::<String, Vec<String>>::new();
    for part in ["messages", "feeds", "actors", "adapters"] {
        each_source(&root.join(part).join("src"), &mut |file, source| {
            for name in schemas(source) {
                homes.entry(name).or_default().push(file.to_owned());
            }
        });
    }
    assert!(homes.contains_key("Summary"), "schemas were found");
    homes.retain(|_, files| files.len() > 1);
    assert!(homes.is_empty(), "{homes:#?}");
}

fn each_source(folder: &std::path::Path, tell: &mut dyn FnMut(&str, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_source(&path, tell);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            tell(path.to_str().unwrap(), &std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Names of the schemas that a source describes; those of generic types are made of their parts.
fn schemas(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (place, _) in source.match_indices("ToSchema)]") {
        let rest = &source[place..];
        let heads = ["struct ", "enum "].map(|word| rest.find(word).map(|at| at + word.len()));
        let Some(head) = heads.into_iter().flatten().min() else { continue };
        let name = match rest[..head].split_once("schema(as = ") {
            Some((_, named)) => named.split([')', ',']).next().unwrap(),
            None => rest[head..].split([' ', '(', ';']).next().unwrap(),
        };
        if !name.contains('<') {
            names.push(name.to_owned());
        }
    }
    names
}
