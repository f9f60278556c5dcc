//! The first pass over a feed: what it is like, what is wrong with it, and which of its rows are
//! news. Nothing is applied; rows that are news go to a file of their own, for the second pass.
//!
//! It runs on a thread that may wait, in memory that does not grow with the feed.

use super::{
    index::Index,
    kept::{availability, held, problem},
    mapped::{Mapper, Meaning, Row},
    plan::Plan,
};
use kontor_feeds::{FeedError, Progress, RawRow, Record, RowError, TextReport, gates};
use kontor_messages::{
    Currency, Money,
    supplier::{
        Availability, CategoryCount, LEFT_OUT_MAX, LeftOut, LeftOutRow, PROBLEMS_MAX, RowProblem,
        Sample,
    },
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// Category paths that are counted.
const PATHS_MAX: usize = 5_000;
/// Samples of a dry run.
const SAMPLES_MAX: usize = 50;

/// What is surveyed.
pub struct Job {
    /// The feed.
    pub file: File,
    /// How it is read.
    pub plan: Plan,
    /// What is known.
    pub index: Index,
    /// The currency of what is known.
    pub currency: Currency,
    /// Where news goes.
    pub news: PathBuf,
    /// Rows up to this one are done with.
    pub done: u64,
    /// Only these rows, where failed ones are tried again.
    pub only: Option<HashSet<u64>>,
    /// Nothing of it will be applied; samples are wanted.
    pub dry_run: bool,
    /// How far it is, and whether to stop.
    pub watch: Arc<Watch>,
}

/// What others see of a survey.
#[derive(Default)]
pub struct Watch {
    /// Rows that were read.
    pub rows: AtomicU64,
    /// Bytes that were read.
    pub bytes: AtomicU64,
    /// Set to have it stopped.
    pub stop: AtomicBool,
}

/// What a feed is like.
pub struct Survey {
    /// For the gates, and for the next feed to be compared with.
    pub figures: gates::Figures,
    /// Rows that are left out.
    pub skipped: u64,
    /// The first of them.
    pub left_out: Vec<LeftOutRow>,
    /// Rows that cannot be taken.
    pub failed: u64,
    /// What is wrong with them, as far as it is kept.
    pub problems: Vec<RowProblem>,
    /// How many more there are.
    pub problems_dropped: u32,
    /// Rows that are news, in the file.
    pub news: u64,
    /// Of these, offers that are not known yet.
    pub new: u64,
    /// What a dry run shows.
    pub samples: Vec<Sample>,
    /// Rows by category path.
    pub categories: Vec<CategoryCount>,
    /// What was noticed about the text.
    pub warnings: Vec<String>,
    /// Bytes of the feed's file.
    pub bytes: u64,
    /// What is known, with what the feed has marked.
    pub index: Index,
}

/// A row that is news.
#[derive(Serialize, Deserialize)]
pub struct News {
    /// The row.
    pub row: u64,
    /// The line at which it begins.
    pub line: u64,
    /// What it says.
    pub record: Record,
    /// Its fingerprint.
    pub fingerprint: u64,
    /// The same without price and stock.
    pub content: u64,
    /// The page of the offer, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Whether anything besides stock is news.
    pub described: bool,
}

/// Why a survey did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum SurveyFault {
    /// The feed is no good.
    #[error("{0}")]
    Feed(#[from] FeedError),
    /// The disk failed.
    #[error("the feed's news cannot be kept: {0}")]
    Disk(#[from] std::io::Error),
    /// There is no thread to be had.
    #[error("no thread for mapping: {0}")]
    Thread(std::io::Error),
    /// It was told to stop.
    #[error("it was stopped")]
    Stopped,
}

/// Reads the whole feed.
pub fn survey(job: Job) -> Result<Survey, SurveyFault> {
    let Job { file, plan, index, currency, news, done, only, dry_run, watch } = job;
    let file = BufReader::with_capacity(256 * 1024, file);
    let mut rows = kontor_feeds::open(file, &plan.source)?;
    let mut pass = Pass {
        plan: &plan,
        index,
        currency,
        out: BufWriter::with_capacity(256 * 1024, create(&news)?),
        done,
        only,
        dry_run,
        new_codes: HashSet::new(),
        paths: HashMap::new(),
        survey: Found::default(),
    };
    std::thread::scope(|threads| {
        let mapper = Mapper::begin(threads, &plan).map_err(SurveyFault::Thread)?;
        let (mut mapper, mut more) = (mapper, true);
        while let Some(mut handful) = mapper.next(more) {
            for row in handful.drain(..) {
                pass.row(row)?;
            }
            if more {
                let is_known = |fingerprint| pass.index.by_row(fingerprint).is_some();
                more = mapper.read(&mut rows, handful, &plan, is_known)?;
                look(&watch, &rows.progress())?;
            }
        }
        Ok::<_, SurveyFault>(())
    })?;
    pass.out.flush()?;
    let warnings = warnings(rows.report());
    let bytes = rows.progress().packed_bytes;
    Ok(pass.finish(warnings, bytes))
}

/// Shows how far it is, and looks whether to stop.
fn look(watch: &Watch, progress: &Progress) -> Result<(), SurveyFault> {
    watch.rows.store(progress.rows, Ordering::Relaxed);
    watch.bytes.store(progress.packed_bytes, Ordering::Relaxed);
    if watch.stop.load(Ordering::Relaxed) { Err(SurveyFault::Stopped) } else { Ok(()) }
}

/// What was noticed about the text, in sentences.
fn warnings(report: &TextReport) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(declared) = report.declared_wrongly {
        told.push(format!("the feed says that its encoding is {declared:?}, and it is not"));
    }
    for (count, what) in [
        (report.controls, "control characters were left out"),
        (report.malformed, "bytes mean nothing in the feed's encoding"),
        (report.entities_unknown, "references mean nothing and were left as they are"),
        (report.fields_dropped, "values were dropped, for the feed has too many names of fields"),
    ] {
        if 0 < count {
            told.push(format!("{count} {what}"));
        }
    }
    if report.encoded_twice {
        told.push("the text was encoded twice; the mapping can undo it".to_owned());
    }
    told
}

fn create(path: &Path) -> std::io::Result<File> {
    File::create(path)
}

/// A pass under way.
struct Pass<'p> {
    plan: &'p Plan,
    index: Index,
    currency: Currency,
    out: BufWriter<File>,
    done: u64,
    only: Option<HashSet<u64>>,
    dry_run: bool,
    /// Codes that are new, by their hashes.
    new_codes: HashSet<u64>,
    paths: HashMap<String, u64>,
    survey: Found,
}

