//! A source that is opened and saved is the source that it was.

use super::{body::body, sheet::placed, written::written};
use crate::{backend::Trouble, desk::Form, value::Read, words::Language};
use serde_json::{Value, json};

fn source(settings: &Value) -> Value {
    json!({ "id": "acme", "version": 7, "revision": 3, "settings": settings })
}

/// What is saved, if nothing but these fields is written anew.
fn saved(settings: &Value, anew: &[(&str, &str)]) -> Value {
    let known = source(settings);
    let mut said = written(&known, "UTC");
    for (name, value) in anew {
        said = said.with(name, value);
    }
    body(Language::En, &said, &known).unwrap()
}

fn whole() -> Value {
    json!({
        "supplier": "acme", "name": "Everything", "kind": "full",
        "reach": { "by": "http", "url": "https://a.cz/feed.csv?***", "interval_min_s": 60,
                   "access": { "with": "basic", "user": "kontor", "password": "***" },
                   "paging": { "style": "number", "page": "p", "first": 1, "size": 100, "rows": "/data" } },
        "format": { "charset": "windows-1250", "may_be_empty": false,
                    "limits": { "rows_max": 1000 },
                    "format": { "kind": "csv", "delimiter": "semicolon", "header_lines": 2,
                                "columns": ["code", "our price"], "backslash": false } },
        "mapping": { "fields": [
                        { "to": "code", "from": ["code"] },
                        { "to": "purchase_price", "from": ["our price", "price"] },
                        { "to": "stock", "from": ["a", "b"], "combine": "sum" } ],
                     "filters": ["row.code != ''"] },
        "gates": { "retire_permille_max": 305, "rows_min": 5 },
        "warehouse": "acme", "currency": "CZK", "language": "cs", "priority": 5,
        "new_products": "active", "sku_prefix": "AC-", "attributes": { "Průměr": "diameter" },
        "rrp_is_price": true, "some_units": 2,
        "vanished": { "action": "archive", "after_runs": 3 },
        "timetable": { "cron": "30 2 * * *", "zone": "Europe/Prague", "enabled": true },
        "file_bytes_max": 1_000_000,
    })
}

#[test]
fn a_source_that_is_opened_and_saved_says_what_it_said() {
    let mut xml = whole();
    xml["format"] = json!({ "may_be_empty": true, "format": { "kind": "xml", "rows": [
        { "path": "SHOPITEM", "deleted": false }, { "path": "DELITEM", "deleted": true } ],
        "variants": ["VARIANTS/VARIANT"] } });
    let mut dialect = whole();
    dialect["format"] = json!({ "preset": "shoptet_csv", "may_be_empty": false,
                                "format": { "delimiter": "comma" } });
    dialect["mapping"] = json!({ "preset": "shoptet_csv", "reading": { "currency": "EUR" } });
    let mut two = whole();
    two["format"] = json!({ "preset": "heureka", "may_be_empty": false });
    two["mapping"] = json!({ "preset": "google" });
    let mut ftp = whole();
    ftp["reach"] = json!({ "by": "ftp", "host": "a.cz", "port": 21, "path": "/f.csv", "user": "u",
                           "password": "***", "plain": false });
    let mut sftp = whole();
    sftp["reach"] = json!({ "by": "sftp", "host": "a.cz", "port": 22, "path": "/f.csv", "user": "u",
                            "private_key": "***", "host_key": "SHA256:x" });
    for settings in [whole(), xml, dialect, two, ftp, sftp] {
        let said = saved(&settings, &[]);
        for (name, value) in settings.as_object().unwrap() {
            assert_eq!(sorted(&said[name]), sorted(value), "{name}");
        }
    }
}

/// Rules of a mapping in an order of their own: those that have fields stand first.
fn sorted(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(fields) = value.get_mut("fields").and_then(Value::as_array_mut) {
        fields.sort_by_key(Value::to_string);
    }
    value
}

