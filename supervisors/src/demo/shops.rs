//! The shops: opened through the API, as an operator would.

use super::{
    api::{Bearer, Client},
    feed::{FLASH, Product},
    suppliers::{self, Supplier},
    tills,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use kontor_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Requests that are under way at once.
const AT_ONCE: usize = 32;
/// Products that are told to the catalog at once.
const ROWS: usize = 100;

/// A shop before it is opened.
struct Plan {
    tenant: &'static str,
    /// Its name for people.
    name: &'static str,
    /// Code and name of its warehouses, in the order in which goods leave them.
    warehouses: &'static [(&'static str, &'static str)],
    country: &'static str,
    currency: &'static str,
    /// By whom its customers can pay.
    providers: &'static [&'static str],
}

const SHOPS: [Plan; 3] = [
    Plan {
        tenant: "harbour-books",
        name: "Harbour Books",
        warehouses: &[("quay", "At the quay"), ("attic", "In the attic")],
        country: "CZ",
        currency: "CZK",
        providers: &["stripe", "comgate", "paypal", "fio"],
    },
    Plan {
        tenant: "tide-tools",
        name: "Tide Tools",
        warehouses: &[("shed", "The shed")],
        country: "PL",
        currency: "PLN",
        providers: &["stripe", "payu", "paypal"],
    },
    Plan {
        tenant: "polar-tea",
        name: "Polar Tea",
        warehouses: &[("north", "Northern store"), ("south", "Southern store")],
        country: "KZ",
        currency: "KZT",
        providers: &["stripe", "halyk"],
    },
];

/// An open shop.
#[derive(Clone, Debug)]
pub(super) struct Shop {
    pub(super) tenant: String,
    pub(super) bearer: Bearer,
    pub(super) currency: &'static str,
    /// By whom its customers can pay.
    pub(super) providers: &'static [&'static str],
    /// Units of each product at the beginning, what the supplier has left out.
    pub(super) initial: BTreeMap<String, i64>,
    /// Whose feed it imports.
    pub(super) supplier: Arc<Supplier>,
}

/// What shops are opened with.
pub(super) struct Ground<'g> {
    pub(super) client: &'g Client,
    pub(super) sandbox: &'g Sandbox,
    /// Where the node listens.
    pub(super) node: &'g str,
    pub(super) admin: &'g str,
    pub(super) products: &'g [Product],
    /// Whether others may use the same database.
    pub(super) shared: bool,
}

/// Opens all of them.
pub(super) async fn open_all(ground: &Ground<'_>) -> Result<Vec<Shop>, String> {
    let mut shops = Vec::new();
    let suffix = suffix(ground).await?;
    for (at, plan) in SHOPS.iter().enumerate() {
        let tenant = format!("{}{suffix}", plan.tenant);
        let bearer = found(ground, &tenant, plan).await?;
        tills::connect(ground, &tenant, &bearer, plan.providers).await?;
        connect(ground, &tenant, &bearer).await?;
        let products = ground.products.iter().filter(|product| at == 0 || product.sku != FLASH);
        let products: Vec<_> = products.collect();
        fill(ground.client, &bearer, plan.warehouses, &products).await?;
        price(ground.client, &bearer, plan.currency, &products).await?;
        let initial = products.iter().map(|product| (product.sku.clone(), product.stock)).collect();
        let Plan { currency, providers, .. } = *plan;
        let supplier = Arc::new(Supplier::new(ground, at, &tenant));
        let shop = Shop { tenant, bearer, currency, providers, initial, supplier };
        suppliers::connect(ground, &shop).await?;
        shops.push(shop);
    }
    Ok(shops)
}

/// On a database that has such shops, or may have, names are made unique.
async fn suffix(ground: &Ground<'_>) -> Result<String, String> {
    let operator = Bearer { token: ground.admin.to_owned(), tenant: None };
    let mut taken = ground.shared;
    for plan in SHOPS {
        let path = format!("/v1/tenants/{}", plan.tenant);
        taken |= ground.client.has(&operator, &path).await?;
    }
    let random: String = std::iter::repeat_with(fastrand::lowercase).take(6).collect();
    Ok(if taken { format!("-{random}") } else { String::new() })
}

