//! A fresh node: its first person, and the first shop.
//!
//! Whoever has the link that a fresh node prints sets it up, or who has its operator's token. The
//! link's code stands behind `#`, which no browser sends and no log keeps; it is the token, sealed
//! for this page, and counts for nothing once somebody is known.

use super::Answer;
use crate::{
    SETUP,
    backend::{Api, Trouble},
    cookies,
    desk::{Desk, Form, go},
    gate::{Posted, with},
    session::Tokens,
    state::Console,
    ui::layout::text,
    value::Read,
};
use axum::{Router, extract::State, response::Response, routing::get};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use serde_json::json;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/console/setup", get(show).post(set_up))
}

async fn show(desk: Desk) -> Response {
    desk.bare(desk.t("Set up"), form(&desk, &Form::default(), None))
}

async fn set_up(
    State(console): State<Console>,
    desk: Desk,
    headers: HeaderMap,
    Posted(said): Posted,
) -> Answer {
    let done = match operator(&console, &desk, said.text("token")).await {
        Ok(operator) => first(&operator, desk.api(), &said).await,
        Err(trouble) => Err(trouble),
    };
    match done {
        Ok(tokens) => {
            let plain = cookies::is_localhost(&headers);
            Ok(with(go("/console"), tokens.cookies(console.seal(), plain)))
        }
        Err(trouble) if trouble.status < 500 => {
            Ok(desk.bare(desk.t("Set up"), form(&desk, &said, Some(&trouble))))
        }
        Err(trouble) => Err(trouble),
    }
}

/// The operator, by their token or by a link's code, which counts while nobody is known.
async fn operator(console: &Console, desk: &Desk, shown: &str) -> Result<Api, Trouble> {
    let Some(token) = console.seal().open(SETUP, shown) else {
        return Ok(desk.api().clone().signed_in(shown));
    };
    let operator = desk.api().clone().signed_in(&token);
    let known = operator.get("/v1/users?limit=1").await?;
    if known["items"].as_array().is_some_and(Vec::is_empty) {
        return Ok(operator);
    }
    let detail = "this link was for the first person, who is there: sign in";
    Err(Trouble::new(StatusCode::CONFLICT, "user_known", detail))
}

/// Makes the first person and, if one is named, the first shop; that person is signed in then.
async fn first(operator: &Api, open: &Api, said: &Form) -> Result<Tokens, Trouble> {
    let (email, password, key) = (said.text("email"), said.text("password"), said.text("key"));
    let user = json!({ "email": email, "name": said.text("name"), "platform_role": "operator" });
    let made = operator.post("/v1/users", user, &format!("{key}-user")).await?;
    let token = made.text("token");
    if token.is_empty() {
        let detail = "there is such a user already: sign in, or ask for a new password";
        return Err(Trouble::new(StatusCode::CONFLICT, "user_known", detail));
    }
    let asked = json!({ "token": token, "password": password });
    open.post("/v1/auth/password/reset", asked, "").await?;
    let (shop, name) = (said.text("shop"), said.text("shop_name"));
    if !shop.is_empty() {
        let settings = json!({
            "name": if name.is_empty() { shop } else { name },
            "country": said.text("country").to_uppercase(),
            "currency": said.text("currency").to_uppercase(),
            "time_zone": said.text("time_zone"),
        });
        let asked = json!({ "tenant": shop, "settings": settings });
        operator.post("/v1/tenants", asked, &format!("{key}-shop")).await?;
    }
    let login = json!({ "email": email, "password": password });
    Tokens::of(&open.post("/v1/auth/login", login, "").await?)
}

/// Name, label, how it is typed, what stands in it at first.
const SHOP: [(&str, &str, &str); 5] = [
    ("shop", text!("Short name, for ever (a-z, 0-9, -)"), ""),
    ("shop_name", text!("Name of the shop"), ""),
    ("country", text!("Country (two letters)"), "CZ"),
    ("currency", text!("Currency (three letters)"), "CZK"),
    ("time_zone", text!("Time zone"), "Europe/Prague"),
];

fn form(desk: &Desk, said: &Form, trouble: Option<&Trouble>) -> Markup {
    html! {
        form.sheet method="post" action="/console/setup" data-setup {
            h1 { (desk.t("Set up")) }
            p { (desk.t("The first person runs the platform: sees all shops, and lets others in.")) }
            (desk.form_fields())
            @if let Some(trouble) = trouble {
                p.notice.red role="alert" { (trouble.detail) }
            }
            label { span { (desk.t("Code of the link, or the node's operator token")) }
                input name="token" type="password" autocomplete="off" required; }
            label { span { (desk.t("Your name")) }
                input name="name" autocomplete="name" required value=(said.text("name")); }
            label { span { (desk.t("E-mail")) }
                input name="email" type="email" autocomplete="username" required
                    value=(said.text("email")); }
            label { span { (desk.t("Password, 10 characters or more")) }
                input name="password" type="password" autocomplete="new-password" minlength="10"
                    required; }
            fieldset {
                legend { (desk.t("The first shop, if you want one now")) }
                @for (name, label, first) in SHOP {
                    @let value = if said.text(name).is_empty() { first } else { said.text(name) };
                    label { span { (desk.t(label)) } input name=(name) value=(value); }
                }
            }
            button.primary type="submit" { (desk.t("Set up and sign in")) }
        }
        p.small { a href="/console/sign-in" { (desk.t("I have an account: sign in")) } }
    }
}
