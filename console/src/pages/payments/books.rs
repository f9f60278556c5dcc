//! The books: what is at each account, entry by entry, and in what the providers' lists differ.

use super::{super::Answer, list::views};
use crate::{
    backend::{escape, page_at},
    desk::{Asked, Desk, go, query},
    gate::Posted,
    ui::{
        chips::{address, chips},
        csv, parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::{Value, json};

const BALANCES: [Column; 6] = [
    words("Provider"),
    words("Account"),
    figures("Came"),
    figures("Went back"),
    figures("Lost"),
    figures("Left"),
];
const ENTRIES: [Column; 6] = [
    words("When"),
    words("What"),
    figures("Amount"),
    figures("Change"),
    words("By"),
    words("Payment"),
];

/// Of the file of differences; the page has a section for each.
const DIFFERENCES: [Column; 8] = [
    words("What differs"),
    words("Status"),
    words("Account"),
    words("Day"),
    figures("We have"),
    figures("The provider has"),
    words("Payment"),
    words("To be settled by"),
];

/// What of the ledger is shown: as the API calls it.
const NARROWED_BY: [&str; 6] = ["provider", "account", "currency", "kind", "from", "until"];
/// Kinds of entries: those that make what came, what went back, and what was lost.
const CAME: &str = "capture";
const WENT_BACK: &str = "refund,refund_reversal";
const LOST: &str = "chargeback,chargeback_reversal";

pub(super) async fn ledger(desk: Desk, Asked(asked): Asked) -> Answer {
    let said = NARROWED_BY.map(|name| (name, asked.text(name)));
    let question = query("/v1/ledger", &[&[("limit", "50")], &said[..]].concat());
    if desk.wants_csv() {
        return csv::list(&desk, &ENTRIES, &question, entry).await;
    }
    let path = page_at(&question, asked.text("cursor"));
    let (balances, entries) =
        tokio::join!(desk.api().get("/v1/ledger/balances"), desk.api().get(&path));
    let (balances, entries) = (balances?, entries?);
    let sums: Vec<_> = balances.list("items").iter().map(|one| balance(&desk, one)).collect();
    let all = desk.url("/payments/ledger");
    let main = html! {
        (parts::heading(desk.t("Ledger"), &html! {}, &html! {
            (parts::export(&desk))
        }))
        (views(&desk, "/ledger"))
        (parts::section(desk.t("At the accounts"), &html! {
            @if sums.is_empty() {
                (parts::empty(desk.t("No money has moved yet"),
                    desk.t("Every payment and refund is an entry here; entries are never changed.")))
            } @else { (table(&desk, desk.t("At the accounts"), &BALANCES, &sums, None)) }
        }))
        (chips(&desk, &all, &said, |name, value| narrowed(&desk, name, value)))
        (written(&desk, &address(&all, &said), asked.text("cursor"), &entries))
    };
    Ok(desk.page(desk.t("Ledger"), main))
}

/// By what the ledger is narrowed, in a sentence.
fn narrowed(desk: &Desk, name: &str, value: &str) -> String {
    match name {
        "provider" => desk.f("provider is {}", &[value]),
        "account" => desk.f("account is {}", &[value]),
        "currency" => desk.f("currency is {}", &[value]),
        "from" => desk.f("since {}", &[value]),
        "until" => desk.f("before {}", &[value]),
        _ => {
            let kinds: Vec<_> = value.split(',').map(|kind| desk.language().word(kind)).collect();
            kinds.join(", ")
        }
    }
}

/// The entries that are shown, and the way to newer ones.
fn written(desk: &Desk, base: &str, cursor: &str, page: &Value) -> Markup {
    let rows: Vec<_> = page.list("items").iter().map(|one| entry(desk, one)).collect();
    html! {
        @if !rows.is_empty() || page.has("next_cursor") {
            (parts::section(desk.t("Entries, oldest first"), &html! {
                @if rows.is_empty() {
                    p { (desk.t("None among these; there may be newer ones.")) }
                } @else { (table(desk, desk.t("Entries, oldest first"), &ENTRIES, &rows, None)) }
                (onward(desk, base, cursor, page))
            }))
        }
    }
}

/// Pages of a list that begins with its oldest.
fn onward(desk: &Desk, base: &str, asked: &str, page: &Value) -> Markup {
    let join = if base.contains('?') { '&' } else { '?' };
    html! {
        nav.pager aria-label=(desk.t("Pages of the list")) {
            @if !asked.is_empty() { a href=(base) { (desk.t("To the beginning")) } }
            @if page.has("next_cursor") {
                a rel="next" href=(format!("{base}{join}cursor={}", escape(page.text("next_cursor")))) {
                    (desk.t("Newer"))
                }
            }
        }
    }
}

/// A balance, whose amounts lead to the entries that they are the sum of.
fn balance(desk: &Desk, one: &Value) -> Row {
    let currency = one.text("currency");
    let of_it = [
        ("provider", one.text("provider")),
        ("account", one.text("account")),
        ("currency", currency),
    ];
    let all = desk.url("/payments/ledger");
    let sum = |name: &str, kind: &str| {
        let entries = query(&all, &[&of_it[..], &[("kind", kind)]].concat());
        match one.int(name) {
            0 => parts::money(desk, 0, currency),
            minor => html! { a href=(entries) { (parts::money(desk, minor, currency)) } },
        }
    };
    Row {
        href: query(&all, &of_it),
        cells: vec![
            html! { (one.text("provider")) },
            html! { (one.text("account")) },
            sum("in_minor", CAME),
            sum("out_minor", WENT_BACK),
            sum("charged_back_minor", LOST),
            html! { b { (sum("balance_minor", "")) } },
        ],
        ..Row::default()
    }
}

fn entry(desk: &Desk, one: &Value) -> Row {
    let sum = |name: &str| parts::money(desk, one.int(name), one.text("currency"));
    let payment = one.text("payment");
    Row {
        cells: vec![
            parts::clock(desk, one.text("at")),
            html! { (desk.language().word(one.text("kind"))) },
            sum("amount_minor"),
            sum("change_minor"),
            html! { (one.text("provider")) " " small { (one.text("account")) } },
            html! { a href=(desk.url(&format!("/payments/{}", escape(payment)))) {
                (csv::id(desk, payment))
            } },
        ],
        ..Row::default()
    }
}

pub(super) async fn differences(desk: Desk, Asked(asked): Asked) -> Answer {
    let status = match asked.text("status") {
        "" => "open",
        status => status,
    };
    let path = format!("/v1/differences?limit=50&status={}", escape(status));
    if desk.wants_csv() {
        return csv::list(&desk, &DIFFERENCES, &path, difference).await;
    }
    let path = page_at(&path, asked.text("cursor"));
    let (page, runs, accounts) = tokio::join!(
        desk.api().get(&path),
        desk.api().get_if_any("/v1/reconciliations?limit=10"),
        desk.api().get_if_any("/v1/accounts?limit=50"),
    );
    let page = page?;
    let at = |status: &str| query(&desk.url("/payments/differences"), &[("status", status)]);
    let tabs = ["open", "assigned", "settled"]
        .map(|one| (at(one), desk.language().word(one), one == status));
    let main = html! {
        (parts::heading(desk.t("Differences"), &html! {}, &parts::export(&desk)))
        (views(&desk, "/differences"))
        (parts::tabs(desk.t("Status"), &tabs))
        @if page.list("items").is_empty() {
            (parts::empty(desk.t("The books and the providers' lists agree"),
                desk.t("What differs after a comparison is listed here, each with what to do about it.")))
        }
        @for difference in page.list("items") { (one(&desk, difference)) }
        (parts::pager(&desk, &at(status), asked.text("cursor"), &page))
        (comparisons(&desk, &runs, &accounts))
    };
    Ok(desk.page(desk.t("Differences"), main))
}

/// A difference as a row, for the file.
fn difference(desk: &Desk, difference: &Value) -> Row {
    let what = difference.at("difference");
    Row {
        id: difference.text("id").to_owned(),
        href: String::new(),
        cells: vec![
            html! { (desk.language().word(what.text("kind"))) },
            parts::badge(desk, difference.text("status")),
            html! { (what.text("provider")) "/" (what.text("account")) },
            html! { (what.text("day")) },
            sum(desk, what.at("ours")),
            sum(desk, what.at("theirs")),
            html! { (what.text("payment")) },
            parts::ago(desk, difference.text("settle_by")),
        ],
    }
}

/// An amount with its currency, if there is one.
fn sum(desk: &Desk, sum: &Value) -> Markup {
    match sum {
        Value::Null => html! {},
        sum => parts::money(desk, sum.int("amount_minor"), sum.text("currency")),
    }
}

fn one(desk: &Desk, difference: &Value) -> Markup {
    let what = difference.at("difference");
    let sum = |name: &str| sum(desk, what.at(name));
    let settle = format!("/payments/differences/{}/settle", escape(difference.text("id")));
    parts::section(
        &desk.language().word(what.text("kind")),
        &html! {
            (parts::facts(&[
                (desk.t("Status"), parts::badge(desk, difference.text("status"))),
                (desk.t("At"), html! { (what.text("provider")) " " (what.text("account")) ", " (what.text("day")) }),
                (desk.t("We have"), sum("ours")),
                (desk.t("The provider has"), sum("theirs")),
                (desk.t("Payment"), match what.text("payment") {
                    "" => html! {},
                    payment => html! { a href=(desk.url(&format!("/payments/{}", escape(payment)))) {
                        (crate::format::short(payment))
                    } },
                }),
                (desk.t("To be settled by"), parts::ago(desk, difference.text("settle_by"))),
            ]))
            @if desk.may("payments:write") && difference.text("status") != "settled" {
                form.row method="post" action=(desk.url(&settle)) {
                    (desk.form_fields())
                    label { span { (desk.t("What to do")) } select name="how" {
                        @for how in ["asked_provider", "by_hand", "written_off"] {
                            option value=(how) { (desk.language().word(how)) }
                        }
                    } }
                    label.wide { span { (desk.t("Note")) } input name="note" maxlength="500"; }
                    button.primary type="submit" { (desk.t("Settle")) }
                }
            }
        },
    )
}

fn comparisons(desk: &Desk, runs: &Value, accounts: &Value) -> Markup {
    parts::section(
        desk.t("Comparisons"),
        &html! {
            ul.plain {
                @for run in runs.list("items") {
                    li {
                        (run.text("provider")) " " (run.text("account")) " " (run.text("day")) " "
                        (parts::badge(desk, run.text("status"))) " "
                        small { (parts::ago(desk, run.text("requested_at"))) } " " (run.text("problem"))
                    }
                }
            }
            @if desk.may("payments:write") && !accounts.list("items").is_empty() {
                form.row method="post" action=(desk.url("/payments/reconcile")) {
                    (desk.form_fields())
                    label { span { (desk.t("Account")) } select name="account" {
                        @for account in accounts.list("items") {
                            option value=(account.text("id")) { (account.text("id")) }
                        }
                    } }
                    label { span { (desk.t("Day (the last whole one if empty)")) }
                        input name="day" type="date"; }
                    button type="submit" { (desk.t("Compare now")) }
                }
            }
        },
    )
}

pub(super) async fn settle(
    desk: Desk,
    Path((_, difference)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let mut body = json!({ "how": said.text("how") });
    if !said.text("note").is_empty() {
        body["note"] = Value::String(said.text("note").to_owned());
    }
    let path = format!("/v1/differences/{}/settle", escape(&difference));
    desk.api().post(&path, body, said.text("key")).await?;
    Ok(go(&desk.url("/payments/differences")))
}

pub(super) async fn reconcile(desk: Desk, Posted(said): Posted) -> Answer {
    let (provider, account) = said.text("account").split_once('/').unwrap_or_default();
    let mut body = json!({ "provider": provider, "account": account });
    if !said.text("day").is_empty() {
        body["day"] = Value::String(said.text("day").to_owned());
    }
    desk.api().post("/v1/reconciliations", body, said.text("key")).await?;
    Ok(go(&desk.url("/payments/differences")))
}
