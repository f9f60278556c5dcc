//! The dialects that have names: how their rows are found and what their fields mean. A tenant takes
//! one and changes it; nothing here is known to the rest of the crate.

use super::rules::{
    Combine, FieldRule, LeadTimeUnit, MinusOne, ParamRule, Reading, Rules, Target, VatNotation,
};
use crate::decimal::DecimalMark;
use crate::formats::{CsvFormat, Delimiter, Envelope, Format, JsonFormat, RowElement, XmlFormat};
use serde::{Deserialize, Serialize};

/// A dialect with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// `SHOP/SHOPITEM`, as Czech and Slovak wholesalers write it.
    Heureka,
    /// `item_list/item`: stocks and delivery dates alone.
    HeurekaAvailability,
    /// Shoptet's XML, with variants.
    Shoptet,
    /// Shoptet's CSV.
    ShoptetCsv,
    /// BMEcat 1.2.
    Bmecat12,
    /// BMEcat 2005.
    Bmecat2005,
    /// IdoSell's `full.xml`.
    Iof,
    /// IdoSell's `light.xml`: prices and stocks.
    IofLight,
    /// Google Merchant's RSS or Atom.
    Google,
    /// Nody's XML.
    Nody,
    /// An answer `{code, message, data: […]}` of a wholesaler's interface.
    RestJson,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Heureka,
        Self::HeurekaAvailability,
        Self::Shoptet,
        Self::ShoptetCsv,
        Self::Bmecat12,
        Self::Bmecat2005,
        Self::Iof,
        Self::IofLight,
        Self::Google,
        Self::Nody,
        Self::RestJson,
    ];

    /// How its rows are found.
    pub fn format(self) -> Format {
        match self {
            Self::Heureka => xml(&["SHOPITEM"], &["DELITEM"], &["VARIANT", "VARIANTS/VARIANT"]),
            Self::HeurekaAvailability => xml(&["item_list/item"], &[], &[]),
            Self::Shoptet => xml(&["SHOPITEM"], &[], &["VARIANTS/VARIANT"]),
            Self::ShoptetCsv => Format::Csv(CsvFormat {
                delimiter: Some(Delimiter::Semicolon),
                ..CsvFormat::default()
            }),
            Self::Bmecat12 => xml(&["ARTICLE"], &[], &[]),
            // `PRODUCT` alone would also be found within other elements.
            Self::Bmecat2005 => xml(
                &["T_NEW_CATALOG/PRODUCT", "T_UPDATE_PRODUCTS/PRODUCT", "T_UPDATE_PRICES/PRODUCT"],
                &[],
                &[],
            ),
            Self::Iof | Self::IofLight => xml(&["products/product"], &[], &["sizes/size"]),
            Self::Google => xml(&["channel/item", "feed/entry"], &[], &[]),
            Self::Nody => xml(&["SHOPITEM", "PRODUCTS/PRODUCT"], &[], &[]),
            Self::RestJson => Format::Json(JsonFormat {
                rows: "data".to_owned(),
                keyed: false,
                variants: vec!["variants".to_owned()],
                envelope: Some(Envelope {
                    code: "code".to_owned(),
                    fine: vec!["200".to_owned(), "0".to_owned()],
                    message: "message".to_owned(),
                }),
            }),
        }
    }

    /// What its fields mean.
    pub fn rules(self) -> Rules {
        match self {
            Self::Heureka => heureka(),
            Self::HeurekaAvailability => Rules {
                fields: vec![
                    field(Target::Code, &["@id"]),
                    field(Target::Stock, &["stock_quantity"]),
                    field(Target::LeadTime, &["delivery_time"]),
                ],
                ..Rules::default()
            },
            Self::Shoptet => shoptet(),
            Self::ShoptetCsv => shoptet_csv(),
            Self::Bmecat12 => bmecat("ARTICLE", "SUPPLIER_AID", "MANUFACTURER_AID"),
            Self::Bmecat2005 => bmecat("PRODUCT", "SUPPLIER_PID", "MANUFACTURER_PID"),
            Self::Iof => iof(&["price@net", "sizes/size/price@net"]),
            Self::IofLight => iof(&["sizes/size/price@net", "price@net"]),
            Self::Google => google(),
            Self::Nody => nody(),
            Self::RestJson => rest_json(),
        }
    }
}

fn xml(rows: &[&str], deleted: &[&str], variants: &[&str]) -> Format {
    let element = |path: &&str, deleted| RowElement { path: (*path).to_owned(), deleted };
    let kept = rows.iter().map(|path| element(path, false));
    Format::Xml(XmlFormat {
        rows: kept.chain(deleted.iter().map(|path| element(path, true))).collect(),
        variants: variants.iter().map(|path| (*path).to_owned()).collect(),
    })
}

fn field(to: Target, from: &[&str]) -> FieldRule {
    FieldRule::new(to, from)
}

