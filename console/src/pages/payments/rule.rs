//! One rule of the routing: which payments it takes, and which accounts take them.

use super::{
    super::Answer,
    list::views,
    routing::{ROUTES, accounts, back, future, payments, place, put},
};
use crate::{
    backend::Trouble,
    desk::{Desk, Form, go},
    gate::Posted,
    ui::parts,
    value::Read,
};
use axum::extract::Path;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

/// Accounts of one rule at most.
const ACCOUNTS_MAX: usize = 9;
/// Fields for accounts at least.
const ACCOUNTS_SHOWN: usize = 3;
const FIELDS: [&str; 7] = [
    "methods",
    "currencies",
    "countries",
    "amount_from_minor",
    "amount_to_minor",
    "account",
    "version",
];

/// The rules with one of them: which is to be changed, or none for one more.
struct Rules {
    document: Value,
    at: Option<usize>,
}

async fn rules(desk: &Desk, number: &str) -> Result<Rules, Trouble> {
    let document = desk.api().get(ROUTES).await?;
    let at = match number {
        "new" => None,
        number => Some(place(number, document.list("rules"))?),
    };
    Ok(Rules { document, at })
}

fn title(desk: &Desk, rules: &Rules) -> String {
    match rules.at {
        None => desk.t("New rule").to_owned(),
        Some(at) => desk.f("Rule {}", &[&(at + 1).to_string()]),
    }
}

pub(super) async fn show(desk: Desk, Path((_, number)): Path<(String, String)>) -> Answer {
    let rules = rules(&desk, &number).await?;
    let known = rules.at.and_then(|at| rules.document.list("rules").get(at));
    let main = match known {
        Some(rule) if !desk.may("tenants:write") => html! {
            (parts::heading(&title(&desk, &rules), &html! {}, &html! {}))
            (views(&desk, "/routes"))
            p.panel { (payments(&desk, rule)) " → " (accounts(&desk, rule)) }
        },
        known => {
            let said = written(&rules.document, known);
            form(&desk, &rules, &said, &html! {}).await
        }
    };
    Ok(desk.page(&title(&desk, &rules), main))
}

/// A rule as the form says it.
fn written(document: &Value, rule: Option<&Value>) -> Form {
    let rule = rule.cloned().unwrap_or_default();
    let listed = |member: &str| {
        let all: Vec<_> = rule.list(member).iter().filter_map(Value::as_str).collect();
        all.join(", ")
    };
    let amount = |member: &str| match rule.int(member) {
        0 => String::new(),
        minor => minor.to_string(),
    };
    let mut fields = vec![
        ("methods", listed("methods")),
        ("currencies", listed("currencies")),
        ("countries", listed("countries")),
        ("amount_from_minor", amount("amount_from_minor")),
        ("amount_to_minor", amount("amount_to_minor")),
        ("version", document.int("version").to_string()),
    ];
    for one in rule.list("accounts") {
        fields.push(("account", format!("{}/{}", one.text("provider"), one.text("account"))));
    }
    Form::of(fields.iter().map(|(name, value)| (*name, value.as_str())))
}

