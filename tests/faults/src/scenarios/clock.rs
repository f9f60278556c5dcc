//! The node's clock jumps forward and back under load, and by an hour while people are signed in.
//! The jumps are made by `libfaketime`; where it is missing the scenario says that it was left out.

use super::{Ground, Injected, conclude, inject};
use crate::{
    Outcome,
    checker::Verdict,
    load::Load,
    process::say,
    site::{Kind, Site, now_ms},
    until,
};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::Duration,
};

const CUSTOMERS: usize = 6;
/// Shorter than what signatures of the provider may be old, in seconds.
const JUMPS_S: [i64; 4] = [200, 0, -200, 0];
/// Longer than an access token counts.
const HOUR_S: i64 = 3_700;
/// How long the library may take to read its file again.
const PATIENCE: Duration = Duration::from_secs(30);
/// The node's clock shows what it should if it is no further from it.
const NEAR_MS: i64 = 10_000;

/// The clock that the node is shown.
struct Clock(PathBuf);

impl Clock {
    /// The library, if it is installed.
    fn library() -> Option<PathBuf> {
        let folders = ["/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
        let paths = folders.map(|folder| Path::new(folder).join("faketime/libfaketimeMT.so.1"));
        paths.into_iter().find(|path| path.exists())
    }

    /// Shows the node a clock of its own from its next start on. What is measured by it, such as the
    /// time that a wait takes, goes on as ever: jumps are of the time of day.
    fn shown_to(site: &mut Site, library: &Path, folder: &Path) -> Outcome<Self> {
        let clock = Self(folder.join("clock"));
        clock.write(0)?;
        site.set("LD_PRELOAD", &library.display().to_string());
        site.set("FAKETIME_TIMESTAMP_FILE", &clock.0.display().to_string());
        site.set("FAKETIME_CACHE_DURATION", "1");
        site.set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        Ok(clock)
    }

    /// Sets the clock, and waits until the node goes by it: its requests' ids say when they came.
    async fn set(&self, site: &Site, seconds: i64) -> Outcome<()> {
        self.write(seconds)?;
        until("the node's clock", PATIENCE, || async {
            let (_, problem) = site.operator.once("GET", "/v1/nowhere", None, None).await?;
            let id = uuid::Uuid::parse_str(problem["instance"].as_str()?).ok()?;
            let (secs, nanos) = id.get_timestamp()?.to_unix();
            let shown = i64::try_from(secs * 1000 + u64::from(nanos) / 1_000_000).ok()?;
            ((shown - now_ms() - 1000 * seconds).abs() < NEAR_MS).then_some(())
        })
        .await
    }

    fn write(&self, seconds: i64) -> Outcome<()> {
        // Moved into its place, so that it is never read half written.
        let fresh = self.0.with_extension("fresh");
        std::fs::write(&fresh, format!("{seconds:+}s\n"))?;
        Ok(std::fs::rename(fresh, &self.0)?)
    }
}

/// Jumps under load, and an hour with somebody signed in.
pub async fn clock(ground: &Ground) -> Outcome<(Injected, Verdict)> {
    let mut injected = Injected::new();
    let Some(library) = Clock::library() else {
        say("  left out: libfaketime is not installed");
        return Ok((injected, Verdict::default()));
    };
    let mut site = ground.site("clock", Kind::Sqlite, false).await?;
    site.terminate().await?;
    let clock = Clock::shown_to(&mut site, &library, &ground.folder.join("clock"))?;
    site.start().await?;
    let mut findings = Vec::new();
    // Before anybody orders: in an hour orders that nobody pays are called off, as they should be.
    sign_in(&site, &clock, &mut injected, &mut findings).await?;
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    for _ in 0..ground.extent.rounds {
        for jump in JUMPS_S {
            load.more(8).await?;
            clock.set(&site, jump).await?;
            let what = match jump {
                0 => "the clock set right again",
                1.. => "the clock 200 s ahead",
                _ => "the clock 200 s behind",
            };
            inject(&mut injected, what);
        }
        load.more(8).await?;
    }
    let mut verdict = conclude(&mut site, load).await?;
    let truth = site.database.read(crate::site::TENANT).await?;
    let named = truth.journal.iter().filter(|event| !event.id.is_empty());
    let ids: Vec<&str> = named.map(|event| event.id.as_str()).collect();
    if ids.iter().collect::<HashSet<_>>().len() != ids.len() {
        findings.push("an event's id was given twice".to_owned());
    }
    if site.log().contains("panicked") {
        findings.push("something panicked".to_owned());
    }
    verdict.findings.extend(findings);
    Ok((injected, verdict))
}

/// Somebody signs in, an hour passes at once, and comes back: a token counts for its time and no
/// longer, and whoever is signed in stays so.
async fn sign_in(
    site: &Site,
    clock: &Clock,
    injected: &mut Injected,
    findings: &mut Vec<String>,
) -> Outcome<()> {
    let somebody = site.operator.with_token("");
    let who = json!({ "email": "jana@example.com", "password": "a-long-enough-passphrase" });
    let made = somebody.once("POST", "/auth/register", Some(&who), None).await;
    let Some((201, mut tokens)) = made else { return Err(format!("register: {made:?}").into()) };
    let mut expect = |what: &str, found: u16, wanted: &[u16]| {
        if !wanted.contains(&found) {
            findings.push(format!("{what}: {found}, expected {wanted:?}"));
        }
    };
    for (jump, access) in [(0, 200), (HOUR_S, 401), (0, 401)] {
        clock.set(site, jump).await?;
        let word = if jump == 0 { "the clock set right again" } else { "the clock an hour ahead" };
        inject(injected, word);
        // A token of an hour ahead has not begun yet when the hour is taken back; it may count.
        let wanted: &[u16] = if jump == 0 && access == 401 { &[200, 401] } else { &[access] };
        expect(word, me(&somebody, &tokens).await, wanted);
        let body = json!({ "refreshToken": tokens["refreshToken"] });
        let fresh = somebody.once("POST", "/auth/refresh", Some(&body), None).await;
        let (status, fresh) = fresh.ok_or("no answer to a refresh")?;
        expect("a refresh", status, &[200]);
        tokens = fresh;
        expect("a fresh token", me(&somebody, &tokens).await, &[200]);
        // What is payable for an hour is so by whichever clock holds now.
        let wish = json!({ "provider": "stripe", "account": "main",
            "amount": { "amount_minor": 100, "currency": "CZK" },
            "return_url": "https://shop.example/", "cancel_url": "https://shop.example/no" });
        let asked = site.client.once("POST", "/v1/payments", Some(&wish), None).await;
        expect("a payment", asked.map_or(0, |(status, _)| status), &[201]);
    }
    Ok(())
}

async fn me(somebody: &crate::client::Client, tokens: &Value) -> u16 {
    let token = tokens["accessToken"].as_str().unwrap_or_default();
    let answer = somebody.with_token(token).once("GET", "/v1/auth/me", None, None).await;
    answer.map_or(0, |(status, _)| status)
}
