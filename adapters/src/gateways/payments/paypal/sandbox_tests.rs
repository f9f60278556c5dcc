//! The gateway against a stand-in that speaks PayPal's wire format over sockets, and signs with a
//! certificate of its own root.

use super::*;
use crate::gateways::{
    payments::testing::{Hook, cancel, capture, czk, open_in, query, refund},
    tests::http,
};
use kontor_messages::payment::{CallFault, RefundStatus};
use kontor_sandbox::{PAYPAL_ROOT, PayPalApp, PayerAct, Sandbox, SandboxConfig};

struct World {
    sandbox: Sandbox,
    hook: Hook,
    settings: Value,
    gateway: Arc<dyn PaymentGateway>,
}

fn app(hook: &Hook, declines: bool) -> PayPalApp {
    PayPalApp {
        client_id: "client".into(),
        client_secret: "secret".into(),
        webhook_id: "9KONTOR0WEBHOOK001".into(),
        webhook_url: Some(hook.url.clone()),
        declines,
    }
}

impl World {
    async fn new(verification: &str) -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let hook = Hook::new().await;
        sandbox.providers().paypal.register(app(&hook, false));
        let settings = json!({
            "client_id": "client", "client_secret": "secret", "webhook_id": "9KONTOR0WEBHOOK001",
            "endpoint": sandbox.providers().paypal.base_url(), "verification": verification,
            "certificate_origins": [sandbox.providers().paypal.base_url()], "certificate_root": PAYPAL_ROOT
        });
        let gateway = build(&settings, &http()).unwrap();
        Self { sandbox, hook, settings, gateway }
    }

    async fn open(&self, capture: CaptureMode) -> Vec<String> {
        let key = fastrand::u64(..).to_string();
        let open = OpenPayment { capture, key, ..open_in("CZK") };
        let opened = self.gateway.open(&open).await.unwrap();
        assert!(
            opened.redirect_url.unwrap().starts_with(self.sandbox.providers().paypal.base_url())
        );
        vec![opened.provider_ref]
    }

    async fn notified(&self) -> Result<Interpreted, NotificationError> {
        let (headers, body) = self.hook.next().await;
        self.gateway.interpret(&headers, &body, Timestamp::now()).await
    }
}

#[tokio::test]
async fn a_payment_is_approved_taken_notified_and_given_back_in_part() {
    for verification in ["certificate", "api"] {
        let world = World::new(verification).await;
        let names = world.open(CaptureMode::Automatic).await;
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!(told.status, Some(ObservedStatus::Created));
        assert!(world.sandbox.providers().paypal.act(&names[0], PayerAct::Pay).await);
        let approved = world.notified().await.unwrap();
        assert_eq!(approved.kind, "CHECKOUT.ORDER.APPROVED");
        assert!(approved.observation.is_none(), "nothing is paid yet");
        assert_eq!(approved.references, names);
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(czk(129_900))));
        assert_eq!((told.amount, told.attempt), (Some(czk(129_900)), Some(1)));
        let taken = world.notified().await.unwrap();
        assert_eq!(taken.references, told.references);
        assert_eq!(taken.observation.unwrap().captured, Some(czk(129_900)));
        let give = refund(&told.references, "r/1", czk(29_900));
        let seen = world.gateway.refund(&give).await.unwrap();
        assert_eq!((seen.status, seen.amount), (RefundStatus::Succeeded, czk(29_900)));
        let back = world.notified().await.unwrap();
        assert_eq!(back.references, told.references[1..]);
        assert_eq!(back.observation.unwrap().refunds[0].refund, Some(give.refund.clone()));
        let again = world.gateway.refund(&give).await.unwrap();
        assert_eq!(again.reference, seen.reference);
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!((told.refunds.len(), told.captured), (1, Some(czk(129_900))));
    }
}

#[tokio::test]
async fn money_is_held_and_taken_in_part_or_let_go() {
    let world = World::new("certificate").await;
    for (amount, expected) in [(Some(czk(60_000)), 60_000), (None, 0)] {
        let names = world.open(CaptureMode::Manual).await;
        world.sandbox.providers().paypal.act(&names[0], PayerAct::Pay).await;
        let told = world.gateway.query(&query(&names)).await.unwrap();
        assert_eq!(told.authorized, Some(czk(129_900)));
        match amount {
            Some(amount) => {
                let seen = world.gateway.capture(&capture(&told.references, amount)).await.unwrap();
                assert_eq!(seen.captured, Some(amount));
                let told = world.gateway.query(&query(&names)).await.unwrap();
                assert_eq!(
                    (told.status, told.captured),
                    (Some(ObservedStatus::Paid), Some(amount))
                );
            }
            None => {
                world.gateway.cancel(&cancel(&told.references, true)).await.unwrap();
                let told = world.gateway.query(&query(&names)).await.unwrap();
                assert_eq!(told.status, Some(ObservedStatus::Cancelled));
            }
        }
        assert_eq!(
            world.sandbox.providers().paypal.payment(&names[0]).unwrap().captured_minor,
            expected
        );
    }
}

