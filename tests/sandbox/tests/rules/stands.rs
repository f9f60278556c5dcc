//! The stand-ins of providers beside Stripe: faults on request, notifications, pages to click.

use std::time::{Duration, Instant};

use kontor_sandbox::{ComGateShop, FioAccount, PayerAct, Sandbox, SandboxConfig, plain_client};
use serde_json::{Value, json};

use crate::world::PATIENCE;

const IBAN: &str = "CZ9320100000002000145399";

/// A sandbox with a shop at ComGate whose pushes go to the receiver.
struct World {
    sandbox: Sandbox,
    client: reqwest::Client,
}

impl World {
    async fn new() -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.expect("a sandbox");
        let push_url = Some(format!("{}/hook/comgate", sandbox.receiver().base_url()));
        let (merchant, secret) = ("1".to_owned(), "s".to_owned());
        sandbox.receiver().set("comgate", |settings| settings.status = 200);
        sandbox.providers().comgate.register(ComGateShop { merchant, secret, push_url });
        sandbox.providers().fio.register(FioAccount::new("token", IBAN, 0));
        Self { sandbox, client: plain_client(PATIENCE).expect("a client") }
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Result<reqwest::Response> {
        let url = format!("{}{path}", self.sandbox.providers().comgate.base_url());
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let kind = "application/x-www-form-urlencoded";
        self.client.post(url).header("Content-Type", kind).body(body).send().await
    }

    async fn create(&self) -> reqwest::Result<reqwest::Response> {
        let form = [
            ("merchant", "1"),
            ("secret", "s"),
            ("price", "129900"),
            ("curr", "CZK"),
            ("label", "Order"),
            ("refId", "r-1"),
            ("method", "ALL"),
            ("email", "ann@example.com"),
        ];
        self.post("/v1.0/create", &form).await
    }

    async fn switch(&self, switches: Value) -> Value {
        let url = format!("{}/_sandbox/switches", self.sandbox.receiver().base_url());
        let answer = self.client.post(url).json(&switches).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.json().await.expect("switches")
    }

