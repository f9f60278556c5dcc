//! What Kontor is compared with: the same order flow as hand-written SQL that locks rows, on the same
//! PostgreSQL, without HTTP before it. As separate statements, and as one stored function.

use super::{
    database::{Database, connect, execute, told},
    load::{Answered, Ask, Load, drive},
    process::Watched,
    report::Row,
    stage::Place,
    times::ratio,
};
use clap::Args;
use kontor_messages::{EventId, Timestamp};
use serde_json::{Map, Value, json};
use sqlx::{Connection as _, PgConnection, Row as _, postgres::PgConnectOptions};
use uuid::Uuid;

const SCHEMA: &str = include_str!("schema.sql");
/// About as long as what Kontor tells of an order.
const MESSAGE: &str = r#"{"type":"order.created","number":"2026-000123","channel":"web","currency":"CZK","lines":[{"sku":"SKU-1234","title":"A thing that is sold","quantity":1,"unit_price_minor":34900},{"sku":"SKU-5678","title":"Another thing that is sold","quantity":2,"unit_price_minor":12900}],"totals":{"subtotal_minor":60700,"shipping_minor":0,"discount_minor":0,"tax_minor":0,"total_minor":60700},"paid":false,"stock":"held"}"#;

/// How the flow is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A round trip a statement.
    Statements,
    /// One round trip.
    Function,
}

/// How the reference is tried.
#[derive(Args, Clone, Debug)]
pub(super) struct Trial {
    /// Connections of the reference in SQL, one measurement each and style; 0 leaves it out.
    #[arg(long, value_delimiter = ',', default_values_t = [4, 8, 16, 32],
        value_parser = clap::value_parser!(u16).range(0..=250))]
    connections: Vec<u16>,
    /// Seconds of each measurement of the reference.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=600))]
    reference_seconds: u64,
}

impl Trial {
    /// Tries both styles over each number of connections.
    pub(super) async fn sweep(&self, reference: &Reference) -> Result<Vec<Row>, String> {
        let mut rows = Vec::new();
        for (style, connections) in self.cases() {
            rows.push(reference.run(style, connections, self.reference_seconds).await?);
        }
        Ok(rows)
    }

    /// Tries the best case once more: the host may have drifted meanwhile. `rows` begin with those
    /// of [`Trial::sweep`].
    pub(super) async fn again(
        &self,
        reference: &Reference,
        rows: &[Row],
    ) -> Result<Option<Row>, String> {
        let best = self.cases().zip(rows).max_by_key(|(_, row)| row.throughput_per_second);
        let Some(((style, connections), _)) = best else { return Ok(None) };
        reference.run(style, connections, self.reference_seconds).await.map(Some)
    }

    /// Kontor's rate by the best of each style. `rows` begin with those of [`Trial::sweep`].
    pub(super) fn by_style(&self, rows: &[Row], ours: u64) -> Map<String, Value> {
        let best = |style| {
            let cases = self.cases().zip(rows).filter(|((tried, _), _)| *tried == style);
            cases.map(|(_, row)| row.throughput_per_second).max().unwrap_or(0)
        };
        let styles = [Style::Statements, Style::Function];
        let by = |style: Style| (style.word().to_owned(), json!(ratio(ours, best(style))));
        styles.map(by).into_iter().collect()
    }

    fn cases(&self) -> impl Iterator<Item = (Style, usize)> {
        let many = self.connections.iter().filter(|many| **many > 0);
        let each = |style| many.clone().map(move |many| (style, usize::from(*many)));
        each(Style::Statements).chain(each(Style::Function)).collect::<Vec<_>>().into_iter()
    }
}

/// A shop in SQL.
pub(super) struct Reference {
    database: Database,
    /// How its callers reach it, which may be from further away.
    reached: PgConnectOptions,
    skus: usize,
    lines: usize,
    quantity: i64,
    watched: Vec<Watched>,
}

