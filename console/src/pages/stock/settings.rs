//! What is set on a product's stock: when it is told to be low, whether it is sold on when nothing is
//! there, and what is kept back from channels. Each change says first what it does.

use super::{super::Answer, list::views};
use crate::{
    backend::{Change, Trouble, escape},
    desk::{Desk, Form, go},
    gate::Posted,
    ui::parts,
    value::Read,
};
use axum::extract::Path;
use http::Method;
use maud::{Markup, html};
use serde_json::{Map, Value, json};

const FIELDS: [&str; 4] = ["low_threshold", "backorder", "channel", "kept"];
/// Rows without a channel that a form has for new ones.
const BLANK: usize = 2;

pub(super) async fn show(desk: Desk, Path((_, sku)): Path<(String, String)>) -> Answer {
    if !desk.may("stock:write") {
        return Ok(go(&desk.url(&format!("/stock/{}", escape(&sku)))));
    }
    let known = desk.api().get(&format!("/v1/stock/{}", escape(&sku))).await?;
    let title = title(&desk, &sku);
    let said = written(known.at("settings"));
    let page = Sheet { sku: &sku, known: &known, said: &said, trouble: None };
    Ok(desk.page(&title, form(&desk, &title, &page, &html! {})))
}

pub(super) async fn change(
    desk: Desk,
    Path((_, sku)): Path<(String, String)>,
    Posted(said): Posted,
) -> Answer {
    let known = desk.api().get(&format!("/v1/stock/{}", escape(&sku))).await?;
    let (title, sure) = (title(&desk, &sku), said.text("sure") == "yes");
    let path = format!("/v1/stock/{}/settings", escape(&sku));
    let told = match body(&desk, &said, known.at("settings")) {
        Err(trouble) => Err(trouble),
        Ok(body) if sure => {
            let key = said.text("key");
            desk.api().change(Change { method: Method::PUT, path: &path, body, key }).await
        }
        Ok(body) => desk.api().change_would(Method::PUT, &path, body).await,
    };
    match told {
        Ok(_) if sure => Ok(go(&desk.url(&format!("/stock/{}?done=yes", escape(&sku))))),
        Ok(would) => {
            let page = Sheet { sku: &sku, known: &known, said: &said, trouble: None };
            let outcome = outcome(&desk, &page, &would);
            Ok(desk.page(&title, form(&desk, &title, &page, &outcome)))
        }
        Err(trouble) if trouble.is_of_the_form() => {
            let page = Sheet { sku: &sku, known: &known, said: &said, trouble: Some(&trouble) };
            let outcome = parts::refusal(&desk, &trouble);
            Ok(desk.refused(&title, &trouble, form(&desk, &title, &page, &outcome)))
        }
        Err(trouble) => Err(trouble),
    }
}

/// The form, with what is known of the product and what was said.
struct Sheet<'s> {
    sku: &'s str,
    known: &'s Value,
    said: &'s Form,
    trouble: Option<&'s Trouble>,
}

fn title(desk: &Desk, sku: &str) -> String {
    desk.f("Stock settings of {}", &[sku])
}

/// What is set, as the form says it.
fn written(settings: &Value) -> Form {
    let threshold = settings.int("low_threshold").to_string();
    let buffers = buffers(settings);
    let kept: Vec<_> =
        buffers.iter().map(|(channel, units)| (channel.as_str(), units.to_string())).collect();
    let backorder = if settings.is("backorder") { "yes" } else { "" };
    let first = [("low_threshold", &*threshold), ("backorder", backorder)];
    let rows = kept.iter().flat_map(|(channel, units)| [("channel", *channel), ("kept", units)]);
    Form::of(first.into_iter().chain(rows))
}

/// What is kept back, by channel.
fn buffers(settings: &Value) -> Vec<(String, i64)> {
    let known = settings.at("safety_buffers").as_object().into_iter().flatten();
    known.map(|(channel, units)| (channel.clone(), units.as_i64().unwrap_or_default())).collect()
}

fn is_bundle(known: &Value) -> bool {
    known.at("/settings/components").as_object().is_some_and(|parts| !parts.is_empty())
}

/// The settings as a form says them. What it does not ask about stays as it is: a bundle's parts.
fn body(desk: &Desk, said: &Form, known: &Value) -> Result<Value, Trouble> {
    let number = |text: &str| text.trim().parse::<i64>().ok();
    let threshold = match said.text("low_threshold") {
        "" => Some(0),
        text => number(text),
    };
    let whole = desk.t("Write a whole number here.");
    let threshold = threshold.ok_or_else(|| Trouble::at("/low_threshold", whole))?;
    let mut kept = Map::new();
    for (channel, units) in said.all("channel").iter().zip(said.all("kept")) {
        let (channel, units) = (channel.trim(), units.trim());
        if channel.is_empty() && units.is_empty() {
            continue;
        }
        if channel.is_empty() || kept.contains_key(channel) {
            let detail = desk.t("Each row needs a channel of its own.");
            return Err(Trouble::at("/safety_buffers", detail));
        }
        match number(units) {
            // Nothing is kept back: the row is left out.
            _ if units.is_empty() => {}
            Some(0) => {}
            Some(units) => drop(kept.insert(channel.to_owned(), units.into())),
            None => return Err(Trouble::at("/safety_buffers", whole)),
        }
    }
    Ok(json!({
        "low_threshold": threshold,
        "backorder": said.text("backorder") == "yes",
        "safety_buffers": kept,
        "components": known.at("components").as_object().cloned().unwrap_or_default(),
    }))
}

