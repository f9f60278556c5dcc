//! Coming in by a code that is sent to a telephone.

use crate::{
    auth::PASSWORD,
    mails::{events, letters},
    people::SECRET,
    shop::Shop,
};
use kontor_actors::{
    follower::Follow,
    policies::follower::Policies,
    store::Store,
    user::{PHONE, User, UserDocument},
};
use kontor_adapters::{
    dispatch::notifications::{NotificationSender, Texts},
    gateways::http::Http,
    identity::{Vault, tickets},
};
use kontor_messages::{
    TenantId,
    tenant::AccountSettings,
    user::{TicketPurpose, UserId, user_of},
};
use kontor_sandbox::{Sandbox, SandboxConfig, SmscAccount};
use serde_json::{Value, json};

const NUMBER: &str = "+420602123456";

/// A user, as the journal knows them.
async fn known(shop: &Shop, phone: &str) -> Option<(UserId, UserDocument)> {
    let platform = TenantId::platform();
    let entity = shop.intake.find::<User>(&platform, PHONE, phone).await.unwrap()?;
    let (state, _) = shop.intake.read::<User>(&platform, &entity).await.unwrap().unwrap();
    Some((user_of(&entity).unwrap(), state.user().unwrap().clone()))
}

/// What the text message holds, for nobody follows the journal here.
async fn code(shop: &Shop) -> String {
    let (user, document) = known(shop, NUMBER).await.unwrap();
    let purpose = TicketPurpose::PhoneCode;
    let ticket = document.tickets.iter().find(|open| open.purpose == purpose).unwrap().ticket;
    tickets::code(&Vault::new(&SECRET).unwrap(), user, ticket, purpose)
}

#[tokio::test]
async fn a_code_lets_somebody_new_in_however_the_number_is_written() {
    let shop = Shop::open().await;
    let nobody = shop.nobody();
    let wanted = json!({ "phone": " 00420 602 123 456", "name": "Jana", "language": "cs" });
    assert_eq!(nobody.post("/v1/auth/codes", wanted).await.status, 202);
    let code = code(&shop).await;
    let show = |code: &str| {
        nobody.post("/v1/auth/codes/verify", json!({ "phone": "+420 602-123-456", "code": code }))
    };
    let other = if code == "000000" { "000001" } else { "000000" };
    show(other).await.problem(401, "wrong_credentials");
    let tokens = show(&code).await.ok();
    let user = &tokens["user"];
    assert_eq!((&user["phone"], &user["phone_verified"]), (&json!(NUMBER), &json!(true)));
    assert_eq!((user.get("email"), &user["email_verified"]), (None, &json!(false)));
    show(&code).await.problem(401, "wrong_credentials");
    let jana = nobody.clone().token(tokens["access_token"].as_str().unwrap());
    assert_eq!(jana.get("/v1/auth/me").await.ok()["name"], "Jana");
}

#[tokio::test]
async fn what_is_no_number_is_refused_with_its_place() {
    let nobody = Shop::open().await.nobody();
    for bad in ["602123456", "+420", "jana", "", "+42060212345678901"] {
        let wanted = json!({ "phone": bad });
        nobody.post("/v1/auth/codes", wanted.clone()).await.at(422, "invalid", "/phone");
        let shown = json!({ "phone": bad, "code": "123456" });
        nobody.post("/v1/auth/codes/verify", shown).await.at(422, "invalid", "/phone");
    }
    let both = json!({ "phone": NUMBER, "email": "jana@example.com" });
    nobody.post("/v1/auth/codes", both).await.at(422, "invalid", "/phone");
    nobody.post("/v1/auth/codes", json!({})).await.at(422, "invalid", "/email");
    let none = json!({ "code": "123456" });
    nobody.post("/v1/auth/codes/verify", none).await.at(422, "invalid", "/email");
}

#[tokio::test]
async fn nobody_learns_whether_a_number_has_an_account() {
    let shop = Shop::open().await;
    let nobody = shop.nobody();
    let ask = |phone: &str| nobody.post("/v1/auth/codes", json!({ "phone": phone }));
    ask(NUMBER).await.ok();
    let (there, new) = (ask(NUMBER).await, ask("+420777000111").await);
    assert_eq!((there.status, &there.bytes), (new.status, &new.bytes));
    let (user, _) = known(&shop, NUMBER).await.unwrap();
    let disable = format!("/v1/users/{user}/disable");
    shop.operator().post(&disable, json!({ "reason": "left" })).await.ok();
    let out = ask(NUMBER).await;
    assert_eq!((out.status, &out.bytes), (new.status, &new.bytes));
    let show = |phone: &str| {
        nobody.post("/v1/auth/codes/verify", json!({ "phone": phone, "code": "wrong" }))
    };
    let answers = [NUMBER, "+420777000111", "+420777000222"];
    let mut told = Vec::new();
    for phone in answers {
        let mut answer = show(phone).await.problem(401, "wrong_credentials");
        answer["instance"].take();
        told.push(answer);
    }
    assert!(told.iter().all(|answer| *answer == told[0]));
}

