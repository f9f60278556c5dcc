//! The node's figures as Prometheus reads them, and how they have moved lately.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Samples that are kept, two seconds apart at least.
const SAMPLES_MAX: usize = 40;
const APART: Duration = Duration::from_millis(1500);
/// What pages tell of; no other figure is kept.
const NAMES: [&str; 17] = [
    "kontor_admission_refused_total",
    "kontor_amqp_connected",
    "kontor_amqp_connects_total",
    "kontor_domain_restarts_total",
    "kontor_follower_events_total",
    "kontor_follower_hitches_total",
    "kontor_follower_lag_events",
    "kontor_follower_parked_events",
    "kontor_follower_restarts_total",
    "kontor_gateway_breakers",
    "kontor_gateway_calls_total",
    "kontor_http_request_seconds",
    "kontor_http_requests_total",
    "kontor_journal_commit_seconds",
    "kontor_journal_events_total",
    "kontor_relay_published_total",
    "kontor_relay_unroutable_total",
];
/// Figures of a name at most: ten times what 64 shards with ten followers each have.
const FIGURES_MAX: usize = 6_400;

/// A figure: its labels, its value in millionths.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Figure {
    labels: Vec<(String, String)>,
    micro: i64,
}

/// What a node told of itself at one time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    by_name: HashMap<&'static str, Vec<Figure>>,
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
        let mut by_name: HashMap<&'static str, Vec<Figure>> = HashMap::new();
        for line in text.lines() {
            let named = line.split(['{', ' ']).next().unwrap_or_default();
            let Some(name) = NAMES.into_iter().find(|name| *name == named) else { continue };
            let of_name = by_name.entry(name).or_default();
            if of_name.len() < FIGURES_MAX {
                of_name.extend(figure(line));
            }
        }
        Self { by_name }
    }

    /// The sum over all figures of a name that have these labels, in millionths.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> i64 {
        self.of(name, labels).map(|figure| figure.micro).sum()
    }

    /// The greatest of them.
    pub(crate) fn max(&self, name: &str, labels: &[(&str, &str)]) -> i64 {
        self.of(name, labels).map(|figure| figure.micro).max().unwrap_or_default()
    }

    /// The sums over all figures of a name by the values of these labels, in one pass.
    pub(crate) fn sums_by<const N: usize>(
        &self,
        name: &str,
        labels: [&str; N],
    ) -> BTreeMap<[&str; N], i64> {
        let mut sums = BTreeMap::new();
        for figure in self.by_name.get(name).map(Vec::as_slice).unwrap_or_default() {
            *sums.entry(labels.map(|label| figure.value(label))).or_default() += figure.micro;
        }
        sums
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
        let of_name = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        of_name.iter().filter(move |figure| {
            labels.iter().all(|(label, value)| {
                figure.labels.iter().any(|(known, is)| known == label && is == value)
            })
        })
    }
}

impl Figure {
    /// What a label says; nothing, if it is not there.
    fn value(&self, label: &str) -> &str {
        self.labels.iter().find(|(known, _)| known == label).map_or("", |(_, value)| value)
    }
}

/// `name{label="value"} 1.5`
fn figure(line: &str) -> Option<Figure> {
    let (what, value) = line.rsplit_once(' ')?;
    let labels = what.split_once('{').map_or("", |(_, labels)| labels.trim_end_matches('}'));
    let pairs = labels.split("\",").filter_map(|pair| pair.split_once("=\""));
    let labels = pairs
        .map(|(label, value)| (label.trim().to_owned(), value.trim_end_matches('"').to_owned()));
    Some(Figure { labels: labels.collect(), micro: micro(value)? })
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
    let sums: Vec<_> = samples.iter().map(|sample| sample.figures.sum(name, labels)).collect();
    growth(samples, &sums)
}

/// The same of a name by the values of these labels: each sample is gone through once, for however many
/// values there are.
pub(crate) fn rates_by<'s, const N: usize>(
    samples: &'s [Sample],
    name: &str,
    labels: [&str; N],
) -> BTreeMap<[&'s str; N], Vec<i64>> {
    let sums: Vec<_> = samples.iter().map(|one| one.figures.sums_by(name, labels)).collect();
    let known = sums.last().into_iter().flat_map(|last| last.keys());
    let rates = known.map(|values| {
        let own = sums.iter().map(|of_all| of_all.get(values).copied().unwrap_or_default());
        (*values, growth(samples, &own.collect::<Vec<_>>()))
    });
    rates.collect()
}

