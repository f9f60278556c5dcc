//! Rules of the pages on which a shop is set up: categories, warehouses, routing, people and keys.

use crate::house::browser;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

const SHOP: &str = "/console/t/harbour-books";

fn at(path: &str) -> String {
    format!("{SHOP}{path}")
}

#[tokio::test]
async fn a_category_that_is_moved_says_first_where_it_goes_and_what_goes_along() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/catalog/categories/c-books/move?parent=c-deck&position=0")).await;
    assert!(page.has("Books is moved. It was: at the top. It will be: Deck."));
    assert!(page.has("that go along: 1"));
    assert!(browser.asked().iter().all(|one| one.path.ends_with("?dry_run=true")));
}

#[tokio::test]
async fn a_category_below_itself_is_refused_at_the_form_which_keeps_what_was_chosen() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/catalog/categories/c-books/move");
    let page = browser.post(&page, &page, &[("parent", "c-sea"), ("position", "7")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.has("a category cannot be below itself") && page.has("Put it right"));
    assert!(page.has("value=\"c-sea\" selected") && page.has("value=\"7\""));
}

#[tokio::test]
async fn a_category_that_becomes_another_says_how_many_products_move_and_that_it_is_for_good() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/catalog/categories/c-books/merge?into=c-deck")).await;
    assert!(page.has("Products that are in Deck then: 2") && page.has("cannot be taken back"));
    let page = at("/catalog/categories/c-books/merge");
    let page = browser.post(&page, &page, &[("into", "c-deck")]).await;
    assert_eq!(page.headers[header::LOCATION], at("/catalog/categories/c-deck?done=yes"));
}

#[tokio::test]
async fn a_categorys_names_are_written_by_language_and_blank_rows_left_out() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/catalog/categories/c-books");
    let fields = [("language", "cs"), ("name", "Knihy"), ("language", ""), ("name", "")];
    let page = browser.post(&page, &page, &fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let asked = browser.asked().pop().unwrap();
    let said: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!((asked.method, &said["names"]), (Method::PATCH, &json!({ "cs": "Knihy" })));
}

#[tokio::test]
async fn a_warehouse_that_is_switched_off_says_first_what_that_means() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/stock/warehouses/main");
    let fields = [("name", "Main house"), ("kind", "own"), ("priority", "2")];
    let shown = browser.post(&page, &page, &fields).await;
    assert!(shown.has("New orders get nothing from it any more"));
    assert!(browser.asked().iter().all(|one| one.path.ends_with("?dry_run=true")));
    let sure = [&[("sure", "yes")], &fields[..]].concat();
    let done = browser.post(&page, &page, &sure).await;
    assert_eq!(done.headers[header::LOCATION], at("/stock/warehouses?done=yes"));
    let asked = browser.asked().pop().unwrap();
    assert_eq!((asked.method, &*asked.path), (Method::PUT, "/v1/warehouses/main"));
    assert!(asked.body.contains("\"active\":false"));
}

#[tokio::test]
async fn a_new_warehouse_never_changes_one_that_has_its_code() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/stock/warehouses/new");
    let fields = [("code", "main"), ("name", "Another"), ("kind", "own"), ("sure", "yes")];
    let page = browser.post(&page, &page, &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("There is a warehouse main already.") && page.has("value=\"Another\""));
    assert!(browser.asked().is_empty());
}

#[tokio::test]
async fn accounts_are_shown_without_what_is_secret_of_them() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/payments/accounts")).await;
    assert!(page.has("stripe") && page.has("data-copy=\"https://shop.example/webhooks/"));
    assert!(!page.has("secret_key") && !page.has("***"));
}

