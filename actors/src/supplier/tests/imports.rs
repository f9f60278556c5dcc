//! The life of an import.

use super::*;

#[test]
fn of_one_source_one_import_runs_at_a_time() {
    let stage = supplied().when(start(1)).then_names(&["import.queued"]);
    let stage = stage.when(start(1)).then_nothing();
    let stage = stage.when(start(2)).refused(R::Running(import(1)));
    let stage = stage.when(C::Cancel { import: import(1) }).then_names(&["import.cancelled"]);
    stage.when(start(2)).then_names(&["import.queued"]);
}

#[test]
fn nothing_is_imported_from_a_supplier_that_is_not_active() {
    let idle = SupplierSettings { name: "Acme".to_owned(), active: false };
    let stage = supplied().when(C::PutSupplier { code: "acme".to_owned(), settings: idle });
    let stage = stage.then_names(&["supplier.put"]);
    stage.when(start(1)).refused(R::Inactive("the supplier is not active"));
}

#[test]
fn what_the_supplier_had_last_is_no_news() {
    let stage = imported(&["A"]).when(start(2)).then_names(&["import.queued"]);
    let stage = stage.when(C::RecordBegun { import: import(2) }).then_names(&["import.begun"]);
    let same = C::RecordFetched { import: import(2), fetched: fetched(NOW), unchanged: true };
    let stage = stage.when(same).then_names(&["import.not_modified"]);
    let run = run(&stage, 2);
    assert!(run.not_modified && run.status == ImportStatus::Completed);
    assert_eq!(source(&stage).open, None);
    assert_eq!(source(&stage).last.unwrap().import, import(2));
}

#[test]
fn after_an_import_that_broke_off_the_same_feed_is_news() {
    let stage = judged(imported(&["A"]), 2, 1);
    let failed = C::RecordFailed { import: import(2), problem: "the disk is full".to_owned() };
    let stage = stage.when(failed).then_names(&["import.failed"]);
    assert!(source(&stage).known_now().is_none());
    assert!(source(&stage).good.is_some(), "and it is still compared with the last good one");
}

#[test]
fn a_feed_that_a_gate_refuses_changes_nothing_and_frees_the_source() {
    let stage = judged(imported(&["A"]), 2, 1);
    let rejected = C::RecordRejected {
        import: import(2),
        gate: "rows".to_owned(),
        reason: "1 row, 10 before".to_owned(),
        figures: figures(1),
    };
    let stage = stage.when(rejected).then_names(&["import.rejected"]);
    assert_eq!(run(&stage, 2).status, ImportStatus::Rejected);
    assert_eq!(source(&stage).open, None);
    assert!(source(&stage).known_now().is_some());
    let late = told(2, vec![offer("A", Some(0), 1, 1)], 1);
    stage.when(late).then_nothing();
}

#[test]
fn an_import_with_rows_that_failed_has_completed_with_errors() {
    let counts = Counts { failed: 1, skipped: 2, ..Counts::default() };
    let stage = judged(supplied(), 1, 10)
        .when(told(1, vec![offer("A", None, 100, 5)], 4))
        .then_names(&["import.applied"])
        .when(C::RecordCompleted { import: import(1), counts, samples: vec![] })
        .then_names(&["import.completed"]);
    let run = run(&stage, 1);
    assert_eq!(run.status, ImportStatus::CompletedWithErrors);
    let sum = run.counts.created + run.counts.unchanged + run.counts.skipped + run.counts.failed;
    assert_eq!((run.counts.created, run.counts.unchanged, sum), (1, 6, 10));
}

#[test]
fn an_import_that_is_begun_again_and_again_is_given_up() {
    let mut stage = supplied().when(start(1)).then_names(&["import.queued"]);
    for _ in 0..20 {
        stage = stage.when(C::RecordBegun { import: import(1) }).then_names(&["import.begun"]);
    }
    let stage = stage.when(C::RecordBegun { import: import(1) }).then_names(&["import.failed"]);
    assert_eq!(source(&stage).open, None);
}

#[test]
fn an_import_of_which_nothing_is_heard_for_hours_is_given_up() {
    let stage = supplied().when(start(1)).then_names(&["import.queued"]);
    let mut stage = stage.after(MINUTE * 239);
    assert_eq!(stage.wake_due(), 0);
    let mut stage = stage.after(MINUTE);
    assert_eq!(stage.wake_due(), 1);
    assert_eq!(run(&stage, 1).status, ImportStatus::Failed);
    assert_eq!(source(&stage).open, None);
    assert_eq!(stage.wake_due(), 0);
}

#[test]
fn only_rows_that_failed_are_tried_again() {
    let retry = |n| C::Start {
        import: import(n),
        code: "full".to_owned(),
        trigger: Trigger::Retry { import: import(1) },
        dry_run: false,
    };
    let whole = imported(&["A"]);
    let expected = R::Impossible("the import has no failed rows to retry".to_owned());
    whole.when(retry(2)).refused(expected);
    let counts = Counts { failed: 1, ..Counts::default() };
    let stage = judged(supplied(), 1, 2)
        .when(C::RecordCompleted { import: import(1), counts, samples: vec![] })
        .then_names(&["import.completed"]);
    stage.when(retry(2)).then_names(&["import.queued"]);
}

#[test]
fn problems_are_kept_by_pages_up_to_a_limit() {
    let problem = |row| RowProblem {
        row,
        line: row + 1,
        code: None,
        field: "price".to_owned(),
        reason: "expected a number".to_owned(),
    };
    let tell = |page| C::RecordProblems {
        import: import(1),
        page,
        problems: (0..250).map(problem).collect(),
    };
    let mut stage = judged(supplied(), 1, 20_000);
    for page in 0..50 {
        stage = stage.when(tell(page)).then_names(&["import.problems_found"]);
        stage = stage.when(tell(page)).then_nothing();
    }
    assert_eq!(run(&stage, 1).problems_kept, 10_000);
    stage.when(tell(50)).then_nothing();
}

#[test]
fn rows_that_are_left_out_are_told_once_and_kept_up_to_a_limit() {
    let row = |row| LeftOutRow { row, line: row + 1, code: None, why: LeftOut::Filtered };
    let tell =
        |rows: u64| C::RecordLeftOut { import: import(1), rows: (0..rows).map(row).collect() };
    let stage = judged(supplied(), 1, 1_000).when(tell(0)).then_nothing();
    let stage = stage.when(tell(600)).then_names(&["import.rows_left_out"]);
    let kept = stage.state(&left_out_entity(&import(1)));
    assert_eq!(kept.left_out().len(), 500);
    let stage = stage.when(tell(600)).then_nothing();
    let stage = stage.when(completed(1)).then_names(&["import.completed"]);
    assert_eq!(run(&stage, 1).problems_kept, 0, "they are no problems");
}

#[test]
fn a_trial_changes_no_offer() {
    let trial = C::Start {
        import: import(1),
        code: "full".to_owned(),
        trigger: Trigger::Request,
        dry_run: true,
    };
    let stage = supplied().when(trial).then_names(&["import.queued"]);
    let stage = stage.when(told(1, vec![offer("A", None, 100, 5)], 1)).then_nothing();
    let counts = Counts { created: 1, ..Counts::default() };
    let stage = stage
        .when(C::RecordCompleted { import: import(1), counts, samples: vec![] })
        .then_names(&["import.completed"]);
    assert_eq!(run(&stage, 1).counts.created, 1);
    assert_eq!(source(&stage).good, None);
}
