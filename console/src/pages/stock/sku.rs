//! One product's stock: its levels, why they are so, and putting them right with a reason.

use super::{
    super::{Answer, timeline},
    list::views,
};
use crate::{
    backend::escape,
    desk::{Asked, Desk, go},
    format,
    gate::Posted,
    ui::{
        layout::text,
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::{Value, json};

const LEVELS: [Column; 6] = [
    words("Warehouse"),
    figures("On hand"),
    figures("Held"),
    figures("Free"),
    figures("On the way"),
    words("Counted by the supplier"),
];

/// What a person may say: how the API calls it, and how people do.
const KINDS: [(&str, &str); 5] = [
    ("in", text!("Goods arrived")),
    ("out", text!("Goods left")),
    ("adjustment", text!("The books were wrong (±)")),
    ("count", text!("Counted: so many are there")),
    ("transfer", text!("To another warehouse")),
];

pub(super) async fn show(
    desk: Desk,
    Path((_, sku)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let name = escape(&sku);
    let query: String = url::form_urlencoded::byte_serialize(sku.as_bytes()).collect();
    let (path, movements, products) = (
        format!("/v1/stock/{name}"),
        format!("/v1/stock/movements?sku={query}&limit=200"),
        format!("/v1/products?sku={query}"),
    );
    let (document, movements, warehouses, products) = tokio::join!(
        desk.api().get(&path),
        desk.api().get_if_any(&movements),
        desk.api().get_if_any("/v1/warehouses"),
        desk.api().get_if_any(&products),
    );
    let document = document?;
    let product = products.list("items").first();
    let beside = html! {
        strong.amount { (desk.number(document.int("total_available"))) " " (desk.t("sellable")) }
        @if super::list::is_low(&document) { (parts::badge(&desk, "low")) }
        @if let Some(product) = product {
            a href=(desk.url(&format!("/catalog/products/{}", escape(product.text("id"))))) {
                (super::super::catalog::title(&desk, product))
            }
        }
    };
    let main = html! {
        div #live data-live="stock.*" data-live-about=(sku) {
            (parts::heading(&sku, &beside, &html! {}))
            (views(&desk, "-"))
            @if asked.text("done") == "yes" {
                p.notice.green role="status" { (desk.t("Done.")) }
            }
            div.columns {
                div {
                    (levels(&desk, &document))
                    @if desk.may("stock:write") { (put_right(&desk, &sku, &warehouses)) }
                    (parts::raw(&desk, &document))
                }
                aside aria-label=(desk.t("Movements")) { (past(&desk, &movements)) }
            }
        }
    };
    Ok(desk.page(&sku, main))
}

fn levels(desk: &Desk, sku: &Value) -> Markup {
    let row = |level: &Value| {
        let (there, held) = (level.int("on_hand"), level.int("reserved"));
        Row {
            cells: vec![
                html! { (level.text("warehouse")) },
                html! { (desk.number(there)) },
                html! { (desk.number(held)) },
                html! { (desk.number(there - held)) },
                html! { (desk.number(level.int("in_transit"))) },
                parts::ago(desk, level.text("observed_at")),
            ],
            ..Row::default()
        }
    };
    let rows: Vec<_> = sku.list("levels").iter().map(row).collect();
    parts::section(
        desk.t("Levels"),
        &html! {
            (table(desk, desk.t("Levels"), &LEVELS, &rows, None))
            (parts::facts(&[
                (desk.t("Told when it falls to"), match sku.int("/settings/low_threshold") {
                    0 => html! {},
                    threshold => html! { (desk.number(threshold)) },
                }),
                (desk.t("Sold on when nothing is there"), match sku.is("/settings/backorder") {
                    true => html! { (desk.t("yes")) },
                    false => html! { (desk.t("no")) },
                }),
            ]))
            p { a href=(desk.url("/stock/warehouses")) { (desk.t("Warehouses")) } }
        },
    )
}

fn put_right(desk: &Desk, sku: &str, warehouses: &Value) -> Markup {
    let warehouses: Vec<&str> =
        warehouses.list("items").iter().map(|warehouse| warehouse.text("code")).collect();
    let choose = |name: &str, label: &str| {
        html! {
            label { span { (label) } select name=(name) {
                @for code in &warehouses { option value=(code) { (code) } }
            } }
        }
    };
    parts::section(
        desk.t("Put it right"),
        &html! {
            form.row method="post" action=(desk.url(&format!("/stock/{}/move", escape(sku)))) {
                (desk.form_fields())
                label { span { (desk.t("What happened")) } select name="kind" {
                    @for (kind, label) in KINDS { option value=(kind) { (desk.t(label)) } }
                } }
                label { span { (desk.t("Pieces")) }
                    input name="quantity" inputmode="numeric" pattern=r"[+\-]?[0-9]+" required size="6"; }
                (choose("warehouse", desk.t("Warehouse")))
                @if warehouses.len() > 1 { (choose("to", desk.t("To (for a transfer)"))) }
                label.wide { span { (desk.t("Why")) } input name="reason" maxlength="500" required; }
                button.primary type="submit" { (desk.t("Write it down")) }
            }
        },
    )
}

pub(super) async fn move_goods(
    desk: Desk,
    Path((_, sku)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let quantity = said.text("quantity").trim_start_matches('+').parse::<i64>().unwrap_or_default();
    let (kind, warehouse, key) = (said.text("kind"), said.text("warehouse"), said.text("key"));
    let (path, body) = match kind {
        "transfer" => (
            "/v1/stock/transfers",
            json!({ "sku": sku, "from": warehouse, "to": said.text("to"), "quantity": quantity }),
        ),
        kind => (
            "/v1/stock/movements",
            json!({ "sku": sku, "warehouse": warehouse, "kind": kind, "quantity": quantity,
                    "reason": said.text("reason") }),
        ),
    };
    desk.api().post(path, body, key).await?;
    Ok(go(&desk.url(&format!("/stock/{}?done=yes", escape(&sku)))))
}

fn past(desk: &Desk, movements: &Value) -> Markup {
    let events = movements.list("items");
    parts::section(
        desk.t("Movements"),
        &html! {
            @if events.is_empty() {
                (parts::empty(desk.t("Nothing has moved yet"), desk.t("What changes a level is listed here.")))
            }
            ol.timeline {
                @for event in events.iter().rev() {
                    li {
                        span.when { (parts::clock(desk, event.text("at"))) }
                        div {
                            p { (timeline::sentence(desk, &timeline::Happening::of(event))) }
                            p.small {
                                (timeline::who(desk, event.text("actor")))
                                @if let Some(order) = order_of(event) {
                                    " · " a href=(desk.url(&format!("/orders/{}", escape(order)))) {
                                        (desk.t("the order")) " " (format::short(order))
                                    }
                                }
                            }
                        }
                    }
                }
            }
            @if movements.has("next_cursor") {
                p.quiet { (desk.t("These are the first 200; later ones are in the journal.")) }
            }
        },
    )
}

/// The order behind a hold's event: a hold is named after it.
fn order_of(event: &Value) -> Option<&str> {
    event.text("entity").strip_prefix("reservation/")
}
