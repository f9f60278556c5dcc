//! Recorded exchanges with ComGate.

use super::*;
use crate::gateways::{
    payments::testing::{NOW, PAYMENT, cancel, capture, czk, open_in, query, refund},
    tests::{Recorded, Server, http},
};
use kontor_actors::ports::FaultCause;
use kontor_messages::{EntityId, payment::CallFault};
use serde_json::json;

const CREATED: &str = "code=0&message=OK&transId=AB12-CD34-EF56&redirect=https%3A%2F%2Fpay1.comgate.cz%2Finit%3Fid%3DAB12-CD34-EF56";
const PUSH: &str = "transId=AB12-CD34-EF56&merchant=123456&test=true&price=129900&curr=CZK&label=Objedn%C3%A1vka+1&refId=2026000001&status=PAID&secret=kontor-comgate-secret&fee=unknown&vs=739689656";

fn reply(status: u16, body: impl Into<String>) -> Recorded {
    (status, &[], body.into())
}

fn comgate(server: &str, interface: &str) -> Arc<dyn PaymentGateway> {
    let settings = json!({
        "merchant": "123456", "secret": "kontor-comgate-secret", "endpoint": server,
        "interface": interface, "test": true, "country": "CZ"
    });
    build(&settings, &http()).unwrap()
}

fn names() -> Vec<String> {
    vec!["AB12-CD34-EF56".into()]
}

fn standing(status: &str, more: &str) -> String {
    format!(
        "code=0&message=OK&merchant=123456&test=true&price=129900&curr=CZK&refId=1\
         &secret=kontor-comgate-secret&transId=AB12-CD34-EF56&status={status}{more}"
    )
}

#[tokio::test]
async fn cg_4_a_payment_is_made_with_all_that_comgate_needs() {
    let server = Server::new([reply(200, CREATED)]).await;
    let opened = comgate(&server.url, "v1").open(&open_in("CZK")).await.unwrap();
    assert_eq!(opened.provider_ref, "AB12-CD34-EF56");
    let url = "https://pay1.comgate.cz/init?id=AB12-CD34-EF56";
    assert_eq!(opened.redirect_url.as_deref(), Some(url));
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /v1.0/create");
    for (name, value) in [
        ("merchant", "123456"),
        ("secret", "kontor-comgate-secret"),
        ("test", "true"),
        ("price", "129900"),
        ("curr", "CZK"),
        ("label", "Order 2026-00000"),
        ("refId", PAYMENT),
        ("method", "ALL"),
        ("email", "ann@example.com"),
        ("expirationTime", "120m"),
        ("country", "CZ"),
        ("url_paid", "https://shop.example/thanks"),
        ("url_cancelled", "https://shop.example/basket"),
    ] {
        assert_eq!(asked.get(name), Some(value), "{name}");
    }
    assert_eq!(asked.get("preauth"), None);
}

#[tokio::test]
async fn cg_1_the_second_interface_speaks_json_under_basic_authentication() {
    let made = r#"{"code":0,"message":"OK","transId":"AB12-CD34-EF56","redirect":"https://p/"}"#;
    let paid = r#"{"code":0,"message":"OK","merchant":123456,"test":true,"price":129900,"curr":"CZK","transId":"AB12-CD34-EF56","status":"PAID"}"#;
    let done = r#"{"code":0,"message":"OK"}"#;
    let server =
        Server::new([made, paid, done, done, done, done].map(|body| reply(200, body))).await;
    let gateway = comgate(&server.url, "v2");
    gateway.open(&open_in("CZK")).await.unwrap();
    let told = gateway.query(&query(&names())).await.unwrap();
    assert_eq!((told.status, told.captured), (Some(ObservedStatus::Paid), Some(czk(129_900))));
    gateway.capture(&capture(&names(), czk(100))).await.unwrap();
    gateway.cancel(&cancel(&names(), true)).await.unwrap();
    gateway.cancel(&cancel(&names(), false)).await.unwrap();
    gateway.refund(&refund(&names(), "r-1", czk(400))).await.unwrap();
    let asked = server.asked();
    let lines: Vec<_> = asked.iter().map(|asked| asked.line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "POST /v2.0/payment.json",
            "GET /v2.0/payment/transId/AB12-CD34-EF56.json",
            "PUT /v2.0/preauth/transId/AB12-CD34-EF56.json",
            "DELETE /v2.0/preauth/transId/AB12-CD34-EF56.json",
            "DELETE /v2.0/payment/transId/AB12-CD34-EF56.json",
            "POST /v2.0/refund.json",
        ]
    );
    let basic = "Basic MTIzNDU2OmtvbnRvci1jb21nYXRlLXNlY3JldA==";
    assert!(asked.iter().all(|asked| asked.header("authorization") == Some(basic)));
}

#[tokio::test]
async fn every_status_is_understood_and_an_unknown_one_means_pending() {
    use ObservedStatus as S;
    for (status, more, expected) in [
        ("PENDING", "", S::Pending),
        ("AUTHORIZED", "", S::Authorized),
        ("PAID", "", S::Paid),
        ("CANCELLED", "", S::Cancelled),
        ("CANCELLED", "&paymentErrorReason=CARD_REFUSED", S::Failed),
        ("SOMETHING", "", S::Pending),
    ] {
        let server = Server::new([reply(200, standing(status, more))]).await;
        let told = comgate(&server.url, "v1").query(&query(&names())).await.unwrap();
        assert_eq!((told.status, told.amount), (Some(expected), Some(czk(129_900))), "{status}");
    }
}

