//! The description of the API. Handlers describe themselves; what all of them share is added here,
//! once: who may call, the common headers, the dry run and the problems.

use super::problem::{FormerProblemDocument, ProblemDocument};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use utoipa::{
    PartialSchema,
    openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, OpenApiVersion},
};

const ABOUT: &str = "Commerce back office on one journal. Every answer about a thing carries its \
    `version`, which is also its `ETag`. Every POST takes an `Idempotency-Key`. Errors are \
    `application/problem+json` (RFC 9457) with a stable `code`.";

const PREFIX: &str = "#/components/schemas/";

/// Problems that any request may meet.
const ANY: [&str; 7] = ["400", "401", "403", "404", "429", "500", "503"];
/// Problems that a command may meet besides.
const COMMAND: [&str; 5] = ["409", "412", "413", "415", "422"];

/// What the description begins with.
pub(super) fn base() -> OpenApi {
    let components = ComponentsBuilder::new()
        .schema("Problem", ProblemDocument::<'static>::schema())
        .schema("FormerProblem", FormerProblemDocument::<'static>::schema())
        .schema("Fault", super::problem::Fault::schema());
    OpenApiBuilder::new()
        .openapi(OpenApiVersion::Version31)
        .info(
            InfoBuilder::new()
                .title("Kontor")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT)),
        )
        .components(Some(components.build()))
        .build()
}

/// The description with what all routes share.
pub(super) fn document(described: OpenApi) -> Value {
    let mut document = serde_json::to_value(described).unwrap_or_default();
    if let Some(components) = document["components"].as_object_mut() {
        components.insert("securitySchemes".to_owned(), security_schemes());
        components.insert("responses".to_owned(), responses());
        components.insert("parameters".to_owned(), parameters());
        let schemas = components.entry("schemas").or_insert_with(|| json!({}));
        schemas["DryRun"] = dry_run();
    }
    open_parts(&mut document);
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        let operations = item.as_object_mut().into_iter().flatten();
        for (method, operation) in operations {
            if let Some(operation) = operation.as_object_mut() {
                complete(path, method, operation);
            }
        }
    }
    document
}

/// The description as it is served; written when it is first asked for.
pub(super) struct Described {
    described: Mutex<Option<OpenApi>>,
    written: OnceLock<Bytes>,
}

impl Described {
    pub(super) fn new(described: OpenApi) -> Self {
        Self { described: Mutex::new(Some(described)), written: OnceLock::new() }
    }

    fn written(&self) -> Bytes {
        let write = || {
            let described = self.described.lock().unwrap_or_else(PoisonError::into_inner).take();
            document(described.unwrap_or_else(base)).to_string().into()
        };
        self.written.get_or_init(write).clone()
    }
}

/// Serves the description.
pub(super) async fn serve(described: Arc<Described>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, described.written()).into_response()
}

/// Adds to an operation what it shares with others.
fn complete(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let own = path.starts_with("/v1/");
    operation.insert("operationId".to_owned(), operation_id(path, method).into());
    if own || is_former(path) || path.starts_with(FORMER_API) {
        operation.insert("security".to_owned(), security(path));
    }
    for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
        if answer.get("description").is_none_or(|told| told == "") {
            answer["description"] = described(status).into();
        }
    }
    let mut headers = shared_headers(path, method);
    let shown = operation["responses"]["200"]["content"]["application/json"].is_object();
    if own && method == "get" && shown && path.ends_with('}') {
        headers.push("IfNoneMatch");
        operation["responses"]["304"] = json!({ "description": "The caller has this version." });
    }
    if takes_dry_run(operation) {
        offer_dry_run(operation);
    }
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    for name in headers {
        let reference = json!({ "$ref": format!("#/components/parameters/{name}") });
        parameters.as_array_mut().into_iter().for_each(|all| all.push(reference.clone()));
    }
    let responses = &mut operation["responses"];
    for status in problems(path, method) {
        if responses.get(status).is_none() {
            let shape = if is_former(path) { "FormerProblem" } else { "Problem" };
            responses[status] = json!({ "$ref": format!("#/components/responses/{shape}") });
        }
    }
}

