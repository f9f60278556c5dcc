//! Many products at once, and taking them back.

use super::*;
use kontor_messages::catalog::Before;

fn row(sku: &str, said: Fields) -> ImportRow {
    let product = id(&format!("p-{}", sku.to_lowercase()));
    let new = Some(NewProduct { product, sku: sku.to_owned() });
    ImportRow { target: Target::Sku(sku.to_owned()), new, fields: said, link: None }
}

fn import(run: &str, rows: Vec<ImportRow>) -> C {
    C::Import { by: supplier(run), rows }
}

fn titled(title: &str) -> Fields {
    fields([("title.cs", text(title))])
}

/// What became of the rows, and the names of what happened.
#[track_caller]
fn came_of(outcome: &Outcome<Catalog>) -> (Vec<RowOutcome>, Vec<&'static str>) {
    let events = outcome.result.as_ref().unwrap();
    let told = events.iter().filter_map(|(_, event)| match event {
        E::RowDone { outcome, .. } => Some(outcome.clone()),
        _ => None,
    });
    let facts = events.iter().filter(|(_, event)| !Catalog::aside(event));
    (told.collect(), facts.map(|(_, event)| event.name()).collect())
}

#[test]
fn an_import_makes_and_changes_products_and_the_same_import_again_writes_nothing() {
    let rows = || vec![row("A", titled("Atlas")), row("B", titled("Box"))];
    let outcome = nothing().when(import("run-1", rows()));
    let (rows_done, facts) = came_of(&outcome);
    assert_eq!(rows_done, [RowOutcome::Created, RowOutcome::Created]);
    assert_eq!(facts, ["product.created", "product.created"]);
    let outcome = outcome.stage.when(import("run-2", rows()));
    assert_eq!(came_of(&outcome), (vec![RowOutcome::Unchanged; 2], vec![]));
    let other = vec![row("A", titled("Atlas")), row("B", titled("Big box"))];
    let outcome = outcome.stage.when(import("run-3", other));
    let expected = vec![RowOutcome::Unchanged, RowOutcome::Updated];
    assert_eq!(came_of(&outcome), (expected, vec!["product.updated"]));
}

#[test]
fn what_is_told_of_a_row_is_no_change_of_any_entity() {
    let stage = nothing().when(import("run-1", vec![row("A", titled("Atlas"))])).stage;
    let entity = stage.book().get(&product_entity("p-a")).unwrap();
    assert_eq!(entity.version, 1);
    let tally = stage.book().get(&kontor_messages::catalog::tally_entity()).unwrap();
    assert_eq!(tally.version, 0);
}

#[test]
fn a_row_at_fault_is_passed_over_and_the_others_are_done() {
    let rows = vec![
        row("A", titled("Atlas")),
        row("B", fields([("ean", text("123"))])),
        ImportRow { new: None, ..row("C", titled("Cube")) },
        row("D", titled("Dice")),
    ];
    let outcome = nothing().when(import("run-1", rows));
    let (rows, facts) = came_of(&outcome);
    assert_eq!(facts.len(), 2);
    let RowOutcome::Failed { code, pointer, .. } = &rows[1] else { panic!("{rows:?}") };
    assert_eq!((&**code, pointer.as_deref()), ("invalid", Some("/fields/ean")));
    assert!(matches!(&rows[2], RowOutcome::Failed { code, .. } if code == "not_found"));
}

#[test]
fn rows_see_what_the_rows_before_them_have_made() {
    let rows = vec![
        row("A", titled("Atlas")),
        row("A", titled("Big atlas")),
        row("A", titled("Big atlas")),
        ImportRow {
            new: Some(NewProduct { product: id("other"), sku: "A".to_owned() }),
            target: Target::Sku("X".to_owned()),
            ..row("X", titled("Other"))
        },
    ];
    let outcome = nothing().when(import("run-1", rows));
    let (rows, facts) = came_of(&outcome);
    assert_eq!(facts, ["product.created", "product.updated"]);
    assert_eq!(rows[..3], [RowOutcome::Created, RowOutcome::Updated, RowOutcome::Unchanged]);
    assert!(matches!(&rows[3], RowOutcome::Failed { code, .. } if code == "sku_taken"));
}

