//! People: they register, prove their address by a letter, come in, and are kept out.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_sandbox::{Sandbox, SandboxConfig, SmscAccount};
use kontor_tests::{
    SOON,
    client::Client,
    node::Node,
    replay::assert_replays,
    shop::Shop,
    site::{Kind, Site},
    until, until_true,
};
use serde_json::{Value, json};

const JANA: &str = "jana@example.com";
const PETR: &str = "petr@example.com";
const PASSWORD: &str = "correct horse battery";

each! {
    somebody_registers_proves_the_address_and_comes_in => registers;
    users_come_from_elsewhere_and_by_an_operator_s_hand => from_elsewhere;
    a_telephone_gets_a_code_and_lets_its_owner_in => by_phone;
    keys_rotate_and_no_token_is_lost => rotated;
    whoever_is_invited_works_in_the_tenant_until_they_log_out => invited;
}

/// A node whose letters go to the sandbox.
async fn start(site: &Site, sandbox: &Sandbox) -> Node {
    let mut command = site.serve();
    command.env("KONTOR_SMTP_URL", format!("smtp://{}?tls=none", sandbox.smtp().address()));
    command.env("KONTOR_SMTP__FROM", "accounts@example.com");
    let node = Node::spawn(command, site.url());
    node.ready().await;
    node
}

/// What a letter holds: the word that begins so or comes after it, in the letter of this number or
/// a later one.
async fn letter(sandbox: &Sandbox, to: &str, number: usize, begins: &str) -> String {
    let after = if begins.ends_with(' ') { begins.len() } else { 0 };
    let known = |c: &char| c.is_ascii_alphanumeric() || "_-".contains(*c);
    until("a letter", SOON, || async {
        sandbox.smtp().to(to).into_iter().skip(number).find_map(|letter| {
            // Quoted-printable, with its soft line ends.
            let body = letter.body().replace("=\r\n", "").replace("=3D", "=");
            let from = body.find(begins)? + after;
            Some(body[from..].chars().take_while(known).collect())
        })
    })
    .await
}

async fn registers(kind: Kind) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(kind).await;
    let mut node = start(&site, &sandbox).await;
    let nobody = Client::new(node.url(), "");

    let body = json!({ "email": JANA, "password": PASSWORD, "name": "Jana", "language": "en" });
    assert_eq!(nobody.post("/v1/auth/register", body).await.status, 202);
    let token = letter(&sandbox, JANA, 0, "vt_").await;
    let shown = json!({ "token": token });
    nobody.post("/v1/auth/verify-email", shown.clone()).await.ok();
    assert_eq!(nobody.post("/v1/auth/verify-email", shown).await.status, 422);

    let login = json!({ "email": JANA, "password": PASSWORD });
    let first = nobody.post("/v1/auth/login", login.clone()).await.ok();
    let refresh = |tokens: &Value| {
        let body = json!({ "refresh_token": tokens["refresh_token"] });
        let nobody = nobody.clone();
        async move { nobody.post("/v1/auth/refresh", body).await }
    };
    let second = refresh(&first).await.ok();
    assert_eq!(refresh(&first).await.status, 401);
    assert_eq!(refresh(&second).await.status, 401, "the whole family has ended");

    nobody.post("/v1/auth/password/forgot", json!({ "email": JANA })).await.ok();
    let token = letter(&sandbox, JANA, 1, "vt_").await;
    let reset = json!({ "token": token, "password": "another long one" });
    nobody.post("/v1/auth/password/reset", reset).await.ok();
    assert_eq!(nobody.post("/v1/auth/login", login).await.status, 401);
    let login = json!({ "email": JANA, "password": "another long one" });
    let tokens = nobody.post("/v1/auth/login", login.clone()).await.ok();

    nobody.post("/v1/auth/codes", json!({ "email": JANA })).await.ok();
    let code = letter(&sandbox, JANA, 2, "code is ").await;
    let shown = json!({ "email": JANA, "code": code });
    nobody.post("/v1/auth/codes/verify", shown).await.ok();
    published(&node, &tokens).await;

    // Another life of the node believes the tokens of the one before.
    assert!(node.terminate().await.status.success());
    let mut node = start(&site, &sandbox).await;
    let jana = node.operator().with_token(tokens["access_token"].as_str().unwrap());
    assert_eq!(jana.get("/v1/auth/me").await.ok()["email_verified"], true);
    let secrets = [PASSWORD, "another long one", token.as_str()];
    let said = format!("{}{}", node.stdout(), node.stderr());
    assert!(secrets.iter().all(|secret| !said.contains(secret)));
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

/// Another service believes the token by the published keys.
#[cfg(feature = "servers")]
async fn published(node: &Node, tokens: &Value) {
    let asked = json!({
        "jwks_url": format!("{}/.well-known/jwks.json", node.url()),
        "access_token": tokens["access_token"],
    });
    let told = kontor_tests::python::run("tokens.py", asked).await;
    assert_eq!((&told["algorithm"], &told["forged_believed"]), (&json!("EdDSA"), &json!(false)));
    let claims = &told["claims"];
    assert_eq!((&claims["sub"], &claims["email"]), (&tokens["user"]["id"], &json!(JANA)));
    let lasts = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lasts, 600);
}

