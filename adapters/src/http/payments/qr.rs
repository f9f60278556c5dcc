//! The picture of a bank transfer, for the payer's banking application.

use super::super::{
    Api,
    access::Access,
    document::{Kind, Payments},
    path::Named,
    problem::Problem,
    read,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use kontor_actors::payment::PaymentDocument;
use kontor_messages::payment::TransferInstructions;
use qrcode::{EcLevel, QrCode, render::svg};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Pixels of the picture's side at least, where nobody says how large to show it.
const SIDE: u32 = 240;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(picture))
}

/// The QR code of a bank transfer (Short Payment Descriptor) as a picture; 409 if no attempt of
/// the payment is paid by one.
#[utoipa::path(get, path = "/v1/payments/{payment}/qr.svg", tag = "payments",
    params(("payment" = String, Path, max_length = 200)),
    responses((status = OK, body = String, content_type = "image/svg+xml",
        description = "The picture."), (status = CONFLICT, description = "No attempt is paid so.")))]
async fn picture(
    State(api): State<Api>,
    access: Access,
    Named(payment): Named<String>,
) -> Result<Response, Problem> {
    let there = read::load::<Payments>(&api, access.id(), &payment).await?;
    let document = Payments::document(&there.state);
    let transfer = document.as_ref().and_then(|document| transfer(document));
    let transfer = transfer.ok_or_else(|| {
        let detail = "this payment has no bank transfer that could be drawn";
        Problem::new(StatusCode::CONFLICT, "no_transfer", detail)
    })?;
    let svg = draw(&transfer.qr_text)?;
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"))];
    Ok((kind, svg).into_response())
}

/// How the payer transfers the money, by the latest attempt that is paid so.
fn transfer(document: &PaymentDocument) -> Option<&TransferInstructions> {
    document.attempts.iter().rev().find_map(|attempt| attempt.transfer.as_ref())
}

fn draw(text: &str) -> Result<String, Problem> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|fault| {
        tracing::error!(%fault, "a QR code could not be drawn");
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Problem::new(status, "internal_error", "an internal error")
    })?;
    Ok(code.render::<svg::Color<'_>>().min_dimensions(SIDE, SIDE).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_a_square_of_the_code_s_modules_and_their_margin() {
        let text = "SPD*1.0*ACC:CZ5855000000001265098001*AM:480.50*CC:CZK*X-VS:1234567890";
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let side = u32::try_from(code.width()).unwrap() + 8;
        let pixels = side * SIDE.div_ceil(side);
        let svg = draw(text).unwrap();
        assert!(svg.contains("<svg") && svg.contains(&format!("width=\"{pixels}\"")), "{svg}");
        // One move of the pen at least for each row of the finder patterns.
        assert!(svg.matches('M').count() > 50, "{svg}");
        assert_ne!(svg, draw("SPD*1.0*ACC:CZ5855000000001265098001*AM:480.51*CC:CZK").unwrap());
    }

    #[test]
    fn a_text_that_no_code_can_hold_is_no_picture() {
        assert!(draw(&"A".repeat(8000)).is_err());
    }
}
