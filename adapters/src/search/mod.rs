//! Search over products: one index a tenant, beside the database and in step with the journal.
//!
//! An index holds nothing that is not in the database. One that is not there is built from what is;
//! deleting the folder costs the time to build it again.

mod fold;
mod follower;
mod index;
#[cfg(test)]
mod tests;

pub use fold::words;
pub use follower::SearchKeeper;

use index::{Attributes, Shelf};
use kontor_actors::{
    catalog::{Catalog, CatalogState, Product},
    domain::Domain,
    intake::Intake,
    store::{EntityRef, Found as Stored, ListQuery, Lookup, StoreFault},
};
use kontor_messages::{TenantId, catalog::product_entity};
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
};
use tokio::sync::Mutex;

/// Indexes that are open at once.
const OPEN_MAX: usize = 64;
/// Rows read at a time when an index is built.
const ROWS: u32 = 500;
/// The layout of indexes; another one is built anew.
const LAYOUT: &str = "1";

/// Values with how many products have them, by the facet's name.
pub type Facets = BTreeMap<String, Vec<(String, u64)>>;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Words, folded; all products if there are none.
    pub words: Vec<String>,
    /// Only these.
    pub status: Option<String>,
    /// Only of this brand.
    pub brand: Option<String>,
    /// Only in one of these categories.
    pub categories: Option<Vec<String>>,
    /// Only with these attributes, each as `code=value`.
    pub attributes: Vec<String>,
    /// So many of the first are left out.
    pub offset: usize,
    /// So many at most.
    pub limit: usize,
}

/// What is found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Products in all.
    pub total: usize,
    /// The ids of those asked for, best first; the newest first, if no words were asked for.
    pub ids: Vec<String>,
    /// What they have in common.
    pub facets: Facets,
}

/// The index said no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("search: {0}")]
pub struct SearchFault(pub String);

impl From<tantivy::TantivyError> for SearchFault {
    fn from(broken: tantivy::TantivyError) -> Self {
        Self(broken.to_string())
    }
}

impl From<std::io::Error> for SearchFault {
    fn from(broken: std::io::Error) -> Self {
        Self(broken.to_string())
    }
}

impl From<StoreFault> for SearchFault {
    fn from(broken: StoreFault) -> Self {
        Self(broken.to_string())
    }
}

/// The indexes of a node. Cheap to clone.
#[derive(Clone)]
pub struct Search {
    intake: Intake,
    folder: Arc<PathBuf>,
    open: Arc<Mutex<HashMap<TenantId, Slot>>>,
}

/// An index that is open or being opened; whoever holds it writes or builds.
type Slot = Arc<Mutex<Option<Arc<Shelf>>>>;

impl Search {
    /// Indexes in a folder.
    pub fn new(intake: Intake, folder: PathBuf) -> Self {
        Self { intake, folder: Arc::new(folder.join(LAYOUT)), open: Arc::default() }
    }

    /// Looks for a tenant's products.
    pub async fn find(&self, tenant: &TenantId, asked: Asked) -> Result<Found, SearchFault> {
        let shelf = self.shelf(tenant).await?;
        blocking(move || shelf.find(&asked)).await
    }

    /// Writes products as the database has them.
    pub async fn refresh(&self, tenant: &TenantId, ids: Vec<String>) -> Result<(), SearchFault> {
        let slot = self.slot(tenant).await;
        let mut held = slot.lock().await;
        let shelf = self.opened(tenant, &mut held).await?;
        let wanted = ids.iter().map(|id| {
            let (tenant, domain) = (tenant.clone(), Catalog::NAME.to_owned());
            Lookup::Entity(EntityRef { tenant, domain, entity: product_entity(id) })
        });
        let found = self.intake.ground().loader.fetch(wanted.collect()).await?;
        let mut products = Vec::with_capacity(ids.len());
        for (id, found) in ids.into_iter().zip(found) {
            let state = match found {
                Stored::Entity(Some(row)) => serde_json::from_str(&row.state)
                    .map_err(|broken| SearchFault(format!("{}: {broken}", row.entity)))?,
                _ => CatalogState::Blank,
            };
            products.push((id, state.product().cloned()));
        }
        let attributes = self.attributes(tenant).await?;
        blocking(move || shelf.write(&products, &attributes)).await
    }