    async fn pushes(&self, count: usize) {
        let begun = Instant::now();
        while self.sandbox.receiver().deliveries("comgate").len() < count {
            assert!(begun.elapsed() < PATIENCE, "no {count} pushes");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn only(&self) -> kontor_sandbox::TillPayment {
        let mut payments = self.sandbox.providers().comgate.payments();
        assert_eq!(payments.len(), 1);
        payments.remove(0)
    }
}

#[tokio::test]
async fn calls_fail_before_after_or_without_an_answer_and_each_once() {
    let world = World::new().await;
    let all = world.switch(json!({"comgate": {"fail_before": 1}})).await;
    assert_eq!(all["comgate"]["fail_before"], 1);
    assert_eq!(world.create().await.expect("an answer").status(), 500);
    assert!(world.sandbox.providers().comgate.payments().is_empty(), "nothing was done");
    world.switch(json!({"comgate": {"rate_limit": 1, "retry_after_s": 7}})).await;
    let answer = world.create().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()),
        (429, &b"7"[..])
    );
    world.switch(json!({"comgate": {"outage": 1}})).await;
    let page = world.create().await.expect("a page");
    assert_eq!(
        (page.status().as_u16(), page.headers()["content-type"].as_bytes()),
        (200, &b"text/html"[..])
    );
    assert!(world.sandbox.providers().comgate.payments().is_empty(), "nothing was done");
    for (count, switches) in [
        (1, json!({"fail_after": 1})),
        (2, json!({"silent_after": 1})),
        (3, json!({"hang": 1, "hang_ms": 20})),
    ] {
        world.switch(json!({ "comgate": switches })).await;
        let answer = world.create().await;
        assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == 500));
        assert_eq!(world.sandbox.providers().comgate.payments().len(), count, "it was done");
    }
    world.switch(json!({"comgate": {"delay_ms": 30}})).await;
    let begun = Instant::now();
    assert_eq!(world.create().await.expect("an answer").status(), 200);
    assert!(begun.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn pushes_come_twice_before_the_answer_or_late_and_again_until_they_are_taken() {
    let world = World::new().await;
    let hook = world.sandbox.receiver();
    hook.set("comgate", |settings| settings.fail_first = 1);
    world
        .switch(json!({"comgate": {"notify_before_answer": true, "duplicate_notifications": true}}))
        .await;
    let body = world.create().await.expect("an answer").text().await.expect("a body");
    assert!(body.contains("code=0"), "{body}");
    assert!(hook.deliveries("comgate").len() >= 2, "they came before the answer");
    world.pushes(3).await;
    let payment = world.only();
    assert_eq!((&*payment.status, payment.captured_minor), ("PAID", 129_900));
    world.switch(json!({"comgate": {"duplicate_notifications": false, "late_ms": 50}})).await;
    let count = hook.deliveries("comgate").len();
    assert!(!world.sandbox.providers().comgate.notify(&payment.id).await, "not yet");
    world.pushes(count + 1).await;
    world.sandbox.providers().comgate.settled().await;
}

#[tokio::test]
async fn a_question_lags_a_status_is_unheard_of_and_an_earlier_try_speaks_last() {
    let world = World::new().await;
    world.create().await.expect("an answer");
    let payment = world.only();
    world.switch(json!({"comgate": {"lagging_reads": 1, "contradict": true}})).await;
    assert!(world.sandbox.providers().comgate.act(&payment.id, PayerAct::Pay).await);
    let bodies: Vec<String> = world
        .sandbox
        .receiver()
        .deliveries("comgate")
        .iter()
        .map(|delivery| String::from_utf8_lossy(&delivery.body).into_owned())
        .collect();
    assert!(
        bodies[0].contains("status=PAID") && bodies[1].contains("status=PENDING"),
        "{bodies:?}"
    );
    let form = [("merchant", "1"), ("secret", "s"), ("transId", &*payment.id)];
    for expected in ["status=PENDING", "status=PAID"] {
        let answer = world.post("/v1.0/status", &form).await.expect("an answer");
        let text = answer.text().await.expect("a body");
        assert!(text.contains(expected), "{text}");
    }
    world.switch(json!({"comgate": {"unknown_status": true}})).await;
    let answer = world.post("/v1.0/status", &form).await.expect("an answer");
    assert!(answer.text().await.expect("a body").contains("status=UNHEARD_OF"));
}

#[tokio::test]
async fn a_page_is_a_form_whose_buttons_pay_decline_and_lead_back() {
    let world = World::new().await;
    world.create().await.expect("an answer");
    let path = format!("/pay/{}", world.only().id);
    let url = format!("{}{path}", world.sandbox.providers().comgate.base_url());
    let page = world.client.get(&url).send().await.expect("a page").text().await.expect("text");
    for part in ["1299.00 CZK", "value=pay>Pay<", "value=decline>Decline<", "value=abandon>Cancel<"]
    {
        assert!(page.contains(part), "{page}");
    }
    let done = world.post(&path, &[("outcome", "pay")]).await.expect("a page");
    assert_eq!((done.status().as_u16(), &*world.only().status), (200, "PAID"));
    assert_eq!(world.post(&path, &[("outcome", "steal")]).await.expect("a page").status(), 400);
}

#[tokio::test]
async fn the_customers_bank_pays_what_a_qr_code_says_and_its_holder_authorises_orders() {
    let world = World::new().await;
    let bank = &world.sandbox.providers().fio;
    let page = |query: String| {
        let request = world.client.get(format!("{}/bank?{query}", bank.base_url()));
        async move { request.send().await.expect("a page").text().await.expect("text") }
    };
    let qr = format!("SPD*1.0*ACC:{IBAN}+FIOBCZPPXXX*AM:1299.00*CC:CZK*X-VS:2026000014*MSG:ORDER");
    let text = page(format!("qr={}", qr.replace('+', "%2B"))).await;
    for part in [IBAN, "value=\"1299.00\"", "value=\"2026000014\""] {
        assert!(text.contains(part), "{text}");
    }
    let pay = async |outcome: &str, amount: &str| {
        let form = format!("iban={IBAN}&symbol=2026000014&amount={amount}&outcome={outcome}");
        let request = world.client.post(format!("{}/bank/transfer", bank.base_url())).body(form);
        request.send().await.expect("a page").status().as_u16()
    };
    assert_eq!(pay("pay", "1299.00").await, 200);
    assert_eq!(pay("too_little", "1299").await, 200);
    assert_eq!(pay("pay", "12,99").await, 400);
    let amounts: Vec<i64> = bank.payments().iter().map(|moved| moved.amount_minor).collect();
    assert_eq!(amounts, [129_900, 129_800]);
    let file = "name=\"token\"\r\n\r\ntoken\r\n<DomesticTransaction><currency>CZK</currency>\
                <amount>299.00</amount><accountTo>2900000005</accountTo><bankCode>2010</bankCode>\
                <vs>2026000014</vs></DomesticTransaction>";
    let url = format!("{}/import/", bank.base_url());
    let answer = world.client.post(url).body(file).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let order =
        bank.payments().into_iter().find(|order| order.status == "ORDERED").expect("an order");
    assert!(page(String::new()).await.contains("Authorise 299.00 CZK for 2026000014"));
    let url = format!("{}/bank/authorise", bank.base_url());
    let body = format!("order={}", order.id);
    let answer = world.client.post(url).body(body).send().await.expect("a page");
    assert_eq!(
        (answer.status().as_u16(), &*bank.payment(&order.id).expect("it").status),
        (200, "MOVED")
    );
}
