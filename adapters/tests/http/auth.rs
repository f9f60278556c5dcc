//! Who may come in, what lets them in, and what nobody learns.

use crate::{
    people::SECRET,
    shop::{Answer, Asker, Shop},
};
use kontor_actors::{
    admission::Lane,
    intake::Caller,
    request::Terms,
    user::{EMAIL, User, UserDocument},
};
use kontor_adapters::identity::{Identity, IdentitySettings, TokenFault, Vault, tickets, totp};
use kontor_messages::{
    Meta, TenantId,
    user::{TicketPurpose, UserCommand, UserId, user_of},
};
use serde_json::{Value, json};

pub const JANA: &str = "jana@example.com";
pub const PASSWORD: &str = "correct horse battery";

/// A user, as the journal knows them.
pub async fn known(shop: &Shop, email: &str) -> (UserId, UserDocument) {
    let platform = TenantId::platform();
    let entity = shop.intake.find::<User>(&platform, EMAIL, email).await.unwrap().unwrap();
    let (state, _) = shop.intake.read::<User>(&platform, &entity).await.unwrap().unwrap();
    (user_of(&entity).unwrap(), state.user().unwrap().clone())
}

/// What a letter would hold, for nobody follows the journal here.
pub async fn letter(shop: &Shop, purpose: TicketPurpose) -> String {
    let (user, document) = known(shop, JANA).await;
    let ticket = document.tickets.iter().find(|open| open.purpose == purpose).unwrap().ticket;
    let vault = Vault::new(&SECRET).unwrap();
    match purpose {
        TicketPurpose::LoginCode => tickets::code(&vault, user, ticket, purpose),
        _ => tickets::token(&vault, user, ticket, purpose),
    }
}

pub async fn register(shop: &Shop, email: &str) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD, "name": "Jana", "language": "cs" });
    shop.nobody().post("/v1/auth/register", body).await
}

pub async fn log_in(shop: &Shop, password: &str) -> Answer {
    let body = json!({ "email": JANA, "password": password });
    shop.nobody().header("user-agent", "Firefox").post("/v1/auth/login", body).await
}

/// Jana has registered, proved her address, and come in.
pub async fn with_jana() -> (Shop, Value) {
    let shop = Shop::open().await;
    assert_eq!(register(&shop, JANA).await.status, 202);
    let token = letter(&shop, TicketPurpose::VerifyEmail).await;
    let body = json!({ "token": token });
    shop.nobody().post("/v1/auth/verify-email", body).await.ok();
    let tokens = log_in(&shop, PASSWORD).await.ok();
    (shop, tokens)
}

pub fn bearer(shop: &Shop, tokens: &Value) -> Asker {
    shop.nobody().token(tokens["access_token"].as_str().unwrap())
}

async fn refresh(shop: &Shop, tokens: &Value) -> Answer {
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    shop.nobody().post("/v1/auth/refresh", body).await
}

#[tokio::test]
async fn somebody_registers_proves_the_address_and_comes_in() {
    let (shop, tokens) = with_jana().await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
    let me = bearer(&shop, &tokens).get("/v1/auth/me").await.ok();
    assert_eq!((&me["email"], &me["email_verified"]), (&json!(JANA), &json!(true)));
    assert_eq!(me["id"], tokens["user"]["id"]);
    let text = me.to_string();
    assert!(!text.contains("argon2") && !text.contains("hash"), "{text}");
    let jana = bearer(&shop, &tokens);
    let changed = jana.patch("/v1/auth/me", json!({ "name": "Jana N." })).await.ok();
    assert_eq!((&changed["name"], &changed["language"]), (&json!("Jana N."), &json!("cs")));
    let valid = json!({ "token": tokens["access_token"] });
    assert_eq!(shop.nobody().post("/v1/auth/validate", valid).await.ok()["valid"], true);
}

#[tokio::test]
async fn nobody_learns_whether_there_is_an_account() {
    let (shop, _) = with_jana().await;
    let nobody = shop.nobody();
    for (path, body) in [
        ("/v1/auth/register", json!({ "email": "", "password": PASSWORD })),
        ("/v1/auth/password/forgot", json!({ "email": "" })),
        ("/v1/auth/codes", json!({ "email": "" })),
    ] {
        let asked = |email: &str| {
            let mut body = body.clone();
            body["email"] = email.into();
            nobody.post(path, body)
        };
        let (there, not_there) = (asked(JANA).await, asked("nobody@example.com").await);
        assert_eq!((there.status, &there.bytes), (not_there.status, &not_there.bytes), "{path}");
        assert_eq!(there.status, 202, "{path}");
    }
    let nobody =
        |email: &str| nobody.post("/v1/auth/login", json!({ "email": email, "password": "wrong" }));
    let (mut there, mut not_there) =
        (nobody(JANA).await.json(), nobody("x@example.com").await.json());
    there["instance"].take();
    not_there["instance"].take();
    assert_eq!(there, not_there);
    assert_eq!(there["code"], "wrong_credentials");
}

