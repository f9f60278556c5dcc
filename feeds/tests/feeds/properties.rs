//! What holds for all feeds: however their bytes arrive, wherever they are interrupted.

use crate::pieces::{Pieces, bytes_of, rest, said};
use kontor_feeds::generate::{Packing, Plan};
use kontor_feeds::mapping::presets::Preset;
use kontor_feeds::{Charset, FeedError, Gtin, Mapped, Mapping, open};
use proptest::prelude::*;

fn presets() -> impl Strategy<Value = Preset> {
    proptest::sample::select(Preset::ALL.to_vec())
}

fn charsets() -> impl Strategy<Value = Charset> {
    proptest::sample::select(vec![
        Charset::UTF_8,
        Charset::WINDOWS_1250,
        Charset::ISO_8859_2,
        Charset::CP852,
        Charset::UTF_16LE,
    ])
}

fn plans() -> impl Strategy<Value = Plan> {
    let packings = vec![Packing::Plain, Packing::Gzip, Packing::Zip];
    let packings = proptest::sample::select(packings);
    (presets(), 1_u64..60, any::<u64>(), charsets(), packings).prop_map(
        |(dialect, rows, seed, charset, packing)| {
            // JSON is UTF-8 by its definition.
            let charset = if dialect == Preset::RestJson { Charset::UTF_8 } else { charset };
            Plan { seed, charset, packing, ..Plan::new(dialect, rows) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_sizes_of_pieces_never_change_what_is_read(
        plan in plans(),
        mut sizes in proptest::collection::vec(0_usize..300, 1..6),
    ) {
        sizes.push(7);
        let whole: Vec<_> =
            rest(&mut open(plan.feed(), &plan.source()).unwrap()).unwrap().iter().map(said).collect();
        let pieces = Pieces::of(bytes_of(plan.feed()), sizes);
        let pieced: Vec<_> =
            rest(&mut open(pieces, &plan.source()).unwrap()).unwrap().iter().map(said).collect();
        prop_assert_eq!(whole, pieced);
    }

    #[test]
    fn an_interruption_and_a_resumption_equal_the_whole(plan in plans(), share in 0_u64..=100) {
        let whole: Vec<_> =
            rest(&mut open(plan.feed(), &plan.source()).unwrap()).unwrap().iter().map(said).collect();
        let stop = whole.len() as u64 * share / 100;
        let mut first = open(plan.feed(), &plan.source()).unwrap();
        let mut read = Vec::new();
        while first.position().row < stop {
            read.push(said(first.next_row().unwrap().unwrap()));
        }
        let kept = serde_json::to_string(&first.position()).unwrap();
        drop(first);
        let mut second = open(plan.feed(), &plan.source()).unwrap();
        second.skip_to(&serde_json::from_str(&kept).unwrap()).unwrap();
        read.extend(rest(&mut second).unwrap().iter().map(said));
        prop_assert_eq!(read, whole);
    }

    #[test]
    fn another_feed_is_not_gone_on_with(plan in plans(), seed in any::<u64>()) {
        prop_assume!(plan.dialect != Preset::HeurekaAvailability && seed != plan.seed);
        let mut first = open(plan.feed(), &plan.source()).unwrap();
        first.next_row().unwrap();
        let other = Plan { seed, ..plan.clone() };
        prop_assume!(other.product(0) != plan.product(0));
        let refused = open(other.feed(), &plan.source()).unwrap().skip_to(&first.position());
        prop_assert!(matches!(refused, Err(FeedError::Changed { row: 1 })), "{refused:?}");
    }

    #[test]
    fn a_generated_product_comes_out_as_it_went_in(plan in plans()) {
        let mapping = Mapping::compile(&plan.rules()).unwrap();
        let rows = rest(&mut open(plan.feed(), &plan.source()).unwrap()).unwrap();
        prop_assert_eq!(rows.len() as u64, plan.rows);
        for row in &rows {
            let product = plan.product(row.number - 1);
            let Ok(Mapped::Record(record)) = mapping.apply(row) else {
                return Err(TestCaseError::fail(format!("{:?}", mapping.apply(row))));
            };
            prop_assert_eq!(&record.code, &product.code);
            prop_assert_eq!(mapping.code(row), Some(product.code));
            if plan.dialect == Preset::HeurekaAvailability {
                prop_assert_eq!(record.stock, Some(product.stock));
                continue;
            }
            prop_assert_eq!(record.name, Some(product.name));
            prop_assert_eq!(record.ean, product.ean.and_then(|ean| Gtin::parse(&format!("{ean:0>14}"))));
            prop_assert_eq!(record.rrp.map(|rrp| rrp.amount_minor), Some(product.rrp_minor));
            if plan.dialect != Preset::Google {
                let purchase = record.purchase_price.map(|price| price.amount_minor);
                prop_assert_eq!(purchase, Some(product.purchase_minor));
                prop_assert_eq!(record.stock, Some(product.stock));
                prop_assert_eq!(record.images, vec![product.image]);
            }
        }
    }

    #[test]
    fn a_cut_feed_is_never_taken_for_a_whole_one(plan in plans(), share in 1_usize..1000) {
        // A CSV that is cut between two lines cannot be told from a whole one: gates are for that.
        prop_assume!(plan.packing != Packing::Plain || plan.dialect != Preset::ShoptetCsv);
        let mut bytes = bytes_of(plan.feed());
        // Behind a document's end nothing is needed, nor behind the beginning of a zip's directory.
        let least = match plan.packing {
            Packing::Plain => 4,
            Packing::Gzip => 1,
            Packing::Zip => 80,
        };
        let end = (bytes.len() * share / 1000).min(bytes.len() - least);
        bytes.truncate(end);
        let read = open(std::io::Cursor::new(bytes), &plan.source()).and_then(|mut rows| rest(&mut rows));
        prop_assert!(read.is_err());
    }

    #[test]
    fn whatever_is_thrown_at_it_is_answered_with_rows_or_an_error(
        preset in presets(),
        bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
        begin in proptest::sample::select(vec!["", "<?xml?><SHOP>", "[{", "a;b\n", "PK\u{3}\u{4}", "{\"data\":["]),
    ) {
        let mut feed = begin.as_bytes().to_vec();
        feed.extend(bytes);
        let source = kontor_feeds::Source::new(preset.format());
        let mapping = Mapping::compile(&preset.rules()).unwrap();
        if let Ok(mut rows) = open(std::io::Cursor::new(feed), &source) {
            while let Ok(Some(row)) = rows.next_row() {
                let _ = (mapping.apply(row), mapping.fingerprint(row));
            }
        }
    }

    #[test]
    fn the_fingerprint_changes_if_and_only_if_the_product_does(plan in plans()) {
        let later = Plan { edition: 1, changed_permille: 300, ..plan.clone() };
        let mapping = Mapping::compile(&plan.rules()).unwrap();
        let all = |plan: &Plan| rest(&mut open(plan.feed(), &plan.source()).unwrap()).unwrap();
        for (before, after) in all(&plan).iter().zip(&all(&later)) {
            let same_row = mapping.fingerprint(before) == mapping.fingerprint(after);
            let same_record = mapping.apply(before) == mapping.apply(after);
            prop_assert_eq!(same_row, same_record);
        }
    }
}