pub(super) async fn write(
    desk: Desk,
    Path((_, number)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let rules = rules(&desk, &number).await?;
    let sure = said.text("sure") == "yes";
    let told = match then(&desk, &rules, &said) {
        Err(trouble) => Err(trouble),
        Ok(then) if sure => put(&desk, then, &said).await.map(|_| Vec::new()),
        Ok(then) => {
            let body = json!({ "rules": then });
            desk.api().change_would(Method::PUT, ROUTES, body).await.map(|_| then)
        }
    };
    let title = title(&desk, &rules);
    match told {
        Ok(_) if sure => Ok(go(&desk.url("/payments/routes?done=yes"))),
        Ok(then) => {
            let label =
                if rules.at.is_some() { desk.t("Save the rule") } else { desk.t("Add the rule") };
            let outcome = html! {
                (future(&desk, &then))
                (parts::decision(&desk, &said, &FIELDS, (label, "primary")))
            };
            Ok(desk.page(&title, form(&desk, &rules, &said, &outcome).await))
        }
        Err(trouble) if trouble.is_of_the_form() => {
            let outcome = parts::refusal(&desk, &trouble);
            let main = form(&desk, &rules, &said, &outcome).await;
            Ok(desk.refused(&title, &trouble, main))
        }
        Err(trouble) => Err(trouble),
    }
}

/// All rules with this one as the form says it.
fn then(desk: &Desk, rules: &Rules, said: &Form) -> Result<Vec<Value>, Trouble> {
    let upper = |field: &str| -> Vec<_> {
        said.pieces(field).into_iter().map(|word| word.to_uppercase()).collect()
    };
    let accounts =
        said.all("account").iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    let accounts: Vec<_> = accounts
        .map(|text| {
            let (provider, account) = text.split_once('/').unwrap_or((text, "main"));
            json!({ "provider": provider.trim(), "account": account.trim() })
        })
        .collect();
    if accounts.is_empty() {
        return Err(Trouble::invalid(
            desk.t("A rule needs one account at least, such as stripe/main."),
        ));
    }
    let mut rule = json!({
        "methods": said.pieces("methods"), "currencies": upper("currencies"),
        "countries": upper("countries"), "accounts": accounts,
    });
    for field in ["amount_from_minor", "amount_to_minor"] {
        if !said.text(field).is_empty() {
            let minor = said.int(field).ok_or_else(|| {
                Trouble::invalid(
                    desk.t("An amount is a whole number of minor units (haléře, cents)."),
                )
            })?;
            rule[field] = minor.into();
        }
    }
    let mut all = rules.document.list("rules").to_vec();
    match rules.at {
        Some(at) => all[at] = rule,
        None => all.push(rule),
    }
    Ok(all)
}

async fn form(desk: &Desk, rules: &Rules, said: &Form, outcome: &Markup) -> Markup {
    let known = desk.api().get_if_any("/v1/accounts?limit=200").await;
    let field = |name: &str, label: &str, hint: &str| {
        html! {
            label { span { (label) }
                input name=(name) value=(said.text(name)) placeholder=(hint) autocomplete="off"; }
        }
    };
    html! {
        (parts::heading(&title(desk, rules), &html! {}, &html! {}))
        (views(desk, "/routes"))
        div.columns.even {
            form.sheet.wide method="post" {
                (desk.form_fields())
                input type="hidden" name="version" value=(said.text("version"));
                p { (desk.t("Which payments. What is left empty holds for all.")) }
                (field("methods", desk.t("Ways to pay, apart by commas"), "card, wallet"))
                (field("currencies", desk.t("Currencies, apart by commas"), "CZK, EUR"))
                (field("countries", desk.t("Countries, two letters each, apart by commas"), "CZ, SK"))
                (field("amount_from_minor", desk.t("From which amount, in minor units; needs one currency"), "100000"))
                (field("amount_to_minor", desk.t("Up to which amount, in minor units; needs one currency"), ""))
                (account_fields(desk, said))
                datalist #accounts {
                    @for one in known.list("items") { option value=(one.text("id")) {} }
                    option value="manual/main" {}
                }
                button type="submit" { (desk.t("Show what it changes")) }
            }
            div #outcome aria-live="polite" { (outcome) }
        }
        (back(desk))
    }
}

/// A field each for the accounts, and one more than there are.
fn account_fields(desk: &Desk, said: &Form) -> Markup {
    let named: Vec<_> = said.all("account").iter().filter(|one| !one.trim().is_empty()).collect();
    let count = (named.len() + 1).clamp(ACCOUNTS_SHOWN, ACCOUNTS_MAX);
    html! {
        fieldset {
            legend { (desk.t("To which accounts")) }
            @for place in 0..count {
                label {
                    span { @if place == 0 { (desk.t("First")) } @else { (desk.f("Else, {}.", &[&(place + 1).to_string()])) } }
                    input name="account" list="accounts" autocomplete="off" placeholder="stripe/main"
                        value=(named.get(place).map_or("", |name| name.as_str()));
                }
            }
        }
    }
}
