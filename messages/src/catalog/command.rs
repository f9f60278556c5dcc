//! What one may ask of the catalog.

use super::{
    Attribute, AttributeSet, Category, Field, FieldValue, Fields, Pricing, SupplierLink, Writer,
    present,
};
use crate::EntityId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What one may ask of the catalog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum CatalogCommand {
    /// Make a product.
    CreateProduct {
        /// Which, and how it is called.
        new: NewProduct,
        /// What is known of it.
        fields: Fields,
        /// Who says so.
        by: Writer,
    },
    /// Change what is known of a product. What a higher source wrote stays as it is.
    ChangeProduct {
        /// The product.
        product: EntityId,
        /// What is to be known of it.
        fields: Fields,
        /// Who says so.
        by: Writer,
    },
    /// Let any source write these fields again.
    ReleaseFields {
        /// The product.
        product: EntityId,
        /// Which.
        fields: Vec<Field>,
    },
    /// Say by which code a supplier knows a product.
    LinkProduct {
        /// The product.
        product: EntityId,
        /// By which.
        link: SupplierLink,
    },
    /// Take such a code away.
    UnlinkProduct {
        /// The product.
        product: EntityId,
        /// The supplier.
        source: String,
        /// Its code.
        code: String,
    },
    /// Make and change many products at once. A row that cannot be done is told and passed over;
    /// the others are done.
    Import {
        /// Who says so.
        by: Writer,
        /// The rows.
        rows: Vec<ImportRow>,
    },
    /// Give fields that a run wrote, and nobody since, back what they said before it.
    UndoRun {
        /// The product.
        product: EntityId,
        /// The run.
        run: String,
        /// What the fields said before it, from the product's history.
        before: Vec<Before>,
    },
    /// A sale may have begun or ended.
    TurnPrices {
        /// The product.
        product: EntityId,
    },
    /// Have a product's prices follow the rules as they stand.
    Reprice {
        /// The product.
        product: EntityId,
    },
    /// Make a category.
    CreateCategory {
        /// Its id.
        category: EntityId,
        /// What it is.
        content: Category,
    },
    /// Change a category in its place.
    ChangeCategory {
        /// Which.
        category: EntityId,
        /// What is to be changed.
        patch: CategoryPatch,
    },
    /// Put a category, with all below it, elsewhere in the tree.
    MoveCategory {
        /// Which.
        category: EntityId,
        /// Into which; to the top, if it says none.
        parent: Option<String>,
        /// Where among its siblings.
        position: i32,
    },
    /// Let a category be another one: its products and what is below it are there from now on.
    MergeCategory {
        /// Which ends.
        category: EntityId,
        /// Which stays.
        into: String,
    },
    /// Hide a category with all below it, or show it again.
    ArchiveCategory {
        /// Which.
        category: EntityId,
        /// Whether it is hidden.
        archived: bool,
    },
    /// Make or change an attribute. What its values are stays as it was.
    PutAttribute {
        /// Its code.
        code: String,
        /// What it is.
        attribute: Attribute,
    },
    /// Make or change an attribute set.
    PutAttributeSet {
        /// Its code.
        code: String,
        /// What is in it.
        set: AttributeSet,
    },
    /// Set the tenant's price rules.
    PutPricing {
        /// All of them.
        pricing: Pricing,
    },
}

/// A product that is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewProduct {
    /// Its id.
    pub product: EntityId,
    /// Its SKU, unique in the tenant and never changed.
    pub sku: String,
}

/// A product in an import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRow {
    /// Which product is meant.
    pub target: Target,
    /// How it is made if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<NewProduct>,
    /// What is to be known of it.
    pub fields: Fields,
    /// The code by which a supplier knows it from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<SupplierLink>,
}

/// How a product is named in an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// By its id.
    Product(EntityId),
    /// By its SKU.
    Sku(String),
    /// By its EAN, if only one product carries it.
    Ean(String),
    /// By a supplier's code.
    Link {
        /// The supplier.
        source: String,
        /// Its code.
        code: String,
    },
}

/// What a field said before a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// The field.
    pub field: Field,
    /// What it said; nothing, if it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<FieldValue>,
    /// Who had written it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Writer>,
}

/// What is to be changed of a category.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CategoryPatch {
    /// Its name by language; replaces all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<BTreeMap<String, String>>,
    /// Its name in addresses.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9-]{0,99}$")]
    pub slug: Option<Option<String>>,
    /// Which attributes its products have.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9_]{0,59}$")]
    pub attribute_set: Option<Option<String>>,
    /// Where it stands among its siblings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i32>,
}
