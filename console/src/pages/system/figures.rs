//! The node's figures as Prometheus reads them, and how they have moved lately.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Samples that are kept, two seconds apart at least.
const SAMPLES_MAX: usize = 40;
const APART: Duration = Duration::from_millis(1500);
/// Figures of a sample at most; histograms are left out.
const FIGURES_MAX: usize = 5_000;

/// A figure: its name, its labels, its value in millionths.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Figure {
    name: String,
    labels: Vec<(String, String)>,
    micro: i64,
}

/// What a node told of itself at one time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    all: Vec<Figure>,
}

/// What was told lately, the newest last. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Samples {
    kept: Arc<Mutex<VecDeque<Sample>>>,
}

/// Figures with their time.
#[derive(Clone)]
pub(crate) struct Sample {
    at: Instant,
    pub(crate) figures: Arc<Figures>,
}

impl Figures {
    /// Reads the text that Prometheus reads.
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let known = lines.filter(|line| !line.contains("_bucket{"));
        Self { all: known.filter_map(figure).take(FIGURES_MAX).collect() }
    }

    /// The sum over all figures of a name that have these labels, in millionths.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> i64 {
        self.of(name, labels).map(|figure| figure.micro).sum()
    }

    /// The greatest of them.
    pub(crate) fn max(&self, name: &str, labels: &[(&str, &str)]) -> i64 {
        self.of(name, labels).map(|figure| figure.micro).max().unwrap_or_default()
    }

    /// The values that a label has, each once.
    pub(crate) fn values(&self, name: &str, label: &str) -> Vec<String> {
        self.values_of(name, &[], label)
    }

    /// The values that a label has where others have these.
    pub(crate) fn values_of(
        &self,
        name: &str,
        labels: &[(&str, &str)],
        label: &str,
    ) -> Vec<String> {
        let mut values: Vec<String> = self
            .of(name, labels)
            .flat_map(|figure| figure.labels.iter())
            .filter(|(known, _)| known == label)
            .map(|(_, value)| value.clone())
            .collect();
        values.sort();
        values.dedup();
        values
    }

    fn of<'f>(
        &'f self,
        name: &'f str,
        labels: &'f [(&str, &str)],
    ) -> impl Iterator<Item = &'f Figure> {
        self.all.iter().filter(move |figure| {
            figure.name == name
                && labels.iter().all(|(label, value)| {
                    figure.labels.iter().any(|(known, is)| known == label && is == value)
                })
        })
    }
}

/// `name{label="value"} 1.5`
fn figure(line: &str) -> Option<Figure> {
    let (what, value) = line.rsplit_once(' ')?;
    let (name, labels) = match what.split_once('{') {
        Some((name, labels)) => (name, labels.trim_end_matches('}')),
        None => (what, ""),
    };
    let pairs = labels.split("\",").filter_map(|pair| pair.split_once("=\""));
    let labels = pairs
        .map(|(label, value)| (label.trim().to_owned(), value.trim_end_matches('"').to_owned()));
    Some(Figure { name: name.to_owned(), labels: labels.collect(), micro: micro(value)? })
}

/// A decimal number in millionths; what is finer is cut off.
fn micro(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = fraction.parse().ok()?;
    Some(sign * whole.checked_mul(1_000_000)?.checked_add(fraction)?)
}

impl Samples {
    /// Takes a sample up, and gives all that are known.
    pub(crate) fn take(&self, figures: Figures) -> Vec<Sample> {
        let sample = Sample { at: Instant::now(), figures: Arc::new(figures) };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let soon = kept.iter().rev().nth(1).is_some_and(|last| sample.at - last.at < APART);
        if soon {
            kept.pop_back();
        }
        if kept.len() >= SAMPLES_MAX {
            kept.pop_front();
        }
        kept.push_back(sample);
        kept.iter().cloned().collect()
    }
}

/// How much a figure grows in a second, in millionths, between each two samples.
pub(crate) fn rates(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> Vec<i64> {
    let pairs = samples.windows(2);
    let rate = |pair: &[Sample]| {
        let took = i64::try_from((pair[1].at - pair[0].at).as_millis()).unwrap_or(i64::MAX);
        let (before, after) =
            (pair[0].figures.sum(name, labels), pair[1].figures.sum(name, labels));
        // A node that was started again counts from nothing.
        (after - before).max(0).saturating_mul(1000) / took.max(1)
    };
    pairs.map(rate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE a counter\n\
        a{follower=\"policies\",shard=\"0\"} 12\n\
        a{follower=\"policies\",shard=\"1\"} 3\n\
        a{follower=\"search\",shard=\"0\"} 7\n\
        t{route=\"/v1/{x}\",quantile=\"0.99\"} 0.0125\n\
        t_bucket{le=\"1\"} 9\n";

    #[test]
    fn figures_are_found_and_added_by_their_labels() {
        let figures = Figures::parse(TEXT);
        assert_eq!(figures.sum("a", &[("follower", "policies")]), 15_000_000);
        assert_eq!(figures.max("a", &[]), 12_000_000);
        assert_eq!(figures.values("a", "follower"), ["policies", "search"]);
        assert_eq!(figures.max("t", &[("quantile", "0.99")]), 12_500);
        assert_eq!(figures.sum("t_bucket", &[]), 0);
    }

    #[test]
    fn a_number_is_read_without_a_float() {
        assert_eq!(micro("0.0000015"), Some(1));
        assert_eq!(micro("-2.5"), Some(-2_500_000));
        assert_eq!(micro("NaN"), None);
    }

    #[test]
    fn a_counter_that_began_anew_has_no_rate_below_nothing() {
        let at = Instant::now();
        let sample = |after_ms, text: &str| Sample {
            at: at + Duration::from_millis(after_ms),
            figures: Arc::new(Figures::parse(text)),
        };
        let samples = [sample(0, "a 10\n"), sample(2000, "a 30\n"), sample(4000, "a 1\n")];
        assert_eq!(rates(&samples, "a", &[]), [10_000_000, 0]);
    }
}