fn pairs(name: &str, value: &[&str]) -> ParamRule {
    let value = value.iter().map(|path| (*path).to_owned()).collect();
    ParamRule::Pairs { name: name.to_owned(), value, unit: None, separator: None }
}

/// Every name below a variant first, then the item's own.
fn with_variants(names: &[&str]) -> Vec<String> {
    let below =
        |above: &str| names.iter().map(|name| format!("{above}/{name}")).collect::<Vec<_>>();
    let own = names.iter().map(|name| (*name).to_owned());
    [below("VARIANTS/VARIANT"), below("VARIANT"), own.collect()].concat()
}

fn heureka() -> Rules {
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

fn shoptet() -> Rules {
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

fn shoptet_csv() -> Rules {
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

fn bmecat(row: &str, code: &str, mpn: &str) -> Rules {
    let below = |part: &str, name: &str| format!("{row}_{part}/{name}");
    let price = |kind: &str, name: &str| {
        format!("{row}_PRICE_DETAILS/{row}_PRICE[@price_type={kind}]/{name}")
    };
    let of = |to, from: Vec<String>| FieldRule { from, ..field(to, &[]) };
    let any_price = |name: &str| {
        let kinds = ["net_customer", "net_customer_exp", "net_list", "nrp", "gros_list"];
        kinds.iter().map(|kind| price(kind, name)).collect::<Vec<_>>()
    };
    let features = format!("{row}_FEATURES/FEATURE");
    let pid = |kind: &str| format!("{row}_DETAILS/INTERNATIONAL_PID[@type={kind}]");
    Rules {
        fields: vec![
            field(Target::Code, &[code]),
            of(Target::Name, vec![below("DETAILS", "DESCRIPTION_SHORT")]),
            of(Target::Description, vec![below("DETAILS", "DESCRIPTION_LONG")]),
            of(Target::Ean, vec![below("DETAILS", "EAN"), pid("gtin"), pid("ean")]),
            of(Target::Mpn, vec![below("DETAILS", mpn)]),
            of(Target::Brand, vec![below("DETAILS", "MANUFACTURER_NAME")]),
            of(
                Target::PurchasePrice,
                vec![
                    price("net_customer", "PRICE_AMOUNT"),
                    price("net_customer_exp", "PRICE_AMOUNT"),
                ],
            ),
            of(Target::ListPrice, vec![price("net_list", "PRICE_AMOUNT")]),
            of(Target::Rrp, vec![price("nrp", "PRICE_AMOUNT")]),
            of(Target::PriceFactor, any_price("PRICE_FACTOR")),
            of(Target::PriceQuantity, vec![below("ORDER_DETAILS", "PRICE_QUANTITY")]),
            of(Target::UnitsPerOrderUnit, vec![below("ORDER_DETAILS", "NO_CU_PER_OU")]),
            of(Target::Vat, [any_price("TAX"), any_price("TAX_DETAILS/TAX")].concat()),
            of(Target::Currency, {
                let mut from = any_price("PRICE_CURRENCY");
                from.push("/BMECAT/HEADER/CATALOG/CURRENCY".to_owned());
                from
            }),
            of(
                Target::Unit,
                vec![below("ORDER_DETAILS", "CONTENT_UNIT"), below("ORDER_DETAILS", "ORDER_UNIT")],
            ),
            of(Target::Stock, vec!["USER_DEFINED_EXTENSIONS/UDX.STOCK".to_owned()]),
            of(Target::Images, vec!["MIME_INFO/MIME[MIME_PURPOSE=normal]/MIME_SOURCE".to_owned()]),
            FieldRule {
                expression: Some("1 if value == 'delete' else 0".to_owned()),
                ..field(Target::Deleted, &["@mode"])
            },
        ],
        params: vec![ParamRule::Pairs {
            name: format!("{features}/FNAME"),
            value: vec![format!("{features}/FVALUE")],
            unit: Some(format!("{features}/FUNIT")),
            separator: None,
        }],
        reading: Reading {
            decimal: DecimalMark::Dot,
            vat: VatNotation::Fraction,
            ..Reading::default()
        },
        ..Rules::default()
    }
}

fn iof(purchase: &[&str]) -> Rules {
    Rules {
        fields: vec![
            field(Target::Code, &["sizes/size@code", "@code_on_card", "@id"]),
            field(Target::Group, &["@id"]),
            field(Target::Ean, &["sizes/size@code_producer"]),
            field(Target::Name, &["description/name"]),
            field(Target::Description, &["description/long_desc", "description/short_desc"]),
            field(Target::Brand, &["producer@name"]),
            field(Target::PurchasePrice, purchase),
            field(Target::Rrp, &["sizes/size/srp@gross", "srp@gross"]),
            field(Target::Vat, &["@vat"]),
            field(Target::Currency, &["/offer/products@currency"]),
            FieldRule {
                combine: Combine::Sum,
                ..field(Target::Stock, &["sizes/size/stock@quantity"])
            },
            field(Target::Availability, &["sizes/size@available"]),
            field(Target::Categories, &["category@name"]),
            field(Target::Images, &["images/large/image@url"]),
            field(Target::Unit, &["unit@name"]),
            // `@weight` is in grams.
            field(Target::Weight, &["sizes/size@weight"]),
        ],
        params: vec![
            pairs("parameters/parameter@name", &["parameters/parameter/value@name"]),
            ParamRule::Value { name: "size".to_owned(), from: "sizes/size@name".to_owned() },
        ],
        reading: Reading {
            decimal: DecimalMark::Dot,
            vat: VatNotation::Percent,
            stock: super::StockReading { minus_one: MinusOne::Unlimited, ..Default::default() },
            weight: super::WeightUnit::Grams,
            ..Reading::default()
        },
        ..Rules::default()
    }
}

fn google() -> Rules {
    Rules {
        fields: vec![
            field(Target::Code, &["id"]),
            field(Target::Group, &["item_group_id"]),
            field(Target::Name, &["title"]),
            field(Target::Description, &["description", "summary"]),
            field(Target::Ean, &["gtin"]),
            field(Target::Mpn, &["mpn"]),
            field(Target::Brand, &["brand"]),
            field(Target::Rrp, &["price"]),
            field(Target::Stock, &["availability"]),
            field(Target::LeadTime, &["availability_date"]),
            field(Target::Images, &["image_link", "additional_image_link"]),
            field(Target::Categories, &["product_type"]),
        ],
        params: ["color", "size", "material", "gender"]
            .map(|name| ParamRule::Value { name: name.to_owned(), from: name.to_owned() })
            .into(),
        ..Rules::default()
    }
}

fn nody() -> Rules {
    let numbered = |name: &str| (1..=20).map(|n| format!("{name}_{n}")).collect::<Vec<_>>();
    Rules {
        fields: vec![
            field(Target::Code, &["CODE"]),
            field(Target::Group, &["PAIRCODE"]),
            field(Target::Name, &["PRODUCTNAME"]),
            field(Target::Ean, &["EAN_CODE"]),
            field(Target::Brand, &["MANUFACTURER"]),
            field(Target::PurchasePrice, &["PURCHASE_PRICE"]),
            field(Target::Rrp, &["PRICE_VAT"]),
            field(Target::Vat, &["VAT"]),
            field(Target::Currency, &["CURRENCY"]),
            field(Target::Stock, &["IN_STOCK"]),
            field(Target::Active, &["VISIBILITY", "PRODUCT_VISIBILITY"]),
            field(Target::Weight, &["WEIGHT"]),
            FieldRule { from: numbered("PHOTO"), ..field(Target::Images, &[]) },
            FieldRule { from: numbered("CATEGORY"), ..field(Target::Categories, &[]) },
        ],
        ..Rules::default()
    }
}

fn rest_json() -> Rules {
    let all = |to, names: &[&str]| {
        let below = names.iter().map(|name| format!("variants/{name}"));
        let from = below.chain(names.iter().map(|name| (*name).to_owned())).collect();
        FieldRule { from, ..field(to, &[]) }
    };
    Rules {
        fields: vec![
            all(Target::Code, &["code", "ext_code"]),
            field(Target::Group, &["group_id"]),
            all(Target::Name, &["name", "product_name"]),
            all(Target::Ean, &["ean"]),
            field(Target::Brand, &["brand", "manufacturer"]),
            field(Target::Description, &["description"]),
            all(Target::PurchasePrice, &["wholesale_price"]),
            all(Target::PurchasePriceGross, &["wholesale_price_vat"]),
            all(Target::Rrp, &["price_retail_vat", "price_vat"]),
            all(Target::Vat, &["vat"]),
            all(Target::Currency, &["currency"]),
            all(Target::Stock, &["quantity"]),
            all(Target::Availability, &["available"]),
            field(Target::Images, &["images", "images/url", "image"]),
            field(Target::Categories, &["category", "categories"]),
        ],
        reading: Reading {
            decimal: DecimalMark::Auto,
            lead_time: LeadTimeUnit::Days,
            ..Reading::default()
        },
        ..Rules::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Mapping;

    #[test]
    fn every_preset_compiles_and_survives_being_kept() {
        for preset in Preset::ALL {
            let rules = preset.rules();
            assert!(
                Mapping::compile(&rules).is_ok(),
                "{preset:?}: {:?}",
                Mapping::compile(&rules).err()
            );
            let kept = serde_json::to_string(&(rules.clone(), preset.format())).unwrap();
            let again: (Rules, Format) = serde_json::from_str(&kept).unwrap();
            assert_eq!(again, (rules, preset.format()), "{preset:?}");
        }
    }
}
