//! Pages, made of what a node was recorded to answer.

mod counts;
mod csv;
mod health;
mod house;
mod lists;
mod messages;
mod settings;
mod stock;
mod suppliers;
mod system;
mod undoing;

use house::{ORDER, browser, browser_of, recorded};
use http::{StatusCode, header};
use serde_json::json;

fn order(rest: &str) -> String {
    format!("/console/t/harbour-books/orders/{ORDER}{rest}")
}

#[tokio::test]
async fn a_stranger_signs_in_first_and_comes_back() {
    let mut browser = browser(Some("owner"));
    let page = browser.get("/console/t/harbour-books/orders?status=shipped").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let to = page.headers[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(
        to,
        "/console/sign-in?next=%2Fconsole%2Ft%2Fharbour-books%2Forders%3Fstatus%3Dshipped"
    );
    let fields = [
        ("email", "jana@example.com"),
        ("password", "a long sentence"),
        ("next", "/console/t/harbour-books/orders?status=shipped"),
    ];
    let page = browser.post(&to, "/console/sign-in", &fields).await;
    let back = "/console/t/harbour-books/orders?status=shipped";
    assert_eq!(page.headers[header::LOCATION], back);
}

#[tokio::test]
async fn what_a_browser_keeps_of_a_session_is_sealed_and_no_scripts() {
    let mut browser = browser(Some("owner"));
    let fields = [("email", "jana@example.com"), ("password", "a long sentence")];
    let page = browser.post("/console/sign-in", "/console/sign-in", &fields).await;
    let lines: Vec<_> = page
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|line| line.to_str().unwrap())
        .collect();
    assert!(lines.iter().any(|line| line.starts_with("kontor_session=")));
    for line in lines {
        assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax"), "{line}");
        assert!(!line.contains("=rt;") && !line.contains("=at;"), "{line}");
    }
}

#[tokio::test]
async fn every_page_says_what_it_may_load_and_that_nobody_frames_it() {
    let mut browser = browser(Some("owner")).signed_in().await;
    for path in ["/console/sign-in".to_owned(), order(""), "/console/nothing".to_owned()] {
        let page = browser.get(&path).await;
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{path}");
        assert_eq!(page.headers[header::X_FRAME_OPTIONS], "DENY");
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        assert!(!page.has(" style=") && !page.has("<script>") && !page.has(" onclick="), "{path}");
    }
}

#[tokio::test]
async fn an_order_is_told_with_its_goods_its_money_and_all_that_happened() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&order("")).await;
    assert_eq!(page.status, StatusCode::OK);
    let document = recorded("order");
    assert!(page.has(&format!("Order {}", document["number"].as_str().unwrap())));
    assert!(page.has("shipped") && page.has("Confirmed: the goods are the customer"));
    assert!(page.has("placed through web for"), "how it began");
    assert!(page.has("is paid"), "its payment's past is in the same timeline");
    let (created, paid) = (page.text.find("placed through").unwrap(), page.text.find("is paid"));
    assert!(paid.unwrap() < created, "the newest first");
}

#[tokio::test]
async fn an_order_as_it_was_says_so_and_lets_nobody_act() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let now = browser.get(&order("")).await;
    assert!(now.has("/do/deliver") && !now.has("As it was on"));
    let then = browser.get(&order("?at=2026-11-27T14%3A58%3A00.000Z")).await;
    assert!(then.has("As it was on") && then.has("waits for payment"));
    assert!(!then.has("/do/"), "the past is not changed");
}

#[tokio::test]
async fn why_leads_from_an_event_back_to_what_began_it() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let history = recorded("history");
    let paid = history["items"].as_array().unwrap().iter();
    let paid = paid.clone().find(|event| event["type"] == "order.paid").unwrap()["id"].clone();
    let page = browser.get(&order(&format!("/why/{}", paid.as_str().unwrap()))).await;
    assert_eq!(page.status, StatusCode::OK);
    let chain = &page.text[page.text.find("class=\"chain\"").unwrap()..];
    let (first, last) = (chain.find("is paid").unwrap(), chain.find("Paid: ").unwrap());
    assert!(first < last && chain.contains(" later"), "the payment first, with how long it took");
}

