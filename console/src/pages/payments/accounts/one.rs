//! One account: making it at a provider, changing it without its secrets being shown, and forgetting
//! it.

use super::{
    super::{super::Answer, list::views},
    sheet::{self, Sheet},
};
use crate::{
    backend::{Change, Trouble, escape},
    desk::{Asked, Desk, Form, go},
    gate::Posted,
    ui::parts,
    value::Read,
};
use axum::extract::Path;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

type Named = Path<(String, String, String)>;

fn path(provider: &str, name: &str) -> String {
    format!("/v1/accounts/{}/{}", escape(provider), escape(name))
}

fn url(desk: &Desk, provider: &str, name: &str, rest: &str) -> String {
    let (provider, name) = (escape(provider), escape(name));
    desk.url(&format!("/payments/accounts/{provider}/{name}{rest}"))
}

/// A provider, with the settings of its accounts.
async fn provider(desk: &Desk, name: &str) -> Result<Value, Trouble> {
    let all = desk.api().get("/v1/providers").await?;
    let found = all.list("items").iter().find(|one| one.text("provider") == name);
    found.cloned().ok_or_else(Trouble::not_found)
}

/// Chooses a provider, then shows what an account there is set with.
pub(super) async fn blank(desk: Desk, Asked(asked): Asked) -> Answer {
    let title = desk.t("New account");
    if asked.text("provider").is_empty() {
        let all = desk.api().get("/v1/providers").await?;
        return Ok(desk.page(title, choice(&desk, title, all.list("items"))));
    }
    let provider = provider(&desk, asked.text("provider")).await?;
    let said = Form::of([("mode", "test"), ("name", "main")]);
    let sheet = Sheet { provider: &provider, known: &Value::Null, said: &said, trouble: None };
    Ok(desk.page(title, form(&desk, title, &sheet)))
}

fn choice(desk: &Desk, title: &str, providers: &[Value]) -> Markup {
    let group = |carries: &str, label: &str| {
        let of_it: Vec<_> = providers.iter().filter(|one| one.text("carries") == carries).collect();
        parts::section(
            label,
            &html! {
                ul.plain {
                    @for one in of_it {
                        @let name = one.text("provider");
                        li { a href=(desk.url(&format!("/payments/accounts/new?provider={}", escape(name)))) {
                            (desk.language().word(name))
                        } }
                    }
                }
            },
        )
    };
    html! {
        (parts::heading(title, &html! {}, &html! {}))
        (views(desk, "-"))
        p { (desk.t("At which provider is the account?")) }
        (group("money", desk.t("Providers that carry money")))
        (group("messages", desk.t("Providers that carry messages")))
        (back(desk))
    }
}

fn back(desk: &Desk) -> Markup {
    html! {
        p { a href=(desk.url("/payments/accounts")) { (desk.t("Back to the accounts, changing nothing")) } }
    }
}

pub(super) async fn make(desk: Desk, Posted(said): Posted) -> Answer {
    let provider = provider(&desk, said.text("provider")).await?;
    let name = said.text("name");
    // Writing to a name that is there would change that account.
    let there = desk.api().get(&path(provider.text("provider"), name)).await.is_ok();
    let trouble = match (there && !name.is_empty(), name.is_empty()) {
        (true, _) => Trouble::at("/name", desk.f("There is an account {} already.", &[name])),
        (_, true) => Trouble::at("/name", desk.t("An account needs a name.")),
        _ => return write(&desk, (&provider, &Value::Null, name), &said).await,
    };
    Ok(refused(&desk, (&provider, &Value::Null, name), &said, &trouble))
}

pub(super) async fn show(desk: Desk, Path((_, kind, name)): Named, Asked(asked): Asked) -> Answer {
    let path = path(&kind, &name);
    let (known, provider) = tokio::join!(desk.api().get(&path), provider(&desk, &kind));
    let (known, provider) = (known?, provider?);
    let title = title(&desk, &known);
    let done = html! {
        @if asked.text("done") == "yes" {
            p.notice.green role="status" { (desk.t("Done.")) }
        }
    };
    if !desk.may("tenants:write") {
        let main = html! {
            (parts::heading(&title, &super::mode(&desk, &known),
                &parts::action(&url(&desk, &kind, &name, "/health"), desk.t("Health"), "")))
            (views(&desk, "-"))
            (hears(&desk, &known))
            (super::settings(known.at("settings")))
        };
        return Ok(desk.page(&title, main));
    }
    let said = sheet::written(&provider, &known);
    let sheet = Sheet { provider: &provider, known: &known, said: &said, trouble: None };
    Ok(desk.page(&title, html! { (done) (form(&desk, &title, &sheet)) }))
}

fn title(desk: &Desk, known: &Value) -> String {
    desk.f("Account {}", &[&format!("{}/{}", known.text("provider"), known.text("name"))])
}

pub(super) async fn change(
    desk: Desk,
    Path((_, kind, name)): Named,
    Posted(said): Posted,
) -> Answer {
    let path = path(&kind, &name);
    let (known, provider) = tokio::join!(desk.api().get(&path), provider(&desk, &kind));
    write(&desk, (&provider?, &known?, &name), &said).await
}

