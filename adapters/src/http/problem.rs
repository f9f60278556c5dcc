//! How the API says no: RFC 9457, with a stable `code` and the members at fault by pointer.
//!
//! A handler returns a [`Problem`]; the edge writes it, since only the edge knows the request's id.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kontor_actors::{request::Denied, store::StoreFault};
use kontor_messages::{Refusal, RefusalKind};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    errors: Vec<Fault>,
    retry_after_s: Option<u32>,
    /// What clients of the payments service before look for.
    former: Option<String>,
}

/// A member of the request that is at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// The member as a JSON pointer into the body, or the parameter's name.
    pub pointer: String,
    /// What was expected.
    pub detail: String,
}

/// A problem as it is written.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// A URI of the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:kontor:problem:out_of_stock")]
    kind: String,
    /// The code in words.
    #[schema(example = "Out of stock")]
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong, for people.
    detail: &'a str,
    /// The request's id.
    instance: &'a str,
    /// Stable, in snake case; for programs.
    #[schema(example = "out_of_stock")]
    code: &'a str,
    /// The members at fault.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Fault],
}

/// A problem as clients of the payments service before read it, too.
#[derive(Serialize, ToSchema)]
#[schema(as = FormerProblem)]
#[serde(rename_all = "camelCase")]
pub struct FormerProblemDocument<'a> {
    /// `false`.
    success: bool,
    /// `PAYMENT_CREATION_FAILED`, `PAYMENT_NOT_FOUND`, `REFUND_FAILED`, `UNAUTHORIZED`, or the
    /// `code` in upper case.
    #[schema(example = "PAYMENT_NOT_FOUND")]
    error: &'a str,
    /// What is wrong, for people.
    message: &'a str,
    /// The HTTP status.
    status_code: u16,
    /// The same as everywhere.
    #[serde(flatten)]
    problem: ProblemDocument<'a>,
}

impl Problem {
    /// A problem with a stable code and a sentence.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        let (code, detail) = (code.into(), detail.into());
        Self { status, code, detail, errors: Vec::new(), retry_after_s: None, former: None }
    }

    /// Nothing by that name, or nothing that this caller may know of.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// The body is well formed and says something impossible.
    pub fn invalid(pointer: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::at(StatusCode::UNPROCESSABLE_ENTITY, "invalid", pointer, expected)
    }

    /// A parameter or header is at fault.
    pub fn parameter(name: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::at(StatusCode::BAD_REQUEST, "invalid_parameter", name, expected)
    }

    /// A member is at fault.
    pub fn at(
        status: StatusCode,
        code: &'static str,
        pointer: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        let fault = Fault { pointer: pointer.into(), detail: detail.into() };
        let detail = match &*fault.pointer {
            "" => fault.detail.clone(),
            pointer => format!("{pointer}: {}", fault.detail),
        };
        Self { errors: vec![fault], ..Self::new(status, code, detail) }
    }

    /// The database or this node cannot answer now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(1)
    }

    /// The same, with a time after which it may be asked again.
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// The same, for a body that is only a part of the command: pointers lose `prefix`.
    pub fn without_prefix(mut self, prefix: &str) -> Self {
        for fault in &mut self.errors {
            if let Some(rest) = fault.pointer.strip_prefix(prefix) {
                fault.pointer = rest.to_owned();
            }
        }
        self
    }

    /// The same, for a body whose members are called otherwise than the command's.
    pub(super) fn with_pointers(mut self, rename: impl Fn(&str) -> String) -> Self {
        for fault in &mut self.errors {
            let renamed = rename(&fault.pointer);
            if self.detail == format!("{}: {}", fault.pointer, fault.detail) {
                self.detail = format!("{renamed}: {}", fault.detail);
            }
            fault.pointer = renamed;
        }
        self
    }

    /// The same, with what clients of the payments service before look for.
    pub(super) fn in_former_words(self, error: String) -> Self {
        Self { former: Some(error), ..self }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The problem as JSON, with the request that it belongs to.
    pub(super) fn body(&self, instance: &str) -> Vec<u8> {
        let document = ProblemDocument {
            kind: format!("urn:kontor:problem:{}", self.code),
            title: title(&self.code),
            status: self.status.as_u16(),
            detail: &self.detail,
            instance,
            code: &self.code,
            errors: &self.errors,
        };
        let Some(error) = &self.former else {
            return serde_json::to_vec(&document).unwrap_or_default();
        };
        let former = FormerProblemDocument {
            success: false,
            error,
            message: &self.detail,
            status_code: self.status.as_u16(),
            problem: document,
        };
        serde_json::to_vec(&former).unwrap_or_default()
    }
}

/// `out_of_stock` as `Out of stock`.
fn title(code: &str) -> String {
    let mut words = code.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let throttled = self.status == StatusCode::TOO_MANY_REQUESTS;
        if let Some(seconds) = self.retry_after_s.or(throttled.then_some(1)) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl<R: Refusal> From<Denied<R>> for Problem {
    fn from(denied: Denied<R>) -> Self {
        match denied {
            Denied::Refused(refusal) => refused(&refusal),
            Denied::OtherVersion { .. } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "other_version", denied.to_string())
            }
            Denied::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                denied.to_string(),
            ),
            Denied::TenantBusy { retry_after_s } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "tenant_busy", denied.to_string())
                    .retry_after(retry_after_s)
            }
            Denied::NodeBusy { retry_after_s } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "node_busy", denied.to_string())
                    .retry_after(retry_after_s)
            }
            Denied::Quarantined { ref reason } => {
                tracing::info!(reason, "asked a domain that is quarantined");
                let detail = "this part of the tenant is out of service until it is released";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "quarantined", detail).retry_after(30)
            }
            Denied::Paused => {
                let detail = "this part of the tenant is paused until an operator lets it go on";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "actor_paused", detail).retry_after(30)
            }
            Denied::Crashed { .. } => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "crashed", denied.to_string())
            }
            Denied::Fault(ref reason) => {
                tracing::warn!(reason, "a request was not carried out, or it is not known");
                Self::unavailable(
                    "not carried out, or not known to be: ask again with the same Idempotency-Key",
                )
            }
            Denied::Stopping => Self::unavailable("the node is stopping"),
        }
    }
}

impl From<StoreFault> for Problem {
    fn from(fault: StoreFault) -> Self {
        tracing::warn!(%fault, "a read failed");
        Self::unavailable("the database does not answer")
    }
}

fn refused(refusal: &impl Refusal) -> Problem {
    let status = match refusal.kind() {
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::Exhausted => StatusCode::TOO_MANY_REQUESTS,
        RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let detail = refusal.to_string();
    let problem = match refusal.pointer() {
        Some(pointer) => Problem::at(status, refusal.code(), pointer, detail),
        None => Problem::new(status, refusal.code(), detail),
    };
    // What is used up for a day is not asked for again within seconds.
    if refusal.kind() == RefusalKind::Exhausted { problem.retry_after(3600) } else { problem }
}
