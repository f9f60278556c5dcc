//! Some thousand worlds of the deterministic simulation, and the proof that its checker bites.
//! Many more: `cargo run --release -p kontor-actors --example simulate -- --seeds 100000`.

#![allow(clippy::expect_used)]

mod world;

use world::{Flaw, play};

const SEEDS: u64 = 2_000;
/// Worlds in which a broken rule has to be found.
const FLAW_SEEDS: u64 = 1_500;

#[test]
fn nothing_is_lost_doubled_or_oversold_whatever_is_late_twice_or_dead() {
    for seed in 0..SEEDS {
        if let Err(failure) = play(seed, None) {
            panic!(
                "{}\nseed {}: {}\nrepeat it: cargo run --release -p kontor-actors --example simulate -- \
                 --from {seed} --seeds 1",
                failure.steps.join("\n"),
                failure.seed,
                failure.reason
            );
        }
    }
}

#[test]
fn a_seed_always_goes_the_same_way() {
    for seed in [1, 7, 77] {
        let (first, second) = (play(seed, None), play(seed, None));
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }
}

#[test]
fn every_rule_that_is_broken_on_purpose_is_found() {
    for flaw in Flaw::ALL {
        let found = (0..FLAW_SEEDS).find(|seed| play(*seed, Some(flaw)).is_err());
        assert!(found.is_some(), "{flaw:?} was not found in {FLAW_SEEDS} worlds");
    }
}