/// Writes an account over the one that was read. There is no forecast to say yes to: it would have to
/// hold the secrets for as long as it is looked at.
async fn write(
    desk: &Desk,
    (provider, known, name): (&Value, &Value, &str),
    said: &Form,
) -> Answer {
    let kind = provider.text("provider");
    let sheet = Sheet { provider, known, said, trouble: None };
    let told = match sheet::body(desk, &sheet) {
        Err(trouble) => Err(trouble),
        Ok(body) => {
            let (path, key) = (path(kind, name), said.text("key"));
            let change = Change { method: Method::PUT, path: &path, body, key };
            match said.int("version").filter(|_| !known.is_null()) {
                Some(version) => desk.api().change_at(change, version).await,
                None => desk.api().change(change).await,
            }
        }
    };
    match told {
        Ok(_) => Ok(go(&url(desk, kind, name, "?done=yes"))),
        Err(trouble) if trouble.is_of_the_form() => {
            let trouble = sheet::placed(provider, trouble);
            Ok(refused(desk, (provider, known, name), said, &trouble))
        }
        Err(trouble) => Err(trouble),
    }
}

fn refused(
    desk: &Desk,
    (provider, known, name): (&Value, &Value, &str),
    said: &Form,
    trouble: &Trouble,
) -> axum::response::Response {
    let title = match known {
        Value::Null => desk.t("New account").to_owned(),
        _ => desk.f("Account {}", &[&format!("{}/{name}", provider.text("provider"))]),
    };
    let sheet = Sheet { provider, known, said, trouble: Some(trouble) };
    desk.refused(&title, trouble, form(desk, &title, &sheet))
}

fn form(desk: &Desk, title: &str, sheet: &Sheet<'_>) -> Markup {
    let (kind, name) = (sheet.provider.text("provider"), sheet.known.text("name"));
    let new = sheet.known.is_null();
    let actions = html! {
        @if !new {
            (parts::action(&url(desk, kind, name, "/health"), desk.t("Health"), ""))
            (parts::action(&url(desk, kind, name, "/remove"), desk.t("Remove"), "danger"))
        }
    };
    let beside = html! { @if !new { (super::mode(desk, sheet.known)) } };
    html! {
        (parts::heading(title, &beside, &actions))
        (views(desk, "-"))
        @if let Some(trouble) = sheet.trouble {
            (parts::refusal(desk, trouble))
            p { (desk.t("What was written as a secret is not kept: write it again.")) }
        }
        @if !new { (hears(desk, sheet.known)) }
        form.sheet.wide method="post" action=[new.then(|| desk.url("/payments/accounts/new"))] {
            (desk.form_fields())
            input type="hidden" name="version" value=(sheet.said.text("version"));
            input type="hidden" name="provider" value=(kind);
            p { (desk.t("Provider")) ": " strong { (desk.language().word(kind)) } }
            @if new { (name_field(desk, sheet)) }
            label { span { (desk.t("Whether money and messages are real")) }
                select name="mode" {
                    @for (mode, label) in [("test", desk.t("for trying out")), ("live", desk.t("real"))] {
                        option value=(mode) selected[sheet.said.text("mode") == mode] { (label) }
                    }
                } }
            (sheet::fields(desk, sheet))
            button.primary type="submit" {
                @if new { (desk.t("Make the account")) } @else { (desk.t("Save the account")) }
            }
        }
        (back(desk))
    }
}

fn name_field(desk: &Desk, sheet: &Sheet<'_>) -> Markup {
    let wrong = parts::described_by(sheet.trouble, "/name");
    html! {
        div.field {
            label { span { (desk.t("Name, for ever (a-z, 0-9, - and _)")) }
                input name="name" required maxlength="40" autocomplete="off"
                    value=(sheet.said.text("name")) aria-invalid=[wrong.as_ref().map(|_| "true")]
                    aria-describedby=[wrong.as_ref()]; }
            (parts::fault(sheet.trouble, "/name"))
        }
    }
}

/// Where the provider is to send its notifications; nothing, if it sends none.
fn hears(desk: &Desk, known: &Value) -> Markup {
    let (whole, path) = (known.text("webhook_url"), known.text("webhook_path"));
    let address = if whole.is_empty() { path } else { whole };
    html! {
        @if !address.is_empty() {
            section.panel {
                h2 { (desk.t("Tell the provider")) }
                p { (desk.t("Its notifications go to this address. Whoever knows it can send something there: tell the provider, and nobody else.")) }
                @if whole.is_empty() {
                    p { (desk.t("It begins with the address at which this node is reached, which is not set.")) }
                }
                p.once {
                    code { (address) }
                    button type="button" data-copy=(address) { (desk.t("Copy the address")) }
                }
            }
        }
    }
}

pub(super) async fn leaving(desk: Desk, Path((_, kind, name)): Named) -> Answer {
    let path = path(&kind, &name);
    let known = desk.api().get(&path).await?;
    let title = title(&desk, &known);
    let outcome = match desk.api().change_would(Method::DELETE, &path, json!({})).await {
        Err(trouble) => parts::refusal(&desk, &trouble),
        Ok(_) => {
            let id = format!("{kind}/{name}");
            let effects = [
                desk.f("The account {} is forgotten with its secrets, at once.", &[&id]),
                desk.t("What goes through it is not asked about, taken or given back any more: end that first.").to_owned(),
                desk.t("Rules that name it pass it over.").to_owned(),
            ];
            html! {
                (parts::forecast(&desk, &effects))
                (parts::decision(&desk, &Form::default(), &[], (&desk.f("Remove {}", &[&id]), "danger")))
            }
        }
    };
    let main = html! {
        (parts::heading(&title, &super::mode(&desk, &known), &html! {}))
        (outcome)
        (back(&desk))
    };
    Ok(desk.page(&title, main))
}

pub(super) async fn remove(
    desk: Desk,
    Path((_, kind, name)): Named,
    Posted(said): Posted,
) -> Answer {
    let (path, key) = (path(&kind, &name), said.text("key"));
    let change = Change { method: Method::DELETE, path: &path, body: json!({}), key };
    desk.api().change(change).await?;
    Ok(go(&desk.url("/payments/accounts?done=yes")))
}