#[test]
fn rows_of_one_import_nest_no_bundles_either() {
    let parts = |part: &str| {
        let parts = BTreeMap::from([(part.to_owned(), 1)]);
        fields([("components", Some(FieldValue::Parts(parts)))])
    };
    let rows = vec![
        row("A", titled("Atlas")),
        row("B", titled("Box")),
        row("A", parts("p-b")),
        row("C", titled("Cube")),
        row("B", parts("p-c")),
    ];
    let outcome = nothing().when(import("run-1", rows));
    let (rows, _) = came_of(&outcome);
    assert!(matches!(rows[4], RowOutcome::Failed { .. }), "{rows:?}");
    assert!(!product(&outcome.stage, "p-b").is_bundle());
}

#[test]
fn a_field_that_a_higher_source_holds_is_told_and_left() {
    let own = create("p-a", titled("Ours"), Writer::operator());
    let stage = nothing().when(own).stage;
    let said = fields([("title.cs", text("Theirs")), ("brand", text("Acme"))]);
    let mut theirs = row("P-A", said);
    theirs.target = Target::Product(id("p-a"));
    let outcome = stage.when(import("run-1", vec![theirs]));
    let Some((_, E::RowDone { kept, outcome: done, .. })) = outcome.result.as_ref().unwrap().last()
    else {
        panic!("{:?}", outcome.result)
    };
    assert_eq!((kept.as_slice(), done), (&[field("title.cs")][..], &RowOutcome::Updated));
    assert_eq!(product(&outcome.stage, "p-a").text(&field("title.cs")), Some("Ours"));
}

#[test]
fn a_row_is_found_by_its_supplier_s_code_once_it_is_linked() {
    let link = SupplierLink { source: "acme".to_owned(), code: "77".to_owned(), by_hand: false };
    let linked = ImportRow { link: Some(link), ..row("A", titled("Atlas")) };
    let outcome = nothing().when(import("run-1", vec![linked]));
    assert_eq!(came_of(&outcome).1, ["product.created", "product.linked"]);
    let (source, code) = ("acme".to_owned(), "77".to_owned());
    let by_code = ImportRow {
        target: Target::Link { source, code },
        new: None,
        ..row("A", titled("Big atlas"))
    };
    let outcome = outcome.stage.when(import("run-2", vec![by_code]));
    assert_eq!(came_of(&outcome).1, ["product.updated"]);
}

#[test]
fn a_row_is_found_by_its_code_only_if_one_product_carries_it() {
    let coded = |title: &str| fields([("title.cs", text(title)), ("ean", text(EAN))]);
    let by_code = |title: &str| ImportRow {
        target: Target::Ean(EAN.to_owned()),
        new: None,
        ..row("X", titled(title))
    };
    let rows =
        vec![row("A", coded("Atlas")), by_code("Big"), row("B", coded("Box")), by_code("No")];
    let outcome = nothing().when(import("run-1", rows));
    let (rows, facts) = came_of(&outcome);
    assert_eq!(facts, ["product.created", "product.updated", "product.created"]);
    assert!(matches!(&rows[3], RowOutcome::Failed { code, .. } if code == "ambiguous"));
}

#[test]
fn an_import_has_between_one_and_so_many_rows() {
    refused_at(nothing().when(import("r", vec![])), "/rows");
    let many = (0..=ROWS_MAX).map(|n| row(&format!("S{n}"), titled("T"))).collect();
    refused_at(nothing().when(import("r", many)), "/rows");
}

