//! The second pass: rows that are news are told to the catalog, to stock and to the supplier's
//! domain, some hundred at a time and several batches at once, each in its turn with each domain; fewer
//! and one at a time while others ask for something.
//!
//! The supplier's domain is told last, with the place of the import after the batch: until then the
//! batch may be told again, and is no news to the others.

use super::{
    kept::availability,
    pace::Pace,
    products::{Matching, skus, ways},
    survey::News,
};
use futures_util::{StreamExt, stream::FuturesOrdered};
use kontor_actors::{
    catalog::Catalog,
    domain::Domain,
    follower::Hitch,
    intake::{Caller, Intake},
    request::{Denied, Done, Terms},
    stock::Stock,
    supplier::{Page, Supplier, SupplierState},
};
use kontor_messages::{
    EntityId, Timestamp,
    catalog::{CatalogCommand, CatalogEvent, RowOutcome},
    stock::{Observed, StockCommand},
    supplier::{Availability, NewOffer, Progress, RowProblem, SupplierCommand, page_entity},
};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::PathBuf,
};
use tokio::sync::{OwnedSemaphorePermit, RwLock, mpsc};

/// Rows of a batch.
const BATCH: usize = 500;
/// Batches between two stages.
const WAITING: usize = 1;
/// Batches that a domain is told of before it has answered.
const AHEAD: usize = 3;
/// Batches that the supplier's domain is told of at once, if so many wait for it.
const TOGETHER: usize = 3;

/// What is applied, and for whom.
pub struct Applying {
    /// The way in.
    pub intake: Intake,
    /// Who tells.
    pub caller: Caller,
    /// The import.
    pub import: EntityId,
    /// The source's code.
    pub source: String,
    /// When what the feed tells was so.
    pub observed_at: Timestamp,
    /// How products are found.
    pub matching: Matching,
    /// How far it will be in the end.
    pub progress: Progress,
}

/// A batch whose offers were looked up.
struct Looked {
    news: Vec<News>,
    /// The SKUs of those that are known.
    known: Vec<Option<String>>,
    step: OwnedSemaphorePermit,
}

/// A batch on its way.
struct Batch {
    news: Vec<News>,
    skus: Vec<Option<String>>,
    failed: Vec<bool>,
    problems: Vec<RowProblem>,
    /// Held until the batch is kept.
    _step: OwnedSemaphorePermit,
}

impl Applying {
    /// Applies all news. False: the import was stopped meanwhile.
    pub async fn run(&self, news: PathBuf) -> Result<bool, Hitch> {
        let (read, batches) = mpsc::channel(WAITING);
        let (looked, looks) = mpsc::channel(WAITING);
        let (matched, matches) = mpsc::channel(WAITING);
        let (stocked, stocks) = mpsc::channel(TOGETHER);
        let reading = tokio::task::spawn_blocking(move || batch_up(news, &read));
        let (looking, matching, stocking, keeping) = tokio::join!(
            self.look_all(batches, looked),
            self.match_all(looks, matched),
            self.stock_all(matches, stocked),
            self.keep_all(stocks),
        );
        let read = reading.await.map_err(|fault| Hitch::new(fault.to_string()))?;
        read.map_err(|fault| Hitch::new(format!("the feed's news cannot be read: {fault}")))?;
        looking?;
        matching?;
        stocking?;
        keeping
    }

