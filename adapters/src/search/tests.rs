//! An index by itself.

use super::{Asked, index::Shelf};
use kontor_actors::catalog::Product;
use kontor_messages::{
    Timestamp,
    catalog::{Field, FieldValue},
};
use std::collections::HashMap;

fn product(sku: &str, title: &str, made: i64) -> Product {
    let mut product = Product { sku: sku.to_owned(), ..Product::default() };
    product.created_at = Timestamp::from_millis(made);
    product.fields.insert(Field::Title("cs".to_owned()), FieldValue::Text(title.to_owned()));
    product
}

fn find(shelf: &Shelf, text: &str, offset: usize, limit: usize) -> (usize, Vec<String>) {
    let words = super::words(text);
    let found = shelf.find(&Asked { words, offset, limit, ..Asked::default() }).unwrap();
    (found.total, found.ids)
}

#[test]
fn an_index_is_written_read_counted_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(folder.path()).unwrap();
    let named = |id: &str, sku: &str, title: &str, made: i64| {
        (id.to_owned(), Some(product(sku, title, made)))
    };
    let products = [
        named("a", "A-1", "Atlas světa", 1),
        named("b", "B-2", "Atlas hvězd a světa", 2),
        named("c", "C-3", "Lampa", 3),
    ];
    shelf.write(&products, &HashMap::new()).unwrap();
    assert_eq!(find(&shelf, "", 0, 2), (3, vec!["c".to_owned(), "b".to_owned()]));
    assert_eq!(find(&shelf, "", 2, 2), (3, vec!["a".to_owned()]));
    assert_eq!(find(&shelf, "atlas hvezd", 0, 10).1, ["b"]);
    assert_eq!(find(&shelf, "atlsa", 0, 10).0, 2);
    assert_eq!(find(&shelf, "a1", 0, 10).1, ["a"]);
    shelf.write(&[("a".to_owned(), None)], &HashMap::new()).unwrap();
    assert_eq!(find(&shelf, "atlas", 0, 10).1, ["b"]);
    drop(shelf);
    let again = Shelf::open(folder.path()).unwrap();
    assert_eq!(find(&again, "", 0, 10).0, 2);
}
