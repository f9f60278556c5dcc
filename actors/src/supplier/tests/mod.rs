//! The rules of suppliers and imports, each as a sentence.

mod imports;
mod offers;
mod pinned;
mod properties;
mod undo;

use super::{
    ImportDocument, Offer, Supplier,
    state::{ImportStatus, SourceDocument},
};
use crate::testing::{NOW, Stage, given};
use kontor_messages::{
    Currency, EntityId, Money, Timestamp,
    supplier::{
        Availability, Counts, FeedFile, Fetched, Figures, LeftOut, LeftOutRow, NewOffer,
        PAGE_OFFERS, PageLosses, Progress, RowProblem, SourceSettings, SupplierCommand as C,
        SupplierEvent as E, SupplierRefusal as R, SupplierSettings, Trigger, VanishedAction,
        VanishedRule, import_entity, left_out_entity, page_entity, problems_entity, source_entity,
    },
};
use serde_json::json;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn import(n: u32) -> EntityId {
    import_entity(&n.to_string())
}

fn settings() -> SourceSettings {
    serde_json::from_value(json!({
        "supplier": "acme", "name": "Acme, all", "format": {}, "mapping": {}, "currency": "CZK",
        "warehouse": "acme",
    }))
    .unwrap()
}

fn put(settings: SourceSettings) -> C {
    C::PutSource { code: "full".to_owned(), settings: Box::new(settings) }
}

/// A supplier with a source.
fn supplied() -> Stage<Supplier> {
    let acme = SupplierSettings { name: "Acme".to_owned(), active: true };
    given([])
        .when(C::PutSupplier { code: "acme".to_owned(), settings: acme })
        .then_names(&["supplier.put"])
        .when(put(settings()))
        .then_names(&["supplier.source_put"])
}

fn start(n: u32) -> C {
    let trigger = Trigger::Request;
    C::Start { import: import(n), code: "full".to_owned(), trigger, dry_run: false }
}

fn fetched(at: Timestamp) -> Fetched {
    let file = Some(FeedFile { sha256: "ab".repeat(32), bytes: 100 });
    Fetched { file, etag: Some("\"e\"".to_owned()), last_modified: None, observed_at: at }
}

fn progress(rows: u64, rows_total: u64) -> Progress {
    Progress { rows, rows_total, bytes: rows, bytes_total: rows_total }
}

fn figures(rows: u64) -> Figures {
    Figures { rows, ..Figures::default() }
}

/// An import that is read and judged, as of now.
fn judged(stage: Stage<Supplier>, n: u32, rows: u64) -> Stage<Supplier> {
    let now = stage.now();
    let judged = C::RecordJudged {
        import: import(n),
        figures: figures(rows),
        warnings: vec![],
        progress: progress(0, rows),
    };
    stage
        .when(start(n))
        .then_names(&["import.queued"])
        .when(C::RecordBegun { import: import(n) })
        .then_names(&["import.begun"])
        .when(C::RecordFetched { import: import(n), fetched: fetched(now), unchanged: false })
        .then_names(&["import.fetched"])
        .when(judged)
        .then_names(&["import.judged"])
}

fn czk(amount_minor: i64) -> Money {
    Money { amount_minor, currency: Currency::parse("CZK").unwrap() }
}

fn offer(code: &str, page: Option<u32>, price: i64, units: i64) -> NewOffer {
    NewOffer {
        code: code.to_owned(),
        page,
        product: Some(format!("SKU-{code}")),
        price: Some(czk(price)),
        stock: Availability::Exact(units),
        fingerprint: (price * 1_000 + units) as u64,
        content: 1,
    }
}

fn told(n: u32, offers: Vec<NewOffer>, rows: u64) -> C {
    let progress = progress(rows, 10);
    C::RecordOffers { import: import(n), offers, failed: 0, problems: vec![], progress }
}

fn completed(n: u32) -> C {
    let counts = Counts::default();
    C::RecordCompleted { import: import(n), counts, samples: vec![] }
}

/// A first import of these codes, each at 100 with 5 units.
fn imported(codes: &[&str]) -> Stage<Supplier> {
    let offers = codes.iter().map(|code| offer(code, None, 100, 5)).collect();
    judged(supplied(), 1, codes.len() as u64)
        .when(told(1, offers, codes.len() as u64))
        .then_names(&["import.applied"])
        .when(completed(1))
        .then_names(&["import.completed"])
}

