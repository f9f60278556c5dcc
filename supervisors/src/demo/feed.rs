//! The products of the demo: a supplier's feed of the kind that Czech comparison sites read.

use quick_xml::{Reader, escape, events::Event};

const FEED: &str = include_str!("feed.xml");
/// What is sold in a rush; nobody buys it otherwise.
pub(super) const FLASH: &str = "KD-FLASH";
/// How many there are where the feed says only that there are some.
const SOME: i64 = 40;

/// A product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Product {
    pub(super) sku: String,
    pub(super) title: String,
    /// Price with tax, in hundredths of a crown.
    pub(super) price_minor: i64,
    pub(super) stock: i64,
}

impl Product {
    /// The tax in its price, of 21 %.
    pub(super) fn tax_minor(&self) -> i64 {
        self.price_minor * 21 / 121
    }
}

/// All products of the embedded feed.
pub(super) fn products() -> Result<Vec<Product>, String> {
    read(FEED)
}

fn read(feed: &str) -> Result<Vec<Product>, String> {
    let mut reader = Reader::from_str(feed);
    let (mut products, mut product) = (Vec::new(), Product::default());
    let (mut tag, mut text) = (String::new(), String::new());
    loop {
        match reader.read_event().map_err(|broken| format!("the feed: {broken}"))? {
            Event::Start(start) => {
                start.local_name().as_ref().clone_into(&mut tag);
                text.clear();
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => {
                let whole = format!("&{};", &*name);
                text.push_str(&escape::unescape(&whole).map_err(|broken| broken.to_string())?);
            }
            Event::End(end) => {
                let ended = end.local_name();
                if ended.as_ref() == "SHOPITEM" {
                    products.push(std::mem::take(&mut product));
                } else if ended.as_ref() == tag {
                    set(&mut product, &tag, text.trim())?;
                }
            }
            Event::Eof => return Ok(products),
            _ => {}
        }
    }
}

fn set(product: &mut Product, tag: &str, text: &str) -> Result<(), String> {
    match tag {
        "ITEM_ID" => product.sku = text.to_owned(),
        "PRODUCTNAME" => product.title = text.to_owned(),
        "PRICE_VAT" => {
            let price = price_minor(text);
            product.price_minor = price.ok_or_else(|| format!("the feed: no price {text:?}"))?;
        }
        "STOCK" => {
            let stock = stock(text);
            product.stock = stock.ok_or_else(|| format!("the feed: no stock {text:?}"))?;
        }
        _ => {}
    }
    Ok(())
}

/// `122,00` in hundredths.
fn price_minor(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once(',').unwrap_or((text, "00"));
    if part.len() != 2 {
        return None;
    }
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part.parse().ok()?)
}

/// `12`, `> 50` (at least so many are there), or `skladem` (some are).
fn stock(text: &str) -> Option<i64> {
    match text {
        "skladem" => Some(SOME),
        text => text.trim_start_matches('>').trim().parse().ok().filter(|units| *units >= 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feed_has_three_hundred_products_and_the_one_for_the_rush() {
        let products = products().unwrap();
        assert_eq!(products.len(), 301);
        let first = Product {
            sku: "KD-1001".into(),
            title: "Vrták do kovu 7 mm".into(),
            price_minor: 12_200,
            stock: 242,
        };
        assert_eq!(products[0], first);
        assert_eq!(products[1].stock, 50, "> 50");
        assert_eq!(products[4].stock, SOME, "skladem");
        assert_eq!(products[300].sku, FLASH);
        assert!(products.iter().all(|product| product.price_minor > 0 && product.stock > 0));
    }
}
