//! What has become of the catalog.

use super::{Attribute, AttributeSet, Category, Field, FieldValue, Pricing, SupplierLink, Writer};
use crate::EntityId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What has become of the catalog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CatalogEvent {
    /// `product.created`.
    ProductCreated {
        /// Its SKU.
        sku: String,
        /// What is known of it.
        #[schema(value_type = Object)]
        fields: BTreeMap<Field, FieldValue>,
        /// Who said so.
        by: Writer,
    },
    /// `product.updated`: these fields say something else now.
    ProductUpdated {
        /// Its SKU.
        sku: String,
        /// What has changed.
        changes: Vec<Change>,
        /// Who said so.
        by: Writer,
        /// The run that this undoes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undone: Option<String>,
    },
    /// `price.changed`: these prices are others now.
    PriceChanged {
        /// Its SKU.
        sku: String,
        /// What has changed.
        changes: Vec<Change>,
        /// Who said so.
        by: Writer,
        /// The run that this undoes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undone: Option<String>,
    },
    /// `price.turned`: a sale has begun or ended, so the price is another one now.
    PriceTurned {
        /// Its SKU.
        sku: String,
        /// Of which prices.
        prices: Vec<Field>,
    },
    /// `product.archived`: it is offered no longer.
    ProductArchived {
        /// Its SKU.
        sku: String,
        /// The change of the status.
        changes: Vec<Change>,
        /// Who said so.
        by: Writer,
        /// The run that this undoes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undone: Option<String>,
    },
    /// `product.fields_released`: any source may write these fields again.
    FieldsReleased {
        /// Which.
        fields: Vec<Field>,
    },
    /// `product.linked`: a supplier knows it by this code.
    ProductLinked {
        /// By which.
        link: SupplierLink,
    },
    /// `product.unlinked`.
    ProductUnlinked {
        /// The supplier.
        source: String,
        /// Its code.
        code: String,
    },
    /// Only told to who asked for an import: what has become of one of its rows.
    RowDone {
        /// Which, counted from 0.
        row: usize,
        /// The product, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        product: Option<EntityId>,
        /// What has become of it.
        outcome: RowOutcome,
        /// Fields that a higher source holds.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kept: Vec<Field>,
    },
    /// `category.created`.
    CategoryCreated {
        /// What it is.
        content: Category,
    },
    /// `category.updated`.
    CategoryUpdated {
        /// What it is now.
        content: Category,
    },
    /// `category.moved`.
    CategoryMoved {
        /// Where it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<String>,
        /// Where it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        /// Where among its siblings.
        position: i32,
    },
    /// `category.merged`: it is another one from now on.
    CategoryMerged {
        /// Which.
        into: String,
    },
    /// `category.archived`: it is hidden, with all below it.
    CategoryArchived,
    /// `category.restored`.
    CategoryRestored,
    /// `attribute.put`.
    AttributePut {
        /// What it is.
        attribute: Attribute,
    },
    /// `attribute_set.put`.
    AttributeSetPut {
        /// What is in it.
        set: AttributeSet,
    },
    /// `pricing.put`.
    PricingPut {
        /// All rules.
        pricing: Pricing,
    },
}

/// A field that says something else now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// Which.
    pub field: Field,
    /// What it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<FieldValue>,
    /// Who had written that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_by: Option<Writer>,
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<FieldValue>,
    /// Whose it is now, if not the writer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Writer>,
}

/// What has become of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// The product is new.
    Created,
    /// Something of it is new.
    Updated,
    /// All of it was known.
    Unchanged,
    /// It was passed over.
    Failed {
        /// A stable code.
        code: String,
        /// The member at fault, as a JSON pointer into the row.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pointer: Option<String>,
        /// What is wrong.
        detail: String,
    },
}

impl CatalogEvent {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ProductCreated { .. } => "product.created",
            Self::ProductUpdated { .. } => "product.updated",
            Self::PriceChanged { .. } => "price.changed",
            Self::PriceTurned { .. } => "price.turned",
            Self::ProductArchived { .. } => "product.archived",
            Self::FieldsReleased { .. } => "product.fields_released",
            Self::ProductLinked { .. } => "product.linked",
            Self::ProductUnlinked { .. } => "product.unlinked",
            Self::RowDone { .. } => "product.row_done",
            Self::CategoryCreated { .. } => "category.created",
            Self::CategoryUpdated { .. } => "category.updated",
            Self::CategoryMoved { .. } => "category.moved",
            Self::CategoryMerged { .. } => "category.merged",
            Self::CategoryArchived => "category.archived",
            Self::CategoryRestored => "category.restored",
            Self::AttributePut { .. } => "attribute.put",
            Self::AttributeSetPut { .. } => "attribute_set.put",
            Self::PricingPut { .. } => "pricing.put",
        }
    }

    /// What it changes of a product that was there, if it does, and who did.
    pub fn changes(&self) -> Option<(&[Change], &Writer)> {
        match self {
            Self::ProductUpdated { changes, by, .. }
            | Self::PriceChanged { changes, by, .. }
            | Self::ProductArchived { changes, by, .. } => Some((changes, by)),
            _ => None,
        }
    }
}
