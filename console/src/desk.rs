//! What every page knows: who looks, for which shop, in which language, and the API in their name.

use crate::{
    backend::{Api, Trouble, escape},
    format,
    seal::Seal,
    ui::layout,
    value::Read,
    words::Language,
};
use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use http::{StatusCode, header, request::Parts};
use maud::{Markup, html};
use serde_json::Value;
use std::{collections::HashMap, sync::Arc};

/// Tenants that the switcher shows at most.
const TENANTS_MAX: usize = 50;

/// The tenant that nobody trades under: people and signing keys are kept there, and it has no shop.
pub(crate) const PLATFORM: &str = "platform";

/// Whoever is signed in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Me {
    pub(crate) name: String,
    pub(crate) email: String,
    /// Whether they run the platform.
    pub(crate) operator: bool,
    /// The tenants that they see, each with their role.
    pub(crate) tenants: Vec<(String, String)>,
}

/// The shop that a page is about.
#[derive(Clone, Debug)]
pub(crate) struct Shop {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) zone: Tz,
    pub(crate) status: String,
    permissions: Vec<String>,
}

/// A page's surroundings. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) api: Api,
    pub(crate) seal: Seal,
    pub(crate) visitor: String,
    pub(crate) language: Language,
    pub(crate) theme: Option<&'static str>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) me: Option<Me>,
    pub(crate) shop: Option<Shop>,
    /// The path that was asked for, with its query.
    pub(crate) here: String,
}

impl Desk {
    /// These surroundings.
    pub(crate) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// The API in the name of whoever is signed in, for the page's tenant.
    pub(crate) fn api(&self) -> &Api {
        &self.inner.api
    }

    /// The language of the page.
    pub(crate) fn language(&self) -> Language {
        self.inner.language
    }

    /// A text in that language.
    pub(crate) fn t(&self, english: &'static str) -> &'static str {
        self.inner.language.t(english)
    }

    /// A text with values in its places.
    pub(crate) fn f(&self, english: &'static str, values: &[&str]) -> String {
        self.inner.language.f(english, values)
    }

    /// All of it.
    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// When the page was asked for.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.now
    }

    /// The time zone of the shop; UTC, where there is none.
    pub(crate) fn zone(&self) -> Tz {
        self.inner.shop.as_ref().map_or(Tz::UTC, |shop| shop.zone)
    }

    /// An amount in words of the reader.
    pub(crate) fn money(&self, minor: i64, currency: &str) -> String {
        format::money(self.inner.language, minor, currency)
    }

    /// A number in words of the reader.
    pub(crate) fn number(&self, number: i64) -> String {
        format::number(self.inner.language, number)
    }

    /// Whether whoever looks runs the platform.
    pub(crate) fn operates(&self) -> bool {
        self.inner.me.as_ref().is_some_and(|me| me.operator)
    }

    /// Whether whoever looks may do that here, such as `orders:write`. What is shown by it is a
    /// courtesy; the API is what refuses.
    pub(crate) fn may(&self, permission: &str) -> bool {
        let Some(shop) = &self.inner.shop else { return self.operates() };
        self.operates() || shop.permissions.iter().any(|has| has == "*" || has == permission)
    }

    /// An address in the page's shop.
    pub(crate) fn url(&self, path: &str) -> String {
        let tenant = self.inner.shop.as_ref().map_or("", |shop| &shop.id);
        format!("/console/t/{}{path}", escape(tenant))
    }

    /// The path that was asked for, without its query.
    pub(crate) fn path(&self) -> &str {
        self.inner.here.split('?').next().unwrap_or_default()
    }

    /// What makes a form ours: it counts for this visitor, and does its work once.
    pub(crate) fn form_fields(&self) -> Markup {
        html! {
            input type="hidden" name="form" value=(self.inner.seal.form_token(&self.inner.visitor));
            input type="hidden" name="key" value=(self.inner.seal.unguessable().unwrap_or_default());
        }
    }

    /// A whole page.
    pub(crate) fn page(&self, title: &str, main: Markup) -> Response {
        page(StatusCode::OK, &layout::page(self, title, &main))
    }

    /// A page whose form was not taken: it says why, and keeps what was written.
    pub(crate) fn refused(&self, title: &str, trouble: &Trouble, main: Markup) -> Response {
        let status = StatusCode::from_u16(trouble.status);
        let whole = layout::page(self, title, &main);
        page(status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY), &whole)
    }

    /// A page of its own, without the console around it.
    pub(crate) fn bare(&self, title: &str, main: Markup) -> Response {
        page(StatusCode::OK, &layout::bare(self, title, &main))
    }

    /// A page that says why there is none.
    pub(crate) fn trouble(&self, trouble: &Trouble) -> Response {
        let status = StatusCode::from_u16(trouble.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let main = layout::trouble(self, trouble);
        let title = self.t("That did not work");
        let whole = match self.inner.me {
            Some(_) => layout::page(self, title, &main),
            None => layout::bare(self, title, &main),
        };
        page(status, &whole)
    }
}

