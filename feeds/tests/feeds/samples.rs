//! Real dialects with invented content: what is read from them is pinned beside them. A change of
//! meaning shows as a change of a pinned file, written anew with `KONTOR_PIN=1`.

use crate::pieces::{map_all, rows};
use kontor_feeds::mapping::presets::Preset;
use kontor_feeds::mapping::{FieldRule, Target};
use kontor_feeds::{CsvFormat, Format, Mapping, Rules, Source};
use kontor_messages::Currency;
use serde_json::Value;
use std::fs::{self, File};

fn folder() -> String {
    format!("{}/tests/samples", env!("CARGO_MANIFEST_DIR"))
}

/// The records of a sample against its pin. Members that say nothing are left out of the pin.
fn check(file: &str, source: &Source, rules: &Rules) {
    let rows = rows(source, File::open(format!("{}/{file}", folder())).unwrap()).unwrap();
    let mapping = Mapping::compile(rules).unwrap();
    let lines: Vec<String> = map_all(&mapping, &rows)
        .into_iter()
        .map(|record| serde_json::to_string(&told(record)).unwrap())
        .collect();
    let found = lines.join("\n") + "\n";
    let pin = format!("{}/{file}.records.jsonl", folder());
    if std::env::var_os("KONTOR_PIN").is_some() {
        fs::write(&pin, &found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(&pin).unwrap_or_default(), "{file}");
}

fn told(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| {
                    !value.is_null()
                        && *value != Value::Bool(false)
                        && value.as_array().is_none_or(|all| !all.is_empty())
                        && value.as_object().is_none_or(|all| !all.is_empty())
                })
                .collect(),
        ),
        other => other,
    }
}

fn preset(file: &str, preset: Preset) {
    check(file, &Source::new(preset.format()), &preset.rules());
}

#[test]
fn heureka_with_every_trap_of_it() {
    let mut rules = Preset::Heureka.rules();
    rules.reading.categories.drop_first = vec!["heureka.cz".to_owned()];
    rules.reading.currency = None;
    check("heureka_cp1250.xml", &Source::new(Preset::Heureka.format()), &rules);
}

#[test]
fn heureka_availability() {
    preset("availability.xml", Preset::HeurekaAvailability);
}

#[test]
fn shoptet_xml_with_variants_and_warehouses() {
    preset("shoptet.xml", Preset::Shoptet);
}

#[test]
fn shoptet_csv_with_what_spreadsheets_do_to_it() {
    preset("shoptet_cp1250.csv", Preset::ShoptetCsv);
}

#[test]
fn bmecat_1_2() {
    preset("bmecat_1_2.xml", Preset::Bmecat12);
}

#[test]
fn bmecat_2005_with_prefixed_names_and_prices_by_the_hundred() {
    preset("bmecat_2005.xml", Preset::Bmecat2005);
}

#[test]
fn iof_full_and_light() {
    preset("iof_full.xml", Preset::Iof);
    preset("iof_light.xml", Preset::IofLight);
}

#[test]
fn google_with_and_without_prefixes() {
    let mut rules = Preset::Google.rules();
    rules.reading.currency = Some(Currency::CZK);
    check("google.xml", &Source::new(Preset::Google.format()), &rules);
}

#[test]
fn json_with_nested_variants() {
    let mut rules = Preset::RestJson.rules();
    rules.reading.currency = Some(Currency::CZK);
    check("rest.json", &Source::new(Preset::RestJson.format()), &rules);
}

fn csv_rules(currency: &str, columns: &[(Target, &str)]) -> Rules {
    let mut rules = Rules {
        fields: columns.iter().map(|(to, from)| FieldRule::new(to.clone(), &[from])).collect(),
        ..Rules::default()
    };
    rules.reading.currency = Currency::parse(currency).ok();
    rules
}

#[test]
fn a_polish_csv_with_commas_and_a_byte_order_mark() {
    let rules = csv_rules(
        "PLN",
        &[
            (Target::Code, "kod"),
            (Target::Name, "nazwa"),
            (Target::PurchasePrice, "cena_netto"),
            (Target::Vat, "vat"),
            (Target::Stock, "stan"),
            (Target::Ean, "ean"),
        ],
    );
    check("polish_comma.csv", &Source::new(Format::Csv(CsvFormat::default())), &rules);
}

#[test]
fn an_old_system_in_its_code_page() {
    let rules = csv_rules(
        "CZK",
        &[
            (Target::Code, "KOD"),
            (Target::Name, "NAZEV"),
            (Target::PurchasePrice, "CENA"),
            (Target::Stock, "SKLAD"),
        ],
    );
    let format = CsvFormat { comment: Some('#'), ..CsvFormat::default() };
    let mut source = Source::new(Format::Csv(format));
    source.charset = kontor_feeds::Charset::parse("cp852");
    check("erp_cp852.tsv", &source, &rules);
}

#[test]
fn a_spreadsheet_in_utf_16() {
    let rules = csv_rules(
        "CZK",
        &[
            (Target::Code, "Kód"),
            (Target::Name, "Název"),
            (Target::PurchasePrice, "Cena bez DPH"),
            (Target::Vat, "DPH"),
            (Target::Stock, "Kusů"),
        ],
    );
    check("excel_utf16.csv", &Source::new(Format::Csv(CsvFormat::default())), &rules);
}
