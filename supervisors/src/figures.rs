//! The process's figures, as Prometheus reads them. `docs/metrics.md` says what each is.

use kontor_adapters::http::RenderMetrics;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// What is told as a histogram, so that it can be added up over nodes; the rest are summaries.
const CALLS: &str = "kontor_gateway_call_seconds";
/// From a provider next door to one that is given up.
const CALL_SECONDS: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 90.0];

/// How often what was recorded is added up.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Renders the figures. A process has one recorder, however many nodes run in it.
pub fn render() -> Result<RenderMetrics, String> {
    static RECORDER: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    let install = || {
        let installed = builder().and_then(PrometheusBuilder::install_recorder);
        installed.map_err(|fault| fault.to_string())
    };
    let handle = RECORDER.get_or_init(|| install().inspect(keep_small)).clone()?;
    Ok(Arc::new(move || {
        handle.run_upkeep();
        handle.render()
    }))
}

/// What was recorded is added up now and then: else it would gather until somebody asks for it, which
/// on a node that nobody watches is never.
fn keep_small(handle: &PrometheusHandle) {
    let handle = handle.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(UPKEEP_EVERY);
            handle.run_upkeep();
        }
    });
}

fn builder() -> Result<PrometheusBuilder, metrics_exporter_prometheus::BuildError> {
    let calls = Matcher::Full(CALLS.to_owned());
    PrometheusBuilder::new().set_buckets_for_metric(calls, &CALL_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    const DOCUMENTED: &str = include_str!("../../docs/metrics.md");

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    /// The names that the code counts under.
    fn counted() -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = Vec::new();
        for crate_s in ["actors", "adapters", "supervisors"] {
            sources(&root.join(crate_s).join("src"), &mut files);
        }
        let mut names = BTreeSet::new();
        for text in files.iter().map(|file| fs::read_to_string(file).unwrap()) {
            for kind in ["counter!(", "gauge!(", "histogram!("] {
                for (place, _) in text.match_indices(kind) {
                    let name = text[place + kind.len()..].trim_start().strip_prefix('"');
                    let name = name.and_then(|rest| rest.split_once('"'));
                    let name = name.filter(|(name, _)| name.starts_with("kontor_"));
                    names.extend(name.map(|(name, _)| name.to_owned()));
                }
            }
        }
        names
    }

    #[test]
    fn every_figure_is_described_and_every_one_that_is_described_is_there() {
        let rows = DOCUMENTED.lines().filter_map(|line| line.strip_prefix("| `"));
        let names = rows.filter_map(|row| row.split_once('`')).map(|(name, _)| name.to_owned());
        let described: BTreeSet<_> = names.filter(|name| name.starts_with("kontor_")).collect();
        assert!(described.contains("kontor_gateway_calls_total"));
        assert_eq!(counted(), described);
    }

    #[test]
    fn how_long_calls_took_is_told_by_provider_and_outcome_in_steps() {
        let recorder = builder().unwrap().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            metrics::histogram!("kontor_gateway_call_seconds", "provider" => "stripe",
                "outcome" => "answered")
            .record(0.3);
        });
        let text = recorder.handle().render();
        let line = r#"kontor_gateway_call_seconds_bucket{provider="stripe",outcome="answered",le="0.5"} 1"#;
        assert!(text.lines().any(|shown| shown == line), "{text}");
    }
}
