//! Ways in and out of this node: each route of the API, the slowest first, and the broker.

use super::{
    super::Answer,
    figures::{Figures, Sample, rates},
    for_operators, views,
};
use crate::{
    desk::Desk,
    format,
    state::Console,
    ui::{
        parts,
        table::{Column, Row, figures, table, words},
    },
};
use axum::extract::State;
use maud::{Markup, html};

/// Routes that are shown.
const ROUTES_MAX: usize = 100;

const REQUESTS: &str = "kontor_http_requests_total";
const PUBLISHED: &str = "kontor_relay_published_total";
const UNROUTABLE: &str = "kontor_relay_unroutable_total";

const ROUTES: [Column; 5] = [
    words("Route"),
    figures("Requests"),
    figures("Of these, failed here"),
    figures("Of these, answered 429"),
    figures("99 of 100 took at most"),
];

const TOLD: [Column; 3] = [words("Announcement"), figures("Told"), figures("Wanted by no queue")];

pub(super) async fn show(State(console): State<Console>, desk: Desk) -> Answer {
    for_operators(&desk)?;
    let text = desk.api().text("/metrics").await?;
    let samples = console.samples().take(Figures::parse(&text));
    let Some(last) = samples.last() else { return Err(crate::backend::Trouble::not_found()) };
    let title = desk.t("Ways in and out");
    let main = html! {
        div #live data-live-every="5000" {
            (parts::heading(title, &html! {}, &html! {}))
            (views(&desk, "-"))
            (parts::section(desk.t("Commands told to come again"), &refused(&desk, &last.figures)))
            (parts::section("HTTP", &http(&desk, &last.figures)))
            (parts::section("RabbitMQ", &broker(&desk, &samples, &last.figures)))
        }
    };
    Ok(desk.page(title, main))
}

/// Millionths as a whole number.
fn whole(desk: &Desk, micro: i64) -> String {
    desk.number(micro / 1_000_000)
}

/// Commands that were not let in, by the limit that they met. They are not the same as requests that
/// were answered 429: these may have met a rate, and commands come by the broker too.
fn refused(desk: &Desk, now: &Figures) -> Markup {
    const REFUSED: &str = "kontor_admission_refused_total";
    let of = |limit| whole(desk, now.sum(REFUSED, &[("limit", limit)]));
    html! {
        (parts::facts(&[
            (desk.t("All of them"), html! { (whole(desk, now.sum(REFUSED, &[]))) }),
            (desk.t("Too many of one tenant at once"), html! { (of("tenant")) " " code.quiet { "429" } }),
            (desk.t("Too many on this node at once"), html! { (of("node")) " " code.quiet { "503" } }),
        ]))
        p.quiet { (desk.t("A command is let in while there is room for it; who is told to come again has lost nothing. Requests may be answered 429 for their rate too.")) }
    }
}

fn http(desk: &Desk, now: &Figures) -> Markup {
    let slow = |route: &str| {
        now.max("kontor_http_request_seconds", &[("route", route), ("quantile", "0.99")]) / 1000
    };
    let mut routes: Vec<_> =
        now.values(REQUESTS, "route").into_iter().map(|route| (slow(&route), route)).collect();
    routes.sort();
    routes.reverse();
    let row = |(slow, route): &(i64, String)| {
        let statuses = now.values_of(REQUESTS, &[("route", route)], "status");
        let sum = |which: &dyn Fn(&str) -> bool| {
            let wanted = statuses.iter().filter(|status| which(status));
            let of = |status: &String| now.sum(REQUESTS, &[("route", route), ("status", status)]);
            whole(desk, wanted.map(of).sum())
        };
        Row {
            cells: vec![
                answers(desk, now, route),
                html! { (sum(&|_| true)) },
                html! { (sum(&|status| status.starts_with('5'))) },
                html! { (sum(&|status| status == "429")) },
                html! { (format::lasting(desk.language(), *slow)) },
            ],
            ..Row::default()
        }
    };
    let rows: Vec<_> = routes.iter().take(ROUTES_MAX).map(row).collect();
    html! {
        @if rows.is_empty() {
            p.quiet { (desk.t("Nobody has asked anything yet.")) }
        } @else { (table(desk, desk.t("Routes, the slowest first"), &ROUTES, &rows, None)) }
        @if routes.len() > ROUTES_MAX {
            p.quiet { (desk.f("These are the {} slowest of {} routes.",
                &[&ROUTES_MAX.to_string(), &routes.len().to_string()])) }
        }
    }
}