/// The tenant and its key.
async fn found(ground: &Ground<'_>, tenant: &str, plan: &Plan) -> Result<Bearer, String> {
    let operator = Bearer { token: ground.admin.to_owned(), tenant: None };
    let settings = json!({
        "name": plan.name, "country": plan.country, "currency": plan.currency, "time_zone": "Europe/Prague",
        "language": "cs",
        "limits": { "requests_in_flight": 10_000, "requests_per_second": 100_000 },
    });
    let body = json!({ "tenant": tenant, "settings": settings });
    ground.client.expect(&operator, Method::POST, "/v1/tenants", &body).await?;
    let operator = Bearer { tenant: Some(tenant.to_owned()), ..operator };
    let body = json!({ "name": "demo", "scopes": ["*"] });
    let key = ground.client.expect(&operator, Method::POST, "/v1/keys", &body).await?;
    Ok(Bearer { token: text(&key, "token")?, tenant: None })
}

/// Its account at the mail server, and where it hears of its orders.
async fn connect(ground: &Ground<'_>, tenant: &str, bearer: &Bearer) -> Result<(), String> {
    let Ground { client, sandbox, .. } = ground;
    let mail = sandbox.smtp().address();
    let settings = json!({
        "host": mail.ip().to_string(), "port": mail.port(), "tls": "none",
        "from": format!("orders@{tenant}.example"),
    });
    put_account(ground, bearer, "smtp", settings).await?;
    let body = json!({ "url": sandbox.receiver().hook_url(tenant), "events": ["order.*"] });
    let made = client.expect(bearer, Method::POST, "/v1/webhook-endpoints", &body).await?;
    let secret = text(&made, "signing_secret")?;
    sandbox.receiver().set(tenant, |hook| {
        hook.secret = Some(secret);
        hook.subject_pointers = vec!["/data/order".to_owned()];
        hook.sequence_pointers = vec!["/data/version".to_owned()];
    });
    Ok(())
}

/// Gives the shop an account at a provider; how that stands.
pub(super) async fn put_account(
    ground: &Ground<'_>,
    bearer: &Bearer,
    provider: &str,
    settings: Value,
) -> Result<Value, String> {
    let path = format!("/v1/accounts/{provider}/main");
    let body = json!({ "settings": settings });
    ground.client.expect(bearer, Method::PUT, &path, &body).await
}

/// Warehouses, and the goods in them. With two, a third of the products lies in both.
async fn fill(
    client: &Client,
    bearer: &Bearer,
    warehouses: &[(&str, &str)],
    products: &[&Product],
) -> Result<(), String> {
    for (at, (code, name)) in warehouses.iter().enumerate() {
        let body = json!({ "name": name, "priority": warehouses.len() - at });
        client.expect(bearer, Method::PUT, &format!("/v1/warehouses/{code}"), &body).await?;
    }
    let mut arrivals = Vec::new();
    for (at, product) in products.iter().enumerate() {
        let second = if warehouses.len() > 1 && at % 3 == 0 { product.stock / 2 } else { 0 };
        for ((code, _), units) in warehouses.iter().zip([product.stock - second, second]) {
            arrivals.extend((units > 0).then(|| {
                json!({ "sku": product.sku, "warehouse": code, "kind": "in", "quantity": units })
            }));
        }
    }
    stream::iter(arrivals)
        .map(|arrival| async move {
            client.expect(bearer, Method::POST, "/v1/stock/movements", &arrival).await.map(drop)
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// The products in the catalog, with what they cost: between a half and three quarters of their
/// price without tax, each its own share.
async fn price(
    client: &Client,
    bearer: &Bearer,
    currency: &str,
    products: &[&Product],
) -> Result<(), String> {
    let row = |(at, product): (usize, &&Product)| {
        let net = product.price_minor - product.tax_minor();
        let cost = net * (50 + i64::try_from(at % 26).unwrap_or_default()) / 100;
        json!({
            "sku": product.sku, "titles": { "cs": product.title }, "status": "active",
            "prices": [
                { "kind": "base", "currency": currency, "amount_minor": product.price_minor },
                { "kind": "cost", "currency": currency, "amount_minor": cost },
            ],
        })
    };
    let rows: Vec<_> = products.iter().enumerate().map(row).collect();
    for rows in rows.chunks(ROWS) {
        let body = json!({ "rows": rows });
        let done = client.expect(bearer, Method::POST, "/v1/products/bulk", &body).await?;
        if done["failed"] != 0 {
            return Err(format!("products were passed over: {done}"));
        }
    }
    Ok(())
}

pub(super) fn text(value: &Value, member: &str) -> Result<String, String> {
    let found = value.get(member).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| format!("the answer has no {member}"))
}
