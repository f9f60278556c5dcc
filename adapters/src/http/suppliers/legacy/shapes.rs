//! The shapes of the system before.

use super::super::super::problem::Problem;
use kontor_actors::supplier::{ImportDocument, ImportStatus, SourceDocument, SupplierDocument};
use kontor_messages::{
    Currency, EntityId, Timestamp,
    supplier::{Access, Reach, SourceSettings, Timetable, shown_url},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A supplier.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LegacySupplier {
    /// Its id, which is its code.
    id: String,
    /// What people call it.
    name: String,
    /// Its code.
    code: String,
    /// How its feed is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_type: Option<ApiType>,
    /// Where its feed is, without secrets.
    api_url: Option<String>,
    /// Cron.
    sync_schedule: Option<String>,
    /// Whether it is imported.
    is_active: bool,
    /// When it was imported last.
    last_sync_at: Option<Timestamp>,
    /// How that went.
    last_sync_status: Option<&'static str>,
    /// Since when it is known.
    created_at: Timestamp,
    /// When it was changed last.
    updated_at: Timestamp,
}

/// How a feed is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ApiType {
    /// JSON: `{items: [...]}` of `supplierSku` and `stockQuantity`.
    Rest,
    /// XML with `SHOPITEM`.
    Xml,
    /// CSV with a header.
    Csv,
    /// Refused: such a source is put at `/v1/sources`.
    Ftp,
}

/// How we say who we are.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Credentials {
    /// Sent as `X-API-Key`.
    #[schema(max_length = 2000)]
    api_key: Option<String>,
    /// Sent as a bearer's token.
    #[schema(max_length = 2000)]
    token: Option<String>,
    /// Sent with the password.
    #[schema(max_length = 2000)]
    username: Option<String>,
    /// Sent with the name.
    #[schema(max_length = 2000)]
    password: Option<String>,
}

/// A supplier that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct NewSupplier {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Its code, `a-z 0-9 -`.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,39}$")]
    pub(super) code: String,
    /// How its feed is told.
    #[serde(default)]
    api_type: Option<ApiType>,
    /// Where its feed is.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 2000)]
    api_url: Option<String>,
    /// How we say who we are.
    #[serde(default)]
    api_credentials: Option<Credentials>,
    /// Cron, in UTC.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    sync_schedule: Option<String>,
    /// Whether it is imported.
    #[serde(default)]
    is_active: Option<bool>,
}

/// What is to be changed of a supplier.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct SupplierPatch {
    /// What people call it.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub(super) name: Option<String>,
    /// How its feed is told.
    #[serde(default)]
    api_type: Option<ApiType>,
    /// Where its feed is.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 2000)]
    api_url: Option<String>,
    /// How we say who we are.
    #[serde(default)]
    api_credentials: Option<Credentials>,
    /// Cron, in UTC.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    sync_schedule: Option<String>,
    /// Whether it is imported.
    #[serde(default)]
    pub(super) is_active: Option<bool>,
}

/// An import.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job {
    /// Its id.
    id: String,
    /// The supplier's.
    supplier_id: String,
    /// Why it runs.
    trigger_type: &'static str,
    /// The hash of its file, once it is there.
    source_fingerprint: Option<String>,
    /// `pending`, `running`, `completed` or `failed`.
    status: &'static str,
    /// Whether the feed is sound.
    payload_validation_status: &'static str,
    /// Whether its products were taken.
    catalog_product_validation_status: &'static str,
    /// Whether its stock was taken.
    warehouse_stock_validation_status: &'static str,
    /// What went wrong.
    errors: Vec<String>,
    /// Rows.
    total_count: u64,
    /// New ones.
    imported_count: u64,
    /// Changed ones.
    updated_count: u64,
    /// Rows that could not be taken.
    failed_count: u64,
    /// When it was asked for.
    created_at: Timestamp,
    /// When it was begun.
    started_at: Option<Timestamp>,
    /// When it ended.
    completed_at: Option<Timestamp>,
}

