//! Products that nobody sells.

use super::Plan;
use crate::gtin;
use crate::record::Stock;

/// A product of a generated feed, as its record should come out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The supplier's code.
    pub code: String,
    /// The name.
    pub name: String,
    /// The brand.
    pub brand: &'static str,
    /// The trade item number, of thirteen digits; some have none.
    pub ean: Option<String>,
    /// The purchase price without VAT, in minor units.
    pub purchase_minor: i64,
    /// The recommended retail price with VAT, in minor units.
    pub rrp_minor: i64,
    /// The rate of VAT in percent.
    pub vat_percent: u16,
    /// The stock.
    pub stock: Stock,
    /// The category, from the root.
    pub category: [&'static str; 2],
    /// The colour, a parameter.
    pub color: &'static str,
    /// The picture.
    pub image: String,
}

const KINDS: [(&str, [&str; 2]); 8] = [
    ("Vrták", ["Nářadí", "Vrtáky"]),
    ("Šroubovák", ["Nářadí", "Šroubováky"]),
    ("Triko", ["Textil", "Trička"]),
    ("Hrnek", ["Domácnost", "Hrnky a šálky"]),
    ("Žehlička", ["Domácnost", "Žehličky"]),
    ("Svítilna", ["Elektro", "Svítilny"]),
    ("Ďáblík", ["Hračky", "Plyš"]),
    ("Kľúč", ["Nářadí", "Klíče"]),
];
const BRANDS: [&str; 6] = ["Testa", "Vzorek", "Řemeslo & syn", "Nordika", "Žito", "Alfa"];
const COLORS: [&str; 6] = ["červená", "modrá", "zelená", "černá", "bílá", "žlutá"];

impl Product {
    pub(super) fn of(plan: &Plan, row: u64) -> Self {
        let steady = mix(plan.seed ^ mix(row));
        let current = mix(steady ^ u64::from(last_change(plan, steady)));
        let pick = |salt: u64, count: u64| mix(steady ^ salt) % count;
        let (kind, category) = KINDS[pick(1, KINDS.len() as u64) as usize];
        let brand = BRANDS[pick(2, BRANDS.len() as u64) as usize];
        let color = COLORS[pick(3, COLORS.len() as u64) as usize];
        let code = format!("VL-{:07}", row + 1);
        let number =
            859_000_000_000 + plan.seed % 1000 * 100_000_000 % 999_000_000 + row % 100_000_000;
        let purchase_minor = 500 + (current % 500_000) as i64;
        Self {
            name: format!("{kind} {brand} {} mm", 2 + pick(4, 198)),
            image: format!("https://dodavatel.example/img/{code}.jpg"),
            code,
            brand,
            ean: (pick(5, 10) > 0).then(|| gtin::ean13(number)),
            purchase_minor,
            rrp_minor: purchase_minor * 17 / 10 / 100 * 100 + 90,
            vat_percent: if pick(6, 5) == 0 { 12 } else { 21 },
            stock: match mix(current ^ 7) % 10 {
                0 | 1 => Stock::None,
                count => Stock::exact((count * 13 % 97 + 1) as i64),
            },
            category,
            color,
        }
    }
}

/// The edition in which the product last changed.
fn last_change(plan: &Plan, steady: u64) -> u32 {
    let changes = |edition: &u32| {
        mix(steady ^ u64::from(*edition) << 32) % 1000 < u64::from(plan.changed_permille)
    };
    (1..=plan.edition).rev().find(changes).unwrap_or(0)
}

/// SplitMix64: spreads a number over all numbers, the same on every machine.
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