/// Routes of users that nobody has to prove anything for; the rest want an access token.
const FOR_ANYBODY: [&str; 10] = [
    "register",
    "login",
    "refresh",
    "validate",
    "logout",
    "verify-email",
    "password/forgot",
    "password/reset",
    "codes",
    "codes/verify",
];

/// How the routes of the catalog and of suppliers before begin.
const FORMER_API: &str = "/api/";

/// Routes of the payments service before.
fn is_former(path: &str) -> bool {
    path.starts_with("/payments/")
}

fn security(path: &str) -> Value {
    if is_former(path) {
        return json!([{ "api_key": [] }, { "key": [] }]);
    }
    match path.strip_prefix("/v1/auth/") {
        Some(rest) if FOR_ANYBODY.contains(&rest) => json!([]),
        Some(_) => json!([{ "user": [] }]),
        None => json!([{ "key": [] }]),
    }
}

fn shared_headers(path: &str, method: &str) -> Vec<&'static str> {
    let mut headers = vec!["RequestId"];
    if is_former(path) {
        headers.push("Tenant");
        headers.extend((method == "post").then_some("IdempotencyKey"));
        return headers;
    }
    if path.starts_with(FORMER_API) {
        headers.push("Tenant");
        headers.extend((method == "post").then_some("IdempotencyKey"));
    }
    if path.starts_with("/v1/auth/me/views") {
        headers.push("Tenant");
    }
    if !path.starts_with("/v1/") || path.starts_with("/v1/auth/") {
        return headers;
    }
    let tenantless = [
        "/v1/tenants",
        "/v1/actors",
        "/v1/shards",
        "/v1/platform",
        "/v1/quarantine",
        "/v1/users",
        "/v1/identity",
        "/v1/invitations/accept",
    ];
    if !tenantless.iter().any(|start| path.starts_with(start)) {
        headers.push("Tenant");
    }
    match method {
        "get" => {}
        "post" => headers.extend(["IfMatch", "IdempotencyKey"]),
        _ => headers.push("IfMatch"),
    }
    headers
}

fn problems(path: &str, method: &str) -> Vec<&'static str> {
    match path {
        "/ready" => Vec::new(),
        _ if path.starts_with("/v1/") && method == "get" => ANY.to_vec(),
        _ if path.starts_with("/v1/") => [&ANY[..], &COMMAND[..]].concat(),
        _ if is_former(path) && method == "get" => ANY.to_vec(),
        _ if is_former(path) => [&ANY[..], &COMMAND[..]].concat(),
        _ if path.starts_with(FORMER_API) && method == "get" => ANY.to_vec(),
        _ if path.starts_with(FORMER_API) => [&ANY[..], &COMMAND[..]].concat(),
        _ if path.starts_with("/auth/") => [&ANY[..], &COMMAND[..]].concat(),
        _ if path.starts_with("/pay/") || path.starts_with("/media/") => ANY.to_vec(),
        _ if path.starts_with("/webhooks/") => [&ANY[..], &["413"]].concat(),
        _ => vec!["500", "503"],
    }
}

/// `post_orders_order_cancel` for `POST /v1/orders/{order}/cancel`.
fn operation_id(path: &str, method: &str) -> String {
    let words = path.trim_start_matches("/v1").split(['/', '-']).filter(|word| !word.is_empty());
    words.fold(method.to_owned(), |id, word| format!("{id}_{}", word.trim_matches(['{', '}'])))
}

fn described(status: &str) -> &'static str {
    match status {
        "201" => "It was made.",
        "204" => "Done; there is nothing to show.",
        "503" => "It is not.",
        _ => "So it is.",
    }
}

/// Schemas that are a part of others must let the others' members be.
fn open_parts(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let owned = document["components"]["schemas"].as_object_mut().into_iter().flatten();
    owned.for_each(|(_, schema)| open_parts_of(schema, &schemas));
}

