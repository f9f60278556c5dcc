use super::*;
use std::collections::BTreeMap;

fn stock_of(text: &str, reading: &StockReading) -> Result<Stock, String> {
    stock(text, DecimalMark::Auto, reading).map(|found| found.stock)
}

#[test]
fn stock_is_a_number_only_where_the_supplier_says_a_number() {
    let milli = |thousandths| Stock::Exact { quantity_milli: Quantity(thousandths) };
    let cases = [
        ("0", Stock::None),
        ("0.000", Stock::None),
        ("7", Stock::exact(7)),
        ("7.000", Stock::exact(7)),
        ("12,00", Stock::exact(12)),
        ("2.500", milli(2500)),
        ("5 ks", Stock::exact(5)),
        ("12 szt.", Stock::exact(12)),
        ("skladem 3 ks", Stock::exact(3)),
        ("skladem (3 ks)", Stock::exact(3)),
        ("> 10", Stock::at_least(10)),
        (">5", Stock::at_least(5)),
        (">= 5", Stock::at_least(5)),
        ("10+", Stock::at_least(10)),
        ("10+ ks", Stock::at_least(10)),
        ("více než 10 ks", Stock::at_least(10)),
        ("10 a více", Stock::at_least(10)),
        ("< 5", Stock::InStock),
        (">0", Stock::InStock),
        ("Skladem", Stock::InStock),
        ("ANO", Stock::InStock),
        ("in_stock", Stock::InStock),
        ("в наличии", Stock::InStock),
        ("není skladem", Stock::None),
        ("Na dotaz", Stock::None),
        ("předobjednávka", Stock::None),
        ("", Stock::Unknown),
        ("  ", Stock::Unknown),
        ("-1", Stock::Unknown),
        ("-3", Stock::None),
    ];
    for (text, expected) in cases {
        assert_eq!(stock_of(text, &StockReading::default()), Ok(expected), "{text}");
    }
}

#[test]
fn a_stock_that_nobody_understands_is_an_error_of_the_row() {
    for text in ["asi hodně", "12x", "1,000,5", "10,000"] {
        assert!(stock_of(text, &StockReading::default()).is_err(), "{text}");
    }
}

#[test]
fn what_a_source_means_by_its_numbers_and_words_can_be_settled() {
    let yes_no = StockReading { yes_no: true, ..StockReading::default() };
    assert_eq!(stock_of("1", &yes_no), Ok(Stock::InStock));
    assert_eq!(stock_of("0", &yes_no), Ok(Stock::None));
    let unlimited = StockReading { minus_one: MinusOne::Unlimited, ..StockReading::default() };
    assert_eq!(stock_of("-1", &unlimited), Ok(Stock::InStock));
    let capped = StockReading { capped_at: Some(50), ..StockReading::default() };
    assert_eq!(stock_of("50", &capped), Ok(Stock::at_least(50)));
    assert_eq!(stock_of("49", &capped), Ok(Stock::exact(49)));
    let words = [("Poslední kusy".to_owned(), StockWord::InStock)];
    let own = StockReading { words: words.into(), ..StockReading::default() };
    assert_eq!(stock_of("POSLEDNÍ  kusy", &own), Ok(Stock::InStock));
}

#[test]
fn what_is_on_request_says_so() {
    let found = stock("na objednávku", DecimalMark::Auto, &StockReading::default()).unwrap();
    assert_eq!(found.lead_time, Some(LeadTime::OnRequest));
}

#[test]
fn a_rate_of_vat_is_percent_however_it_is_written() {
    let words: BTreeMap<String, String> = [("high".to_owned(), "21".to_owned())].into();
    let read = |text: &str, notation| {
        vat(text, DecimalMark::Auto, notation, &words).map(|rate| rate.0).ok()
    };
    let cases = [
        ("21", VatNotation::Auto, Some(2100)),
        ("21%", VatNotation::Auto, Some(2100)),
        ("21 %", VatNotation::Auto, Some(2100)),
        ("23.0", VatNotation::Auto, Some(2300)),
        ("0.21", VatNotation::Auto, Some(2100)),
        ("0,21", VatNotation::Auto, Some(2100)),
        ("0", VatNotation::Auto, Some(0)),
        ("High", VatNotation::Auto, Some(2100)),
        ("0.055", VatNotation::Auto, Some(550)),
        ("0.19", VatNotation::Fraction, Some(1900)),
        ("19", VatNotation::Fraction, None),
        ("0.21", VatNotation::Percent, None),
        ("21", VatNotation::Percent, Some(2100)),
        ("210", VatNotation::Auto, None),
        ("-5", VatNotation::Auto, None),
        ("medium", VatNotation::Auto, None),
    ];
    for (text, notation, expected) in cases {
        assert_eq!(read(text, notation), expected, "{text} {notation:?}");
    }
}

