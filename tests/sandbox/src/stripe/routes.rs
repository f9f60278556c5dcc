//! From method and path to an operation on the book.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Inner;
use super::book::{Creation, Done, PayerAct};
use super::create::new_session;
use super::error::ApiError;
use super::events::Event;
use super::intents::new_intent;
use super::money::RefundCourse;
use super::params::Params;
use super::switches::StripeSwitches;
use crate::common::{lock, now_ms, now_s};

const PAGE_MAX: i64 = 100;
const PAGE: i64 = 10;
const SESSION_EXPANDS: [&str; 2] = ["payment_intent", "payment_intent.latest_charge"];

/// One authorised call.
pub(crate) struct Call<'a> {
    pub(crate) account: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) params: &'a Params,
    pub(crate) switches: &'a StripeSwitches,
}

/// Whether the call creates something that can be paid.
pub(crate) fn creates_payable(method: &str, path: &str) -> bool {
    method == "POST" && ["/v1/checkout/sessions", "/v1/payment_intents"].contains(&path)
}

impl Inner {
    /// Does the work of a call. Synchronous: the book is locked for a moment only.
    pub(crate) fn operate(&self, call: &Call<'_>) -> Result<Done, ApiError> {
        let segments: Vec<&str> = call.path.split('/').skip(2).collect();
        let (account, params) = (call.account, call.params);
        match (call.method, segments.as_slice()) {
            ("POST", ["checkout", "sessions"]) => self.create_session(call),
            ("GET", ["checkout", "sessions"]) => self.list_sessions(call),
            ("GET", ["checkout", "sessions", id]) => {
                let expand = expands(params, &["expand"], &SESSION_EXPANDS)?;
                let book = lock(&self.book);
                Ok(only_answer(book.session_json(book.session(account, id)?, &expand)))
            }
            ("POST", ["checkout", "sessions", id, "expire"]) => {
                params.only(&["expand"])?;
                lock(&self.book).expire(account, id, now_s())
            }
            ("POST", ["payment_intents"]) => self.create_intent(call),
            ("POST", ["payment_intents", id, "confirm"]) => {
                lock(&self.book).confirm(account, id, params, &self.dice)
            }
            ("GET", ["payment_intents", id]) => {
                let expand = expands(params, &["expand", "client_secret"], &["latest_charge"])?;
                let book = lock(&self.book);
                let intent = book.intent(account, id)?;
                let charge = if expand.is_empty() { None } else { intent.latest_charge() };
                Ok(only_answer(intent.json(charge)))
            }
            ("POST", ["payment_intents", id, "capture"]) => {
                lock(&self.book).capture(account, id, params)
            }
            ("POST", ["payment_intents", id, "cancel"]) => {
                lock(&self.book).cancel(account, id, params, now_s())
            }
            ("POST", ["refunds"]) => self.create_refund(call),
            ("GET", ["refunds"]) => self.list_refunds(call),
            ("GET", ["refunds", id]) => {
                expands(params, &["expand"], &[])?;
                lock(&self.book).refund_json(account, id).map(only_answer)
            }
            ("GET", ["balance_transactions"]) => self.list_balance(call),
            ("GET", ["events"]) => self.list_events(call),
            ("GET", ["events", id]) => {
                let events = lock(&self.events);
                let event = events.of(account).find(|event| event.id == *id);
                let event = event.ok_or_else(|| ApiError::no_such("event", id, "id"))?;
                Ok(only_answer(event.json()))
            }
            _ => Err(ApiError::no_such_url(call.method, call.path)),
        }
    }

    fn create_session(&self, call: &Call<'_>) -> Result<Done, ApiError> {
        let asked = new_session(call.params, now_s())?;
        let after_ms = call.switches.expire_after_ms;
        let creation = Creation {
            account: call.account,
            base_url: &self.base_url,
            now: now_s(),
            deadline_ms: (after_ms > 0).then(|| now_ms().saturating_add(after_ms)),
            objects_max: self.limits.objects_max,
        };
        let mut book = lock(&self.book);
        let id = book.create_session(asked, &creation, &self.dice)?;
        let answer = book.session_json(book.session(call.account, &id)?, &[]);
        let mut done = only_answer(answer);
        if call.switches.instant_pay_before_create_answer {
            done.drafts = book.act(&id, PayerAct::Pay, &self.dice).1.drafts;
        }
        Ok(done)
    }

    fn create_intent(&self, call: &Call<'_>) -> Result<Done, ApiError> {
        let asked = new_intent(call.params)?;
        let creation = Creation {
            account: call.account,
            base_url: &self.base_url,
            now: now_s(),
            deadline_ms: None,
            objects_max: self.limits.objects_max,
        };
        let mut book = lock(&self.book);
        let id = book.create_intent(asked, &creation, &self.dice)?;
        let mut done = only_answer(book.intent(call.account, &id)?.json(None));
        if call.switches.instant_pay_before_create_answer {
            done.drafts = book.act_on_intent(&id, PayerAct::Pay, &self.dice).1.drafts;
        }
        Ok(done)
    }

