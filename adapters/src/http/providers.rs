//! The providers that a tenant can have accounts at, and what each account is set with.

use super::{Api, access::Access};
use crate::gateways::{
    fields::Field,
    notifications::{sms_providers, smtp},
    payments,
};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The providers that there are.
#[derive(Serialize, ToSchema)]
struct Providers {
    /// The providers.
    items: Vec<ProviderView>,
}

/// A provider.
#[derive(Serialize, ToSchema)]
struct ProviderView {
    /// As accounts name it.
    provider: &'static str,
    /// What goes through its accounts.
    carries: Carries,
    /// The members of an account's `settings`.
    settings: &'static [Field],
}

/// What goes through a provider's accounts.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Carries {
    /// Payments and refunds.
    Money,
    /// Messages to people.
    Messages,
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The providers that accounts can be made at, each with the settings of its accounts: which are
/// needed, and which are secret.
#[utoipa::path(get, path = "/v1/providers", tag = "accounts",
    responses((status = OK, body = Providers)))]
async fn list(_access: Access) -> Response {
    let money = payments::providers().iter().map(|known| (known.name, known.fields));
    let texts = sms_providers().iter().map(|known| (known.name, known.fields));
    let mail = [("smtp", smtp::FIELDS)].into_iter();
    let money = money.map(|(provider, settings)| (provider, Carries::Money, settings));
    let messages = mail.chain(texts);
    let messages = messages.map(|(provider, settings)| (provider, Carries::Messages, settings));
    let items = money.chain(messages);
    let items =
        items.map(|(provider, carries, settings)| ProviderView { provider, carries, settings });
    super::json(StatusCode::OK, &Providers { items: items.collect() })
}

/// The settings of a provider's accounts; none, if it is not known.
pub(super) fn fields(provider: &str) -> &'static [Field] {
    if provider == "smtp" {
        return smtp::FIELDS;
    }
    let money = payments::providers().iter().map(|known| (known.name, known.fields));
    let texts = sms_providers().iter().map(|known| (known.name, known.fields));
    let found = money.chain(texts).find(|(name, _)| *name == provider);
    found.map_or(&[], |(_, fields)| fields)
}
