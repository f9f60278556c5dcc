//! Rows that an import left out, each with why.

use super::{super::Answer, changes::beside, imports, onward};
use crate::{
    backend::escape,
    desk::{Asked, Desk, query},
    ui::{
        csv, parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::html;
use serde_json::Value;

const COLUMNS: [Column; 4] =
    [figures("Row"), figures("Line").minor(), words("Code"), words("Why it was left out")];

pub(super) async fn show(
    desk: Desk,
    Path((_, import)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let path = format!("/v1/imports/{}", escape(&import));
    let wanted = [("limit", "50"), ("cursor", asked.text("cursor"))];
    let list = query(&format!("{path}/left-out"), &wanted);
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &list, row).await;
    }
    let (document, page) = tokio::join!(desk.api().get(&path), desk.api().get(&list));
    let (document, page) = (document?, page?);
    let rows: Vec<_> = page.list("items").iter().map(|one| row(&desk, one)).collect();
    let title = desk.t("Rows that were left out");
    let here = format!("{}/left-out", imports::one(&desk, &import));
    let main = html! {
        (parts::heading(title, &beside(&desk, &document), &parts::export(&desk)))
        p { (desk.f("{} rows were left out; the first 500 are kept.",
            &[&desk.number(document.int("/counts/skipped"))])) }
        @if rows.is_empty() {
            (parts::empty(desk.t("No row was kept"),
                desk.t("A row is left out by a filter of the mapping, or because an earlier row has its code.")))
        } @else { (table(&desk, title, &COLUMNS, &rows, None)) }
        (onward(&desk, &here, asked.text("cursor"), &page))
        p { a href=(imports::one(&desk, &import)) { (desk.t("To the import")) } }
    };
    Ok(desk.page(title, main))
}

fn row(desk: &Desk, one: &Value) -> Row {
    Row {
        cells: vec![
            html! { (desk.number(one.int("row"))) },
            html! { (desk.number(one.int("line"))) },
            html! { code { (one.text("code")) } },
            html! { (why(desk, one.text("why"))) },
        ],
        ..Row::default()
    }
}

fn why(desk: &Desk, why: &str) -> String {
    match why {
        "filtered" => desk.t("a filter of the mapping says so").to_owned(),
        "repeated" => desk.t("an earlier row has its code").to_owned(),
        "never_known" => desk.t("it says that something is gone which was never known").to_owned(),
        why => desk.language().word(why),
    }
}