#[cfg(not(feature = "servers"))]
async fn published(node: &Node, _: &Value) {
    let keys = Client::new(node.url(), "").get("/.well-known/jwks.json").await.ok();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
}

async fn from_elsewhere(kind: Kind) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(kind).await;
    // `correct horse battery`, as the system before kept it.
    let hash = "$2b$06$AOiHAOiHAOiHAOiHAOiHAOCvdLlx4gOPjcKWDWhUh6pVJKLpYmEoa";
    let file = site.folder.path().join("users.csv");
    let rows = [
        "email,password_hash,name,phone,verified",
        &format!("{JANA},{hash},\"Nováková, Jana\",+420602123456,true"),
        &format!("petr,{hash},Petr,,false"),
        "eva@example.com,md5:1,Eva,,maybe",
    ];
    std::fs::write(&file, rows.join("\n")).unwrap();
    let import = |expected: Value| {
        let mut command = site.kontor(&["--json", "user", "import", file.to_str().unwrap()]);
        let output = command.output().unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(!output.status.success(), "some rows are bad");
        assert_eq!((&told["imported"], &told["unchanged"]), (&expected[0], &expected[1]));
        let errors = told["errors"].as_array().unwrap().clone();
        let places = errors.iter().map(|error| (error["line"].clone(), error["field"].clone()));
        let places: Vec<_> = places.collect();
        assert_eq!(places, [(json!(3), json!("email")), (json!(4), json!("verified"))]);
    };
    // A list of objects goes the same way; its lines are places.
    let list = site.folder.path().join("users.json");
    let users = json!([
        { "email": PETR, "password_hash": hash, "name": "Petr", "phone": "+420777000111",
          "verified": true },
        { "email": "eva@example.com", "verified": "maybe" },
        { "name": "nobody" },
    ]);
    std::fs::write(&list, users.to_string()).unwrap();
    let import_list = |expected: Value| {
        let mut command = site.kontor(&["--json", "user", "import", list.to_str().unwrap()]);
        let output = command.output().unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&told["imported"], &told["unchanged"]), (&expected[0], &expected[1]));
        let errors = told["errors"].as_array().unwrap();
        let places: Vec<_> = errors.iter().map(|error| (&error["line"], &error["field"])).collect();
        let bad = [(json!(2), json!("verified")), (json!(3), json!("email"))];
        assert_eq!(places, [(&bad[0].0, &bad[0].1), (&bad[1].0, &bad[1].1)]);
    };
    // Before there is a node, and while one runs.
    import(json!([1, 0]));
    import_list(json!([1, 0]));
    let mut node = start(&site, &sandbox).await;
    import(json!([0, 1]));
    import_list(json!([0, 1]));

    let nobody = Client::new(node.url(), "");
    let login = json!({ "email": JANA, "password": PASSWORD });
    let tokens = nobody.post("/v1/auth/login", login).await.ok();
    assert_eq!(tokens["user"]["name"], "Nováková, Jana");
    let login = json!({ "email": PETR, "password": PASSWORD });
    let tokens = nobody.post("/v1/auth/login", login).await.ok();
    let user = &tokens["user"];
    assert_eq!((&user["phone"], &user["phone_verified"]), (&json!("+420777000111"), &json!(true)));
    assert_eq!(user["email_verified"], true);

    let create = ["user", "create", "--email", "ops@example.com", "--name", "Ops", "--operator"];
    let output = site.kontor(&create).output().unwrap();
    assert!(output.status.success());
    let token = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let set = json!({ "token": token, "password": PASSWORD });
    nobody.post("/v1/auth/password/reset", set).await.ok();
    let login = json!({ "email": "ops@example.com", "password": PASSWORD });
    let ops = nobody.post("/v1/auth/login", login).await.ok();
    assert_eq!(ops["user"]["platform_role"], "operator");

    let output = site.kontor(&["--json", "identity", "rotate-keys"]).output().unwrap();
    let ring: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ring["rotation_asked"], true);
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

/// A node whose text messages go to the sandbox.
async fn texting(site: &Site, sandbox: &Sandbox) -> Node {
    let smsc = &sandbox.providers().smsc;
    smsc.register(SmscAccount::new("kontor", "secret", "key-of-sms"));
    let mut command = site.serve();
    command.env("KONTOR_SMS__PROVIDER", "smsc");
    command.env("KONTOR_SMS__API_KEY", "key-of-sms");
    command.env("KONTOR_SMS__ENDPOINT", smsc.base_url());
    let node = Node::spawn(command, site.url());
    node.ready().await;
    node
}

