//! The gateway against a stand-in that speaks Halyk's wire format over sockets.

use super::*;
use crate::gateways::{
    payments::testing::{Hook, NOW, cancel, capture, money, open_in, query, refund},
    tests::http,
};
use kontor_messages::payment::CallFault;
use kontor_sandbox::{HalykTerminal, PayerAct, Sandbox, SandboxConfig};
use serde_json::json;

const TERMINAL: &str = "67e34d63-102f-4bd1-898e-370781d0074d";

struct World {
    sandbox: Sandbox,
    hook: Hook,
    gateway: Arc<dyn PaymentGateway>,
}

fn kzt(minor: i64) -> Money {
    money(minor, "KZT")
}

impl World {
    async fn new(two_step: bool) -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let hook = Hook::new().await;
        let url = sandbox.providers().halyk.base_url().to_owned();
        sandbox.providers().halyk.register(HalykTerminal {
            client_id: "test".into(),
            client_secret: "secret".into(),
            terminal: TERMINAL.into(),
            two_step,
        });
        let settings = json!({
            "client_id": "test", "client_secret": "secret", "terminal": TERMINAL, "shop_id": "shop",
            "hash_key": "kontor-halyk-hash-key", "notify_url": hook.url, "two_step": two_step,
            "endpoint": url, "token_endpoint": format!("{url}/oauth2/token")
        });
        let gateway = build(&settings, &http()).unwrap();
        Self { sandbox, hook, gateway }
    }

    async fn open(&self) -> Vec<String> {
        let open = OpenPayment { key: fastrand::u64(..).to_string(), ..open_in("KZT") };
        let opened = self.gateway.open(&open).await.unwrap();
        assert!(opened.redirect_url.unwrap().contains("/pay/"));
        std::iter::once(opened.provider_ref).chain(opened.references).collect()
    }

    async fn act(&self, names: &[String], act: PayerAct) -> bool {
        self.sandbox.providers().halyk.act(&names[0], act).await
    }
}

#[tokio::test]
async fn a_payment_is_opened_paid_called_back_asked_about_and_given_back_in_part() {
    let world = World::new(false).await;
    let names = world.open().await;
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.status, Some(ObservedStatus::Created), "nobody has paid yet");
    assert!(world.act(&names, PayerAct::Decline).await);
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.status, Some(ObservedStatus::Created), "the payer may try again");
    assert_eq!(told.problem.unwrap().code, "halyk_484");
    assert!(world.act(&names, PayerAct::Pay).await);
    for code in ["error", "ok"] {
        let (headers, body) = world.hook.next().await;
        let read = world.gateway.interpret(&headers, &body, NOW).await.unwrap();
        assert_eq!((read.kind.as_str(), &read.references[0]), (code, &names[0]));
        assert!(read.observation.is_none() && !read.signature_ok);
    }
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(kzt(129_900))));
    let seen = world.gateway.refund(&refund(&told.references, "r-1", kzt(29_950))).await.unwrap();
    assert_eq!((seen.status, seen.amount), (RefundStatus::Succeeded, kzt(29_950)));
    let told = world.gateway.query(&query(&told.references)).await.unwrap();
    assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(kzt(129_900))));
    let over = world.gateway.refund(&refund(&told.references, "r-2", kzt(129_900))).await;
    assert_eq!(over.unwrap_err().fault, CallFault::GiveUp);
    let truth = world.sandbox.providers().halyk.payment(&names[0]).unwrap();
    assert_eq!(truth.refunds, [(String::new(), "r-1".to_owned(), 29_950)]);
}

#[tokio::test]
async fn money_is_held_and_taken_in_part_or_let_go() {
    let world = World::new(true).await;
    for (amount, expected) in [(Some(kzt(60_000)), 60_000), (None, 0)] {
        let names = world.open().await;
        world.act(&names, PayerAct::Pay).await;
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!(told.authorized, Some(kzt(129_900)));
        let mut known = told.references;
        match amount {
            Some(amount) => {
                let seen = world.gateway.capture(&capture(&known, amount)).await.unwrap();
                known.extend(seen.references);
                let told = world.gateway.query(&query(&known)).await.unwrap();
                assert_eq!(told.captured, Some(amount));
            }
            None => {
                world.gateway.cancel(&cancel(&known, true)).await.unwrap();
                let told = world.gateway.query(&query(&known)).await.unwrap();
                assert_eq!(told.status, Some(ObservedStatus::Cancelled));
            }
        }
        let truth = world.sandbox.providers().halyk.payment(&names[0]).unwrap();
        assert_eq!(truth.captured_minor, expected);
    }
}

#[tokio::test]
async fn an_outcome_that_nobody_told_is_unknown_and_asked_for() {
    let world = World::new(true).await;
    let silent = || {
        world.sandbox.providers().halyk.set_switches(|switches| switches.silent_after = 1);
    };
    silent();
    // It may have been made, and its page is known to nobody: the number is not used again.
    let fault = world.gateway.open(&open_in("KZT")).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::Retry { at: None, fresh_key: true });
    let names = world.open().await;
    world.act(&names, PayerAct::Pay).await;
    let told = world.gateway.query(&query(&names)).await.unwrap();
    silent();
    let fault = world.gateway.capture(&capture(&told.references, kzt(129_900))).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::AskFirst { fresh_key: false });
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.status, Some(ObservedStatus::Paid));
}
