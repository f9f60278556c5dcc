//! The wall, tried with what this node's own identity signs: tokens that were once genuine, that
//! somebody else signed, or that say how they want to be checked; and one user's ids in the hands
//! of another.

use super::{OURS, PEOPLE, Route, Things, built, is_within, trace_of};
use crate::{
    people::{SECRET, identity},
    shop::{Asker, Shop},
};
use axum::body::Body;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use kontor_actors::{admission::Lane, intake::Caller, request::Terms, user::User};
use kontor_adapters::identity::{Bearer, Identity, IdentitySettings, Vault, tickets};
use kontor_messages::{
    Meta, TenantId, Timestamp,
    user::{PlatformRole, TicketPurpose, UserCommand},
};
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};
use sha2::Sha256;

const PASSWORD: &str = "correct horse battery";

/// A node where users show what its identity signed, and the wall's things at a shop there.
struct Signing {
    shop: Shop,
    things: Things,
    routes: Vec<Route>,
    nobody: Asker,
    identity: Identity,
}

/// A user who has come in.
struct Person {
    access: String,
    refresh: String,
    bearer: Bearer,
}

impl Signing {
    async fn open() -> Self {
        let (shop, things, routes) = built().await;
        let (nobody, identity) = shop.signing();
        Self { shop, things, routes, nobody, identity }
    }

    /// Somebody registers, proves the address, and comes in.
    async fn person(&self, name: &str) -> Person {
        let email = format!("{name}@example.com");
        let wish = json!({ "email": email, "password": PASSWORD, "name": name });
        self.nobody.post("/v1/auth/register", wish).await.ok();
        let platform = TenantId::platform();
        let found = self.shop.intake.find::<User>(&platform, "email", &email).await.unwrap();
        let entity = found.unwrap();
        let (state, _) = self.shop.intake.read::<User>(&platform, &entity).await.unwrap().unwrap();
        let user = kontor_messages::user::user_of(&entity).unwrap();
        let purpose = TicketPurpose::VerifyEmail;
        let open = state.user().unwrap().tickets.iter().find(|open| open.purpose == purpose);
        let vault = Vault::new(&SECRET).unwrap();
        let token = tickets::token(&vault, user, open.unwrap().ticket, purpose);
        self.nobody.post("/v1/auth/verify-email", json!({ "token": token })).await.ok();
        let wish = json!({ "email": email, "password": PASSWORD });
        let tokens = self.nobody.post("/v1/auth/login", wish).await.ok();
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        let access = text("access_token");
        let bearer = self.identity.verify(&access, Timestamp::now()).await.unwrap();
        Person { access, refresh: text("refresh_token"), bearer }
    }

    /// Makes somebody an owner of our shop.
    async fn owner(&self, person: &Person) -> Asker {
        let path = format!("/v1/members/{}", person.bearer.user);
        let body = json!({ "role": "owner", "email": person.bearer.email });
        self.shop.operator_for(OURS).put(&path, body).await.ok();
        self.at_ours(&person.access)
    }

    fn at_ours(&self, token: &str) -> Asker {
        self.nobody.clone().token(token).header("x-kontor-tenant", OURS)
    }

    /// The routes about oneself that want a token, with ids of a user.
    async fn own(&self, person: &Person) -> Vec<Route> {
        let document = self.nobody.get("/openapi.json").await.ok();
        let mut own = Vec::new();
        for (template, item) in document["paths"].as_object().unwrap() {
            if !is_within(template, &PEOPLE) {
                continue;
            }
            for (method, operation) in item.as_object().unwrap() {
                let signed = operation["security"][0].get("user").is_some();
                assert!(signed || !template.contains('{'), "{template}: an id, and no token?");
                if signed {
                    let method: Method = method.to_uppercase().parse().unwrap();
                    let path = template.replace("{session}", &person.bearer.session.to_string());
                    // What one calls a view is no id of anything: everybody has their own.
                    let path = path.replace("{name}", "Tills");
                    assert!(!path.contains('{'), "{template}: say what its parameter is");
                    let body = (method != Method::GET).then(|| json!({}));
                    own.push(Route { method, template: template.clone(), path, body });
                }
            }
        }
        assert!(own.len() >= 8, "only {} routes want a token", own.len());
        own
    }