#[test]
fn a_plan_that_is_written_for_the_first_time_runs_on_the_shops_clocks() {
    let mut settings = whole();
    settings.as_object_mut().unwrap().remove("timetable");
    assert!(!saved(&settings, &[]).has("timetable"));
    let said = saved(&settings, &[("timetable/cron", "0 6 * * *")]);
    let timetable = json!({ "cron": "0 6 * * *", "zone": "UTC", "enabled": true });
    assert_eq!(said["timetable"], timetable);
}

#[test]
fn what_was_written_for_another_choice_is_not_sent() {
    let ftp = [("reach/by", "ftp"), ("reach/host", "ftp.a.cz"), ("reach/path", "/f")];
    let said = saved(&whole(), &ftp);
    let reach = json!({ "by": "ftp", "host": "ftp.a.cz", "path": "/f", "user": "", "password": "",
                        "plain": false });
    assert_eq!(said["reach"], reach, "nothing of the address before, and no password of its");
    let said = saved(&whole(), &[("reach/by", "upload"), ("timetable/cron", "")]);
    assert_eq!((&said["reach"], said.has("timetable")), (&json!({ "by": "upload" }), false));
    let said =
        saved(&whole(), &[("dialect", "heureka"), ("format/rest", ""), ("mapping/rest", "")]);
    assert_eq!(said["mapping"], json!({ "preset": "heureka" }));
    assert!(said["format"].get("format").is_none(), "{}", said["format"]);
}

#[test]
fn a_key_that_is_written_takes_the_place_of_a_password() {
    let mut settings = whole();
    settings["reach"] = json!({ "by": "sftp", "host": "a.cz", "port": 22, "path": "/f", "user": "u",
                                "password": "***" });
    let said = saved(&settings, &[("reach/private_key", "-----BEGIN\r\nkey\r\n-----END")]);
    assert_eq!(said["reach"]["private_key"], "-----BEGIN\nkey\n-----END");
    assert!(!said["reach"].has("password"), "{}", said["reach"]);
}

#[test]
fn headers_stay_while_nothing_is_written_and_are_all_written_anew() {
    let mut settings = whole();
    settings["reach"]["access"] = json!({ "with": "headers", "headers": { "X-Key": "***" } });
    let kept = saved(&settings, &[]);
    assert_eq!(kept["reach"]["access"]["headers"], json!({ "X-Key": "***" }));
    let anew = saved(&settings, &[("reach/access/headers", "X-Key = s3cret\nX-Shop = 7")]);
    let headers = json!({ "X-Key": "s3cret", "X-Shop": "7" });
    assert_eq!(anew["reach"]["access"]["headers"], headers);
}

#[test]
fn what_cannot_be_read_is_told_at_its_field() {
    let known = source(&whole());
    let at = |name: &str, value: &str, pointer: &str| {
        let said = written(&known, "UTC").with(name, value);
        let trouble = body(Language::En, &said, &known).unwrap_err();
        assert!(trouble.of(pointer).is_some(), "{pointer}: {trouble:?}");
    };
    at("priority", "high", "/priority");
    at("gates/retire_permille_max", "a third", "/gates/retire_permille_max");
    at("gates/retire_permille_max", "30.55", "/gates/retire_permille_max");
    at("gates/retire_permille_max", "30.05", "/gates/retire_permille_max");
    at("attributes", "no sign", "/attributes");
    at("mapping/rest", "[1]", "/mapping");
    at("reach/paging/size", "", "/reach/paging/size");
}

#[test]
fn what_is_wrong_with_a_rule_of_the_mapping_is_told_at_its_column() {
    let said = Form::of([("column/code", "code"), ("column/stock", "st ck")]);
    let trouble = placed(&said, Trouble::at("/mapping/fields/1/from", "expected a path"));
    assert_eq!(trouble.of("/column/stock"), Some("expected a path"));
    let other = placed(&said, Trouble::at("/name", "expected a name"));
    assert!(other.of("/column/code").is_none());
}
