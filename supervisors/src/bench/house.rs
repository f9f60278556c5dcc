//! A node with one shop in this process, for a measurement.

use crate::node::{Node, NodeSettings, Role};
use axum::{Router, body::Body};
use http::{Method, Request, header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

const TENANT: &str = "bench";
/// How long an import is waited for.
const PATIENCE: Duration = Duration::from_secs(3600);
/// How often it is asked whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The node.
pub(super) struct House {
    node: Node,
    app: Router,
    token: String,
    _folder: tempfile::TempDir,
}

/// Somebody who asks the node.
#[derive(Clone)]
pub(super) struct Asker {
    app: Router,
    token: String,
}

impl House {
    pub(super) async fn open(database_url: Option<String>) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|fault| fault.to_string())?;
        let embedded = folder.path().display().to_string();
        let mut settings = NodeSettings::at(folder.path(), database_url.unwrap_or(embedded));
        // Whoever measures is not held to a pace.
        settings.http.address_requests_per_second = 0;
        settings.http.key_requests_per_second = 0;
        settings.gateways.allow_private = true;
        let node = Node::start(settings, Role::Serve).await?;
        let (app, token) = (node.router(), node.admin_token().expose_secret().to_owned());
        Ok(Self { node, app, token, _folder: folder })
    }

    pub(super) fn asker(&self) -> Asker {
        Asker { app: self.app.clone(), token: self.token.clone() }
    }

    pub(super) async fn close(self) {
        self.node.stop().await;
    }
}

impl Asker {
    /// A shop with a warehouse of its own, one of a supplier's, and goods to be ordered.
    pub(super) async fn furnish(&self, skus: usize) -> Result<(), String> {
        let limits = json!({ "requests_per_second": 100_000, "requests_in_flight": 10_000 });
        let settings = json!({
            "name": "Bench", "country": "CZ", "currency": "CZK", "time_zone": "Europe/Prague",
            "limits": limits,
        });
        let tenant = json!({ "tenant": TENANT, "settings": settings });
        self.ask(Method::POST, "/v1/tenants", tenant).await?;
        self.ask(Method::PUT, "/v1/warehouses/main", json!({ "name": "Main", "priority": 10 }))
            .await?;
        let supplier = json!({ "name": "Supplier", "kind": "supplier" });
        self.ask(Method::PUT, "/v1/warehouses/supplier", supplier).await?;
        for sku in 0..skus {
            let goods = json!({ "sku": format!("OWN-{sku}"), "warehouse": "main", "kind": "in",
                "quantity": 10_000_000 });
            self.ask(Method::POST, "/v1/stock/movements", goods).await?;
        }
        Ok(())
    }

    /// Asks for something that must work.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<Value, String> {
        self.send(method, path, Body::from(body.to_string()), "application/json").await
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Body,
        kind: &str,
    ) -> Result<Value, String> {
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header("x-kontor-tenant", TENANT)
            .header(header::CONTENT_TYPE, kind)
            .body(body)
            .map_err(|fault| fault.to_string())?;
        let answer = match self.app.clone().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), 16 << 20).await;
        let bytes = bytes.map_err(|fault| fault.to_string())?;
        if !status.is_success() {
            return Err(format!("{method} {path}: {status} {}", String::from_utf8_lossy(&bytes)));
        }
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// Waits until an import has ended as it should; answers with it.
    pub(super) async fn ended(&self, import: &Value) -> Result<Value, String> {
        let path = format!("/v1/imports/{}", import["id"].as_str().unwrap_or_default());
        let waiting = async {
            loop {
                let now = self.ask(Method::GET, &path, Value::Null).await?;
                match now["status"].as_str().unwrap_or_default() {
                    "queued" | "running" => tokio::time::sleep(LOOK_EVERY).await,
                    "completed" => return Ok(now),
                    _ => return Err(format!("an import did not complete: {now}")),
                }
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.map_err(|_| "an import has not ended within an hour".to_owned())?
    }
}