/// A route, which unfolds to its requests by their method and by how they were answered.
fn answers(desk: &Desk, now: &Figures, route: &str) -> Markup {
    html! {
        details data-keep=(route) {
            summary { code { (route) } }
            ul.plain {
                @for method in now.values_of(REQUESTS, &[("route", route)], "method") {
                    @let of_it = [("route", route), ("method", method.as_str())];
                    @for status in now.values_of(REQUESTS, &of_it, "status") {
                        @let labels = [&of_it[..], &[("status", status.as_str())]].concat();
                        li { code { (method) " " (status) } " " b { (whole(desk, now.sum(REQUESTS, &labels))) } }
                    }
                }
            }
        }
    }
}

fn broker(desk: &Desk, samples: &[Sample], now: &Figures) -> Markup {
    const CONNECTS: &str = "kontor_amqp_connects_total";
    let outcomes = now.values(CONNECTS, "outcome");
    if outcomes.is_empty() {
        return parts::empty(
            desk.t("There is no broker"),
            desk.t("One is set up by amqp in the settings; without it nothing is told to other programs but by webhooks and the stream."),
        );
    }
    let connected = match now.sum("kontor_amqp_connected", &[]) {
        0 => html! { span.badge.red { (desk.t("away; what is to be told waits in the journal")) } },
        _ => html! { (desk.t("connected")) },
    };
    let tried = html! {
        @for outcome in &outcomes {
            span.pair { (desk.language().word(outcome)) " "
                b { (whole(desk, now.sum(CONNECTS, &[("outcome", outcome)]))) } }
        }
    };
    let lag = [("follower", "relay")];
    let relay = super::follower::href("relay");
    html! {
        (parts::facts(&[
            (desk.t("Connection"), connected),
            (desk.t("Tries to connect"), tried),
            (desk.t("Told"), html! { (whole(desk, now.sum(PUBLISHED, &[]))) }),
            (desk.t("Pace"), html! { (super::tree::per_second(desk, &rates(samples, PUBLISHED, &[]))) }),
            (desk.t("Wanted by no queue"), html! { (whole(desk, now.sum(UNROUTABLE, &[]))) }),
            (desk.t("Behind"), html! { a href=(relay) { (whole(desk, now.sum("kontor_follower_lag_events", &lag))) } }),
            (desk.t("Put aside"), html! { a href=(relay) { (whole(desk, now.sum("kontor_follower_parked_events", &lag))) } }),
        ]))
        (announcements(desk, now))
        p.quiet { (desk.t("What is behind or put aside is told once the broker takes it; nothing of it is lost.")) }
    }
}

/// What was told, by the announcement's name.
fn announcements(desk: &Desk, now: &Figures) -> Markup {
    let mut names = now.values(PUBLISHED, "name");
    names.extend(now.values(UNROUTABLE, "name"));
    names.sort();
    names.dedup();
    let row = |name: &String| Row {
        cells: vec![
            html! { code { (name) } },
            html! { (whole(desk, now.sum(PUBLISHED, &[("name", name)]))) },
            html! { (whole(desk, now.sum(UNROUTABLE, &[("name", name)]))) },
        ],
        ..Row::default()
    };
    let rows: Vec<_> = names.iter().map(row).collect();
    html! {
        @if !rows.is_empty() { (table(desk, desk.t("What was told"), &TOLD, &rows, None)) }
    }
}
