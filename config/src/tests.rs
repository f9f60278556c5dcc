//! The rules of settings.

use super::*;
use std::ffi::OsString;

fn read_all(
    file: &str,
    environment: &[(&str, &str)],
    flags: &Overrides,
) -> Result<Settings, Mistakes> {
    let environment = environment.iter().map(|(name, text)| (name.into(), text.into()));
    let environment: Vec<(OsString, OsString)> = environment.collect();
    read(Some(("kontor.toml", file)), environment.into_iter(), flags, Vec::new())
}

fn file(text: &str) -> Result<Settings, Mistakes> {
    read_all(text, &[], &Overrides::default())
}

/// The settings' mistakes as `key (source): fault` lines.
fn mistakes(text: &str) -> Vec<String> {
    file(text).map(|_| ()).unwrap_err().lines()
}

fn only_mistake(text: &str) -> String {
    let all = mistakes(text);
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].clone()
}

#[test]
fn the_default_file_says_what_the_components_would() {
    let settings = file("").unwrap();
    let same = |one: &dyn std::fmt::Debug, other: &dyn std::fmt::Debug| {
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    };
    same(&settings.http, &HttpSettings::default());
    same(&settings.identity, &IdentitySettings::default());
    same(&settings.media, &MediaSettings::default());
    same(&settings.store, &StoreSettings::at("./kontor-data"));
    same(&settings.journal, &JournalSettings::default());
    same(&settings.admission, &AdmissionSettings::default());
    same(&settings.amqp, &AmqpSettings::default());
    same(&settings.webhooks, &SenderSettings::default());
    same(&settings.gateways, &GatewaySettings::default());
    same(&settings.log, &LogSettings::default());
    same(&settings.otlp, &OtlpSettings::default());
    let limits = kontor_actors::domain_actor::DomainLimits::default();
    assert_eq!((settings.engine.memory_max, settings.idle()), (limits.memory_max, limits.idle));
    assert_eq!((settings.engine.shards, settings.journal.writers), (1, 1));
}

#[test]
fn every_key_that_is_off_in_the_default_file_can_be_switched_on() {
    for line in DEFAULT_FILE.lines().filter(|line| line.starts_with('#') && !line.starts_with("# "))
    {
        assert!(line.contains(" = "), "neither explanation nor key: {line}");
    }
    let on = DEFAULT_FILE.lines().map(|line| match line.strip_prefix('#') {
        Some(key) if !key.starts_with(' ') => key,
        _ => line,
    });
    let on: Vec<&str> = on.collect();
    let text = on.join("\n").replace("_token = \"\"", "_token = \"0123456789abcdef\"");
    let text = text.replace("\nsecret = \"\"", &format!("\nsecret = \"{}\"", "s3cr".repeat(11)));
    let text = text.replace("endpoint = \"\"", "endpoint = \"http://c\"");
    let wrong = mistakes(&text);
    assert!(wrong.iter().all(|line| line.contains(".url (")), "{wrong:?}");
    assert_eq!(wrong.len(), 3, "{wrong:?}");
}

#[test]
fn the_environment_wins_over_the_file_and_the_command_line_over_both() {
    let text = "data_dir = \"a\"\n[http]\nlisten = \"127.0.0.1:1\"\nstreams_max = 1";
    let environment = [("KONTOR_LISTEN", "127.0.0.1:2"), ("KONTOR_HTTP__STREAMS_MAX", "2")];
    let flags = Overrides { listen: Some("127.0.0.1:3".into()), ..Default::default() };
    let settings = read_all(text, &environment, &flags).unwrap();
    assert_eq!(settings.listen().port(), 3);
    assert_eq!(settings.http.streams_max, 2);
    assert_eq!(settings.data_dir, Path::new("a"));
    let settings = read_all(text, &environment, &Overrides::default()).unwrap();
    assert_eq!(settings.listen().port(), 2);
}

#[test]
fn every_short_name_in_the_environment_reaches_its_key() {
    let environment = [
        ("KONTOR_DATA_DIR", "/data"),
        ("KONTOR_DATABASE_URL", "postgres://u:hunter2@db/kontor"),
        ("KONTOR_AMQP_URL", "amqp://u:hunter2@mq/%2f"),
        ("KONTOR_ADMIN_TOKEN", "0123456789012345"),
        ("KONTOR_LOG_FORMAT", "json"),
        ("KONTOR_OTLP_ENDPOINT", "http://collector:4318"),
        ("KONTOR_SMTP_URL", "smtps://u:hunter2@mail:465"),
        ("KONTOR_SMTP__FROM", "shop@example.com"),
        ("KONTOR_SMS__PROVIDER", "smsc"),
        ("KONTOR_SMS__LOGIN", "shop"),
        ("KONTOR_SMS__PASSWORD", "hunter2"),
        ("KONTOR_OTLP__HEADERS__AUTHORIZATION", "hunter2"),
        ("KONTOR_HTTP__CORS_ORIGINS", "https://a.example, https://b.example"),
        ("KONTOR_URL", "for somebody else"),
        ("KONTOR_TEST_AMQP_URL", "for somebody else"),
        ("KONTOR_AMQP__EXCHANGE", ""),
    ];
    let settings = read_all("", &environment, &Overrides::default()).unwrap();
    assert!(settings.amqp.url.is_some() && settings.admin_token().is_some());
    assert_eq!((settings.engine.shards, settings.journal.writers), (64, 2));
    assert_eq!(settings.http.cors_origins, ["https://a.example", "https://b.example"]);
    assert_eq!(settings.amqp.exchange, "kontor.events");
    let account = settings.smtp.account().unwrap();
    assert_eq!((&account["host"], &account["tls"]), (&"mail".into(), &"implicit".into()));
    assert_eq!((&account["port"], &account["password"]), (&465.into(), &"hunter2".into()));
    let expected = serde_json::json!({ "login": "shop", "password": "hunter2" });
    assert_eq!(settings.sms.account(), Some(("smsc".to_owned(), expected)));
    for printed in [settings.print(false), settings.print(true), format!("{settings:?}")] {
        assert!(!printed.contains("hunter2") && !printed.contains("01234567890"), "{printed}");
    }
}

