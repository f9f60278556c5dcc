//! However rows are cut into batches, and however often a batch is told, the offers come out the
//! same.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A feed: codes with their prices and units.
fn feed() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    prop::collection::vec((0..40_u8, 1..20_u8, 0..9_u8), 1..60)
}

/// Imports a feed, cut after these rows; each batch is told as often as `again` says.
fn whole(
    stage: Stage<Supplier>,
    n: u32,
    rows: &[(u8, u8, u8)],
    cuts: &[usize],
    again: &[bool],
) -> Stage<Supplier> {
    let mut stage = judged(stage, n, rows.len() as u64);
    let mut from = 0;
    let ends = cuts.iter().map(|cut| cut % rows.len()).chain([rows.len()]);
    let mut ends: Vec<usize> = ends.collect();
    ends.sort_unstable();
    for (place, to) in ends.into_iter().enumerate().filter(|(_, to)| 0 < *to) {
        if to <= from {
            continue;
        }
        let known = stage.state(&page_entity("full", 0));
        let offers = rows[from..to].iter().map(|(code, price, units)| {
            let code = format!("C{code}");
            let there = known.page().is_some_and(|page| page.find(&code, 0).is_some());
            offer(&code, there.then_some(0), i64::from(*price), i64::from(*units))
        });
        let batch = told(n, offers.collect(), to as u64);
        for _ in 0..=u8::from(again.get(place).copied().unwrap_or(false)) {
            let _ = stage.obey(batch.clone());
        }
        from = to;
    }
    stage.when(completed(n)).then_names(&["import.completed"])
}

fn offers(stage: &Stage<Supplier>) -> BTreeMap<String, Offer> {
    let page = stage.state(&page_entity("full", 0));
    let offers = page.page().map(|page| page.offers.clone()).unwrap_or_default();
    offers.into_iter().map(|offer| (offer.code.clone(), offer)).collect()
}

proptest! {
    #[test]
    fn a_feed_in_pieces_that_are_told_twice_is_the_feed_in_one(
        first in feed(),
        second in feed(),
        cuts in prop::collection::vec(0..60_usize, 0..8),
        again in prop::collection::vec(any::<bool>(), 0..9),
    ) {
        // A later row of a code is left out by whoever reads the feed.
        let once = |rows: &[(u8, u8, u8)]| {
            let mut seen = std::collections::BTreeSet::new();
            rows.iter().copied().filter(|row| seen.insert(row.0)).collect::<Vec<_>>()
        };
        let (first, second) = (once(&first), once(&second));
        let one = whole(whole(supplied(), 1, &first, &[], &[]), 2, &second, &[], &[]);
        let two = whole(whole(supplied(), 1, &first, &cuts, &again), 2, &second, &cuts, &again);
        prop_assert_eq!(offers(&one), offers(&two));
        prop_assert_eq!(run(&one, 1).counts, run(&two, 1).counts);
        prop_assert_eq!(run(&one, 2).counts, run(&two, 2).counts);
    }
}
