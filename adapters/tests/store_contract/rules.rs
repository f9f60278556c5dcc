//! What may be written and what may not.

use crate::rows::*;
use kontor_actors::store::{Batch, CursorRow, Found, Lookup, PersonKeyRow, Store};
use kontor_messages::Timestamp;
use std::sync::Arc;

pub async fn a_sequence_given_out_twice_is_fenced(store: &dyn Store) {
    store.commit(batch([event(0, 1, "a", 1), event(3, 1, "b", 1)])).await.unwrap();
    fenced(store, 0, Batch { events: vec![event(0, 1, "c", 1)], ..Batch::default() }).await;
    let other = vec![event(0, 2, "c", 1), event(3, 1, "d", 1)];
    fenced(store, 3, Batch { events: other, ..Batch::default() }).await;
    let twice = vec![event(0, 2, "c", 1), event(0, 2, "d", 1)];
    fenced(store, 0, Batch { events: twice, ..Batch::default() }).await;
    assert_eq!(store.heads(4).await.unwrap(), [1, 0, 0, 1]);
}

/// Two writers make the same decision; the later one must step down, not drop the row and go on.
pub async fn a_deposed_writer_is_fenced_whatever_else_is_wrong(store: &dyn Store) {
    let decision = || Batch {
        events: vec![event(5, 1, "a", 1), event(5, 2, "a", 2)],
        states: vec![state("a", 2)],
        touches: vec![touch("b", 1, 5, 1)],
        keys: vec![key("k", "a")],
        requests: vec![request("r", 1)],
        ..Batch::default()
    };
    store.commit(Arc::new(decision())).await.unwrap();
    fenced(store, 5, decision()).await;
}

pub async fn a_batch_is_written_whole_or_not_at_all(store: &dyn Store) {
    store.commit(batch([event(0, 1, "a", 1)])).await.unwrap();
    let refused = Batch {
        events: vec![event(0, 2, "b", 1), event(0, 3, "a", 1)],
        states: vec![state("b", 1)],
        touches: vec![touch("t", 1, 0, 2)],
        keys: vec![key("k", "b")],
        requests: vec![request("r", 1)],
        cursors: vec![CursorRow { shard: 0, follower: "relay".into(), seq: 2 }],
        ..Batch::default()
    };
    rejected(store, refused).await;
    assert_eq!(store.heads(1).await.unwrap(), [1]);
    assert!(store.cursors().await.unwrap().is_empty());
    let history = store.history(&entity_of(&state("t", 1)), 0, 10).await.unwrap();
    assert!(history.is_empty());
    let found = store.fetch(&[ask_entity("b"), ask_key("k"), ask_request("r")]).await.unwrap();
    assert_eq!(found, [Found::Entity(None), Found::Key(None), Found::Request(None)]);
}

pub async fn a_batch_of_every_kind_is_read_back(store: &dyn Store) {
    let mut waits = state("a", 1);
    waits.due = Some(NOW);
    waits.status = None;
    let whole = Arc::new(Batch {
        events: vec![event(2, 1, "a", 1)],
        states: vec![waits.clone()],
        touches: vec![touch("b", 7, 2, 1)],
        keys: vec![key("k", "a")],
        keys_gone: vec![key("old", "a")],
        requests: vec![request("r", 5)],
        cursors: vec![CursorRow { shard: 2, follower: "relay".into(), seq: 1 }],
        person_keys: vec![person_key("a", "jana")],
    });
    store.commit(Arc::clone(&whole)).await.unwrap();
    assert_eq!(store.read(2, 0, 10).await.unwrap(), whole.events);
    assert_eq!(store.cursors().await.unwrap(), whole.cursors);
    let sealed = Lookup::PersonKey(entity_of(&waits));
    let asked = [ask_entity("a"), ask_key("k"), ask_request("r"), sealed];
    let found = store.fetch(&asked).await.unwrap();
    let request = Found::Request(Some(whole.requests[0].clone()));
    let sealed = Found::PersonKey(Some(whole.person_keys[0].clone()));
    assert_eq!(found, [Found::Entity(Some(waits)), Found::Key(Some(id("a"))), request, sealed]);
}

pub async fn an_empty_batch_changes_nothing(store: &dyn Store) {
    store.commit(batch([])).await.unwrap();
    assert_eq!(store.heads(2).await.unwrap(), [0, 0]);
}