#[tokio::test]
async fn who_may_only_look_is_shown_nothing_to_do() {
    let mut viewer = browser(Some("viewer")).signed_in().await;
    let page = viewer.get(&order("")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.has("/do/") && !page.has("/console/system"));
    let mut support = browser(Some("support")).signed_in().await;
    assert!(support.get(&order("")).await.has("/do/deliver"));
}

#[tokio::test]
async fn a_shop_that_one_does_not_belong_to_is_not_there() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get("/console/t/polar-tea/orders").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.has("There is nothing here"));
}

#[tokio::test]
async fn what_an_action_would_do_is_told_before_it_is_done() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&order("/do/cancel")).await;
    assert!(page.has("This will happen") && page.has("Cancelled: the customer asked"));
    assert!(page.has("Cancel and refund CZK"), "the button says the amount");
    let asked = browser.asked();
    assert!(asked.iter().all(|one| one.path.ends_with("?dry_run=true")), "{asked:?}");
}

#[tokio::test]
async fn a_form_sent_twice_is_one_request_to_the_api() {
    let mut browser = browser(Some("owner")).signed_in().await;
    for _ in 0..2 {
        let to = order("/do/deliver");
        let page = browser.post(&order("/do/cancel"), &to, &[]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
    }
    let asked = browser.asked();
    let sent: Vec<_> = asked.iter().filter(|one| one.path.ends_with("/deliver")).collect();
    assert_eq!(sent.len(), 2);
    assert_eq!((sent[0].key.as_str(), &sent[0].key), ("k1", &sent[1].key));
}

#[tokio::test]
async fn a_form_that_is_not_ours_does_nothing() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.post_bare(&order("/do/deliver"), &[("form", "forged")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.has("nothing was done"));
    assert!(browser.asked().is_empty());
}

#[tokio::test]
async fn a_refusal_of_the_api_is_told_in_its_words_with_what_was_not_changed() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.post(&order("/do/cancel"), &order("/do/ship"), &[("carrier", "x")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.has("the order is shipped already") && page.has("Nothing was changed"));
}

#[tokio::test]
async fn what_a_customer_writes_is_text_and_nothing_else() {
    let mut document = recorded("order");
    document["customer"]["name"] = json!("<script>alert(1)</script>");
    document["status"] = json!("something_new");
    let mut browser = browser_of(Some("owner"), document).signed_in().await;
    let page = browser.get(&order("")).await;
    assert!(page.has("&lt;script&gt;alert(1)") && !page.has("<script>alert"));
    assert!(page.has("something new"), "a status that nobody knows yet is shown as it is");
}

#[tokio::test]
async fn a_list_is_narrowed_by_a_sentence_of_which_each_part_can_be_taken_away() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let query = "channel=web&placed_from=2026-11-27&status=shipped";
    let page = browser.get(&format!("/console/t/harbour-books/orders?{query}")).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in ["status is shipped", "channel is web", "placed since 27 Nov 2026"] {
        assert!(page.has(part), "{part}");
    }
    let others = "/console/t/harbour-books/orders?status=shipped&amp;placed_from=2026-11-27\"";
    assert!(page.has(others), "without the channel");
    let asked = "/v1/orders?limit=50&status=shipped&channel=web&placed_from=2026-11-27";
    assert!(browser.read().iter().any(|path| path == asked), "{:?}", browser.read());
    let bare = browser.get("/console/t/harbour-books/orders").await;
    assert!(!bare.has("class=\"chip\""), "no sentence where nothing is narrowed");
}

