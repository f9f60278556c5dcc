//! Live payments and tests are kept apart: what a provider's settings leave to the mode is filled
//! in, and what is of the other mode is refused.

use kontor_messages::tenant::AccountMode;
use serde_json::Value;
use url::Url;

/// An address that is another one for tests.
pub struct Hosts {
    /// The settings' member.
    pub member: &'static str,
    /// For live payments.
    pub live: &'static str,
    /// For tests.
    pub test: &'static str,
}

/// For providers that know no modes.
pub fn any(settings: &Value, _mode: AccountMode) -> Result<Value, String> {
    Ok(settings.clone())
}

/// The mode's addresses where none are given. Those of the other mode are refused, others are
/// taken in both.
pub fn with_hosts(settings: &Value, mode: AccountMode, hosts: &[Hosts]) -> Result<Value, String> {
    let mut settings = settings.clone();
    let Some(members) = settings.as_object_mut() else { return Ok(settings) };
    for Hosts { member, live, test } in hosts {
        let (own, other) = match mode {
            AccountMode::Live => (live, test),
            AccountMode::Test => (test, live),
        };
        let given = members.entry(*member).or_insert_with(|| (*own).into());
        if given.as_str().is_some_and(|given| host(given).is_some() && host(given) == host(other)) {
            return Err(other_mode(member, mode));
        }
    }
    Ok(settings)
}

/// What is said about a member that is of the other mode.
pub fn other_mode(member: &str, mode: AccountMode) -> String {
    match mode {
        AccountMode::Live => format!("{member}: it is one for tests, and the mode is live"),
        AccountMode::Test => format!("{member}: it is one for live payments, and the mode is test"),
    }
}

fn host(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use crate::gateways::{payments::providers, tests::http};
    use kontor_messages::tenant::AccountMode::{self, Live, Test};
    use serde_json::{Value, json};

    fn make(provider: &str, mode: AccountMode, settings: &Value) -> Result<(), String> {
        let maker = providers().iter().find(|maker| maker.name == provider).unwrap();
        maker.make(settings, mode, &http()).map(drop)
    }

    #[test]
    fn what_is_of_the_other_mode_is_refused_by_its_name() {
        let paypal = |url: &str| json!({"client_id": "c", "client_secret": "s", "endpoint": url});
        let payu = |url: &str| {
            json!({"pos_id": "1", "client_secret": "s", "second_key": "k", "endpoint": url,
                "notify_url": "https://kontor.example/hook"})
        };
        let halyk = |member: &str, url: &str| {
            json!({"client_id": "c", "client_secret": "s", "terminal": "t", "shop_id": "s",
                "hash_key": "any long text of ours", "notify_url": "https://kontor.example/hook",
                member: url})
        };
        let comgate = |test: bool| json!({"merchant": "1", "secret": "s", "test": test});
        let stripe = |key: &str| json!({"secret_key": key});
        let other = [
            ("stripe", "secret_key", Test, stripe("sk_live_1"), stripe("sk_test_1")),
            ("stripe", "secret_key", Live, stripe("rk_test_1"), stripe("rk_live_1")),
            ("comgate", "test", Live, comgate(true), comgate(false)),
            ("comgate", "test", Test, comgate(false), comgate(true)),
            (
                "paypal",
                "endpoint",
                Live,
                paypal("https://api-m.sandbox.paypal.com"),
                paypal("https://api-m.paypal.com"),
            ),
            (
                "payu",
                "endpoint",
                Test,
                payu("https://secure.payu.com"),
                payu("https://secure.snd.payu.com"),
            ),
            (
                "halyk",
                "token_endpoint",
                Test,
                halyk("token_endpoint", "https://epay-oauth.homebank.kz/oauth2/token"),
                halyk("endpoint", "https://testepay.homebank.kz/api"),
            ),
        ];
        for (provider, member, mode, wrong, right) in other {
            let error = make(provider, mode, &wrong).unwrap_err();
            assert!(error.starts_with(&format!("{member}: ")), "{provider}: {error}");
            assert!(!error.contains("_1"), "{error}");
            assert_eq!(make(provider, mode, &right), Ok(()), "{provider}");
        }
    }

    #[test]
    fn where_no_address_is_given_it_is_that_of_the_mode() {
        for (provider, member, live, test) in [
            ("paypal", "endpoint", "https://api-m.paypal.com", "https://api-m.sandbox.paypal.com"),
            ("payu", "endpoint", "https://secure.payu.com", "https://secure.snd.payu.com"),
            (
                "halyk",
                "endpoint",
                "https://epay-api.homebank.kz",
                "https://test-epay-api.epayment.kz",
            ),
        ] {
            let maker = providers().iter().find(|maker| maker.name == provider).unwrap();
            for (mode, url) in [(Live, live), (Test, test)] {
                let settings = (maker.of_mode)(&json!({}), mode).unwrap();
                assert_eq!(settings[member], url, "{provider}");
            }
        }
        let comgate = providers().iter().find(|maker| maker.name == "comgate").unwrap();
        assert_eq!((comgate.of_mode)(&json!({}), Test).unwrap(), json!({"test": true}));
        assert_eq!((comgate.of_mode)(&json!({}), Live).unwrap(), json!({"test": false}));
    }
}