#[tokio::test]
async fn what_was_taken_of_a_hold_is_not_what_the_status_goes_on_telling() {
    let server =
        Server::new([reply(200, "code=0&message=OK"), reply(200, standing("PAID", ""))]).await;
    let gateway = comgate(&server.url, "v1");
    let taken = gateway.capture(&capture(&names(), czk(60_000))).await.unwrap();
    assert_eq!(taken.captured, Some(czk(60_000)));
    let told = gateway.query(&query(&taken.references)).await.unwrap();
    assert_eq!(told.captured, Some(czk(60_000)));
}

#[tokio::test]
async fn a_payment_of_another_mode_or_shop_is_not_believed() {
    for answer in [
        standing("PAID", "").replace("test=true", "test=false"),
        standing("PAID", "").replace("123456", "123457"),
        standing("PAID", "").replace("EF56", "EF57"),
    ] {
        let server = Server::new([reply(200, answer)]).await;
        let fault = comgate(&server.url, "v1").query(&query(&names())).await.unwrap_err();
        assert_eq!(fault.code, "foreign");
    }
}

#[tokio::test]
async fn cg_5_errors_say_what_is_to_be_done_and_never_the_secret() {
    let again = CallFault::Retry { at: None, fresh_key: false };
    let ask = CallFault::AskFirst { fresh_key: false };
    let stop = CallFault::GiveUp;
    for (status, body, opening, refunding) in [
        (200, "code=1400&message=Payment+not+found", stop, stop),
        (200, "code=1402&message=Above", stop, stop),
        (200, "code=1500&message=Unexpected", again, ask),
        (200, "code=1200&message=Database", again, ask),
        (200, "<html>maintenance</html>", again, ask),
        (503, "<html>maintenance</html>", again, ask),
        (403, "<html>forbidden</html>", stop, stop),
        (0, "", again, ask),
    ] {
        let server = Server::new([reply(status, body), reply(status, body)]).await;
        let gateway = comgate(&server.url, "v1");
        let fault = gateway.open(&open_in("CZK")).await.unwrap_err();
        assert_eq!(fault.fault, opening, "opening: {body}");
        let fault = gateway.refund(&refund(&names(), "r", czk(1))).await.unwrap_err();
        assert_eq!(fault.fault, refunding, "refunding: {body}");
    }
    let echo = "code=1306&message=wrong+in+secret%3Dkontor-comgate-secret";
    let server = Server::new([reply(200, echo)]).await;
    let fault = comgate(&server.url, "v1").open(&open_in("CZK")).await.unwrap_err();
    assert_eq!((fault.code.as_str(), fault.cause), ("comgate_1306", FaultCause::Refused));
    assert!(!fault.message.contains("kontor-comgate-secret"), "{}", fault.message);
}

#[tokio::test]
async fn what_comgate_cannot_take_is_not_sent() {
    let gateway = comgate("http://127.0.0.1:1", "v1");
    let mut open = open_in("KZT");
    assert_eq!(gateway.open(&open).await.unwrap_err().code, "amount_not_possible");
    open = OpenPayment { customer_email: None, ..open_in("CZK") };
    assert_eq!(gateway.open(&open).await.unwrap_err().code, "email_missing");
}

async fn pushed(body: &str) -> Result<Interpreted, NotificationError> {
    comgate("http://127.0.0.1:1", "v1").interpret(&Headers::default(), body.as_bytes(), NOW).await
}

#[tokio::test]
async fn cg_2_a_push_with_the_right_secret_only_leads_to_a_query() {
    assert_eq!(PUSH.len(), 177);
    let read = pushed(PUSH).await.unwrap();
    assert_eq!(read.event_id, "AB12-CD34-EF56/PAID");
    assert_eq!(read.references, ["AB12-CD34-EF56"]);
    assert_eq!(read.payment, Some(EntityId::named("2026000001")));
    assert!(read.observation.is_none() && !read.signature_ok);
    let json = r#"{"transId":"AB12-CD34-EF56","merchant":123456,"test":true,"status":"PAID","secret":"kontor-comgate-secret"}"#;
    assert_eq!(pushed(json).await.unwrap().event_id, "AB12-CD34-EF56/PAID");
}

#[tokio::test]
async fn cg_3_a_push_with_another_secret_shop_or_mode_is_refused() {
    for wrong in [
        PUSH.replace("comgate-secret", "comgate-secreu"),
        PUSH.replace("&secret=kontor-comgate-secret", ""),
        PUSH.replace("merchant=123456", "merchant=123457"),
        PUSH.replace("test=true", "test=false"),
        String::new(),
        "{\"secret\":".into(),
    ] {
        assert_eq!(pushed(&wrong).await, Err(NotificationError::Unsigned), "{wrong}");
    }
    let nameless = PUSH.replace("AB12-CD34-EF56", "../../x");
    assert!(matches!(pushed(&nameless).await, Err(NotificationError::Malformed(_))));
}
