//! One domain actor: how it is at work, what it wrote last, what it could not do, and a button that
//! ends it or lets it serve again.

use super::{super::Answer, actors, for_operators, letters};
use crate::{
    backend::{Trouble, escape},
    desk::{Desk, PLATFORM, go, query},
    format,
    gate::Posted,
    pages::{overdue, timeline},
    ui::{
        parts,
        table::{Column, Row, table, words},
    },
    value::Read,
};
use axum::extract::Path;
use chrono::{SecondsFormat, TimeDelta};
use maud::{Markup, html};
use serde_json::{Value, json};

/// The journal's tail is looked for in the last seconds, then further back, an hour at most.
const SPANS_S: [i64; 4] = [1, 15, 240, 3_600];
/// Lines of it that are shown.
const TAIL_MAX: usize = 50;
/// Letters that are shown.
const LETTERS: &str = "20";

const COLUMNS: [Column; 4] = [words("When"), words("What"), words("Of"), words("Who").minor()];

pub(super) async fn show(desk: Desk, Path((tenant, domain)): Path<(String, String)>) -> Answer {
    for_operators(&desk)?;
    let known = format!("/v1/actors?limit=500&tenant={}", escape(&tenant));
    let source = format!("domain:{domain}");
    let (actors, tail, letters) = tokio::join!(
        desk.api().get(&known),
        tail(&desk, &tenant, &domain),
        undone_of(&desk, (&tenant, &source)),
    );
    let actors = actors?;
    // One that sleeps is not in the list, and has a past all the same.
    let sleeps = Value::Null;
    let found = actors.list("items").iter().find(|actor| actor.text("domain") == domain);
    let actor = found.unwrap_or(&sleeps);
    let name = format!("{tenant} · {}", desk.language().word(&domain));
    let main = html! {
        div #live data-live-every="5000" {
            (parts::heading(&name, &state(&desk, actor), &actions(&desk, (&tenant, &domain), actor)))
            @if actor.text("status") == "paused" { (paused(&desk)) }
            (figures(&desk, actor))
            (parts::section(desk.t("What it could not do"), &match &letters {
                Ok(page) => undone(&desk, (&tenant, &source), page),
                Err(trouble) => not_told(&desk, trouble),
            }))
            (parts::section(desk.t("What it wrote last"), &match &tail {
                Ok(_) if tenant == PLATFORM => of_no_shop(&desk, actor),
                Ok(tail) => written(&desk, &tenant, tail),
                Err(trouble) => not_told(&desk, trouble),
            }))
        }
    };
    Ok(desk.page(&name, main))
}

/// What it could not do, the oldest first. The platform is no shop: its letters are in the list of all.
async fn undone_of(desk: &Desk, (tenant, source): (&str, &str)) -> Result<Value, Trouble> {
    let asked = [("limit", LETTERS), ("source", source), ("tenant", tenant)];
    match tenant {
        PLATFORM => desk.api().get(&query("/v1/platform/dead-letters", &asked)).await,
        _ => desk.api().of_tenant(tenant).get(&query("/v1/dead-letters", &asked[..2])).await,
    }
}

/// What the domain wrote last, the newest first: looked for in spans that grow, since the journal is
/// read from a time on, and a busy one would not be read to its end.
async fn tail(desk: &Desk, tenant: &str, domain: &str) -> Result<Vec<Value>, Trouble> {
    let mut found = Vec::new();
    if tenant == PLATFORM {
        return Ok(found);
    }
    let of_tenant = desk.api().of_tenant(tenant);
    for seconds in SPANS_S {
        let since = desk.now() - TimeDelta::seconds(seconds);
        let since = since.to_rfc3339_opts(SecondsFormat::Millis, true);
        let asked = [("limit", "500"), ("domain", domain), ("from", &since)];
        let page = of_tenant.get(&query("/v1/audit", &asked)).await?;
        // What was cut off is newer than what is told: the span before it was read whole.
        if page.is("more") && !found.is_empty() {
            break;
        }
        found = page.list("items").to_vec();
        if page.is("more") || TAIL_MAX <= found.len() {
            break;
        }
    }
    found.reverse();
    found.truncate(TAIL_MAX);
    Ok(found)
}

/// Domains that are never paused: without them nobody could let anything go on again.
const NEVER_PAUSED: [&str; 3] = ["tenant", "user", "signing"];

/// What can be done with it, whether it runs or sleeps.
fn actions(desk: &Desk, (tenant, domain): (&str, &str), actor: &Value) -> Markup {
    let url = format!("/console/system/actors/{}/{}/pause", escape(tenant), escape(domain));
    let pausable =
        actor.text("status") != "paused" && !NEVER_PAUSED.contains(&domain) && tenant != PLATFORM;
    html! {
        @if pausable { (parts::one_button(desk, &url, desk.t("Pause"), "")) }
        (actors::button(desk, (tenant, domain), actor))
    }
}

