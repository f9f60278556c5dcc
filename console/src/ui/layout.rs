//! The frame of a page: navigation, tenant, search, and what is said when something went wrong.

use super::parts::icon;
use crate::{assets, backend::Trouble, desk::Desk, words::Language};
use maud::{DOCTYPE, Markup, html};

/// A place of the navigation.
struct Place {
    path: &'static str,
    label: &'static str,
    /// Shown to who may do this.
    needs: &'static str,
    /// One of the few that a telephone shows.
    first: bool,
    icon: &'static str,
}

/// Marks a text that is chosen before it is shown.
macro_rules! text {
    ($text:literal) => {
        $text
    };
}
pub(crate) use text;

const fn place(
    path: &'static str,
    label: &'static str,
    needs: &'static str,
    icon: &'static str,
    first: bool,
) -> Place {
    Place { path, label, needs, first, icon }
}

/// The navigation, in groups.
const PLACES: [&[Place]; 4] = [
    &[
        place("", text!("Today"), "orders:read", "today", true),
        place("/overdue", text!("Overdue"), "timers:read", "clock", true),
    ],
    &[
        place("/orders", text!("Orders"), "orders:read", "list", true),
        place("/stock", text!("Stock"), "stock:read", "box", true),
        place("/catalog", text!("Catalog"), "catalog:read", "tag", false),
        place("/suppliers", text!("Suppliers"), "supplier:read", "truck", false),
        place("/channels", text!("Channels"), "orders:read", "fork", false),
    ],
    &[
        place("/payments", text!("Payments"), "payments:read", "card", false),
        place("/messages", text!("Messages"), "notifications:read", "mail", false),
        place("/webhooks", text!("Webhooks"), "webhooks:read", "plug", false),
    ],
    &[
        place("/dead-letters", text!("Not done"), "dead-letters:read", "alert", false),
        place("/audit", text!("Who did what"), "audit:read", "eye", false),
        place("/people", text!("People"), "members:read", "people", false),
        place("/keys", text!("API keys"), "keys:read", "key", false),
    ],
];

/// A whole page.
pub(crate) fn page(desk: &Desk, title: &str, main: &Markup) -> Markup {
    let shop = desk.inner().shop.as_ref();
    let body = html! {
        a.skip href="#main" { (desk.t("To the content")) }
        header.top {
            a.brand href="/console" aria-label="Kontor" { (icon("kontor")) span { "Kontor" } }
            (switcher(desk))
            @if shop.is_some() { (search(desk)) }
            span #live-state .live role="status" aria-live="polite"
                data-on=(desk.t("live")) data-off=(desk.t("reconnecting")) {}
            (user(desk))
        }
        nav.side aria-label=(desk.t("Pages")) { (navigation(desk)) }
        main #main tabindex="-1" {
            @if let Some(shop) = shop && !matches!(shop.status.as_str(), "active" | "") {
                p.notice.amber role="status" {
                    (desk.f("This shop may read only: it is {}.",
                        &[&desk.language().word(&shop.status)]))
                }
            }
            (main)
        }
        div #toast role="status" aria-live="polite" {}
        dialog #palette aria-label=(desk.t("Go to")) {}
    };
    whole(desk, title, "app", &body)
}

/// A page without navigation: signing in.
pub(crate) fn bare(desk: &Desk, title: &str, main: &Markup) -> Markup {
    let body = html! {
        main #main .bare tabindex="-1" {
            p.brand { (icon("kontor")) span { "Kontor" } }
            (main)
            (preferences(desk))
        }
    };
    whole(desk, title, "single", &body)
}

fn whole(desk: &Desk, title: &str, kind: &str, body: &Markup) -> Markup {
    let live = desk.inner().shop.as_ref().map(|_| desk.url("/live"));
    let config = r#"{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,"historyCacheSize":0}"#;
    html! {
        (DOCTYPE)
        html lang=(desk.language().code()) data-theme=[desk.inner().theme] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(config);
                title { (title) " · Kontor" }
                link rel="icon" type="image/svg+xml" href=(assets::url("icon.svg"));
                link rel="stylesheet" href=(assets::url("style.css"));
                script src=(assets::url("htmx.js")) defer {}
                script type="module" src=(assets::url("console.js")) {}
            }
            body class=(kind) data-live-from=[live] data-uplot=(assets::url("uplot.js"))
                data-chart=(assets::url("chart.js")) data-copied=(desk.t("copied"))
                data-new=(desk.t("{} new")) { (body) }
        }
    }
}

/// Which shop; the names are links, so it works without scripts.
fn switcher(desk: &Desk) -> Markup {
    let inner = desk.inner();
    let tenants = inner.me.as_ref().map(|me| me.tenants.as_slice()).unwrap_or_default();
    let current = inner.shop.as_ref();
    html! {
        details.menu.switch {
            summary {
                @match current {
                    Some(shop) => { span.name { (shop.name) } }
                    None => { span.name { (desk.t("Platform")) } }
                }
                (icon("down"))
            }
            ul {
                @for (tenant, role) in tenants {
                    li {
                        a href={ "/console/t/" (crate::backend::escape(tenant)) }
                            aria-current=[current.filter(|shop| shop.id == *tenant).map(|_| "true")] {
                            span { (tenant) } small { (desk.language().word(role)) }
                        }
                    }
                }
                @if desk.operates() {
                    li { a href="/console/system" { span { (desk.t("The platform")) } } }
                }
            }
        }
    }
}

