//! What a list is narrowed by: a chip for each, which takes it away.

use crate::desk::{Desk, query};
use maud::{Markup, html};

/// The address of a list that is narrowed by this; what is empty narrows nothing.
pub(crate) fn address(list: &str, said: &[(&str, &str)]) -> String {
    match said.iter().all(|(_, value)| value.is_empty()) {
        true => list.to_owned(),
        false => query(list, said),
    }
}

/// A chip for each of what a list is narrowed by, which `sentence` tells by its name and value.
pub(crate) fn chips(
    desk: &Desk,
    list: &str,
    said: &[(&str, &str)],
    sentence: impl Fn(&str, &str) -> String,
) -> Markup {
    let narrows = said.iter().filter(|(_, value)| !value.is_empty());
    let all = narrows.map(|(name, value)| {
        let others = said.iter().filter(|(other, _)| other != name).copied();
        (sentence(name, value), address(list, &others.collect::<Vec<_>>()))
    });
    let all: Vec<_> = all.collect();
    html! {
        @if !all.is_empty() {
            nav.chips aria-label=(desk.t("What the list is narrowed by")) {
                @for (sentence, without) in all {
                    a.chip href=(without) title=(desk.t("Take it away")) {
                        (sentence) " " span aria-hidden="true" { "×" }
                        span.hidden { ", " (desk.t("Take it away")) }
                    }
                }
            }
        }
    }
}
