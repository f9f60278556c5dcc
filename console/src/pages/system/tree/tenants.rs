//! The tenants as a branch of the tree: those that need a look, as the page of tenants heads them, and
//! those that do not trade now.

use super::{Line, Seen, line};
use crate::{backend::escape, desk::Desk, pages::system::tenants::matters, value::Read};
use maud::{Markup, html};
use serde_json::Value;

/// The tenants, folded to a count where all are well.
pub(super) fn branch(desk: &Desk, seen: &Seen<'_>) -> Markup {
    let all = seen.tenants.list("items");
    let troubled = seen.troubles.map(|told| told.list("items")).unwrap_or_default();
    let is_troubled = |id: &str| troubled.iter().any(|one| one.text("tenant") == id);
    let away: Vec<&Value> = all
        .iter()
        .filter(|one| one.text("status") != "active" && !is_troubled(one.text("id")))
        .collect();
    let more = if seen.tenants.has("next_cursor") { "+" } else { "" };
    let count = format!("{}{more}", all.len());
    // There is more trouble than was told.
    let cut = seen.troubles.is_some_and(|told| !told.is("complete"));
    let more = if cut { "+" } else { "" };
    let told = match troubled.len() {
        _ if seen.troubles.is_none() => {
            desk.f("{}, which of them need a look is not known now", &[&count])
        }
        0 if !cut => desk.f("{}, all well", &[&count]),
        bad => desk.f("{} of {} need a look", &[&format!("{bad}{more}"), &count]),
    };
    let lines = troubled.iter().map(|one| in_trouble(desk, one, cut));
    let lines = lines.chain(away.iter().map(|one| of_status(desk, one)));
    html! {
        details open[!troubled.is_empty()] data-keep="tenants" {
            summary {
                strong { (desk.t("Tenants")) } " " span.quiet { (told)
                    @if !away.is_empty() { (desk.f("; {} do not trade now", &[&away.len().to_string()])) } }
            }
            ul {
                @for one in lines { li { (line(desk, &one)) } }
                li { a href="/console/system/tenants" { (desk.t("All tenants")) } }
            }
        }
    }
}

/// A tenant that needs a look, with what is the matter.
fn in_trouble(desk: &Desk, trouble: &Value, cut: bool) -> Line {
    let id = trouble.text("tenant");
    let matters = matters(desk, id, trouble, cut);
    let red = matters.iter().any(|matter| matter.tone == "red");
    let words: Vec<_> = matters.into_iter().map(|matter| matter.words).collect();
    let href = format!("/console/t/{}", escape(id));
    Line { href, ..Line::new(if red { "red" } else { "amber" }, id, words.join(", ")) }
}

fn of_status(desk: &Desk, tenant: &Value) -> Line {
    let id = tenant.text("id");
    let href = format!("/console/t/{}", escape(id));
    Line { href, ..Line::new("amber", id, desk.language().word(tenant.text("status"))) }
}
