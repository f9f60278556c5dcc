//! Reads and checks the parameters of a new checkout session.

use super::error::ApiError;
use super::objects::NewSession;
use super::params::Params;

const KNOWN: [&str; 18] = [
    "adaptive_pricing",
    "automatic_tax",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer_creation",
    "customer_email",
    "expand",
    "expires_at",
    "line_items",
    "locale",
    "metadata",
    "mode",
    "payment_intent_data",
    "payment_method_types",
    "submit_type",
    "success_url",
    "ui_mode",
];
const THREE_DECIMALS: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];
const LINES_MAX: usize = 100;
const TOTAL_MAX: i64 = 99_999_999_999;
const LIFETIME_S: u64 = 24 * 3600;
const LIFETIME_MIN_S: u64 = 30 * 60;
// A caller's clock may be a little behind or ahead of ours.
const SLACK_S: u64 = 60;

/// Makes a session request of the parameters, or says what Stripe would say.
pub(crate) fn new_session(params: &Params, now: u64) -> Result<NewSession, ApiError> {
    params.only(&KNOWN)?;
    if params.required("mode")? != "payment" {
        return Err(ApiError::invalid("mode", "The sandbox knows mode payment only."));
    }
    if !matches!(params.text("ui_mode"), None | Some("hosted" | "hosted_page")) {
        return Err(ApiError::invalid("ui_mode", "The sandbox knows the hosted page only."));
    }
    let (amount_total, currency) = total(params)?;
    let reference = params.owned("client_reference_id");
    if reference.as_ref().is_some_and(|text| text.chars().count() > 200) {
        return Err(ApiError::invalid("client_reference_id", "At most 200 characters."));
    }
    let customer_email = params.owned("customer_email");
    if customer_email.as_ref().is_some_and(|email| !email.contains('@')) {
        let message = "Invalid email address.";
        return Err(ApiError::coded("customer_email", "email_invalid", message));
    }
    Ok(NewSession {
        amount_total,
        currency,
        success_url: web_address(params, "success_url")?
            .ok_or_else(|| ApiError::missing("success_url"))?,
        cancel_url: web_address(params, "cancel_url")?,
        client_reference_id: reference,
        customer_email,
        metadata: params.metadata("metadata")?,
        intent_metadata: params.metadata("payment_intent_data[metadata]")?,
        description: params.owned("payment_intent_data[description]"),
        capture_method: capture_method(params)?,
        expires_at: expires_at(params, now)?,
    })
}

fn total(params: &Params) -> Result<(i64, String), ApiError> {
    let indexes = params.indexes("line_items");
    if indexes.is_empty() {
        return Err(ApiError::missing("line_items"));
    }
    if indexes.len() > LINES_MAX {
        return Err(ApiError::invalid("line_items", "At most 100 line items."));
    }
    let mut sum: i64 = 0;
    let mut currency: Option<String> = None;
    for index in indexes {
        let line = format!("line_items[{index}]");
        let (amount, line_currency) = line_total(params, &line)?;
        if currency.get_or_insert_with(|| line_currency.clone()) != &line_currency {
            return Err(ApiError::invalid(&line, "All line items must have one currency."));
        }
        sum = sum.saturating_add(amount);
    }
    if sum > TOTAL_MAX {
        let message = "The total amount is too large.";
        return Err(ApiError::coded("line_items", "amount_too_large", message));
    }
    Ok((sum, currency.unwrap_or_default()))
}

fn line_total(params: &Params, line: &str) -> Result<(i64, String), ApiError> {
    let currency_name = format!("{line}[price_data][currency]");
    let currency = params.required(&currency_name)?;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
        let message = format!("Invalid currency: {currency}. Use three lower-case letters.");
        return Err(ApiError::invalid(&currency_name, message));
    }
    params.required(&format!("{line}[price_data][product_data][name]"))?;
    let amount_name = format!("{line}[price_data][unit_amount]");
    let unit = params.integer(&amount_name)?.ok_or_else(|| ApiError::missing(&amount_name))?;
    if unit < 0 {
        let message = "This value must be greater than or equal to 0.";
        return Err(ApiError::coded(&amount_name, "parameter_invalid_integer", message));
    }
    if THREE_DECIMALS.contains(&currency) && unit % 10 != 0 {
        let message = "The last digit of an amount in this currency must be 0.";
        return Err(ApiError::invalid(&amount_name, message));
    }
    let quantity_name = format!("{line}[quantity]");
    let quantity =
        params.integer(&quantity_name)?.ok_or_else(|| ApiError::missing(&quantity_name))?;
    if quantity < 1 {
        let message = "This value must be greater than or equal to 1.";
        return Err(ApiError::coded(&quantity_name, "parameter_invalid_integer", message));
    }
    Ok((unit.saturating_mul(quantity), currency.to_owned()))
}

fn web_address(params: &Params, name: &str) -> Result<Option<String>, ApiError> {
    let Some(text) = params.text(name) else { return Ok(None) };
    let parsed = url::Url::parse(text);
    if !parsed.is_ok_and(|address| matches!(address.scheme(), "http" | "https")) {
        let message = "Not a valid URL: give it with an explicit scheme, such as https.";
        return Err(ApiError::coded(name, "url_invalid", message));
    }
    Ok(Some(text.to_owned()))
}

fn capture_method(params: &Params) -> Result<String, ApiError> {
    let name = "payment_intent_data[capture_method]";
    match params.text(name).unwrap_or("automatic_async") {
        method @ ("automatic" | "automatic_async" | "manual") => Ok(method.to_owned()),
        other => Err(ApiError::invalid(name, format!("Invalid capture_method: {other}"))),
    }
}

fn expires_at(params: &Params, now: u64) -> Result<u64, ApiError> {
    let Some(at) = params.integer("expires_at")? else { return Ok(now + LIFETIME_S) };
    let at = u64::try_from(at).unwrap_or(0);
    if at + SLACK_S < now + LIFETIME_MIN_S || at > now + LIFETIME_S + SLACK_S {
        let message = "expires_at must be from 30 minutes to 24 hours after creation.";
        return Err(ApiError::invalid("expires_at", message));
    }
    Ok(at)
}
