//! The shards as branches of the tree: each with its followers, and its tenants with their domains.
//! Only shards that live are shown, and what is well is folded.

use super::{Line, Seen, branch, folded, line, per_second, whole};
use crate::{
    backend::escape,
    desk::Desk,
    format,
    pages::system::{
        actors,
        figures::{Figures, rates, rates_by},
        follower,
    },
    value::Read,
};
use maud::{Markup, html};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Tenants of a shard that are shown at most, those in trouble first.
const TENANTS_MAX: usize = 50;

/// Of so few tenants each is shown unfolded.
const UNFOLDED_MAX: usize = 3;

/// A shard's tenants, each with its domains.
type Tenants<'s> = BTreeMap<&'s str, Vec<&'s Value>>;

/// Figures of a follower in a shard.
type InShard<'s, T> = BTreeMap<[&'s str; 2], T>;

/// What is told of all followers in all shards, added up once: there may be hundreds of them, and a
/// figure is in as many samples as are kept.
struct Followed<'s> {
    lag: InShard<'s, i64>,
    parked: InShard<'s, i64>,
    restarts: InShard<'s, i64>,
    pace: InShard<'s, Vec<i64>>,
}

impl<'s> Followed<'s> {
    fn of(seen: &Seen<'s>, now: &'s Figures) -> Self {
        const LABELS: [&str; 2] = ["shard", "follower"];
        Self {
            lag: now.sums_by("kontor_follower_lag_events", LABELS),
            parked: now.sums_by("kontor_follower_parked_events", LABELS),
            restarts: now.sums_by("kontor_follower_restarts_total", LABELS),
            pace: rates_by(seen.samples, "kontor_follower_events_total", LABELS),
        }
    }
}

pub(super) fn branches(desk: &Desk, seen: &Seen<'_>, now: &Figures) -> Markup {
    let shards = seen.shards.list("items");
    let mut tenants: BTreeMap<i64, Tenants<'_>> = BTreeMap::new();
    for actor in seen.actors.list("items") {
        let of_shard = tenants.entry(actor.int("shard")).or_default();
        of_shard.entry(actor.text("tenant")).or_default().push(actor);
    }
    let (alone, followed) = (shards.len() == 1, Followed::of(seen, now));
    let nobody = Tenants::new();
    html! {
        @for shard in shards {
            @let own = tenants.get(&shard.int("shard")).unwrap_or(&nobody);
            li { (branch_of(desk, seen, &followed, (shard, own), alone)) }
        }
    }
}

fn branch_of(
    desk: &Desk,
    seen: &Seen<'_>,
    followed: &Followed<'_>,
    (shard, tenants): (&Value, &Tenants<'_>),
    alone: bool,
) -> Markup {
    let (number, more) = (shard.int("shard"), seen.more());
    let followers = followers(desk, followed, shard);
    let bad_followers = followers.iter().filter(|line| !line.tone.is_empty()).count();
    let all_domains = tenants.values().flatten();
    let bad = bad_followers + all_domains.filter(|actor| !tone(actor).is_empty()).count();
    let told = desk.f(
        "{} events, {} domains run, {}",
        &[
            &desk.number(shard.int("events")),
            &desk.number(shard.int("actors_running")),
            &match bad {
                0 if more.is_empty() => desk.t("all well").to_owned(),
                bad => desk.f("{} need a look", &[&format!("{bad}{more}")]),
            },
        ],
    );
    let keep = format!("shard-{number}");
    html! {
        details open[alone || bad > 0] data-keep=(keep) {
            summary {
                strong { (desk.f("Shard {}", &[&number.to_string()])) } " "
                span class={ @if bad > 0 { "badge red" } @else { "quiet" } } { (told) }
            }
            ul {
                li { (line(desk, &journal(desk, seen, shard))) }
                li { (line(desk, &running(desk, shard))) }
                li { (branch(desk, &format!("{keep}-followers"),
                    desk.t("Followers of the journal"), &followers)) }
                (of_tenants(desk, (shard, more), tenants))
            }
        }
    }
}

/// The shard's journal, which leads to its last events.
fn journal(desk: &Desk, seen: &Seen<'_>, shard: &Value) -> Line {
    let number = shard.int("shard").to_string();
    let pace = rates(seen.samples, "kontor_journal_events_total", &[("shard", &number)]);
    let events = desk.f("{} events", &[&desk.number(shard.int("events"))]);
    let doing = format!("{events}; {}", per_second(desk, &pace));
    let href = format!("/console/system/shards/{number}");
    Line { pace, href, ..Line::new("", desk.t("Journal"), doing) }
}

/// The domains that run for the shard's tenants, all of them.
fn running(desk: &Desk, shard: &Value) -> Line {
    let doing = desk.f("{} run", &[&desk.number(shard.int("actors_running"))]);
    let number = shard.int("shard").to_string();
    let href = actors::narrowed(&[("shard", &number), ("status", "running")]);
    Line { href, ..Line::new("", desk.t("Domains"), doing) }
}

/// How an actor stands: `red`, `amber`, or nothing where it is well.
fn tone(actor: &Value) -> &'static str {
    match actor.text("status") {
        "quarantined" => "red",
        "ended" | "paused" => "amber",
        _ => "",
    }
}