#[derive(Default)]
struct Found {
    figures: gates::Figures,
    skipped: u64,
    left_out: Vec<LeftOutRow>,
    failed: u64,
    problems: Vec<RowProblem>,
    problems_dropped: u32,
    news: u64,
    new: u64,
    samples: Vec<Sample>,
}

impl Pass<'_> {
    fn row(&mut self, row: Row) -> Result<(), SurveyFault> {
        let Row { raw, fingerprint, meaning, .. } = row;
        self.survey.figures.rows += 1;
        if let Some(place) = self.index.by_row(fingerprint)
            && self.index.see(place)
        {
            self.known(place);
            return Ok(());
        }
        match meaning.unwrap_or_else(|| self.plan.meaning(&raw)) {
            Meaning::Wrong(errors, code) => self.failed(errors, code.as_deref()),
            Meaning::Filtered(code) => self.left_out(&raw, code, LeftOut::Filtered),
            Meaning::Offer(record, content) => self.record(&raw, *record, fingerprint, content)?,
        }
        Ok(())
    }

    /// A row that says what is known: it is counted by what is known.
    fn known(&mut self, place: usize) {
        let entry = *self.index.get(place);
        let figures = &mut self.survey.figures;
        figures.records += 1;
        figures.zero_stock += u64::from(entry.stock() == Availability::None);
        match entry.price_minor() {
            Some(amount_minor) => {
                let price = Money { amount_minor, currency: self.currency };
                figures.prices.add(price, price);
            }
            None => figures.no_price += 1,
        }
    }

    fn left_out(&mut self, row: &RawRow, code: Option<String>, why: LeftOut) {
        self.survey.skipped += 1;
        if self.survey.left_out.len() < LEFT_OUT_MAX as usize {
            let (row, line) = (row.number, row.line);
            self.survey.left_out.push(LeftOutRow { row, line, code, why });
        }
    }

    fn failed(&mut self, errors: Vec<RowError>, code: Option<&str>) {
        self.survey.failed += 1;
        self.survey.figures.errors += 1;
        for error in errors {
            if self.survey.problems.len() < PROBLEMS_MAX as usize {
                self.survey.problems.push(problem(error, code));
            } else {
                self.survey.problems_dropped = self.survey.problems_dropped.saturating_add(1);
            }
        }
    }

    fn record(
        &mut self,
        row: &RawRow,
        mut record: Record,
        fingerprint: u64,
        content: u64,
    ) -> Result<(), SurveyFault> {
        self.survey.figures.count_record(&record);
        for path in &record.categories {
            self.count(&path.join(" > "));
        }
        let place = self.index.by_code(&record.code);
        let first = match place {
            Some(place) => self.index.see(place),
            None => self.new_codes.insert(super::index::key(&record.code)),
        };
        if !first {
            self.survey.figures.duplicates += 1;
            self.left_out(row, Some(record.code), LeftOut::Repeated);
            return Ok(());
        }
        if record.deleted && place.is_none() {
            self.left_out(row, Some(record.code), LeftOut::NeverKnown);
            return Ok(());
        }
        let (price, said) = (record.purchase_price, availability(&record));
        let mut described = true;
        if let Some(place) = place {
            let known = *self.index.get(place);
            described = known.content != content && !record.deleted;
            let before = known.price_minor();
            let before = before.map(|amount_minor| Money { amount_minor, currency: self.currency });
            if let (Some(before), Some(now)) = (before, price) {
                self.survey.figures.prices.add(before, now);
                if self.only.is_none() && self.plan.gates.holds_price(before, now) {
                    let held = held(row, before, now);
                    self.failed(vec![held], Some(&record.code));
                    return Ok(());
                }
            }
            let same_price = price.is_none_or(|price| before == Some(price));
            let same = !described
                && same_price
                && (said == Availability::Unknown || said == known.stock())
                && !known.is_restless();
            if same {
                return Ok(());
            }
            // The best offer is one of those who have some.
            let turned = (said == Availability::None) != (known.stock() == Availability::None);
            if turned && said != Availability::Unknown {
                record.purchase_price = price.or(before);
                described = true;
            }
            described |= !same_price;
        }
        if row.number <= self.done
            || self.only.as_ref().is_some_and(|only| !only.contains(&row.number))
        {
            return Ok(());
        }
        self.news(row, record, fingerprint, content, place, described)
    }

    fn news(
        &mut self,
        row: &RawRow,
        record: Record,
        fingerprint: u64,
        content: u64,
        place: Option<usize>,
        described: bool,
    ) -> Result<(), SurveyFault> {
        self.survey.news += 1;
        self.survey.new += u64::from(place.is_none());
        if self.dry_run {
            if self.survey.samples.len() < SAMPLES_MAX {
                let sample = self.sample(row, &record, place);
                self.survey.samples.push(sample);
            }
            return Ok(());
        }
        let page = place.map(|place| self.index.get(place).page);
        let news =
            News { row: row.number, line: row.line, record, fingerprint, content, page, described };
        serde_json::to_writer(&mut self.out, &news).map_err(std::io::Error::other)?;
        self.out.write_all(b"\n")?;
        Ok(())
    }

    fn sample(&self, row: &RawRow, record: &Record, place: Option<usize>) -> Sample {
        let known = place.map(|place| self.index.get(place));
        let before = known.and_then(|known| known.price_minor());
        Sample {
            row: row.number,
            code: record.code.clone(),
            new: known.is_none(),
            product: None,
            title: record.name.clone(),
            price_before: before
                .map(|amount_minor| Money { amount_minor, currency: self.currency }),
            price: record.purchase_price,
            stock_before: known.map(|known| known.stock()),
            stock: availability(record),
        }
    }

    fn count(&mut self, path: &str) {
        if let Some(rows) = self.paths.get_mut(path) {
            *rows += 1;
        } else if self.paths.len() < PATHS_MAX {
            self.paths.insert(path.to_owned(), 1);
        }
    }

    fn finish(self, warnings: Vec<String>, bytes: u64) -> Survey {
        let Found {
            mut figures,
            skipped,
            left_out,
            failed,
            problems,
            problems_dropped,
            news,
            new,
            samples,
        } = self.survey;
        figures.known = self.index.present() as u64;
        let categories = self.paths.into_iter().map(|(path, rows)| CategoryCount { path, rows });
        let mut categories: Vec<_> = categories.collect();
        categories.sort_by(|one, other| one.path.cmp(&other.path));
        let index = self.index;
        Survey {
            figures,
            skipped,
            left_out,
            failed,
            problems,
            problems_dropped,
            news,
            new,
            samples,
            categories,
            warnings,
            bytes,
            index,
        }
    }
}