#[tokio::test]
async fn an_account_that_is_changed_keeps_the_secrets_that_nobody_wrote() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/payments/accounts/stripe/main");
    let shown = browser.get(&page).await;
    assert!(shown.has("https://shop.example/webhooks/harbour-books/stripe/main/x"));
    assert!(shown.has("type=\"password\" name=\"setting.secret_key\"") && !shown.has("***"));
    let version = shown.field("version");
    let fields = [
        ("mode", "live"),
        ("version", &*version),
        ("setting.webhook_tolerance_s", "600"),
        ("setting.flow", "payment_intent"),
    ];
    let done = browser.post(&page, &page, &fields).await;
    assert_eq!(done.headers[header::LOCATION], format!("{page}?done=yes").as_str());
    let asked = browser.asked().pop().unwrap();
    assert_eq!((asked.method, &*asked.version), (Method::PUT, "\"4\""));
    let said: Value = serde_json::from_str(&asked.body).unwrap();
    let settings = json!({ "secret_key": "***", "webhook_secrets": ["***"],
                           "webhook_tolerance_s": 600, "flow": "payment_intent" });
    assert_eq!(said, json!({ "mode": "live", "settings": settings }));
    let taken = [&fields[..], &[("forget.webhook_secrets", "yes")]].concat();
    browser.post(&page, &page, &taken).await;
    assert!(!browser.asked().pop().unwrap().body.contains("webhook_secrets"));
}

#[tokio::test]
async fn what_a_setting_is_is_told_in_the_readers_language_or_marked_as_english() {
    let mut browser = browser(Some("owner")).signed_in().await.in_czech().await;
    let page = browser.get(&at("/payments/accounts/stripe/main")).await;
    assert!(page.has("<span>sk_... nebo rk_...; říká, zda jsou peníze skutečné.</span>"));
    assert!(page.has("<span lang=\"en\">Two while they are rotated.</span>"), "nobody knows it");
}

#[tokio::test]
async fn a_secret_that_was_refused_is_told_at_its_field_and_not_shown_again() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let chosen = browser.get(&at("/payments/accounts/new")).await;
    assert!(chosen.has("/payments/accounts/new?provider=stripe") && chosen.has("provider=smtp"));
    let page = at("/payments/accounts/new?provider=stripe");
    let to = at("/payments/accounts/new");
    let fields = [
        ("provider", "stripe"),
        ("name", "second"),
        ("mode", "live"),
        ("setting.secret_key", "sk_of_the_other_mode"),
        ("setting.webhook_secrets", "whsec_one whsec_two"),
    ];
    let refused = browser.post(&page, &to, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.has("id=\"fault-settings-secret_key\"") && refused.has("value=\"second\""));
    assert!(!refused.has("sk_of_the_other_mode") && !refused.has("whsec_one"));
    let asked = browser.asked().pop().unwrap();
    assert!(asked.body.contains("[\"whsec_one\",\"whsec_two\"]"));
    let wrong = [&fields[..], &[("setting.webhook_tolerance_s", "soon")]].concat();
    let refused = browser.post(&page, &to, &wrong).await;
    assert!(refused.has("id=\"fault-settings-webhook_tolerance_s\"") && refused.has("soon"));
}

#[tokio::test]
async fn an_account_that_is_removed_says_first_what_that_ends() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/payments/accounts/stripe/main/remove");
    assert!(browser.get(&page).await.has("is forgotten with its secrets"));
    let done = browser.post(&page, &page, &[]).await;
    assert_eq!(done.headers[header::LOCATION], at("/payments/accounts?done=yes"));
    assert_eq!(browser.asked().pop().unwrap().method, Method::DELETE);
}

#[tokio::test]
async fn rules_are_shown_as_they_would_be_and_written_only_over_those_that_were_read() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/payments/routes/2/up");
    let shown = browser.get(&page).await;
    let (cash, card) = (shown.text.find("paid by cash"), shown.text.find("paid by card"));
    assert!(cash.unwrap() < card.unwrap(), "the second is the first then");
    let version = shown.field("version");
    let done = browser.post(&page, &page, &[("version", &version)]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let asked = browser.asked().pop().unwrap();
    assert_eq!((asked.method, &*asked.version), (Method::PUT, "\"3\""));
    let said: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(said["rules"][0]["methods"], json!(["cash"]));
}

#[tokio::test]
async fn whoever_was_faster_with_the_rules_is_not_undone() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/payments/routes/2/remove");
    let page = browser.post(&page, &page, &[("version", "2")]).await;
    assert_eq!(page.status, StatusCode::PRECONDITION_FAILED);
    assert!(page.has("somebody else was faster"));
    let page = at("/payments/routes/2");
    let fields = [("methods", "cash"), ("account", "manual/main"), ("version", "2")];
    let page = browser.post(&page, &page, &[&[("sure", "yes")], &fields[..]].concat()).await;
    assert_eq!(page.status, StatusCode::PRECONDITION_FAILED);
    assert!(page.has("somebody else was faster") && page.has("value=\"cash\""));
}