/// Which category of ours one of a supplier's is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LegacyMapping {
    /// Its id.
    id: String,
    /// The supplier.
    supplier_id: String,
    /// The supplier's category.
    supplier_category_id: String,
    /// Ours.
    catalog_category_id: String,
}

impl LegacySupplier {
    pub(super) fn of(
        code: &str,
        known: &SupplierDocument,
        source: Option<&SourceDocument>,
    ) -> Self {
        let settings = source.map(|source| &source.settings);
        let last = source.and_then(|source| source.last.as_ref());
        let timetable = settings.and_then(|settings| settings.timetable.as_ref());
        Self {
            id: code.to_owned(),
            name: known.settings.name.clone(),
            code: code.to_owned(),
            api_type: settings.map(api_type),
            api_url: settings.and_then(api_url),
            sync_schedule: timetable.map(|timetable| timetable.cron.clone()),
            is_active: known.settings.active,
            last_sync_at: last.map(|last| last.at),
            last_sync_status: last.map(|last| status(last.status)),
            created_at: known.created_at,
            updated_at: known.updated_at,
        }
    }
}

/// Where a source's feed is, without what nobody else may know.
fn api_url(settings: &SourceSettings) -> Option<String> {
    match &settings.reach {
        Reach::Http { url, .. } => Some(shown_url(url)),
        Reach::Ftp(place) => Some(format!("ftp://{}{}", place.host, place.path)),
        Reach::Sftp(place) => Some(format!("sftp://{}{}", place.host, place.path)),
        Reach::Upload => None,
    }
}

/// How a source's feed is told, as far as the system before had words for it.
fn api_type(settings: &SourceSettings) -> ApiType {
    let kind = settings.format["format"]["kind"].as_str();
    let preset = settings.format["preset"].as_str().unwrap_or_default();
    match kind.unwrap_or(preset) {
        "csv" | "shoptet_csv" => ApiType::Csv,
        "json" | "rest_json" => ApiType::Rest,
        _ => ApiType::Xml,
    }
}

/// Nothing is called completed that applied nothing.
fn status(status: ImportStatus) -> &'static str {
    match status {
        ImportStatus::Queued => "pending",
        ImportStatus::Running => "running",
        ImportStatus::Completed | ImportStatus::CompletedWithErrors => "completed",
        ImportStatus::Failed | ImportStatus::Cancelled | ImportStatus::Rejected => "failed",
    }
}

impl From<NewSupplier> for SupplierPatch {
    fn from(new: NewSupplier) -> Self {
        Self {
            name: Some(new.name),
            api_type: new.api_type,
            api_url: new.api_url,
            api_credentials: new.api_credentials,
            sync_schedule: new.sync_schedule,
            is_active: new.is_active,
        }
    }
}

impl SupplierPatch {
    /// The source as it is to be; none if nothing of it is said and there is none.
    pub(super) fn source(
        self,
        code: &str,
        name: &str,
        before: Option<&SourceDocument>,
        currency: Currency,
    ) -> Result<Option<SourceSettings>, Problem> {
        if self.api_type == Some(ApiType::Ftp) {
            let expected =
                "expected rest, xml or csv: a source on an FTP server is put at /v1/sources";
            return Err(Problem::invalid("/apiType", expected));
        }
        let known = before.map(|before| before.settings.clone());
        // What an old client was shown and sends back is nothing new.
        let shown = known.as_ref().map(|known| (api_type(known), api_url(known)));
        let (shown_type, shown_url) = shown.map_or((None, None), |(told, url)| (Some(told), url));
        let said_type = self.api_type.filter(|said| shown_type != Some(*said));
        let said_url = self.api_url.filter(|said| shown_url.as_ref() != Some(said));
        if said_url.is_none() && said_type.is_none() && known.is_none() {
            return Ok(None);
        }
        let mut settings = match (known, said_type) {
            (Some(known), None) => known,
            (_, said) => made(code, name, said.unwrap_or(ApiType::Rest), currency)?,
        };
        if let Some(url) = said_url {
            let access = Access::Nothing;
            settings.reach = Reach::Http { url, access, paging: None, interval_min_s: 0 };
        }
        if let (Reach::Http { access, .. }, Some(said)) =
            (&mut settings.reach, self.api_credentials)
        {
            *access = said.access();
        }
        if let Some(cron) = self.sync_schedule {
            let (zone, enabled) = ("UTC".to_owned(), true);
            settings.timetable = Some(Timetable { cron, zone, enabled });
        }
        Ok(Some(settings))
    }
}

