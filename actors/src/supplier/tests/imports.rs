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

fn problems(count: u64) -> Vec<RowProblem> {
    let problem = |row| RowProblem {
        row,
        line: row + 1,
        code: None,
        field: "price".to_owned(),
        reason: "expected a number".to_owned(),
    };
    (0..count).map(problem).collect()
}

fn found(page: u32, count: u64, dropped: u32) -> C {
    C::RecordProblems { import: import(1), page, problems: problems(count), dropped }
}

#[test]
fn problems_are_kept_by_pages_up_to_a_limit_and_what_is_beyond_it_is_counted() {
    const FOUND: &str = "import.problems_found";
    let mut stage = judged(supplied(), 1, 20_000);
    for page in 0..49 {
        stage = stage.when(found(page, 200, 0)).then_names(&[FOUND]);
        stage = stage.when(found(page, 200, 0)).then_nothing();
    }
    let full = stage.when(found(49, 200, 0)).then_names(&[FOUND]);
    let all = run(&full, 1);
    assert_eq!((all.problems_kept, all.has_all_problems()), (10_000, true), "as many as may be");
    let stage = full.when(found(50, 3, 0)).then_names(&[FOUND]);
    let more = run(&stage, 1);
    assert_eq!((more.problems_kept, more.problem_pages), (10_000, 50));
    assert_eq!((more.problems_dropped, more.has_all_problems()), (3, false));
    let last = stage.state(&problems_entity(&import(1), 49));
    assert_eq!(last.problems().unwrap().problems.len(), 200, "the last page stands as it was");
}

#[test]
fn what_reading_the_feed_did_not_keep_is_counted_with_the_last_page() {
    let stage = judged(supplied(), 1, 20_000);
    let stage = stage.when(found(0, 200, 7)).then_names(&["import.problems_found"]);
    let known = run(&stage, 1);
    assert_eq!((known.problems_kept, known.problems_dropped), (200, 7));
}

#[test]
fn a_step_that_finds_more_problems_than_a_page_has_fills_several() {
    let progress = progress(500, 1_000);
    let step = C::RecordOffers {
        import: import(1),
        offers: vec![],
        failed: 450,
        problems: problems(450),
        progress,
    };
    let found = "import.problems_found";
    let stage = judged(supplied(), 1, 1_000);
    let stage = stage.when(step).then_names(&["import.applied", found, found, found]);
    let known = run(&stage, 1);
    assert_eq!((known.problems_kept, known.problem_pages, known.problems_dropped), (450, 3, 0));
    let last = stage.state(&problems_entity(&import(1), 2));
    assert_eq!(last.problems().unwrap().problems.len(), 50);
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
