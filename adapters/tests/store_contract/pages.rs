//! How what was written is found again.

use crate::rows::*;
use kontor_actors::store::{
    Batch, DeadLetter, EntityRef, Found, LetterQuery, ListQuery, RequestRow, Store, StoredEntity,
    StoredEvent, WaitQuery,
};
use kontor_messages::Timestamp;
use std::sync::Arc;

pub async fn answers_stand_in_the_order_of_the_questions(store: &dyn Store) {
    let whole = Batch {
        states: vec![state("a", 1), state("b", 2)],
        keys: vec![key("k", "a")],
        requests: vec![request("r", 1)],
        ..Batch::default()
    };
    store.commit(Arc::new(whole)).await.unwrap();
    assert!(store.fetch(&[]).await.unwrap().is_empty());
    let asked = [
        ask_request("none"),
        ask_entity("b"),
        ask_key("k"),
        ask_entity("none"),
        ask_request("r"),
        ask_entity("a"),
        ask_key("none"),
        ask_entity("b"),
    ];
    let b = Found::Entity(Some(state("b", 2)));
    let answers = [
        Found::Request(None),
        b.clone(),
        Found::Key(Some(id("a"))),
        Found::Entity(None),
        Found::Request(Some(request("r", 1))),
        Found::Entity(Some(state("a", 1))),
        Found::Key(None),
        b,
    ];
    assert_eq!(store.fetch(&asked).await.unwrap(), answers);
}

pub async fn heads_are_the_last_sequences(store: &dyn Store) {
    assert!(store.heads(0).await.unwrap().is_empty());
    assert_eq!(store.heads(1).await.unwrap(), [0]);
    let events = [event(0, 1, "a", 1), event(0, 2, "a", 2), event(2, 1, "b", 1)];
    store.commit(batch(events)).await.unwrap();
    assert_eq!(store.heads(4).await.unwrap(), [2, 0, 1, 0]);
}

pub async fn a_shard_is_read_in_order_and_in_pages(store: &dyn Store) {
    let name = |n: i64| format!("e{n}");
    let events: Vec<_> = (1..=7).map(|n| event(1, n, &name(n), 1)).collect();
    store.commit(batch(events.clone())).await.unwrap();
    store.commit(batch([event(0, 1, "other", 1)])).await.unwrap();
    let mut pages = Vec::new();
    while let Some(page) = some(store.read(1, pages.len() as i64, 3).await.unwrap()) {
        pages.extend(page);
    }
    assert_eq!(pages, events);
}

