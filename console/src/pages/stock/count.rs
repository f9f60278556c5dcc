//! A count sheet: pasted or read from a file, shown with what it changes, then written down.

use super::{super::Answer, list::views};
use crate::{
    backend::{Trouble, escape},
    desk::{Desk, Form},
    gate::Posted,
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use futures_util::{StreamExt, stream};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

/// Rows of a sheet at most.
const ROWS_MAX: usize = 500;
/// Rows that are looked at, or written down, at the same time.
const AT_ONCE: usize = 8;

const COLUMNS: [Column; 5] = [
    words("Product"),
    words("Warehouse"),
    figures("In the books"),
    figures("Counted"),
    words("Change"),
];

/// A row of the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Counted {
    sku: String,
    warehouse: String,
    quantity: i64,
}

/// A row with what the books say of it, or what came of writing it down.
struct Looked {
    counted: Counted,
    known: Result<i64, Trouble>,
}

pub(super) async fn show(desk: Desk) -> Answer {
    Ok(desk.page(desk.t("Count sheet"), page(&desk, &form(&desk, ""))))
}

pub(super) async fn ask(desk: Desk, Posted(said): Posted) -> Answer {
    let rows = read(said.text("sheet"))?;
    let sure = said.text("sure") == "yes";
    let desk_of = desk.clone();
    let key = said.text("key").to_owned();
    let looked: Vec<Looked> = stream::iter(rows.into_iter().enumerate())
        .map(|(place, counted)| {
            let (desk, key) = (desk_of.clone(), format!("{key}-{place}"));
            async move {
                let known = match sure {
                    true => write(&desk, &counted, &key).await,
                    false => in_the_books(&desk, &counted).await,
                };
                Looked { counted, known }
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let main = page(&desk, &outcome(&desk, &said, &looked, sure));
    Ok(desk.page(desk.t("Count sheet"), main))
}

fn page(desk: &Desk, inside: &Markup) -> Markup {
    html! {
        (parts::heading(desk.t("Count sheet"), &html! {}, &html! {}))
        (views(desk, "/count"))
        (inside)
    }
}

fn form(desk: &Desk, sheet: &str) -> Markup {
    html! {
        form.sheet.wide method="post" {
            (desk.form_fields())
            p { (desk.t("A row each: product, warehouse, pieces, with commas, semicolons or tabs between. Nothing changes before you have seen what would.")) }
            p.small { a href=(desk.url("/stock/warehouses")) { (desk.t("Warehouses and how they are called")) } }
            label { span { (desk.t("From a file")) }
                input type="file" accept=".csv,.txt,text/csv,text/plain" data-into="sheet"; }
            label { span { (desk.t("The sheet")) }
                textarea #sheet name="sheet" rows="12" required spellcheck="false"
                    placeholder="ATLAS;main;12" { (sheet) } }
            button.primary type="submit" { (desk.t("Show what it changes")) }
        }
    }
}

/// The rows of a sheet; a first row of names is passed over.
fn read(sheet: &str) -> Result<Vec<Counted>, Trouble> {
    let wrong = |line: usize, why: &str| {
        let detail = format!("row {line}: {why}; nothing was changed");
        Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, "sheet_unreadable", detail)
    };
    let mut rows = Vec::new();
    for (place, line) in sheet.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> =
            line.split([';', ',', '\t']).map(|cell| cell.trim().trim_matches('"')).collect();
        let [sku, warehouse, quantity] = cells.as_slice() else {
            return Err(wrong(place + 1, "expected product, warehouse, pieces"));
        };
        match quantity.parse::<i64>() {
            Ok(quantity) if quantity >= 0 => rows.push(Counted {
                sku: (*sku).to_owned(),
                warehouse: (*warehouse).to_owned(),
                quantity,
            }),
            _ if place == 0 => {}
            _ => return Err(wrong(place + 1, "pieces are a whole number, 0 or more")),
        }
    }
    match rows.len() {
        0 => Err(wrong(1, "the sheet is empty")),
        count if count > ROWS_MAX => Err(wrong(count, "a sheet has 500 rows at most")),
        _ => Ok(rows),
    }
}

async fn in_the_books(desk: &Desk, counted: &Counted) -> Result<i64, Trouble> {
    let document = desk.api().get(&format!("/v1/stock/{}", escape(&counted.sku))).await;
    let document = match document {
        Err(trouble) if trouble.status == 404 => Value::Null,
        other => other?,
    };
    let levels = document.list("levels").iter();
    let mut there = levels.filter(|level| level.text("warehouse") == counted.warehouse);
    let known = there.next().map_or(0, |level| level.int("on_hand"));
    // The API judges the row as well: a warehouse that is not there is told before, not after.
    desk.api().would("/v1/stock/movements", body(counted)).await.map(|_| known)
}

async fn write(desk: &Desk, counted: &Counted, key: &str) -> Result<i64, Trouble> {
    desk.api().post("/v1/stock/movements", body(counted), key).await.map(|_| counted.quantity)
}

fn body(counted: &Counted) -> Value {
    let Counted { sku, warehouse, quantity } = counted;
    json!({ "sku": sku, "warehouse": warehouse, "kind": "count", "quantity": quantity,
            "reason": "count sheet" })
}

fn outcome(desk: &Desk, said: &Form, looked: &[Looked], sure: bool) -> Markup {
    let good = looked.iter().filter(|row| row.known.is_ok()).count().to_string();
    let bad = looked.iter().filter(|row| row.known.is_err()).count();
    let rows: Vec<_> = looked.iter().map(|row| line(desk, row, sure)).collect();
    html! {
        p role="status" class={ "notice " (if bad > 0 { "red" } else if sure { "green" } else { "blue" }) } {
            @if sure { (desk.f("{} rows are written down.", &[&good])) }
            @else { (desk.f("{} rows can be written down. Nothing has changed yet.", &[&good])) }
            @if bad > 0 { " " (desk.f("{} cannot, see why below.", &[&bad.to_string()])) }
        }
        (table(desk, desk.t("Count sheet"), &COLUMNS, &rows, None))
        @if sure {
            p { a href=(desk.url("/stock")) { (desk.t("To the levels")) } }
        } @else {
            form method="post" {
                (desk.form_fields())
                input type="hidden" name="sure" value="yes";
                textarea name="sheet" hidden { (said.text("sheet")) }
                button.primary type="submit" disabled[good == "0"] {
                    (desk.f("Write {} rows down", &[&good]))
                }
            }
            details { summary { (desk.t("Change the sheet")) } (form(desk, said.text("sheet"))) }
        }
    }
}

fn line(desk: &Desk, row: &Looked, sure: bool) -> Row {
    let Looked { counted, known } = row;
    let change = match known {
        Err(trouble) => html! { span.badge.red { (trouble.detail) } },
        Ok(_) if sure => html! { span.badge.green { (desk.t("written down")) } },
        Ok(known) => html! {
            b { (crate::format::signed(desk.language(), counted.quantity - known)) }
        },
    };
    Row {
        href: desk.url(&format!("/stock/{}", escape(&counted.sku))),
        cells: vec![
            html! { (counted.sku) },
            html! { (counted.warehouse) },
            html! { @if let (Ok(known), false) = (known, sure) { (desk.number(*known)) } },
            html! { (desk.number(counted.quantity)) },
            change,
        ],
        ..Row::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(sku: &str, quantity: i64) -> Counted {
        Counted { sku: sku.into(), warehouse: "main".into(), quantity }
    }

    #[test]
    fn a_sheet_is_read_however_its_columns_are_apart() {
        let sheet = "sku;warehouse;pieces\nATLAS;main;12\n\nMAP,main,0\n\"PEN\"\tmain\t7\n";
        let rows = [counted("ATLAS", 12), counted("MAP", 0), counted("PEN", 7)];
        assert_eq!(read(sheet).unwrap(), rows);
    }

    #[test]
    fn a_sheet_with_a_row_that_cannot_be_read_changes_nothing() {
        assert!(read("ATLAS;main;12\nMAP;main;many").unwrap_err().detail.starts_with("row 2"));
        assert!(read("ATLAS;main").is_err());
        assert!(read("ATLAS;main;-1\nMAP;main;-1").is_err());
        assert!(read("").is_err());
    }
}
