//! How an account at a payment provider is, as this node has seen it: whether calls go out, how those
//! of the last hour went, what the provider sent, what waits for it.

use super::{super::Answer, list::views};
use crate::{
    backend::{Trouble, escape},
    desk::{Asked, Desk, query},
    format,
    ui::{
        chips::{address, chips},
        csv, parts,
        table::{Column, Row, figures, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use maud::{Markup, html};
use serde_json::Value;

/// How often the page looks again, in milliseconds: each look goes through some thousand payments.
const EVERY_MS: &str = "15000";
const OUTCOMES: [Column; 2] = [words("What came of it"), figures("Calls")];
const LAST: [Column; 6] = [
    words("When"),
    words("Asked"),
    words("What came of it"),
    figures("Took"),
    figures("Waited"),
    words("Payment").minor(),
];
/// Which of the last calls are shown, other than by what came of them: those under way, and those that
/// waited for their turn.
const UNDER_WAY: &str = "under_way";
const WAITED: &str = "waited";

/// How an account stands, in a word of colour and a sentence: the same wherever it is told.
pub(in crate::pages) fn standing(desk: &Desk, seen: &Value) -> (&'static str, String) {
    let (calls, failed) = (calls(seen, |_| true), calls(seen, is_failure));
    let not_taken = seen.int("notifications_not_taken");
    match seen.text("/breaker/position") {
        "open" => ("red", desk.t("rests after failures in a row").to_owned()),
        "half_open" => {
            ("amber", desk.t("one call is out to see whether it works again").to_owned())
        }
        _ if seen.has("/breaker/until") => {
            ("amber", desk.t("has asked for patience; calls wait").to_owned())
        }
        _ if failed > 0 => {
            let counts = [desk.number(failed), desk.number(calls)];
            let [failed, calls] = &counts;
            ("amber", desk.f("{} of {} calls failed in the last hour", &[failed, calls]))
        }
        _ if not_taken > 0 => {
            let count = desk.number(not_taken);
            ("amber", desk.f("{} of its notifications were not taken in the last hour", &[&count]))
        }
        _ if calls == 0 => ("", desk.t("not called in the last hour").to_owned()),
        _ => ("", desk.f("answers; {} calls in the last hour", &[&desk.number(calls)])),
    }
}

/// Where trouble stands in a list: first.
pub(in crate::pages) fn place(tone: &str) -> u8 {
    match tone {
        "red" => 0,
        "amber" => 1,
        _ => 2,
    }
}

fn calls(seen: &Value, which: impl Fn(&str) -> bool) -> i64 {
    let all = seen.list("calls").iter();
    all.filter(|one| which(one.text("outcome"))).map(|one| one.int("count")).sum()
}

/// Whether the provider, or the way to it, went wrong; one that says no is well.
fn is_failure(outcome: &str) -> bool {
    !matches!(outcome, "answered" | "refused" | "left_to_person")
}

/// An account in one line: a dot, its name, how it stands.
pub(in crate::pages) fn line(desk: &Desk, (href, name): (&str, &str), seen: &Value) -> Markup {
    let (tone, sentence) = standing(desk, seen);
    parts::line(desk, tone, (href, name), &sentence, &html! {})
}

fn url(desk: &Desk, provider: &str, account: &str) -> String {
    let (provider, account) = (escape(provider), escape(account));
    desk.url(&format!("/payments/accounts/{provider}/{account}/health"))
}

/// The shop's accounts above its payments, one line each, trouble first; nothing for who may not see
/// them, and where there are none.
pub(super) async fn overview(desk: &Desk) -> Markup {
    if !desk.may("tenants:read") {
        return html! {};
    }
    let page = desk.api().get_if_any("/v1/accounts/health?limit=50").await;
    let mut seen: Vec<&Value> = page.list("items").iter().collect();
    seen.sort_by_key(|one| place(standing(desk, one).0));
    if seen.is_empty() {
        return html! {};
    }
    let bad = seen.iter().filter(|one| !standing(desk, one).0.is_empty()).count();
    let more = if page.has("next_cursor") { "+" } else { "" };
    let all = format!("{}{more}", seen.len());
    let told = match bad {
        0 => desk.f("{}, all well", &[&all]),
        bad => desk.f("{} of {} need a look", &[&bad.to_string(), &all]),
    };
    html! {
        details.panel.runs open[bad > 0] data-keep="accounts-health" {
            summary { strong { (desk.t("Accounts at providers")) } " " span.quiet { (told) } }
            ul { @for one in seen {
                @let (provider, account) = (one.text("provider"), one.text("account"));
                li { (line(desk, (&url(desk, provider, account), &format!("{provider}/{account}")), one)) }
            } }
        }
    }
}

pub(super) async fn show(
    desk: Desk,
    Path((_, provider, account)): Path<(String, String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let path = format!("/v1/accounts/{}/{}", escape(&provider), escape(&account));
    let title = desk.f("Health of {}", &[&format!("{provider}/{account}")]);
    let back = desk.url(&format!("/payments/accounts/{}/{}", escape(&provider), escape(&account)));
    let health = desk.api().get(&format!("{path}/health")).await;
    let which = asked.text("calls");
    let inside = match &health {
        Ok(seen) if desk.wants_csv() => {
            let rows: Vec<_> = last(&desk, seen, which);
            return Ok(csv::of(&desk, &LAST, &rows));
        }
        Ok(seen) => told(&desk, seen, which),
        Err(trouble) if matches!(&*trouble.code, "no_health" | "account_unusable") => {
            not_told(&desk, trouble)
        }
        Err(trouble) => return Err(trouble.clone()),
    };
    let main = html! {
        div #live data-live-every=(EVERY_MS) {
            (parts::heading(&title, &html! {}, &parts::action(&back, desk.t("Settings"), "")))
            (views(&desk, "-"))
            (inside)
        }
    };
    Ok(desk.page(&title, main))
}

/// Why nothing is known of an account.
fn not_told(desk: &Desk, trouble: &Trouble) -> Markup {
    html! {
        @if trouble.code == "no_health" {
            (parts::empty(desk.t("An account that carries messages is not looked at"),
                desk.t("Each message tells how it went.")))
            p { a href=(desk.url("/messages?status=given_up")) { (desk.t("Messages that failed")) } }
        } @else {
            div.notice.red { p { strong { (desk.t("It cannot be used: nothing goes through it")) } }
                p { (trouble.detail) } }
        }
    }
}

fn told(desk: &Desk, seen: &Value, which: &str) -> Markup {
    let (tone, sentence) = standing(desk, seen);
    html! {
        @let tone = if tone.is_empty() { "green" } else { tone };
        div class={ "notice " (tone) } { p { strong { (sentence) } } }
        (parts::section(desk.t("Calls"), &called(desk, seen)))
        div #calls { (parts::section(desk.t("The last calls"), &last_calls(desk, seen, which))) }
        (parts::section(desk.t("What went wrong last"), &wrong(desk, seen)))
        (parts::section(desk.t("What the provider sent"), &sent(desk, seen)))
        @if seen.has("to_open") { (parts::section(desk.t("What waits for it"), &waits(desk, seen))) }
        p.quiet { (desk.t("This is what this node has seen since it began; it counts an hour back.")) }
        (parts::raw(desk, seen))
    }
}

fn called(desk: &Desk, seen: &Value) -> Markup {
    let row = |one: &Value| Row {
        href: narrowed(desk, seen, one.text("outcome")),
        cells: vec![
            html! { (desk.language().word(one.text("outcome"))) },
            html! { (desk.number(one.int("count"))) },
        ],
        ..Row::default()
    };
    let under_way = match seen.int("under_way") {
        0 => html! { "0" },
        count => html! { a href=(narrowed(desk, seen, UNDER_WAY)) { (desk.number(count)) } },
    };
    let rows: Vec<_> = seen.list("calls").iter().map(row).collect();
    let lasting = |member: &str| match seen.has(member) {
        true => html! { (format::lasting(desk.language(), seen.int(member))) },
        false => html! {},
    };
    let waits = match seen.int("waits") {
        0 => html! {},
        waits => html! { a href=(narrowed(desk, seen, WAITED)) {
            (desk.f("{}, the longest {}", &[&desk.number(waits),
            &format::lasting(desk.language(), seen.int("waited_ms_max"))]))
        } },
    };
    html! {
        (parts::facts(&[
            (desk.t("Breaker"), html! { (desk.language().word(&format!("gate_{}", seen.text("/breaker/position")))) }),
            (desk.t("Since"), parts::ago(desk, seen.text("/breaker/since"))),
            (desk.t("No call before"), parts::clock(desk, seen.text("/breaker/until"))),
            (desk.t("Under way"), under_way),
            (desk.t("Half took at most"), lasting("p50_ms")),
            (desk.t("99 of 100 took at most"), lasting("p99_ms")),
            (desk.t("Waited for their turn"), waits),
            (desk.t("Last answer"), parts::ago(desk, seen.text("last_answer_at"))),
        ]))
        @if rows.is_empty() {
            p.quiet { (desk.t("There was no call in the last hour.")) }
        } @else { (table(desk, desk.t("Calls of the last hour"), &OUTCOMES, &rows, None)) }
    }
}

/// The page with some of the last calls.
fn narrowed(desk: &Desk, seen: &Value, which: &str) -> String {
    let page = url(desk, seen.text("provider"), seen.text("account"));
    format!("{}#calls", address(&page, &[("calls", which)]))
}

/// Whether a call is one of those that are asked for. What was put off was not made, and counts as a
/// wait alone.
fn is_wanted(call: &Value, which: &str) -> bool {
    match which {
        "" => true,
        UNDER_WAY => !call.has("outcome"),
        WAITED => call.is("put_off") || call.int("waited_ms") > 0,
        outcome => call.text("outcome") == outcome && !call.is("put_off"),
    }
}

/// The last calls, each of which leads to its payment.
fn last(desk: &Desk, seen: &Value, which: &str) -> Vec<Row> {
    let time = |call: &Value, member: &str| match call.has(member) {
        true => html! { (format::lasting(desk.language(), call.int(member))) },
        false => html! {},
    };
    let became = |call: &Value| match (call.text("outcome"), call.is("put_off")) {
        (_, true) => desk.t("put off").to_owned(),
        ("", _) if call.has("waited_ms") => desk.t("under way").to_owned(),
        ("", _) => desk.t("waits for its turn").to_owned(),
        (outcome, _) => desk.language().word(outcome),
    };
    let row = |call: &Value| {
        let payment = call.text("payment");
        let href = match payment {
            "" => String::new(),
            payment => desk.url(&format!("/payments/{}", escape(payment))),
        };
        Row {
            href,
            cells: vec![
                parts::clock(desk, call.text("at")),
                html! { (desk.language().word(call.text("operation"))) },
                html! { (became(call)) },
                time(call, "took_ms"),
                time(call, "waited_ms"),
                html! { (csv::id(desk, payment)) },
            ],
            ..Row::default()
        }
    };
    let calls = seen.list("last_calls").iter();
    calls.filter(|call| is_wanted(call, which)).map(row).collect()
}

fn last_calls(desk: &Desk, seen: &Value, which: &str) -> Markup {
    let rows = last(desk, seen, which);
    let page = url(desk, seen.text("provider"), seen.text("account"));
    let sentence = |_: &str, which: &str| match which {
        UNDER_WAY => desk.t("under way").to_owned(),
        WAITED => desk.t("waited for their turn").to_owned(),
        outcome => desk.language().word(outcome),
    };
    html! {
        (chips(desk, &page, &[("calls", which)], sentence))
        @if rows.is_empty() { p.quiet { (desk.t("None is among the calls that are kept.")) } }
        @else {
            (table(desk, desk.t("The last calls"), &LAST, &rows, None))
            p { (parts::export(desk)) }
        }
        p.quiet { (desk.t("Of the calls of the last hour, this node keeps the last 50 one by one.")) }
    }
}

fn wrong(desk: &Desk, seen: &Value) -> Markup {
    let one = |label: &str, failure: &Value| {
        html! {
            @if !failure.is_null() {
                h3 { (label) }
                (parts::facts(&[
                    (desk.t("When"), parts::ago(desk, failure.text("at"))),
                    (desk.t("Asked"), html! { (desk.language().word(failure.text("operation"))) }),
                    (desk.t("What came of it"), html! { (desk.language().word(failure.text("outcome"))) }),
                    (desk.t("Told"), html! { code { (failure.text("code")) } " " (failure.text("message")) }),
                ]))
            }
        }
    };
    html! {
        @if !seen.has("last_failure") && !seen.has("last_refusal") {
            p.quiet { (desk.t("Nothing, as far as this node knows.")) }
        }
        (one(desk.t("It failed"), seen.at("last_failure")))
        (one(desk.t("It said no"), seen.at("last_refusal")))
    }
}

fn sent(desk: &Desk, seen: &Value) -> Markup {
    let last = seen.at("last_not_taken");
    parts::facts(&[
        (
            desk.t("Taken in the last hour"),
            html! { (desk.number(seen.int("notifications_taken"))) },
        ),
        (desk.t("Last taken"), parts::ago(desk, seen.text("last_taken_at"))),
        (
            desk.t("Not taken in the last hour"),
            html! {
                (desk.number(seen.int("notifications_not_taken")))
                @for one in seen.list("not_taken") {
                    " " span.pair { b { (desk.number(one.int("count"))) } " × "
                        (desk.language().word(one.text("reason"))) }
                }
            },
        ),
        (
            desk.t("Last not taken"),
            match last.is_null() {
                true => html! {},
                false => {
                    html! { (parts::ago(desk, last.text("at"))) ": " (desk.language().word(last.text("reason"))) }
                }
            },
        ),
    ])
}

fn waits(desk: &Desk, seen: &Value) -> Markup {
    let queue = |member: &str, status: &str| {
        let queue = seen.at(member);
        let (provider, account) = (seen.text("provider"), seen.text("account"));
        let asked = [("status", status), ("provider", provider), ("account", account)];
        let more = if queue.is("more") { "+" } else { "" };
        let oldest = queue.text("oldest");
        html! {
            a href=(query(&desk.url("/payments"), &asked)) { (desk.number(queue.int("count"))) (more) }
            @if !oldest.is_empty() {
                ", " a href=(desk.url(&format!("/payments/{}", escape(oldest)))) { (desk.t("the oldest")) }
            }
        }
    };
    parts::facts(&[
        (desk.t("Payments that it has to open"), queue("to_open", "created")),
        (desk.t("Payments that payers have to pay"), queue("to_pay", "pending")),
    ])
}