pub async fn a_tenant_reads_its_own_events_of_a_stretch_and_no_other_s(store: &dyn Store) {
    let name = |n: i64| format!("e{n}");
    let mut events: Vec<_> = (1..=9).map(|n| event(1, n, &name(n), 1)).collect();
    for theirs in [1, 4, 8] {
        events[theirs].tenant = tenant("tide");
    }
    store.commit(batch(events.clone())).await.unwrap();
    let other_shard = StoredEvent { tenant: tenant("tide"), ..event(0, 1, "other", 1) };
    store.commit(batch([other_shard])).await.unwrap();
    let read = async |name: &str, after, rows| {
        let found = store.read_tenant(&tenant(name), 1, after, rows).await.unwrap();
        let all_own = found.iter().all(|row| row.tenant == tenant(name) && row.shard == 1);
        assert!(all_own, "{found:?}");
        found.iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    assert_eq!(read("tide", 0, 100).await, [2, 5, 9]);
    assert_eq!(read("harbour", 0, 100).await, [1, 3, 4, 6, 7, 8]);
    // The stretch is counted in rows of the shard, whosever they are.
    assert_eq!(read("tide", 0, 4).await, [2]);
    assert_eq!(read("tide", 2, 3).await, [5]);
    assert_eq!(read("harbour", 4, 1).await, [0; 0]);
    assert_eq!(read("nobody", 0, 100).await, [0; 0]);
    assert_eq!(read("tide", 9, u32::MAX).await, [0; 0]);
    assert_eq!(read("tide", i64::MAX, u32::MAX).await, [0; 0]);
    let whole = store.read_tenant(&tenant("tide"), 1, 4, 1).await.unwrap();
    assert_eq!(whole, [events[4].clone()]);
}

pub async fn history_shows_touched_versions_in_order(store: &dyn Store) {
    let whole = Batch {
        events: vec![
            event(0, 1, "sku", 1),
            event(0, 2, "hold-1", 1),
            event(0, 3, "hold-2", 1),
            event(0, 4, "sku", 4),
            event(0, 5, "other", 1),
        ],
        touches: vec![touch("sku", 2, 0, 2), touch("sku", 3, 0, 3)],
        ..Batch::default()
    };
    let events = whole.events.clone();
    store.commit(Arc::new(whole)).await.unwrap();
    let sku = entity_of(&state("sku", 1));
    let seen = |row: &StoredEvent, version| StoredEvent { version, ..row.clone() };
    let wanted: Vec<_> =
        events[..4].iter().zip(1..).map(|(row, version)| seen(row, version)).collect();
    assert_eq!(store.history(&sku, 0, 10).await.unwrap(), wanted);
    assert_eq!(store.history(&sku, 1, 2).await.unwrap(), wanted[1..3]);
    assert!(store.history(&sku, 4, 10).await.unwrap().is_empty());
}

/// Whether a touch comes with many others, alone, or between events of the entity's own.
pub async fn a_long_history_of_touches_is_whole_on_every_page(store: &dyn Store) {
    let (mut seq, mut version, mut wanted) = (0, 0, Vec::new());
    for touches in [1, 1, 3, 40, 1].iter().cycle().take(60) {
        let mut batch = Batch::default();
        for _ in 0..*touches {
            (seq, version) = (seq + 1, version + 1);
            batch.events.push(event(0, seq, &format!("hold-{seq}"), 1));
            batch.touches.push(touch("sku", version, 0, seq));
            wanted.push((version, seq));
        }
        if *touches == 3 {
            (seq, version) = (seq + 1, version + 1);
            batch.events.push(event(0, seq, "sku", version));
            wanted.push((version, seq));
        }
        batch.states.push(state("sku", version));
        store.commit(Arc::new(batch)).await.unwrap();
    }
    let sku = entity_of(&state("sku", 1));
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = store.history(&sku, after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.version;
        found.extend(page.iter().map(|event| (event.version, event.seq)));
    }
    assert_eq!(found, wanted);
    let last = store.history(&sku, version - 1, 10).await.unwrap();
    assert_eq!(last.len(), 1);
}

pub async fn lists_are_paged_from_the_newest_name_without_skips(store: &dyn Store) {
    let name = |n: i64| format!("n{n:02}");
    store.commit(states((0..11).map(|n| state(&name(n), 1)))).await.unwrap();
    let mut listed: Vec<String> = Vec::new();
    loop {
        let query = ListQuery { before: listed.last().cloned(), limit: 4, ..all("") };
        let page = store.list(&query).await.unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page.iter().map(|row| row.entity.to_string()));
    }
    assert_eq!(listed, (0..11).rev().map(name).collect::<Vec<_>>());
}

pub async fn lists_filter_by_prefix_and_status(store: &dyn Store) {
    let with = |name: &str, status: Option<&str>| StoredEntity {
        status: status.map(Arc::from),
        ..state(name, 1)
    };
    let rows = [
        with("key/a", Some("open")),
        with("key/b", Some("done")),
        with("key/\u{10FFFF}", Some("open")),
        with("key0", Some("open")),
        with("Key/c", None),
        with("k\u{D7FF}x", None),
        with("k\u{E000}", None),
    ];
    let mut foreign = with("key/foreign", Some("open"));
    foreign.tenant = tenant("market");
    store.commit(states(rows.into_iter().chain([foreign]))).await.unwrap();
    let cases = [
        ("key/", None, None, vec!["key/\u{10FFFF}", "key/b", "key/a"]),
        ("key/", Some("open"), None, vec!["key/\u{10FFFF}", "key/a"]),
        ("", Some("done"), None, vec!["key/b"]),
        ("key/", None, Some("key/b"), vec!["key/a"]),
        ("key/", None, Some("zzz"), vec!["key/\u{10FFFF}", "key/b", "key/a"]),
        ("k\u{D7FF}", None, None, vec!["k\u{D7FF}x"]),
        ("\u{10FFFF}", None, None, vec![]),
        ("nothing", None, None, vec![]),
    ];
    for (prefix, status, before, wanted) in cases {
        let status = status.map(String::from);
        let query = ListQuery { status, before: before.map(String::from), ..all(prefix) };
        let rows = store.list(&query).await.unwrap();
        assert_eq!(names(&rows), wanted, "{query:?}");
    }
}

