//! Reading things: one with its entity tag, many by pages.

use super::{
    Api,
    access::Access,
    command::etag,
    document::{Kind, Versioned},
    problem::Problem,
};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kontor_actors::{
    domain::Domain,
    store::{ListQuery, StoreFault, StoredEntity},
};
use kontor_messages::{EntityId, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Items of a page, unless asked otherwise.
const LIMIT: u32 = 50;
/// Items of a page at most.
pub(super) const LIMIT_MAX: u32 = 200;
/// Pages of the database that one answer may look through for things of its kind.
pub(super) const PAGES_MAX: usize = 10;

/// Rows that one answer may look through so.
const ROWS_MAX: usize = PAGES_MAX * LIMIT_MAX as usize;

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
    pub(super) cursor: Option<String>,
}

/// Which page, of things that have a status.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct StatusPaging {
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(min_length = 1, max_length = 200)]
    pub(super) cursor: Option<String>,
    /// Only those that stand so; a word that none of them can have is refused.
    #[param(min_length = 1, max_length = 40)]
    pub(super) status: Option<String>,
}

/// A page of things, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// The things.
    pub(super) items: Vec<T>,
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
}

/// A page that was asked for, checked.
pub(super) struct Asked {
    pub(super) limit: usize,
    pub(super) cursor: Option<String>,
    pub(super) status: Option<String>,
    /// Only this label.
    pub(super) label: Option<String>,
    /// Which of both is read, where both are asked for; the other is passed over.
    pub(super) lead: Lead,
    /// Only ids from this one on.
    pub(super) from: Option<String>,
    /// Only ids before this one.
    pub(super) until: Option<String>,
    /// Only ids that begin so; ends like a part of a name.
    pub(super) within: String,
    /// Some of the rows will be passed over, perhaps most: so more and more are read at once.
    pub(super) few: bool,
}

/// By which of two indexes a list is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lead {
    /// By the label's.
    #[default]
    Label,
    /// By the status's: of those there are few at a time.
    Status,
}

impl Asked {
    /// The page, if its members are in their bounds.
    pub(super) fn new(limit: Option<u32>, cursor: Option<String>) -> Result<Self, Problem> {
        let limit = self::limit(limit)?;
        let named = cursor.as_deref().is_none_or(|cursor| EntityId::parse(cursor).is_ok());
        if !named {
            return Err(Problem::parameter("cursor", "expected next_cursor of the page before"));
        }
        Ok(Self {
            limit,
            cursor,
            status: None,
            label: None,
            lead: Lead::default(),
            from: None,
            until: None,
            within: String::new(),
            few: false,
        })
    }
}

impl Asked {
    /// Whether a row is of the status, label and ids that are asked for.
    pub(super) fn takes(&self, row: &StoredEntity) -> bool {
        let same = |wanted: &Option<String>, has: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| has == Some(wanted))
        };
        let id = row.entity.as_str();
        same(&self.status, row.status.as_deref())
            && same(&self.label, row.label.as_deref())
            && self.from.as_deref().is_none_or(|from| from <= id)
            && self.until.as_deref().is_none_or(|until| id < until)
    }

    /// The status and the label that the database is asked for: one of them.
    fn led(&self) -> (Option<String>, Option<String>) {
        match (&self.label, self.lead) {
            (Some(_), Lead::Label) => (None, self.label.clone()),
            (Some(_), Lead::Status) if self.status.is_none() => (None, self.label.clone()),
            (Some(_), Lead::Status) | (None, _) => (self.status.clone(), None),
        }
    }

    /// How many rows are read at once, of `wanted` that are missing, after `looked` that were looked
    /// at. Where some will be passed over, as many again as were: all of a first page may fit.
    fn chunk(&self, wanted: usize, looked: usize) -> usize {
        let passes = self.passes_over();
        if passes { wanted.max(looked).min(LIMIT_MAX as usize) } else { wanted }
    }

    /// Whether rows may be passed over that an index finds.
    fn passes_over(&self) -> bool {
        let both = self.status.is_some() && self.label.is_some();
        both || self.few || self.from.is_some()
    }

    /// How often rows are read: more often where it begins with few, as long as it has not looked at
    /// [`ROWS_MAX`].
    fn turns(&self) -> usize {
        if self.passes_over() { 2 * PAGES_MAX } else { PAGES_MAX }
    }
}

impl TryFrom<Paging> for Asked {
    type Error = Problem;

    fn try_from(paging: Paging) -> Result<Self, Problem> {
        Self::new(paging.limit, paging.cursor)
    }
}

