//! The file of a source: which one is there, and uploading another one.

use super::{super::super::Answer, path, url};
use crate::{
    backend::Trouble,
    desk::{Desk, go},
    gate,
    multipart::Parts,
    ui::parts,
    value::Read,
};
use axum::{
    body::Body,
    extract::{Path, Request},
};
use maud::{Markup, html};
use serde_json::Value;

/// What is known of its file, and where another one is taken.
pub(super) fn section(desk: &Desk, source: &str, known: &Value) -> Markup {
    if known.text("/settings/reach/by") != "upload" {
        return html! {};
    }
    let upload = known.at("upload");
    parts::section(
        desk.t("Its file"),
        &html! {
            @if upload.is_null() {
                p { (desk.t("No file was uploaded yet.")) }
            } @else {
                (parts::facts(&[
                    (desk.t("Bytes"), html! { (desk.number(upload.int("/file/bytes"))) }),
                    (desk.t("What it tells was so"), parts::ago(desk, upload.text("observed_at"))),
                    (desk.t("Known by"), parts::id(desk, upload.text("/file/sha256"))),
                ]))
            }
            @if desk.may("supplier:write") {
                form.row method="post" enctype="multipart/form-data" action=(url(desk, source, "/file")) {
                    // What says whose form it is has to come before the file.
                    (desk.form_fields())
                    label.wide { span { (desk.t("XML, CSV or JSON, as it is or in gzip or zip")) }
                        input type="file" name="file" required; }
                    button type="submit" { (desk.t("Upload")) }
                }
            }
        },
    )
}

/// Hands a file on to the API while it comes.
pub(super) async fn upload(
    desk: Desk,
    Path((_, source)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let (head, body) = request.into_parts();
    let mut parts = Parts::new(&head.headers, body)?;
    let mut token = String::new();
    while let Some(name) = parts.next().await? {
        match name.as_str() {
            "form" => token = parts.text().await?,
            "file" => {
                gate::ours(Some(&desk), &head.headers, &token)?;
                let file = Body::from_stream(parts.content());
                desk.api().upload(&format!("{}/file", path(&source)), file).await?;
                return Ok(go(&url(&desk, &source, "?done=yes")));
            }
            _ => {}
        }
    }
    Err(Trouble::invalid(desk.t("Choose a file first.")))
}
