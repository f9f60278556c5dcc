//! Stripe's error objects.

use serde_json::{Value, json};

/// A refusal in Stripe's words.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<String>,
    message: String,
    /// Whether the refusal is remembered under the idempotency key. One that came before the work
    /// began is not, so that a corrected request may reuse the key.
    pub(crate) saved: bool,
}

impl ApiError {
    fn request(status: u16, code: Option<&'static str>, message: String) -> Self {
        Self { status, kind: "invalid_request_error", code, param: None, message, saved: false }
    }

    pub(crate) fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self { param: Some(param.to_owned()), ..Self::request(400, None, message.into()) }
    }

    pub(crate) fn coded(param: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self { code: Some(code), ..Self::invalid(param, message) }
    }

    pub(crate) fn missing(param: &str) -> Self {
        Self::coded(param, "parameter_missing", format!("Missing required param: {param}."))
    }

    pub(crate) fn unknown(param: &str) -> Self {
        Self::coded(param, "parameter_unknown", format!("Received unknown parameter: {param}"))
    }

    pub(crate) fn no_such(object: &str, id: &str, param: &str) -> Self {
        let message = format!("No such {object}: '{id}'");
        Self { status: 404, ..Self::coded(param, "resource_missing", message) }
    }

    pub(crate) fn no_such_url(method: &str, path: &str) -> Self {
        Self::request(404, None, format!("Unrecognized request URL ({method}: {path})."))
    }

    /// The object is not in a state in which this can be done: the work began, so it is saved.
    pub(crate) fn state(code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { saved: true, ..Self::request(400, code, message.into()) }
    }

    /// The same refusal, found after the work began.
    pub(crate) fn but_saved(self) -> Self {
        Self { saved: true, ..self }
    }

    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::request(401, None, message.to_owned())
    }

    pub(crate) fn not_a_form() -> Self {
        let message = "Invalid request (check that your POST content type is \
                       application/x-www-form-urlencoded).";
        Self::request(400, None, message.to_owned())
    }

    /// The bank said no to a card.
    pub(crate) fn declined() -> Self {
        let message = "Your card was declined.".to_owned();
        let refusal = Self::request(402, Some("card_declined"), message);
        Self { kind: "card_error", saved: true, ..refusal }
    }

    pub(crate) fn rate_limited() -> Self {
        let message = "Request rate limit exceeded.".to_owned();
        Self::request(429, Some("rate_limit"), message)
    }

    pub(crate) fn full() -> Self {
        let message = "The sandbox holds as many objects as it was configured for.".to_owned();
        Self { kind: "api_error", ..Self::request(503, None, message) }
    }

    pub(crate) fn server() -> Self {
        let message = "Sorry! There was an error while talking to the server.".to_owned();
        Self { kind: "api_error", ..Self::request(500, None, message) }
    }

    pub(crate) fn key_reused(key: &str) -> Self {
        let message = format!(
            "Keys for idempotent requests can only be used with the same parameters they were \
             first used with. Try using a key other than '{key}' if you meant to execute a \
             different request."
        );
        Self { kind: "idempotency_error", ..Self::request(400, None, message) }
    }

    pub(crate) fn key_running(key: &str) -> Self {
        let message = format!(
            "There is currently another in-progress request using idempotency key '{key}'."
        );
        Self::request(409, Some("idempotency_key_in_use"), message)
    }

    pub(crate) fn body(&self) -> Value {
        let mut error = json!({"type": self.kind, "message": self.message});
        if let Some(code) = self.code {
            error["code"] = json!(code);
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        json!({ "error": error })
    }
}
