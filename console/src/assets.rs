//! The files that pages need: style sheet and scripts, embedded, named after their content.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// One file, as it is and compressed.
struct Asset {
    name: &'static str,
    hash: &'static str,
    kind: &'static str,
    plain: &'static [u8],
    packed: &'static [u8],
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The address of a file, which changes with its content.
pub(crate) fn url(name: &str) -> String {
    let hash = ASSETS.iter().find(|asset| asset.name == name).map_or("0", |asset| asset.hash);
    format!("/console/assets/{hash}/{name}")
}

/// A file by its address. What is there under another hash is not what the page wants.
pub(crate) fn serve(hash: &str, name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name && asset.hash == hash) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|kinds| kinds.to_str().ok());
    let brotli = accepted.is_some_and(|kinds| kinds.split(',').any(|kind| kind.trim() == "br"));
    let body = if brotli { asset.packed } else { asset.plain };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if brotli {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_kept_for_ever_under_the_hash_of_its_content() {
        let url = url("style.css");
        let parts: Vec<_> = url.split('/').collect();
        let answer = serve(parts[3], "style.css", &HeaderMap::new());
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        assert_eq!(serve("0", "style.css", &HeaderMap::new()).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_browser_that_reads_brotli_gets_less() {
        let url = url("htmx.js");
        let hash = url.split('/').nth(3).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"));
        assert_eq!(serve(hash, "htmx.js", &headers).headers()[header::CONTENT_ENCODING], "br");
        let asset = ASSETS.iter().find(|asset| asset.name == "htmx.js").unwrap();
        assert!(asset.packed.len() * 2 < asset.plain.len());
    }
}