impl Reference {
    /// A shop with so many of each of `skus` products on the place's server, as far away as it is
    /// there; an order has `lines` of them. None on the embedded database, which has no rows to lock.
    pub(super) async fn open(
        place: &Place,
        skus: usize,
        lines: usize,
        quantity: u64,
    ) -> Result<Option<Self>, String> {
        let Some(server) = &place.server else { return Ok(None) };
        let database = Database::create(server).await?;
        let by = place.by(&database)?;
        let mut connection = connect(&database.options()).await?;
        execute(&mut connection, SCHEMA.to_owned()).await?;
        let stock = sqlx::query(
            "INSERT INTO stock (sku, on_hand) SELECT 'SKU-' || n, $2 FROM generate_series(0, $1 - 1) AS n",
        );
        let quantity = quantity as i64;
        let stock = stock.bind(skus as i64).bind(quantity);
        stock.execute(&mut connection).await.map_err(told)?;
        // So that no plan is made for an empty table.
        execute(&mut connection, "ANALYZE".to_owned()).await?;
        connection.close().await.map_err(told)?;
        let reached = database.options();
        let reached = match by {
            Some(port) => reached.host("127.0.0.1").port(port),
            None => reached,
        };
        let watched = [Watched::load()].into_iter().chain(database.watched()).collect();
        Ok(Some(Self { database, reached, skus, lines, quantity, watched }))
    }

    /// As many units to sell as at first: what a trial has sold is not the next one's lack.
    async fn restock(&self) -> Result<(), String> {
        let mut connection = connect(&self.database.options()).await?;
        let stock = sqlx::query("UPDATE stock SET on_hand = reserved + $1 WHERE reserved > 0");
        stock.bind(self.quantity).execute(&mut connection).await.map_err(told)?;
        connection.close().await.map_err(told)
    }

    /// Places orders over so many connections.
    pub(super) async fn run(
        &self,
        style: Style,
        connections: usize,
        seconds: u64,
    ) -> Result<Row, String> {
        self.restock().await?;
        self.database.rest().await?;
        let mut buyers = Vec::new();
        for _ in 0..connections {
            let options = self.reached.clone().options([("jit", "off")]);
            let connection = connect(&options).await?;
            let (skus, lines) = (self.skus, self.lines);
            buyers.push(Buyer { connection, style, skus, lines });
        }
        let what = format!("SQL, {}, {connections} connections", style.word());
        let load = Load { callers: connections, seconds, pace: None };
        drive(what, false, load, buyers, &self.watched).await
    }

    /// How many units more are held than there are; 0 if all is well.
    pub(super) async fn oversold(&self) -> Result<i64, String> {
        let mut connection = connect(&self.database.options()).await?;
        let row = sqlx::query(
            "SELECT coalesce(sum(greatest(reserved - on_hand, 0)), 0)::bigint FROM stock",
        );
        let row = row.fetch_one(&mut connection).await.map_err(told)?;
        row.try_get(0).map_err(told)
    }

    /// Drops it.
    pub(super) async fn close(self) -> Result<(), String> {
        self.database.drop().await
    }
}

impl Style {
    fn word(self) -> &'static str {
        match self {
            Self::Statements => "statements",
            Self::Function => "one function",
        }
    }
}

/// One connection that places orders.
struct Buyer {
    connection: PgConnection,
    style: Style,
    skus: usize,
    lines: usize,
}

/// An order's lines, as columns. Sorted, so that rows are always locked in the same order.
struct Lines {
    order: Uuid,
    skus: Vec<String>,
    quantities: Vec<i64>,
    titles: Vec<&'static str>,
    prices: Vec<i64>,
    total: i64,
}

impl Lines {
    fn random(skus: usize, lines: usize) -> Self {
        let mut chosen: Vec<usize> = Vec::with_capacity(lines);
        while chosen.len() < lines {
            let sku = fastrand::usize(..skus);
            if !chosen.contains(&sku) {
                chosen.push(sku);
            }
        }
        let mut skus: Vec<String> = chosen.iter().map(|sku| format!("SKU-{sku}")).collect();
        skus.sort_unstable();
        Self {
            order: EventId::fresh(Timestamp::now()).0,
            skus,
            quantities: (1..=lines as i64).collect(),
            titles: vec!["A thing that is sold"; lines],
            prices: vec![12_900; lines],
            total: (1..=lines as i64).map(|quantity| quantity * 12_900).sum(),
        }
    }
}

