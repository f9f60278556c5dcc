//! Payment intents that no session owns: the payer pays on the shop's own page.

use serde_json::Value;

use super::book::{
    Book, Creation, Done, Draft, Later, PayerAct, PayerResult, charged, declined, intent_draft,
    take,
};
use super::error::ApiError;
use super::money::UNEXPECTED;
use super::objects::{Intent, Metadata, Phase};
use super::params::Params;
use crate::common::Dice;

const KNOWN: [&str; 9] = [
    "amount",
    "automatic_payment_methods",
    "capture_method",
    "currency",
    "description",
    "expand",
    "metadata",
    "payment_method_types",
    "receipt_email",
];
const TOTAL_MAX: i64 = 99_999_999_999;

/// What a create call asked for.
pub(crate) struct NewIntent {
    amount: i64,
    currency: String,
    capture_method: String,
    description: Option<String>,
    metadata: Metadata,
}

/// Makes an intent's request of the parameters, or says what Stripe would say.
pub(crate) fn new_intent(params: &Params) -> Result<NewIntent, ApiError> {
    params.only(&KNOWN)?;
    let amount = params.integer("amount")?.ok_or_else(|| ApiError::missing("amount"))?;
    if amount < 1 {
        let message = "This value must be greater than or equal to 1.";
        return Err(ApiError::coded("amount", "parameter_invalid_integer", message));
    }
    if amount > TOTAL_MAX {
        return Err(ApiError::coded("amount", "amount_too_large", "The amount is too large."));
    }
    let currency = params.required("currency")?;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
        let message = format!("Invalid currency: {currency}. Use three lower-case letters.");
        return Err(ApiError::invalid("currency", message));
    }
    let automatic = params.text("automatic_payment_methods[enabled]") == Some("true");
    if automatic && !params.list("payment_method_types").is_empty() {
        let message = "Either automatic_payment_methods or payment_method_types, not both.";
        return Err(ApiError::invalid("payment_method_types", message));
    }
    let capture_method = match params.text("capture_method").unwrap_or("automatic_async") {
        method @ ("automatic" | "automatic_async" | "manual") => method.to_owned(),
        other => {
            let message = format!("Invalid capture_method: {other}");
            return Err(ApiError::invalid("capture_method", message));
        }
    };
    Ok(NewIntent {
        amount,
        currency: currency.to_owned(),
        capture_method,
        description: params.owned("description"),
        metadata: params.metadata("metadata")?,
    })
}

impl Book {
    pub(crate) fn create_intent(
        &mut self,
        asked: NewIntent,
        creation: &Creation<'_>,
        dice: &Dice,
    ) -> Result<String, ApiError> {
        if self.intents.len() >= creation.objects_max {
            return Err(ApiError::full());
        }
        let id = dice.id("pi_");
        let NewIntent { amount, currency, capture_method, description, metadata } = asked;
        let intent = Intent {
            id: id.clone(),
            account: creation.account.to_owned(),
            session: None,
            page: Some(format!("{}/pay/{id}", creation.base_url)),
            return_url: None,
            created: creation.now,
            amount,
            currency,
            capture_method,
            description,
            metadata,
            phase: Phase::RequiresPaymentMethod,
            declined: false,
            charge: None,
            refunded: 0,
            refunds: Vec::new(),
        };
        self.intents.insert(id.clone(), intent);
        Ok(id)
    }

    /// The payer's browser, or the shop for it, tries to pay.
    pub(crate) fn confirm(
        &mut self,
        account: &str,
        id: &str,
        params: &Params,
        dice: &Dice,
    ) -> Result<Done, ApiError> {
        params.only(&["client_secret", "expand", "payment_method", "return_url"])?;
        let method = params.required("payment_method")?.to_owned();
        let return_url = params.owned("return_url");
        let intent = self.intent_mut(account, id)?;
        if params.text("client_secret").is_some_and(|shown| shown != intent.client_secret()) {
            return Err(ApiError::invalid("client_secret", "It is another intent's."));
        }
        if intent.phase != Phase::RequiresPaymentMethod || intent.session.is_some() {
            let message = format!(
                "You cannot confirm this PaymentIntent because it has a status of {}.",
                intent.status()
            );
            return Err(ApiError::state(UNEXPECTED, message));
        }
        intent.return_url = return_url;
        let mut done = match method.as_str() {
            "pm_card_visa" => Done { drafts: charged(intent, dice), ..Done::default() },
            "pm_card_authenticationRequired" => {
                intent.phase = Phase::RequiresAction;
                let drafts = vec![intent_draft("payment_intent.requires_action", intent)];
                Done { drafts, ..Done::default() }
            }
            "pm_card_visa_chargeDeclined" => {
                Done { refused: Some(ApiError::declined()), ..declined(intent) }
            }
            other => return Err(ApiError::no_such("PaymentMethod", other, "payment_method")),
        };
        done.answer = intent.json(None);
        Ok(done)
    }

    /// The payer acts on an intent that no session owns.
    pub(crate) fn act_on_intent(
        &mut self,
        id: &str,
        act: PayerAct,
        dice: &Dice,
    ) -> (PayerResult, Done) {
        let found = self.intents.get_mut(id).filter(|intent| intent.session.is_none());
        let Some(intent) = found else { return (PayerResult::Unknown, Done::default()) };
        match intent.phase {
            Phase::RequiresPaymentMethod | Phase::RequiresAction => {}
            Phase::Canceled { .. } => return (PayerResult::Expired, Done::default()),
            _ => return (PayerResult::Completed, Done::default()),
        }
        let slowly = |intent: &mut Intent, succeeds| {
            intent.phase = Phase::Processing;
            intent.declined = false;
            let drafts = vec![intent_draft("payment_intent.processing", intent)];
            let later = Some(Later::SettleIntent { intent: intent.id.clone(), succeeds });
            Done { drafts, later, ..Done::default() }
        };
        let done = match act {
            PayerAct::Abandon => return (PayerResult::Left, Done::default()),
            PayerAct::Decline => return (PayerResult::Declined, declined(intent)),
            PayerAct::Pay => Done { drafts: charged(intent, dice), ..Done::default() },
            PayerAct::AsyncPay => slowly(intent, true),
            PayerAct::AsyncFail => slowly(intent, false),
        };
        (PayerResult::Completed, done)
    }

    /// The slow method has come to its end.
    pub(crate) fn settle_intent(&mut self, id: &str, succeeds: bool, dice: &Dice) -> Vec<Draft> {
        let waits = |intent: &&mut Intent| intent.phase == Phase::Processing;
        match self.intents.get_mut(id).filter(waits) {
            Some(intent) if succeeds => take(intent, dice),
            Some(intent) => declined(intent).drafts,
            None => Vec::new(),
        }
    }

    /// Whether an object is an intent that no session owns, or a charge of one.
    pub(crate) fn is_alone(&self, object: &Value) -> bool {
        let named = |name: &str| object[name].as_str().and_then(|id| self.intents.get(id));
        let found = named("payment_intent").or_else(|| named("id"));
        found.is_some_and(|intent| intent.session.is_none())
    }
}
