//! Lists that are narrowed: by label, by a stretch of names, by the beginning of a key, by a person.

use crate::rows::{event, key, names, person_key, state, states, tenant};
use kontor_actors::store::{
    Batch, KeyQuery, KeyRow, ListQuery, PersonKeyRow, PersonQuery, Store, StoredEntity,
};
use kontor_messages::Timestamp;
use std::sync::Arc;

fn labelled(name: &str, status: &str, label: Option<&str>) -> StoredEntity {
    StoredEntity { status: Some(status.into()), label: label.map(Arc::from), ..state(name, 1) }
}

fn all() -> ListQuery {
    ListQuery {
        tenant: tenant("harbour"),
        domain: "order".into(),
        prefix: String::new(),
        status: None,
        label: None,
        from: None,
        before: None,
        limit: 100,
    }
}

pub async fn lists_filter_by_label_and_by_a_stretch_of_names(store: &dyn Store) {
    let mut foreign = labelled("n3", "open", Some("web"));
    foreign.tenant = tenant("market");
    let rows = [
        labelled("n1", "open", Some("web")),
        labelled("n2", "done", Some("web")),
        labelled("n3", "open", Some("till")),
        labelled("n4", "open", None),
        labelled("n5", "open", Some("web")),
        foreign,
    ];
    store.commit(states(rows)).await.unwrap();
    let of = |status: Option<&str>, label: Option<&str>, from: Option<&str>| ListQuery {
        status: status.map(String::from),
        label: label.map(String::from),
        from: from.map(String::from),
        ..all()
    };
    let cases = [
        (of(None, Some("web"), None), vec!["n5", "n2", "n1"]),
        (of(Some("open"), Some("web"), None), vec!["n5", "n1"]),
        (of(None, Some("web"), Some("n2")), vec!["n5", "n2"]),
        (of(Some("open"), None, Some("n3")), vec!["n5", "n4", "n3"]),
        (ListQuery { before: Some("n5".into()), ..of(None, None, Some("n3")) }, vec!["n4", "n3"]),
        (ListQuery { prefix: "n".into(), ..of(None, None, Some("n4")) }, vec!["n5", "n4"]),
        (ListQuery { limit: 1, ..of(None, Some("web"), None) }, vec!["n5"]),
        (of(None, Some("none"), None), vec![]),
    ];
    for (query, wanted) in cases {
        assert_eq!(names(&store.list(&query).await.unwrap()), wanted, "{query:?}");
    }
}

pub async fn a_label_changes_with_its_state_and_is_read_back(store: &dyn Store) {
    let low = labelled("sku", "open", Some("low"));
    store.commit(states([low.clone()])).await.unwrap();
    assert_eq!(store.list(&all()).await.unwrap(), std::slice::from_ref(&low));
    let full = StoredEntity { version: 2, label: None, ..low };
    store.commit(states([full])).await.unwrap();
    let query = ListQuery { label: Some("low".into()), ..all() };
    assert!(store.list(&query).await.unwrap().is_empty());
    assert_eq!(store.list(&all()).await.unwrap()[0].label, None);
}

pub async fn the_labels_that_there_are_are_told_once_in_order(store: &dyn Store) {
    let mut foreign = labelled("n9", "open", Some("elsewhere"));
    foreign.tenant = tenant("market");
    let labels = [Some("web"), Some("till"), None, Some("web"), Some("allegro"), Some("web")];
    let rows =
        labels.iter().enumerate().map(|(n, label)| labelled(&format!("n{n}"), "open", *label));
    store.commit(states(rows.chain([foreign]))).await.unwrap();
    let harbour = tenant("harbour");
    assert_eq!(store.labels(&harbour, "order", 10).await.unwrap(), ["allegro", "till", "web"]);
    assert_eq!(store.labels(&harbour, "order", 2).await.unwrap(), ["allegro", "till"]);
    assert!(store.labels(&harbour, "stock", 10).await.unwrap().is_empty());
}

