//! One product's stock: its levels, why they are so, and putting them right with a reason.

use super::{
    super::{Answer, timeline},
    holds,
    list::views,
};
use crate::{
    backend::escape,
    desk::{Asked, Desk, go, query},
    format,
    gate::Posted,
    ui::{
        chips::{address, chips},
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
    let (name, at) = (escape(&sku), asked.text("warehouse"));
    let moved = [
        ("sku", &*sku),
        ("newest", "true"),
        ("limit", "50"),
        ("warehouse", at),
        ("cursor", asked.text("cursor")),
    ];
    let (path, movements, products) = (
        format!("/v1/stock/{name}"),
        query("/v1/stock/movements", &moved),
        query("/v1/products", &[("sku", &sku)]),
    );
    let held = holds::few(&sku);
    let (document, held, movements, warehouses, products) = tokio::join!(
        desk.api().get(&path),
        desk.api().get_if_any(&held),
        desk.api().get_if_any(&movements),
        desk.api().get_if_any("/v1/warehouses"),
        desk.api().get_if_any(&products),
    );
    let document = document?;
    let product = products.list("items").first();
    let beside = html! {
        strong.amount {
            @if super::list::is_bundle(&document) { (desk.t("sold by its parts")) }
            @else { (desk.number(document.int("total_available"))) " " (desk.t("sellable")) }
        }
        @if super::list::is_low(&document) { (parts::badge(&desk, "low")) }
        @if let Some(product) = product {
            a href=(desk.url(&format!("/catalog/products/{}", escape(product.text("id"))))) {
                (super::super::catalog::title(&desk, product))
            }
        }
    };
    let main = html! {
        div #live data-live="stock.*" data-live-about=(sku) {
            (parts::heading(&sku, &beside, &html! {
                @if desk.may("stock:write") {
                    (parts::action(&desk.url(&format!("/stock/{name}/settings")), desk.t("Settings"), ""))
                }
            }))
            (views(&desk, "-"))
            @if asked.text("done") == "yes" {
                p.notice.green role="status" { (desk.t("Done.")) }
            }
            div.columns {
                div {
                    (levels(&desk, &sku, &document, &warehouses))
                    (held_now(&desk, &sku, &held))
                    @if desk.may("stock:write") { (put_right(&desk, &sku, &warehouses)) }
                    (parts::raw(&desk, &document))
                }
                aside #movements aria-label=(desk.t("Movements")) {
                    (past(&desk, &sku, at, &movements))
                    (parts::pager(&desk, &moves(&desk, &sku, at), asked.text("cursor"), &movements))
                }
            }
        }
    };
    Ok(desk.page(&sku, main))
}

/// The page with the movements of one warehouse, or of all if none is named.
fn moves(desk: &Desk, sku: &str, warehouse: &str) -> String {
    address(&desk.url(&format!("/stock/{}", escape(sku))), &[("warehouse", warehouse)])
}

/// The levels, each number of which leads to what it is made of.
fn levels(desk: &Desk, name: &str, sku: &Value, warehouses: &Value) -> Markup {
    let leads = |to: &str, number: i64| {
        html! { @if number == 0 { "0" } @else { a href=(to) { (desk.number(number)) } } }
    };
    let rests = |code: &str| {
        let known = warehouses.list("items").iter().find(|one| one.text("code") == code);
        known.is_some_and(|one| !one.is("active"))
    };
    let row = |level: &Value| {
        let (there, held) = (level.int("on_hand"), level.int("reserved"));
        let at = level.text("warehouse");
        let travels = [("sku", name), ("to", at), ("received", "no")];
        Row {
            cells: vec![
                html! { (at) @if rests(at) { " " (parts::badge(desk, "paused")) } },
                leads(&format!("{}#movements", moves(desk, name, at)), there),
                leads(&holds::url(desk, name, "held", at), held),
                html! { (desk.number(there - held)) },
                leads(&query(&desk.url("/stock/transfers"), &travels), level.int("in_transit")),
                parts::ago(desk, level.text("observed_at")),
            ],
            ..Row::default()
        }
    };
    let rows: Vec<_> = sku.list("levels").iter().map(row).collect();
    let kept = sku.at("/settings/safety_buffers").as_object().into_iter().flatten();
    let made_of = sku.at("/settings/components").as_object().into_iter().flatten();
    parts::section(
        desk.t("Levels"),
        &html! {
            (table(desk, desk.t("Levels"), &LEVELS, &rows, None))
            p.quiet { (adds_up(desk, sku)) }
            (parts::facts(&[
                (desk.t("Told when it falls to"), match sku.int("/settings/low_threshold") {
                    0 => html! {},
                    threshold => html! { (desk.number(threshold)) },
                }),
                (desk.t("Sold on when nothing is there"), match sku.is("/settings/backorder") {
                    true => html! { (desk.t("yes")) },
                    false => html! { (desk.t("no")) },
                }),
                (desk.t("Kept back from channels"), html! {
                    @for (channel, units) in kept {
                        span.pair { (channel) " " b { (desk.number(units.as_i64().unwrap_or_default())) } }
                    }
                }),
                (desk.t("Made of"), html! {
                    @for (part, units) in made_of {
                        span.pair { (desk.number(units.as_i64().unwrap_or_default())) " × "
                            a href=(desk.url(&format!("/stock/{}", escape(part)))) { (part) } }
                    }
                }),
            ]))
            p { a href=(desk.url("/stock/warehouses")) { (desk.t("Warehouses")) } }
        },
    )
}

/// How what is sellable follows from the levels.
fn adds_up<'d>(desk: &'d Desk, sku: &Value) -> &'d str {
    if super::list::is_bundle(sku) {
        return desk.t("It has no stock of its own: as many are sold as its scarcest part allows.");
    }
    match sku.is("/settings/backorder") {
        true => desk.t("Sellable is what is free in all warehouses that are not paused, also below 0."),
        false => desk.t("Sellable is what is free in all warehouses that are not paused; one where more is held than is there counts as 0."),
    }
}

/// The newest of what is held now, with the way to all of it.
fn held_now(desk: &Desk, sku: &str, held: &Value) -> Markup {
    parts::section(
        desk.t("Held now"),
        &html! {
            @if held.list("items").is_empty() {
                p.quiet { (desk.t("No order holds it, as far as was looked.")) }
            } @else { (holds::rows(desk, (sku, ""), held)) }
            p { a href=(holds::url(desk, sku, "held", "")) { (desk.t("All holds of it")) } }
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

fn past(desk: &Desk, sku: &str, at: &str, movements: &Value) -> Markup {
    let events = movements.list("items");
    parts::section(
        desk.t("Movements"),
        &html! {
            (chips(desk, &moves(desk, sku, ""), &[("warehouse", at)], |_, code| {
                desk.f("warehouse is {}", &[code])
            }))
            @if events.is_empty() && movements.has("next_cursor") {
                p { (desk.t("None among the newest; there may be older ones.")) }
            } @else if events.is_empty() {
                (parts::empty(desk.t("Nothing has moved yet"), desk.t("What changes a level is listed here.")))
            }
            ol.timeline {
                @for event in events {
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
        },
    )
}

/// The order behind a hold's event: a hold is named after it.
fn order_of(event: &Value) -> Option<&str> {
    event.text("entity").strip_prefix("reservation/")
}