pub async fn lists_across_tenants_are_ordered_by_tenant(store: &dyn Store) {
    let of = |owner: &str, domain: &str, entity: &str| StoredEntity {
        tenant: tenant(owner),
        domain: domain.into(),
        ..state(entity, 1)
    };
    let rows = [
        of("c", "tenant", "self"),
        of("a", "tenant", "self"),
        of("b", "tenant", "self"),
        of("b", "tenant", "other"),
        of("a", "order", "self"),
        of("b", "order", "self"),
    ];
    store.commit(states(rows)).await.unwrap();
    for (domain, after, wanted) in [
        ("tenant", None, vec!["a", "b"]),
        ("tenant", Some("b"), vec!["c"]),
        ("order", None, vec!["a", "b"]),
        ("order", Some("a"), vec!["b"]),
    ] {
        let after = after.map(tenant);
        let rows = store.list_across(domain, "self", after.as_ref(), 2).await.unwrap();
        let tenants: Vec<_> = rows.iter().map(|row| row.tenant.as_str()).collect();
        assert_eq!(tenants, wanted, "{domain} {after:?}");
    }
}

pub async fn what_is_due_comes_earliest_first(store: &dyn Store) {
    let rows = [due("late", 30), due("early", 10), due("middle", 20), state("never", 1)];
    store.commit(states(rows)).await.unwrap();
    let until = |millis| store.due(Timestamp::from_millis(millis), 10);
    assert!(until(9).await.unwrap().is_empty());
    assert_eq!(names(&until(20).await.unwrap()), ["early", "middle"]);
    let first = store.due(Timestamp::from_millis(99), 1).await.unwrap();
    assert_eq!(names(&first), ["early"]);
    let woken = StoredEntity { version: 2, due: None, ..due("early", 10) };
    store.commit(states([woken])).await.unwrap();
    assert_eq!(names(&until(99).await.unwrap()), ["middle", "late"]);
}

pub async fn a_tenant_sees_what_its_own_entities_wait_for(store: &dyn Store) {
    let foreign = StoredEntity { tenant: tenant("market"), ..due("foreign", 5) };
    let rows = [due("late", 30), due("b", 10), due("a", 10), state("never", 1), foreign];
    store.commit(states(rows)).await.unwrap();
    let own = WaitQuery { tenant: Some(tenant("harbour")), limit: 10, ..WaitQuery::default() };
    assert_eq!(names(&store.waiting(&own).await.unwrap()), ["a", "b", "late"]);
    let one = WaitQuery { limit: 1, ..own };
    assert_eq!(names(&store.waiting(&one).await.unwrap()), ["a"]);
}

pub async fn what_waits_is_paged_between_two_instants_for_one_tenant_or_for_all(store: &dyn Store) {
    let foreign = StoredEntity { tenant: tenant("market"), ..due("b", 10) };
    let rows = [due("late", 30), due("b", 10), due("a", 10), state("never", 1), foreign];
    store.commit(states(rows)).await.unwrap();
    let at = Timestamp::from_millis;
    let all = WaitQuery { limit: 10, ..WaitQuery::default() };
    let found = store.waiting(&all).await.unwrap();
    assert_eq!(names(&found), ["a", "b", "b", "late"]);
    assert_eq!(found[2].tenant, tenant("market"), "by tenant before name");
    let next = WaitQuery { from: Some(at(11)), ..all.clone() };
    assert_eq!(names(&store.waiting(&next).await.unwrap()), ["late"]);
    let past = WaitQuery { before: Some(at(30)), ..all.clone() };
    assert_eq!(names(&store.waiting(&past).await.unwrap()), ["a", "b", "b"]);
    for (place, row) in found.iter().enumerate() {
        let (tenant, entity) = (row.tenant.clone(), row.entity.clone());
        let last = EntityRef { tenant, domain: row.domain.to_string(), entity };
        let after = WaitQuery { after: Some((row.due.unwrap(), last)), ..all.clone() };
        assert_eq!(store.waiting(&after).await.unwrap(), found[place + 1..]);
    }
}