/// On to another page, once something is done.
pub(crate) fn go(to: &str) -> Response {
    let to = http::HeaderValue::from_str(to).unwrap_or(http::HeaderValue::from_static("/console"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

fn page(status: StatusCode, whole: &Markup) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (status, kind, whole.0.clone()).into_response()
}

/// A question to the API: its route, and what is asked of it; what is empty is not asked.
pub(crate) fn query(route: &str, asked: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked.iter().filter(|(_, value)| !value.is_empty()));
    format!("{route}?{}", query.finish())
}

/// Who is signed in, by their token.
pub(crate) async fn me(api: &Api) -> Result<Me, Trouble> {
    let told = api.get("/v1/auth/me").await?;
    let operator = told.text("platform_role") == "operator";
    let own = told.list("tenants").iter();
    let mut tenants: Vec<_> =
        own.map(|one| (one.text("tenant").to_owned(), one.text("role").to_owned())).collect();
    if operator {
        let all = api.get_if_any(&format!("/v1/tenants?limit={TENANTS_MAX}")).await;
        let more = all.list("items").iter().map(|one| one.text("id").to_owned());
        let more: Vec<_> = more
            .filter(|id| tenants.iter().all(|(known, _)| known != id))
            .map(|id| (id, "operator".to_owned()))
            .collect();
        tenants.extend(more);
    }
    tenants.truncate(TENANTS_MAX);
    Ok(Me {
        name: told.text("name").to_owned(),
        email: told.text("email").to_owned(),
        operator,
        tenants,
    })
}

/// The shop of that name, as whoever is signed in sees it.
pub(crate) async fn shop(api: &Api, me: &Me, tenant: &str) -> Result<Shop, Trouble> {
    let role = me.tenants.iter().find(|(id, _)| id == tenant).map(|(_, role)| role.clone());
    let (known, permissions) = if me.operator {
        let path = format!("/v1/tenants/{}", escape(tenant));
        (api.get(&path).await?, vec!["*".to_owned()])
    } else {
        let role = role.ok_or_else(Trouble::not_found)?;
        let (known, permissions) = tokio::join!(api.get_if_any("/v1/tenant"), allowed(api, &role));
        (known, permissions)
    };
    let settings = if known.has("settings") { known.at("settings") } else { &known };
    let or = |text: &str, other: &str| if text.is_empty() { other } else { text }.to_owned();
    Ok(Shop {
        id: tenant.to_owned(),
        name: or(settings.text("name"), tenant),
        zone: settings.text("time_zone").parse().unwrap_or(Tz::UTC),
        status: known.text("status").to_owned(),
        permissions,
    })
}

/// What a role allows: one that comes with the program, or one of the tenant's own.
async fn allowed(api: &Api, role: &str) -> Vec<String> {
    let names = |document: &Value| {
        let all = document.list("permissions").iter();
        all.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let known = api.get_if_any("/v1/permissions").await;
    if let Some(found) = known.list("roles").iter().find(|one| one.text("name") == role) {
        return names(found);
    }
    names(&api.get_if_any(&format!("/v1/roles/{}", escape(role))).await)
}

/// What a form says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    fields: HashMap<String, Vec<String>>,
}

impl Form {
    /// A form's body, or a query.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in url::form_urlencoded::parse(text) {
            form.fields.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        form
    }

    /// A form that says this.
    pub(crate) fn of<'f>(fields: impl IntoIterator<Item = (&'f str, &'f str)>) -> Self {
        let mut form = Self::default();
        for (name, value) in fields {
            form.fields.entry(name.to_owned()).or_default().push(value.to_owned());
        }
        form
    }

    /// The same with another value of a field.
    #[cfg(test)]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.insert(name.to_owned(), vec![value.to_owned()]);
        self
    }

    /// A field, without blanks around it; empty if it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(|all| all.last()).map_or("", |text| text.trim())
    }

    /// All values of a field.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.fields.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The values of a field that holds a list, apart by commas, blanks or lines.
    pub(crate) fn pieces(&self, name: &str) -> Vec<String> {
        let parts = self.text(name).split([',', ';', ' ', '\n', '\r', '\t']);
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// A whole number, if it is one.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.text(name).replace([' ', '\u{a0}', '\u{202f}'], "").parse().ok()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Desk {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The query of a page.
pub(crate) struct Asked(pub(crate) Form);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Form::parse(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

/// A trouble that is shown in the page's surroundings, by who knows them.
impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