    /// Takes a tenant's index away.
    pub async fn forget(&self, tenant: &TenantId) -> Result<(), SearchFault> {
        let slot = self.slot(tenant).await;
        let mut held = slot.lock().await;
        *held = None;
        match tokio::fs::remove_dir_all(self.folder.join(tenant.as_str())).await {
            Err(broken) if broken.kind() != std::io::ErrorKind::NotFound => Err(broken.into()),
            _ => Ok(()),
        }
    }

    async fn shelf(&self, tenant: &TenantId) -> Result<Arc<Shelf>, SearchFault> {
        let slot = self.slot(tenant).await;
        let mut held = slot.lock().await;
        self.opened(tenant, &mut held).await
    }

    async fn slot(&self, tenant: &TenantId) -> Slot {
        let mut open = self.open.lock().await;
        if open.len() >= OPEN_MAX && !open.contains_key(tenant) {
            // One that is in use stays open for as long as it is used.
            open.clear();
        }
        Arc::clone(open.entry(tenant.clone()).or_default())
    }

    /// The tenant's index; built from the database if there is none.
    async fn opened(
        &self,
        tenant: &TenantId,
        held: &mut Option<Arc<Shelf>>,
    ) -> Result<Arc<Shelf>, SearchFault> {
        if let Some(shelf) = held {
            return Ok(Arc::clone(shelf));
        }
        let folder = self.folder.join(tenant.as_str());
        let (place, whole) = (folder.clone(), folder.join("built"));
        let built = tokio::fs::try_exists(&whole).await?;
        let shelf = blocking(move || Shelf::open(&place)).await?;
        let shelf = Arc::new(shelf);
        if !built {
            self.build(tenant, &shelf).await?;
            tokio::fs::write(&whole, b"").await?;
        }
        *held = Some(Arc::clone(&shelf));
        Ok(shelf)
    }

    async fn build(&self, tenant: &TenantId, shelf: &Arc<Shelf>) -> Result<(), SearchFault> {
        let attributes = Arc::new(self.attributes(tenant).await?);
        let mut before = None;
        loop {
            let page = self.page(tenant, "product/", before.take()).await?;
            before = page.last().map(|(entity, _)| format!("product/{entity}"));
            let full = page.len() == ROWS as usize;
            let products: Vec<(String, Option<Product>)> =
                page.into_iter().map(|(id, state)| (id, state.product().cloned())).collect();
            let (writer, known) = (Arc::clone(shelf), Arc::clone(&attributes));
            blocking(move || writer.write(&products, &known)).await?;
            if !full {
                return Ok(());
            }
        }
    }

    async fn attributes(&self, tenant: &TenantId) -> Result<Attributes, SearchFault> {
        let (mut all, mut before) = (Attributes::new(), None);
        loop {
            let page = self.page(tenant, "attribute/", before.take()).await?;
            before = page.last().map(|(code, _)| format!("attribute/{code}"));
            let full = page.len() == ROWS as usize;
            for (code, state) in page {
                if let Some(attribute) = state.attribute() {
                    all.insert(code, attribute.clone());
                }
            }
            if !full {
                return Ok(all);
            }
        }
    }

    /// Entities of a kind, with their names behind the prefix.
    async fn page(
        &self,
        tenant: &TenantId,
        prefix: &str,
        before: Option<String>,
    ) -> Result<Vec<(String, CatalogState)>, SearchFault> {
        let wanted = ListQuery {
            tenant: tenant.clone(),
            domain: Catalog::NAME.to_owned(),
            prefix: prefix.to_owned(),
            status: None,
            label: None,
            from: None,
            before,
            limit: ROWS,
        };
        let rows = self.intake.ground().store.list(&wanted).await?;
        let read = rows.into_iter().map(|row| {
            let name = row.entity.as_str().strip_prefix(prefix).unwrap_or_default().to_owned();
            let state = serde_json::from_str(&row.state)
                .map_err(|broken| SearchFault(format!("{}: {broken}", row.entity)))?;
            Ok((name, state))
        });
        read.collect()
    }
}

/// What takes long runs where nobody waits for the thread.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SearchFault> + Send + 'static,
) -> Result<T, SearchFault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|broken| SearchFault(broken.to_string()))?
}
