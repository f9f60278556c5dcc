//! Rules of lists that are taken out as files.

use crate::house::{browser, recorded};
use http::{StatusCode, header};

const STOCK: &str = "/console/t/harbour-books/stock";

#[tokio::test]
async fn a_lists_file_has_all_pages_of_the_same_list_and_no_formula() {
    let mut browser = browser(Some("viewer")).signed_in().await;
    let page = browser.get(&format!("{STOCK}?low=yes")).await;
    let link = format!("{STOCK}?low=yes&amp;format=csv");
    assert!(page.has(&link) && page.has("all of the list, 50,000 rows at most"));
    let file = browser.get(&format!("{STOCK}?low=yes&format=csv")).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    assert_eq!(file.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"stock.csv\"");
    assert_eq!(file.headers["x-kontor-rows-max"], "50000");
    let lines: Vec<_> = file.text.trim_start_matches('\u{feff}').split("\r\n").collect();
    assert_eq!(lines[0], "Id,Product,Sellable,On hand,Held,By warehouse");
    assert_eq!(lines[1], "\"'=cmd\",\"'=cmd\",\"1,234\",0,0,");
    assert_eq!(lines[2], "lamp,lamp,6,12,6,main 12");
    assert_eq!(lines[3..], [""], "and nothing else");
    let asked = browser.read().into_iter().filter(|path| path.contains("low=true&limit=200"));
    let asked: Vec<_> = asked.collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[0].ends_with("low=true&limit=200"), "from the beginning: {asked:?}");
    assert!(asked[1].ends_with("low=true&limit=200&cursor=p2"), "then on: {asked:?}");
}

#[tokio::test]
async fn the_link_to_the_file_begins_at_the_lists_beginning() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&format!("{STOCK}/holds?cursor=r-9")).await;
    assert!(page.has(&format!("href=\"{STOCK}/holds?format=csv\"")), "{}", page.text);
}

#[tokio::test]
async fn a_file_that_is_cut_off_says_so_in_its_last_line() {
    let mut operator = browser(None).signed_in().await;
    let file = operator.get("/console/system/timers?format=csv").await;
    let lines: Vec<_> = file.text.trim_end().split("\r\n").collect();
    let last = lines.last().unwrap();
    assert!(last.starts_with("\"Cut off after 4,000 rows: there are more."), "{last}");
    let columns = |line: &str| line.matches(',').count();
    // The number in the sentence has a comma of its own.
    assert_eq!(columns(last) - 1, columns(lines[0]), "each line has all columns");
    assert!(lines[1].contains("2126-11-27T15:00:00Z"), "times in full: {}", lines[1]);
}

#[tokio::test]
async fn ids_are_told_in_full_and_who_may_not_see_a_list_gets_no_file() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let payment = recorded("payments")["items"][0]["id"].clone();
    let file = browser.get("/console/t/harbour-books/payments?format=csv").await;
    assert!(file.text.contains(payment.as_str().unwrap()), "{}", file.text);
    let sources = browser.get("/console/t/harbour-books/suppliers").await;
    assert!(sources.has("/console/t/harbour-books/suppliers?format=csv"));
    let file = browser.get("/console/t/harbour-books/suppliers?format=csv").await;
    assert!(file.text.contains("\r\nacme-full,") && file.text.contains("\r\nacme-file,"));
    let file = browser.get("/console/system/tenants?format=csv").await;
    assert_eq!(file.status, StatusCode::FORBIDDEN);
    assert!(!file.headers.contains_key(header::CONTENT_DISPOSITION), "why is told by a page");
    let mut operator = crate::house::browser(None).signed_in().await;
    let file = operator.get("/console/system/tenants?format=csv").await;
    assert!(file.text.contains("polar-tea") && file.text.contains("out of service"));
    assert!(!file.text.contains("Pause"), "what a page offers to do is in no file");
}

#[tokio::test]
async fn no_page_offers_a_file_that_it_does_not_give() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let shop = "/console/t/harbour-books";
    for page in [
        "/stock/transfers",
        "/stock/warehouses",
        "/payments/accounts",
        "/payments/routes",
        "/people/invitations",
        "/keys",
        "/webhooks",
        "/channels",
        "/margin",
        "/people/roles",
        "/people",
        "/messages",
        "/overdue",
        "/suppliers",
        "/suppliers/who",
        "/suppliers/imports",
        "/suppliers/imports/i-9/left-out",
        "/suppliers/imports/i-9/kept",
    ] {
        let shown = browser.get(&format!("{shop}{page}")).await;
        if !shown.has("format=csv") {
            continue;
        }
        let file = browser.get(&format!("{shop}{page}?format=csv")).await;
        let kind = file.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap());
        assert_eq!(kind, Some("text/csv; charset=utf-8"), "{page}");
        assert!(file.text.starts_with('\u{feff}'), "{page}");
    }
}