impl TryFrom<StatusPaging> for Asked {
    type Error = Problem;

    fn try_from(paging: StatusPaging) -> Result<Self, Problem> {
        let status = paging.status;
        bounded("status", status.as_deref(), 40)?;
        Ok(Self { status, ..Self::new(paging.limit, paging.cursor)? })
    }
}

/// How many items a page has, if that is in its bounds.
pub(super) fn limit(wanted: Option<u32>) -> Result<usize, Problem> {
    let limit = wanted.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::parameter("limit", format!("expected 1 to {LIMIT_MAX}")));
    }
    Ok(limit as usize)
}

/// Refuses a parameter that is empty, too long, or holds control characters.
pub(super) fn bounded(name: &str, value: Option<&str>, max: usize) -> Result<(), Problem> {
    let fits = |text: &str| {
        (1..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    if value.is_none_or(fits) {
        return Ok(());
    }
    Err(Problem::parameter(
        name,
        format!("expected 1 to {max} characters without control characters"),
    ))
}

/// Refuses a status that nothing of the kind can have: a list of it would be empty for ever.
pub(super) fn check_status<K: Kind>(asked: &Asked) -> Result<(), Problem> {
    if can_stand::<K>(asked.status.as_deref()) {
        return Ok(());
    }
    Err(Problem::parameter("status", format!("expected one of {}", K::STATUSES.join(", "))))
}

fn can_stand<K: Kind>(status: Option<&str>) -> bool {
    status.is_none_or(|status| K::STATUSES.contains(&status))
}

/// One thing, or 304 if the caller has this version.
pub(super) async fn one<K: Kind>(
    api: &Api,
    access: &Access,
    headers: &HeaderMap,
    id: &str,
) -> Result<Response, Problem> {
    let there = load::<K>(api, access.id(), id).await?;
    show::<K>(headers, &there)
}

/// An entity with its state.
pub(super) struct Loaded<K: Kind> {
    pub(super) entity: EntityId,
    pub(super) state: <K::Domain as Domain>::State,
    pub(super) version: i64,
}

/// A thing, or 404.
pub(super) async fn load<K: Kind>(
    api: &Api,
    tenant: &TenantId,
    id: &str,
) -> Result<Loaded<K>, Problem> {
    let unknown = || Problem::not_found(K::WHAT);
    let entity = K::entity(id).ok_or_else(unknown)?;
    let found = api.intake().read::<K::Domain>(tenant, &entity).await?;
    let (state, version) = found.ok_or_else(unknown)?;
    if K::document(&state).is_none() {
        return Err(unknown());
    }
    Ok(Loaded { entity, state, version })
}

/// A thing with its entity tag.
pub(super) fn show<K: Kind>(headers: &HeaderMap, there: &Loaded<K>) -> Result<Response, Problem> {
    let tag = etag(there.version);
    if is_known(headers, tag.as_bytes()) {
        return Ok(not_modified(tag));
    }
    let document = K::document(&there.state).ok_or_else(|| Problem::not_found(K::WHAT))?;
    let id = K::id(&there.entity).to_owned();
    let shown = Versioned { id, version: there.version, document: &*document };
    let mut response = super::json(StatusCode::OK, &shown);
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

/// A page of things.
pub(super) async fn many<K: Kind>(
    api: &Api,
    access: &Access,
    asked: Result<Asked, Problem>,
) -> Result<Response, Problem> {
    some::<K>(api, access, &asked?, |_| true).await
}

/// Things that `which` wants, newest first, as they are kept.
pub(super) async fn found<K: Kind>(
    api: &Api,
    tenant: &TenantId,
    asked: &Asked,
    which: impl Fn(&K::Document) -> bool,
) -> Result<Vec<(EntityId, <K::Domain as Domain>::State)>, Problem> {
    let (rows, _) = rows::<K>(api, tenant, asked, which).await?;
    Ok(rows.into_iter().map(|(row, state)| (row.entity, state)).collect())
}

/// A page of those things that `which` wants.
pub(super) async fn some<K: Kind>(
    api: &Api,
    access: &Access,
    asked: &Asked,
    which: impl Fn(&K::Document) -> bool,
) -> Result<Response, Problem> {
    let page = page::<K>(api, access, asked, which).await?;
    Ok(super::json(StatusCode::OK, &page))
}

/// The same, not written yet.
pub(super) async fn page<K: Kind>(
    api: &Api,
    access: &Access,
    asked: &Asked,
    which: impl Fn(&K::Document) -> bool,
) -> Result<Page<Versioned<K::Document>>, Problem> {
    let (rows, next_cursor) = rows::<K>(api, access.id(), asked, which).await?;
    let shown = rows.iter().filter_map(|(row, state)| {
        let document = K::document(state)?.into_owned();
        Some(Versioned { id: K::id(&row.entity).to_owned(), version: row.version, document })
    });
    Ok(Page { items: shown.collect(), next_cursor })
}

type Row<K> = (StoredEntity, <<K as Kind>::Domain as Domain>::State);

/// Entities of the kind, looked for through a bounded number of rows.
async fn rows<K: Kind>(
    api: &Api,
    tenant: &TenantId,
    asked: &Asked,
    which: impl Fn(&K::Document) -> bool,
) -> Result<(Vec<Row<K>>, Option<String>), Problem> {
    check_status::<K>(asked)?;
    let (mut rows, mut before, mut looked) = (Vec::new(), asked.cursor.clone(), 0);
    for _ in 0..asked.turns() {
        let wanted = asked.chunk(asked.limit - rows.len(), looked).min(ROWS_MAX - looked);
        if wanted == 0 {
            break;
        }
        let page = api.store().list(&query::<K>(tenant, asked, before.as_deref(), wanted)).await?;
        let full = page.len() > wanted;
        let seen = page.len().min(wanted);
        looked += seen;
        for (place, row) in page.into_iter().take(wanted).enumerate() {
            before = Some(K::id(&row.entity).to_owned());
            if !asked.takes(&row) {
                continue;
            }
            let state = parse::<K>(&row)?;
            let Some(wanted) = K::document(&state).map(|document| which(&document)) else {
                continue;
            };
            debug_assert!(can_stand::<K>(row.status.as_deref()), "{} stands so", row.entity);
            if wanted {
                rows.push((row, state));
            }
            if rows.len() == asked.limit {
                let more = full || place + 1 < seen;
                return Ok((rows, before.filter(|_| more)));
            }
        }
        if !full {
            return Ok((rows, None));
        }
    }
    Ok((rows, before))
}

fn query<K: Kind>(
    tenant: &TenantId,
    asked: &Asked,
    before: Option<&str>,
    wanted: usize,
) -> ListQuery {
    let before = before.map(|id| format!("{}{id}", K::PREFIX));
    let (status, label) = asked.led();
    ListQuery {
        tenant: tenant.clone(),
        domain: K::Domain::NAME.to_owned(),
        prefix: format!("{}{}", K::PREFIX, asked.within),
        status,
        label,
        from: asked.from.clone(),
        before: [before, asked.until.clone(), K::END.map(str::to_owned)]
            .into_iter()
            .flatten()
            .min(),
        // One more tells whether there is another page.
        limit: u32::try_from(wanted + 1).unwrap_or(u32::MAX),
    }
}

pub(super) fn parse<K: Kind>(
    row: &StoredEntity,
) -> Result<<K::Domain as Domain>::State, StoreFault> {
    serde_json::from_str(&row.state)
        .map_err(|broken| StoreFault(format!("{}: {broken}", row.entity)))
}

/// The caller has this version already.
pub(super) fn not_modified(tag: HeaderValue) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response()
}

/// Whether the caller has this version already.
pub(super) fn is_known(headers: &HeaderMap, tag: &[u8]) -> bool {
    let Some(known) = headers.get(header::IF_NONE_MATCH) else { return false };
    let text = known.to_str().unwrap_or_default();
    text.trim() == "*"
        || text.split(',').any(|one| one.trim().trim_start_matches("W/").as_bytes() == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many rows are read at each turn, if none of them fits.
    fn chunks(limit: u32, few: bool) -> Vec<usize> {
        let asked = Asked { few, ..Asked::new(Some(limit), None).ok().unwrap() };
        let (mut chunks, mut looked) = (Vec::new(), 0);
        for _ in 0..asked.turns() {
            chunks.push(asked.chunk(asked.limit, looked).min(ROWS_MAX - looked));
            looked += chunks[chunks.len() - 1];
        }
        chunks
    }

    #[test]
    fn where_rows_are_passed_over_more_and_more_are_read_and_2_000_in_all() {
        assert_eq!(chunks(50, true)[..4], [50, 50, 100, 200]);
        assert_eq!(chunks(1, true)[..5], [1, 1, 2, 4, 8]);
        for limit in [1, 7, 50, 200] {
            assert_eq!(chunks(limit, true).iter().sum::<usize>(), 2_000, "{limit}");
        }
        assert_eq!(chunks(50, false), [50; PAGES_MAX]);
    }
}
