//! What shop platforms write.

use super::{field, pairs};
use crate::mapping::rules::{Combine, FieldRule, ParamRule, Reading, Rules, Target, VatNotation};

pub(super) fn heureka() -> Rules {
    let all = |to, names: &[&str]| FieldRule { from: with_variants(names), ..field(to, &[]) };
    let fields = vec![
        all(Target::Code, &["ITEM_ID", "CODE", "ID", "SKU", "PRODUCTNO", "PRODUCTCODE"]),
        field(Target::Group, &["ITEMGROUP_ID", "parent:ITEM_ID", "parent:CODE"]),
        all(Target::Name, &["PRODUCTNAME", "PRODUCT", "NAME"]),
        all(Target::Ean, &["EAN", "EAN13", "BARCODE"]),
        field(Target::Brand, &["MANUFACTURER", "BRAND"]),
        all(Target::Mpn, &["PRODUCTNO", "MPN", "PART_NUMBER"]),
        field(Target::Description, &["DESCRIPTION"]),
        all(Target::PurchasePrice, &["PURCHASE_PRICE", "PRICE_WHOLESALE", "DEALER_PRICE"]),
        all(Target::ListPrice, &["PRICE", "PRICE_NO_VAT", "PRICE_WITHOUT_VAT"]),
        all(Target::Rrp, &["PRICE_VAT"]),
        all(Target::Vat, &["VAT"]),
        FieldRule { from: currencies("CURRENCY", "SHOP"), ..field(Target::Currency, &[]) },
        all(
            Target::Stock,
            &[
                "STOCK_QUANTITY",
                "STOCK_AMOUNT",
                "STOCK",
                "QUANTITY",
                "AMOUNT",
                "IN_STOCK",
                "STORAGE_SUM",
            ],
        ),
        all(Target::LeadTime, &["DELIVERY_DATE"]),
        all(Target::Images, &["IMGURL", "IMGURL_ALTERNATIVE"]),
        field(Target::Categories, &["CATEGORYTEXT", "CATEGORY"]),
        field(Target::Deleted, &["DELETED"]),
        field(Target::Active, &["ACTIVE", "VISIBILITY"]),
        field(Target::Unit, &["UNIT"]),
    ];
    Rules {
        fields,
        params: ["", "VARIANT/", "VARIANTS/VARIANT/"]
            .iter()
            .flat_map(|above| {
                let path = |name: &str| format!("{above}PARAM/{name}");
                ["PARAM_NAME", "NAME"].map(|name| ParamRule::Pairs {
                    name: path(name),
                    value: vec![path("VAL"), path("VALUE")],
                    unit: None,
                    separator: None,
                })
            })
            .collect(),
        ..Rules::default()
    }
}

fn currencies(row: &str, root: &str) -> Vec<String> {
    vec![row.to_owned(), format!("/{root}/{row}"), format!("/{root}/HEAD/{row}")]
}

