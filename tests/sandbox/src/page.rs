//! How hosted pages look.

use axum::body::Body;
use axum::response::Response;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;background:#f6f7f9;color:#1a1f36;\
    display:grid;place-items:center;min-height:100vh;margin:0}\
    main{background:#fff;border:1px solid #e3e8ee;border-radius:12px;padding:2rem;width:20rem}\
    h1{font-size:1.1rem;margin:0 0 .25rem}.amount{font-size:2rem;margin:.5rem 0 1.5rem}\
    button{display:block;width:100%;padding:.7rem;margin-top:.6rem;border-radius:8px;\
    border:1px solid #cfd7df;background:#fff;font:inherit;cursor:pointer}\
    button.pay{background:#3d53c5;border-color:#3d53c5;color:#fff}\
    .wide{width:36rem}label{display:block;margin-top:.6rem}\
    input{display:block;width:100%;box-sizing:border-box;padding:.5rem;font:inherit;\
    border:1px solid #cfd7df;border-radius:8px}.note{color:#697386;font-size:.85rem}.declined{color:#b3093c}";

/// A page with this content.
pub(crate) fn html(status: u16, content: &str) -> Response {
    let response = Response::builder()
        .status(status)
        .header("Content-Type", "text/html; charset=utf-8")
        .header("Cache-Control", "no-store");
    response.body(Body::from(page(content))).unwrap_or_default()
}

fn page(content: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width,initial-scale=1\">\
         <title>Checkout</title><style>{STYLE}</style><main>{content}</main></html>"
    )
}

/// Text as it stands in a page.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
