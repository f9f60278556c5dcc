//! The gateway against a stand-in that speaks PayU's wire format over sockets.

use super::*;
use crate::gateways::{
    payments::testing::{Hook, NOW, cancel, capture, money, open_in, query, refund},
    tests::http,
};
use kontor_messages::payment::{CallFault, RefundStatus};
use kontor_sandbox::{PayUPos, PayerAct, Sandbox, SandboxConfig};

struct World {
    sandbox: Sandbox,
    hook: Hook,
    gateway: Arc<dyn PaymentGateway>,
}

fn pln(minor: i64) -> Money {
    money(minor, "PLN")
}

impl World {
    async fn new(algorithm: &str, auto_receive: bool) -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let hook = Hook::new().await;
        sandbox.providers().payu.register(PayUPos {
            pos_id: "300746".into(),
            client_secret: "client-secret".into(),
            second_key: "second-key".into(),
            algorithm: algorithm.into(),
            auto_receive,
        });
        let settings = json!({
            "pos_id": "300746", "client_secret": "client-secret", "second_key": "second-key",
            "endpoint": sandbox.providers().payu.base_url(), "notify_url": hook.url,
            "auto_receive": auto_receive
        });
        let gateway = build(&settings, &http()).unwrap();
        Self { sandbox, hook, gateway }
    }

    async fn open(&self) -> Vec<String> {
        let open = OpenPayment { key: fastrand::u64(..).to_string(), ..open_in("PLN") };
        vec![self.gateway.open(&open).await.unwrap().provider_ref]
    }

    async fn notified(&self) -> Result<Interpreted, NotificationError> {
        let (headers, body) = self.hook.next().await;
        self.gateway.interpret(&headers, &body, NOW).await
    }
}

#[tokio::test]
async fn a_payment_is_opened_paid_notified_asked_about_and_given_back_in_part() {
    for algorithm in ["MD5", "SHA-256"] {
        let world = World::new(algorithm, true).await;
        let names = world.open().await;
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!(told.status, Some(ObservedStatus::Created));
        assert!(world.sandbox.providers().payu.act(&names[0], PayerAct::Pay).await);
        let read = world.notified().await.unwrap();
        assert_eq!(read.references, names);
        assert_eq!(read.observation.unwrap().captured, Some(pln(129_900)));
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(pln(129_900))));
        let give = refund(&names, "r/1", pln(29_900));
        let seen = world.gateway.refund(&give).await.unwrap();
        assert_eq!((seen.status, seen.amount), (RefundStatus::Pending, pln(29_900)));
        let told = world.notified().await.unwrap().observation.unwrap();
        assert_eq!(told.refunds[0].status, RefundStatus::Succeeded);
        assert_eq!(told.refunds[0].refund, Some(give.refund.clone()));
        // The same refund again is the same refund.
        let again = world.gateway.refund(&give).await.unwrap();
        assert_eq!(again.reference, seen.reference);
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!(told.refunds.len(), 1);
    }
}

#[tokio::test]
async fn money_is_held_and_taken_in_part_or_let_go() {
    let world = World::new("MD5", false).await;
    for (amount, expected) in [(Some(pln(60_000)), 60_000), (None, 0)] {
        let names = world.open().await;
        world.sandbox.providers().payu.act(&names[0], PayerAct::Pay).await;
        let told = world.notified().await.unwrap().observation.unwrap();
        assert_eq!(told.authorized, Some(pln(129_900)));
        match amount {
            Some(amount) => {
                let seen = world.gateway.capture(&capture(&names, amount)).await.unwrap();
                let read = world.notified().await.unwrap();
                assert!(read.observation.is_none(), "it does not say how much was taken");
                let told = world.gateway.query(&query(&seen.references)).await.unwrap();
                assert_eq!(told.captured, Some(amount));
            }
            None => {
                world.gateway.cancel(&cancel(&names, true)).await.unwrap();
            }
        }
        assert_eq!(
            world.sandbox.providers().payu.payment(&names[0]).unwrap().captured_minor,
            expected
        );
    }
}

#[tokio::test]
async fn another_amount_than_was_asked_for_is_seen() {
    let world = World::new("MD5", true).await;
    let names = world.open().await;
    world.sandbox.providers().payu.set_switches(|switches| switches.wrong_amount = true);
    world.sandbox.providers().payu.act(&names[0], PayerAct::Pay).await;
    let told = world.notified().await.unwrap().observation.unwrap();
    assert_eq!((told.amount, told.captured), (Some(pln(130_000)), Some(pln(130_000))));
}

#[tokio::test]
async fn an_outcome_that_nobody_told_is_unknown_and_asked_for() {
    let world = World::new("MD5", true).await;
    world.sandbox.providers().payu.set_switches(|switches| switches.silent_after = 1);
    let fault = world.gateway.open(&open_in("PLN")).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::Retry { at: None, fresh_key: false });
    // It was made after all, but without an answer nobody knows its page: so another is made.
    let fault = world.gateway.open(&open_in("PLN")).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::Retry { at: None, fresh_key: true });
    let open = OpenPayment { key: "kontor-9".into(), ..open_in("PLN") };
    let names = vec![world.gateway.open(&open).await.unwrap().provider_ref];
    world.sandbox.providers().payu.act(&names[0], PayerAct::Pay).await;
    world.sandbox.providers().payu.set_switches(|switches| switches.silent_after = 1);
    let give = refund(&names, "r-1", pln(400));
    let fault = world.gateway.refund(&give).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::AskFirst { fresh_key: false });
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.refunds[0].refund, Some(give.refund));
}
