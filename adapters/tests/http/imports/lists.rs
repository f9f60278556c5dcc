//! What an import has done, list by list: what it changed, what is wrong with its rows, and what its
//! undoing left.

use super::{House, TWO, counts, source};
use kontor_actors::{admission::Lane, intake::Caller, request::Terms, supplier::Supplier};
use kontor_messages::{
    Meta, Timestamp,
    supplier::{
        Availability, Counts, Fetched, Figures, Kept, NewOffer, PageLosses, Progress,
        SupplierCommand as C, import_entity,
    },
};
use serde_json::{Value, json};

impl House {
    /// All of a list of an import, so many at a time.
    async fn all(&self, import: &Value, list: &str, limit: usize) -> Vec<Value> {
        let join = if list.contains('?') { '&' } else { '?' };
        let path = format!("/v1/imports/{}/{list}{join}", import["id"].as_str().unwrap());
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.harbour.get(&format!("{path}limit={limit}{cursor}")).await.ok();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit, "{page}");
            all.extend(items.iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }
}

fn codes(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_an_import_changed_is_listed_with_what_it_was_before() {
    let house = House::open().await;
    house.feed(TWO).await;
    let import = house.feed("code;name;price;stock;category\nA;Vrták nový;80;5;Nářadí > Vrtáky\nN;Nový;5;1;Nářadí\n").await;
    assert_eq!(counts(&import), [1, 1, 0, 0, 0]);
    for limit in [1, 2, 50] {
        let all = house.all(&import, "changes", limit).await;
        assert_eq!(codes(&all), ["A", "N", "B"], "{all:?}");
    }
    let changed = house.all(&import, "changes?kind=updated", 50).await;
    assert_eq!(codes(&changed), ["A"]);
    let a = &changed[0];
    assert_eq!((&a["product"], a["product_id"].is_string()), (&json!("AC-A"), true));
    assert_eq!(a["price_before"]["amount_minor"], 8250);
    assert_eq!(a["price"]["amount_minor"], 8000);
    assert_eq!(a["stock_before"], json!({ "is": "exact", "quantity": 7 }));
    assert_eq!(a["stock"], json!({ "is": "exact", "quantity": 5 }));
    let title = a["changes"].as_array().unwrap().iter().find(|one| one["field"] == "title.cs");
    let title = title.unwrap_or_else(|| panic!("{a}"));
    assert_eq!(
        (&title["was"], &title["now"]),
        (&json!({ "text": "Vrták" }), &json!({ "text": "Vrták nový" }))
    );
    let gone = house.all(&import, "changes?kind=vanished", 50).await;
    assert_eq!((codes(&gone), &gone[0]["product"]), (vec!["B"], &json!("AC-B")));
    assert_eq!(gone[0]["stock_before"], json!({ "is": "some" }));
    assert_eq!(gone[0]["stock"], json!({ "is": "none" }));
    assert_eq!(codes(&house.all(&import, "changes?code=N", 50).await), ["N"]);
    let id = import["id"].as_str().unwrap();
    let csv = house.harbour.get(&format!("/v1/imports/{id}/changes.csv?kind=updated")).await.text();
    assert_eq!(csv.lines().nth(1), Some("updated,A,AC-A,CZK,8250,8000,7,5"), "{csv}");
    assert_eq!(csv.lines().count(), 2);
}

#[tokio::test]
async fn what_is_missing_and_not_gone_yet_is_told_apart_from_what_is_gone() {
    let house = House::open().await;
    let mut patient = source();
    patient["vanished"] = json!({ "action": "zero_stock", "after_runs": 2 });
    house.harbour.put("/v1/sources/full", patient).await.ok();
    house.feed(TWO).await;
    let one = "code;name;price;stock;category\nA;Vrták;82,50;7;Nářadí > Vrtáky\n";
    let first = house.feed(one).await;
    assert_eq!(codes(&house.all(&first, "changes?kind=missing", 50).await), ["B"]);
    assert!(house.all(&first, "changes?kind=vanished", 50).await.is_empty());
    let second = house.feed("code;name;price;stock;category\nA;Vrták;81;7;Nářadí > Vrtáky\n").await;
    assert_eq!(second["counts"]["vanished"], 1, "{second}");
    assert_eq!(codes(&house.all(&second, "changes?kind=vanished", 50).await), ["B"]);
}

#[tokio::test]
async fn a_trial_lists_its_samples_and_says_that_they_are_no_more_than_that() {
    let house = House::open().await;
    house.upload(TWO).await;
    let trial = json!({ "source": "full", "trial": true });
    let started = house.harbour.post("/v1/imports", trial).await.ok();
    house.follow().await;
    let path = format!("/v1/imports/{}/changes", started["id"].as_str().unwrap());
    let page = house.harbour.get(&path).await.ok();
    assert_eq!((&page["samples_only"], page["items"].as_array().unwrap().len()), (&json!(true), 2));
    assert_eq!(
        (&page["items"][0]["kind"], &page["items"][0]["title"]),
        (&json!("created"), &json!("Vrták"))
    );
    let changed = house.harbour.get(&format!("{path}?kind=updated")).await.ok();
    assert_eq!(changed["items"], json!([]));
}

#[tokio::test]
async fn all_rows_at_fault_are_listed_page_by_page() {
    let house = House::open().await;
    let rows = (0..450).fold("code;price;stock\n".to_owned(), |text, n| {
        let price = if n % 2 == 0 { "much" } else { "10" };
        text + &format!("C{n};{price};1\n")
    });
    let mut lenient = source();
    lenient["gates"]["errors_permille_max"] = json!(1000);
    house.harbour.put("/v1/sources/full", lenient).await.ok();
    house.upload(rows).await;
    let import = house.import().await;
    assert_eq!(import["counts"]["failed"], 225, "{import}");
    let expected: Vec<u64> = (0..225).map(|n| 2 * n + 1).collect();
    for limit in [7, 200] {
        let all = house.all(&import, "problems", limit).await;
        let rows: Vec<u64> = all.iter().map(|one| one["row"].as_u64().unwrap()).collect();
        assert_eq!(rows, expected, "{limit}");
    }
    assert_eq!(codes(&house.all(&import, "problems?code=C400", 50).await), ["C400"]);
    assert!(house.all(&import, "problems?field=stock", 50).await.is_empty());
}

#[tokio::test]
async fn what_an_undoing_left_is_listed_with_whose_it_is_now() {
    let house = House::open().await;
    house.feed(TWO).await;
    let import = house.feed("code;name;price;stock;category\nA;Vrták nový;80;5;Nářadí > Vrtáky\nB;Pila;90;skladem;Nářadí\n").await;
    let found = house.harbour.get("/v1/products?sku=AC-A").await.ok();
    let product = found["items"][0]["id"].as_str().unwrap().to_owned();
    let own = json!({ "titles": { "cs": "Náš vrták" } });
    house.harbour.patch(&format!("/v1/products/{product}"), own).await.ok();
    house.harbour.act(&format!("/v1/imports/{}/undo", import["id"].as_str().unwrap())).await.ok();
    house.follow().await;
    let kept = house.all(&import, "kept", 50).await;
    let title = kept.iter().find(|one| one["field"] == "title.cs");
    let title = title.unwrap_or_else(|| panic!("{kept:?}"));
    assert_eq!((&title["code"], &title["product"]), (&json!("A"), &json!("AC-A")));
    assert_eq!((&title["product_id"], &title["writer"]), (&json!(product), &json!("operator")));
    assert_eq!(title.get("import"), None);
    let undone = house.shown(import["id"].as_str().unwrap()).await;
    assert_eq!(undone["undo"]["kept"].as_u64().unwrap(), kept.len() as u64, "{undone}");
}

#[tokio::test]
async fn what_stands_as_before_an_import_that_was_undone_is_listed() {
    let house = House::open().await;
    house.feed(TWO).await;
    let import = house.feed("code;name;price;stock;category\nA;Vrták;80;5;Nářadí > Vrtáky\nB;Pila;100;skladem;Nářadí\nN;Nový;5;1;Nářadí\n").await;
    assert!(house.all(&import, "restored", 50).await.is_empty(), "nobody has undone it");
    house.harbour.act(&format!("/v1/imports/{}/undo", import["id"].as_str().unwrap())).await.ok();
    house.follow().await;
    for limit in [1, 50] {
        let all = house.all(&import, "restored", limit).await;
        assert_eq!(codes(&all), ["A", "N"], "{all:?}");
        let (a, n) = (&all[0], &all[1]);
        assert_eq!((&a["product"], a["product_id"].is_string()), (&json!("AC-A"), true));
        assert_eq!((&a["price"]["amount_minor"], &a["brought"]), (&json!(8250), &json!(false)));
        assert_eq!(a["stock"], json!({ "is": "exact", "quantity": 7 }));
        assert_eq!((n.get("price"), &n["brought"]), (None, &json!(true)));
    }
    let undone = house.shown(import["id"].as_str().unwrap()).await;
    assert_eq!(undone["undo"]["restored"], 2, "{undone}");
}

#[tokio::test]
async fn what_an_undoing_left_and_does_not_list_is_counted() {
    let house = House::open().await;
    let import = house.feed(TWO).await;
    let id = import["id"].as_str().unwrap();
    house.harbour.act(&format!("/v1/imports/{id}/undo")).await.ok();
    let left = |number| Kept {
        code: format!("C{number}"),
        product: None,
        field: "offer".to_owned(),
        reason: "a later import has changed it".to_owned(),
    };
    let kept = (0..130).map(left).collect();
    let import_id = import_entity(id);
    let told = C::RecordUndone { import: import_id, down_to: 1, pages: vec![], kept, done: true };
    let tenant = "harbour-books".parse().unwrap();
    let caller = Caller { tenant, meta: Meta::by("test"), lane: Lane::Realtime };
    house.shop.intake.tell::<Supplier>(&caller, told, Terms::default()).await.unwrap();
    let page = house.harbour.get(&format!("/v1/imports/{id}/kept?limit=200")).await.ok();
    assert_eq!((page["items"].as_array().unwrap().len(), &page["not_listed"]), (100, &json!(30)));
    assert_eq!(house.all(&import, "kept", 40).await.len(), 100);
    assert_eq!(house.shown(id).await["undo"]["kept"], 130);
}

#[tokio::test]
async fn rows_that_are_left_out_are_listed_with_why() {
    let house = House::open().await;
    let mut filtered = source();
    filtered["mapping"]["filters"] = json!(["row.code != 'X'"]);
    house.harbour.put("/v1/sources/full", filtered).await.ok();
    let import = house.feed("code;price;stock\nA;10;1\nX;10;1\nA;11;2\n").await;
    assert_eq!(counts(&import), [1, 0, 0, 2, 0]);
    for limit in [1, 50] {
        let all = house.all(&import, "left-out", limit).await;
        assert_eq!(codes(&all), ["X", "A"], "{all:?}");
        assert_eq!((&all[0]["why"], &all[0]["row"]), (&json!("filtered"), &json!(2)));
        assert_eq!((&all[1]["why"], &all[1]["line"]), (&json!("repeated"), &json!(4)));
    }
}

/// What a follower would tell of an import of so many rows that are new, which lacks one.
fn long(import: &str, rows: u64) -> Vec<C> {
    let import = || import_entity(import);
    let fetched =
        Fetched { file: None, etag: None, last_modified: None, observed_at: Timestamp::now() };
    let progress = |rows| Progress { rows, ..Progress::default() };
    let offer = |row: u64| NewOffer {
        code: format!("N{row}"),
        page: None,
        product: None,
        price: None,
        stock: Availability::None,
        fingerprint: row,
        content: row,
    };
    let mut told = vec![
        C::RecordBegun { import: import() },
        C::RecordFetched { import: import(), fetched, unchanged: false },
        C::RecordJudged {
            import: import(),
            figures: Figures::default(),
            warnings: vec![],
            progress: progress(0),
        },
    ];
    told.extend((1..=rows).map(|row| C::RecordOffers {
        import: import(),
        offers: vec![offer(row)],
        failed: 0,
        problems: vec![],
        progress: progress(row),
    }));
    let lost = PageLosses { page: 0, codes: vec!["B".to_owned()], waiting: vec![] };
    told.push(C::RecordMissing { import: import(), losses: vec![lost] });
    told.push(C::RecordCompleted { import: import(), counts: Counts::default(), samples: vec![] });
    told
}

#[tokio::test]
async fn what_came_last_in_a_long_import_is_on_the_first_page_of_its_list() {
    let house = House::open().await;
    house.feed(TWO).await;
    let import = house.harbour.post("/v1/imports", json!({ "source": "full" })).await.ok();
    let tenant = "harbour-books".parse().unwrap();
    let caller = Caller { tenant, meta: Meta::by("test"), lane: Lane::Realtime };
    for command in long(import["id"].as_str().unwrap(), 250) {
        house.shop.intake.tell::<Supplier>(&caller, command, Terms::default()).await.unwrap();
    }
    let path = format!("/v1/imports/{}/changes?kind=vanished", import["id"].as_str().unwrap());
    let page = house.harbour.get(&path).await.ok();
    assert_eq!(
        (codes(page["items"].as_array().unwrap()), page.get("next_cursor")),
        (vec!["B"], None)
    );
    let created = house.all(&import, "changes?kind=created", 100).await;
    assert_eq!((created.len(), &created[249]["code"]), (250, &json!("N250")));
}