/// A product that run 1 made, run 2 changed, and a person changed in part.
fn changed() -> (Stage<Catalog>, Vec<E>) {
    let first = fields([("title.cs", text("Atlas")), ("brand", text("Acme")), ("mpn", text("1"))]);
    let second = fields([
        ("title.cs", text("Atlas 2")),
        ("brand", text("Bcme")),
        ("mpn", text("2")),
        ("tags", list(&["new"])),
        ("price.cost.CZK", amount(100)),
    ]);
    let mut stage = nothing();
    let mut past = Vec::new();
    let person = change("p-a", fields([("brand", text("Ours"))]), Writer::operator());
    for command in
        [import("run-1", vec![row("A", first)]), import("run-2", vec![row("A", second)]), person]
    {
        let events = stage.obey(command).unwrap();
        let facts = events.into_iter().filter(|(_, event)| !Catalog::aside(event));
        past.extend(facts.map(|(_, event)| event));
    }
    (stage, past)
}

fn undo(run: &str, before: Vec<Before>) -> C {
    C::UndoRun { product: id("p-a"), run: run.to_owned(), before }
}

#[test]
fn an_undo_restores_what_nobody_touched_since_and_reports_the_rest() {
    let (stage, past) = changed();
    let outcome = stage.when(undo("run-2", before("run-2", &past)));
    let (rows, facts) = came_of(&outcome);
    assert_eq!(
        (rows, facts),
        (vec![RowOutcome::Updated], vec!["product.updated", "price.changed"])
    );
    let Some((_, E::RowDone { kept, .. })) = outcome.result.as_ref().unwrap().last() else {
        panic!("nothing was told")
    };
    // A person has written the brand since, so the history leads to nothing to restore there.
    assert!(kept.is_empty());
    assert_eq!(touched("run-2", &past), [Field::Brand]);
    let undone = outcome.result.as_ref().unwrap().iter().map(|(_, event)| event.clone());
    let then: Vec<E> = past.iter().cloned().chain(undone).collect();
    assert_eq!(touched("run-2", &then), [Field::Brand], "undoing is no touching");
    let known = product(&outcome.stage, "p-a");
    assert_eq!(known.text(&field("title.cs")), Some("Atlas"));
    assert_eq!(known.text(&Field::Mpn), Some("1"));
    assert_eq!(known.text(&Field::Brand), Some("Ours"));
    assert!(known.value(&Field::Tags).is_none() && known.owner(&Field::Tags).is_none());
    assert_eq!(known.owner(&Field::Mpn).unwrap().run.as_deref(), Some("run-1"));
    let again = outcome.stage.when(undo("run-2", before("run-2", &past)));
    assert_eq!(came_of(&again).1, Vec::<&str>::new());
}

#[test]
fn what_somebody_touched_while_the_undo_was_prepared_is_left_and_told() {
    let (stage, past) = changed();
    let prepared = before("run-2", &past);
    let meanwhile = change("p-a", fields([("mpn", text("3"))]), Writer::operator());
    let stage = stage.when(meanwhile).stage;
    let outcome = stage.when(undo("run-2", prepared));
    let Some((_, E::RowDone { kept, .. })) = outcome.result.as_ref().unwrap().last() else {
        panic!("nothing was told")
    };
    assert_eq!(kept, &[Field::Mpn]);
    assert_eq!(product(&outcome.stage, "p-a").text(&Field::Mpn), Some("3"));
}

#[test]
fn a_product_that_the_run_made_is_archived_unless_somebody_has_taken_it_up() {
    let made = || nothing().when(import("run-1", vec![row("A", titled("Atlas"))])).stage;
    let outcome = made().when(undo("run-1", vec![]));
    assert_eq!(came_of(&outcome).1, ["product.archived"]);
    let again = outcome.stage.when(undo("run-1", vec![]));
    assert_eq!(came_of(&again).1, Vec::<&str>::new());
    let taken = change("p-a", fields([("brand", text("Ours"))]), Writer::operator());
    let outcome = made().when(taken).stage.when(undo("run-1", vec![]));
    assert_eq!(came_of(&outcome).1, Vec::<&str>::new());
}