fn paused(desk: &Desk) -> Markup {
    html! {
        p.notice.amber role="status" {
            (desk.t("It finished what it had and takes up nothing until it goes on. It can be read. What is asked of it is refused; deadlines and what follows from events wait, and nothing is lost."))
        }
    }
}

pub(super) async fn pause(
    desk: Desk,
    Path((tenant, domain)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    change(&desk, (&tenant, &domain), "pause", said.text("key")).await
}

pub(super) async fn resume(
    desk: Desk,
    Path((tenant, domain)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    change(&desk, (&tenant, &domain), "resume", said.text("key")).await
}

async fn change(desk: &Desk, (tenant, domain): (&str, &str), what: &str, key: &str) -> Answer {
    let place = format!("actors/{}/{}", escape(tenant), escape(domain));
    desk.api().post(&format!("/v1/{place}/{what}"), json!({}), key).await?;
    Ok(go(&format!("/console/system/{place}")))
}

fn state(desk: &Desk, actor: &Value) -> Markup {
    match actor.text("status") {
        "" => html! { span.quiet { (desk.t("sleeps until somebody needs it")) } },
        status => parts::badge(desk, status),
    }
}

fn figures(desk: &Desk, actor: &Value) -> Markup {
    if actor.is_null() {
        return html! {};
    }
    let number = |name: &str| html! { (desk.number(actor.int(name))) };
    let slowest = match actor.has("answer_p99_us") {
        true => format::lasting(desk.language(), actor.int("answer_p99_us") / 1000),
        false => String::new(),
    };
    let facts = parts::facts(&[
        (desk.t("Since"), parts::ago(desk, actor.text("since"))),
        (desk.t("In the mailbox"), number("waiting")),
        (desk.t("Taken up"), number("done")),
        (desk.t("A minute"), number("answers_per_minute")),
        ("p99", html! { (slowest) }),
        (desk.t("Crashes"), number("crashes")),
        (desk.t("Crashed last"), parts::ago(desk, actor.text("crashed_at"))),
        (desk.t("Why"), html! { (actor.text("crashed_by")) }),
    ]);
    parts::section(desk.t("How it is at work"), &facts)
}

fn undone(desk: &Desk, (tenant, source): (&str, &str), page: &Value) -> Markup {
    let letters = page.list("items");
    let all = match tenant {
        PLATFORM => letters::narrowed(&[("source", source), ("tenant", tenant)]),
        _ => query(&format!("/console/t/{}/dead-letters", escape(tenant)), &[("source", source)]),
    };
    html! {
        @if letters.is_empty() { p.quiet { (desk.t("Everything was done")) } } @else {
            ul.plain {
                @for letter in letters {
                    li { (parts::ago(desk, letter.text("at"))) " " (letter.text("reason")) }
                }
            }
            @if page.has("next_cursor") {
                p.quiet { (desk.f("These are the first {}, the oldest; there are more.", &[LETTERS])) }
            }
            p { a href=(all) { (desk.t("Try again or drop")) } }
        }
    }
}

/// Why something is not told here; the rest of the page is.
fn not_told(desk: &Desk, trouble: &Trouble) -> Markup {
    html! { p.quiet { (desk.f("It cannot be told now: {}", &[&trouble.detail])) } }
}

/// What the platform's own domains write is in no shop's journal; that it happened is in its shard's.
fn of_no_shop(desk: &Desk, actor: &Value) -> Markup {
    html! {
        p.quiet { (desk.t("What it writes is of no shop, and is not told here. When it wrote is told by its shard's journal.")) }
        @if actor.has("shard") {
            @let shard = actor.int("shard").to_string();
            p { a href={ "/console/system/shards/" (shard) } { (desk.f("Journal of shard {}", &[&shard])) } }
        }
    }
}

fn written(desk: &Desk, tenant: &str, tail: &[Value]) -> Markup {
    if tail.is_empty() {
        return html! { p.quiet { (desk.t("Nothing in the last hour.")) } };
    }
    let in_shop = |path: String| format!("/console/t/{}{path}", escape(tenant));
    let row = |event: &Value| Row {
        href: overdue::place_of_event(desk, event).map(in_shop).unwrap_or_default(),
        cells: vec![
            parts::clock(desk, event.text("at")),
            timeline::sentence(desk, &timeline::Happening::of(event)),
            parts::id(desk, event.text("entity")),
            timeline::who(desk, event.text("actor")),
        ],
        ..Row::default()
    };
    let rows: Vec<_> = tail.iter().map(row).collect();
    table(desk, desk.t("What it wrote last"), &COLUMNS, &rows, None)
}
