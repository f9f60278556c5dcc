//! Which accounts take which payment.

use super::*;
use crate::tenant::routing::{Sought, accounts_for};
use kontor_messages::{
    Money,
    payment::AccountName,
    tenant::{PaymentRule, payment_routes_entity},
};
use proptest::prelude::*;

fn rule(json: serde_json::Value) -> PaymentRule {
    serde_json::from_value(json).unwrap()
}

fn account(provider: &str) -> serde_json::Value {
    json!({ "provider": provider, "account": "main" })
}

fn put(rules: serde_json::Value) -> TenantCommand {
    TenantCommand::PutPaymentRoutes { rules: serde_json::from_value(rules).unwrap() }
}

fn names(accounts: &[AccountName]) -> Vec<&str> {
    accounts.iter().map(|name| name.provider.as_str()).collect()
}

fn sought<'a>(method: &'a str, minor: i64, country: Option<&'a str>) -> Sought<'a> {
    Sought { method, amount: Money::new(minor, Currency::CZK), country }
}

fn shop_s_rules() -> Vec<PaymentRule> {
    vec![
        rule(json!({ "methods": ["card"], "currencies": ["CZK"], "amount_from_minor": 1_000_000,
            "accounts": [account("payu")] })),
        rule(json!({ "methods": ["card", "wallet"], "countries": ["CZ", "SK"],
            "accounts": [account("comgate"), account("stripe")] })),
        rule(json!({ "methods": ["bank_transfer"], "currencies": ["CZK"],
            "accounts": [account("fio")] })),
        rule(json!({ "methods": ["card"], "accounts": [account("stripe")] })),
    ]
}

#[test]
fn the_first_rule_that_fits_gives_the_accounts_in_its_order() {
    let rules = shop_s_rules();
    let of = |sought| names(accounts_for(&rules, sought));
    assert_eq!(of(sought("card", 1_000_000, Some("CZ"))), ["payu"]);
    assert_eq!(of(sought("card", 999_999, Some("CZ"))), ["comgate", "stripe"]);
    assert_eq!(of(sought("card", 999_999, None)), ["stripe"], "an unknown country fits none");
    assert_eq!(of(sought("bank_transfer", 1, None)), ["fio"]);
    assert!(of(sought("cash_on_delivery", 1, Some("CZ"))).is_empty());
    let euros = Sought { amount: Money::new(1, Currency::EUR), ..sought("bank_transfer", 1, None) };
    assert!(of(euros).is_empty());
}

#[test]
fn the_rules_are_written_as_a_whole_and_the_same_again_is_no_news() {
    let rules = json!([{ "accounts": [account("stripe")] }]);
    let event =
        TenantEvent::PaymentRoutesPut { rules: serde_json::from_value(rules.clone()).unwrap() };
    open()
        .when(put(rules.clone()))
        .then([(payment_routes_entity(), event)])
        .when(put(rules))
        .then_nothing();
    open().when(put(json!([]))).then_nothing();
}

#[test]
fn a_rule_at_fault_is_named_with_its_member() {
    for (broken, at) in [
        (json!({ "accounts": [] }), "/rules/1/accounts"),
        (json!({ "methods": ["Card"], "accounts": [account("stripe")] }), "/rules/1/methods/0"),
        (
            json!({ "countries": ["CZ", "cz"], "accounts": [account("stripe")] }),
            "/rules/1/countries/1",
        ),
        (
            json!({ "amount_from_minor": 1, "accounts": [account("stripe")] }),
            "/rules/1/amount_from_minor",
        ),
        (
            json!({ "amount_to_minor": 0, "currencies": ["CZK"], "accounts": [account("stripe")] }),
            "/rules/1/amount_to_minor",
        ),
        (
            json!({ "amount_from_minor": 2, "amount_to_minor": 1, "currencies": ["CZK"],
            "accounts": [account("stripe")] }),
            "/rules/1/amount_to_minor",
        ),
        (json!({ "accounts": [account("Stripe")] }), "/rules/1/accounts/0/provider"),
        (json!({ "accounts": [account("stripe"), account("stripe")] }), "/rules/1/accounts/1"),
    ] {
        invalid_at(open(), put(json!([{ "accounts": [account("payu")] }, broken])), at);
    }
    let many: Vec<_> = (0..101).map(|_| json!({ "accounts": [account("payu")] })).collect();
    invalid_at(open(), put(json!(many)), "/rules");
}

proptest! {
    #[test]
    fn rules_that_come_after_the_one_that_fits_change_nothing(
        method in prop::sample::select(vec!["card", "wallet", "bank_transfer"]),
        minor in 1..2_000_000_i64,
        country in prop::option::of(prop::sample::select(vec!["CZ", "PL"])),
        swapped in 0..3_usize,
    ) {
        let rules = shop_s_rules();
        let asked = sought(method, minor, country);
        let found = accounts_for(&rules, asked);
        let place = rules.iter().position(|rule| !found.is_empty() && rule.accounts == found);
        if let Some(place) = place {
            let mut other = rules.clone();
            other.truncate(place + 1);
            other.push(rules[swapped].clone());
            prop_assert_eq!(accounts_for(&other, asked), found);
        } else {
            prop_assert!(rules.iter().all(|rule| accounts_for(std::slice::from_ref(rule), asked).is_empty()));
        }
    }
}