/// Past every size in which rows are sent together.
pub async fn a_large_batch_is_written_whole(store: &dyn Store) {
    const ROWS: i64 = 1_237;
    let name = |n: i64| format!("e{n:05}");
    let large = Batch {
        events: (1..=ROWS).map(|n| event(0, n, &name(n), 1)).collect(),
        states: (1..=ROWS).map(|n| state(&name(n), 1)).collect(),
        keys: (1..=ROWS).map(|n| key(&name(n), &name(n))).collect(),
        ..Batch::default()
    };
    store.commit(Arc::new(large)).await.unwrap();
    assert_eq!(store.heads(1).await.unwrap(), [ROWS]);
    let asked: Vec<_> = (0..=ROWS).rev().map(|n| ask_key(&name(n))).collect();
    let found = store.fetch(&asked).await.unwrap();
    let wanted: Vec<_> = (1..=ROWS).rev().map(|n| Found::Key(Some(id(&name(n))))).collect();
    assert_eq!(found.split_last(), Some((&Found::Key(None), &wanted[..])));
    assert_eq!(store.scan(None, 5_000).await.unwrap().len() as i64, ROWS);
    let gone = Batch {
        keys_gone: (1..=ROWS).map(|n| key(&name(n), &name(n))).collect(),
        ..Batch::default()
    };
    store.commit(Arc::new(gone)).await.unwrap();
    assert!(store.scan_keys(None, 10).await.unwrap().is_empty());
}

pub async fn an_older_state_never_overwrites_a_newer_one(store: &dyn Store) {
    store.commit(states([state("a", 3)])).await.unwrap();
    store.commit(states([state("a", 2)])).await.unwrap();
    store.commit(states([state("a", 3)])).await.unwrap();
    let found = store.fetch(&[ask_entity("a")]).await.unwrap();
    assert_eq!(found, [Found::Entity(Some(state("a", 3)))]);
    let mut newer = state("a", 4);
    newer.status = None;
    store.commit(states([newer.clone()])).await.unwrap();
    // When it came to be is told once.
    newer.created_at = state("a", 3).created_at;
    assert_eq!(store.fetch(&[ask_entity("a")]).await.unwrap(), [Found::Entity(Some(newer))]);
}

pub async fn a_version_of_an_entity_exists_once(store: &dyn Store) {
    store.commit(batch([event(0, 1, "a", 1)])).await.unwrap();
    rejected(store, Batch { events: vec![event(0, 2, "a", 1)], ..Batch::default() }).await;
    store.commit(batch([event(0, 2, "a", 2)])).await.unwrap();
}

pub async fn a_touch_of_an_entity_exists_once(store: &dyn Store) {
    let touched = || Batch { touches: vec![touch("a", 1, 0, 1)], ..Batch::default() };
    store.commit(Arc::new(touched())).await.unwrap();
    rejected(store, touched()).await;
    // Nor beside a state that is as new.
    let stands = |version| Batch {
        touches: vec![touch("b", version, 0, 1)],
        states: vec![state("b", version)],
        ..Batch::default()
    };
    store.commit(Arc::new(stands(1))).await.unwrap();
    store.commit(Arc::new(stands(2))).await.unwrap();
    rejected(store, stands(2)).await;
    rejected(store, stands(1)).await;
    let twice = vec![touch("b", 3, 0, 1), touch("b", 3, 0, 2)];
    rejected(store, Batch { touches: twice, ..stands(3) }).await;
}

pub async fn a_key_has_one_owner(store: &dyn Store) {
    let keys = |rows: &[(&str, &str)]| Batch {
        keys: rows.iter().map(|(value, entity)| key(value, entity)).collect(),
        ..Batch::default()
    };
    store.commit(Arc::new(keys(&[("k", "a")]))).await.unwrap();
    rejected(store, keys(&[("k", "b")])).await;
    rejected(store, keys(&[("k", "a")])).await;
    rejected(store, keys(&[("l", "b"), ("l", "c")])).await;
    let mut elsewhere = keys(&[("k", "b")]);
    elsewhere.keys[0].tenant = tenant("market");
    store.commit(Arc::new(elsewhere)).await.unwrap();
    assert_eq!(store.fetch(&[ask_key("k")]).await.unwrap(), [Found::Key(Some(id("a")))]);
}

