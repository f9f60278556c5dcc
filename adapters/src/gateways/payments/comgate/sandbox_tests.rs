//! The gateway against a stand-in that speaks ComGate's wire format over sockets.

use super::*;
use crate::gateways::{
    payments::testing::{Hook, NOW, cancel, capture, czk, open_in, query, refund},
    tests::http,
};
use kontor_messages::payment::CallFault;
use kontor_sandbox::{ComGateShop, PayerAct, Sandbox, SandboxConfig};
use serde_json::json;

struct World {
    sandbox: Sandbox,
    hook: Hook,
    gateway: Arc<dyn PaymentGateway>,
}

impl World {
    async fn new(interface: &str) -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let hook = Hook::new().await;
        let (merchant, secret) = ("123456".to_owned(), "kontor-comgate-secret".to_owned());
        let push_url = Some(hook.url.clone());
        sandbox.providers().comgate.register(ComGateShop { merchant, secret, push_url });
        let settings = json!({
            "merchant": "123456", "secret": "kontor-comgate-secret", "test": true,
            "endpoint": sandbox.providers().comgate.base_url(), "interface": interface
        });
        let gateway = build(&settings, &http()).unwrap();
        Self { sandbox, hook, gateway }
    }

    async fn open(&self, capture: CaptureMode) -> Vec<String> {
        let opened = self.gateway.open(&OpenPayment { capture, ..open_in("CZK") }).await.unwrap();
        let page = opened.redirect_url.unwrap();
        assert!(page.starts_with(self.sandbox.providers().comgate.base_url()), "{page}");
        vec![opened.provider_ref]
    }
}

#[tokio::test]
async fn a_payment_is_opened_paid_pushed_asked_about_and_given_back_in_part() {
    for interface in ["v1", "v2"] {
        let world = World::new(interface).await;
        let names = world.open(CaptureMode::Automatic).await;
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!(told.status, Some(ObservedStatus::Pending));
        assert!(world.sandbox.providers().comgate.act(&names[0], PayerAct::Pay).await);
        let (headers, body) = world.hook.next().await;
        let read = world.gateway.interpret(&headers, &body, NOW).await.unwrap();
        assert_eq!(read.references, names);
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(czk(129_900))));
        let seen = world.gateway.refund(&refund(&names, "r-1", czk(29_900))).await.unwrap();
        assert_eq!((seen.status, seen.amount), (RefundStatus::Succeeded, czk(29_900)));
        let over = world.gateway.refund(&refund(&names, "r-2", czk(100_001))).await.unwrap_err();
        assert_eq!((over.code.as_str(), over.fault), ("comgate_1402", CallFault::GiveUp));
        let truth = world.sandbox.providers().comgate.payment(&names[0]).unwrap();
        assert_eq!(truth.refunds, [(String::new(), "r-1".to_owned(), 29_900)]);
    }
}

#[tokio::test]
async fn money_is_held_and_taken_in_part_or_let_go() {
    let world = World::new("v1").await;
    for (taken, expected) in [(Some(czk(60_000)), 60_000), (None, 0)] {
        let names = world.open(CaptureMode::Manual).await;
        world.sandbox.providers().comgate.act(&names[0], PayerAct::Pay).await;
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!(told.authorized, Some(czk(129_900)));
        match taken {
            Some(amount) => world.gateway.capture(&capture(&names, amount)).await.unwrap(),
            None => world.gateway.cancel(&cancel(&names, true)).await.unwrap(),
        };
        let truth = world.sandbox.providers().comgate.payment(&names[0]).unwrap();
        assert_eq!(truth.captured_minor, expected);
    }
}

#[tokio::test]
async fn an_outcome_that_nobody_told_is_unknown_and_asked_for() {
    let world = World::new("v1").await;
    let names = world.open(CaptureMode::Manual).await;
    world.sandbox.providers().comgate.act(&names[0], PayerAct::Pay).await;
    world.sandbox.providers().comgate.set_switches(|switches| switches.silent_after = 1);
    let fault = world.gateway.capture(&capture(&names, czk(129_900))).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::AskFirst { fresh_key: false });
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.status, Some(ObservedStatus::Paid));
    // Opening may be done again: nobody was sent to what was made first.
    world.sandbox.providers().comgate.set_switches(|switches| switches.silent_after = 1);
    let fault = world.gateway.open(&open_in("CZK")).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::Retry { at: None, fresh_key: false });
}
