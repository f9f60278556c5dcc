//! Plays many worlds of the deterministic simulation and says what was done to them.
//!
//! `--seeds N` worlds beginning with `--from S`; `--flaw NAME` breaks a rule on purpose, and
//! `--flaws` breaks each and says after how many worlds it was found. A failing world ends the run
//! with its last steps and the command that repeats it.

#![allow(clippy::expect_used)]

#[path = "../tests/simulation/world/mod.rs"]
mod world;

use std::{process::ExitCode, time::Instant};
use world::{Failure, Flaw, Injected, play};

struct Wanted {
    seeds: u64,
    from: u64,
    flaw: Option<Flaw>,
    flaws: bool,
}

fn main() -> ExitCode {
    // A panic is a finding like any other, and told with its steps.
    std::panic::set_hook(Box::new(|_| ()));
    let wanted = match arguments() {
        Ok(wanted) => wanted,
        Err(wrong) => {
            eprintln!("{wrong}\nusage: simulate [--seeds N] [--from S] [--flaw NAME] [--flaws]");
            return ExitCode::from(2);
        }
    };
    if wanted.flaws {
        return try_flaws(&wanted);
    }
    let begun = Instant::now();
    let mut all = Injected::default();
    for seed in wanted.from..wanted.from + wanted.seeds {
        match play(seed, wanted.flaw) {
            Ok(injected) => add(&mut all, &injected),
            Err(failure) => {
                tell(&failure, wanted.flaw);
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{} worlds in {} s, nothing found", wanted.seeds, begun.elapsed().as_secs());
    println!("{all:#?}");
    ExitCode::SUCCESS
}

fn try_flaws(wanted: &Wanted) -> ExitCode {
    let mut missed = false;
    for flaw in Flaw::ALL {
        let mut seeds = wanted.from..wanted.from + wanted.seeds;
        match seeds.find_map(|seed| play(seed, Some(flaw)).err()) {
            Some(failure) => println!(
                "{flaw:?}: found in world {}: {}",
                failure.seed,
                failure.reason.chars().take(160).collect::<String>()
            ),
            None => {
                println!("{flaw:?}: NOT found in {} worlds", wanted.seeds);
                missed = true;
            }
        }
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn tell(failure: &Failure, flaw: Option<Flaw>) {
    for step in failure.steps.iter().rev().take(120).rev() {
        println!("{step}");
    }
    println!("seed {}: {}", failure.seed, failure.reason);
    let flaw = flaw.map_or_else(String::new, |flaw| format!(" --flaw {flaw:?}"));
    println!(
        "repeat it: cargo run --release -p kontor-actors --example simulate -- --from {} --seeds \
         1{flaw}",
        failure.seed
    );
}

fn add(all: &mut Injected, one: &Injected) {
    all.steps += one.steps;
    all.commands += one.commands;
    all.events += one.events;
    all.crashes += one.crashes;
    all.crashes_after_commit += one.crashes_after_commit;
    all.commits_failed += one.commits_failed;
    all.answers_lost += one.answers_lost;
    all.repetitions += one.repetitions;
    all.calls_failed += one.calls_failed;
    all.published_twice += one.published_twice;
}

fn arguments() -> Result<Wanted, String> {
    let mut wanted = Wanted { seeds: 1000, from: 0, flaw: None, flaws: false };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{name} wants a value"));
        match name.as_str() {
            "--seeds" => wanted.seeds = number(&value()?)?,
            "--from" => wanted.from = number(&value()?)?,
            "--flaws" => wanted.flaws = true,
            "--flaw" => {
                let word = value()?;
                let found = Flaw::ALL.into_iter().find(|flaw| format!("{flaw:?}") == word);
                wanted.flaw = Some(found.ok_or_else(|| format!("there is no flaw {word}"))?);
            }
            other => return Err(format!("{other} is not known")),
        }
    }
    Ok(wanted)
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}
