//! What a value's type cannot say.

use crate::{Mistake, Sections, layers::Tree};
use secrecy::ExposeSecret;

/// The shortest token of an operator.
const TOKEN_MIN: usize = 16;

pub(crate) fn check(sections: &Sections, tree: &Tree, mistakes: &mut Vec<Mistake>) {
    let mut found = Found { tree, mistakes };
    http(sections, &mut found);
    for (key, expected) in sections.identity.faults() {
        found.unless(false, key, expected);
    }
    store(sections, &mut found);
    amqp(sections, &mut found);
    outside(sections, &mut found);
    limits(sections, &mut found);
}

struct Found<'a> {
    tree: &'a Tree,
    mistakes: &'a mut Vec<Mistake>,
}

impl Found<'_> {
    fn unless(&mut self, good: bool, key: &str, expected: &str) {
        if !good {
            let source = self.tree.source(key).unwrap_or("the settings");
            self.mistakes.push(Mistake::new(key, source, format!("expected {expected}")));
        }
    }

    fn between(&mut self, key: &str, value: u64, least: u64, most: u64) {
        let expected = format!("a number from {least} to {most}, found {value}");
        self.unless((least..=most).contains(&value), key, &expected);
    }
}

fn http(sections: &Sections, found: &mut Found<'_>) {
    let http = &sections.http;
    if let Some(token) = &http.admin_token {
        let long = TOKEN_MIN <= token.expose_secret().len();
        found.unless(long, "http.admin_token", "16 characters or more");
    }
    found.between("http.body_limit_bytes", http.body_limit_bytes as u64, 1024, 64 << 20);
    let webhook = http.webhook_body_limit_bytes as u64;
    found.between("http.webhook_body_limit_bytes", webhook, 1024, 64 << 20);
    let named = http.cors_origins.iter().all(|origin| is_origin(origin));
    let expected = "origins by name, such as https://shop.example.com, without a path; \"*\" would \
        let every page in the world call";
    found.unless(named, "http.cors_origins", expected);
    let public = http.public_url.as_ref();
    let web = public.is_none_or(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    found.unless(web, "http.public_url", "an http(s) address");
    found.between("http.payment_wait_ms", http.payment_wait_ms, 0, 20_000);
    found.between("http.request_timeout_ms", http.request_timeout_ms, 1_000, 600_000);
}

/// Whether a text is what browsers send as `Origin`.
fn is_origin(text: &str) -> bool {
    let plain = !text.contains('*');
    url::Url::parse(text).is_ok_and(|url| {
        let web = matches!(url.scheme(), "http" | "https");
        plain && web && url.origin().ascii_serialization() == text
    })
}

fn store(sections: &Sections, found: &mut Found<'_>) {
    let store = &sections.store;
    let url = store.url.expose_secret();
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    let known = matches!(scheme, None | Some("postgres" | "postgresql")) && !url.is_empty();
    found.unless(known, "store.url", "postgres://user:password@host/database, or a folder");
    found.between("store.writers", store.writers.into(), 1, 64);
    found.between("store.readers", store.readers.into(), 1, 256);
    found.between("store.acquire_timeout_ms", store.acquire_timeout_ms, 100, 600_000);
    found.between("store.statement_timeout_ms", store.statement_timeout_ms, 100, 600_000);
    found.between("store.lock_timeout_ms", store.lock_timeout_ms, 100, 600_000);
    let walled = !store.require_wall || scheme.is_some();
    found.unless(walled, "store.require_wall", "false, or PostgreSQL in store.url");
    let dir = !sections.data_dir.as_os_str().is_empty();
    found.unless(dir, "data_dir", "a folder");
}

fn amqp(sections: &Sections, found: &mut Found<'_>) {
    let amqp = &sections.amqp;
    if let Some(url) = &amqp.url {
        let url = url::Url::parse(url.expose_secret());
        let good = url
            .is_ok_and(|url| matches!(url.scheme(), "amqp" | "amqps") && url.host_str().is_some());
        found.unless(good, "amqp.url", "amqp://user:password@host:5672/%2f, or amqps");
    }
    let names = [
        ("amqp.exchange", &amqp.exchange),
        ("amqp.command_queue", &amqp.command_queue),
        ("amqp.dead_letter_queue", &amqp.dead_letter_queue),
    ];
    for (key, name) in names {
        let good = (1..=200).contains(&name.len()) && !name.starts_with("amq.");
        found.unless(good, key, "a name of 1 to 200 bytes that does not begin with amq.");
    }
    let apart = amqp.command_queue != amqp.dead_letter_queue;
    found.unless(apart, "amqp.dead_letter_queue", "another queue than amqp.command_queue");
    found.between("amqp.prefetch", amqp.prefetch.into(), 1, 10_000);
    found.between("amqp.publish_window", amqp.publish_window as u64, 1, 10_000);
    found.between("amqp.confirm_timeout_ms", amqp.confirm_timeout_ms, 100, 600_000);
    found.between("amqp.heartbeat_s", amqp.heartbeat_s.into(), 1, 600);
    found.between("amqp.connect_timeout_ms", amqp.connect_timeout_ms, 100, 600_000);
}

fn outside(sections: &Sections, found: &mut Found<'_>) {
    for (key, expected) in sections.smtp.faults().into_iter().chain(sections.sms.faults()) {
        found.unless(false, key, expected);
    }
    if let Some(fault) = sections.log.fault() {
        found.unless(false, "log.filter", &format!("levels such as info,kontor=debug: {fault}"));
    }
    if let Some(endpoint) = &sections.otlp.endpoint {
        let good = matches!(endpoint.scheme(), "http" | "https");
        found.unless(good, "otlp.endpoint", "an address such as http://127.0.0.1:4318");
    }
    found.between("otlp.sample_percent", sections.otlp.sample_percent.into(), 0, 100);
    found.between("otlp.timeout_ms", sections.otlp.timeout_ms, 100, 600_000);
    found.between("webhooks.timeout_ms", sections.webhooks.timeout_ms, 100, 600_000);
    let gateways = &sections.gateways;
    for (key, first, max) in [
        ("gateways.retry_ms", gateways.retry_ms, gateways.retry_ms_max),
        ("gateways.rest_ms", gateways.rest_ms, gateways.rest_ms_max),
    ] {
        found.between(key, first, 10, 3_600_000);
        found.between(&format!("{key}_max"), max, first, 24 * 3_600_000);
    }
}

fn limits(sections: &Sections, found: &mut Found<'_>) {
    let (engine, journal) = (&sections.engine, &sections.journal);
    found.between("engine.shards", engine.shards.into(), 1, 4096);
    found.between("engine.readers", engine.readers.into(), 1, 256);
    found.between("engine.memory_max", engine.memory_max as u64, 100, 10_000_000);
    found.between("engine.idle_s", engine.idle_s, 1, 86_400);
    found.between("journal.writers", journal.writers.into(), 1, 64);
    found.between("journal.batch_rows_max", journal.batch_rows_max as u64, 1, 10_000);
    found.between("journal.batch_bytes_max", journal.batch_bytes_max as u64, 65_536, 1 << 30);
    found.between("journal.waiting_max", journal.waiting_max as u64, 16, 1 << 24);
    found.between("journal.tail_events_max", journal.tail_events_max as u64, 1, 1 << 20);
    found.between("journal.tail_bytes_max", journal.tail_bytes_max as u64, 4_096, 1 << 30);
    let admission = &sections.admission;
    let permits = [
        ("admission.realtime_max", admission.realtime_max),
        ("admission.interactive_max", admission.interactive_max),
        ("admission.bulk_max", admission.bulk_max),
        ("admission.tenant_max", admission.tenant_max),
    ];
    for (key, value) in permits {
        found.between(key, value as u64, 1, 1_000_000);
    }
}