    fn create_refund(&self, call: &Call<'_>) -> Result<Done, ApiError> {
        let course = RefundCourse {
            starts_pending: call.switches.refund_starts_pending,
            fails_later: call.switches.refund_fails_later,
            refunds_max: self.limits.objects_max,
        };
        lock(&self.book).refund(call.account, call.params, &course, now_s(), &self.dice)
    }

    fn list_sessions(&self, call: &Call<'_>) -> Result<Done, ApiError> {
        call.params.only(&["limit", "starting_after", "payment_intent", "status"])?;
        let intent = call.params.text("payment_intent");
        let status = call.params.text("status").map(Value::from);
        let book = lock(&self.book);
        // An intent has one session, so the long list is not searched for it.
        let ids = match intent.map(|id| book.intents.get(id)) {
            None => book.session_order.as_slice(),
            Some(Some(intent)) => intent.session.as_slice(),
            Some(None) => &[],
        };
        let newest = ids.iter().rev().filter_map(|id| book.sessions.get(id));
        let own = newest.filter(|session| {
            session.account == call.account
                && (status.is_none() || status == serde_json::to_value(session.status).ok())
        });
        page(call, own, |session| &session.id, |session| session.json(None))
    }

    fn list_refunds(&self, call: &Call<'_>) -> Result<Done, ApiError> {
        call.params.only(&["limit", "starting_after", "payment_intent", "charge"])?;
        let intent = call.params.text("payment_intent");
        let charge = call.params.text("charge");
        let book = lock(&self.book);
        let ids = match intent {
            Some(id) => &book.intent(call.account, id)?.refunds,
            None => &book.refund_order,
        };
        let newest = ids.iter().rev().filter_map(|id| book.refunds.get(id));
        let own = newest.filter(|refund| {
            refund.account == call.account
                && (charge.is_none() || refund.charge.as_deref() == charge)
        });
        page(call, own, |refund| &refund.id, |refund| refund.json())
    }

    fn list_events(&self, call: &Call<'_>) -> Result<Done, ApiError> {
        let params = call.params;
        params.only(&[
            "limit",
            "starting_after",
            "type",
            "types",
            "created",
            "delivery_success",
        ])?;
        let mut kinds = params.list("types");
        kinds.extend(params.text("type"));
        let success = params.text("delivery_success").map(|text| text == "true");
        let since = match params.integer("created[gte]")? {
            Some(at) => Some(at),
            None => params.integer("created[gt]")?.map(|at| at.saturating_add(1)),
        };
        let since = u64::try_from(since.unwrap_or(0)).unwrap_or(0);
        let events = lock(&self.events);
        let own = events.of(call.account).filter(|event| {
            (kinds.is_empty() || kinds.iter().any(|kind| fits(kind, event)))
                && success.is_none_or(|success| event.delivered() == success)
                && event.created >= since
        });
        page(call, own, |event| &event.id, |event| event.json())
    }
}

/// A type, or all of a family: `checkout.session.*`.
fn fits(kind: &str, event: &Arc<Event>) -> bool {
    match kind.strip_suffix('*') {
        Some(family) => event.kind.starts_with(family),
        None => event.kind == kind,
    }
}

fn only_answer(answer: Value) -> Done {
    Done { answer, ..Done::default() }
}

/// Checks the parameters of a query and which properties it expands.
pub(super) fn expands<'a>(
    params: &'a Params,
    known: &[&str],
    expandable: &[&str],
) -> Result<Vec<&'a str>, ApiError> {
    params.only(known)?;
    let expand = params.list("expand");
    for name in &expand {
        if !expandable.contains(name) {
            let message = format!("This property cannot be expanded ({name}).");
            return Err(ApiError::invalid("expand", message));
        }
    }
    Ok(expand)
}

/// One page of a list, newest first, after `starting_after`.
pub(super) fn page<T>(
    call: &Call<'_>,
    items: impl Iterator<Item = T>,
    id: impl Fn(&T) -> &str,
    json: impl Fn(&T) -> Value,
) -> Result<Done, ApiError> {
    let limit = call.params.integer("limit")?.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        let message = "limit must be from 1 to 100.";
        return Err(ApiError::coded("limit", "parameter_invalid_integer", message));
    }
    let limit = usize::try_from(limit).unwrap_or(1);
    let mut items = items;
    if let Some(after) = call.params.text("starting_after")
        && !items.by_ref().any(|item| id(&item) == after)
    {
        return Err(ApiError::no_such("object", after, "starting_after"));
    }
    let rows: Vec<Value> = items.by_ref().take(limit).map(|item| json(&item)).collect();
    let has_more = items.next().is_some();
    Ok(only_answer(json!({
        "object": "list", "url": call.path, "has_more": has_more, "data": rows,
    })))
}
