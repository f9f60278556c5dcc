//! Rules of the pages that tell how accounts at providers and tenants are, and the ways in and out.

use crate::house::{browser, busy_browser};
use http::StatusCode;
use serde_json::json;

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
    assert_eq!(asked[0].tenant, "polar-tea", "whose letter it is");
    assert_eq!(browser(Some("owner")).signed_in().await.get(place).await.status, 403);
}

#[tokio::test]
async fn a_follower_that_nobody_knows_is_not_found() {
    let mut operator = browser(None).signed_in().await;
    let page = operator.get("/console/system/followers/nobody").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
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
async fn letters_of_no_tenant_and_of_the_platform_are_seen_to_by_who_runs_it() {
    let letter = |id: &str| {
        json!({ "id": id, "source": "follower:policies", "lane": "", "reason": "it is away",
                "attempts": 3, "at": "2026-11-20T08:00:00Z" })
    };
    let mut of_platform = letter("follower:policies:0:7");
    of_platform["tenant"] = json!("platform");
    let told = json!({ "items": [letter("b1"), of_platform] });
    let mut operator = browser(None).telling("/v1/platform/dead-letters?", told).signed_in().await;
    let all = "/console/system/dead-letters";
    let page = operator.get(all).await;
    assert!(page.has(&format!("{all}/-/b1/drop")) && !page.has("/console/t/platform"));
    let own = format!("{all}/-/follower%3Apolicies%3A0%3A7");
    assert!(page.has(&format!("{own}/retry")));
    operator.post(all, &format!("{own}/retry"), &[]).await;
    operator.post(all, &format!("{all}/-/b1/drop"), &[]).await;
    let asked: Vec<_> = operator.asked().into_iter().map(|asked| asked.path).collect();
    let path = |rest: &str| format!("/v1/platform/dead-letters/{rest}");
    assert_eq!(asked, [path("follower%3Apolicies%3A0%3A7/retry"), path("b1")]);
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

#[tokio::test]
async fn a_providers_calls_are_told_by_what_was_asked_and_what_came_of_it() {
    let mut operator = browser(None).signed_in().await;
    assert!(operator.get("/console/system").await.has("400 of 408 calls answered"));
    let page = operator.get("/console/system/providers/stripe").await;
    assert!(page.has("400 of 408 calls answered."), "the same figure, broken down");
    for call in ["open", "query", "refund", "cancel"] {
        assert!(page.has(&format!("<code>{call}</code>")), "{call}");
    }
    assert!(page.has(">285<") && page.has(">19<") && page.has(">96<"));
    assert!(operator.get("/console/system/providers/smtp").await.has("has not called it yet"));
}

#[tokio::test]
async fn commands_that_were_not_let_in_are_told_by_their_limit_and_requests_by_their_answer() {
    let mut operator = browser(None).signed_in().await;
    assert!(operator.get("/console/system").await.has("5 commands told to come again"));
    let ways = operator.get("/console/system/ways").await;
    assert!(ways.has("4 <code class=\"quiet\">429</code>"), "of one tenant");
    assert!(ways.has("1 <code class=\"quiet\">503</code>"), "of the node");
    assert!(ways.has("<code>POST 409</code> <b>162</b>"), "a route unfolds");
    assert!(ways.has("<code>POST 201</code> <b>668</b>"));
    assert!(!ways.has("slowest of"), "all routes are there");
}

#[tokio::test]
async fn what_was_told_to_the_broker_is_told_by_announcement_and_leads_to_its_follower() {
    let mut operator = busy_browser().signed_in().await;
    let ways = operator.get("/console/system/ways").await;
    assert!(ways.has("<code>order.shipped</code>") && ways.has(">212<") && ways.has(">7<"));
    assert!(ways.has("880"), "all of it");
    assert_eq!(ways.text.matches("href=\"/console/system/followers/relay\"").count(), 2);
}

#[tokio::test]
async fn the_tree_counts_the_tenants_that_the_page_of_tenants_heads() {
    let mut operator = browser(None).signed_in().await;
    let tree = operator.get("/console/system").await;
    assert!(tree.has("1+ of 3 need a look"), "there is more trouble than was told");
    assert!(tree.has("out of service") && tree.has("41+ overdue"));
    let tenants = operator.get("/console/system/tenants").await;
    let asked = "/v1/platform/troubles?limit=50".to_owned();
    assert_eq!(operator.read().iter().filter(|path| **path == asked).count(), 2);
    assert!(tenants.has("These need a look"));
}

#[tokio::test]
async fn figures_of_a_list_that_is_cut_say_that_there_may_be_more() {
    let mut operator = busy_browser().signed_in().await;
    let tree = operator.get("/console/system").await;
    let cut = "1+ run; 96+ answers a minute, the slowest within 7 ms+ (p99), 3+ wait";
    assert!(tree.has(cut), "{}", tree.text);
    assert!(tree.has("2+ need a look"));
    assert!(tree.has("href=\"/console/system/actors?shard=0\">More tenants"));
}

#[tokio::test]
async fn actors_are_narrowed_by_shard_and_status_and_each_filter_is_taken_away_alone() {
    let mut operator = busy_browser().signed_in().await;
    let place = "/console/system/actors";
    let running = format!("{place}?shard=0&amp;status=running\"");
    assert!(operator.get("/console/system").await.has(&running), "those that run of a shard");
    let page = operator.get(&format!("{place}?domain=stock&shard=0&status=running")).await;
    let asked = "/v1/actors?limit=100&domain=stock&shard=0&status=running".to_owned();
    assert!(operator.read().contains(&asked), "{:?}", operator.read());
    for (chip, rest) in [
        ("domain is goods", "shard=0&amp;status=running"),
        ("shard is 0", "domain=stock&amp;status=running"),
        ("status is running", "domain=stock&amp;shard=0"),
    ] {
        let without = format!("href=\"{place}?{rest}\" title=\"Take it away\">{chip}");
        assert!(page.has(&without), "{chip}");
    }
    let kept = "domain=stock&amp;shard=0&amp;status=running";
    assert!(page.has(&format!("{place}?{kept}&amp;cursor=")), "the pager keeps them");
    assert!(page.has(&format!("{place}?{kept}&amp;format=csv")), "and so does the file");
}

#[tokio::test]
async fn a_follower_tells_its_figures_by_shard_and_what_it_put_aside_there() {
    let mut operator = browser(None).signed_in().await;
    let page = operator.get("/console/system/followers/policies").await;
    let letters = "/console/system/dead-letters?source=follower%3Apolicies";
    assert!(page.has(&format!("href=\"{letters}&amp;shard=0\"")), "{}", page.text);
    assert!(page.has(">6<") && page.has(">2<"), "tries that failed, restarts");
    let list = operator.get(&format!("{letters}&shard=0")).await;
    assert!(list.has("Those of follower:policies · Shard 0.") && list.has("shard=0&amp;cursor=d9"));
    let asked = "/v1/platform/dead-letters?limit=50&source=follower%3Apolicies&shard=0".to_owned();
    assert!(operator.read().contains(&asked), "{:?}", operator.read());
}

#[tokio::test]
async fn the_root_of_the_tree_leads_to_the_shards_and_they_to_their_journals() {
    let mut operator = busy_browser().signed_in().await;
    let place = "/console/system/shards";
    let tree = operator.get("/console/system").await;
    assert!(tree.has(&format!("<a href=\"{place}\">kontor</a>")), "{}", tree.text);
    let page = operator.get(place).await;
    assert!(page.has(&format!("href=\"{place}/0\"")) && page.has("15,060"));
    assert!(page.has("href=\"/console/system/actors?shard=0&amp;status=running\""));
    assert!(page.has("href=\"/console/system/followers/relay\">relay</a>: 3 events behind"));
    let file = operator.get(&format!("{place}?format=csv")).await;
    assert!(file.text.contains("Shard,Events in it") && file.has("15,060"), "{}", file.text);
    assert!(operator.get(&format!("{place}/0")).await.has(&format!("href=\"{place}\"")));
    assert_eq!(browser(Some("owner")).signed_in().await.get(place).await.status, 403);
}

#[tokio::test]
async fn the_products_of_a_category_are_a_list_with_an_address() {
    let mut owner = browser(Some("owner")).signed_in().await;
    let merge = owner.get(&at("/catalog/categories/c-books/merge?into=c-deck")).await;
    let list = at("/catalog?category=c-books");
    assert!(merge.has(&format!("href=\"{list}\">Products that are in Deck then: 2")));
    let own = at("/catalog/categories/c-books");
    assert!(merge.has(&format!("href=\"{own}\">Categories below it")), "where they are listed");
    let page = owner.get(&list).await;
    let chip = format!("href=\"{}\" title=\"Take it away\">category is Books", at("/catalog"));
    assert!(page.has(&chip), "{}", page.text);
    assert!(
        page.has("?category=c-books&amp;cursor=1") && page.has("category=c-books&amp;format=csv")
    );
    assert!(page.has("type=\"hidden\" name=\"category\" value=\"c-books\""), "words narrow it");
}
