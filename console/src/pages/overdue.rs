//! What is overdue, the longest first, and what is due next: nothing is stuck without being seen here.

use super::Answer;
use crate::{
    backend::escape,
    desk::{Asked, Desk, PLATFORM, query},
    state::Console,
    ui::{
        csv, parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use axum::{Router, routing::get};
use maud::{Markup, html};
use serde_json::Value;

const COLUMNS: [Column; 5] =
    [words("What"), words("Of"), words("Stands"), words("Due"), words("Overdue").minor()];

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/overdue", get(show))
}

async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let next = asked.text("show") == "next";
    let (over, cursor) = (if next { "false" } else { "true" }, asked.text("cursor"));
    // What is due next is late by nothing.
    let late = if next { "" } else { asked.text("late_s") };
    let of = [("overdue", over), ("late_s", late)];
    let path = query("/v1/timers", &[&[("limit", "100"), ("cursor", cursor)][..], &of].concat());
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &path, row).await;
    }
    let page = desk.api().get(&path).await?;
    let rows: Vec<_> = page.list("items").iter().map(|item| row(&desk, item)).collect();
    let here = match (next, late) {
        (true, _) => desk.url("/overdue?show=next"),
        (false, "") => desk.url("/overdue"),
        (false, late) => desk.url(&query("/overdue", &[("late_s", late)])),
    };
    let tabs = [
        (desk.url("/overdue"), desk.t("Overdue").to_owned(), !next),
        (desk.url("/overdue?show=next"), desk.t("Due next").to_owned(), next),
    ];
    let main = html! {
        div #live data-live="*" {
            (parts::heading(desk.t("Overdue"), &html! {}, &html! {
                (parts::export(&desk))
            }))
            (parts::tabs(desk.t("Views"), &tabs))
            @if !late.is_empty() {
                p { (desk.f("What is overdue by more than {} seconds.", &[late])) " "
                    a href=(desk.url("/overdue")) { (desk.t("Show all")) } }
            }
            @if rows.is_empty() {
                (nothing(&desk, next))
            } @else {
                (table(&desk, desk.t("What waits"), &COLUMNS, &rows, None))
            }
            (later(&desk, &here, cursor, &page))
        }
    };
    Ok(desk.page(desk.t("Overdue"), main))
}

/// What is told where nothing is overdue, or nothing waits.
pub(super) fn nothing(desk: &Desk, next: bool) -> Markup {
    let title = if next { desk.t("Nothing waits") } else { desk.t("Nothing is overdue") };
    parts::empty(
        title,
        desk.t("Whatever waits for something has a deadline. What passes it is listed here."),
    )
}

/// The way to what is due later than what is shown, and back.
pub(super) fn later(desk: &Desk, here: &str, cursor: &str, page: &Value) -> Markup {
    let next = page.text("next_cursor");
    let join = if here.contains('?') { '&' } else { '?' };
    html! {
        @if !cursor.is_empty() || !next.is_empty() {
            nav.pager aria-label=(desk.t("Pages of the list")) {
                @if !cursor.is_empty() { a href=(here) { (desk.t("To the earliest")) } }
                @if !next.is_empty() {
                    a rel="next" href={ (here) (join) "cursor=" (form(next)) } { (desk.t("Later")) }
                }
            }
        }
    }
}