fn of_tenants(desk: &Desk, (shard, cut): (&Value, &str), tenants: &Tenants<'_>) -> Markup {
    let mut sorted: Vec<_> = tenants.iter().collect();
    let of_tone =
        |domains: &[&Value], wanted: &str| domains.iter().filter(|one| tone(one) == wanted).count();
    sorted.sort_by_key(|(_, domains)| {
        std::cmp::Reverse((of_tone(domains, "red"), of_tone(domains, "amber")))
    });
    let fold = sorted.len() > UNFOLDED_MAX;
    let more = sorted.len().saturating_sub(TENANTS_MAX);
    html! {
        @for (tenant, domains) in sorted.into_iter().take(TENANTS_MAX) {
            @let lines: Vec<_> = domains.iter().map(|one| of_domain(desk, tenant, one)).collect();
            li { (folded(desk, (&format!("tenant-{tenant}"), tenant), &lines, fold)) }
        }
        @if more > 0 || !cut.is_empty() {
            li { a href=(actors::narrowed(&[("shard", &shard.int("shard").to_string())])) {
                @if more > 0 { (desk.f("{} more tenants", &[&format!("{more}{cut}")])) }
                @else { (desk.t("More tenants")) }
            } }
        }
    }
}

/// A domain of a tenant, which leads to its page.
fn of_domain(desk: &Desk, tenant: &str, actor: &Value) -> Line {
    let (domain, tone) = (actor.text("domain"), tone(actor));
    let since = format::instant(actor.text("since"));
    let since = since.map(|at| format::ago(desk.language(), at, desk.now())).unwrap_or_default();
    let doing = match actor.text("status") {
        "running" => desk.f(
            "{} answers a minute, {} wait",
            &[&desk.number(actor.int("answers_per_minute")), &desk.number(actor.int("waiting"))],
        ),
        status => {
            let why = [actor.text("reason"), actor.text("crashed_by")];
            let why = why.into_iter().find(|why| !why.is_empty()).unwrap_or_default();
            let joined = if why.is_empty() { "" } else { ": " };
            format!("{} {since}{joined}{why}", desk.language().word(status))
        }
    };
    let button = match actor.text("status") {
        "running" => html! {},
        _ => actors::button(desk, (tenant, domain), actor),
    };
    let href = format!("/console/system/actors/{}/{}", escape(tenant), escape(domain));
    Line { button, href, ..Line::new(tone, desk.language().word(domain), doing) }
}

/// The followers of a shard.
fn followers(desk: &Desk, followed: &Followed<'_>, shard: &Value) -> Vec<Line> {
    let number = shard.int("shard").to_string();
    let follow = |name: &str| {
        let of = |all: &InShard<'_, i64>| all.get(&[number.as_str(), name]).copied().unwrap_or(0);
        let (lag, parked) = (of(&followed.lag), of(&followed.parked));
        let tone = if parked > 0 {
            "red"
        } else if lag > 5_000_000_000 {
            "amber"
        } else {
            ""
        };
        let restarts = whole(desk, of(&followed.restarts));
        let pace = followed.pace.get(&[number.as_str(), name]).cloned().unwrap_or_default();
        let doing = desk.f(
            "{}; {} events behind, {} put aside, restarted {} times",
            &[&per_second(desk, &pace), &whole(desk, lag), &whole(desk, parked), &restarts],
        );
        let href = follower::href(name);
        Line { pace, href, ..Line::new(tone, name, doing) }
    };
    let own = followed.lag.keys().filter(|[shard, _]| *shard == number).map(|[_, name]| *name);
    // One that has not come anywhere yet has figures and no cursor.
    let told = shard.list("followers").iter().map(|one| one.text("follower"));
    let names: BTreeSet<&str> = own.chain(told).collect();
    names.into_iter().map(follow).collect()
}
