//! What clients of the system before read, and what they are told.

use crate::{
    auth::{JANA, PASSWORD, bearer, code_of, known, log_in, with_jana},
    shop::{Asker, Shop},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_actors::{admission::Lane, intake::Caller, request::Terms, user::User};
use kontor_messages::{
    Meta, TenantId,
    user::{UserCommand, UserId},
};
use serde_json::{Value, json};

fn claims(token: &Value) -> Value {
    let claims = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

async fn in_by(nobody: &Asker, more: Value) -> crate::shop::Answer {
    let mut body = json!({ "email": JANA, "password": PASSWORD });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    nobody.post("/auth/login", body).await
}

/// What a policy does, for nobody follows the journal here.
async fn member(shop: &Shop, user: UserId, tenant: &str, role: &str) {
    let tenant = TenantId::parse(tenant).unwrap();
    let record = UserCommand::RecordMembership { user, tenant, role: role.to_owned() };
    let (tenant, meta) = (TenantId::platform(), Meta::by("policy"));
    let caller = Caller { tenant, meta, lane: Lane::Realtime };
    shop.intake.tell::<User>(&caller, record, Terms::default()).await.unwrap();
}

#[tokio::test]
async fn who_registers_is_shown_with_all_that_they_told_and_that_clients_read() {
    let shop = Shop::open().await;
    let body = json!({
        "email": JANA, "password": PASSWORD, "firstName": "Jana", "lastName": "Nováková",
        "phone": "+420 602 123 456",
    });
    let made = shop.nobody().post("/auth/register", body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let mut user = made["user"].clone();
    for own in ["id", "createdAt", "lastActivity"] {
        assert!(user[own].take().is_string(), "{own}");
    }
    assert_eq!(
        user,
        json!({
            "id": null, "createdAt": null, "lastActivity": null,
            "email": JANA, "phone": "+420602123456", "name": "Jana Nováková",
            "firstName": "Jana", "lastName": "Nováková",
            "contactInfo": [
                { "type": "email", "value": JANA, "isPrimary": true },
                { "type": "phone", "value": "+420602123456", "isPrimary": false },
            ],
            "userType": "end_user", "roles": [], "isActive": true, "isVerified": false,
        })
    );
    // Nobody has proved the address yet, so the token does not tell it.
    let claims = claims(&made["accessToken"]);
    assert_eq!((claims.get("email"), &claims["sub"]), (None, &made["user"]["id"]));
    assert_eq!(claims["roles"], json!([]));
    // Nor the number: it lets nobody in.
    let (_, jana) = known(&shop, JANA).await;
    assert!(!jana.phone_verified);
}

#[tokio::test]
async fn a_number_that_is_none_is_refused_and_an_empty_one_is_none() {
    let nobody = Shop::open().await.nobody();
    let with = |phone: &str| {
        let body = json!({ "email": JANA, "password": PASSWORD, "phone": phone });
        let nobody = nobody.clone();
        async move { nobody.post("/auth/register", body).await }
    };
    with("602 123").await.at(422, "invalid", "/phone");
    assert_eq!(with(" ").await.ok()["user"]["phone"], Value::Null);
}

#[tokio::test]
async fn roles_are_the_platform_s_and_the_tenants_in_the_user_and_in_the_token() {
    let (shop, _) = with_jana().await;
    let nobody = shop.nobody();
    let (user, _) = known(&shop, JANA).await;
    member(&shop, user, "harbour-books", "owner").await;
    member(&shop, user, "north-tea", "support").await;
    let expected =
        json!(["app:harbour-books:owner", "app:harbour-books:admin", "app:north-tea:support"]);
    let tokens = in_by(&nobody, json!({})).await.ok();
    assert_eq!(
        (&tokens["user"]["roles"], &tokens["user"]["userType"]),
        (&expected, &json!("staff"))
    );
    let told = claims(&tokens["accessToken"]);
    assert_eq!((&told["roles"], &told["email"]), (&expected, &json!(JANA)));
    let role = json!({ "platform_role": "operator" });
    shop.operator().put(&format!("/v1/users/{user}/role"), role).await.ok();
    let next = json!({ "refreshToken": tokens["refreshToken"] });
    let next = nobody.post("/auth/refresh", next).await.ok();
    assert_eq!(
        (&next["user"]["roles"][0], &next["user"]["userType"]),
        (&json!("global:superadmin"), &json!("admin"))
    );
    assert_eq!(claims(&next["accessToken"])["roles"][0], "global:superadmin");
    let valid = nobody.post("/auth/validate", json!({ "token": next["accessToken"] })).await.ok();
    assert_eq!(valid["user"]["roles"], next["user"]["roles"]);
}

#[tokio::test]
async fn a_token_with_very_many_roles_still_counts() {
    let (shop, _) = with_jana().await;
    let (user, _) = known(&shop, JANA).await;
    for n in 0..100 {
        member(&shop, user, &format!("a-tenant-with-a-long-name-{n}"), "owner").await;
    }
    let tokens = in_by(&shop.nobody(), json!({})).await.ok();
    assert_eq!(tokens["user"]["roles"].as_array().unwrap().len(), 200);
    let in_token = claims(&tokens["accessToken"])["roles"].as_array().unwrap().len();
    assert!((1..200).contains(&in_token), "{in_token}");
    let valid = json!({ "token": tokens["accessToken"] });
    assert_eq!(shop.nobody().post("/auth/validate", valid).await.ok()["valid"], true);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_taken_by_either_name() {
    let (shop, tokens) = with_jana().await;
    let jana = bearer(&shop, &tokens);
    jana.act("/v1/auth/totp").await.ok();
    let code = code_of(&shop).await;
    let confirmed = jana.post("/v1/auth/totp/confirm", json!({ "code": code })).await.ok();
    let nobody = shop.nobody();
    in_by(&nobody, json!({})).await.problem(401, "second_factor_required");
    // The code that confirmed it has been used.
    in_by(&nobody, json!({ "totp": code })).await.problem(401, "wrong_credentials");
    in_by(&nobody, json!({ "code": code })).await.problem(401, "wrong_credentials");
    let recovery = json!({ "recoveryCode": confirmed["recovery_codes"][0] });
    in_by(&nobody, recovery).await.ok();
    // The next step's code counts already: clocks differ.
    let (user, document) = known(&shop, JANA).await;
    let next = crate::auth::code_at(user, &document, 1);
    in_by(&nobody, json!({ "code": next })).await.ok();
}

#[tokio::test]
async fn an_address_with_an_account_is_told_and_neither_taken_over_nor_let_in() {
    let (shop, _) = with_jana().await;
    let nobody = shop.nobody();
    let other = json!({ "email": JANA, "password": "another long one" });
    nobody.post("/auth/register", other.clone()).await.problem(409, "user_exists");
    // Its owner is written to.
    assert!(known(&shop, JANA).await.1.told_at.is_some());
    log_in(&shop, PASSWORD).await.ok();
    let petr = "petr@example.com";
    let first = json!({ "email": petr, "password": PASSWORD });
    let tokens = nobody.post("/auth/register", first).await.ok();
    let second = json!({ "email": petr, "password": "another long one" });
    nobody.post("/auth/register", second).await.problem(409, "user_exists");
    let valid = json!({ "token": tokens["accessToken"] });
    nobody.post("/auth/validate", valid).await.ok();
}

#[tokio::test]
async fn a_supplier_that_is_sent_back_as_it_was_shown_is_fetched_as_before() {
    let (_, harbour) = Shop::trading().await;
    let new = json!({
        "name": "Acme", "code": "acme", "apiType": "csv",
        "apiUrl": "http://127.0.0.1:9/feed.csv?key=s3cret",
        "apiCredentials": { "username": "kontor", "password": "s3cret" },
    });
    let made = harbour.post("/api/suppliers", new).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let shown = made.json()["data"].clone();
    assert_eq!(shown["apiUrl"], "http://127.0.0.1:9/feed.csv?***");
    let before = harbour.get("/v1/sources/acme").await.ok();
    assert_eq!(before["settings"]["reach"]["access"]["with"], "basic");
    let back = json!({
        "name": "Acme and sons", "apiType": shown["apiType"], "apiUrl": shown["apiUrl"],
    });
    let changed = harbour.put("/api/suppliers/acme", back).await.ok();
    assert_eq!(changed["data"]["name"], "Acme and sons");
    let after = harbour.get("/v1/sources/acme").await.ok();
    assert_eq!(after["settings"], before["settings"]);
}
