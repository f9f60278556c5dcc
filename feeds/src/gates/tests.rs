use super::*;
use crate::record::{Note, Record};
use kontor_messages::Currency;

fn czk(minor: i64) -> Money {
    Money::new(minor, Currency::CZK)
}

fn good() -> Figures {
    Figures {
        rows: 1000,
        records: 1000,
        zero_stock: 200,
        no_price: 10,
        known: 1000,
        ..Figures::default()
    }
}

fn rejected(now: &Figures) -> Vec<Gate> {
    let verdict = Gates::default().judge(now, Some(&good()));
    verdict.rejected.iter().map(|finding| finding.gate).collect()
}

#[test]
fn a_run_like_the_last_one_passes() {
    let verdict = Gates::default().judge(&good(), Some(&good()));
    assert_eq!(verdict, Verdict::default());
    assert!(verdict.passes());
}

#[test]
fn half_a_feed_is_rejected_and_a_little_less_is_not() {
    let with = |rows| Figures { rows, records: rows, zero_stock: rows / 5, ..good() };
    assert_eq!(rejected(&with(499)), [Gate::RowsDropped]);
    assert_eq!(rejected(&with(700)), []);
    assert_eq!(rejected(&with(699)), [Gate::RowsDropped]);
}

#[test]
fn no_rows_at_all_are_rejected_wherever_there_were_some() {
    let nothing = Figures { known: 5, ..Figures::default() };
    let verdict = Gates::default().judge(&nothing, None);
    assert_eq!(verdict.rejected[0].gate, Gate::NoRows);
    assert!(Gates::default().judge(&Figures::default(), None).passes());
}

#[test]
fn a_jump_of_rows_without_stock_or_price_is_rejected() {
    assert_eq!(rejected(&Figures { zero_stock: 501, ..good() }), [Gate::ZeroStock]);
    assert_eq!(rejected(&Figures { zero_stock: 500, ..good() }), []);
    assert_eq!(rejected(&Figures { no_price: 311, ..good() }), [Gate::NoPrice]);
}

#[test]
fn errors_and_products_to_retire_have_their_limits() {
    assert_eq!(rejected(&Figures { errors: 201, ..good() }), [Gate::Errors]);
    assert_eq!(rejected(&Figures { missing: 301, ..good() }), [Gate::Retire]);
    assert_eq!(rejected(&Figures { missing: 300, errors: 200, ..good() }), []);
}

#[test]
fn all_prices_moving_together_is_a_mistake_and_single_ones_are_not() {
    let changes = |moved: usize, factor: i64| {
        let mut prices = PriceChanges::default();
        for at in 0..100 {
            let now = if at < moved { 1000 * factor / 100 } else { 1000 };
            prices.add(czk(1000), czk(now));
        }
        rejected(&Figures { prices, ..good() })
    };
    assert_eq!(changes(100, 121), [Gate::PriceMedian]);
    assert_eq!(changes(100, 79), [Gate::PriceMedian]);
    assert_eq!(changes(100, 110), []);
    assert_eq!(changes(49, 500), []);
}

#[test]
fn a_change_of_currency_counts_as_a_price_that_moved() {
    let mut prices = PriceChanges::default();
    for _ in 0..30 {
        prices.add(czk(1000), Money::new(1000, Currency::EUR));
    }
    assert_eq!(rejected(&Figures { prices, ..good() }), [Gate::PriceMedian]);
}

#[test]
fn one_item_is_held_when_its_price_jumps() {
    let gates = Gates::default();
    assert!(!gates.holds_price(czk(1000), czk(1500)));
    assert!(gates.holds_price(czk(1000), czk(1510)));
    assert!(gates.holds_price(czk(1000), czk(490)));
    assert!(gates.holds_price(czk(1000), Money::new(1000, Currency::EUR)));
}

#[test]
fn wrong_numbers_and_doubled_codes_are_warned_of() {
    let now = Figures { eans: 100, ean_faults: 6, duplicates: 11, ..good() };
    let verdict = Gates::default().judge(&now, Some(&good()));
    let warned: Vec<Gate> = verdict.warnings.iter().map(|finding| finding.gate).collect();
    assert_eq!(warned, [Gate::EanFaults, Gate::Duplicates]);
    assert!(verdict.passes());
}

#[test]
fn a_record_is_counted_by_what_it_says() {
    use crate::gtin::GtinFault;
    let mut figures = Figures::default();
    let wrong = Note::Ean { fault: GtinFault::CheckDigit };
    let placeholder = Note::Ean { fault: GtinFault::Placeholder };
    figures.count_record(&Record {
        stock: Some(Stock::None),
        notes: vec![wrong],
        ..Record::default()
    });
    figures.count_record(&Record {
        rrp: Some(czk(1)),
        notes: vec![placeholder],
        ..Record::default()
    });
    figures.count_record(&Record { deleted: true, ..Record::default() });
    let told =
        (figures.records, figures.zero_stock, figures.no_price, figures.eans, figures.ean_faults);
    assert_eq!(told, (3, 1, 1, 1, 1));
}

#[test]
fn figures_survive_being_kept() {
    let mut figures = good();
    figures.prices.add(czk(1000), czk(1100));
    let kept = serde_json::to_string(&figures).unwrap();
    assert_eq!(serde_json::from_str::<Figures>(&kept).unwrap(), figures);
}