pub(super) fn shoptet() -> Rules {
    let all = |to, names: &[&str]| {
        let below = names.iter().map(|name| format!("VARIANTS/VARIANT/{name}"));
        let from = below.chain(names.iter().map(|name| (*name).to_owned())).collect();
        FieldRule { from, ..field(to, &[]) }
    };
    Rules {
        fields: vec![
            all(Target::Code, &["CODE", "EAN"]),
            field(Target::Group, &["@id", "GUID"]),
            all(Target::Ean, &["EAN"]),
            field(Target::Name, &["NAME"]),
            field(Target::Brand, &["MANUFACTURER"]),
            all(Target::Mpn, &["PART_NUMBER", "PRODUCT_NUMBER"]),
            field(Target::Description, &["DESCRIPTION", "SHORT_DESCRIPTION"]),
            all(Target::PurchasePrice, &["PURCHASE_PRICE"]),
            all(Target::ListPrice, &["PRICE"]),
            all(Target::Rrp, &["PRICE_VAT", "STANDARD_PRICE"]),
            all(Target::Vat, &["VAT"]),
            all(Target::Currency, &["CURRENCY"]),
            FieldRule {
                combine: Combine::Sum,
                ..all(Target::Stock, &["STOCK/AMOUNT", "STOCK/WAREHOUSES/WAREHOUSE/VALUE"])
            },
            all(Target::Availability, &["AVAILABILITY", "AVAILABILITY_OUT_OF_STOCK"]),
            field(Target::Images, &["IMAGES/IMAGE"]),
            field(Target::Categories, &["CATEGORIES/DEFAULT_CATEGORY", "CATEGORIES/CATEGORY"]),
            all(Target::Active, &["VISIBLE"]),
            field(Target::Unit, &["UNIT"]),
            all(Target::Weight, &["LOGISTIC/WEIGHT", "WEIGHT"]),
            field(Target::Extra("item_type".to_owned()), &["ITEM_TYPE"]),
        ],
        params: vec![
            pairs(
                "VARIANTS/VARIANT/PARAMETERS/PARAMETER/NAME",
                &["VARIANTS/VARIANT/PARAMETERS/PARAMETER/VALUE"],
            ),
            pairs("TEXT_PROPERTIES/TEXT_PROPERTY/NAME", &["TEXT_PROPERTIES/TEXT_PROPERTY/VALUE"]),
            pairs(
                "INFORMATION_PARAMETERS/INFORMATION_PARAMETER/NAME",
                &["INFORMATION_PARAMETERS/INFORMATION_PARAMETER/VALUE"],
            ),
        ],
        reading: Reading { vat: VatNotation::Percent, ..Reading::default() },
        ..Rules::default()
    }
}

pub(super) fn shoptet_csv() -> Rules {
    let mut images = vec!["defaultImage".to_owned(), "image".to_owned()];
    images.extend((2..=20).map(|number| format!("image{number}")));
    let mut categories = vec!["defaultCategory".to_owned(), "categoryText".to_owned()];
    categories.extend((2..=10).map(|number| format!("categoryText{number}")));
    Rules {
        fields: vec![
            field(Target::Code, &["code"]),
            field(Target::Group, &["pairCode"]),
            field(Target::Name, &["name"]),
            field(Target::Ean, &["ean"]),
            field(Target::Brand, &["manufacturer"]),
            field(Target::Description, &["description", "shortDescription"]),
            field(Target::PurchasePrice, &["purchasePrice"]),
            // `price` is gross or net by the column beside it; gross is what shops export.
            FieldRule {
                expression: Some(
                    "row.price if row.includingVat not in ['0', 'false'] else ''".to_owned(),
                ),
                ..field(Target::Rrp, &["price"])
            },
            FieldRule {
                expression: Some(
                    "row.price if row.includingVat in ['0', 'false'] else ''".to_owned(),
                ),
                ..field(Target::ListPrice, &["price"])
            },
            field(Target::Vat, &["percentVat"]),
            field(Target::Currency, &["currency"]),
            field(Target::Stock, &["stock"]),
            field(Target::Availability, &["availabilityOutOfStock", "availability"]),
            FieldRule { from: images, ..field(Target::Images, &[]) },
            FieldRule { from: categories, ..field(Target::Categories, &[]) },
            FieldRule {
                expression: Some("0 if value in ['hidden', 'blocked'] else 1".to_owned()),
                ..field(Target::Active, &["productVisibility"])
            },
            field(Target::Unit, &["unit"]),
            field(Target::Weight, &["weight"]),
        ],
        params: vec![ParamRule::Prefix { prefix: "variant:".to_owned() }],
        reading: Reading { vat: VatNotation::Percent, ..Reading::default() },
        ..Rules::default()
    }
}

/// Every name below a variant first, then the item's own.
fn with_variants(names: &[&str]) -> Vec<String> {
    let below =
        |above: &str| names.iter().map(|name| format!("{above}/{name}")).collect::<Vec<_>>();
    let own = names.iter().map(|name| (*name).to_owned());
    [below("VARIANTS/VARIANT"), below("VARIANT"), own.collect()].concat()
}
