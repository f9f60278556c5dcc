//! Uploads of pictures, films and papers, and showing them to whoever has their address.

use super::super::{Api, access::Access, body, path::Named, problem::Problem, query};
use crate::media::{Kept, MediaFault, SIZES};
use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use kontor_messages::TenantId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// A medium that is kept.
#[derive(Serialize, ToSchema)]
struct Uploaded {
    #[serde(flatten)]
    kept: Kept,
    /// Where anybody sees it; what a product's medium is given as `url`.
    url: String,
    /// Where a picture's smaller copies are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    copies: Vec<SmallerCopy>,
}

/// A picture's smaller copy.
#[derive(Serialize, ToSchema)]
struct SmallerCopy {
    /// Its longer side in pixels, unless the picture itself is smaller.
    side_px: u32,
    /// Where anybody sees it.
    url: String,
}

/// How large.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Size {
    /// The longer side of a picture in pixels: 200 or 800; the picture itself, if it says none.
    side: Option<u32>,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(upload))
}

/// What anybody may see.
pub(in super::super) fn public() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show))
}

/// Keeps a picture (JPEG, PNG, WebP), a film (MP4) or a paper (PDF). The same content twice is kept
/// once. What it is follows from the content.
#[utoipa::path(post, path = "/v1/media", tag = "catalog",
    request_body(content = String, content_type = "application/octet-stream",
        description = "The content."),
    responses((status = CREATED, body = Uploaded)))]
async fn upload(
    State(api): State<Api>,
    access: Access,
    request: Request,
) -> Result<Response, Problem> {
    let media = api.media().ok_or_else(switched_off)?;
    let (parts, sent) = request.into_parts();
    let content = body::read(&parts.headers, sent, media.upload_max_bytes()).await?;
    let kept = media.keep(access.id(), content).await.map_err(refused)?;
    let url = format!("/media/{}/{}", access.id(), kept.hash);
    let copy = |side: u32| SmallerCopy { side_px: side, url: format!("{url}?side={side}") };
    let sizes: &[u32] = if kept.format.is_picture() { &SIZES } else { &[] };
    let copies = sizes.iter().map(|side| copy(*side)).collect();
    let shown = Uploaded { kept, url, copies };
    Ok(super::super::json(StatusCode::CREATED, &shown))
}

/// A picture, a film or a paper, by the hash of its content.
#[utoipa::path(get, path = "/media/{tenant}/{hash}", tag = "catalog",
    params(("tenant" = String, Path, max_length = 40), ("hash" = String, Path, max_length = 64), Size),
    responses((status = OK, description = "The content.", content_type = "application/octet-stream",
        body = String)))]
async fn show(
    State(api): State<Api>,
    Named((tenant, hash)): Named<(String, String)>,
    query::Asked(Size { side }): query::Asked<Size>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("medium");
    let media = api.media().ok_or_else(unknown)?;
    let tenant = TenantId::parse(&tenant).map_err(|_| unknown())?;
    if side.is_some_and(|side| !SIZES.contains(&side)) {
        return Err(Problem::parameter("side", "expected 200 or 800"));
    }
    let found = media.read(&tenant, &hash, side).await.map_err(refused)?;
    let (format, content) = found.ok_or_else(unknown)?;
    let tag = format!("\"{hash}-{}\"", side.unwrap_or_default());
    let tag = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
    if super::super::read::is_known(&headers, tag.as_bytes()) {
        return Ok(super::super::read::not_modified(tag));
    }
    Ok(sent(content, format.media_type(), tag))
}

/// Content never changes under its hash. Nothing in it runs, wherever it is opened.
fn sent(content: Bytes, kind: &'static str, tag: HeaderValue) -> Response {
    let fixed = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    let mut response = Body::from(content).into_response();
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::ETAG, tag);
    response
}

fn switched_off() -> Problem {
    let detail = "this node keeps no media";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no_media", detail)
}

fn refused(fault: MediaFault) -> Problem {
    let detail = fault.to_string();
    match fault {
        MediaFault::Unknown => {
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
        }
        MediaFault::Picture(_) => Problem::invalid("", detail),
        MediaFault::Store(reason) => {
            tracing::error!(reason, "media cannot be kept or read");
            Problem::unavailable("the media cannot be reached")
        }
    }
}