fn outcome(desk: &Desk, page: &Sheet<'_>, would: &Value) -> Markup {
    let (before, after) = (page.known.at("settings"), would.at("/result/settings"));
    let mut all = Vec::new();
    if would.list("would").is_empty() {
        return parts::forecast(desk, &all);
    }
    let (was, is) = (before.int("low_threshold"), after.int("low_threshold"));
    if was != is {
        all.push(match is {
            0 => desk.t("Nobody is told any more when it runs low.").to_owned(),
            is => desk.f("It is told to be low at {} and fewer.", &[&desk.number(is)]),
        });
    }
    match (before.is("backorder"), after.is("backorder")) {
        (false, true) => {
            all.push(
                desk.t("It is sold on when nothing is there: more may be sold than there is.")
                    .into(),
            );
        }
        (true, false) => all.push(desk.t("It is sold no longer when nothing is there.").into()),
        _ => {}
    }
    let (was, is) = (buffers(before), buffers(after));
    for (channel, units) in is.iter().filter(|row| !was.contains(row)) {
        let units = desk.number(*units);
        all.push(desk.f("The last {} are kept back from the channel {}.", &[&units, channel]));
    }
    for (channel, _) in was.iter().filter(|(channel, _)| is.iter().all(|(kept, _)| kept != channel))
    {
        all.push(desk.f("Nothing is kept back from the channel {} any more.", &[channel]));
    }
    let (was, is) = (page.known.int("total_available"), would.int("/result/total_available"));
    if was != is {
        let counts = [desk.number(was), desk.number(is)];
        all.push(desk.f("Sellable now: {}; then: {}.", &[&counts[0], &counts[1]]));
    }
    html! {
        (parts::forecast(desk, &all))
        (parts::decision(desk, page.said, &FIELDS, (desk.t("Save"), "primary")))
    }
}

fn form(desk: &Desk, title: &str, page: &Sheet<'_>, outcome: &Markup) -> Markup {
    let back = desk.url(&format!("/stock/{}", escape(page.sku)));
    html! {
        (parts::heading(title, &html! {}, &html! {}))
        (views(desk, "-"))
        div.columns.even {
            form.sheet.wide method="post" {
                (desk.form_fields())
                @if is_bundle(page.known) {
                    p { (desk.t("It is a bundle: when it is low, and whether it is sold on, follows from its parts.")) }
                } @else { (of_its_own(desk, page)) }
                (kept_back(desk, page))
                button type="submit" { (desk.t("Show what it changes")) }
            }
            div #outcome aria-live="polite" { (outcome) }
        }
        p { a href=(back) { (desk.t("Back to the product, changing nothing")) } }
    }
}

/// What only a product has that is no bundle.
fn of_its_own(desk: &Desk, page: &Sheet<'_>) -> Markup {
    let wrong = parts::described_by(page.trouble, "/low_threshold");
    html! {
        div.field {
            label { span { (desk.t("Told to be low at so many and fewer; 0 never tells")) }
                input name="low_threshold" inputmode="numeric" pattern="[0-9]*" size="8"
                    value=(page.said.text("low_threshold"))
                    aria-invalid=[wrong.as_ref().map(|_| "true")] aria-describedby=[wrong.as_ref()]; }
            (parts::fault(page.trouble, "/low_threshold"))
        }
        label.check {
            input type="checkbox" name="backorder" value="yes"
                checked[page.said.text("backorder") == "yes"];
            " " (desk.t("Sold on when nothing is there"))
        }
    }
}

fn kept_back(desk: &Desk, page: &Sheet<'_>) -> Markup {
    let wrong = parts::described_by(page.trouble, "/safety_buffers");
    let rows = page.said.all("channel").iter().zip(page.said.all("kept"));
    let said = rows.filter(|(channel, kept)| !channel.is_empty() || !kept.is_empty());
    let said = said.map(|(channel, kept)| (channel.as_str(), kept.as_str()));
    html! {
        fieldset aria-describedby=[wrong.as_ref()] {
            legend { (desk.t("Kept back from channels")) }
            @for (channel, kept) in said.chain([("", ""); BLANK]) {
                div.row {
                    label { span { (desk.t("Channel")) }
                        input name="channel" maxlength="40" size="12" value=(channel); }
                    label { span { (desk.t("Pieces")) }
                        input name="kept" inputmode="numeric" pattern="[0-9]*" size="6" value=(kept); }
                }
            }
            (parts::fault(page.trouble, "/safety_buffers"))
            p.small { (desk.t("A row without pieces is left out; save to be given more rows.")) }
        }
    }
}