#[tokio::test]
async fn a_rule_without_an_account_is_refused_and_what_was_written_is_kept() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/payments/routes/new");
    let page = browser.post(&page, &page, &[("methods", "voucher, gift")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("A rule needs one account at least") && page.has("value=\"voucher, gift\""));
    assert!(browser.asked().is_empty());
}

#[tokio::test]
async fn a_new_rule_is_the_last_one() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/payments/routes/new");
    let fields = [("methods", "voucher"), ("account", "manual/main"), ("account", "")];
    let shown = browser.post(&page, &page, &fields).await;
    assert!(shown.has("The rules will be") && shown.has("paid by voucher"));
    let asked = browser.asked().pop().unwrap();
    let said: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(asked.path, "/v1/payment-routes?dry_run=true");
    let account = json!([{ "provider": "manual", "account": "main" }]);
    assert_eq!(said["rules"][2]["accounts"], account);
}

#[tokio::test]
async fn another_role_says_first_what_a_member_may_no_longer_do() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/people/members/u-1");
    let shown = browser.get(&format!("{page}?role=viewer")).await;
    assert!(shown.has("petr@example.com was owner and will be viewer"));
    assert!(shown.has("May no longer: Place, change, ship, cancel and return orders."));
    assert!(!shown.has("May no longer: See orders"), "a viewer sees them still");
    let done = browser.post(&page, &page, &[("role", "viewer")]).await;
    assert_eq!(done.headers[header::LOCATION], at("/people?done=yes"));
    assert_eq!(browser.asked().pop().unwrap().body, r#"{"role":"viewer"}"#);
}

#[tokio::test]
async fn the_last_owner_is_not_removed_and_the_page_says_why() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/people/members/u-1/remove")).await;
    assert!(page.has("the last owner stays") && !page.has("name=\"sure\""));
}

#[tokio::test]
async fn nobody_is_written_to_before_it_was_said_to_whom() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/people/invitations");
    let fields = [("email", "eva@example.com"), ("role", "support"), ("language", "cs")];
    let shown = browser.post(&page, &page, &fields).await;
    assert!(shown.has("A letter goes to eva@example.com.") && shown.has("Invite eva@example.com"));
    assert_eq!(browser.asked().pop().unwrap().path, "/v1/invitations?dry_run=true");
    let sure = [&[("sure", "yes")], &fields[..]].concat();
    let done = browser.post(&page, &page, &sure).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let asked = browser.asked().pop().unwrap();
    assert_eq!((&*asked.path, &*asked.key), ("/v1/invitations", "k1"));
}

#[tokio::test]
async fn an_admin_is_offered_no_role_that_only_an_owner_gives() {
    let mut admin = browser(Some("admin")).signed_in().await;
    let page = admin.get(&at("/people/invitations")).await;
    assert!(page.has("option value=\"support\"") && !page.has("option value=\"owner\""));
}

#[tokio::test]
async fn roles_are_told_with_what_each_of_them_allows() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/people/roles")).await;
    assert!(page.has("Place, change, ship, cancel and return orders."));
    assert!(page.has("Hands goods out") && page.has(&at("/people/roles/counter")));
}

#[tokio::test]
async fn a_role_says_first_what_it_will_allow_and_for_whom_and_is_written_as_it_was_read() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/people/roles/counter");
    let shown = browser.get(&page).await;
    assert!(shown.has("value=\"stock:read\" checked"));
    let version = shown.field("version");
    let fields =
        [("permission", "stock:read"), ("permission", "orders:read"), ("version", &version)];
    let would = browser.post(&page, &page, &fields).await;
    assert!(would.has("Nobody has it now") && would.has("May then: See orders"));
    assert!(would.has("May no longer: Write roles"));
    let sure = [&[("sure", "yes")], &fields[..]].concat();
    let done = browser.post(&page, &page, &sure).await;
    assert_eq!(done.headers[header::LOCATION], at("/people/roles?done=yes"));
    let asked = browser.asked().pop().unwrap();
    assert_eq!((asked.method, &*asked.version), (Method::PUT, "\"2\""));
    let said: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(said["permissions"], json!(["stock:read", "orders:read"]));
}

