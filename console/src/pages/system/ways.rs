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

const ROUTES: [Column; 5] = [
    words("Route"),
    figures("Requests"),
    figures("Of these, failed here"),
    figures("Of these, told to come again"),
    figures("99 of 100 took at most"),
];

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

fn http(desk: &Desk, now: &Figures) -> Markup {
    const REQUESTS: &str = "kontor_http_requests_total";
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
                html! { code { (route) } },
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
    html! {
        (parts::facts(&[
            (desk.t("Connection"), connected),
            (desk.t("Tries to connect"), tried),
            (desk.t("Told"), html! { (whole(desk, now.sum("kontor_relay_published_total", &[]))) }),
            (desk.t("Pace"), html! { (super::tree::per_second(desk, &rates(samples, "kontor_relay_published_total", &[]))) }),
            (desk.t("Wanted by no queue"), html! { (whole(desk, now.sum("kontor_relay_unroutable_total", &[]))) }),
            (desk.t("Behind"), html! { (whole(desk, now.sum("kontor_follower_lag_events", &lag))) }),
            (desk.t("Put aside"), html! { (whole(desk, now.sum("kontor_follower_parked_events", &lag))) }),
        ]))
        p.quiet { (desk.t("What is behind or put aside is told once the broker takes it; nothing of it is lost.")) }
    }
}
