//! Settings: any file and any environment is settings or a list of mistakes; no secret is in what is
//! said of either, and what is printed can be read again.

#![no_main]

use kontor_config::{Overrides, parse};
use libfuzzer_sys::fuzz_target;
use std::ffi::OsString;

/// What stands between the file and the environment's lines.
const BETWEEN: &[u8] = b"\n---\n";
/// Part of every secret here. A file may say it of something that is none, and is left out then.
const MARK: &str = "hunter2";
/// Variables that hold a secret; an input's last byte says which is set.
const SECRETS: [&str; 7] = [
    "KONTOR_ADMIN_TOKEN",
    "KONTOR_IDENTITY__SECRET",
    "KONTOR_DATABASE_URL",
    "KONTOR_AMQP_URL",
    "KONTOR_SMTP_URL",
    "KONTOR_SMS__API_KEY",
    "KONTOR_OTLP__HEADERS__AUTHORIZATION",
];

fuzz_target!(|bytes: &[u8]| {
    let place = bytes.windows(BETWEEN.len()).position(|window| window == BETWEEN);
    let (file, rest) = match place {
        Some(place) => (&bytes[..place], &bytes[place + BETWEEN.len()..]),
        None => (bytes, &[][..]),
    };
    let file = String::from_utf8_lossy(file);
    let rest = String::from_utf8_lossy(rest);
    let pairs = rest.lines().take(16).filter_map(|line| line.split_once('='));
    let pairs = pairs.map(|(name, text)| (OsString::from(name), OsString::from(text)));
    let mut environment: Vec<(OsString, OsString)> = pairs.collect();
    let has_mark = file.contains(MARK) || rest.contains(MARK);
    if !has_mark && let Some(which) = bytes.last() {
        // Of a shape that fits, and of one that does not.
        let name = SECRETS[usize::from(*which) % SECRETS.len()];
        let text = match which % 3 {
            // Without `://` it names a folder, which is none and is shown.
            _ if name == "KONTOR_DATABASE_URL" => format!("postgres://shop:{MARK}@127.0.0.1/shop"),
            0 => format!("amqp://shop:{MARK}@127.0.0.1/%2f"),
            1 => format!("postgres://shop:{MARK}@127.0.0.1/shop"),
            _ => format!("{MARK}{}", file.chars().take(40).collect::<String>()),
        };
        environment.push((name.into(), text.into()));
    }
    match parse(Some(("kontor.toml", &file)), environment, &Overrides::default()) {
        Err(mistakes) => {
            let told = format!("{mistakes} {mistakes:?}");
            assert!(!mistakes.lines().is_empty(), "a refusal without a mistake");
            assert!(has_mark || !told.contains(MARK), "{told}");
        }
        Ok(settings) => {
            let (toml, json) = (settings.print(false), settings.print(true));
            assert!(has_mark || !format!("{settings:?} {toml} {json}").contains(MARK), "{toml}");
            let shown: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
            assert!(shown.is_object());
        }
    }
});