#[tokio::test]
async fn a_view_is_a_tab_that_is_kept_under_a_name_and_removed() {
    let mut browser = browser(Some("viewer")).signed_in().await;
    let orders = "/console/t/harbour-books/orders";
    let page = browser.get(&format!("{orders}?status=confirmed&channel=till")).await;
    assert!(page.has("aria-current=\"true\">To pack at the till"), "its tab is where we are");
    assert!(page.has("Remove this view") && !page.has("Save this view"));
    assert!(!browser.get(orders).await.has("Save this view"), "all orders need no name");
    let narrowed = format!("{orders}?channel=web");
    assert!(browser.get(&narrowed).await.has("Save this view"));
    let fields = [("name", "Web & more"), ("query", "channel=web")];
    let page = browser.post(&narrowed, &format!("{orders}/views"), &fields).await;
    assert_eq!(page.headers[header::LOCATION], narrowed.as_str());
    let fields = [("name", "Web & more")];
    let page = browser.post(&narrowed, &format!("{orders}/views/remove"), &fields).await;
    assert_eq!(page.headers[header::LOCATION], orders);
    let asked: Vec<_> = browser
        .asked()
        .into_iter()
        .map(|one| (one.method.to_string(), one.path, one.body))
        .collect();
    let path = "/v1/auth/me/views/Web%20%26%20more".to_owned();
    let body = json!({ "query": "channel=web" }).to_string();
    assert_eq!(asked[0], ("PUT".to_owned(), path.clone(), body));
    assert_eq!((asked[1].0.as_str(), &asked[1].1), ("DELETE", &path));
    let one = browser.get(&format!("{orders}?q=jana%40example.com")).await;
    assert!(!one.has("Save this view"), "a customer's address is kept in no view");
}

#[tokio::test]
async fn a_channel_leads_to_its_orders_of_the_day_and_to_what_needs_somebody() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get("/console/t/harbour-books/channels?day=2026-11-27").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(browser.read().contains(&"/v1/summary?day=2026-11-27".to_owned()));
    let orders = "/console/t/harbour-books/orders";
    assert!(!page.has(&format!("{orders}?channel=web\"")), "a day's row tells of no other day");
    let day = "channel=web&amp;placed_from=2026-11-27&amp;placed_to=2026-11-27\"";
    assert!(page.has(&format!("{orders}?{day}")), "those of the day");
    assert!(page.has(&format!("{orders}?status=paid_without_stock&amp;{day}")));
    assert!(page.has("27 Nov 2026") && page.has("channels?day=2026-11-26"));
    assert!(page.has("34,900.00") && page.has("2026-000007"));
}

#[tokio::test]
async fn today_is_told_as_the_api_adds_it_up() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get("/console/t/harbour-books").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("1,200 orders today") && page.has("41,880.00"));
    let (web, till) = (page.text.find("channel=web"), page.text.find("channel=till"));
    assert!(web.unwrap() < till.unwrap(), "the busiest first");
    let orders: Vec<_> =
        browser.read().into_iter().filter(|path| path.starts_with("/v1/orders")).collect();
    assert!(orders.contains(&"/v1/orders?limit=12".to_owned()), "{orders:?}");
    assert!(!orders.iter().any(|path| path.contains("limit=200")), "nothing is counted here");
}

#[tokio::test]
async fn today_tells_the_margin_what_it_leaves_out_and_leads_to_what_it_is_made_of() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get("/console/t/harbour-books").await;
    assert!(page.has("7,500.00") && page.has("37.5\u{a0}%; lines without a cost: 50"));
    assert!(page.has("/console/t/harbour-books/margin?day=2026-11-27"));
    let page = browser.get("/console/t/harbour-books/margin?day=2026-11-27").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("The cost of 50 lines is not known. They bring CZK\u{a0}900.00"));
    assert!(page.has("7 lines are of orders that say no tax"));
    assert!(page.has("/console/t/harbour-books/search?q=lamp"), "a product without a cost");
    let orders = "/console/t/harbour-books/margin/orders";
    let till = "channel=till&amp;currency=CZK&amp;placed_from=2026-11-27";
    assert!(page.has(&format!("{orders}?{till}")), "its orders, each with its margin");
}