#[test]
fn what_is_printed_can_be_read_again() {
    let printed = file("[engine]\nshards = 8\n[http]\ncors_origins = [\"https://a.example\"]")
        .unwrap()
        .print(false);
    let again = file(&printed).unwrap();
    assert_eq!((again.engine.shards, again.print(false)), (8, printed));
}

#[test]
fn every_mistake_is_told_at_once_with_its_key_and_its_source() {
    let text = "colour = 1\n[http]\nlisten = \"here\"\nstreams_max = \"many\"\n[amqp]\nprefetch = 0\n[htp]";
    let environment = [("KONTOR_AMQP__QUEUE_TYPE", "big"), ("KONTOR_LOG__FILTER", "kontor=loud")];
    let found = read_all(text, &environment, &Overrides::default()).map(|_| ()).unwrap_err();
    let keys: Vec<_> =
        found.iter().map(|found| (found.key.as_str(), found.source.as_str())).collect();
    let expected = [
        ("amqp.prefetch", "kontor.toml"),
        ("amqp.queue_type", "KONTOR_AMQP__QUEUE_TYPE"),
        ("colour", "kontor.toml"),
        ("htp", "kontor.toml"),
        ("http.listen", "kontor.toml"),
        ("http.streams_max", "kontor.toml"),
        ("log.filter", "KONTOR_LOG__FILTER"),
    ];
    assert_eq!(keys, expected);
    assert!(found.to_string().contains(
        "amqp.queue_type (KONTOR_AMQP__QUEUE_TYPE): found \"big\", expected classic or quorum"
    ));
}

#[test]
fn pages_that_may_call_are_named_one_by_one() {
    for bad in ["*", "https://*.example.com", "https://a.example/", "a.example", "null"] {
        let told = only_mistake(&format!("[http]\ncors_origins = [\"{bad}\"]"));
        assert!(told.starts_with("http.cors_origins (kontor.toml): expected origins"), "{told}");
    }
    let good = "[http]\ncors_origins = [\"https://a.example\", \"http://127.0.0.1:5173\"]";
    assert_eq!(file(good).unwrap().http.cors_origins.len(), 2);
}

#[test]
fn a_mistake_says_what_was_expected() {
    let told = only_mistake("[http]\nstreams_max = \"many\"");
    let expected = "found \"many\", expected a whole number, 0 or more";
    assert_eq!(told, format!("http.streams_max (kontor.toml): {expected}"));
    let told = only_mistake("[webhooks]\nallow_private = \"no\"");
    assert!(told.ends_with("found \"no\", expected true or false"), "{told}");
    let told = only_mistake("[http]\nlisten = \"here\"");
    assert!(told.contains("http.listen") && told.contains("socket address"), "{told}");
    let told = only_mistake("[amqp]\nport = 1");
    assert!(
        told.starts_with("amqp.port (kontor.toml): there is no such key; expected url,"),
        "{told}"
    );
    let told = only_mistake("http = 5");
    assert!(told.starts_with("http (kontor.toml): found 5, expected a section"), "{told}");
}

#[test]
fn a_secret_that_is_wrong_is_not_quoted() {
    let told = [
        only_mistake("[http]\nadmin_token = 123456789"),
        only_mistake("[http]\nadmin_token = \"123456789\""),
        only_mistake("[amqp]\nurl = \"http://u:123456789@mq\""),
        only_mistake("[store]\nurl = \"mysql://u:123456789@db\""),
    ];
    for told in told {
        assert!(!told.contains("123456789") && told.contains("expected"), "{told}");
    }
}

#[test]
fn a_file_that_is_no_toml_is_a_mistake_with_its_place() {
    let told = only_mistake("[http\nlisten = 1");
    assert!(told.starts_with("kontor.toml: ") && told.contains("line 1"), "{told}");
}

#[test]
fn a_named_file_that_is_not_there_is_a_mistake() {
    let found = load(Some(Path::new("/nowhere/kontor.toml")), &Overrides::default());
    assert!(
        found.map(|_| ()).unwrap_err().to_string().contains("/nowhere/kontor.toml: cannot be read")
    );
}

#[test]
fn the_example_environment_is_good() {
    let text = include_str!("../../.env.example");
    let set = text.lines().filter_map(|line| {
        let line = line.strip_prefix('#').unwrap_or(line);
        line.split_once('=').filter(|(name, _)| name.starts_with("KONTOR_"))
    });
    let set: Vec<_> = set.collect();
    assert!(set.len() > 6);
    read_all("", &set, &Overrides::default()).unwrap();
}

#[test]
fn proxies_are_addresses_or_networks() {
    let good = "[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]";
    let settings = read_all(good, &[], &Overrides::default()).unwrap();
    assert!(settings.http.trusted_proxies[0].contains([10, 1, 2, 3].into()));
    let bad = "[http]\ntrusted_proxies = [\"10.0.0.1/8\"]";
    let found = read_all(bad, &[], &Overrides::default()).map(|_| ()).unwrap_err().to_string();
    assert!(found.contains("http.trusted_proxies"), "{found}");
}