fn open_parts_of(schema: &mut Value, schemas: &Value) {
    let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten() {
        let reference = part["$ref"].as_str().map(|to| to.trim_start_matches(PREFIX));
        let whole = reference.map_or(&*part, |name| &schemas[name]);
        if whole["additionalProperties"] == false {
            *part = whole.clone();
            part.as_object_mut().map(|part| part.remove("additionalProperties"));
        }
    }
    match schema {
        Value::Object(members) => {
            members.iter_mut().for_each(|(_, within)| open_parts_of(within, schemas));
        }
        Value::Array(items) => items.iter_mut().for_each(|within| open_parts_of(within, schemas)),
        _ => {}
    }
}

fn takes_dry_run(operation: &Map<String, Value>) -> bool {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == "dry_run"))
}

/// A command that may be asked as a dry run answers 200 with what would happen.
fn offer_dry_run(operation: &mut Map<String, Value>) {
    let would = json!({ "$ref": "#/components/schemas/DryRun" });
    let responses = &mut operation["responses"];
    let schema = &responses["200"]["content"]["application/json"]["schema"];
    let schema = match schema.is_null() {
        true => would,
        false => json!({ "anyOf": [schema.clone(), would] }),
    };
    let told = responses["200"]["description"].as_str().unwrap_or_default();
    let described = if told.is_empty() { "What would happen, for a dry run." } else { told };
    responses["200"] = json!({
        "description": described,
        "content": { "application/json": { "schema": schema } },
    });
}

fn dry_run() -> Value {
    json!({
        "type": "object",
        "description": "What would happen.",
        "required": ["would", "result"],
        "properties": {
            "would": {
                "type": "array",
                "description": "The events, in order.",
                "items": {
                    "type": "object",
                    "required": ["type", "entity", "data"],
                    "properties": {
                        "type": { "type": "string", "example": "order.created" },
                        "entity": { "type": "string" },
                        "data": { "type": "object" },
                    },
                },
            },
            "result": { "type": "object", "description": "How the subject would stand." },
        },
    })
}

fn responses() -> Value {
    json!({ "Problem": problem("Problem"), "FormerProblem": problem("FormerProblem") })
}

fn problem(schema: &str) -> Value {
    json!({
        "description": "Why it was not done (RFC 9457).",
        "headers": {
            "X-Request-Id": { "schema": { "type": "string" } },
            "Retry-After": { "schema": { "type": "integer" }, "description": "Seconds." },
            "RateLimit-Limit": {
                "schema": { "type": "integer" },
                "description": "Of all limits that the request is held against, the nearest.",
            },
            "RateLimit-Remaining": {
                "schema": { "type": "integer" },
                "description": "Requests that may begin now.",
            },
            "RateLimit-Reset": {
                "schema": { "type": "integer" },
                "description": "Seconds until the whole limit is there again.",
            },
        },
        "content": {
            "application/problem+json": { "schema": { "$ref": format!("{PREFIX}{schema}") } },
        },
    })
}

fn security_schemes() -> Value {
    json!({
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key `kt_<tenant>_<id>_<secret>`, a user's access token, or the \
                platform operator's token.",
        },
        "api_key": {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "An API key, as clients of the payments service before show it.",
        },
        "user": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of `/v1/auth/login`.",
        },
    })
}

fn parameters() -> Value {
    let header = |name: &str, about: &str, schema: Value| {
        json!({ "name": name, "in": "header", "required": false,
            "description": about, "schema": schema })
    };
    json!({
        "RequestId": header("X-Request-Id",
            "Comes back in the answer; replaced if it is not 1 to 128 visible characters.",
            json!({ "type": "string" })),
        "Tenant": header("X-Kontor-Tenant", "For which tenant; needed by users and by the platform's operator.",
            json!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$" })),
        "IdempotencyKey": header("Idempotency-Key",
            "The same key and request a second time is answered with the first answer.",
            json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" })),
        "IfMatch": header("If-Match", "Only if the thing has this version.",
            json!({ "type": "string", "pattern": "^(\\*|\"[0-9]{1,18}\")$" })),
        "IfNoneMatch": header("If-None-Match", "304 if the thing has this version.",
            json!({ "type": "string" })),
    })
}