pub async fn scans_pass_over_everything_once(store: &dyn Store) {
    let of = |owner: &str, domain: &str, entity: &str| StoredEntity {
        tenant: tenant(owner),
        domain: domain.into(),
        ..state(entity, 1)
    };
    let rows = vec![
        of("a", "order", "Z"),
        of("a", "order", "a"),
        of("a", "order", "é"),
        of("a", "stock", "A"),
        of("a-b", "order", "1"),
        of("b", "order", "0"),
    ];
    let keys = vec![key("A", "a"), key("a", "b"), key("b c", "c"), key("é", "d")];
    let whole = Batch {
        states: rows.iter().rev().cloned().collect(),
        keys: keys.iter().rev().cloned().collect(),
        ..Batch::default()
    };
    store.commit(Arc::new(whole)).await.unwrap();
    let mut seen = Vec::new();
    while let Some(page) = some(store.scan(seen.last().map(entity_of).as_ref(), 2).await.unwrap()) {
        seen.extend(page);
    }
    assert_eq!(seen, rows);
    let mut seen = Vec::new();
    while let Some(page) = some(store.scan_keys(seen.last(), 3).await.unwrap()) {
        seen.extend(page);
    }
    assert_eq!(seen, keys);
}

pub async fn dead_letters_are_kept_replaced_and_removed(store: &dyn Store) {
    let first = letter("one");
    store.bury(&first).await.unwrap();
    let again = DeadLetter {
        tenant: None,
        source: "amqp".into(),
        lane: String::new(),
        event: None,
        reason: "again".into(),
        payload: "other".into(),
        attempts: u32::MAX,
        retry_at: None,
        at: NOW,
        ..first.clone()
    };
    assert_eq!(store.dead_letters(&letters()).await.unwrap(), std::slice::from_ref(&first));
    store.bury(&again).await.unwrap();
    // It was buried first when it was buried first.
    let wanted = DeadLetter { at: first.at, ..again };
    assert_eq!(store.dead_letters(&letters()).await.unwrap(), [wanted]);
    assert!(store.unbury("one").await.unwrap());
    assert!(!store.unbury("one").await.unwrap());
    assert!(store.dead_letters(&letters()).await.unwrap().is_empty());
}

pub async fn dead_letters_are_filtered_and_paged(store: &dyn Store) {
    let at = |millis| Some(Timestamp::from_millis(millis));
    let rows = [
        DeadLetter { retry_at: at(30), ..letter("a") },
        DeadLetter { retry_at: at(10), source: "amqp".into(), ..letter("b") },
        DeadLetter {
            retry_at: None,
            tenant: Some(tenant("market")),
            event: Some((1, 17)),
            ..letter("c")
        },
        DeadLetter { retry_at: at(20), tenant: None, ..letter("d") },
    ];
    for row in rows {
        store.bury(&row).await.unwrap();
    }
    let cases = [
        (LetterQuery { limit: 3, ..letters() }, "abc"),
        (LetterQuery { after: Some("b".into()), ..letters() }, "cd"),
        (LetterQuery { id: Some("b".into()), ..letters() }, "b"),
        (LetterQuery { source: Some("amqp".into()), ..letters() }, "b"),
        (LetterQuery { tenant: Some(tenant("harbour")), ..letters() }, "ab"),
        (LetterQuery { parked: Some(true), ..letters() }, "abd"),
        (LetterQuery { parked: Some(false), ..letters() }, "c"),
        (LetterQuery { parked: Some(true), after: Some("a".into()), limit: 1, ..letters() }, "b"),
        (LetterQuery { shard: Some(1), ..letters() }, "c"),
        (LetterQuery { retry_until: at(20), ..letters() }, "bd"),
        (LetterQuery { retry_until: at(99), limit: 2, ..letters() }, "bd"),
    ];
    for (query, wanted) in cases {
        let found = store.dead_letters(&query).await.unwrap();
        let ids: String = found.iter().map(|letter| letter.id.as_str()).collect();
        assert_eq!(ids, wanted, "{query:?}");
    }
}

