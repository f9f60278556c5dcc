//! The tree of what runs: one line each, trouble first, what is well folded to a count.

mod shards;
mod tenants;

use super::{
    actors,
    figures::{Figures, Sample, rates},
};
use crate::{
    backend::{Trouble, escape},
    desk::Desk,
    format,
    ui::parts,
    value::Read,
};
use maud::{Markup, PreEscaped, html};
use serde_json::Value;
use std::collections::BTreeSet;

/// A branch with more lines is folded where all of it is well.
const OPEN_MAX: usize = 14;

/// What the page has seen.
pub(super) struct Seen<'s> {
    pub(super) samples: &'s [Sample],
    pub(super) ready: &'s Result<Value, Trouble>,
    pub(super) tenants: &'s Value,
    pub(super) shards: &'s Value,
    pub(super) actors: &'s Value,
    /// Which tenants need a look, if that is known.
    pub(super) troubles: Option<&'s Value>,
}

impl Seen<'_> {
    /// What follows a figure of the actors: the list of them is cut at a page, so there may be more.
    fn more(&self) -> &'static str {
        if self.actors.has("next_cursor") { "+" } else { "" }
    }
}

/// A line of the tree.
struct Line {
    /// `red`, `amber`, or nothing: it is well.
    tone: &'static str,
    name: String,
    /// What it does now.
    doing: String,
    /// How much a second, lately.
    pace: Vec<i64>,
    button: Markup,
    /// What opens with its name; nothing if empty.
    href: String,
}

impl Line {
    fn new(tone: &'static str, name: impl Into<String>, doing: impl Into<String>) -> Self {
        let (name, doing) = (name.into(), doing.into());
        Self { tone, name, doing, pace: Vec::new(), button: html! {}, href: String::new() }
    }
}

pub(super) fn show(desk: &Desk, seen: &Seen<'_>) -> Markup {
    let Some(last) = seen.samples.last() else { return html! {} };
    let now = &last.figures;
    html! {
        div.panel.runs {
            (root(desk, seen, now))
            ul {
                (shards::branches(desk, seen, now))
                li { (branch(desk, "domains", desk.t("Domains of all tenants"), &domains(desk, seen, now))) }
                li { (branch(desk, "providers", desk.t("Providers"), &providers(desk, seen, now))) }
                li { (branch(desk, "edges", desk.t("Ways in and out"), &edges(desk, seen, now))) }
                li { (tenants::branch(desk, seen)) }
            }
        }
    }
}

/// Millionths as a whole number.
fn whole(desk: &Desk, micro: i64) -> String {
    desk.number(micro / 1_000_000)
}

pub(super) fn per_second(desk: &Desk, pace: &[i64]) -> String {
    if pace.is_empty() {
        return desk.t("pace being measured").to_owned();
    }
    let lately = pace.iter().rev().take(5);
    let count = i64::try_from(lately.clone().count().max(1)).unwrap_or(1);
    let tenths = lately.sum::<i64>() / count / 100_000;
    let point = if desk.language().code() == "cs" { ',' } else { '.' };
    let rate = match tenths {
        tenths if tenths >= 1000 => desk.number(tenths / 10),
        tenths => format!("{}{point}{}", tenths / 10, tenths % 10),
    };
    desk.f("{} a second", &[&rate])
}

fn root(desk: &Desk, seen: &Seen<'_>, now: &Figures) -> Markup {
    let pace = rates(seen.samples, "kontor_journal_events_total", &[]);
    let slow = now.max("kontor_journal_commit_seconds", &[("quantile", "0.99")]) / 1000;
    let (tone, state) = match seen.ready {
        Ok(_) => ("", desk.t("serves").to_owned()),
        Err(trouble) => ("red", trouble.detail.clone()),
    };
    let commit = format::lasting(desk.language(), slow);
    let doing = desk
        .f("{}; journal {}, commits within {} (p99)", &[&state, &per_second(desk, &pace), &commit]);
    let href = "/console/system/shards".to_owned();
    line(desk, &Line { pace, href, ..Line::new(tone, "kontor", doing) })
}

fn line(desk: &Desk, line: &Line) -> Markup {
    let beside = html! { (sparkline(&line.pace)) (line.button) };
    parts::line(desk, line.tone, (&line.href, &line.name), &line.doing, &beside)
}

/// How something went lately, as small as a word.
fn sparkline(pace: &[i64]) -> Markup {
    let most = pace.iter().copied().max().unwrap_or_default();
    if pace.len() < 2 || most == 0 {
        return html! { span.spark {} };
    }
    let step = |place: usize| place * 80 / (pace.len() - 1);
    let points: Vec<String> = pace
        .iter()
        .enumerate()
        .map(|(place, value)| format!("{},{}", step(place), 15 - value * 14 / most))
        .collect();
    let points = points.join(" ");
    PreEscaped(format!(
        "<svg class=\"spark\" viewBox=\"0 0 80 16\" width=\"80\" height=\"16\" aria-hidden=\"true\" \
         preserveAspectRatio=\"none\"><polyline points=\"{points}\"/></svg>"
    ))
}

/// A branch: open if something in it hurts, else folded to a count. `keep` is what the page remembers
/// by whether somebody opened it.
fn branch(desk: &Desk, keep: &str, name: &str, lines: &[Line]) -> Markup {
    folded(desk, (keep, name), lines, lines.len() > OPEN_MAX)
}

