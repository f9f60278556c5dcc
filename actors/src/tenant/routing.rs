//! Which accounts take which payment.

use super::{
    Tenant, TenantState,
    decide::{Answer, invalid, open},
};
use crate::{
    domain::{Decision, Stop},
    words::is_word,
    world::World,
};
use kontor_messages::{
    Money,
    payment::AccountName,
    tenant::{PaymentRule, TenantEvent, TenantRefusal, payment_routes_entity},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Rules of one tenant.
const RULES_MAX: usize = 100;
/// Words of one condition.
const WORDS_MAX: usize = 30;
/// Accounts of one rule.
const ACCOUNTS_MAX: usize = 9;

/// The rules by which a tenant's payments find their accounts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PaymentRoutesDocument {
    /// In order: the first that fits counts.
    pub rules: Vec<PaymentRule>,
}

/// What is known of a payment that looks for an account.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// How the payer wants to pay.
    pub method: &'a str,
    /// How much.
    pub amount: Money,
    /// From where.
    pub country: Option<&'a str>,
}

/// The accounts that take a payment, the best first; none if no rule fits.
pub fn accounts_for<'a>(rules: &'a [PaymentRule], sought: Sought<'_>) -> &'a [AccountName] {
    rules.iter().find(|rule| fits(rule, sought)).map_or(&[], |rule| &rule.accounts)
}

fn fits(rule: &PaymentRule, sought: Sought<'_>) -> bool {
    let Sought { method, amount, country } = sought;
    let any_country = rule.countries.is_empty();
    let country = country.is_some_and(|country| rule.countries.iter().any(|one| one == country));
    (rule.methods.is_empty() || rule.methods.iter().any(|one| one == method))
        && (rule.currencies.is_empty() || rule.currencies.contains(&amount.currency))
        && (any_country || country)
        && rule.amount_from_minor.is_none_or(|from| from <= amount.amount_minor)
        && rule.amount_to_minor.is_none_or(|to| amount.amount_minor <= to)
}

/// Writes the rules.
pub(super) fn put(world: &World<'_, Tenant>, rules: Vec<PaymentRule>) -> Answer {
    let entity = payment_routes_entity();
    if rules.len() > RULES_MAX {
        return invalid("/rules", "100 rules at most");
    }
    for (place, rule) in rules.iter().enumerate() {
        check(&format!("/rules/{place}"), rule)?;
    }
    open(world)?;
    let known = match world.get(&entity)? {
        TenantState::PaymentRoutes(known) => known.rules == rules,
        _ => rules.is_empty(),
    };
    let event = (!known).then_some(TenantEvent::PaymentRoutesPut { rules });
    Ok(Decision::of(entity, event.into_iter().collect()))
}

fn check(at: &str, rule: &PaymentRule) -> Result<(), Stop<TenantRefusal>> {
    for (member, count) in [
        ("methods", rule.methods.len()),
        ("currencies", rule.currencies.len()),
        ("countries", rule.countries.len()),
    ] {
        if count > WORDS_MAX {
            return invalid(&format!("{at}/{member}"), "30 at most");
        }
    }
    if let Some(place) = rule.methods.iter().position(|method| !is_method(method)) {
        return invalid(&format!("{at}/methods/{place}"), METHOD);
    }
    if let Some(place) = rule.countries.iter().position(|country| !is_country(country)) {
        return invalid(&format!("{at}/countries/{place}"), COUNTRY);
    }
    let bounds = [("from", rule.amount_from_minor), ("to", rule.amount_to_minor)];
    for (member, bound) in bounds {
        let at = format!("{at}/amount_{member}_minor");
        match bound {
            Some(..=0) => return invalid(&at, "1 or more"),
            Some(_) if rule.currencies.len() != 1 => {
                return invalid(&at, "exactly one currency beside an amount");
            }
            _ => {}
        }
    }
    if rule.amount_to_minor.zip(rule.amount_from_minor).is_some_and(|(to, from)| to < from) {
        return invalid(&format!("{at}/amount_to_minor"), "no less than amount_from_minor");
    }
    if !(1..=ACCOUNTS_MAX).contains(&rule.accounts.len()) {
        return invalid(&format!("{at}/accounts"), "1 to 9 accounts");
    }
    for (place, AccountName { provider, account }) in rule.accounts.iter().enumerate() {
        let at = format!("{at}/accounts/{place}");
        for (member, word) in [("provider", provider), ("account", account)] {
            if !is_word(word, "_-", 40) {
                return invalid(
                    &format!("{at}/{member}"),
                    "1 to 40 characters of a-z, 0-9, '-' and '_'",
                );
            }
        }
        let same = |other: &AccountName| other.provider == *provider && other.account == *account;
        if rule.accounts[..place].iter().any(same) {
            return invalid(&at, "an account that the rule does not name before");
        }
    }
    Ok(())
}

/// What a method looks like.
pub const METHOD: &str = "1 to 40 characters of a-z, 0-9 and '_', such as card or bank_transfer";
/// What a country looks like.
pub const COUNTRY: &str = "two upper-case letters, such as CZ";

/// Whether a text is a way to pay.
pub fn is_method(text: &str) -> bool {
    is_word(text, "_", 40)
}

/// Whether a text is a country.
pub fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}