#[tokio::test]
async fn who_tries_codes_too_often_is_locked_out_and_has_to_wait() {
    let shop = Shop::open().await;
    let nobody = shop.nobody();
    nobody.post("/v1/auth/codes", json!({ "phone": NUMBER })).await.ok();
    let right = code(&shop).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let show =
        |code: &str| nobody.post("/v1/auth/codes/verify", json!({ "phone": NUMBER, "code": code }));
    for _ in 0..5 {
        show(wrong).await.problem(401, "wrong_credentials");
    }
    show(&right).await.problem(401, "wrong_credentials");
    let (_, jana) = known(&shop, NUMBER).await.unwrap();
    assert!(jana.failures == 5 && jana.locked_until.is_some() && jana.tickets.is_empty());
    // Ten a minute and account: who goes on is slowed, right or wrong.
    for _ in 0..20 {
        let answer = show(&right).await;
        if answer.status == 429 {
            answer.problem(429, "too_many_attempts");
            return;
        }
        answer.problem(401, "wrong_credentials");
    }
    panic!("nobody was slowed");
}

#[tokio::test]
async fn the_code_arrives_by_the_platform_s_provider_and_is_in_nothing_that_is_kept() {
    let shop = Shop::open().await;
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let smsc = &sandbox.providers().smsc;
    smsc.register(SmscAccount::new("platform", PASSWORD, "key-1"));
    let settings = json!({ "api_key": "key-1", "endpoint": smsc.base_url() });
    let operators = Http::new(true).unwrap();
    let fallback = Some(("smsc".to_owned(), AccountSettings(settings), operators));
    let texts = Texts { http: Http::new(false).unwrap(), fallback };
    let sender = NotificationSender::new(shop.intake.clone(), None, letters()).with_texts(texts);
    let wanted = json!({ "phone": NUMBER, "language": "cs" });
    shop.nobody().post("/v1/auth/codes", wanted).await.ok();
    let policies = Policies::new(shop.intake.clone());
    policies.handle("", &events(&shop, "user.ticket_opened").await).await.unwrap();
    sender.handle("", &events(&shop, "notification.queued").await).await.unwrap();
    let told = smsc.to(NUMBER);
    let code = code(&shop).await;
    let expected = format!("Kontor: váš kód je {code}. Platí 10 minut. Nikomu ho neříkejte.");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].text, expected);
    let sent = events(&shop, "notification.sent").await;
    let payload: Value = serde_json::from_str(&sent[0].payload).unwrap();
    assert_eq!(payload["provider_id"], told[0].id.to_string());
    let quoted = format!("\"{code}\"");
    for event in shop.store.read(0, 0, 500).await.unwrap() {
        let told = event.payload.contains(&expected) || event.payload.contains(&quoted);
        assert!(!told, "{event:?}");
    }
    let shown = json!({ "phone": NUMBER, "code": code });
    shop.nobody().post("/v1/auth/codes/verify", shown).await.ok();
}

#[tokio::test]
async fn a_tenant_s_account_for_text_messages_is_checked_and_hides_its_secrets() {
    let (_, harbour) = Shop::trading().await;
    let bad = json!({ "settings": { "login": "shop" } });
    harbour.put("/v1/accounts/smsc/main", bad).await.at(422, "invalid", "/settings");
    let good = json!({ "settings": { "login": "shop", "password": "hunter2" } });
    harbour.put("/v1/accounts/smsc/main", good).await.ok();
    let shown = harbour.get("/v1/accounts/smsc/main").await.ok().to_string();
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn a_number_is_sent_few_codes_an_hour_and_one_address_asks_for_few() {
    let nobody = Shop::open().await.nobody();
    let ask = |contact: Value| nobody.post("/v1/auth/codes", contact);
    for _ in 0..5 {
        ask(json!({ "phone": NUMBER })).await.ok();
    }
    let slowed = ask(json!({ "phone": NUMBER })).await;
    assert!(!slowed.head("retry-after").is_empty());
    slowed.problem(429, "too_many_attempts");
    // What was refused counts for the address too.
    for last in 0..4 {
        ask(json!({ "phone": format!("+42077700011{last}") })).await.ok();
    }
    ask(json!({ "phone": "+420777000119" })).await.problem(429, "too_many_attempts");
    ask(json!({ "email": "jana@example.com" })).await.ok();
}
