//! A node with all that is around it, for one measurement: database, broker, shop, and whom to watch.

use super::{
    caller::{Caller, Door},
    consumer::Consumer,
    database::Database,
    distance,
    node::{Environment, Node, fill, sellable},
    process::Watched,
};
use std::time::{Duration, Instant};

/// How long followers may take to do what was left.
const CATCH_UP_MAX: Duration = Duration::from_secs(600);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Where a measurement runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// A PostgreSQL server; else the embedded database.
    pub(super) server: Option<String>,
    /// How much further away the server is.
    pub(super) later: Option<Duration>,
    /// A RabbitMQ.
    pub(super) amqp_url: Option<String>,
    /// Settings of the node beyond its defaults.
    pub(super) environment: Environment,
}

/// All of it.
pub(super) struct Stage {
    pub(super) node: Node,
    pub(super) consumer: Option<Consumer>,
    pub(super) watched: Vec<Watched>,
    database: Option<Database>,
}

impl Place {
    /// A port by which the server is as far away as it should be, if it should be.
    pub(super) fn by(&self, database: &Database) -> Result<Option<u16>, String> {
        self.later.map(|later| distance::put_between(database.address(), later)).transpose()
    }
}

impl Stage {
    pub(super) async fn open(place: &Place) -> Result<Self, String> {
        let mut watched = vec![Watched::load()];
        let mut url = None;
        let database = match &place.server {
            Some(server) => {
                let database = Database::create(server).await?;
                watched.extend(database.watched());
                url = Some(match place.by(&database)? {
                    Some(port) => database.url_by(port),
                    None => database.url(),
                });
                Some(database)
            }
            None => None,
        };
        let consumer = match &place.amqp_url {
            Some(url) => Some(Consumer::open(url).await?),
            None => None,
        };
        watched.extend(consumer.as_ref().and_then(Consumer::watched));
        let mut environment = place.environment.clone();
        environment.extend(consumer.iter().flat_map(Consumer::environment));
        let node = Node::start(url, environment).await?;
        watched.insert(0, node.watched());
        Ok(Self { node, consumer, watched, database })
    }

    /// Watches the node that was started last.
    pub(super) fn watch_anew(&mut self) {
        // It stands first.
        self.watched[0] = self.node.watched();
    }

    /// A shop with so many of each of `skus` products, called `SKU-<n>`.
    pub(super) async fn shop(&self, skus: usize, quantity: u64) -> Result<Door, String> {
        let shop = self.node.shop(&format!("bench-{:06x}", fastrand::u32(..1 << 24))).await?;
        let skus: Vec<String> = (0..skus).map(|sku| format!("SKU-{sku}")).collect();
        fill(&shop, &skus, quantity).await?;
        Ok(shop)
    }

    /// Units that a shop can still sell.
    pub(super) async fn sellable(&self, shop: &Door) -> Result<i64, String> {
        sellable(shop).await
    }

    /// Lets the database write what waits to be written.
    pub(super) async fn rest(&self) -> Result<(), String> {
        match &self.database {
            Some(database) => database.rest().await,
            None => Ok(()),
        }
    }

    /// The database, with its version.
    pub(super) async fn database(&self) -> Result<String, String> {
        match &self.database {
            Some(database) => database.description().await,
            None => Ok("sqlite".to_owned()),
        }
    }

    /// How many events a follower has not done with, over all shards; `None` before it has begun.
    pub(super) async fn backlog(&self, follower: &str) -> Result<Option<u64>, String> {
        let mut caller = Caller::connect(self.node.operator()).await?;
        let answer = caller.ask("GET", "/metrics", "").await?;
        Ok(sum_of_lags(&String::from_utf8_lossy(answer.body), follower))
    }

    /// Waits until a follower has done with everything; says how long that took.
    pub(super) async fn caught_up(&self, follower: &str) -> Result<Duration, String> {
        let begun = Instant::now();
        while begun.elapsed() < CATCH_UP_MAX {
            if self.backlog(follower).await? == Some(0) {
                return Ok(begun.elapsed());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err(format!("{follower} did not catch up within ten minutes"))
    }

    /// Ends everything, and leaves nothing behind.
    pub(super) async fn close(mut self) -> Result<(), String> {
        self.node.end().await?;
        if let Some(consumer) = self.consumer {
            consumer.close().await?;
        }
        match self.database {
            Some(database) => database.drop().await,
            None => Ok(()),
        }
    }
}

/// The lags of a follower over all shards, out of a node's figures; `None` if it has none there.
fn sum_of_lags(figures: &str, follower: &str) -> Option<u64> {
    let named = format!("follower=\"{follower}\"");
    let lines = figures.lines().filter(|line| line.starts_with("kontor_follower_lag_events{"));
    let lags = lines.filter(|line| line.contains(&named)).filter_map(|line| {
        let value: f64 = line.rsplit_once(' ')?.1.parse().ok()?;
        Some(value.max(0.0) as u64)
    });
    lags.reduce(|one, other| one + other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lags_of_all_shards_add_up() {
        let figures = "# TYPE kontor_follower_lag_events gauge\n\
            kontor_follower_lag_events{follower=\"relay\",shard=\"0\"} 7\n\
            kontor_follower_lag_events{follower=\"relay\",shard=\"1\"} 5\n\
            kontor_follower_lag_events{follower=\"policies\",shard=\"1\"} 90\n";
        assert_eq!(sum_of_lags(figures, "relay"), Some(12));
        assert_eq!(sum_of_lags(figures, "webhooks"), None);
    }
}