    /// Tokens that look like a member's, or an operator's, and are not, with what each is.
    async fn bad_tokens(&self, genuine: &Person) -> Vec<(&'static str, String)> {
        let sign = async |bearer: &Bearer| self.identity.sign(bearer).await.unwrap();
        let past = Timestamp::from_millis(Timestamp::now().millis() - 1000);
        let over = sign(&Bearer { expires_at: past, ..genuine.bearer.clone() }).await;
        let settings = IdentitySettings { issuer: "elsewhere".to_owned(), ..Default::default() };
        let elsewhere = identity(&self.shop.intake, &settings);
        let elsewhere = elsewhere.sign(&genuine.bearer).await.unwrap();
        let parts: Vec<_> = genuine.access.split('.').collect();
        let (header, claims, signature) = (parts[0], parts[1], parts[2]);
        let foreign = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
        let body = format!("{header}.{claims}");
        let foreign = URL_SAFE_NO_PAD.encode(foreign.sign(body.as_bytes()));
        let mut operator = decoded(claims);
        operator["platform_role"] = "operator".into();
        let mut longer = decoded(claims);
        longer["exp"] = (longer["exp"].as_i64().unwrap() + 3600).into();
        let with = |name: &str, value: &str| {
            let mut changed = decoded(header);
            changed[name] = value.into();
            encoded(&changed)
        };
        // A published key is no secret: nothing is believed that was "signed" with one.
        let published = self.identity.published_keys().await.unwrap();
        let public = URL_SAFE_NO_PAD.decode(published["keys"][0]["x"].as_str().unwrap()).unwrap();
        let confused = format!("{}.{claims}", with("alg", "HS256"));
        let mut mac = Hmac::<Sha256>::new_from_slice(&public).unwrap();
        mac.update(confused.as_bytes());
        let confused_by = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        vec![
            ("that is over", over),
            ("of another issuer", elsewhere),
            ("that a foreign key signed", format!("{body}.{foreign}")),
            ("of a key that is unknown", format!("{}.{claims}.{signature}", with("kid", "mine"))),
            ("that makes an operator", format!("{header}.{}.{signature}", encoded(&operator))),
            ("that lasts longer", format!("{header}.{}.{signature}", encoded(&longer))),
            ("that wants no check", format!("{}.{claims}.", with("alg", "none"))),
            ("without a signature", format!("{body}.")),
            ("that wants another check", format!("{confused}.{confused_by}")),
            ("that is for refreshing", genuine.refresh.clone()),
        ]
    }
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// What the journal holds of users.
async fn people_s(shop: &Shop) -> usize {
    trace_of(shop, TenantId::platform().as_str()).await.0
}

#[tokio::test]
async fn no_route_believes_a_token_that_this_node_s_identity_did_not_sign_for_now() {
    let signing = Signing::open().await;
    let olga = signing.person("olga").await;
    signing.owner(&olga).await.get("/v1/orders").await.ok();
    let own = signing.own(&olga).await;
    let mut bad = signing.bad_tokens(&olga).await;
    let ended = signing.person("otto").await;
    signing.owner(&ended).await.get("/v1/orders").await.ok();
    signing.nobody.clone().token(&ended.access).act("/v1/auth/logout-everywhere").await;
    bad.push(("of a session that ended", ended.access));
    let before = (trace_of(&signing.shop, OURS).await, people_s(&signing.shop).await);
    for (which, token) in &bad {
        let asker = signing.at_ours(token);
        for route in signing.routes.iter().chain(&own) {
            let (status, _, text) = route.ask(&asker, "").await;
            let asked = format!("{} {} with a token {which}", route.method, route.template);
            assert_eq!(status, 401, "{asked}: {text}");
        }
    }
    let after = (trace_of(&signing.shop, OURS).await, people_s(&signing.shop).await);
    assert_eq!(after, before);
    signing.at_ours(&olga.access).get("/v1/orders").await.ok();
}

#[tokio::test]
async fn what_a_token_says_of_its_bearer_s_rank_counts_for_nothing() {
    let signing = Signing::open().await;
    let olga = signing.person("olga").await;
    let claimed = Bearer { platform_role: PlatformRole::Operator, ..olga.bearer.clone() };
    let claimed = signing.identity.sign(&claimed).await.unwrap();
    let asker = signing.nobody.clone().token(&claimed);
    asker.get("/v1/tenants").await.problem(403, "operator_only");
    let (tenant, meta) = (TenantId::platform(), Meta::by("operator"));
    let caller = Caller { tenant, meta, lane: Lane::Realtime };
    let user = olga.bearer.user;
    let raise = UserCommand::SetRole { user, role: PlatformRole::Operator };
    signing.shop.intake.tell::<User>(&caller, raise, Terms::default()).await.unwrap();
    asker.get("/v1/tenants").await.ok();
}

#[tokio::test]
async fn a_stranger_s_genuine_token_finds_none_of_a_shop_s_things() {
    let signing = Signing::open().await;
    let stranger = signing.person("bert").await;
    let asker = signing.at_ours(&stranger.access);
    let before = trace_of(&signing.shop, OURS).await;
    for route in signing.routes.iter().filter(|route| route.template != super::USERS) {
        let (status, code, text) = route.ask(&asker, "").await;
        let asked = format!("{} {}", route.method, route.template);
        let expected =
            if route.is(&super::OPERATORS) { (403, "operator_only") } else { (404, "not_found") };
        assert_eq!((status, &*code), expected, "{asked}: {text}");
    }
    assert_eq!(trace_of(&signing.shop, OURS).await, before);
    let seen = asker.get("/v1/auth/me").await.ok().to_string();
    assert_eq!(signing.things.ids().find(|id| seen.contains(*id)), None);
}

#[tokio::test]
async fn one_user_s_ids_are_not_there_for_another_user() {
    let signing = Signing::open().await;
    let (olga, bert) = (signing.person("olga").await, signing.person("bert").await);
    let asker = signing.nobody.clone().token(&bert.access);
    let before = people_s(&signing.shop).await;
    let mut tried = 0;
    for route in signing.own(&olga).await.iter().filter(|route| route.path.contains("/sessions/")) {
        tried += 1;
        let (status, code, text) = route.ask(&asker, "").await;
        let asked = format!("{} {}", route.method, route.template);
        assert_eq!((status, &*code), (404, "not_found"), "{asked}: {text}");
    }
    assert!(tried >= 1);
    assert_eq!(people_s(&signing.shop).await, before);
    // The same routes do find what is one's own.
    let own = signing.nobody.clone().token(&olga.access);
    for route in signing.own(&olga).await.iter().filter(|route| route.path.contains("/sessions/")) {
        let body = Body::from("{}");
        let kind = Some("application/json");
        let answer = own.ask(route.method.clone(), &route.path, body, kind).await;
        assert!(answer.status.is_success(), "{}", answer.text());
    }
    own.get("/v1/auth/me").await.problem(401, "token_expired");
    asker.get("/v1/auth/me").await.ok();
}