/// A value as it stands in an address.
fn form(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

fn row(desk: &Desk, item: &Value) -> Row {
    let (domain, entity) = (item.text("domain"), item.text("entity"));
    Row {
        id: String::new(),
        href: place(desk, domain, entity).map(|path| desk.url(&path)).unwrap_or_default(),
        cells: cells(desk, item),
    }
}

/// What waits, of which domain, how it stands, when it is due, and whether that has passed.
pub(super) fn cells(desk: &Desk, item: &Value) -> Vec<Markup> {
    vec![
        html! { (csv::id(desk, item.text("entity"))) },
        html! { (desk.language().word(item.text("domain"))) },
        status(desk, item),
        parts::ago(desk, item.text("due")),
        overdue(desk, item),
    ]
}

/// A plan waits for its time and for nothing else.
fn status(desk: &Desk, item: &Value) -> Markup {
    match (item.text("domain"), item.text("status")) {
        ("schedule", "waiting") => html! { span.badge { (desk.t("planned")) } },
        (_, status) => parts::badge(desk, status),
    }
}

fn overdue(desk: &Desk, item: &Value) -> Markup {
    match item.is("overdue") {
        true => html! { span.badge.red { (desk.t("overdue")) } },
        false => html! { span.quiet { (desk.t("in time")) } },
    }
}

/// The page of an entity in its shop, where it has one that whoever looks may see.
pub(super) fn place(desk: &Desk, domain: &str, entity: &str) -> Option<String> {
    let (kind, id) = entity.split_once('/').unwrap_or(("", entity));
    let (permission, path) = match (domain, kind) {
        ("order", "") => ("orders:read", format!("/orders/{}", escape(id))),
        // A hold is named after its order.
        ("stock", "reservation") => ("orders:read", format!("/orders/{}", escape(id))),
        ("stock", "sku") => ("stock:read", format!("/stock/{}", escape(id))),
        ("stock", "transfer") => ("stock:read", "/stock/transfers".to_owned()),
        ("payment", "") => ("payments:read", format!("/payments/{}", escape(id))),
        ("notification", "") => ("notifications:read", format!("/messages/{}", escape(id))),
        ("supplier", "supplier") => ("supplier:read", format!("/suppliers/who/{}", escape(id))),
        ("supplier", "source") => ("supplier:read", format!("/suppliers/sources/{}", escape(id))),
        ("supplier", "import") => ("supplier:read", format!("/suppliers/imports/{}", escape(id))),
        ("catalog", "product") => ("catalog:read", format!("/catalog/products/{}", escape(id))),
        ("catalog", "category") => ("catalog:read", format!("/catalog/categories/{}", escape(id))),
        ("reconciliation", "difference") => ("payments:read", "/payments/differences".to_owned()),
        ("tenant", "invitation") => ("members:read", "/people/invitations".to_owned()),
        ("tenant", "member") => ("members:read", format!("/people/members/{}", escape(id))),
        ("tenant", "role") => ("roles:read", format!("/people/roles/{}", escape(id))),
        ("tenant", "key") => ("keys:read", format!("/keys/{}", escape(id))),
        ("webhook", kind) => ("webhooks:read", of_webhook(kind, id)),
        _ => return None,
    };
    desk.may(permission).then_some(path)
}

fn of_webhook(kind: &str, id: &str) -> String {
    match (kind, id.split_once('/')) {
        ("endpoint", _) => format!("/webhooks/{}", escape(id)),
        ("delivery", Some((endpoint, event))) => {
            format!("/webhooks/{}/deliveries/{}", escape(endpoint), escape(event))
        }
        _ => "/webhooks".to_owned(),
    }
}

/// Events that end what they happened to, and its page with it.
const ENDS: [&str; 3] = ["supplier.source_removed", "tenant.member_removed", "tenant.role_removed"];

/// The page of what an event happened to, where that has one still.
pub(super) fn place_of_event(desk: &Desk, event: &Value) -> Option<String> {
    if ENDS.contains(&event.text("type")) {
        return None;
    }
    place(desk, event.text("domain"), event.text("entity"))
}

/// The same of any tenant, for who runs the platform: its own people and keys are no shop, and what
/// happened to them leads to the actor that keeps them, as does what has no page.
pub(super) fn place_in(of: &Value, in_shop: Option<String>) -> String {
    let (tenant, domain) = (of.text("tenant"), of.text("domain"));
    match in_shop.filter(|_| tenant != PLATFORM) {
        Some(path) => format!("/console/t/{}{path}", escape(tenant)),
        None => format!("/console/system/actors/{}/{}", escape(tenant), escape(domain)),
    }
}
