//! What rows of a feed change.

use super::*;

#[test]
fn offers_are_kept_in_the_order_in_which_they_were_seen_first_page_by_page() {
    let codes: Vec<String> = (0..u64::from(PAGE_OFFERS) + 4).map(|n| format!("C{n}")).collect();
    let offers = codes.iter().map(|code| offer(code, None, 100, 5)).collect();
    let stage = judged(supplied(), 1, codes.len() as u64).when(told(1, offers, 10));
    let stage = stage.then_names(&["import.applied"]);
    let first = stage.state(&page_entity("full", 0)).page().unwrap().clone();
    let second = stage.state(&page_entity("full", 1)).page().unwrap().clone();
    assert_eq!((first.offers.len(), second.offers.len()), (PAGE_OFFERS as usize, 4));
    assert_eq!((first.offers[3].code.as_str(), second.offers[0].code.as_str()), ("C3", "C256"));
}

#[test]
fn a_row_that_says_what_is_known_is_no_news() {
    let stage = judged(imported(&["A", "B"]), 2, 2);
    let rows = vec![offer("A", Some(0), 100, 5), offer("B", Some(0), 90, 5)];
    let stage = stage.when(told(2, rows, 2)).then_names(&["import.applied"]);
    assert_eq!(run(&stage, 2).counts.updated, 1);
    assert_eq!(known(&stage, "B").price, Some(czk(90)));
}

#[test]
fn the_same_batch_a_second_time_changes_nothing() {
    let batch = || told(1, vec![offer("A", None, 100, 5), offer("B", None, 100, 5)], 2);
    let stage = judged(supplied(), 1, 4).when(batch()).then_names(&["import.applied"]);
    let stage = stage.when(batch()).then_nothing();
    assert_eq!(run(&stage, 1).counts.created, 2);
    assert_eq!(run(&stage, 1).progress.rows, 2);
}

#[test]
fn an_older_observation_never_overwrites_a_newer_one() {
    let stage = imported(&["A"]).after(MINUTE);
    let old = Fetched { observed_at: Timestamp::from_millis(0), ..fetched(NOW) };
    let stage = stage
        .when(start(2))
        .then_names(&["import.queued"])
        .when(C::RecordFetched { import: import(2), fetched: old, unchanged: false })
        .then_names(&["import.fetched"])
        .when(told(2, vec![offer("A", Some(0), 1, 1)], 1))
        .then_names(&["import.applied"]);
    assert_eq!(known(&stage, "A").price, Some(czk(100)));
    assert_eq!(run(&stage, 2).counts.updated, 0);
}

#[test]
fn what_a_feed_does_not_say_stays_as_it_is_known() {
    let stage = judged(imported(&["A"]), 2, 1);
    let silent = NewOffer {
        price: None,
        stock: Availability::Unknown,
        product: None,
        content: 2,
        ..offer("A", Some(0), 0, 0)
    };
    let stage = stage.when(told(2, vec![silent], 1)).then_names(&["import.applied"]);
    let known = known(&stage, "A");
    assert_eq!((known.price, known.stock), (Some(czk(100)), Availability::Exact(5)));
    assert_eq!(known.product.as_deref(), Some("SKU-A"));
}

#[test]
fn of_two_rows_of_one_code_the_first_counts() {
    let rows = vec![offer("A", None, 100, 5), offer("A", None, 1, 1)];
    let stage = judged(supplied(), 1, 2).when(told(1, rows, 2)).then_names(&["import.applied"]);
    assert_eq!(run(&stage, 1).counts.created, 1);
    assert_eq!(known(&stage, "A").price, Some(czk(100)));
}

#[test]
fn an_offer_has_vanished_after_so_many_full_feeds_without_it() {
    let rule = VanishedRule { after_runs: 2, action: VanishedAction::Archive };
    let lost = |n| C::RecordMissing {
        import: import(n),
        losses: vec![PageLosses { page: 0, codes: vec!["B".to_owned()], waiting: vec![] }],
    };
    let stage = imported(&["A", "B"]).after(MINUTE);
    let stage = stage.when(put(SourceSettings { vanished: rule, ..settings() }));
    let mut stage = judged(stage.then_names(&["supplier.source_put"]), 2, 1);
    let happened = stage.obey(lost(2)).unwrap();
    let waiting = happened.iter().find_map(|(_, event)| match event {
        E::Missed { losses, .. } => Some(losses[0].waiting.clone()),
        _ => None,
    });
    assert_eq!(waiting.unwrap(), ["B"], "it is missing, and not gone yet");
    assert_eq!((known(&stage, "B").missed, run(&stage, 2).counts.vanished), (1, 0));
    let stage = stage.when(lost(2)).then_nothing();
    let stage = stage.when(completed(2)).then_names(&["import.completed"]).after(MINUTE);
    let stage = judged(stage, 3, 1).when(lost(3)).then_names(&["import.missed"]);
    assert_eq!((known(&stage, "B").missed, run(&stage, 3).counts.vanished), (2, 1));
    let stage = stage.when(lost(3)).then_nothing();
    let stage = stage.when(completed(3)).then_names(&["import.completed"]);
    let back = told(4, vec![offer("B", Some(0), 100, 5)], 1);
    let stage = judged(stage, 4, 1).when(back).then_names(&["import.applied"]);
    assert_eq!((known(&stage, "B").missed, run(&stage, 4).counts.updated), (0, 1));
}
