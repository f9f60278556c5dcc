//! Rules of the pages of suppliers: sources that are set up, and what imports did.

use crate::house::browser;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

fn at(path: &str) -> String {
    format!("/console/t/harbour-books/suppliers{path}")
}

/// What a form of a new source says.
const NEW: [(&str, &str); 14] = [
    ("code", "acme-csv"),
    ("name", "Acme, stock"),
    ("supplier", "acme"),
    ("kind", "stock_and_price"),
    ("reach/by", "upload"),
    ("format/format/kind", "csv"),
    ("format/format/delimiter", "semicolon"),
    ("format/format/header_lines", "1"),
    ("column/code", "kod"),
    ("column/stock", "sklad | kusy"),
    ("currency", "CZK"),
    ("gates/retire_permille_max", "12,5"),
    ("timetable/cron", "30 2 * * *"),
    ("timetable/zone", "Europe/Prague"),
];

#[tokio::test]
async fn a_source_is_set_up_by_a_form() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let list = browser.get(&at("")).await;
    assert!(list.has(&at("/sources/new")) && !list.has("PUT /v1"), "{}", list.text);
    let page = at("/sources/new");
    let shown = browser.get(&page).await;
    assert!(shown.has("option value=\"acme\"") && shown.has("option value=\"main\""));
    let made = browser.post(&page, &page, &NEW).await;
    assert_eq!(made.headers[header::LOCATION], at("/sources/acme-csv?done=yes").as_str());
    let asked = browser.asked().pop().unwrap();
    assert_eq!((asked.method, &*asked.path), (Method::PUT, "/v1/sources/acme-csv"));
    let said: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(
        (&said["reach"], &said["kind"]),
        (&json!({ "by": "upload" }), &json!("stock_and_price"))
    );
    let fields =
        json!([{ "to": "code", "from": ["kod"] }, { "to": "stock", "from": ["sklad", "kusy"] }]);
    assert_eq!(said["mapping"]["fields"], fields);
    assert_eq!(said["format"]["format"]["delimiter"], "semicolon");
    assert_eq!(said["gates"], json!({ "retire_permille_max": 125 }));
    let timetable = json!({ "cron": "30 2 * * *", "zone": "Europe/Prague", "enabled": false });
    assert_eq!(said["timetable"], timetable);
}

#[tokio::test]
async fn a_new_source_never_changes_one_that_has_its_code() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/sources/new");
    let fields = [&NEW[1..], &[("code", "acme-full")]].concat();
    let refused = browser.post(&page, &page, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.has("There is a source acme-full already.") && refused.has("id=\"fault-code\"")
    );
    assert!(refused.has("value=\"Acme, stock\"") && refused.has("value=\"sklad | kusy\""));
    assert!(browser.asked().is_empty());
}

#[tokio::test]
async fn a_source_that_is_changed_keeps_the_secrets_that_nobody_wrote() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/sources/acme-full/settings");
    let shown = browser.get(&page).await;
    assert!(shown.has("type=\"password\" name=\"reach/access/password\""));
    assert!(shown.has("value=\"https://acme.example/feed.csv?***\""));
    assert!(shown.has("stays as it is if nothing is written"));
    let fields = [
        ("revision", "3"),
        ("supplier", "acme"),
        ("name", "All of it"),
        ("kind", "full"),
        ("reach/by", "http"),
        ("reach/url", "https://acme.example/feed.csv?***"),
        ("reach/access/with", "basic"),
        ("reach/access/user", "shop"),
        ("reach/access/password", ""),
        ("format/format/kind", "csv"),
        ("column/code", "kod"),
        ("mapping/rest", r#"{"filters": ["row.kod != ''"]}"#),
        ("currency", "CZK"),
    ];
    let done = browser.post(&page, &page, &fields).await;
    assert_eq!(done.headers[header::LOCATION], at("/sources/acme-full?done=yes").as_str());
    let asked = browser.asked().pop().unwrap();
    assert_eq!(asked.version, "\"9\"", "as it was read just now, whatever was imported meanwhile");
    let said: Value = serde_json::from_str(&asked.body).unwrap();
    let access = json!({ "with": "basic", "user": "shop", "password": "***" });
    assert_eq!(said["reach"]["access"], access);
    assert_eq!(
        said["mapping"]["filters"],
        json!(["row.kod != ''"]),
        "what has no field is not lost"
    );
}

#[tokio::test]
async fn settings_that_somebody_else_changed_are_not_written_over() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/sources/acme-full/settings");
    for fields in [
        &[("revision", "2"), ("name", "Mine"), ("supplier", "acme")][..],
        // A source's revision stays, wherever its feed is.
        &[("revision", "3"), ("seen", "other"), ("name", "Mine"), ("supplier", "acme")][..],
    ] {
        let refused = browser.post(&page, &page, fields).await;
        assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
        assert!(refused.has("somebody else was faster") && refused.has("value=\"Mine\""));
    }
    assert!(browser.asked().is_empty());
}