#[tokio::test]
async fn a_refresh_token_counts_once_and_its_second_use_ends_the_session() {
    let (shop, first) = with_jana().await;
    let second = refresh(&shop, &first).await.ok();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    refresh(&shop, &first).await.problem(401, "invalid_refresh_token");
    refresh(&shop, &second).await.problem(401, "invalid_refresh_token");
    bearer(&shop, &second).get("/v1/auth/me").await.problem(401, "token_expired");
}

#[tokio::test]
async fn a_refresh_token_is_no_access_token_and_the_other_way_round() {
    let (shop, tokens) = with_jana().await;
    let swapped = shop.nobody().token(tokens["refresh_token"].as_str().unwrap());
    swapped.get("/v1/auth/me").await.problem(401, "unauthorized");
    let body = json!({ "refresh_token": tokens["access_token"] });
    let answer = shop.nobody().post("/v1/auth/refresh", body).await;
    answer.problem(401, "invalid_refresh_token");
    // Nor is either an API key.
    for token in ["access_token", "refresh_token"] {
        let asker = shop.nobody().token(tokens[token].as_str().unwrap());
        asker.get("/v1/orders").await.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn a_reset_lets_the_new_password_in_and_ends_all_that_was_before() {
    let (shop, tokens) = with_jana().await;
    let nobody = shop.nobody();
    nobody.post("/v1/auth/codes", json!({ "email": JANA })).await.ok();
    let code = letter(&shop, TicketPurpose::LoginCode).await;
    nobody.post("/v1/auth/password/forgot", json!({ "email": JANA })).await.ok();
    let token = letter(&shop, TicketPurpose::ResetPassword).await;
    let reset = |password: &str| {
        nobody.post("/v1/auth/password/reset", json!({ "token": token, "password": password }))
    };
    reset("short").await.at(422, "invalid", "/password");
    reset(JANA).await.at(422, "invalid", "/password");
    reset("another long one").await.ok();
    reset("another long one").await.at(422, "invalid_token", "/token");
    refresh(&shop, &tokens).await.problem(401, "invalid_refresh_token");
    bearer(&shop, &tokens).get("/v1/auth/me").await.problem(401, "token_expired");
    let by_code = json!({ "email": JANA, "code": code });
    nobody.post("/v1/auth/codes/verify", by_code).await.problem(401, "wrong_credentials");
    log_in(&shop, PASSWORD).await.problem(401, "wrong_credentials");
    log_in(&shop, "another long one").await.ok();
}

#[tokio::test]
async fn a_changed_password_leaves_the_session_that_changed_it_only() {
    let (shop, tokens) = with_jana().await;
    let other = log_in(&shop, PASSWORD).await.ok();
    let change = |current: &str| {
        let body = json!({ "current_password": current, "password": "another long one" });
        let jana = bearer(&shop, &tokens);
        async move { jana.post("/v1/auth/password/change", body).await }
    };
    change("wrong").await.problem(401, "wrong_credentials");
    change(PASSWORD).await.ok();
    bearer(&shop, &other).get("/v1/auth/me").await.problem(401, "token_expired");
    bearer(&shop, &tokens).get("/v1/auth/me").await.ok();
}

#[tokio::test]
async fn a_code_lets_somebody_new_in_and_a_wrong_one_nobody() {
    let shop = Shop::open().await;
    let nobody = shop.nobody();
    nobody.post("/v1/auth/codes", json!({ "email": " Jana@Example.com " })).await.ok();
    let code = letter(&shop, TicketPurpose::LoginCode).await;
    let show =
        |code: &str| nobody.post("/v1/auth/codes/verify", json!({ "email": JANA, "code": code }));
    let other = if code == "000000" { "000001" } else { "000000" };
    show(other).await.problem(401, "wrong_credentials");
    let tokens = show(&code).await.ok();
    assert_eq!(tokens["user"]["email_verified"], true);
    show(&code).await.problem(401, "wrong_credentials");
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let (shop, tokens) = with_jana().await;
    let other = log_in(&shop, PASSWORD).await.ok();
    let jana = bearer(&shop, &tokens);
    let listed = jana.get("/v1/auth/sessions").await.ok();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["current"], &items[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!(items[1]["device"], "Firefox");
    let path = format!("/v1/auth/sessions/{}", items[1]["id"].as_str().unwrap());
    assert_eq!(jana.delete(&path).await.status, 204);
    bearer(&shop, &other).get("/v1/auth/me").await.problem(401, "token_expired");
    jana.delete("/v1/auth/sessions/none").await.problem(404, "not_found");
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    assert_eq!(shop.nobody().post("/v1/auth/logout", body).await.status, 204);
    jana.get("/v1/auth/me").await.problem(401, "token_expired");
    let again = bearer(&shop, &log_in(&shop, PASSWORD).await.ok());
    assert_eq!(again.act("/v1/auth/logout-everywhere").await.status, 204);
    again.get("/v1/auth/me").await.problem(401, "token_expired");
}

#[tokio::test]
async fn with_an_authenticator_a_code_of_it_is_asked_for() {
    let (shop, tokens) = with_jana().await;
    let jana = bearer(&shop, &tokens);
    let secret = jana.act("/v1/auth/totp").await.ok();
    assert!(secret["uri"].as_str().unwrap().starts_with("otpauth://totp/Kontor:"));
    let wrong = jana.post("/v1/auth/totp/confirm", json!({ "code": "x" })).await;
    wrong.problem(401, "wrong_credentials");
    let code = code_of(&shop).await;
    let confirmed = jana.post("/v1/auth/totp/confirm", json!({ "code": code })).await.ok();
    let recovery = confirmed["recovery_codes"][0].as_str().unwrap().to_owned();
    log_in(&shop, PASSWORD).await.problem(401, "second_factor_required");
    log_in(&shop, "wrong").await.problem(401, "wrong_credentials");
    let with = |name: &str, code: &str| {
        let body = json!({ "email": JANA, "password": PASSWORD, name: code });
        let nobody = shop.nobody();
        async move { nobody.post("/v1/auth/login", body).await }
    };
    // The code that confirmed it has been used.
    with("totp", &code).await.problem(401, "wrong_credentials");
    let tokens = with("recovery_code", &recovery.to_uppercase()).await.ok();
    assert_eq!(tokens["user"]["recovery_codes_left"], 9);
    with("recovery_code", &recovery).await.problem(401, "wrong_credentials");
    let other = confirmed["recovery_codes"][1].clone();
    let renewed = jana.post("/v1/auth/recovery-codes", json!({ "recovery_code": other })).await;
    let renewed = renewed.ok();
    let last = json!({ "recovery_code": renewed["recovery_codes"][0] });
    assert_eq!(jana.post("/v1/auth/totp/disable", last).await.status, 204);
    log_in(&shop, PASSWORD).await.ok();
}

/// The code that Jana's authenticator shows now.
pub async fn code_of(shop: &Shop) -> String {
    let (user, document) = known(shop, JANA).await;
    code_at(user, &document, 0)
}

/// The code that a user's authenticator shows so many steps from now.
pub fn code_at(user: UserId, document: &UserDocument, steps: i64) -> String {
    let vault = Vault::new(&SECRET).unwrap();
    let sealed = &document.totp.as_ref().unwrap().sealed;
    let secret = vault.open(&format!("totp/{user}"), sealed).unwrap();
    let now = kontor_messages::Timestamp::now();
    totp::code(&secret, now.seconds() / totp::STEP_S + steps)
}

#[tokio::test]
async fn who_tries_too_often_has_to_wait() {
    let (shop, _) = with_jana().await;
    // One was used for coming in, one for registering.
    for _ in 0..8 {
        log_in(&shop, "wrong").await.problem(401, "wrong_credentials");
    }
    let slowed = log_in(&shop, PASSWORD).await;
    assert!(slowed.head("retry-after").parse::<u32>().unwrap() > 0);
    slowed.problem(429, "too_many_attempts");
    let (_, jana) = known(&shop, JANA).await;
    // Locked after the fifth: later ones were not counted any more.
    assert!(jana.failures == 5 && jana.locked_until.is_some());
}

#[tokio::test]
async fn what_is_no_registration_is_refused_with_its_place() {
    let shop = Shop::open().await;
    for (body, pointer) in [
        (json!({ "email": JANA, "password": "short" }), "/password"),
        (json!({ "email": JANA, "password": JANA }), "/password"),
        (json!({ "email": "jana", "password": PASSWORD }), "/email"),
        (json!({ "email": JANA, "password": PASSWORD, "name": "a\nb" }), "/name"),
        (json!({ "email": JANA, "password": PASSWORD, "language": "Czech" }), "/language"),
    ] {
        shop.nobody().post("/v1/auth/register", body).await.at(422, "invalid", pointer);
    }
}

#[tokio::test]
async fn the_routes_of_before_have_their_shapes_and_prove_as_much() {
    let shop = Shop::open().await;
    let nobody = shop.nobody();
    let body = json!({
        "email": JANA, "password": PASSWORD, "firstName": "Jana", "lastName": "Nováková", "more": 1,
    });
    let made = nobody.post("/auth/register", body.clone()).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!(made["user"]["lastName"], "Nováková");
    let members: Vec<_> = made.as_object().unwrap().keys().collect();
    assert_eq!(members, ["user", "accessToken", "refreshToken"]);
    let right = json!({ "email": JANA, "password": PASSWORD });
    let tokens = nobody.post("/auth/login", right).await.ok();
    let wrong = json!({ "email": JANA, "password": "wrong" });
    assert_eq!(nobody.post("/auth/login", wrong).await.status, 401);
    let valid = nobody.post("/auth/validate", json!({ "token": tokens["accessToken"] })).await;
    let valid = valid.ok();
    assert_eq!((&valid["valid"], &valid["user"]["email"]), (&json!(true), &json!(JANA)));
    assert_eq!(nobody.post("/auth/validate", json!({ "token": "x" })).await.status, 401);
    let next = json!({ "refreshToken": tokens["refreshToken"] });
    assert!(nobody.post("/auth/refresh", next.clone()).await.ok()["accessToken"].is_string());
    assert_eq!(nobody.post("/auth/refresh", next).await.status, 401);
}

#[tokio::test]
async fn keys_are_published_and_rotate_only_once_they_were_known_for_a_while() {
    let (shop, tokens) = with_jana().await;
    let answer = shop.nobody().get("/.well-known/jwks.json").await;
    assert_eq!(answer.head("cache-control"), "public, max-age=300");
    let keys = answer.ok();
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!((&keys[0]["kty"], &keys[0]["crv"]), (&json!("OKP"), &json!("Ed25519")));
    assert!(keys.iter().all(|key| key.get("d").is_none()));
    let asked = shop.operator().act("/v1/identity/rotate-keys").await.ok();
    assert_eq!((&asked["active"], &asked["rotation_asked"]), (&keys[0]["kid"], &json!(true)));
    bearer(&shop, &tokens).act("/v1/identity/rotate-keys").await.problem(401, "unauthorized");
    let once = json!({ "at_once": true });
    let done = shop.operator().post("/v1/identity/rotate-keys", once).await.ok();
    assert_eq!((&done["active"], &done["rotation_asked"]), (&keys[1]["kid"], &json!(false)));
    bearer(&shop, &tokens).get("/v1/auth/me").await.ok();
}

#[tokio::test]
async fn a_node_with_another_secret_believes_tokens_and_makes_none() {
    let (shop, tokens) = with_jana().await;
    let vault = Vault::new(&[8; 32]).unwrap();
    let settings = IdentitySettings::default();
    let stranger = Identity::new(shop.intake.clone(), vault, &settings).unwrap();
    let now = kontor_messages::Timestamp::now();
    let token = tokens["access_token"].as_str().unwrap();
    let bearer = stranger.verify(token, now).await.unwrap();
    assert_eq!(bearer.email.as_deref(), Some(JANA));
    assert_eq!(stranger.sign(&bearer).await, Err(TokenFault::Unavailable));
    assert_eq!(stranger.at_home().await, Ok(false));
    let keys = stranger.published_keys().await.unwrap();
    assert_eq!(keys, shop.nobody().get("/.well-known/jwks.json").await.ok());
}

#[tokio::test]
async fn the_operator_makes_and_imports_users_and_keeps_them_out() {
    let shop = Shop::open().await;
    let wanted = json!({ "email": JANA, "name": "Jana", "platform_role": "operator" });
    let made = shop.operator().post("/v1/users", wanted.clone()).await.ok();
    shop.operator().post("/v1/users", wanted.clone()).await.problem(409, "user_exists");
    let again = json!({ "email": "petr@example.com" });
    let would = shop.operator().post("/v1/users?dry_run=true", again.clone()).await.ok();
    assert_eq!(would.get("token"), None);
    let keyed = shop.operator().header("idempotency-key", "petr-1");
    let first = keyed.post("/v1/users", again.clone()).await.ok();
    let second = keyed.post("/v1/users", again).await.ok();
    assert_eq!((first["id"].as_str(), second.get("token")), (second["id"].as_str(), None));
    let set = json!({ "token": made["token"], "password": PASSWORD });
    shop.nobody().post("/v1/auth/password/reset", set).await.ok();
    let tokens = log_in(&shop, PASSWORD).await.ok();
    assert_eq!(tokens["user"]["platform_role"], "operator");
    let path = format!("/v1/users/{}", made["id"].as_str().unwrap());
    let disable = format!("{path}/disable");
    shop.operator().post(&disable, json!({ "reason": "left" })).await.ok();
    bearer(&shop, &tokens).get("/v1/auth/me").await.problem(401, "token_expired");
    log_in(&shop, PASSWORD).await.problem(401, "wrong_credentials");
    shop.operator().act(&format!("{path}/enable")).await.ok();
    let role = json!({ "platform_role": "none" });
    let shown = shop.operator().put(&format!("{path}/role"), role).await.ok();
    assert_eq!(shown["platform_role"], "none");
    shop.nobody().get("/v1/users").await.problem(401, "unauthorized");
    assert_eq!(shop.operator().get("/v1/users").await.ok()["items"].as_array().unwrap().len(), 2);
    let query = shop.nobody().post("/v1/auth/login?dry_run=true", json!({})).await;
    query.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn an_import_does_what_it_can_says_what_it_cannot_and_may_be_repeated() {
    let shop = Shop::open().await;
    let hash = "$2b$04$Sm2UOKa4ftQFHQYAI8KPx.3zMJ1Uxfc1eLPpsYz/0jjVMcDDNIEHS";
    let body = json!({ "users": [
        { "email": JANA, "password_hash": hash, "name": "Jana", "verified": true },
        { "email": "petr", "password_hash": hash },
        { "email": "eva@example.com", "password_hash": "md5:1" },
        { "email": "ivo@example.com", "phone": "602" },
    ] });
    let done = shop.operator().post("/v1/users/import", body.clone()).await.ok();
    assert_eq!((&done["imported"], &done["unchanged"]), (&json!(1), &json!(0)));
    let errors = done["errors"].as_array().unwrap();
    let places: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(places, ["/users/1/email", "/users/2/password_hash", "/users/3/phone"]);
    let again = shop.operator().post("/v1/users/import", body).await.ok();
    assert_eq!((&again["imported"], &again["unchanged"]), (&json!(0), &json!(1)));
    log_in(&shop, "wrong").await.problem(401, "wrong_credentials");
    let (_, jana) = known(&shop, JANA).await;
    assert!(jana.email_verified && jana.password.as_deref() == Some(hash));
}

#[tokio::test]
async fn the_platform_is_nobody_s_shop() {
    let shop = Shop::open().await;
    let body = json!({ "tenant": "platform", "settings": crate::shop::settings("platform") });
    shop.operator().post("/v1/tenants", body).await.problem(409, "tenant_reserved");
    register(&shop, JANA).await.ok();
    let listed = shop.operator().get("/v1/tenants").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 0);
    shop.operator_for("platform").get("/v1/events").await.problem(404, "not_found");
}

#[tokio::test]
async fn memberships_are_shown_to_their_user() {
    let (shop, tokens) = with_jana().await;
    let (user, _) = known(&shop, JANA).await;
    let tenant = TenantId::parse("harbour-books").unwrap();
    let record = UserCommand::RecordMembership { user, tenant, role: "owner".to_owned() };
    let (tenant, meta) = (TenantId::platform(), Meta::by("policy"));
    let caller = Caller { tenant, meta, lane: Lane::Realtime };
    shop.intake.tell::<User>(&caller, record, Terms::default()).await.unwrap();
    let me = bearer(&shop, &tokens).get("/v1/auth/me").await.ok();
    assert_eq!(me["tenants"], json!([{ "tenant": "harbour-books", "role": "owner" }]));
}