/// The same, folded where all of it is well, if so asked.
fn folded(desk: &Desk, (keep, name): (&str, &str), lines: &[Line], fold: bool) -> Markup {
    let bad = lines.iter().filter(|line| !line.tone.is_empty()).count();
    let mut sorted: Vec<&Line> = lines.iter().collect();
    sorted.sort_by_key(|line| match line.tone {
        "red" => 0,
        "amber" => 1,
        _ => 2,
    });
    let all = lines.len().to_string();
    let told = match bad {
        0 if lines.is_empty() => desk.t("none runs").to_owned(),
        0 => desk.f("{}, all well", &[&all]),
        bad => desk.f("{} of {} need a look", &[&bad.to_string(), &all]),
    };
    html! {
        details open[bad > 0 || !fold] data-keep=(keep) {
            summary { strong { (name) } " " span.quiet { (told) } }
            ul { @for one in sorted { li { (line(desk, one)) } } }
        }
    }
}

/// Each domain that runs for somebody or has crashed, over all tenants.
fn domains(desk: &Desk, seen: &Seen<'_>, now: &Figures) -> Vec<Line> {
    let restarted = now.values("kontor_domain_restarts_total", "domain");
    let running = seen.actors.list("items").iter().map(|actor| actor.text("domain").to_owned());
    let all: BTreeSet<String> = restarted.into_iter().chain(running).collect();
    all.iter().map(|domain| domain_line(desk, seen, now, domain)).collect()
}

/// One domain of all tenants: how many actors run, how much they answer and how slowly, what waits
/// for them.
fn domain_line(desk: &Desk, seen: &Seen<'_>, now: &Figures, domain: &str) -> Line {
    let of_it =
        |actor: &&Value| actor.text("domain") == domain && actor.text("status") == "running";
    let actors: Vec<&Value> = seen.actors.list("items").iter().filter(of_it).collect();
    let sum = |name: &str| actors.iter().map(|actor| actor.int(name)).sum::<i64>();
    let slowest = actors.iter().map(|actor| actor.int("answer_p99_us")).max().unwrap_or_default();
    let more = seen.more();
    let doing = desk.f(
        "{} run; {} answers a minute, the slowest within {} (p99), {} wait, restarted {} times",
        &[
            &format!("{}{more}", actors.len()),
            &format!("{}{more}", desk.number(sum("answers_per_minute"))),
            &format!("{}{more}", format::lasting(desk.language(), slowest / 1000)),
            &format!("{}{more}", desk.number(sum("waiting"))),
            &whole(desk, now.sum("kontor_domain_restarts_total", &[("domain", domain)])),
        ],
    );
    Line {
        href: actors::narrowed(&[("domain", domain), ("status", "running")]),
        ..Line::new("", desk.language().word(domain), doing)
    }
}

fn providers(desk: &Desk, seen: &Seen<'_>, now: &Figures) -> Vec<Line> {
    let provider = |name: String| {
        let labels = [("provider", name.as_str())];
        let of =
            |state| now.sum("kontor_gateway_breakers", &[("provider", &name), ("state", state)]);
        let (open, half) = (of("open"), of("half_open"));
        let tone = if open > 0 {
            "red"
        } else if half > 0 {
            "amber"
        } else {
            ""
        };
        let calls = now.sum("kontor_gateway_calls_total", &labels);
        let good =
            now.sum("kontor_gateway_calls_total", &[("provider", &name), ("outcome", "answered")]);
        let pace = rates(seen.samples, "kontor_gateway_calls_total", &labels);
        let state = if open > 0 { desk.t("rests after failures") } else { desk.t("answers") };
        let doing = desk.f(
            "{}; {}, {} of {} calls answered",
            &[state, &per_second(desk, &pace), &whole(desk, good), &whole(desk, calls)],
        );
        let href = format!("/console/system/providers/{}", escape(&name));
        Line { pace, href, ..Line::new(tone, name, doing) }
    };
    now.values("kontor_gateway_calls_total", "provider").into_iter().map(provider).collect()
}

fn edges(desk: &Desk, seen: &Seen<'_>, now: &Figures) -> Vec<Line> {
    let pace = rates(seen.samples, "kontor_http_requests_total", &[]);
    let slow = now.max("kontor_http_request_seconds", &[("quantile", "0.99")]) / 1000;
    let refused = now.sum("kontor_admission_refused_total", &[]);
    let doing = desk.f(
        "{}; the slowest route within {} (p99), {} commands told to come again",
        &[&per_second(desk, &pace), &format::lasting(desk.language(), slow), &whole(desk, refused)],
    );
    let href = || "/console/system/ways".to_owned();
    let http = Line { pace, href: href(), ..Line::new("", "HTTP", doing) };
    let broker = now.values("kontor_amqp_connects_total", "outcome");
    if broker.is_empty() {
        let away = Line { href: href(), ..Line::new("", "RabbitMQ", desk.t("not set up")) };
        return vec![http, away];
    }
    let pace = rates(seen.samples, "kontor_relay_published_total", &[]);
    let (tone, doing) = match now.sum("kontor_amqp_connected", &[]) {
        0 => ("red", desk.t("away; what is to be told waits in the journal").to_owned()),
        _ => ("", desk.f("connected; tells {}", &[&per_second(desk, &pace)])),
    };
    vec![http, Line { pace, href: href(), ..Line::new(tone, "RabbitMQ", doing) }]
}
