//! Offers that stand again as before an import that was undone.

use super::{
    super::Answer,
    changes::{beside, pieces, product},
    imports, onward,
    undoing::sentences,
};
use crate::{
    backend::escape,
    desk::{Asked, Desk, query},
    ui::{
        csv, parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::html;
use serde_json::Value;

const COLUMNS: [Column; 4] = [
    words("Code"),
    words("Product"),
    words("Price that the supplier asks"),
    words("Stock of the supplier"),
];

pub(super) async fn show(
    desk: Desk,
    Path((_, import)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let path = format!("/v1/imports/{}", escape(&import));
    let wanted = [("limit", "50"), ("cursor", asked.text("cursor"))];
    let list = query(&format!("{path}/restored"), &wanted);
    if desk.wants_csv() {
        return csv::list(&desk, &COLUMNS, &list, row).await;
    }
    let (document, page) = tokio::join!(desk.api().get(&path), desk.api().get(&list));
    let (document, page) = (document?, page?);
    let rows: Vec<_> = page.list("items").iter().map(|one| row(&desk, one)).collect();
    let title = desk.t("What undoing it put back");
    let here = format!("{}/restored", imports::one(&desk, &import));
    let main = html! {
        (parts::heading(title, &beside(&desk, &document), &parts::export(&desk)))
        (sentences(&desk, &import, document.at("undo")))
        @if !rows.is_empty() { (table(&desk, title, &COLUMNS, &rows, None)) }
        @else if page.has("next_cursor") {
            (parts::empty(desk.t("None among the changes that were looked through"),
                desk.t("Further ones may have been put back: go on below.")))
        } @else {
            (parts::empty(desk.t("Nothing was put back"),
                desk.t("An import is undone by a button on its page, once it has ended.")))
        }
        (onward(&desk, &here, asked.text("cursor"), &page))
        p { a href=(imports::one(&desk, &import)) { (desk.t("To the import")) } }
    };
    Ok(desk.page(title, main))
}

/// An offer with what it says again; one that the import had brought says nothing.
fn row(desk: &Desk, one: &Value) -> Row {
    let nothing = || html! { span.quiet { (desk.t("it was not there before")) } };
    let (price, brought) = (one.at("price"), one.is("brought"));
    Row {
        cells: vec![
            html! { code { (one.text("code")) } },
            product(desk, one),
            match price {
                Value::Null if brought => nothing(),
                Value::Null => html! { span.quiet { "–" } },
                price => parts::money(desk, price.int("amount_minor"), price.text("currency")),
            },
            if brought { nothing() } else { pieces(desk, one.at("stock")) },
        ],
        ..Row::default()
    }
}