pub async fn keys_are_listed_by_how_they_begin_the_last_first(store: &dyn Store) {
    let other = KeyRow { name: "number".into(), ..key("2026-4", "d") };
    let foreign = KeyRow { tenant: tenant("market"), ..key("2026-5", "e") };
    let keys = vec![
        key("2025-9", "a"),
        key("2026-1", "b"),
        key("2026-2", "c"),
        key("2027-1", "f"),
        other,
        foreign,
    ];
    store.commit(Arc::new(Batch { keys, ..Batch::default() })).await.unwrap();
    let of = |prefix: &str, before: Option<&str>, limit: u32| KeyQuery {
        tenant: tenant("harbour"),
        domain: "order".into(),
        name: "external_id".into(),
        prefix: prefix.into(),
        before: before.map(String::from),
        limit,
    };
    let cases = [
        (of("2026-", None, 10), vec!["2026-2", "2026-1"]),
        (of("2026-", None, 1), vec!["2026-2"]),
        (of("2026-", Some("2026-2"), 10), vec!["2026-1"]),
        (of("", None, 2), vec!["2027-1", "2026-2"]),
        (of("2028", None, 10), vec![]),
    ];
    for (query, wanted) in cases {
        let found = store.list_keys(&query).await.unwrap();
        let values: Vec<_> = found.iter().map(|row| row.value.as_str()).collect();
        assert_eq!(values, wanted, "{query:?}");
    }
}

/// However much came between them, and whoever else's.
pub async fn a_person_s_entities_are_found_whenever_they_came(store: &dyn Store) {
    let came = [("a", 1), ("b", 900), ("c", 5_000), ("d", 70_000), ("e", 70_001), ("f", 9_000_000)];
    for (entity, seq) in came {
        let other = person_key(&format!("{entity}-other"), "petr");
        let batch = Batch {
            events: vec![event(3, seq, entity, 1)],
            person_keys: vec![person_key(entity, "jana"), other],
            ..Batch::default()
        };
        store.commit(Arc::new(batch)).await.unwrap();
    }
    let mut query = PersonQuery {
        tenant: tenant("harbour"),
        person: "jana".into(),
        domain: "order".into(),
        before: None,
        limit: 4,
    };
    let newest = store.list_of_person(&query).await.unwrap();
    query.before = newest.last().map(ToString::to_string);
    let rest = store.list_of_person(&query).await.unwrap();
    let found: String = newest.iter().chain(&rest).map(ToString::to_string).collect();
    assert_eq!(found, "fedcba");
    let until = Timestamp::from_millis(i64::MAX / 2);
    let erased = store.erase_person(&tenant("harbour"), Some("jana"), until).await.unwrap();
    assert_eq!(erased.len(), came.len());
    query.before = None;
    assert!(store.list_of_person(&query).await.unwrap().is_empty());
    query.person = "petr".into();
    assert_eq!(store.list_of_person(&query).await.unwrap().len(), 4);
}

pub async fn a_person_s_entities_are_listed_until_they_are_erased(store: &dyn Store) {
    let later = PersonKeyRow { at: Timestamp::from_millis(9_000), ..person_key("c", "jana") };
    let elsewhere = PersonKeyRow { domain: "payment".into(), ..person_key("p", "jana") };
    let foreign = PersonKeyRow { tenant: tenant("market"), ..person_key("m", "jana") };
    let person_keys =
        vec![person_key("a", "jana"), person_key("b", "petr"), later, elsewhere, foreign];
    store.commit(Arc::new(Batch { person_keys, ..Batch::default() })).await.unwrap();
    let of = |before: Option<&str>, limit: u32| PersonQuery {
        tenant: tenant("harbour"),
        domain: "order".into(),
        person: "jana".into(),
        before: before.map(String::from),
        limit,
    };
    let listed = async |query: PersonQuery| -> Vec<String> {
        let found = store.list_of_person(&query).await.unwrap();
        found.iter().map(ToString::to_string).collect()
    };
    assert_eq!(listed(of(None, 10)).await, ["c", "a"]);
    assert_eq!(listed(of(None, 1)).await, ["c"]);
    assert_eq!(listed(of(Some("c"), 10)).await, ["a"]);
    let until = Timestamp::from_millis(8_999);
    store.erase_person(&tenant("harbour"), Some("jana"), until).await.unwrap();
    assert_eq!(listed(of(None, 10)).await, ["c"]);
}
