//! What waits for something, of all tenants: what is overdue, and what is due next.

use super::{
    super::{Answer, overdue},
    for_operators, views,
};
use crate::{
    desk::{Asked, Desk, query},
    ui::{
        csv, parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use maud::html;
use serde_json::Value;

const COLUMNS: [Column; 6] = [
    words("Tenant"),
    words("What"),
    words("Of"),
    words("Stands"),
    words("Due"),
    words("Overdue").minor(),
];
const PLACE: &str = "/console/system/timers";

pub(super) async fn list(desk: Desk, Asked(asked): Asked) -> Answer {
    for_operators(&desk)?;
    let late = asked.text("show") == "overdue";
    let (over, cursor) = (if late { "true" } else { "false" }, asked.text("cursor"));
    let domain = asked.text("domain");
    let path = query(
        "/v1/platform/timers",
        &[("limit", "100"), ("overdue", over), ("domain", domain), ("cursor", cursor)],
    );
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &path, row).await;
    }
    let page = desk.api().get(&path).await?;
    let rows: Vec<_> = page.list("items").iter().map(|item| row(&desk, item)).collect();
    let address = |show: &str, domain: &str| {
        let path = query(PLACE, &[("show", show), ("domain", domain)]);
        path.trim_end_matches('?').to_owned()
    };
    let here = address(asked.text("show"), domain);
    let tabs = [
        (address("", domain), desk.t("Due next").to_owned(), !late),
        (address("overdue", domain), desk.t("Overdue").to_owned(), late),
    ];
    let main = html! {
        div #live data-live-every="5000" {
            (parts::heading(desk.t("Timers"), &html! {}, &parts::export(&desk)))
            (views(&desk, PLACE))
            (parts::tabs(desk.t("Which"), &tabs))
            @if !domain.is_empty() {
                p { (desk.f("Those of the domain {}.", &[&desk.language().word(domain)])) " "
                    a href=(address(asked.text("show"), "")) { (desk.t("Show all")) } }
            }
            @if rows.is_empty() { (overdue::nothing(&desk, !late)) }
            @else { (table(&desk, desk.t("What waits"), &COLUMNS, &rows, None)) }
            (overdue::later(&desk, &here, cursor, &page))
        }
    };
    Ok(desk.page(desk.t("Timers"), main))
}

/// A row leads to its entity; one without a page to the actor that keeps it.
fn row(desk: &Desk, item: &Value) -> Row {
    let place = overdue::place(desk, item.text("domain"), item.text("entity"));
    let href = overdue::place_in(item, place);
    let mut cells = vec![html! { (item.text("tenant")) }];
    cells.extend(overdue::cells(desk, item));
    Row { id: String::new(), href, cells }
}
