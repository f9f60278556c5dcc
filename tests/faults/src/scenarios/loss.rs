//! Packets are lost on the lines to PostgreSQL, to the broker and to the node itself. The machine's
//! own filter drops them, which only root may tell it to; elsewhere the scenario says that it was
//! left out.

use super::{Ground, Injected, conclude, inject};
use crate::{
    Outcome,
    checker::Verdict,
    load::Load,
    process::{run, say},
    site::Kind,
};
use std::{process::Command, time::Duration};

const CUSTOMERS: usize = 6;
/// Of a hundred packets, so many are lost: a bad line, and one that hardly is one.
const LOSSES_PERCENT: [u32; 2] = [5, 25];

/// A table of the machine's filter that drops packets to some ports and from them; it goes away with
/// its owner.
struct Lossy(String);

impl Lossy {
    fn between(ports: &[u16], percent: u32) -> Outcome<Self> {
        let table = format!("kontor_faults_{}", std::process::id());
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        let ports = ports.join(", ");
        nft(&format!("add table inet {table}"))?;
        let lossy = Self(table);
        let table = &lossy.0;
        nft(&format!("add chain inet {table} lose {{ type filter hook input priority 0; }}"))?;
        for side in ["dport", "sport"] {
            nft(&format!(
                "add rule inet {table} lose iif lo tcp {side} {{ {ports} }} \
                 numgen random mod 100 < {percent} counter drop"
            ))?;
        }
        Ok(lossy)
    }

    /// Packets that were dropped so far.
    fn lost(&self) -> u64 {
        let rules = nft(&format!("list table inet {}", self.0)).unwrap_or_default();
        let counters = rules.split("counter packets ").skip(1);
        counters.filter_map(|rest| rest.split(' ').next()?.parse::<u64>().ok()).sum()
    }
}

impl Drop for Lossy {
    fn drop(&mut self) {
        // Nothing else is in it.
        let _ = nft(&format!("delete table inet {}", self.0));
    }
}

fn nft(words: &str) -> Outcome<String> {
    let mut command = Command::new("nft");
    command.arg(words);
    run(command)
}

/// Loses packets under load, more and more; then the line is good again.
pub async fn loss(ground: &Ground) -> Outcome<(Injected, Verdict)> {
    let mut injected = Injected::new();
    if let Err(fault) = Lossy::between(&[1], 1).map(drop) {
        say(format!("  left out: the machine's filter takes no rules: {fault}"));
        return Ok((injected, Verdict::default()));
    }
    let mut site = ground.site("packet-loss", Kind::Postgres, true).await?;
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    let span = Duration::from_secs(if ground.extent.long { 60 } else { 5 });
    let ports = site.ports();
    for _ in 0..ground.extent.rounds {
        load.more(8).await?;
        for percent in LOSSES_PERCENT {
            let lossy = Lossy::between(&ports, percent)?;
            inject(
                &mut injected,
                match percent {
                    5 => "a line that loses 5 of 100 packets",
                    _ => "a line that loses 25 of 100 packets",
                },
            );
            tokio::time::sleep(span).await;
            load.more(4).await?;
            *injected.entry("packets lost").or_insert(0) += lossy.lost();
        }
        load.more(8).await?;
    }
    let mut verdict = conclude(&mut site, load).await?;
    if injected.get("packets lost").is_none_or(|lost| *lost == 0) {
        verdict.findings.push("no packet was lost, so nothing was tried".to_owned());
    }
    Ok((injected, verdict))
}