#[tokio::test]
async fn an_order_tells_its_margin_by_line_to_who_may_know_what_goods_cost() {
    let mut owner = browser(Some("owner")).signed_in().await;
    let page = owner.get(&order("")).await;
    assert!(page.has("Margin by line") && page.has("176.86") && page.has("30.7\u{a0}%"));
    assert!(page.has("The cost of 1 lines is not known"));
    let mut packer = browser(Some("packer")).signed_in().await;
    let page = packer.get(&order("")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.has("Margin"));
}

#[tokio::test]
async fn a_form_s_empty_fields_do_not_stay_in_the_address() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let sent = "/console/t/harbour-books/orders?status=shipped&q=&channel=web&placed_from=";
    let page = browser.get(sent).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let to = &page.headers[header::LOCATION];
    assert_eq!(to, "/console/t/harbour-books/orders?status=shipped&channel=web");
}

#[tokio::test]
async fn a_list_of_nothing_says_what_to_do() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get("/console/t/harbour-books/orders?status=returned").await;
    assert!(page.has("No order is like that") && page.has("Take a filter away"));
}

#[tokio::test]
async fn what_is_low_is_asked_of_the_api_and_not_looked_for() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get("/console/t/harbour-books/stock?low=yes").await;
    assert!(page.has("lamp") && page.has("aria-current=\"true\">Low"));
    let stock: Vec<_> = browser.read().into_iter().filter(|path| path.contains("stock")).collect();
    assert_eq!(stock, ["/v1/stock?limit=50&low=true"]);
}

#[tokio::test]
async fn the_console_speaks_czech_to_who_asks_for_it() {
    let mut browser = browser(Some("owner")).signed_in().await.in_czech().await;
    let page = browser.get("/console/t/harbour-books/orders").await;
    assert!(page.has("lang=\"cs\"") && page.has("Objednávky") && page.has("Kč"));
}

#[tokio::test]
async fn what_happened_to_a_product_is_told_with_what_was_and_what_is() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get("/console/t/harbour-books/catalog/products/p1").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("atlas was put into the catalog"));
    assert!(page.has("Cost price: CZK\u{a0}200.00 → CZK\u{a0}210.00"));
    assert!(page.has("Price in the sale (web): CZK\u{a0}299.00"));
}

#[tokio::test]
async fn what_is_due_next_is_a_tab_of_its_own_and_leads_to_what_waits() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get("/console/t/harbour-books/overdue").await;
    assert!(page.has("Nothing is overdue") && page.has("overdue?show=next"));
    let page = browser.get("/console/t/harbour-books/overdue?show=next").await;
    assert!(page.has(&format!("/console/t/harbour-books/orders/{ORDER}")) && page.has("in time"));
    let asked = "/v1/timers?limit=100&overdue=false".to_owned();
    assert!(browser.read().contains(&asked), "{:?}", browser.read());
}

#[tokio::test]
async fn all_parts_are_on_one_page_in_both_themes() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get("/console/components").await;
    assert!(page.has("data-theme=\"light\"") && page.has("data-theme=\"dark\""));
}

#[tokio::test]
async fn the_form_that_narrows_is_folded_away_while_its_chips_tell_what_it_says() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get("/console/t/harbour-books/orders?status=shipped&channel=web").await;
    assert!(page.has("<details class=\"fold\"><summary>Narrow the list</summary></details><form"));
    assert!(page.has("class=\"chip\"") && page.has("channel is web"));
    let page = browser.get("/console/t/harbour-books/orders?external_id=X-1").await;
    assert!(page.has("<details class=\"fold\" open>"), "what has no chip stays in sight");
}

#[tokio::test]
async fn todays_figures_lead_to_the_orders_that_they_are_made_of() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get("/console/t/harbour-books").await;
    let of_the_day = "/orders?placed_from=2026-11-27&amp;placed_to=2026-11-27\"";
    assert!(page.has(of_the_day), "orders");
    let lasting = "&amp;currency=CZK&amp;cancelled=false\"";
    assert!(page.has(&of_the_day.replace('"', lasting)), "what those of one currency come to");
    assert!(page.has(&of_the_day.replace('"', "&amp;paid=true\"")), "those that are paid");
}