#[tokio::test]
async fn what_is_not_wanted_any_more_is_not_taken() {
    let world = World::new("certificate").await;
    let names = world.open(CaptureMode::Automatic).await;
    world.gateway.cancel(&cancel(&names, false)).await.unwrap();
    world.sandbox.providers().paypal.act(&names[0], PayerAct::Pay).await;
    let unwanted = QueryPayment { wanted: false, ..query(&names) };
    let told = world.gateway.query(&unwanted).await.unwrap();
    assert_eq!((told.status, told.captured), (Some(ObservedStatus::Pending), None));
    assert_eq!(world.sandbox.providers().paypal.payment(&names[0]).unwrap().captured_minor, 0);
}

#[tokio::test]
async fn a_payer_whose_card_is_declined_may_try_again() {
    let world = World::new("certificate").await;
    let names = world.open(CaptureMode::Automatic).await;
    world.sandbox.providers().paypal.register(app(&world.hook, true));
    world.sandbox.providers().paypal.act(&names[0], PayerAct::Pay).await;
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.status, Some(ObservedStatus::Pending));
    assert_eq!(told.problem.unwrap().code, "INSTRUMENT_DECLINED");
    world.sandbox.providers().paypal.register(app(&world.hook, false));
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.status, Some(ObservedStatus::Paid));
}

#[tokio::test]
async fn a_notification_with_a_wrong_signature_is_refused() {
    for verification in ["certificate", "api"] {
        let world = World::new(verification).await;
        let names = world.open(CaptureMode::Automatic).await;
        world.sandbox.providers().paypal.set_switches(|switches| switches.wrong_signature = true);
        world.sandbox.providers().paypal.act(&names[0], PayerAct::Pay).await;
        assert_eq!(world.notified().await, Err(NotificationError::Unsigned), "{verification}");
    }
}

#[tokio::test]
async fn a_certificate_that_no_root_vouches_for_is_not_believed_and_paypal_is_asked() {
    let mut world = World::new("certificate").await;
    let names = world.open(CaptureMode::Automatic).await;
    world.sandbox.providers().paypal.act(&names[0], PayerAct::Pay).await;
    let (headers, body) = world.hook.next().await;
    let calls = |world: &World| world.sandbox.providers().paypal.calls();
    for (member, value) in [
        ("certificate_root", Value::Null),
        ("certificate_names", json!(["messageverificationcerts.paypal.com"])),
    ] {
        let mut settings = world.settings.clone();
        settings[member] = value;
        world.gateway = build(&settings, &http()).unwrap();
        let before = calls(&world);
        let read = world.gateway.interpret(&headers, &body, Timestamp::now()).await;
        assert!(read.is_ok(), "paypal says that it is genuine");
        assert_eq!(calls(&world) - before, 3, "certificate, token, question");
    }
    // Nothing is fetched from elsewhere, and PayPal is not bothered with it.
    world.settings["certificate_origins"] = json!(["https://api.paypal.com"]);
    world.gateway = build(&world.settings, &http()).unwrap();
    let before = calls(&world);
    let read = world.gateway.interpret(&headers, &body, Timestamp::now()).await;
    assert_eq!((read, calls(&world)), (Err(NotificationError::Unsigned), before));
}

#[tokio::test]
async fn without_paypals_word_a_notification_is_to_come_again() {
    let world = World::new("certificate").await;
    let names = world.open(CaptureMode::Automatic).await;
    world.sandbox.providers().paypal.act(&names[0], PayerAct::Pay).await;
    let (headers, body) = world.hook.next().await;
    world.sandbox.shutdown().await;
    let read = world.gateway.interpret(&headers, &body, Timestamp::now()).await;
    assert_eq!(read, Err(NotificationError::NotNow));
}

#[tokio::test]
async fn another_amount_than_was_asked_for_is_seen() {
    let world = World::new("certificate").await;
    let names = world.open(CaptureMode::Automatic).await;
    world.sandbox.providers().paypal.set_switches(|switches| switches.wrong_amount = true);
    world.sandbox.providers().paypal.act(&names[0], PayerAct::Pay).await;
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!((told.amount, told.captured), (Some(czk(130_000)), Some(czk(130_000))));
}

#[tokio::test]
async fn an_outcome_that_nobody_told_is_unknown_and_asked_for() {
    let world = World::new("certificate").await;
    world.sandbox.providers().paypal.set_switches(|switches| switches.silent_after = 1);
    let fault = world.gateway.open(&open_in("CZK")).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::Retry { at: None, fresh_key: false });
    let names = vec![world.gateway.open(&open_in("CZK")).await.unwrap().provider_ref];
    assert_eq!(
        world.sandbox.providers().paypal.payments().len(),
        1,
        "the same key, the same order"
    );
    world.sandbox.providers().paypal.act(&names[0], PayerAct::Pay).await;
    // Taking happens while asking, so it is asked again.
    world.sandbox.providers().paypal.set_switches(|switches| switches.silent_after = 1);
    let fault = world.gateway.query(&query(&names)).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::Retry { at: None, fresh_key: false });
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.captured, Some(czk(129_900)));
    world.sandbox.providers().paypal.set_switches(|switches| switches.silent_after = 1);
    let give = refund(&told.references, "r-1", czk(400));
    let fault = world.gateway.refund(&give).await.unwrap_err();
    assert_eq!(fault.fault, CallFault::AskFirst { fresh_key: false });
    let told = world.gateway.query(&query(&names)).await.unwrap();
    assert_eq!(told.refunds[0].refund, Some(give.refund));
}
