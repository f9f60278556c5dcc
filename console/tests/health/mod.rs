//! Rules of the pages that tell how accounts at providers and tenants are, and the ways in and out.

use crate::house::browser;
use http::StatusCode;

const SHOP: &str = "/console/t/harbour-books";

fn at(path: &str) -> String {
    format!("{SHOP}{path}")
}

#[tokio::test]
async fn an_accounts_health_tells_why_it_rests_what_failed_and_what_waits_for_it() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/payments/accounts/stripe/main/health")).await;
    assert_eq!(page.status, StatusCode::OK);
    for told in [
        "rests after failures in a row",
        "no call goes through",
        "no answer in time",
        "no &lt;whole&gt; reply came",
        "3, the longest 4 s",
        "20 s",
        "it did not prove from whom",
    ] {
        assert!(page.has(told), "{told}");
    }
    let waits = at("/payments?status=created&amp;provider=stripe&amp;account=main");
    assert!(page.has(&waits) && page.has(&at("/payments/pay-oldest")) && page.has("200+"));
    let settings = browser.get(&at("/payments/accounts/stripe/main")).await;
    assert!(settings.has(&at("/payments/accounts/stripe/main/health")));
}

#[tokio::test]
async fn payments_begin_with_their_accounts_the_one_in_trouble_first_for_who_may_see_them() {
    let mut owner = browser(Some("owner")).signed_in().await;
    let page = owner.get(&at("/payments")).await;
    let place = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place("stripe/main</a>") < place("comgate/main</a>"), "trouble first");
    assert!(page.has("1 of 2 need a look") && page.has("answers; 9 calls in the last hour"));
    let mut viewer = browser(Some("viewer")).signed_in().await;
    assert!(!viewer.get(&at("/payments")).await.has("need a look"));
    assert!(!viewer.read().iter().any(|path| path.starts_with("/v1/accounts")));
}

#[tokio::test]
async fn payments_of_one_account_say_so_and_let_it_be_taken_away() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let narrowed = at("/payments?status=created&provider=stripe&account=main");
    let page = browser.get(&narrowed).await;
    assert!(page.has("account is stripe/main"));
    assert!(
        page.has(&format!("href=\"{}\" title=\"Take it away\"", at("/payments?status=created")))
    );
    let asked = "/v1/payments?limit=50&status=created&provider=stripe&account=main";
    assert!(browser.read().iter().any(|path| path == asked), "{:?}", browser.read());
}

#[tokio::test]
async fn lines_of_providers_and_ways_in_the_tree_lead_to_what_they_are_made_of() {
    let mut operator = browser(None).signed_in().await;
    let tree = operator.get("/console/system").await;
    assert!(
        tree.has("href=\"/console/system/providers/") && tree.has("href=\"/console/system/ways\"")
    );
    let provider = operator.get("/console/system/providers/stripe").await;
    assert!(provider.has("/console/t/polar-tea/payments/accounts/stripe/main/health"));
    assert!(
        provider.has("rests after failures in a row") && provider.has("the others are no worse")
    );
    let ways = operator.get("/console/system/ways").await;
    assert!(ways.has("<code>/v1/") && ways.has("There is no broker"));
    let mut owner = browser(Some("owner")).signed_in().await;
    for path in ["/console/system/providers/stripe", "/console/system/ways"] {
        assert_eq!(owner.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn tenants_in_trouble_come_before_the_others_with_the_way_to_what_is_the_matter() {
    let mut operator = browser(None).signed_in().await;
    let page = operator.get("/console/system/tenants").await;
    assert_eq!(page.status, StatusCode::OK);
    let place = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("{text}"));
    let troubled = place("Tenants that need a look</caption>");
    let others = place("<caption class=\"hidden\">Tenants</caption>");
    assert!(troubled < others);
    assert!(page.has("/console/system/actors/polar-tea/order") && page.has("out of service"));
    assert!(
        page.has("/console/t/polar-tea/overdue") && page.has("/console/t/polar-tea/dead-letters")
    );
    assert!(page.has("what is shown is the worst that was found"));
    assert!(!page.text[others..].contains(">polar-tea<"), "each tenant once");
    assert!(page.text[others..].contains("harbour-books"));
    let older = operator.get("/console/system/tenants?cursor=harbour-books").await;
    assert!(!older.has("These need a look"), "they are on the first page");
}

#[tokio::test]
async fn a_follower_leads_to_its_place_in_each_shard_and_to_what_it_has_put_aside() {
    let mut operator = browser(None).signed_in().await;
    let place = "/console/system/followers/policies";
    assert!(operator.get("/console/system").await.has(&format!("href=\"{place}\"")));
    let page = operator.get(place).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("href=\"/console/system/shards/0?after=14990\""), "what it is behind");
    assert!(page.has("the &lt;gateway&gt; is away"));
    let letter = "/console/system/dead-letters/polar-tea/follower%3Apolicies%3A0%3A14991";
    assert!(page.has(&format!("{letter}/retry")) && page.has(&format!("{letter}/drop")));
    assert!(page.has("/console/system/dead-letters?source=follower%3Apolicies"), "all of them");
    operator.post(place, &format!("{letter}/retry"), &[]).await;
    let asked = operator.asked();
    assert_eq!(asked[0].path, "/v1/dead-letters/follower%3Apolicies%3A0%3A14991/retry");
    assert_eq!(browser(Some("owner")).signed_in().await.get(place).await.status, 403);
}

#[tokio::test]
async fn what_was_not_done_is_listed_over_all_tenants_and_narrowed_by_its_source() {
    let mut operator = browser(None).signed_in().await;
    let all = "/console/system/dead-letters";
    let page = operator.get(&format!("{all}?source=follower%3Apolicies&tenant=polar-tea")).await;
    assert!(page.has("Those of follower:policies · polar-tea."));
    assert!(page.has("href=\"/console/t/polar-tea/dead-letters\""));
    let asked = "/v1/platform/dead-letters?limit=50&source=follower%3Apolicies&tenant=polar-tea";
    assert!(operator.read().contains(&asked.to_owned()), "{:?}", operator.read());
    assert!(page.has("source=follower%3Apolicies&amp;tenant=polar-tea&amp;cursor=d9"));
    assert_eq!(browser(Some("owner")).signed_in().await.get(all).await.status, 403);
}

#[tokio::test]
async fn the_journal_of_a_shard_leads_to_what_its_events_happened_to() {
    let mut operator = browser(None).signed_in().await;
    let place = "/console/system/shards/0";
    assert!(operator.get("/console/system").await.has(&format!("href=\"{place}\"")));
    let page = operator.get(&format!("{place}?after=14990")).await;
    assert!(page.has("/console/t/polar-tea/orders/o9") && page.has("order.created"));
    assert!(page.has("/console/system/actors/platform/signing"), "what has no page of its own");
    assert!(page.has(&format!("{place}?after=14890")) && page.has(&format!("{place}?after=14992")));
    assert_eq!(browser(Some("owner")).signed_in().await.get(place).await.status, 403);
}
