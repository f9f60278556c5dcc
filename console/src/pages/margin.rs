//! What goods bring and what they cost: a day's, by channel, and an order's, by line. What is made
//! of costs that are not all known says so beside every sum.

mod orders;

use super::{Answer, day::Day};
use crate::{
    backend::escape,
    desk::{Asked, Desk, query},
    format,
    state::Console,
    ui::{
        csv, parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::{Router, routing::get};
use chrono::NaiveDate;
use maud::{Markup, html};
use serde_json::Value;

const CHANNELS: [Column; 6] = [
    words("Channel"),
    figures("Bring"),
    figures("Cost"),
    figures("Margin"),
    figures("Of it").minor(),
    figures("Lines without a cost").minor(),
];
const LINES: [Column; 6] = [
    words("Product"),
    figures("Units").minor(),
    figures("Brings"),
    figures("Costs"),
    figures("Margin"),
    figures("Of it").minor(),
];

/// Products without a cost that the API tells of at most.
const PRODUCTS_MAX: usize = 20;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/margin", get(show)).route("/margin/orders", get(orders::list))
}

async fn show(desk: Desk, Asked(asked): Asked) -> Answer {
    let told = desk.api().get(&query("/v1/summary", &[("day", asked.text("day"))])).await?;
    let day = Day::of(&told);
    let shown = day.name.parse::<NaiveDate>().map(|day| format::day(desk.language(), day));
    let channels = told.list("channels").iter();
    let rows: Vec<_> = channels
        .flat_map(|one| one.list("margin").iter().map(move |margin| (one, margin)))
        .map(|(one, margin)| channel(&desk, one.text("channel"), &day, margin))
        .collect();
    if desk.wants_csv() {
        return Ok(csv::of(&desk, &CHANNELS, &rows));
    }
    let title = desk.t("Margin");
    let main = html! {
        (parts::heading(title, &html! { strong { (shown.unwrap_or_default()) } }, &html! {
            (parts::export(&desk))
        }))
        div #live data-live="order.*" {
            @if !told.has("margin") {
                (parts::empty(desk.t("What goods cost is not for your role"),
                    desk.t("An owner or admin of the shop can give you the right catalog:read.")))
            } @else {
                (day.notice(&desk))
                div.tiles {
                    @for sum in told.list("margin") {
                        (tile(&desk, sum, &day.margins(&desk, &[("currency", sum.text("currency"))])))
                    }
                }
                @if rows.is_empty() {
                    (parts::empty(desk.t("Nothing was sold that day"),
                        desk.t("Orders come by POST /v1/orders, from a channel or a shop front.")))
                } @else { (table(&desk, desk.t("Margin by channel"), &CHANNELS, &rows, None)) }
                @for sum in told.list("margin") { (remarks(&desk, sum, Some(&day))) }
                (without_cost(&desk, &day, told.list("products_without_cost")))
                p.quiet { (desk.t("Goods without tax, less what the catalog says that they cost now. Shipping, and what was cancelled or came back, is not in it.")) }
            }
        }
    };
    Ok(desk.page(title, main))
}

fn channel(desk: &Desk, name: &str, day: &Day, margin: &Value) -> Row {
    let currency = margin.text("currency");
    let orders = |missing: &str| {
        let like = [("channel", name), ("currency", currency), ("missing", missing)];
        day.margins(desk, &like)
    };
    let without = margin.int("lines_without_cost");
    let money = |member: &str| parts::money(desk, margin.int(member), currency);
    Row {
        id: format!("{name}/{currency}"),
        href: orders(""),
        cells: vec![
            html! { (name) },
            money("revenue_minor"),
            money("cost_minor"),
            money("margin_minor"),
            html! { (share(desk, margin)) },
            html! {
                @if without > 0 { a href=(orders("cost")) { (desk.number(without)) } }
                @else { (desk.number(without)) }
            },
        ],
    }
}

/// The margin of a sum, which leads to what it is made of.
pub(super) fn tile(desk: &Desk, sum: &Value, href: &str) -> Markup {
    let known = sum.int("lines_with_cost") > 0;
    let value = html! {
        @if known { (desk.money(sum.int("margin_minor"), sum.text("currency"))) } @else { "–" }
    };
    let without = sum.int("lines_without_cost");
    let beside = match (share(desk, sum), without) {
        (share, 0) => desk.f("{} of the goods without tax", &[&share]),
        (_, without) if !known => lines_without_cost(desk, without),
        (share, without) => format!("{share}; {}", lines_without_cost(desk, without)),
    };
    parts::tile(desk.t("Margin"), &value, &beside, href, "")
}

