//! Rules of the platform's pages: what runs, its actors, its timers, its tenants.

use crate::house::browser;
use http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn the_platform_shows_trouble_first_and_only_to_its_operators() {
    let mut operator = browser(None).signed_in().await;
    let page = operator.get("/console/system").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("Shard 0") && page.has("panic in order.decide"));
    let (polar, harbour) = (page.text.find("tenant-polar-tea"), page.text.find("tenant-harbour"));
    assert!(polar.unwrap() < harbour.unwrap(), "trouble first");
    assert!(page.has("/console/system/actors/polar-tea/order\""), "a domain leads to its page");
    assert!(page.has("/console/system/quarantine/polar-tea/order/release"));
    assert!(page.has("policies") && page.has("events behind"));
    assert!(page.has("1 run; 96 answers a minute, the slowest within 7 ms (p99), 3 wait"));
    let mut owner = browser(Some("owner")).signed_in().await;
    assert_eq!(owner.get("/console/system").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn actors_are_seen_with_what_waits_for_them_and_can_be_killed_by_operators_alone() {
    let mut operator = browser(None).signed_in().await;
    let page = operator.get("/console/system/actors").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("/console/system/actors/harbour-books/stock/kill"));
    assert!(page.has("crashed on request") && page.has(">128<"));
    assert!(page.has(">96<") && page.has(">7 ms<"));
    assert!(page.has("/console/system/quarantine/polar-tea/order/release"));
    let mut owner = browser(Some("owner")).signed_in().await;
    assert_eq!(owner.get("/console/system/actors").await.status, StatusCode::FORBIDDEN);
    let one = "/console/system/actors/harbour-books/stock";
    assert_eq!(owner.get(one).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_actor_tells_how_it_works_what_it_wrote_and_what_it_could_not_do() {
    let mut operator = browser(None).signed_in().await;
    let page = operator.get("/console/system/actors/harbour-books/stock").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("harbour-books") && page.has("crashed on request") && page.has("7 ms"));
    assert!(page.has("panic: as a bug would") && page.has("/console/t/harbour-books/dead-letters"));
    assert!(page.has("/console/system/actors/harbour-books/stock/kill"));
    assert!(!page.has("Nothing in the last hour."), "the journal's tail is there");
    let asleep = operator.get("/console/system/actors/harbour-books/payment").await;
    assert!(
        asleep.has("sleeps until somebody needs it") && asleep.has("Nothing in the last hour.")
    );
}

#[tokio::test]
async fn an_actor_is_paused_and_goes_on_by_a_button_of_its_page() {
    let mut operator = browser(None).signed_in().await;
    let place = "/console/system/actors/harbour-books";
    assert!(operator.get(&format!("{place}/stock")).await.has(&format!("{place}/stock/pause")));
    let page = operator.get(&format!("{place}/catalog")).await;
    assert!(page.has(&format!("{place}/catalog/resume")) && page.has("takes up nothing until"));
    assert!(!page.has(&format!("{place}/catalog/pause")));
    assert!(!operator.get(&format!("{place}/tenant")).await.has("/pause"), "never that one");
    let to = format!("{place}/stock/pause");
    operator.post(&format!("{place}/stock"), &to, &[]).await;
    let asked = operator.asked();
    assert_eq!(asked[0].path, "/v1/actors/harbour-books/stock/pause");
    assert!(operator.get("/console/system").await.has("paused"), "it stands out in the tree");
}

#[tokio::test]
async fn the_timers_of_all_tenants_lead_to_what_waits_and_are_for_operators_alone() {
    let mut operator = browser(None).signed_in().await;
    let page = operator.get("/console/system/timers?domain=order").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("/console/t/polar-tea/orders/o9"));
    assert!(page.has("/console/system/actors/platform/signing"), "what has no page of its own");
    assert!(page.has("domain=order&amp;cursor=1%7Eplatform%7Esigning%7Ering"));
    let asked = "/v1/platform/timers?limit=100&overdue=false&domain=order".to_owned();
    assert!(operator.read().contains(&asked), "{:?}", operator.read());
    let mut owner = browser(Some("owner")).signed_in().await;
    assert_eq!(owner.get("/console/system/timers").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_tenant_is_paused_by_operators_alone_who_say_why() {
    let mut operator = browser(None).signed_in().await;
    let page = operator.get("/console/system/tenants").await;
    let pause = "/console/system/tenants/harbour-books/suspend";
    assert!(page.has(pause));
    let page = operator.get(pause).await;
    assert!(page.has("changes nothing until it goes on") && page.has("name=\"reason\""));
    let mut owner = browser(Some("owner")).signed_in().await;
    assert_eq!(owner.get(pause).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_domain_in_the_tree_leads_to_its_actors() {
    let mut operator = browser(None).signed_in().await;
    assert!(
        operator
            .get("/console/system")
            .await
            .has("/console/system/actors?domain=stock&amp;status=running\"")
    );
    let page = operator.get("/console/system/actors?domain=stock").await;
    assert!(page.has("domain is goods"));
    assert!(operator.read().iter().any(|path| path.contains("domain=stock")));
}

#[tokio::test]
async fn what_is_the_platforms_own_leads_to_its_actors_for_it_is_no_shop() {
    let event = |domain: &str, entity: &str| {
        json!({ "seq": 7, "tenant": "platform", "domain": domain, "entity": entity, "version": 1,
                "type": "notification.queued", "at": "2026-11-20T08:00:00Z" })
    };
    let journal = json!({ "events": 7, "items": [event("notification", "m-7")] });
    let timers = json!({ "items": [event("notification", "m-7")] });
    let letter = json!({ "items": [{ "id": "d-7", "tenant": "platform", "attempts": 1,
        "source": "follower:notifications", "reason": "no answer" }] });
    let mut operator = browser(None)
        .telling("/v1/shards/0/events", journal)
        .telling("/v1/platform/timers", timers)
        .telling("/v1/platform/dead-letters", letter)
        .signed_in()
        .await;
    for path in ["shards/0", "timers", "dead-letters"] {
        let page = operator.get(&format!("/console/system/{path}")).await;
        assert!(page.has("platform") && !page.has("/console/t/platform"), "{path}");
        let actor = page.has("href=\"/console/system/actors/platform/notification\"");
        assert!(actor || path == "dead-letters", "{path}");
    }
}

#[tokio::test]
async fn an_actor_of_the_platform_tells_what_can_be_told_of_it() {
    let running = json!({ "items": [{ "tenant": "platform", "domain": "signing", "shard": 3,
        "status": "running", "done": 9 }] });
    let mut operator = browser(None).telling("/v1/actors", running).signed_in().await;
    let page = operator.get("/console/system/actors/platform/signing").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(
        page.has("What it writes is of no shop") && page.has("href=\"/console/system/shards/3\"")
    );
    let letters = "source=domain%3Asigning&tenant=platform";
    let asked = format!("/v1/platform/dead-letters?limit=20&{letters}");
    assert!(operator.read().contains(&asked), "{:?}", operator.read());
    let list = format!("/console/system/dead-letters?{}", letters.replace('&', "&amp;"));
    assert!(page.has(&format!("href=\"{list}\"")) && !page.has("/console/t/platform"));
    let shop = operator.get("/console/t/platform/orders").await;
    assert_eq!(shop.status, StatusCode::NOT_FOUND, "it is no shop");
}

#[tokio::test]
async fn an_actor_is_told_of_though_something_about_it_cannot_be() {
    let mut operator = browser(None).failing("/v1/audit").signed_in().await;
    let page = operator.get("/console/system/actors/harbour-books/stock").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("It cannot be told now: the store is away"));
    assert!(page.has("panic: as a bug would"), "what it could not do is told");
}

#[tokio::test]
async fn which_tenants_need_a_look_is_asked_now_and_then_and_not_with_every_look() {
    let mut operator = browser(None).signed_in().await;
    for _ in 0..3 {
        assert!(operator.get("/console/system").await.has("1+ of 3 need a look"));
    }
    let asked = operator.read();
    let asked = asked.iter().filter(|path| path.starts_with("/v1/platform/troubles"));
    assert_eq!(asked.count(), 1);
}

#[tokio::test]
async fn the_tree_stands_though_nobody_knows_which_tenants_need_a_look() {
    let mut operator = browser(None).failing("/v1/platform/troubles").signed_in().await;
    let page = operator.get("/console/system").await;
    assert_eq!(page.status, StatusCode::OK);
    let (_, tenants) = page.text.split_once("data-keep=\"tenants\"").unwrap();
    assert!(tenants.contains("3, which of them need a look is not known now"), "{tenants}");
    assert!(!tenants.contains("all well") && page.has("Shard 0"));
}

#[tokio::test]
async fn each_follower_tells_its_own_figures_in_each_shard() {
    let figures = "kontor_follower_lag_events{follower=\"policies\",shard=\"0\"} 3\n\
        kontor_follower_lag_events{follower=\"policies\",shard=\"1\"} 4\n\
        kontor_follower_parked_events{follower=\"relay\",shard=\"1\"} 5\n\
        kontor_follower_lag_events{follower=\"relay\",shard=\"1\"} 6\n";
    let shards = json!({ "items": [{ "shard": 0, "events": 9 }, { "shard": 1, "events": 9 }] });
    let browser = browser(None).telling("/v1/shards", shards).measuring(figures);
    let page = browser.signed_in().await.get("/console/system").await;
    let (_, second) = page.text.split_once("Shard 1").unwrap();
    let (first, _) = page.text.split_once("Shard 1").unwrap();
    assert!(first.contains("3 events behind, 0 put aside") && !first.contains("4 events behind"));
    assert!(second.contains("4 events behind, 0 put aside"));
    assert!(second.contains("6 events behind, 5 put aside"));
}

#[tokio::test]
async fn who_tries_a_letter_again_stays_where_they_were_and_in_the_console() {
    let all = "/console/system/dead-letters";
    let shop = "/console/t/harbour-books/dead-letters";
    let letter = "follower%3Apolicies%3A0%3A14991";
    for (role, place, to) in [
        (None, all, format!("{all}/polar-tea/{letter}/retry")),
        (None, all, format!("{all}/polar-tea/{letter}/drop")),
        (Some("owner"), shop, format!("{shop}/d1/retry")),
        (Some("owner"), shop, format!("{shop}/d1/drop")),
    ] {
        let mut browser = browser(role).signed_in().await;
        let list = format!("{place}?source=follower%3Apolicies&parked=true");
        let shown = browser.get(&list).await;
        let field = format!("name=\"back\" value=\"{}\"", list.replace('&', "&amp;"));
        assert_eq!(shown.text.matches(&field).count(), 2, "{}", shown.text);
        for (back, goes) in [
            (list.as_str(), list.as_str()),
            ("/console/system/followers/policies", "/console/system/followers/policies"),
            ("https://elsewhere.example.com/console/", place),
            ("//elsewhere.example.com", place),
            ("/console/\\elsewhere.example.com", place),
            ("", place),
        ] {
            let page = browser.post(&list, &to, &[("back", back)]).await;
            assert_eq!(page.headers[http::header::LOCATION], goes, "{to} {back}");
        }
    }
}

#[tokio::test]
async fn a_list_of_letters_that_is_narrowed_does_not_say_that_all_was_done() {
    let nothing = json!({ "items": [] });
    let mut operator =
        browser(None).telling("/v1/platform/dead-letters", nothing.clone()).signed_in().await;
    let place = "/console/system/dead-letters";
    for narrowed in ["source=follower%3Arelay", "tenant=polar-tea", "shard=3", "parked=true"] {
        let page = operator.get(&format!("{place}?{narrowed}")).await;
        assert!(page.has("There is none of these") && !page.has("Everything was done"));
    }
    assert!(operator.get(place).await.has("Everything was done"));
    let mut owner = browser(Some("owner")).telling("/v1/dead-letters", nothing).signed_in().await;
    let page = owner.get("/console/t/harbour-books/dead-letters?source=follower%3Arelay").await;
    assert!(page.has("There is none of these") && !page.has("Everything was done"));
}