/// How much what was summed up in each sample grew in a second since the one before it.
fn growth(samples: &[Sample], sums: &[i64]) -> Vec<i64> {
    let steps = samples.windows(2).zip(sums.windows(2));
    let rate = |(pair, sums): (&[Sample], &[i64])| {
        let took = i64::try_from((pair[1].at - pair[0].at).as_millis()).unwrap_or(i64::MAX);
        // A node that was started again counts from nothing.
        (sums[1] - sums[0]).max(0).saturating_mul(1000) / took.max(1)
    };
    steps.map(rate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = "kontor_follower_events_total";
    const TEXT: &str = "# TYPE a counter\n\
        kontor_follower_events_total{follower=\"policies\",shard=\"0\"} 12\n\
        kontor_follower_events_total{follower=\"policies\",shard=\"1\"} 3\n\
        kontor_follower_events_total{follower=\"search\",shard=\"0\"} 7\n\
        kontor_http_request_seconds{route=\"/v1/{x}\",quantile=\"0.99\"} 0.0125\n\
        kontor_http_request_seconds_count{route=\"/v1/{x}\"} 9\n\
        kontor_of_no_page 4\n";

    fn sample(after_ms: u64, text: &str) -> Sample {
        static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        let at = *BEGAN.get_or_init(Instant::now) + Duration::from_millis(after_ms);
        Sample { at, figures: Arc::new(Figures::parse(text)) }
    }

    #[test]
    fn figures_are_found_and_added_by_their_labels() {
        let figures = Figures::parse(TEXT);
        assert_eq!(figures.sum(EVENTS, &[("follower", "policies")]), 15_000_000);
        assert_eq!(figures.max(EVENTS, &[]), 12_000_000);
        assert_eq!(figures.values(EVENTS, "follower"), ["policies", "search"]);
        assert_eq!(figures.max("kontor_http_request_seconds", &[("quantile", "0.99")]), 12_500);
        assert_eq!(figures.sum("kontor_http_request_seconds_count", &[]), 0);
    }

    #[test]
    fn figures_of_which_no_page_tells_push_out_none_of_which_one_does() {
        let others = "kontor_of_no_page{route=\"x\"} 1\n".repeat(2 * FIGURES_MAX);
        assert_eq!(Figures::parse(&(others + TEXT)).sum(EVENTS, &[]), 22_000_000);
        // 64 shards with 20 followers each.
        let line = |place: i32| {
            format!("{EVENTS}{{follower=\"f{}\",shard=\"{}\"}} 1\n", place / 64, place % 64)
        };
        let many: String = (0..1_280).map(line).collect();
        assert_eq!(Figures::parse(&many).sum(EVENTS, &[]), 1_280_000_000);
    }

    #[test]
    fn every_figure_of_which_a_page_tells_is_kept() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/pages/system");
        let mut folders = vec![std::path::PathBuf::from(folder)];
        let mut told = std::collections::BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("figures.rs") {
                    let text = std::fs::read_to_string(path).unwrap();
                    let names = text.split('"').filter(|part| part.starts_with("kontor_"));
                    told.extend(names.map(str::to_owned));
                }
            }
        }
        assert_eq!(told.iter().collect::<Vec<_>>(), NAMES.iter().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_added_up_for_many_at_once_is_what_each_of_them_comes_to() {
        let samples = [sample(0, ""), sample(2000, TEXT)];
        let of_all = rates_by(&samples, EVENTS, ["follower", "shard"]);
        assert_eq!(of_all.len(), 3);
        for ([follower, shard], own) in &of_all {
            let labels = [("follower", *follower), ("shard", *shard)];
            assert_eq!(*own, rates(&samples, EVENTS, &labels));
            let sum =
                samples[1].figures.sums_by(EVENTS, ["follower", "shard"])[&[*follower, *shard]];
            assert_eq!(sum, samples[1].figures.sum(EVENTS, &labels));
        }
    }

    #[test]
    fn a_number_is_read_without_a_float() {
        assert_eq!(micro("0.0000015"), Some(1));
        assert_eq!(micro("-2.5"), Some(-2_500_000));
        assert_eq!(micro("NaN"), None);
    }

    #[test]
    fn a_counter_that_began_anew_has_no_rate_below_nothing() {
        let sample = |after_ms, count: i32| sample(after_ms, &format!("{EVENTS} {count}\n"));
        let samples = [sample(0, 10), sample(2000, 30), sample(4000, 1)];
        assert_eq!(rates(&samples, EVENTS, &[]), [10_000_000, 0]);
    }
}