pub async fn a_key_passes_from_one_owner_to_another_in_one_batch(store: &dyn Store) {
    let first = Batch { keys: vec![key("k", "a")], ..Batch::default() };
    store.commit(Arc::new(first)).await.unwrap();
    let passed =
        Batch { keys_gone: vec![key("k", "a")], keys: vec![key("k", "b")], ..Batch::default() };
    store.commit(Arc::new(passed)).await.unwrap();
    assert_eq!(store.fetch(&[ask_key("k")]).await.unwrap(), [Found::Key(Some(id("b")))]);
}

pub async fn a_key_is_not_taken_from_somebody_else(store: &dyn Store) {
    let first = Batch { keys: vec![key("k", "a")], ..Batch::default() };
    store.commit(Arc::new(first)).await.unwrap();
    let taken = Batch { keys_gone: vec![key("k", "b")], ..Batch::default() };
    store.commit(Arc::new(taken)).await.unwrap();
    assert_eq!(store.fetch(&[ask_key("k")]).await.unwrap(), [Found::Key(Some(id("a")))]);
}

pub async fn a_request_is_answered_once(store: &dyn Store) {
    let answered = || Batch { requests: vec![request("r", 1)], ..Batch::default() };
    store.commit(Arc::new(answered())).await.unwrap();
    rejected(store, answered()).await;
    let mut elsewhere = answered();
    elsewhere.requests[0].domain = "payment".into();
    store.commit(Arc::new(elsewhere)).await.unwrap();
}

pub async fn a_cursor_never_moves_back(store: &dyn Store) {
    let cursor = |seq| CursorRow { shard: 1, follower: "relay".into(), seq };
    let moves = |seqs: &[i64]| {
        Arc::new(Batch { cursors: seqs.iter().copied().map(cursor).collect(), ..Batch::default() })
    };
    for (seqs, stands) in [(&[5][..], 5), (&[3], 5), (&[6, 9, 7], 9)] {
        store.commit(moves(seqs)).await.unwrap();
        assert_eq!(store.cursors().await.unwrap(), [cursor(stands)]);
    }
}

pub async fn text_with_quotes_and_unicode_comes_back_unchanged(store: &dyn Store) {
    let text = "it's \"quoted\" \\ {a,b} $1 ? %_ \u{1}\n\t ü 漢字 🦀 \u{10FFFF} NULL";
    let mut odd = state("o'brien \"x\" $1 🦀", 1);
    odd.state = text.into();
    odd.status = Some(text.into());
    let mut told = event(0, 1, "o'brien \"x\" $1 🦀", 1);
    told.payload = text.into();
    let whole = Batch {
        events: vec![told.clone()],
        states: vec![odd.clone()],
        keys: vec![key(text, "a")],
        requests: vec![request(text, 1)],
        ..Batch::default()
    };
    store.commit(Arc::new(whole)).await.unwrap();
    assert_eq!(store.read(0, 0, 1).await.unwrap(), [told]);
    assert_eq!(store.scan(None, 9).await.unwrap(), [odd]);
    assert_eq!(store.scan_keys(None, 9).await.unwrap(), [key(text, "a")]);
    let found = store.fetch(&[ask_key(text), ask_request(text)]).await.unwrap();
    assert_eq!(found, [Found::Key(Some(id("a"))), Found::Request(Some(request(text, 1)))]);
}

pub async fn text_with_nul_is_refused_and_the_store_lives_on(store: &dyn Store) {
    let mut told = event(0, 1, "a", 1);
    told.payload = "a\0b".into();
    rejected(store, Batch { events: vec![told], ..Batch::default() }).await;
    let mut odd = state("a", 1);
    odd.state = "\0".into();
    rejected(store, Batch { states: vec![odd], ..Batch::default() }).await;
    rejected(store, Batch { keys: vec![key("a\0b", "a")], ..Batch::default() }).await;
    rejected(store, Batch { requests: vec![request("a\0b", 1)], ..Batch::default() }).await;
    store.commit(Arc::new(Batch { keys: vec![key("a", "a")], ..Batch::default() })).await.unwrap();
    let found = store.fetch(&[ask_key("a\0b"), ask_key("a"), ask_request("\0")]).await.unwrap();
    assert_eq!(found, [Found::Key(None), Found::Key(Some(id("a"))), Found::Request(None)]);
}