/// What came in as bytes must be kept, or it comes back for ever.
pub async fn a_dead_letter_with_nul_is_kept(store: &dyn Store) {
    let odd = DeadLetter { payload: "a\0b".into(), reason: "\0".into(), ..letter("one") };
    store.bury(&odd).await.unwrap();
    let kept = store.dead_letters(&letters()).await.unwrap();
    assert_eq!((kept[0].payload.as_str(), kept[0].reason.as_str()), ("a\u{FFFD}b", "\u{FFFD}"));
}

pub async fn the_names_of_requests_come_page_by_page(store: &dyn Store) {
    let other = RequestRow { tenant: tenant("anchor"), ..request("b", 3) };
    let requests = vec![request("c", 1), request("a", 2), request("b", 3), other];
    store.commit(Arc::new(Batch { requests, ..Batch::default() })).await.unwrap();
    let (mut found, mut last) = (Vec::new(), None);
    loop {
        let page = store.scan_requests(last.as_ref(), 2).await.unwrap();
        let Some(name) = page.last() else { break };
        last = Some(name.clone());
        found.extend(page.into_iter().map(|name| format!("{} {}", name.tenant, name.key)));
    }
    assert_eq!(found, ["harbour a", "anchor b", "harbour b", "harbour c"]);
}

pub async fn old_requests_are_forgotten_oldest_first(store: &dyn Store) {
    let requests = [("c", 30), ("a", 10), ("b", 20), ("d", 40)];
    let requests = requests.iter().map(|(key, at)| request(key, *at)).collect();
    store.commit(Arc::new(Batch { requests, ..Batch::default() })).await.unwrap();
    let before = Timestamp::from_millis(40);
    assert_eq!(store.forget_requests(before, 1).await.unwrap(), 1);
    let left = store.fetch(&[ask_request("a"), ask_request("b")]).await.unwrap();
    assert_eq!(left, [Found::Request(None), Found::Request(Some(request("b", 20)))]);
    assert_eq!(store.forget_requests(before, 10).await.unwrap(), 2);
    assert_eq!(store.forget_requests(before, 10).await.unwrap(), 0);
    let left = store.fetch(&[ask_request("d")]).await.unwrap();
    assert_eq!(left, [Found::Request(Some(request("d", 40)))]);
}

pub async fn a_store_answers_a_ping(store: &dyn Store) {
    store.ping().await.unwrap();
}

fn all(prefix: &str) -> ListQuery {
    ListQuery {
        tenant: tenant("harbour"),
        domain: "order".into(),
        prefix: prefix.into(),
        status: None,
        label: None,
        from: None,
        before: None,
        limit: 100,
    }
}

fn due(name: &str, millis: i64) -> StoredEntity {
    StoredEntity { due: Some(Timestamp::from_millis(millis)), ..state(name, 1) }
}

fn letter(id: &str) -> DeadLetter {
    DeadLetter {
        id: id.into(),
        tenant: Some(tenant("harbour")),
        source: "follower:policies".into(),
        lane: "order/a".into(),
        event: Some((3, 17)),
        reason: "it said no".into(),
        payload: "{}".into(),
        attempts: 2,
        retry_at: Some(Timestamp::from_millis(77)),
        at: Timestamp::from_millis(5),
    }
}

fn letters() -> LetterQuery {
    LetterQuery { limit: 100, ..LetterQuery::default() }
}

fn some<T>(page: Vec<T>) -> Option<Vec<T>> {
    (!page.is_empty()).then_some(page)
}