#[tokio::test]
async fn what_is_wrong_is_told_at_its_field_and_no_secret_is_shown_again() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/sources/acme-full/settings");
    let fields = [
        ("revision", "3"),
        ("reach/by", "http"),
        ("reach/url", "https://elsewhere.example/feed.csv"),
        ("reach/access/with", "bearer"),
        ("reach/access/token", "a token of mine"),
        ("format/format/kind", "csv"),
    ];
    let refused = browser.post(&page, &page, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.has("id=\"fault-reach-url\"") && refused.has("elsewhere.example"));
    assert!(!refused.has("a token of mine"));
    let column = [
        ("revision", "3"),
        ("reach/by", "upload"),
        ("format/format/kind", "csv"),
        ("column/code", "kod"),
        ("column/name", "odd/"),
    ];
    let refused = browser.post(&page, &page, &column).await;
    assert!(refused.has("id=\"fault-column-name\""), "the second rule is the title's");
    let number = [("revision", "3"), ("reach/by", "upload"), ("priority", "high")];
    let asked = browser.asked().len();
    let refused = browser.post(&page, &page, &number).await;
    assert!(refused.has("id=\"fault-priority\"") && refused.has("value=\"high\""));
    assert_eq!(browser.asked().len(), asked, "the API is not asked what cannot be read");
}

#[tokio::test]
async fn a_file_is_handed_on_as_it_is() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let (page, to) = (at("/sources/acme-file"), at("/sources/acme-file/file"));
    let text = "kod;sklad\r\nA-1;7\r\n\r\n--boundary\r\n";
    let done = browser.upload(&page, &to, text).await;
    assert_eq!(done.headers[header::LOCATION], at("/sources/acme-file?done=yes").as_str());
    let asked = browser.asked().pop().unwrap();
    assert_eq!((asked.method, &*asked.path), (Method::PUT, "/v1/sources/acme-file/file"));
    assert_eq!(asked.body, text);
}

#[tokio::test]
async fn a_file_of_a_form_that_is_not_ours_is_not_handed_on() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let to = at("/sources/acme-file/file");
    let refused = browser.upload_bare(&to, "forged", "kod\r\n").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let fields = [("form", "no file at all")];
    assert_eq!(browser.post_bare(&to, &fields).await.status, StatusCode::BAD_REQUEST);
    assert!(browser.asked().is_empty());
}

#[tokio::test]
async fn a_file_is_looked_at_before_it_is_imported() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/sources/acme-file/look");
    let shown = browser.get(&page).await;
    assert!(
        shown.has("Large atlas") && shown.has("82.50") && shown.has("expected a code of one line")
    );
    assert!(shown.has("cena"), "the columns that occur");
    browser.post(&page, &page, &[("sample", "kod;sklad\nA-1;7")]).await;
    let asked = browser.asked().pop().unwrap();
    let said: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(said["sample"], "kod;sklad\nA-1;7");
}

#[tokio::test]
async fn a_source_that_is_removed_says_first_what_that_ends() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/sources/acme-full/remove");
    assert!(browser.get(&page).await.has("Nothing is imported from acme-full any more"));
    let asked = browser.asked();
    assert!(!asked.is_empty() && asked.iter().all(|one| one.path.ends_with("?dry_run=true")));
    let done = browser.post(&page, &page, &[]).await;
    assert_eq!(done.headers[header::LOCATION], at("?done=yes").as_str());
    assert_eq!(browser.asked().pop().unwrap().method, Method::DELETE);
}

#[tokio::test]
async fn a_supplier_is_made_and_its_first_source_comes_next() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = at("/who/new");
    let fields = [("code", "north"), ("name", "North"), ("active", "yes")];
    let made = browser.post(&page, &page, &fields).await;
    assert_eq!(made.headers[header::LOCATION], at("/sources/new?supplier=north").as_str());
    let asked = browser.asked().pop().unwrap();
    let said: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(said, json!({ "name": "North", "active": true }));
    let there = browser.post(&page, &page, &[("code", "acme"), ("name", "Another")]).await;
    assert!(there.has("There is a supplier acme already.") && there.has("value=\"Another\""));
}

#[tokio::test]
async fn each_count_leads_to_what_it_is_made_of_and_what_is_not_kept_is_no_link() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let lists = [
        "/changes?kind=created",
        "/changes?kind=updated",
        "/changes?kind=vanished",
        "/left-out",
        "/problems",
    ];
    for page in [at("/imports/i-9"), at(""), at("/imports"), at("/sources/acme-full")] {
        let shown = browser.get(&page).await;
        for list in lists {
            assert!(
                shown.has(&format!("href=\"{}\"", at(&format!("/imports/i-9{list}")))),
                "{page} {list}"
            );
        }
        assert!(!shown.has("kind=unchanged"), "{page}");
    }
    assert!(browser.get(&at("/imports/i-9")).await.has("not kept one by one"));
}

#[tokio::test]
async fn rows_that_were_left_out_are_told_with_why() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/imports/i-9/left-out")).await;
    assert!(page.has("an earlier row has its code") && page.has("A-5"));
    assert!(page.has("3 rows were left out"));
}

