//! A shop that trades: tenant, key, warehouse, accounts at the stand-in providers.

use crate::{SOON, client::Client, node::Node, until};
use kontor_sandbox::{PayerAct, PayerResult, Sandbox, StripeAccount, WebhookEndpoint};
use serde_json::{Value, json};

/// What Stripe signs with.
pub const STRIPE_SECRET: &str = "whsec_of_the_tests";

/// A shop that trades.
pub struct Shop {
    /// Its short name.
    pub tenant: String,
    /// Who may do everything there.
    pub client: Client,
}

impl Shop {
    /// Opens a tenant's books on a node, with a key and a warehouse.
    pub async fn open(node: &Node, tenant: &str) -> Self {
        let operator = node.operator();
        let settings = json!({
            "name": tenant, "country": "CZ", "currency": "CZK", "time_zone": "Europe/Prague",
            "limits": {
                "requests_in_flight": 1000, "requests_per_second": 100_000, "import_rows": 1000,
            },
        });
        operator.post("/v1/tenants", json!({ "tenant": tenant, "settings": settings })).await.ok();
        let key = json!({ "name": "tests", "scopes": ["*"] });
        let made = operator.for_tenant(tenant).post("/v1/keys", key).await.ok();
        let client = operator.with_token(made["token"].as_str().unwrap());
        client.put("/v1/warehouses/main", json!({ "name": "Main" })).await.ok();
        Self { tenant: tenant.to_owned(), client }
    }

    /// The same, with accounts at the sandbox's Stripe and mail server.
    pub async fn with_accounts(self, node: &Node, sandbox: &Sandbox) -> Self {
        let api_key = self.stripe_key();
        let settings = json!({
            "secret_key": api_key, "webhook_secrets": [STRIPE_SECRET],
            "endpoint": sandbox.stripe().base_url(),
        });
        self.client.put("/v1/accounts/stripe/main", json!({ "settings": settings })).await.ok();
        let url = self.stripe_hook(node).await;
        sandbox.stripe().register(StripeAccount {
            api_key,
            webhooks: vec![WebhookEndpoint { url, secret: STRIPE_SECRET.into() }],
        });
        let smtp = sandbox.smtp().address();
        let settings = json!({
            "host": smtp.ip().to_string(), "port": smtp.port(), "tls": "none",
            "from": format!("shop@{}.example", self.tenant),
        });
        self.client.put("/v1/accounts/smtp/main", json!({ "settings": settings })).await.ok();
        self
    }

    /// Where Stripe sends its notifications, as the account shows it.
    pub async fn stripe_hook(&self, node: &Node) -> String {
        let account = self.client.get("/v1/accounts/stripe/main").await.ok();
        format!("{}{}", node.url(), account["webhook_path"].as_str().unwrap())
    }

    /// The secret key of its account at Stripe.
    pub fn stripe_key(&self) -> String {
        format!("sk_test_{}", self.tenant.replace('-', "_"))
    }

    /// Puts units of a product on the shelf.
    pub async fn stock(&self, sku: &str, quantity: i64) {
        let goods = json!({ "sku": sku, "warehouse": "main", "kind": "in", "quantity": quantity });
        self.client.post("/v1/stock/movements", goods).await.ok();
    }

    /// Units of a product on the shelf, and of these, those that are held.
    pub async fn shelf(&self, sku: &str) -> (i64, i64) {
        let stock = self.client.get(&format!("/v1/stock/{sku}")).await.ok();
        let level = &stock["levels"][0];
        (level["on_hand"].as_i64().unwrap(), level["reserved"].as_i64().unwrap_or(0))
    }

    /// Places an order of one product.
    pub async fn place(&self, sku: &str, quantity: i64) -> String {
        self.client.post("/v1/orders", order(sku, quantity, "jana@example.com")).await.id()
    }

    /// An order.
    pub async fn order(&self, order: &str) -> Value {
        self.client.get(&format!("/v1/orders/{order}")).await.ok()
    }

    /// Waits until an order stands like that, and answers it.
    pub async fn order_is(&self, order: &str, status: &str) -> Value {
        until(&format!("order {order} {status}"), SOON, || async {
            let answer = self.client.get(&format!("/v1/orders/{order}")).await;
            (answer.body["status"] == status).then_some(answer.body)
        })
        .await
    }

    /// Asks for an order's money by Stripe, and waits until it can be paid: payment, session.
    pub async fn open_payment(&self, order: &str) -> (String, String) {
        let asked = json!({
            "order": order, "provider": "stripe", "account": "main",
            "return_url": "https://shop.example/back", "cancel_url": "https://shop.example/no",
        });
        let payment = self.client.post("/v1/payments", asked).await.id();
        let session = self.session_of(&payment).await;
        (payment, session)
    }

    /// Waits until a payment can be paid, and says what Stripe calls it.
    pub async fn session_of(&self, payment: &str) -> String {
        until(&format!("payment {payment} opened"), SOON, || async {
            let answer = self.client.get(&format!("/v1/payments/{payment}")).await;
            let attempt = answer.body["attempts"].as_array()?.last()?.clone();
            let url = attempt["redirect_url"].as_str()?;
            let session = url.rsplit('/').next()?.split(['?', '#']).next()?;
            Some(session.to_owned())
        })
        .await
    }

    /// Lets the customer pay.
    ///
    /// # Panics
    /// If Stripe does not take the money.
    pub async fn pay(&self, sandbox: &Sandbox, session: &str) {
        let paid = sandbox.stripe().act(session, PayerAct::Pay).await;
        assert_eq!(paid, PayerResult::Completed);
    }
}

/// An order of units of one product at 349,00.
pub fn order(sku: &str, quantity: i64, email: &str) -> Value {
    let total = 34_900 * quantity;
    json!({
        "channel": "web", "currency": "CZK",
        "customer": { "name": "Jana Nováková", "email": email },
        "lines": [
            { "sku": sku, "title": "Atlas", "quantity": quantity, "unit_price_minor": 34_900 },
        ],
        "totals": { "subtotal_minor": total, "total_minor": total },
    })
}