fn search(desk: &Desk) -> Markup {
    html! {
        form.search role="search" action=(desk.url("/search")) {
            label.hidden for="q" { (desk.t("Search")) }
            input #q name="q" type="search" autocomplete="off"
                placeholder=(desk.t("Order, payment, SKU …")) aria-keyshortcuts="/";
            kbd aria-hidden="true" { "/" }
        }
    }
}

fn user(desk: &Desk) -> Markup {
    let Some(me) = &desk.inner().me else { return html! {} };
    let name = if me.name.is_empty() { &me.email } else { &me.name };
    html! {
        details.menu.user {
            summary aria-label=(desk.f("Signed in as {}", &[name])) {
                span.initial aria-hidden="true" {
                    (name.chars().next().unwrap_or('?').to_uppercase())
                }
            }
            div {
                p { strong { (name) } br; small { (me.email) } }
                (preferences(desk))
                form method="post" action="/console/sign-out" {
                    (desk.form_fields())
                    button type="submit" { (desk.t("Sign out")) }
                }
            }
        }
    }
}

/// Language and colours. Each is a form, so it works without scripts.
fn preferences(desk: &Desk) -> Markup {
    let choice = |name: &str, value: &str, label: &str, chosen: bool| {
        html! {
            button type="submit" name=(name) value=(value) aria-pressed=(chosen) { (label) }
        }
    };
    let theme = desk.inner().theme;
    html! {
        form.preferences method="post" action="/console/preferences" {
            (desk.form_fields())
            input type="hidden" name="next" value=(desk.inner().here);
            span.choice role="group" aria-label=(desk.t("Language")) {
                (choice("language", "en", "English", desk.language() == Language::En))
                (choice("language", "cs", "Česky", desk.language() == Language::Cs))
            }
            span.choice role="group" aria-label=(desk.t("Colours")) {
                (choice("theme", "system", desk.t("System"), theme.is_none()))
                (choice("theme", "light", desk.t("Light"), theme == Some("light")))
                (choice("theme", "dark", desk.t("Dark"), theme == Some("dark")))
            }
        }
    }
}

fn navigation(desk: &Desk) -> Markup {
    let here = desk.path();
    let shop = desk.inner().shop.is_some();
    html! {
        @if shop {
            @for group in PLACES {
                ul {
                    @for place in group.iter().filter(|place| desk.may(place.needs)) {
                        @let url = desk.url(place.path);
                        @let current = if place.path.is_empty() {
                            here.trim_end_matches('/') == url
                        } else {
                            here == url || here.starts_with(&format!("{url}/"))
                        };
                        li class=[(!place.first).then_some("later")] {
                            a href=(url) aria-current=[current.then_some("page")] {
                                (icon(place.icon)) span { (desk.t(place.label)) }
                            }
                        }
                    }
                }
            }
        }
        @if desk.operates() {
            ul {
                li class=[shop.then_some("later")] {
                    a href="/console/system"
                        aria-current=[here.starts_with("/console/system").then_some("page")] {
                        (icon("tree")) span { (desk.t("System")) }
                    }
                }
            }
        }
        @if shop {
            ul.more {
                li {
                    details {
                        summary { (icon("more")) span { (desk.t("More")) } }
                        ul {
                            @for place in PLACES.iter().flat_map(|group| group.iter())
                                .filter(|place| !place.first && desk.may(place.needs)) {
                                li { a href=(desk.url(place.path)) { (desk.t(place.label)) } }
                            }
                            @if desk.operates() {
                                li { a href="/console/system" { (desk.t("System")) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What happened, what was not changed, what to do.
pub(crate) fn trouble(desk: &Desk, trouble: &Trouble) -> Markup {
    let (title, advice) = match trouble.status {
        401 => (
            desk.t("You are not signed in any more"),
            desk.t("Sign in again; nothing was changed."),
        ),
        403 => (
            desk.t("This is not for your role"),
            desk.t("Nothing was changed. An owner or admin of the shop can give you the right."),
        ),
        404 => (
            desk.t("There is nothing here"),
            desk.t("It may have another name, or belong to a shop that you do not see."),
        ),
        409 | 412 | 422 => (
            desk.t("That is not possible as things stand"),
            desk.t("Nothing was changed. Look at how it stands now, and decide again."),
        ),
        429 | 503 => {
            (desk.t("Too much at once"), desk.t("Nothing was changed. Try again in a moment."))
        }
        _ => (
            desk.t("That did not work"),
            desk.t("It is not known whether it was done. Look before you ask again."),
        ),
    };
    html! {
        section.trouble {
            h1 { (title) }
            p { (trouble.detail) }
            p { (advice) }
            p.small {
                code { (trouble.code) }
                @if !trouble.request.is_empty() {
                    " · " (desk.t("request")) " " code { (trouble.request) }
                }
            }
            p { a.button href="/console" { (desk.t("To the first page")) } }
        }
    }
}
