//! Calls payment providers as payments ask for it.

mod answers;
mod under_way;

use super::{acting, caller, content, lane, read, tell};
use crate::gateways::{Accounts, payments::dispatch};
use answers::Answers;
use async_trait::async_trait;
use kontor_actors::{
    follower::{Follow, Habits, Hitch},
    intake::{Caller, Intake},
    payment::{Payment, PaymentDocument, PaymentState},
    store::StoredEvent,
};
use kontor_messages::{EntityId, TenantId, Timestamp, payment::PaymentCommand};
use serde::Deserialize;
use std::{borrow::Cow, sync::Arc};
use tracing::Instrument;
use under_way::UnderWay;
use url::Url;

/// The events that ask for a call.
const ASKING: [&str; 6] = [
    "payment.requested",
    "payment.capture_requested",
    "payment.cancel_requested",
    "payment.refund_requested",
    "payment.call_repeated",
    "payment.query_requested",
];

/// Whose calls an event's are: an account that is slow keeps nobody else waiting. Older events do
/// not say it, and share the lanes of their tenant.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Whose<'a> {
    #[serde(borrow)]
    provider: Cow<'a, str>,
    #[serde(borrow)]
    account: Cow<'a, str>,
}

/// Calls providers.
pub struct PaymentCalls {
    intake: Intake,
    accounts: Arc<Accounts>,
    public: Option<Url>,
    answers: Answers,
    under_way: UnderWay,
}

impl PaymentCalls {
    /// A follower that calls `accounts` and tells the payment domain through `intake`.
    pub fn new(intake: Intake, accounts: Arc<Accounts>) -> Self {
        let (answers, under_way) = (Answers::default(), UnderWay::default());
        Self { intake, accounts, public: None, answers, under_way }
    }

    /// Lets payers come back through the node, which is reached from outside at this address.
    pub fn reached_at(mut self, public: Option<Url>) -> Self {
        self.public = public;
        self
    }

    async fn call(&self, event: &StoredEvent) -> Result<(), Hitch> {
        let asked = content::<Payment>(event)?;
        if self.answers.cover(event, &asked) {
            return Ok(());
        }
        let _alone = self.under_way.enter(event)?;
        let state = read::<Payment>(&self.intake, event, &event.entity).await?;
        let PaymentState::Payment(mut payment) = state else { return Ok(()) };
        let (tenant, id, now) = (&event.tenant, &event.entity, Timestamp::now());
        if let Some(public) = &self.public {
            lead_back(public, tenant, id, &mut payment);
        }
        let accounts = &self.accounts;
        let caller = caller("provider", event);
        let begins = dispatch::begins(accounts, tenant, id, &asked, &payment, now).await;
        let told = match begins {
            Err(failed) => Some(*failed),
            Ok(begins) => {
                self.begin(&caller, begins).await?;
                dispatch::run(accounts, tenant, id, &asked, &payment, now).await
            }
        };
        let Some(command) = told else { return Ok(()) };
        let answered = matches!(command, PaymentCommand::RecordObservation { .. });
        tell::<Payment>(&self.intake, &caller, command).await?;
        if answered {
            self.answers.keep(event, &asked, now);
        }
        Ok(())
    }

    /// Writes down that a call begins, if that is to be written down.
    async fn begin(&self, caller: &Caller, begins: Option<PaymentCommand>) -> Result<(), Hitch> {
        let Some(begins) = begins else { return Ok(()) };
        let done = tell::<Payment>(&self.intake, caller, begins).await?;
        if done.is_none_or(|done| done.events.is_empty()) {
            // Something came of it since it was read: it is looked at anew.
            return Err(Hitch::new("the call has begun or ended meanwhile"));
        }
        Ok(())
    }
}

/// Names the node's own addresses as those to come back to. A page whose address the provider
/// fills in stays the shop's.
fn lead_back(public: &Url, tenant: &TenantId, id: &EntityId, payment: &mut PaymentDocument) {
    let Some(token) = &payment.plan.return_token else { return };
    let base = public.as_str().trim_end_matches('/');
    let pages = [("return", &mut payment.return_url), ("cancel", &mut payment.cancel_url)];
    for (what, page) in pages {
        if let Some(page) = page.as_mut().filter(|page| !page.contains('{')) {
            *page = format!("{base}/pay/{what}/{tenant}/{id}/{token}");
        }
    }
}

#[async_trait]
impl Follow for PaymentCalls {
    fn name(&self) -> &'static str {
        "payments"
    }

    // Lanes are many, for an account that stands keeps its own; what waits in them is little, for
    // its backlog would keep the others from being read.
    fn habits(&self) -> Habits {
        Habits { window_max: 4096, lanes_max: 2048, lane_max: 32, ..Habits::default() }
    }

    fn lane(&self, event: &StoredEvent) -> Option<Arc<str>> {
        if !ASKING.contains(&&*event.name) {
            return None;
        }
        let whose: Whose<'_> = serde_json::from_str(&event.payload).unwrap_or_default();
        let account = format!("{}/{}/{}", event.tenant, whose.provider, whose.account);
        Some(lane(account, &event.entity))
    }

    async fn handle(&self, _: &str, events: &[Arc<StoredEvent>]) -> Result<(), Hitch> {
        for (done, event) in events.iter().enumerate() {
            let acted = self.call(event).instrument(acting("payments", event)).await;
            acted.map_err(|hitch| hitch.after(done))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kontor_actors::testing::{NOW, given};
    use kontor_messages::{
        Currency, Money,
        payment::{CaptureMode, PaymentPlan},
    };

    fn pages(token: Option<&str>, return_url: &str) -> (Option<String>, Option<String>) {
        let id = EntityId::named("01977e4e-0000-7000-8000-000000000001");
        let request = PaymentCommand::Request {
            payment: id.clone(),
            order: None,
            amount: Money::new(100, Currency::CZK),
            provider: "stripe".into(),
            account: "main".into(),
            capture: CaptureMode::Automatic,
            return_url: Some(return_url.into()),
            cancel_url: Some("https://shop.example/basket".into()),
            description: "Order".into(),
            until: NOW.plus(std::time::Duration::from_secs(60)),
            customer_email: None,
            plan: PaymentPlan { return_token: token.map(str::to_owned), ..Default::default() },
        };
        let mut stage = given::<Payment>([]);
        stage.obey(request).unwrap();
        let PaymentState::Payment(mut payment) = stage.state(&id) else { panic!("no payment") };
        let public = Url::parse("https://pay.example.com/").unwrap();
        lead_back(&public, &"harbour-books".parse().unwrap(), &id, &mut payment);
        (payment.return_url, payment.cancel_url)
    }

    #[test]
    fn payers_come_back_through_the_node_if_it_knows_where_it_is() {
        let at = |what: &str| {
            let id = "01977e4e-0000-7000-8000-000000000001";
            Some(format!("https://pay.example.com/pay/{what}/harbour-books/{id}/secret"))
        };
        assert_eq!(pages(Some("secret"), "https://shop.example/"), (at("return"), at("cancel")));
        let shop_s = Some("https://shop.example/basket".to_owned());
        let filled_in = "https://shop.example/?s={CHECKOUT_SESSION_ID}";
        assert_eq!(pages(Some("secret"), filled_in), (Some(filled_in.into()), at("cancel")));
        let own = "https://shop.example/";
        assert_eq!(pages(None, own), (Some(own.into()), shop_s));
    }
}