#[test]
fn lead_times_are_days_dates_or_nothing() {
    let days = |days| Some(LeadTime::Days { days });
    let day = NaiveDate::from_ymd_opt(2026, 3, 2).map(|date| LeadTime::From { date });
    let cases = [
        ("0", LeadTimeUnit::Days, days(0)),
        ("14", LeadTimeUnit::Days, days(14)),
        ("24", LeadTimeUnit::Hours, days(1)),
        ("25", LeadTimeUnit::Hours, days(2)),
        ("48 hodin", LeadTimeUnit::Days, days(2)),
        ("do 3 dnů", LeadTimeUnit::Days, days(3)),
        ("3-5 dní", LeadTimeUnit::Days, days(5)),
        ("2 týdny", LeadTimeUnit::Days, days(14)),
        ("skladem", LeadTimeUnit::Days, days(0)),
        ("na dotaz", LeadTimeUnit::Days, Some(LeadTime::OnRequest)),
        ("-1", LeadTimeUnit::Days, None),
        ("", LeadTimeUnit::Days, None),
        ("2.3.2026", LeadTimeUnit::Days, day),
        ("02.03.2026", LeadTimeUnit::Days, day),
        ("2. 3. 2026", LeadTimeUnit::Days, day),
        ("2026-03-02", LeadTimeUnit::Days, day),
        ("2026-03-02T10:00:00+01:00", LeadTimeUnit::Days, day),
        ("46083", LeadTimeUnit::Days, day),
    ];
    for (text, unit, expected) in cases {
        assert_eq!(lead_time(text, unit), Ok(expected), "{text}");
    }
    for text in ["brzy", "-5"] {
        assert!(lead_time(text, LeadTimeUnit::Days).is_err(), "{text}");
    }
}

#[test]
fn categories_are_split_by_the_sign_that_is_meant() {
    let plain = CategoryReading::default();
    let cases = [
        ("Nářadí | Vrtáky | Do kovu", vec!["Nářadí", "Vrtáky", "Do kovu"]),
        ("Textil > Trika", vec!["Textil", "Trika"]),
        ("Nářadí / Vrtáky", vec!["Nářadí", "Vrtáky"]),
        ("Odzież\\Koszulki", vec!["Odzież", "Koszulki"]),
        ("TV/SAT > Kabely", vec!["TV/SAT", "Kabely"]),
        ("  Hračky  -  malé ", vec!["Hračky - malé"]),
        ("A | | B", vec!["A", "B"]),
    ];
    for (text, expected) in cases {
        assert_eq!(categories(text, &plain), [expected], "{text}");
    }
    assert_eq!(categories(" | ", &plain), Vec::<Vec<String>>::new());
}

#[test]
fn several_paths_and_a_first_level_that_says_nothing_are_settled_by_the_source() {
    let reading = CategoryReading {
        between_paths: Some(";".to_owned()),
        drop_first: vec!["HEUREKA.CZ".to_owned()],
        ..CategoryReading::default()
    };
    let found = categories("Heureka.cz | A | B;C > D;Heureka.cz", &reading);
    assert_eq!(found, [vec!["A", "B"], vec!["C", "D"]]);
    let dash = CategoryReading { separator: Some(" - ".to_owned()), ..CategoryReading::default() };
    assert_eq!(categories("A - B", &dash), [["A", "B"]]);
}

#[test]
fn addresses_of_pictures_are_completed_or_left_out() {
    let base = Some("https://img.example/a");
    let cases = [
        (" https://x.example/a b.jpg\n", None, Some("https://x.example/a%20b.jpg")),
        ("//x.example/a.jpg", None, Some("https://x.example/a.jpg")),
        ("v.jpg", base, Some("https://img.example/a/v.jpg")),
        ("/v.jpg", base, Some("https://img.example/v.jpg")),
        ("v.jpg", None, None),
        ("https:///a.jpg", None, None),
        ("https://x.example/<script>", None, None),
    ];
    for (text, base, expected) in cases {
        assert_eq!(image(text, base).as_deref(), expected, "{text:?}");
    }
}

#[test]
fn weights_are_grams_in_the_end() {
    let read = |text: &str, unit| grams(text, DecimalMark::Auto, unit).ok();
    let cases = [
        ("0.35", WeightUnit::Kilograms, Some(350)),
        ("0,35 kg", WeightUnit::Grams, Some(350)),
        ("180", WeightUnit::Grams, Some(180)),
        ("180 g", WeightUnit::Kilograms, Some(180)),
        ("-1", WeightUnit::Grams, None),
        ("těžké", WeightUnit::Grams, None),
    ];
    for (text, unit, expected) in cases {
        assert_eq!(read(text, unit), expected, "{text}");
    }
}
