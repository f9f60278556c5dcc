//! The tree of categories.

use super::*;
use kontor_messages::catalog::CategoryPatch;

fn move_to(category: &str, parent: Option<&str>) -> C {
    C::MoveCategory { category: id(category), parent: parent.map(str::to_owned), position: 0 }
}

fn merge(category: &str, into: &str) -> C {
    C::MergeCategory { category: id(category), into: into.to_owned() }
}

fn all(stage: &Stage<Catalog>) -> BTreeMap<String, CategoryDocument> {
    let known = stage.book().entities().filter_map(|(id, entity)| {
        let id = id.as_str().strip_prefix("category/")?.to_owned();
        Some((id, entity.state.category()?.clone()))
    });
    known.collect()
}

/// The paths of all categories that are shown.
fn paths(stage: &Stage<Catalog>) -> Vec<String> {
    fn walk(branch: &Branch<'_>, paths: &mut Vec<String>) {
        paths.push(branch.path.join("/"));
        branch.children.iter().for_each(|child| walk(child, paths));
    }
    let (all, mut paths) = (all(stage), Vec::new());
    branches(&all).iter().for_each(|branch| walk(branch, &mut paths));
    paths
}

#[test]
fn a_category_moves_with_all_below_it() {
    let stage = shelves();
    assert_eq!(paths(&stage), ["media", "media/books", "media/books/maps", "toys"]);
    let stage = stage.when(move_to("books", Some("toys"))).then_names(&["category.moved"]);
    assert_eq!(paths(&stage), ["media", "toys", "toys/books", "toys/books/maps"]);
    let stage = stage.when(move_to("books", Some("toys"))).then_nothing();
    let stage = stage.when(move_to("maps", None)).then_names(&["category.moved"]);
    assert_eq!(paths(&stage), ["maps", "media", "toys", "toys/books"]);
}

#[test]
fn no_category_is_below_itself() {
    for below in ["media", "books", "maps"] {
        shelves().when(move_to("media", Some(below))).refused(R::Cycle);
    }
    shelves().when(merge("media", "maps")).refused(R::Cycle);
    shelves().when(merge("media", "media")).refused(R::Cycle);
}

#[test]
fn a_merged_category_is_the_other_one_wherever_it_is_named() {
    let said = fields([("categories", list(&["books", "toys"]))]);
    let stage = shelves().when(create("atlas", said, Writer::operator())).stage;
    let stage = stage.when(merge("books", "toys")).then_names(&["category.merged"]);
    assert_eq!(paths(&stage), ["media", "toys", "toys/maps"]);
    let stage = stage.when(merge("books", "toys")).then_nothing();
    let stage = stage.when(merge("books", "media")).refused(R::Merged("toys".to_owned()));
    let stage = stage.when(move_to("books", None)).refused(R::Merged("toys".to_owned()));
    // `maps` is below `toys` now, by way of what `books` has become.
    let stage = stage.when(move_to("toys", Some("maps"))).refused(R::Cycle);
    let said = fields([("categories", list(&["books", "maps"]))]);
    let stage = stage.when(create("globe", said, Writer::operator())).stage;
    assert_eq!(product(&stage, "globe").list(&Field::Categories), ["toys", "maps"]);
}

#[test]
fn an_archived_category_hides_all_below_it_until_it_is_restored() {
    let hide = |archived: bool| C::ArchiveCategory { category: id("books"), archived };
    let stage = shelves().when(hide(true)).then_names(&["category.archived"]);
    assert_eq!(paths(&stage), ["media", "toys"]);
    let stage = stage.when(hide(true)).then_nothing();
    let stage = stage.when(hide(false)).then_names(&["category.restored"]);
    assert_eq!(paths(&stage).len(), 4);
}

#[test]
fn a_slug_names_one_category() {
    let slugged = |slug: &str| Category { slug: Some(slug.to_owned()), ..category(None) };
    let stage = shelves().when(put("games", slugged("hry"))).then_names(&["category.created"]);
    let stage = stage.when(put("play", slugged("hry"))).refused(R::SlugTaken("hry".to_owned()));
    let patch = CategoryPatch { slug: Some(None), ..CategoryPatch::default() };
    let free = C::ChangeCategory { category: id("games"), patch };
    let stage = stage.when(free).then_names(&["category.updated"]);
    stage.when(put("play", slugged("hry"))).then_names(&["category.created"]);
    refused_at(shelves().when(put("games", slugged("Hry!"))), "/slug");
}

#[test]
fn a_category_has_a_name_and_a_parent_that_is_there() {
    refused_at(shelves().when(put("games", category(Some("nowhere")))), "/parent");
    refused_at(shelves().when(put("games", Category::default())), "/names");
    shelves().when(put("media", category(None))).then_nothing();
    shelves().when(put("media", category(Some("toys")))).refused(R::Differs);
    shelves().when(move_to("games", None)).refused(R::NotFound("category"));
}

#[test]
fn the_tree_is_only_so_deep() {
    let mut stage = nothing().when(put("c0", category(None))).stage;
    for depth in 1..tree::DEPTH_MAX {
        let parent = format!("c{}", depth - 1);
        let outcome = stage.when(put(&format!("c{depth}"), category(Some(&parent))));
        stage = outcome.then_names(&["category.created"]);
    }
    let deepest = format!("c{}", tree::DEPTH_MAX - 1);
    let outcome = stage.when(put("more", category(Some(&deepest))));
    assert!(matches!(outcome.result, Err(R::LimitReached { .. })));
}
