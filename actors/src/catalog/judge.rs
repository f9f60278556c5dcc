//! What of a wish is news, and what a higher source keeps as it is. Pure.

use super::state::Product;
use kontor_messages::catalog::{Change, Field, Fields, Writer};

/// What a wish comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// What would change.
    pub changes: Vec<Change>,
    /// What a higher source holds, and would say something else.
    pub kept: Vec<Field>,
}

/// Compares what a writer wants with what is known. What says the same is no news, and whose it is
/// stays as it was.
pub fn judge(product: &Product, fields: Fields, by: &Writer) -> Judged {
    let mut judged = Judged::default();
    for (field, now) in fields {
        let was = product.value(&field);
        if was == now.as_ref() {
            continue;
        }
        let owner = product.owner(&field);
        if owner.is_some_and(|owner| by.source.rank() < owner.source.rank()) {
            judged.kept.push(field);
            continue;
        }
        let (was, was_by) = (was.cloned(), owner.map(super::Owner::writer));
        judged.changes.push(Change { field, was, was_by, now, owner: None });
    }
    judged
}
