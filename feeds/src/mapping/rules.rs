//! The mapping as a tenant writes and keeps it: which value of the feed becomes which field, and how
//! it is to be understood.

use crate::decimal::DecimalMark;
use kontor_messages::Currency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// The fields, each at most once, but for `extra` under its names.
    pub fields: Vec<FieldRule>,
    /// Where parameters are.
    pub params: Vec<ParamRule>,
    /// Expressions that must all be true for a row to be taken.
    pub filters: Vec<String>,
    /// How values are to be understood.
    pub reading: Reading,
}

/// One field and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// The field.
    pub to: Target,
    /// Paths or columns: the first that has a value counts. A path may ask for a neighbour, as in
    /// `PRICES/PRICE[@type=net]/AMOUNT`. What begins with `/` stands once outside the rows; what
    /// begins with `parent:` counts only for a row that is a variant of an item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// What to make of several values.
    #[serde(default)]
    pub combine: Combine,
    /// An expression over `value`, `values` and `row`; its text is then read as the field. Without
    /// `from` it stands alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// What to take where the feed has nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Whether a row without it is an error. The code always is.
    #[serde(default)]
    pub required: bool,
    /// This column's decimal mark, where it is not that of the feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal: Option<DecimalMark>,
}

/// A field of the record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The supplier's code.
    Code,
    /// The product that it is a variant of.
    Group,
    /// The trade item number.
    Ean,
    /// The maker's number.
    Mpn,
    /// The brand.
    Brand,
    /// The name.
    Name,
    /// The description.
    Description,
    /// Pictures: all values count.
    Images,
    /// Category paths: all values count.
    Categories,
    /// The purchase price without VAT.
    PurchasePrice,
    /// The purchase price with VAT; the net one is derived from it.
    PurchasePriceGross,
    /// The list price without VAT.
    ListPrice,
    /// The list price with VAT; the net one is derived from it.
    ListPriceGross,
    /// The recommended retail price with VAT.
    Rrp,
    /// The recommended retail price without VAT; the gross one is derived from it.
    RrpNet,
    /// What prices are to be multiplied with.
    PriceFactor,
    /// How many order units prices are for.
    PriceQuantity,
    /// How many pieces an order unit has.
    UnitsPerOrderUnit,
    /// The rate of VAT.
    Vat,
    /// The currency of the prices.
    Currency,
    /// The stock, as a number or a word.
    Stock,
    /// Words about availability, which count where the stock says nothing.
    Availability,
    /// When it can be sent.
    LeadTime,
    /// Whether it is gone.
    Deleted,
    /// Whether it is for sale, the opposite.
    Active,
    /// The sales unit.
    Unit,
    /// The weight.
    Weight,
    /// Anything else, under a name of one's own.
    Extra(String),
}

/// What to make of several values of one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// The first that is not empty.
    #[default]
    First,
    /// Their sum, as for the stock of several warehouses.
    Sum,
    /// The texts with spaces between.
    Join,
}

/// Where parameters are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ParamRule {
    /// Elements with a name and values inside.
    Pairs {
        /// The path of the name, as in `PARAM/PARAM_NAME` or `parameter@name`.
        name: String,
        /// The paths of the value; the first that is there counts, each of its repetitions is a
        /// value.
        value: Vec<String>,
        /// The path of the unit, which is put behind the value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
        /// What separates several values in one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        separator: Option<String>,
    },
    /// Columns whose names begin alike; what follows is the parameter's name.
    Prefix {
        /// How they begin, as in `variant:`.
        prefix: String,
    },
    /// One path or column that is a parameter.
    Value {
        /// The parameter's name.
        name: String,
        /// The path.
        from: String,
    },
}

/// How values are to be understood where the feed does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reading {
    /// The currency of prices that have none. A price in another currency than this or the row's
    /// own is an error of the row.
    pub currency: Option<Currency>,
    /// The decimal mark.
    pub decimal: DecimalMark,
    /// How VAT is written.
    pub vat: VatNotation,
    /// Rates that have names, in percent.
    pub vat_words: BTreeMap<String, String>,
    /// The rate of rows that have none, in percent.
    pub vat_default: Option<String>,
    /// How stock is written.
    pub stock: StockReading,
    /// What lead times are counted in.
    pub lead_time: LeadTimeUnit,
    /// How categories are written.
    pub categories: CategoryReading,
    /// What a weight without a unit is counted in.
    pub weight: WeightUnit,
    /// What relative addresses of pictures are relative to.
    pub images_base: Option<String>,
    /// What separates several pictures in one value.
    pub images_separator: Option<String>,
    /// Undo that UTF-8 was encoded twice. Only where the operator has looked.
    pub undo_double_encoding: bool,
}

impl Default for Reading {
    fn default() -> Self {
        let rates = [("high", "21"), ("low", "12"), ("zero", "0"), ("none", "0")];
        Self {
            currency: None,
            decimal: DecimalMark::Auto,
            vat: VatNotation::Auto,
            vat_words: rates.map(|(word, rate)| (word.to_owned(), rate.to_owned())).into(),
            vat_default: None,
            stock: StockReading::default(),
            lead_time: LeadTimeUnit::Days,
            categories: CategoryReading::default(),
            weight: WeightUnit::Kilograms,
            images_base: None,
            images_separator: None,
            undo_double_encoding: false,
        }
    }
}

/// How VAT is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VatNotation {
    /// A number between 0 and 1 is a fraction: no country has such a rate.
    #[default]
    Auto,
    /// 21.
    Percent,
    /// 0.21.
    Fraction,
}

/// How stock is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StockReading {
    /// 1 and 0 are yes and no.
    pub yes_no: bool,
    /// What -1 means.
    pub minus_one: MinusOne,
    /// The supplier never shows more than this: the number itself means at least as many.
    pub capped_at: Option<i64>,
    /// Words of this supplier, besides those that are known.
    pub words: BTreeMap<String, StockWord>,
}

/// What -1 means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MinusOne {
    /// Not known.
    #[default]
    Unknown,
    /// As many as you like.
    Unlimited,
    /// One too few.
    Oversold,
}

/// What a supplier's word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockWord {
    /// There are some.
    InStock,
    /// There are none.
    None,
    /// None, but they can be had.
    OnRequest,
    /// Nothing is known.
    Unknown,
}

/// What lead times are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadTimeUnit {
    /// Days.
    #[default]
    Days,
    /// Hours; a part of a day counts as a day.
    Hours,
}

/// What weights are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightUnit {
    /// Kilograms.
    #[default]
    Kilograms,
    /// Grams.
    Grams,
}

/// How categories are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CategoryReading {
    /// What separates the levels. None given: the first of ` | `, ` > `, `|`, `>`, ` / `, `\`, `/`
    /// that occurs.
    pub separator: Option<String>,
    /// What separates several paths in one value.
    pub between_paths: Option<String>,
    /// Whether the first level says nothing, as a shop's own name.
    pub drop_first: Vec<String>,
}

impl FieldRule {
    /// A field from the first of some paths.
    pub fn new(to: Target, from: &[&str]) -> Self {
        Self {
            to,
            from: from.iter().map(|path| (*path).to_owned()).collect(),
            combine: Combine::First,
            expression: None,
            default: None,
            required: false,
            decimal: None,
        }
    }
}
