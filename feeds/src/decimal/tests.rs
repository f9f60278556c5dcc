use super::*;

fn auto(text: &str) -> Result<String, DecimalFault> {
    Decimal::parse(text, DecimalMark::Auto).map(|number| number.to_string())
}

#[test]
fn prices_are_read_as_suppliers_write_them() {
    let cases = [
        ("199", "199"),
        ("199.00", "199.00"),
        ("199,00", "199.00"),
        ("2 199,00", "2199.00"),
        ("2\u{a0}199,00", "2199.00"),
        ("2\u{202f}199,00 Kč", "2199.00"),
        ("199 Kč", "199"),
        ("199,-", "199"),
        ("199,- Kč", "199"),
        ("€ 12.50", "12.50"),
        ("199.00 CZK", "199.00"),
        ("CZK 199", "199"),
        ("1.299,00", "1299.00"),
        ("1,299.00", "1299.00"),
        ("1.299.000", "1299000"),
        ("1'299.50", "1299.50"),
        ("2199,0", "2199.0"),
        ("180.0000", "180.0000"),
        ("0,125", "0.125"),
        (",5", "0.5"),
        ("-12,5", "-12.5"),
        ("+7", "7"),
        ("0.12345678951", "0.123456790"),
    ];
    for (text, expected) in cases {
        assert_eq!(auto(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_number_or_two_numbers_is_refused() {
    let cases = [
        ("", DecimalFault::Empty),
        (" Kč", DecimalFault::Empty),
        ("na dotaz", DecimalFault::NotANumber),
        ("10,000", DecimalFault::Ambiguous),
        ("10.000", DecimalFault::Ambiguous),
        ("8,59E+12", DecimalFault::Shortened),
        ("1.2.3,4,5", DecimalFault::NotANumber),
        ("12a", DecimalFault::NotANumber),
        ("--5", DecimalFault::NotANumber),
        ("1234567890123456", DecimalFault::TooLarge),
    ];
    for (text, expected) in cases {
        assert_eq!(auto(text), Err(expected), "{text}");
    }
}

#[test]
fn a_settled_mark_decides_what_is_unclear() {
    let by = |mark| Decimal::parse("10,000", mark).unwrap().to_string();
    assert_eq!(by(DecimalMark::Comma), "10.000");
    assert_eq!(by(DecimalMark::Dot), "10000");
}

#[test]
fn halves_are_rounded_away_from_zero() {
    let cases = [("82.495", 8250), ("82.494", 8249), ("-82.495", -8250), ("7", 700)];
    for (text, expected) in cases {
        let number = Decimal::parse(text, DecimalMark::Dot).unwrap();
        assert_eq!(number.to_units(2), Some(expected), "{text}");
    }
}

#[test]
fn quotients_and_products_are_exact_to_nine_decimals() {
    let number = |text| Decimal::parse(text, DecimalMark::Dot).unwrap();
    assert_eq!(number("825.00").over(number("10")), Some(number("82.5")));
    assert_eq!(number("1").over(number("3")).unwrap().to_string(), "0.333333333");
    assert_eq!(number("1").over(number("0")), None);
    assert_eq!(number("82.5").times(number("1.21")), Some(number("99.825")));
}