impl Ask for Buyer {
    async fn ask(&mut self) -> Result<Answered, String> {
        let lines = Lines::random(self.skus, self.lines);
        let placed = match self.style {
            Style::Function => place_at_once(&mut self.connection, lines).await,
            Style::Statements => place_step_by_step(&mut self.connection, lines).await,
        };
        Ok(if placed.map_err(told)? { Answered::Done } else { Answered::Over })
    }
}

async fn place_at_once(connection: &mut PgConnection, lines: Lines) -> sqlx::Result<bool> {
    let place = sqlx::query("SELECT place($1, $2, $3, $4, $5, $6, $7)");
    let place = place.bind(lines.order).bind(lines.skus).bind(lines.quantities);
    let place = place.bind(lines.titles).bind(lines.prices).bind(lines.total).bind(MESSAGE);
    place.fetch_one(connection).await?.try_get(0)
}

async fn place_step_by_step(connection: &mut PgConnection, lines: Lines) -> sqlx::Result<bool> {
    let mut tx = connection.begin().await?;
    let Lines { order, skus, quantities, titles, prices, total } = lines;
    let locked = sqlx::query(
        "SELECT sku, on_hand - reserved FROM stock WHERE sku = ANY($1) ORDER BY sku FOR UPDATE",
    );
    let locked = locked.bind(&skus).fetch_all(&mut *tx).await?;
    for (row, quantity) in locked.iter().zip(&quantities) {
        if row.try_get::<i64, _>(1)? < *quantity {
            tx.rollback().await?;
            return Ok(false);
        }
    }
    let inserted = sqlx::query(
        "INSERT INTO orders (id, channel, status, currency, customer, street, city, postal_code,
            country, total_minor)
        VALUES ($1, 'web', 'pending', 'CZK', 'Jana Novakova', 'Dlouha 1', 'Praha', '11000', 'CZ',
            $2)",
    );
    inserted.bind(order).bind(total).execute(&mut *tx).await?;
    let inserted = sqlx::query(
        "INSERT INTO order_lines (order_id, line, sku, title, quantity, unit_price_minor)
        SELECT $1, line, sku, title, quantity, price
        FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[]) WITH ORDINALITY
            AS l (sku, quantity, title, price, line)",
    );
    let inserted = inserted.bind(order).bind(&skus).bind(&quantities).bind(titles).bind(prices);
    inserted.execute(&mut *tx).await?;
    let updated = sqlx::query(
        "UPDATE stock s SET reserved = s.reserved + w.quantity
        FROM unnest($1::text[], $2::bigint[]) AS w (sku, quantity) WHERE s.sku = w.sku",
    );
    updated.bind(&skus).bind(&quantities).execute(&mut *tx).await?;
    let inserted = sqlx::query(
        "INSERT INTO movements (sku, order_id, quantity)
        SELECT sku, $1, -quantity FROM unnest($2::text[], $3::bigint[]) AS w (sku, quantity)",
    );
    inserted.bind(order).bind(&skus).bind(&quantities).execute(&mut *tx).await?;
    let inserted = sqlx::query("INSERT INTO outbox (topic, payload) VALUES ('order.created', $1)");
    inserted.bind(MESSAGE).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_styles_are_tried_over_each_number_of_connections() {
        let trial = Trial { connections: vec![0, 4, 8], reference_seconds: 1 };
        let cases: Vec<_> = trial.cases().collect();
        let expected = [Style::Statements, Style::Function].map(|style| [(style, 4), (style, 8)]);
        assert_eq!(cases, expected.concat());
    }

    #[test]
    fn an_order_names_each_product_once_and_in_order() {
        for _ in 0..100 {
            let lines = Lines::random(3, 2);
            assert!(lines.skus[0] < lines.skus[1], "{:?}", lines.skus);
            assert_eq!((lines.quantities, lines.total), (vec![1, 2], 38_700));
        }
    }
}