    /// Looks up the products of rows whose offers are known, at the import's pace.
    async fn look_all(
        &self,
        mut batches: mpsc::Receiver<Vec<News>>,
        next: mpsc::Sender<Looked>,
    ) -> Result<(), Hitch> {
        let (mut pages, mut pace) = (Pages::default(), self.pace());
        while let Some(news) = batches.recv().await {
            let mut news = news.into_iter();
            while 0 < news.len() {
                let (step, rows) = pace.step(BATCH).await?;
                let news: Vec<News> = news.by_ref().take(rows).collect();
                let mut known = Vec::with_capacity(news.len());
                for row in &news {
                    known.push(match row.page {
                        Some(page) => self.product(&mut pages, page, &row.record.code).await?,
                        None => None,
                    });
                }
                if next.send(Looked { news, known, step }).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn match_all(
        &self,
        batches: mpsc::Receiver<Looked>,
        next: mpsc::Sender<Batch>,
    ) -> Result<(), Hitch> {
        let gate = RwLock::new(());
        several(batches, next, |looked| self.matched(looked, &gate)).await
    }

    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.intake.admission().clone())
    }

    /// Tells the catalog what the rows say of products, and learns which products they are. What one
    /// batch makes, the rows of the next may be; so a batch with unknown rows goes through the gate
    /// alone.
    async fn matched(&self, looked: Looked, gate: &RwLock<()>) -> Result<Batch, Hitch> {
        let Looked { news, known, step } = looked;
        let (_alone, _beside) = match known.iter().all(Option::is_some) {
            true => (None, Some(gate.read().await)),
            false => (Some(gate.write().await), None),
        };
        let tenant = &self.caller.tenant;
        let ways =
            ways(&self.intake, tenant, &self.matching, &news, &known).await.map_err(store)?;
        let failed = vec![false; news.len()];
        let mut batch = Batch { skus: known, failed, problems: Vec::new(), news, _step: step };
        let mut places = Vec::new();
        let mut rows = Vec::new();
        for (place, (row, way)) in batch.news.iter().zip(&ways).enumerate() {
            // Of a product that is known, nothing but stock may be news.
            let told = row.described || batch.skus[place].is_none();
            if told && let Some(row) = self.matching.row(row, way) {
                places.push(place);
                rows.push(row);
            }
        }
        if rows.is_empty() {
            return Ok(batch);
        }
        let new: Vec<Option<String>> =
            rows.iter().map(|row| row.new.as_ref().map(|new| new.sku.clone())).collect();
        let by = self.matching.writer();
        let done = self.tell::<Catalog>(CatalogCommand::Import { by, rows }).await?;
        let Some(done) = done else {
            return Err(Hitch::new("the catalog refused a batch of an import"));
        };
        let unnamed = self.learn(&mut batch, &done, &places, &new);
        let products: Vec<EntityId> = unnamed.iter().map(|(_, id)| id.clone()).collect();
        let named = skus(&self.intake, tenant, &products).await.map_err(store)?;
        for ((place, _), sku) in unnamed.into_iter().zip(named) {
            batch.skus[place] = sku;
        }
        Ok(batch)
    }

    /// What became of the rows. Answers with products whose SKU is not known yet.
    fn learn(
        &self,
        batch: &mut Batch,
        done: &Done<Catalog>,
        places: &[usize],
        new: &[Option<String>],
    ) -> Vec<(usize, EntityId)> {
        let mut unnamed = Vec::new();
        for (_, _, event) in &done.events {
            let CatalogEvent::RowDone { row, product, outcome, .. } = event else { continue };
            let Some(place) = places.get(*row).copied() else { continue };
            match (outcome, product) {
                (RowOutcome::Created, _) => batch.skus[place] = new.get(*row).cloned().flatten(),
                (RowOutcome::Failed { code, .. }, _) if code == "not_found" => {
                    batch.skus[place] = None;
                }
                (RowOutcome::Failed { pointer, detail, .. }, _) => {
                    batch.failed[place] = true;
                    let news = &batch.news[place];
                    let field = pointer.clone().unwrap_or_else(|| "product".to_owned());
                    batch.problems.push(RowProblem {
                        row: news.row,
                        line: news.line,
                        code: Some(news.record.code.clone()),
                        field: field.trim_start_matches("/fields/").to_owned(),
                        reason: detail.clone(),
                    });
                }
                (_, Some(product)) if batch.skus[place].is_none() => {
                    unnamed.push((place, product.clone()));
                }
                _ => {}
            }
        }
        unnamed
    }

    /// The SKU of an offer that is known.
    async fn product(
        &self,
        pages: &mut Pages,
        page: u32,
        code: &str,
    ) -> Result<Option<String>, Hitch> {
        if pages.number != Some(page) {
            let entity = page_entity(&self.source, page);
            let found = self.intake.read::<Supplier>(&self.caller.tenant, &entity).await;
            let found = found.map_err(store)?;
            pages.page = match found {
                Some((SupplierState::Page(page), _)) => page,
                _ => Page::default(),
            };
            (pages.number, pages.place) = (Some(page), 0);
        }
        let Some(place) = pages.page.find(code, pages.place) else { return Ok(None) };
        pages.place = place + 1;
        Ok(pages.page.offers.get(place).and_then(|offer| offer.product.clone()))
    }

    async fn stock_all(
        &self,
        batches: mpsc::Receiver<Batch>,
        next: mpsc::Sender<Batch>,
    ) -> Result<(), Hitch> {
        several(batches, next, |batch| self.stocked(batch)).await
    }

    async fn stocked(&self, batch: Batch) -> Result<Batch, Hitch> {
        self.stock(&batch).await.map(|()| batch)
    }

    /// Tells stock what the supplier has.
    async fn stock(&self, batch: &Batch) -> Result<(), Hitch> {
        let Some(warehouse) = self.matching.settings.warehouse.clone() else { return Ok(()) };
        let rows = batch.news.iter().zip(&batch.skus).zip(&batch.failed);
        let counts = rows.filter(|(_, failed)| !**failed).filter_map(|((news, sku), _)| {
            let (sku, quantity) = (sku.clone()?, self.matching.units(&news.record)?);
            Some(Observed { sku, quantity, instead_of: None })
        });
        let counts: Vec<Observed> = counts.collect();
        if counts.is_empty() {
            return Ok(());
        }
        let observed_at = self.observed_at;
        let told = StockCommand::RecordObservations { warehouse, observed_at, counts };
        self.tell::<Stock>(told).await.map(drop)
    }

    /// Tells the supplier's domain, which remembers how far the import is: of one batch after the
    /// other, for what was told of a later one counts for all before it; of those that wait, at once.
    async fn keep_all(&self, mut batches: mpsc::Receiver<Batch>) -> Result<bool, Hitch> {
        let mut together = Vec::with_capacity(TOGETHER);
        while 0 < batches.recv_many(&mut together, TOGETHER).await {
            let done = self.tell::<Supplier>(self.kept(std::mem::take(&mut together))).await?;
            let open =
                done.is_some_and(|done| done.state.import().is_some_and(|run| run.is_open()));
            if !open {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the supplier's domain is told of batches.
    fn kept(&self, batches: Vec<Batch>) -> SupplierCommand {
        let (mut rows, mut failed) = (0, 0);
        let (mut offers, mut problems) = (Vec::new(), Vec::new());
        for batch in batches {
            rows = batch.news.last().map_or(rows, |news| news.row);
            failed += batch.failed.iter().filter(|failed| **failed).count() as u64;
            let told = batch.news.into_iter().zip(batch.skus).zip(batch.failed);
            let told = told.filter(|(_, failed)| !failed);
            offers.extend(told.map(|((news, product), _)| offer(news, product)));
            problems.extend(batch.problems);
        }
        let bytes = share(self.progress.bytes_total, rows, self.progress.rows_total);
        SupplierCommand::RecordOffers {
            import: self.import.clone(),
            offers,
            failed,
            problems,
            progress: Progress { rows, bytes, ..self.progress },
        }
    }

    pub(super) async fn tell<D: Domain>(
        &self,
        command: D::Command,
    ) -> Result<Option<Done<D>>, Hitch> {
        match self.intake.tell::<D>(&self.caller, command, Terms::default()).await {
            Ok(done) => Ok(Some(done)),
            Err(Denied::Refused(refusal)) => {
                let (tenant, domain) = (&self.caller.tenant, D::NAME);
                tracing::warn!(%tenant, domain, %refusal, "a batch of an import was refused");
                Ok(None)
            }
            Err(denied) => Err(Hitch::denied(&denied)),
        }
    }
}

/// Works on batches in their order, on several at once, and hands them on.
async fn several<T, U, W: Future<Output = Result<U, Hitch>>>(
    mut batches: mpsc::Receiver<T>,
    next: mpsc::Sender<U>,
    work: impl Fn(T) -> W,
) -> Result<(), Hitch> {
    let (mut ahead, mut more) = (FuturesOrdered::new(), true);
    loop {
        let batch = tokio::select! {
            batch = batches.recv(), if more && ahead.len() < AHEAD => batch,
            Some(done) = ahead.next() => {
                if next.send(done?).await.is_err() {
                    return Ok(());
                }
                continue;
            }
            else => return Ok(()),
        };
        match batch {
            Some(batch) => ahead.push_back(work(batch)),
            None => more = false,
        }
    }
}

/// The page that was read last.
#[derive(Default)]
struct Pages {
    number: Option<u32>,
    page: Page,
    place: usize,
}

fn offer(news: News, product: Option<String>) -> NewOffer {
    let stock = match availability(&news.record) {
        // What is gone has none.
        _ if news.record.deleted => Availability::None,
        said => said,
    };
    NewOffer {
        code: news.record.code,
        page: news.page,
        product,
        price: news.record.purchase_price,
        stock,
        fingerprint: news.fingerprint,
        content: news.content,
    }
}

/// Reads the news and sends it on in batches; ends early if nobody wants more.
fn batch_up(path: PathBuf, next: &mpsc::Sender<Vec<News>>) -> std::io::Result<()> {
    let mut lines = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let (mut batch, mut line) = (Vec::with_capacity(BATCH), Vec::new());
    loop {
        line.clear();
        let more = 0 < lines.read_until(b'\n', &mut line)?;
        if more {
            batch.push(serde_json::from_slice(&line).map_err(std::io::Error::other)?);
        }
        let full = BATCH <= batch.len() || (!more && !batch.is_empty());
        if full && next.blocking_send(std::mem::take(&mut batch)).is_err() {
            return Ok(());
        }
        if !more {
            return Ok(());
        }
    }
}

fn store(fault: kontor_actors::store::StoreFault) -> Hitch {
    Hitch::new(fault.to_string())
}

/// So much of `all` as `part` is of `whole`.
fn share(all: u64, part: u64, whole: u64) -> u64 {
    let share = u128::from(all) * u128::from(part) / u128::from(whole.max(1));
    u64::try_from(share).unwrap_or(all)
}