fn lines_without_cost(desk: &Desk, lines: i64) -> String {
    desk.f("lines without a cost: {}", &[&desk.number(lines)])
}

/// What of the revenue is margin.
fn share(desk: &Desk, sum: &Value) -> String {
    format::share(desk.language(), sum.int("margin_minor"), sum.int("revenue_minor"))
}

/// What a sum leaves out, and what it takes for granted; of a day, with the way to the orders.
fn remarks(desk: &Desk, sum: &Value, day: Option<&Day>) -> Markup {
    let (lines, currency) = (sum.int("lines_without_cost"), sum.text("currency"));
    let untaxed = sum.int("lines_without_tax");
    let orders = |missing: &str| {
        let href = |day: &Day| day.margins(desk, &[("currency", currency), ("missing", missing)]);
        html! { @if let Some(day) = day { " " a href=(href(day)) { (desk.t("Show these orders")) } } }
    };
    html! {
        @if lines > 0 {
            p.notice.amber {
                (desk.f("The cost of {} lines is not known. They bring {}, which is in no sum here.", &[
                    &desk.number(lines),
                    &desk.money(sum.int("revenue_without_cost_minor"), currency),
                ]))
                (orders("cost"))
            }
        }
        @if untaxed > 0 {
            p.quiet {
                (desk.f("{} lines are of orders that say no tax: all of their price counts.",
                    &[&desk.number(untaxed)]))
                (orders("tax"))
            }
        }
    }
}

/// Products without a cost. The API tells of those with most lines, and of so many at most.
fn without_cost(desk: &Desk, day: &Day, products: &[Value]) -> Markup {
    if products.is_empty() {
        return html! {};
    }
    parts::section(
        desk.t("Products without a cost"),
        &html! {
            @if PRODUCTS_MAX <= products.len() {
                p.quiet { (desk.f("These are the {} with most lines; there may be more.",
                    &[&desk.number(i64::try_from(products.len()).unwrap_or(i64::MAX))])) }
            }
            ul.plain {
                @for product in products {
                    @let currency = product.text("currency");
                    @let like = [("currency", currency), ("cancelled", "false"),
                        ("sku", product.text("sku"))];
                    li {
                        a href=(desk.url(&query("/search", &[("q", product.text("sku"))]))) {
                            (product.text("sku"))
                        }
                        " " small {
                            (currency) ", "
                            a href=(day.orders(desk, &like)) {
                                (desk.f("orders with it, of which {} lines are without a cost", &[&desk.number(product.int("lines"))]))
                            }
                        }
                    }
                }
            }
        },
    )
}

/// An order's margin, line by line; nothing where whoever looks may not know it.
pub(super) fn of_order(desk: &Desk, order: &Value, told: &Value) -> Markup {
    if told.is_null() {
        return html! {};
    }
    let sum = told.at("sum");
    let currency = sum.text("currency");
    let titles = order.list("lines").iter().map(|line| line.text("title"));
    let rows: Vec<_> = told
        .list("lines")
        .iter()
        .zip(titles.chain(std::iter::repeat("")))
        .map(|(line, title)| of_line(desk, line, title, currency))
        .collect();
    let section = parts::section(
        desk.t("Margin"),
        &html! {
            (table(desk, desk.t("Margin by line"), &LINES, &rows, None))
            @if sum.int("lines_with_cost") > 0 {
                (parts::facts(&[
                    (desk.t("Brings without tax"), parts::money(desk, sum.int("revenue_minor"), currency)),
                    (desk.t("Costs"), parts::money(desk, sum.int("cost_minor"), currency)),
                    (desk.t("Margin"), html! {
                        (parts::money(desk, sum.int("margin_minor"), currency))
                        " (" (share(desk, sum)) ")"
                    }),
                ]))
            }
            (remarks(desk, sum, None))
        },
    );
    html! { div #margin { (section) } }
}

fn of_line(desk: &Desk, line: &Value, title: &str, currency: &str) -> Row {
    let sku = line.text("sku");
    let money = |member: &str| match line.has(member) {
        true => parts::money(desk, line.int(member), currency),
        false => html! { span.quiet { "–" } },
    };
    Row {
        id: String::new(),
        href: desk.url(&format!("/stock/{}", escape(sku))),
        cells: vec![
            html! { (title) " " small { (sku) } },
            html! { (desk.number(line.int("units"))) },
            money("revenue_minor"),
            money("cost_minor"),
            money("margin_minor"),
            html! { @if line.has("margin_minor") { (share(desk, line)) } },
        ],
    }
}
