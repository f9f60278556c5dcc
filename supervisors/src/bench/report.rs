//! What a measurement says: one JSON object, or a table.

use super::{machine::Machine, process::Usage, times::Spread};
use serde::Serialize;
use serde_json::{Map, Value};

/// One measurement.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Which measurement.
    pub(super) bench: &'static str,
    /// What was done, in a sentence.
    pub(super) done: String,
    /// What is counted: `orders`.
    pub(super) unit: &'static str,
    /// What it ran on.
    pub(super) machine: Machine,
    /// The program.
    pub(super) build: Build,
    /// The database, with its version.
    pub(super) database: String,
    /// Units a second, of the best row that is Kontor's.
    pub(super) throughput_per_second: u64,
    /// Kontor's best by the reference's best, if there was a reference.
    pub(super) ratio: Option<f64>,
    /// How long they took in that row.
    #[serde(flatten)]
    pub(super) spread: Spread,
    /// What that row cost, by process.
    pub(super) cpu: Vec<Usage>,
    /// The node's memory at most.
    pub(super) memory_max_mb: u64,
    /// Units that were sold and were not there; only where stock is sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) oversold: Option<i64>,
    /// Everything that was measured, in order.
    pub(super) rows: Vec<Row>,
    /// What only this measurement tells.
    #[serde(flatten)]
    pub(super) more: Map<String, Value>,
}

/// The program that measured itself.
#[derive(Debug, Serialize)]
pub(super) struct Build {
    version: &'static str,
    optimised: bool,
}

/// One thing that was measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    /// What: `kontor, 64 callers`.
    pub(super) what: String,
    /// Whether it is what is measured, and not what it is compared with.
    pub(super) ours: bool,
    /// Units.
    pub(super) count: u64,
    /// Units a second.
    pub(super) throughput_per_second: u64,
    /// How long they took.
    #[serde(flatten)]
    pub(super) spread: Spread,
    /// What it cost, by process.
    pub(super) cpu: Vec<Usage>,
    /// Hundredths of the machine's time that the host took for others.
    pub(super) steal_percent: f64,
}

impl Report {
    /// A report whose figures are those of the best row that is ours.
    pub(super) fn of(
        bench: &'static str,
        unit: &'static str,
        machine: Machine,
        database: String,
        rows: Vec<Row>,
    ) -> Self {
        let best = best(&rows, true);
        let reference = best_rate(&rows, false);
        let throughput = best.map_or(0, |row| row.throughput_per_second);
        Self {
            bench,
            done: String::new(),
            unit,
            machine,
            build: Build { version: env!("CARGO_PKG_VERSION"), optimised: !cfg!(debug_assertions) },
            database,
            throughput_per_second: throughput,
            ratio: super::times::ratio(throughput, reference),
            spread: best.map(|row| row.spread).unwrap_or_default(),
            cpu: best.map(|row| row.cpu.clone()).unwrap_or_default(),
            memory_max_mb: 0,
            oversold: None,
            rows,
            more: Map::new(),
        }
    }

    /// Prints it.
    pub(super) fn print(&self, json: bool) -> Result<(), String> {
        if json {
            let text = serde_json::to_string(self).map_err(|fault| fault.to_string())?;
            println!("{text}");
            return Ok(());
        }
        println!("{}", self.done);
        println!("{}; {}", self.machine, self.database);
        println!();
        print!("{}", table(&self.rows, self.unit));
        println!();
        println!("{} a second: {}", self.unit, self.throughput_per_second);
        if let Some(ratio) = self.ratio {
            println!("by the reference: {ratio}");
        }
        if let Some(oversold) = self.oversold {
            println!("oversold: {oversold}");
        }
        println!("memory of the node at most: {} MB", self.memory_max_mb);
        for (name, value) in &self.more {
            println!("{}: {value}", name.replace('_', " "));
        }
        Ok(())
    }
}

/// The best rate of the rows that are ours, or are not; 0 if there is none.
pub(super) fn best_rate(rows: &[Row], ours: bool) -> u64 {
    best(rows, ours).map_or(0, |row| row.throughput_per_second)
}

fn best(rows: &[Row], ours: bool) -> Option<&Row> {
    rows.iter().filter(|row| row.ours == ours).max_by_key(|row| row.throughput_per_second)
}

/// The rows for people, the columns as wide as they must be.
fn table(rows: &[Row], unit: &str) -> String {
    let titles = [
        "",
        &format!("{unit}/s"),
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "max ms",
        "steal %",
        "CPU us each",
    ];
    let mut lines: Vec<Vec<String>> = vec![titles.iter().map(|&title| title.to_owned()).collect()];
    for row in rows {
        let Spread { p50_ms, p95_ms, p99_ms, max_ms } = row.spread;
        let cpu = row.cpu.iter().map(|usage| format!("{} {}", usage.process, usage.each_us));
        let mut line = vec![row.what.clone(), row.throughput_per_second.to_string()];
        line.extend([p50_ms, p95_ms, p99_ms, max_ms, row.steal_percent].map(|it| it.to_string()));
        line.push(cpu.collect::<Vec<_>>().join(", "));
        lines.push(line);
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..titles.len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if (1..=6).contains(&column) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(what: &str, ours: bool, rate: u64) -> Row {
        let usage = Usage { process: "node", cores: 0.9, each_us: 120, memory_max_mb: 40 };
        Row {
            what: what.to_owned(),
            ours,
            count: rate,
            throughput_per_second: rate,
            spread: Spread { p99_ms: 3.5, ..Spread::default() },
            cpu: vec![usage],
            steal_percent: 0.0,
        }
    }

    fn report() -> Report {
        let rows = vec![row("sql", false, 100), row("1", true, 150), row("64", true, 260)];
        Report::of("orders", "orders", Machine::here(), "sqlite".to_owned(), rows)
    }

    #[test]
    fn the_best_of_ours_is_compared_with_the_best_of_theirs() {
        let report = report();
        assert_eq!((report.throughput_per_second, report.ratio), (260, Some(2.6)));
    }

    #[test]
    fn the_object_has_what_others_read() {
        let mut report = report();
        report.oversold = Some(0);
        let value = serde_json::to_value(&report).unwrap();
        for name in [
            "machine",
            "build",
            "database",
            "throughput_per_second",
            "ratio",
            "p50_ms",
            "p95_ms",
            "p99_ms",
            "max_ms",
            "cpu",
            "memory_max_mb",
            "oversold",
        ] {
            assert!(value.get(name).is_some(), "{name}");
        }
        assert!(value["machine"]["cores"].as_u64().is_some_and(|cores| cores > 0));
        assert_eq!(value["p99_ms"], 3.5);
    }

    #[test]
    fn figures_stand_under_their_titles() {
        let text = table(&[row("kontor, 64 callers", true, 7000)], "orders");
        let lines: Vec<&str> = text.lines().collect();
        let end = |line: &str, word: &str| line.find(word).map(|start| start + word.len());
        assert_eq!(end(lines[0], "orders/s"), end(lines[1], "7000"));
        assert!(lines[1].ends_with("node 120"));
    }
}