fn run(stage: &Stage<Supplier>, n: u32) -> ImportDocument {
    stage.state(&import(n)).import().unwrap().clone()
}

fn source(stage: &Stage<Supplier>) -> SourceDocument {
    stage.state(&source_entity("full")).source().unwrap().clone()
}

fn known(stage: &Stage<Supplier>, code: &str) -> Offer {
    let page = stage.state(&page_entity("full", 0));
    let page = page.page().unwrap();
    page.offers[page.find(code, 0).unwrap()].clone()
}

#[test]
fn a_source_belongs_to_a_supplier_that_is_there() {
    let other = SourceSettings { supplier: "nobody".to_owned(), ..settings() };
    let expected = R::invalid("/supplier", "expected the code of a supplier");
    supplied().when(put(other)).refused(expected);
}

#[test]
fn the_same_settings_a_second_time_change_nothing() {
    let acme = SupplierSettings { name: "Acme".to_owned(), active: true };
    let stage = supplied().when(put(settings())).then_nothing();
    stage.when(C::PutSupplier { code: "acme".to_owned(), settings: acme }).then_nothing();
}

#[test]
fn settings_that_rows_are_read_by_make_the_same_feed_news_and_a_new_name_does_not() {
    let stage = imported(&["A"]);
    assert!(source(&stage).known_now().is_some());
    let renamed = SourceSettings { name: "All of Acme".to_owned(), ..settings() };
    let stage = stage.when(put(renamed.clone())).then_names(&["supplier.source_put"]);
    assert!(source(&stage).known_now().is_some());
    let dearer = SourceSettings { rrp_is_price: true, ..renamed };
    let stage = stage.when(put(dearer)).then_names(&["supplier.source_put"]);
    assert!(source(&stage).known_now().is_none());
}

#[test]
fn a_source_with_an_import_under_way_is_not_removed() {
    let stage = supplied().when(start(1)).then_names(&["import.queued"]);
    let remove = || C::RemoveSource { code: "full".to_owned() };
    let stage = stage.when(remove()).refused(R::Running(import(1)));
    let stage = stage.when(C::Cancel { import: import(1) }).then_names(&["import.cancelled"]);
    let stage = stage.when(remove()).then_names(&["supplier.source_removed"]);
    stage.when(start(2)).refused(R::NotFound("source"));
}

#[test]
fn a_path_without_a_word_of_its_own_is_what_the_nearest_path_above_it_is() {
    let map = |path: &str, category: Option<&str>| C::MapCategory {
        code: "full".to_owned(),
        path: path.to_owned(),
        category: category.map(str::to_owned),
    };
    let stage = supplied()
        .when(map("Tools", Some("tools")))
        .then_names(&["supplier.category_mapped"])
        .when(map("Tools > Drills > Toys", None))
        .then_names(&["supplier.category_mapped"])
        .when(map("tools", Some("tools")))
        .then_nothing();
    let state = stage.state(&kontor_messages::supplier::categories_entity("full"));
    let paths = state.categories().unwrap();
    assert_eq!(paths.resolve("TOOLS  >  Drills"), Some("tools"));
    assert_eq!(paths.resolve("Tools > Drills > Toys"), None);
    assert!(paths.is_mapped("Tools > Drills > Toys"));
    assert!(!paths.is_mapped("Garden"));
    assert_eq!(source(&stage).revision, 3, "rows are read otherwise after each");
}

#[test]
fn paths_that_a_feed_no_longer_has_are_counted_as_none() {
    let count =
        |path: &str, rows| kontor_messages::supplier::CategoryCount { path: path.to_owned(), rows };
    let tell = |counts| C::RecordCategories { code: "full".to_owned(), counts };
    let stage = supplied()
        .when(tell(vec![count("Tools", 3), count("Garden", 1)]))
        .then_names(&["supplier.categories_counted"])
        .when(tell(vec![count("Tools", 3)]))
        .then_names(&["supplier.categories_counted"])
        .when(tell(vec![count("Tools", 3)]))
        .then_nothing();
    let state = stage.state(&kontor_messages::supplier::categories_entity("full"));
    assert_eq!(state.categories().unwrap().paths["garden"].rows, 0);
}