async fn by_phone(kind: Kind) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(kind).await;
    let mut node = texting(&site, &sandbox).await;
    let nobody = Client::new(node.url(), "");
    let wanted = json!({ "phone": "+420 602 123 456", "name": "Jana", "language": "en" });
    assert_eq!(nobody.post("/v1/auth/codes", wanted).await.status, 202);
    let text = until("a text message", SOON, || async {
        sandbox.providers().smsc.to("+420602123456").pop().map(|message| message.text)
    })
    .await;
    let code: String = text.chars().filter(char::is_ascii_digit).take(6).collect();
    let shown = json!({ "phone": "+420602123456", "code": code });
    let tokens = nobody.post("/v1/auth/codes/verify", shown.clone()).await.ok();
    assert_eq!(tokens["user"]["phone_verified"], true);
    assert_eq!(nobody.post("/v1/auth/codes/verify", shown).await.status, 401);
    assert_eq!(bearer(&node, &tokens).get("/v1/auth/me").await.ok()["name"], "Jana");
    let said = format!("{}{}", node.stdout(), node.stderr());
    assert!(!said.contains("key-of-sms") && !said.contains("code is"), "{said}");
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

async fn rotated(kind: Kind) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(kind).await;
    let mut node = start(&site, &sandbox).await;
    let before = signed_up(&node, &sandbox, JANA).await;
    published(&node, &before).await;
    let rotate = ["--json", "identity", "rotate-keys", "--at-once"];
    let output = site.kontor(&rotate).output().unwrap();
    let ring: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ring["rotation_asked"], false);

    let nobody = Client::new(node.url(), "");
    let login = json!({ "email": JANA, "password": PASSWORD });
    let after = nobody.post("/v1/auth/login", login).await.ok();
    let kids = [&before, &after].map(kid);
    assert!(kids[0] != kids[1] && kids[1] == ring["active"], "{kids:?} {ring}");
    // Both count, here and for who reads the published keys.
    for tokens in [&before, &after] {
        bearer(&node, tokens).get("/v1/auth/me").await.ok();
        published(&node, tokens).await;
    }
    // And in another life of the node.
    assert!(node.terminate().await.status.success());
    let mut node = start(&site, &sandbox).await;
    for tokens in [&before, &after] {
        bearer(&node, tokens).get("/v1/auth/me").await.ok();
        published(&node, tokens).await;
    }
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

/// The key that an access token says it is signed with.
fn kid(tokens: &Value) -> Value {
    let token = tokens["access_token"].as_str().unwrap();
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].clone()
}

async fn invited(kind: Kind) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let site = Site::on(kind).await;
    let mut node = start(&site, &sandbox).await;
    let shop = Shop::open(&node, "harbour-books").await;
    shop.stock("atlas", 10).await;
    let jana = signed_up(&node, &sandbox, JANA).await;
    let user = jana["user"]["id"].as_str().unwrap();
    let first = json!({ "role": "owner", "email": JANA });
    let operator = node.operator().for_tenant("harbour-books");
    operator.put(&format!("/v1/members/{user}"), first).await.ok();
    let owner = bearer(&node, &jana).for_tenant("harbour-books");
    let wish = json!({ "email": PETR, "role": "support" });
    owner.post("/v1/invitations", wish).await.ok();

    let petr = signed_up(&node, &sandbox, PETR).await;
    let signed = bearer(&node, &petr);
    let desk = signed.for_tenant("harbour-books");
    assert_eq!(desk.get("/v1/orders").await.status, 404, "a tenant that is not his is not there");
    let invitation = letter(&sandbox, PETR, 0, "inv_").await;
    signed.post("/v1/invitations/accept", json!({ "token": invitation })).await.ok();
    desk.get("/v1/orders").await.ok();
    assert_eq!(desk.post("/v1/keys", json!({ "name": "x", "scopes": ["*"] })).await.status, 403);
    until_true("he sees where he may go", SOON, || async {
        let me = signed.get("/v1/auth/me").await.ok();
        me["tenants"] == json!([{ "tenant": "harbour-books", "role": "support" }])
    })
    .await;
    let audit = owner.get("/v1/audit?actor=user:*&domain=tenant").await.ok();
    let names: Vec<_> = audit["items"].as_array().unwrap().iter().map(|i| &i["type"]).collect();
    assert!(names.contains(&&json!("tenant.invited")), "{audit}");

    signed.post("/v1/auth/logout-everywhere", json!({})).await;
    assert_eq!(desk.get("/v1/orders").await.status, 401, "the token outlived its session");
    owner.get("/v1/orders").await.ok();
    assert!(node.terminate().await.status.success());
    assert_replays(&site).await;
}

/// Somebody who registered, proved the address, and logged in.
async fn signed_up(node: &Node, sandbox: &Sandbox, email: &str) -> Value {
    let nobody = Client::new(node.url(), "");
    let before = sandbox.smtp().to(email).len();
    let body = json!({ "email": email, "password": PASSWORD, "language": "en" });
    assert_eq!(nobody.post("/v1/auth/register", body).await.status, 202);
    let token = letter(sandbox, email, before, "vt_").await;
    nobody.post("/v1/auth/verify-email", json!({ "token": token })).await.ok();
    let login = json!({ "email": email, "password": PASSWORD });
    nobody.post("/v1/auth/login", login).await.ok()
}

fn bearer(node: &Node, tokens: &Value) -> Client {
    node.operator().with_token(tokens["access_token"].as_str().unwrap())
}
