//! The dialects that have names: how their rows are found and what their fields mean. A tenant takes
//! one and changes it; nothing here is known to the rest of the crate.

mod shops;
mod trade;

use super::rules::{FieldRule, ParamRule, Rules, Target};
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
            Self::Heureka => shops::heureka(),
            Self::HeurekaAvailability => Rules {
                fields: vec![
                    field(Target::Code, &["@id"]),
                    field(Target::Stock, &["stock_quantity"]),
                    field(Target::LeadTime, &["delivery_time"]),
                ],
                ..Rules::default()
            },
            Self::Shoptet => shops::shoptet(),
            Self::ShoptetCsv => shops::shoptet_csv(),
            Self::Bmecat12 => trade::bmecat("ARTICLE", "SUPPLIER_AID", "MANUFACTURER_AID"),
            Self::Bmecat2005 => trade::bmecat("PRODUCT", "SUPPLIER_PID", "MANUFACTURER_PID"),
            Self::Iof => trade::iof(&["price@net", "sizes/size/price@net"]),
            Self::IofLight => trade::iof(&["sizes/size/price@net", "price@net"]),
            Self::Google => trade::google(),
            Self::Nody => trade::nody(),
            Self::RestJson => trade::rest_json(),
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
