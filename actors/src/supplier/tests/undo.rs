//! Undoing an import.

use super::*;
use kontor_messages::supplier::{Kept, PageChanges};

/// What an import's own events say that it changed, newest first.
fn changes(result: Vec<(EntityId, E)>) -> Vec<PageChanges> {
    let pages = result.into_iter().filter_map(|(_, event)| match event {
        E::Applied { pages, .. } => Some(pages),
        _ => None,
    });
    pages.flatten().collect()
}

fn undo_all(stage: Stage<Supplier>, n: u32, pages: Vec<PageChanges>) -> Stage<Supplier> {
    let stage = stage.when(C::Undo { import: import(n) }).then_names(&["import.undo_requested"]);
    let step = |done| C::RecordUndone {
        import: import(n),
        down_to: 5,
        pages: pages.clone(),
        kept: vec![],
        done,
    };
    let stage = stage.when(step(false)).then_names(&["import.undone_in_part"]);
    stage.when(step(true)).then_names(&["import.undone"])
}

#[test]
fn what_an_import_has_changed_stands_again_as_before() {
    let stage = judged(imported(&["A", "B"]), 2, 2);
    let rows = vec![offer("A", Some(0), 50, 1), offer("N", None, 10, 1)];
    let mut stage = stage;
    let happened = stage.obey(told(2, rows, 2)).unwrap();
    let stage = stage.when(completed(2)).then_names(&["import.completed"]);
    let stage = undo_all(stage, 2, changes(happened));
    assert_eq!(known(&stage, "A").price, Some(czk(100)));
    assert_eq!(known(&stage, "A").stock, Availability::Exact(5));
    assert_eq!(known(&stage, "N").stock, Availability::Unknown);
    let undo = run(&stage, 2).undo.unwrap();
    assert_eq!((undo.done, undo.restored, undo.kept), (true, 2, 0));
    assert!(source(&stage).known_now().is_none(), "the same feed is news again");
    assert_eq!(source(&stage).open, None);
}

#[test]
fn what_a_later_import_has_changed_stays_and_is_told() {
    let mut stage = judged(imported(&["A"]), 2, 1);
    let happened = stage.obey(told(2, vec![offer("A", Some(0), 50, 1)], 1)).unwrap();
    let stage = stage.when(completed(2)).then_names(&["import.completed"]);
    let stage = judged(stage, 3, 1).when(told(3, vec![offer("A", Some(0), 70, 2)], 1));
    let stage = stage.then_names(&["import.applied"]);
    let running = C::Undo { import: import(2) };
    let stage = stage.when(running).refused(R::Running(import(3)));
    let stage = stage.when(completed(3)).then_names(&["import.completed"]);
    let stage = undo_all(stage, 2, changes(happened));
    assert_eq!(known(&stage, "A").price, Some(czk(70)));
    let undo = run(&stage, 2).undo.unwrap();
    assert_eq!((undo.restored, undo.kept), (0, 1));
    assert_eq!(undo.kept_first[0].code, "A");
}

#[test]
fn an_import_that_has_not_ended_or_changed_nothing_is_not_undone() {
    let stage = judged(supplied(), 1, 1);
    let expected = R::Impossible("the import has not ended; cancel it first".to_owned());
    let stage = stage.when(C::Undo { import: import(1) }).refused(expected);
    let stage = stage.when(completed(1)).then_names(&["import.completed"]);
    let expected = R::Impossible("the import has changed nothing".to_owned());
    stage.when(C::Undo { import: import(1) }).refused(expected);
}

#[test]
fn while_an_import_is_undone_no_other_runs() {
    let stage = imported(&["A"]).when(C::Undo { import: import(1) });
    let stage = stage.then_names(&["import.undo_requested"]);
    let stage = stage.when(C::Undo { import: import(1) }).then_nothing();
    stage.when(start(2)).refused(R::Running(import(1)));
}

#[test]
fn all_that_was_left_is_counted_and_the_first_of_it_is_listed() {
    let mut stage = judged(imported(&["A"]), 2, 1);
    stage.obey(told(2, vec![offer("A", Some(0), 50, 1)], 1)).unwrap();
    let stage = stage.when(completed(2)).then_names(&["import.completed"]);
    let stage = stage.when(C::Undo { import: import(2) }).then_names(&["import.undo_requested"]);
    let left = |n: u32| Kept {
        code: format!("L-{n}"),
        product: None,
        field: "base_price".to_owned(),
        reason: "somebody has written it since".to_owned(),
    };
    let mut stage = stage;
    let kept = (0..150).map(left).collect();
    let step = C::RecordUndone { import: import(2), down_to: 5, pages: vec![], kept, done: true };
    let happened = stage.obey(step).unwrap();
    let listed = happened.iter().find_map(|(_, event)| match event {
        E::UndoneInPart { kept, .. } => Some(kept.len()),
        _ => None,
    });
    assert_eq!(listed, Some(100));
    assert_eq!(run(&stage, 2).undo.unwrap().kept, 150);
}