/// PostgreSQL indexes no text this long. That must not look like an outage, which would be tried
/// again for ever.
pub async fn a_key_too_long_for_an_index_is_no_outage(store: &dyn Store) {
    let noise = |n: u64| format!("{:016x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let long: String = (1..1_000).map(noise).collect();
    rejected(store, Batch { keys: vec![key(&long, "a")], ..Batch::default() }).await;
    rejected(store, Batch { requests: vec![request(&long, 1)], ..Batch::default() }).await;
    let fits = Batch { keys: vec![key(&long[..1_000], "a")], ..Batch::default() };
    store.commit(Arc::new(fits)).await.unwrap();
}

pub async fn the_layout_of_shards_is_fixed_at_the_first_call(store: &dyn Store) {
    assert_eq!(store.shards(8).await.unwrap(), 8);
    assert_eq!(store.shards(64).await.unwrap(), 8);
}

/// The key of a person's entity is made once, and gone for good once it was erased.
pub async fn what_was_erased_is_not_sealed_with_a_new_key(store: &dyn Store) {
    let keys = |rows: Vec<PersonKeyRow>| Arc::new(Batch { person_keys: rows, ..Batch::default() });
    let (mine, theirs) = (person_key("a", "jana"), person_key("b", "petr"));
    let later = PersonKeyRow { at: Timestamp::from_millis(9_000), ..person_key("c", "jana") };
    store.commit(keys(vec![mine.clone(), theirs.clone(), later.clone()])).await.unwrap();
    let until = Timestamp::from_millis(8_999);
    for _ in 0..2 {
        let entities = store.erase_person(&mine.tenant, Some("jana"), until).await.unwrap();
        let names: Vec<_> = entities.iter().map(|entity| entity.entity.as_str()).collect();
        assert_eq!(names, ["a", "c"]);
    }
    let other = PersonKeyRow { key: Some([9; 32]), ..mine.clone() };
    store.commit(keys(vec![other])).await.unwrap();
    let asked = ["a", "b", "c"].map(|name| Lookup::PersonKey(entity_of(&state(name, 1))));
    let gone = PersonKeyRow { key: None, ..mine };
    let found = [gone, theirs, later].map(|row| Found::PersonKey(Some(row)));
    assert_eq!(store.fetch(&asked).await.unwrap(), found);
    // All of a tenant's at once.
    let tenant = tenant("harbour");
    let named = store.erase_person(&tenant, None, Timestamp::from_millis(9_000)).await.unwrap();
    assert!(named.is_empty());
    let left = store.fetch(&asked).await.unwrap();
    let erased = |found: &Found| matches!(found, Found::PersonKey(Some(row)) if row.key.is_none());
    assert!(left.iter().all(erased), "{left:?}");
}

/// Batches that were made ready one upon the other say the same of a person, whichever are written.
pub async fn what_is_made_ready_on_top_of_another_batch_is_read_like_it(store: &dyn Store) {
    let said: Arc<str> = r#"{"customer":{"email":"jana@example.com","name":"Jana"}}"#.into();
    let batch = |version: i64| {
        let (mut event, mut state) = (event(0, version, "a", version), state("a", version));
        (event.payload, state.state) = (Arc::clone(&said), Arc::clone(&said));
        Arc::new(Batch { events: vec![event], states: vec![state], ..Batch::default() })
    };
    // What is never written leaves no key behind.
    drop(store.prepare(batch(1)).await.unwrap());
    let first = store.prepare(batch(1)).await.unwrap();
    let second = store.prepare(batch(2)).await.unwrap();
    for prepared in [&first, &second] {
        store.commit_prepared(prepared).await.unwrap();
    }
    let history = store.history(&entity_of(&state("a", 1)), 0, 10).await.unwrap();
    let told: Vec<_> = history.iter().map(|event| Arc::clone(&event.payload)).collect();
    assert_eq!(told, [Arc::clone(&said), Arc::clone(&said)]);
    let found = store.fetch(&[ask_entity("a")]).await.unwrap();
    assert!(matches!(&found[..], [Found::Entity(Some(state))] if state.state == said));
}
