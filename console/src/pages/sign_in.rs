//! Coming in, going out, and how the console looks to whoever uses this browser.

use super::Answer;
use crate::{
    backend::Trouble,
    cookies,
    desk::{Asked, Desk, go},
    gate::{Posted, with},
    session::{KEPT_S, Tokens, ended},
    state::Console,
};
use axum::{
    Router,
    extract::State,
    response::Response,
    routing::{get, post},
};
use http::HeaderMap;
use maud::{Markup, html};
use serde_json::{Value, json};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/console/sign-in", get(show).post(sign_in))
        .route("/console/sign-out", post(sign_out))
        .route("/console/preferences", post(prefer))
}

async fn show(desk: Desk, Asked(asked): Asked) -> Response {
    let main = form(&desk, asked.text("next"), "", None);
    desk.bare(desk.t("Sign in"), main)
}

async fn sign_in(
    State(console): State<Console>,
    desk: Desk,
    headers: HeaderMap,
    Posted(form_said): Posted,
) -> Answer {
    let (email, next) = (form_said.text("email"), form_said.text("next"));
    let mut login = json!({ "email": email, "password": form_said.text("password") });
    let code = form_said.text("code");
    if !code.is_empty() {
        // Six digits are an authenticator's; anything longer stands in for it.
        let name = if code.len() == 6 { "totp" } else { "recovery_code" };
        login[name] = Value::String(code.to_owned());
    }
    match desk.api().post("/v1/auth/login", login, "").await {
        Ok(answer) => {
            let plain = cookies::is_localhost(&headers);
            let mut set = Tokens::of(&answer)?.cookies(console.seal(), plain);
            // Forms that were made for whoever was here before count no longer.
            let visitor = console.seal().unguessable().unwrap_or_default();
            set.extend(cookies::set(cookies::VISITOR, &visitor, KEPT_S, plain));
            Ok(with(go(inside(next)), set))
        }
        Err(trouble) if matches!(trouble.status, 401 | 403 | 422 | 429) => {
            let main = form(&desk, next, email, Some(&trouble));
            Ok(desk.bare(desk.t("Sign in"), main))
        }
        Err(trouble) => Err(trouble),
    }
}

async fn sign_out(
    State(console): State<Console>,
    desk: Desk,
    headers: HeaderMap,
    Posted(_): Posted,
) -> Response {
    if let Some(tokens) = Tokens::read(console.seal(), &headers) {
        // Whether it counted or not: this browser forgets it.
        let asked = json!({ "refresh_token": tokens.refresh });
        let _ = desk.api().post("/v1/auth/logout", asked, "").await;
    }
    with(go("/console/sign-in"), ended(cookies::is_localhost(&headers)))
}

async fn prefer(headers: HeaderMap, Posted(form): Posted) -> Response {
    let plain = cookies::is_localhost(&headers);
    let mut set = Vec::new();
    if let language @ ("en" | "cs") = form.text("language") {
        set.extend(cookies::set(cookies::LANGUAGE, language, KEPT_S, plain));
    }
    match form.text("theme") {
        theme @ ("light" | "dark") => {
            set.extend(cookies::set(cookies::THEME, theme, KEPT_S, plain));
        }
        "system" => set.extend(cookies::set(cookies::THEME, "", 0, plain)),
        _ => {}
    }
    with(go(inside(form.text("next"))), set)
}

/// Where somebody wanted to go, if that is in the console: no form leads out of the house.
fn inside(next: &str) -> &str {
    let ours = next == "/console" || next.starts_with("/console/") || next.starts_with("/console?");
    if ours && !next.contains(['\\', '\r', '\n']) { next } else { "/console" }
}

fn form(desk: &Desk, next: &str, email: &str, trouble: Option<&Trouble>) -> Markup {
    let second = trouble.is_some_and(|trouble| trouble.code == "second_factor_required");
    html! {
        form.sheet method="post" action="/console/sign-in" {
            h1 { (desk.t("Sign in")) }
            (desk.form_fields())
            input type="hidden" name="next" value=(next);
            @if let Some(trouble) = trouble { (why(desk, trouble)) }
            label { span { (desk.t("E-mail")) }
                input name="email" type="email" autocomplete="username" required value=(email)
                    autofocus[email.is_empty()]; }
            label { span { (desk.t("Password")) }
                input name="password" type="password" autocomplete="current-password" required
                    autofocus[!email.is_empty() && !second]; }
            @if second {
                label { span { (desk.t("Code of the authenticator, or a recovery code")) }
                    input name="code" autocomplete="one-time-code" inputmode="numeric"
                        required autofocus; }
            }
            button.primary type="submit" { (desk.t("Sign in")) }
            @if trouble.is_some() && !second {
                p.small { (desk.t("Forgotten? Whoever runs the platform, or a letter from the shop front, sets a new password.")) }
            }
        }
        p.small { a href="/console/setup" { (desk.t("A fresh node: set it up")) } }
    }
}

fn why(desk: &Desk, trouble: &Trouble) -> Markup {
    let text = match (trouble.code.as_str(), trouble.status) {
        ("second_factor_required", _) => {
            desk.t("One thing more: this account asks for a second factor.")
        }
        (_, 401) => desk.t("That is not right. Look at both, and try again."),
        (_, 429) => desk.t("Too many tries. Wait a little."),
        _ => &trouble.detail,
    };
    let tone = if trouble.code == "second_factor_required" { "blue" } else { "red" };
    html! { p class={ "notice " (tone) } role="alert" { (text) } }
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn signing_in_leads_nowhere_outside() {
        assert_eq!(
            inside("/console/t/harbour/orders?status=pending"),
            "/console/t/harbour/orders?status=pending"
        );
        for elsewhere in
            ["https://evil.example", "//evil.example", "/console\\evil", "/consoles", ""]
        {
            assert_eq!(inside(elsewhere), "/console");
        }
    }
}
