//! What wholesalers and marketplaces write.

use super::{field, pairs};
use crate::decimal::DecimalMark;
use crate::mapping::rules::{
    Combine, FieldRule, LeadTimeUnit, MinusOne, ParamRule, Reading, Rules, StockReading, Target,
    VatNotation, WeightUnit,
};

pub(super) fn bmecat(row: &str, code: &str, mpn: &str) -> Rules {
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

pub(super) fn iof(purchase: &[&str]) -> Rules {
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
            stock: StockReading { minus_one: MinusOne::Unlimited, ..Default::default() },
            weight: WeightUnit::Grams,
            ..Reading::default()
        },
        ..Rules::default()
    }
}

pub(super) fn google() -> Rules {
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

pub(super) fn nody() -> Rules {
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

pub(super) fn rest_json() -> Rules {
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