/// A source that reads what the system before read, and what it only promised to.
fn made(
    code: &str,
    name: &str,
    api_type: ApiType,
    currency: Currency,
) -> Result<SourceSettings, Problem> {
    let (kind, format, mapping): (&str, Value, Value) = match api_type {
        ApiType::Xml => ("full", json!({ "preset": "heureka" }), json!({ "preset": "heureka" })),
        ApiType::Csv => {
            ("full", json!({ "preset": "shoptet_csv" }), json!({ "preset": "shoptet_csv" }))
        }
        ApiType::Rest | ApiType::Ftp => (
            "stock_and_price",
            json!({ "format": { "kind": "json", "rows": "items" } }),
            json!({ "fields": [
                { "to": "code", "from": ["supplierSku"] },
                { "to": "stock", "from": ["stockQuantity"], "required": true },
            ] }),
        ),
    };
    let settings = json!({
        "supplier": code, "name": name, "kind": kind, "currency": currency, "warehouse": code,
        "format": format, "mapping": mapping,
    });
    serde_json::from_value(settings).map_err(|fault| {
        tracing::error!(%fault, "a source of an old client could not be made");
        Problem::unavailable("the source could not be made")
    })
}

impl Credentials {
    fn access(self) -> Access {
        match self {
            Self { token: Some(token), .. } => Access::Bearer { token },
            Self { username: Some(user), password, .. } => {
                Access::Basic { user, password: password.unwrap_or_default() }
            }
            Self { api_key: Some(key), .. } => {
                Access::Headers { headers: BTreeMap::from([("X-API-Key".to_owned(), key)]) }
            }
            _ => Access::Nothing,
        }
    }
}

impl Job {
    pub(super) fn of(import: &EntityId, run: &ImportDocument) -> Option<Self> {
        let id = import.as_str().strip_prefix("import/")?.to_owned();
        let ended = run.ended_at.is_some();
        let sound = match (run.figures.is_some() || run.not_modified, run.gate.is_some(), ended) {
            (_, true, _) | (false, _, true) => "failed",
            (true, false, _) => "passed",
            (false, false, false) => "pending",
        };
        let taken = match (sound, ended) {
            ("failed", _) => "blocked",
            (_, false) => "pending",
            _ if status(run.status) == "completed" => "passed",
            _ => "failed",
        };
        let sha256 = run.fetched.as_ref().and_then(|fetched| fetched.file.as_ref());
        Some(Self {
            id,
            supplier_id: run.supplier.clone(),
            trigger_type: match run.trigger {
                kontor_messages::supplier::Trigger::Schedule { .. } => "scheduled",
                _ => "manual",
            },
            source_fingerprint: sha256.map(|file| file.sha256.clone()),
            status: status(run.status),
            payload_validation_status: sound,
            catalog_product_validation_status: taken,
            warehouse_stock_validation_status: taken,
            errors: run.problem.iter().cloned().collect(),
            total_count: run.progress.rows_total,
            imported_count: run.counts.created,
            updated_count: run.counts.updated,
            failed_count: run.counts.failed,
            created_at: run.requested_at,
            started_at: run.started_at,
            completed_at: run.ended_at,
        })
    }
}

impl LegacyMapping {
    pub(super) fn new(supplier: &str, theirs: String, ours: String) -> Self {
        Self {
            id: format!("{supplier}/{theirs}"),
            supplier_id: supplier.to_owned(),
            supplier_category_id: theirs,
            catalog_category_id: ours,
        }
    }
}