#[tokio::test]
async fn a_role_that_allows_nothing_is_refused_at_the_permissions() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/people/roles/new");
    let refused = browser.post(&page, &page, &[("name", "packers")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.has("id=\"fault-permissions\"") && refused.has("value=\"packers\""));
    let there = browser.post(&page, &page, &[("name", "till"), ("permission", "stock:read")]).await;
    assert!(there.has("There is a role till already.") && there.has("id=\"fault-name\""));
}

#[tokio::test]
async fn nobody_is_offered_a_permission_that_they_may_not_give() {
    let mut counter = browser(Some("counter")).signed_in().await;
    let page = counter.get(&at("/people/roles/new")).await;
    assert!(page.has("value=\"stock:read\"") && !page.has("value=\"orders:read\""));
    let mut viewer = browser(Some("viewer")).signed_in().await;
    assert!(!viewer.get(&at("/people/roles")).await.has("/people/roles/new"));
    assert!(!viewer.get(&at("/people/roles/counter")).await.has("name=\"permission\""));
}

#[tokio::test]
async fn a_role_that_somebody_has_is_not_ended_and_one_that_nobody_has_is() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/people/roles/till/end")).await;
    assert!(page.has("the role is in use") && !page.has("name=\"sure\""));
    let page = at("/people/roles/counter/end");
    assert!(browser.get(&page).await.has("can be given no longer"));
    let done = browser.post(&page, &page, &[]).await;
    assert_eq!(done.headers[header::LOCATION], at("/people/roles?done=yes"));
}

#[tokio::test]
async fn a_keys_text_is_on_the_page_that_made_it_and_nowhere_else() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/keys/new");
    let fields = [("name", "till"), ("scope", "orders:read"), ("scope", "stock:read")];
    let shown = browser.post(&page, &page, &fields).await;
    assert!(shown.has("May then: See orders") && !shown.has("told-once"));
    let sure = [&[("sure", "yes")], &fields[..]].concat();
    let made = browser.post(&page, &page, &sure).await;
    assert!(made.has("ktr_k-2_told-once") && made.has("not shown again"));
    let asked = browser.asked().pop().unwrap();
    let said: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(said["scopes"], json!(["orders:read", "stock:read"]));
    assert_eq!(made.headers[header::CACHE_CONTROL], "no-store");
    assert!(!browser.get(&at("/keys")).await.has("told-once"));
}

#[tokio::test]
async fn a_key_that_may_do_nothing_is_not_made() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/keys/new");
    let page = browser.post(&page, &page, &[("name", "till"), ("until", "2027-01-31")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("one permission at least") && page.has("value=\"2027-01-31\""));
    assert!(browser.asked().is_empty());
}

#[tokio::test]
async fn a_key_that_is_to_end_says_so_first() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/keys/k-1/revoke");
    assert!(browser.get(&page).await.has("The key shop front counts no longer"));
    let done = browser.post(&page, &page, &[]).await;
    assert_eq!(done.headers[header::LOCATION], at("/keys/k-1?done=yes"));
    let asked = browser.asked().pop().unwrap();
    assert_eq!((asked.method, &*asked.path), (Method::DELETE, "/v1/keys/k-1"));
}

#[tokio::test]
async fn who_may_only_look_is_offered_no_setting() {
    let mut viewer = browser(Some("viewer")).signed_in().await;
    let tree = viewer.get(&at("/catalog/categories")).await;
    assert!(tree.has("Books") && !tree.has("New category"));
    assert!(!tree.has(&at("/people")) && !tree.has(&at("/keys")));
    let page = viewer.get(&at("/catalog/categories/c-books")).await;
    assert!(!page.has("/c-books/move") && !page.has("name=\"slug\""));
    let page = viewer.get(&at("/stock/warehouses/main")).await;
    assert!(page.has("Main house") && !page.has("name=\"priority\""));
}
