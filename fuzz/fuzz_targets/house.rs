//! A node in memory with one of everything, in the language that the rules of the API are told in.

use crate::shop::{Asker, Shop};
use crate::wall::{OURS, things::Things};
use tokio::runtime::{Builder, Runtime};

/// After so many inputs a house is pulled down with all that was done in it, so that memory stays
/// bounded and no input meets a shop that a million others have been through.
const INPUTS_MAX: u32 = 5_000;
/// What an input may name that has another id in every house.
const NAMES: [&str; 8] =
    ["order", "payment", "refund", "reservation", "transfer", "product", "category", "endpoint"];

/// A node, and who asks.
pub struct House {
    pub runtime: Runtime,
    pub shop: Shop,
    pub things: Things,
    pub harbour: Asker,
    pub operator: Asker,
    inputs: u32,
}

impl House {
    /// A new one.
    pub fn build() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (shop, harbour, things) = runtime.block_on(async {
            let shop = Shop::open().await;
            let harbour = shop.tenant(OURS).await;
            let things = Things::make(&shop, &harbour).await;
            (shop, harbour, things)
        });
        let operator = shop.operator_for(OURS);
        Self { runtime, shop, things, harbour, operator, inputs: 0 }
    }

    /// Whether it has seen enough.
    pub fn is_old(&mut self) -> bool {
        self.inputs += 1;
        INPUTS_MAX < self.inputs
    }

    /// An input with real ids where it says `@order` and the like.
    pub fn fill(&self, text: &[u8]) -> Vec<u8> {
        if !text.contains(&b'@') {
            return text.to_vec();
        }
        let mut text = String::from_utf8_lossy(text).into_owned();
        for name in NAMES {
            text = text.replace(&format!("@{name}"), self.things.of(name));
        }
        text.into_bytes()
    }
}

/// The first line, and what comes after it.
pub fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(place) => (&bytes[..place], &bytes[place + 1..]),
        None => (bytes, &[]),
    }
}