#[tokio::test]
async fn what_an_import_changed_is_told_field_by_field() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/imports/i-9/changes?kind=updated")).await;
    assert!(page.has("82.50") && page.has("80.00"), "what it cost and what it costs");
    assert!(page.has("Velký atlas") && page.has("/catalog/products/p1\""));
    assert!(page.has("it is no longer in the feed"));
    assert!(page.has("/changes?kind=updated&amp;cursor=17.2\""), "further pages of the same kind");
    assert!(page.has("/changes.csv?kind=updated\""));
    assert!(page.has("This import was undone"));
    let asked = "/v1/imports/i-9/changes?limit=25&kind=updated";
    assert!(browser.read().iter().any(|path| path == asked), "{:?}", browser.read());
    let none = browser.get(&at("/imports/i-9/changes?kind=missing")).await;
    assert!(none.has("There is more: go further.") && none.has("cursor=40.0"));
    let file = browser.get(&at("/imports/i-9/changes.csv?kind=updated")).await;
    assert_eq!(file.text, "kind,code\r\nupdated,A-1\r\n");
}

#[tokio::test]
async fn a_trial_says_that_it_keeps_samples_only() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/imports/i-8")).await;
    assert!(page.has("What would change first") && page.has("Large atlas"));
    let list = browser.get(&at("/imports/i-8/changes")).await;
    assert!(list.has("A trial keeps the first 1 of what it would have changed"));
    let none = browser.get(&at("/imports/i-8/changes?kind=updated")).await;
    assert!(none.has("No sample of this kind was kept"), "it would change two");
    assert!(!none.has("It changed nothing of this kind"));
}

#[tokio::test]
async fn an_undoing_is_told_in_words_with_whose_value_was_left() {
    let mut browser = browser(Some("owner")).signed_in().await;
    for page in ["/imports/i-9", "/imports/i-9/kept"] {
        let page = browser.get(&at(page)).await;
        assert!(page.has("Offers that stand as before the import: 2."));
        assert!(page.has("Left as they are, because somebody touched them since: 32."));
        assert!(page.has("30 more were left, and are not kept one by one"), "2 are listed");
        assert!(page.has(&format!("href=\"{}\"", at("/imports/i-9/restored"))));
        assert!(page.has("somebody has written it since") && page.has("operator"));
        assert!(page.has("/catalog/products/p1\"") && page.has("a later import has changed it"));
    }
}

#[tokio::test]
async fn offers_that_stand_as_before_an_import_are_listed_and_taken_as_a_file() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let place = at("/imports/i-9/restored");
    let page = browser.get(&place).await;
    assert!(page.has("82.50") && page.has("/catalog/products/p1\""), "{}", page.text);
    assert!(page.has("it was not there before") && page.has(&format!("{place}?cursor=50.1\"")));
    assert!(page.has(&format!("{place}?format=csv\"")));
}

#[tokio::test]
async fn the_rows_of_a_path_say_of_which_import_they_are() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/sources/acme-full/categories")).await;
    assert!(page.has("12 rows") && page.has("Rows are those of the last import"));
    assert!(page.has(&format!("href=\"{}\"", at("/sources/acme-full/look"))));
}

#[tokio::test]
async fn all_rows_at_fault_are_paged_through_and_taken_as_a_file() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/imports/i-9/problems?code=A-7")).await;
    assert!(page.has("expected a number") && page.has("/problems?code=A-7&amp;cursor=0.1\""));
    assert!(page.has("4 rows could not be taken. What is wrong is kept of the first of them: 2"));
    let cells = |text: &str| page.text.matches(&format!("<code>{text}</code>")).count();
    assert_eq!(cells("A-7"), 1, "what is wrong with a row stands together");
    let asked = "/v1/imports/i-9/problems?limit=50&code=A-7";
    assert!(browser.read().iter().any(|path| path == asked), "{:?}", browser.read());
    let file = browser.get(&at("/imports/i-9/problems.csv")).await;
    assert_eq!(file.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    assert!(file.headers[header::CONTENT_DISPOSITION].to_str().unwrap().contains("errors.csv"));
    assert!(file.text.starts_with("row,line,code"));
}

#[tokio::test]
async fn imports_are_narrowed_by_how_they_ended_and_from_where() {
    let mut browser = browser(Some("owner")).signed_in().await;
    let page = browser.get(&at("/imports?status=completed&source=acme-full")).await;
    assert!(page.has("option value=\"acme-full\" selected") && page.has("format=csv"));
    assert!(page.has("/imports?status=failed&amp;source=acme-full\""), "the source stays");
    assert!(page.has("cursor=i-9"));
    assert!(browser.get(&at("/imports?status=rejected")).await.has("No import is like that"));
}

#[tokio::test]
async fn who_may_only_look_sets_no_source_up() {
    let mut viewer = browser(Some("viewer")).signed_in().await;
    let list = viewer.get(&at("")).await;
    assert!(list.has("acme-full") && !list.has("/sources/new") && !list.has("/suppliers/run"));
    let source = viewer.get(&at("/sources/acme-file")).await;
    assert!(!source.has("type=\"file\"") && !source.has("/remove") && !source.has("/settings\""));
    assert!(!viewer.get(&at("/who/acme")).await.has("name=\"active\""));
}
