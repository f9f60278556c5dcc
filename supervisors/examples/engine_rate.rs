//! Orders per second through intake, actors and journal, without HTTP.
//!
//! `cargo run --release -p kontor --example engine_rate -- <folder or postgres URL> <callers> <seconds>`
use kontor::engine::{Engine, EngineSettings};
use kontor_actors::{
    admission::Lane, intake::Caller, placing::place_order, request::Terms, stock::Stock,
    tenant::Tenant,
};
use kontor_adapters::store::{StoreSettings, open};
use kontor_messages::{
    Currency, EntityId, Meta, TenantId, Timestamp,
    order::{Customer, OrderLine, PlaceOrder, Totals},
    stock::{MovementKind, StockCommand, Warehouse, WarehouseKind},
    tenant::TenantCommand,
};
use std::{sync::Arc, time::Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let place = args.get(1).cloned().unwrap_or_else(|| "/tmp/engine-rate".into());
    let callers: usize = args.get(2).and_then(|text| text.parse().ok()).unwrap_or(64);
    let seconds: u64 = args.get(3).and_then(|text| text.parse().ok()).unwrap_or(5);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run(place, callers, seconds));
}

async fn run(place: String, callers: usize, seconds: u64) {
    if !place.contains("://") {
        let _ = std::fs::remove_dir_all(&place);
    }
    let mut store = StoreSettings::at(place);
    store.readers = 2;
    let store = open(&store).await.expect("a database");
    let mut settings = EngineSettings::default();
    settings.journal.writers =
        std::env::var("WRITERS").ok().and_then(|w| w.parse().ok()).unwrap_or(1);
    settings.shards = settings.journal.writers;
    let engine = Engine::start(store, settings, |_| Vec::new()).await.expect("an engine");
    let intake = engine.intake().clone();
    let tenant: TenantId = format!("shop-{}", fastrand::u32(..)).parse().expect("a name");
    let caller = Caller { tenant, meta: Meta::by("bench"), lane: Lane::Realtime };
    let settings = serde_json::from_str(
        r#"{"name":"Shop","country":"CZ","currency":"CZK","time_zone":"Europe/Prague"}"#,
    );
    let settings: kontor_messages::tenant::TenantSettings = settings.expect("settings");
    let create = TenantCommand::Create { settings: settings.clone() };
    intake
        .ask::<Tenant>(&caller, create, Terms::default())
        .await
        .map_err(|d| d.to_string())
        .expect("a tenant");
    let warehouse = Warehouse {
        code: "main".into(),
        name: "Main".into(),
        kind: WarehouseKind::Own,
        priority: 0,
        active: true,
        country: None,
    };
    let put = StockCommand::PutWarehouse { warehouse };
    intake
        .ask::<Stock>(&caller, put, Terms::default())
        .await
        .map_err(|d| d.to_string())
        .expect("a warehouse");
    let skus = std::env::var("SKUS").ok().and_then(|w| w.parse().ok()).unwrap_or(10_000_usize);
    for chunk in (0..skus).collect::<Vec<_>>().chunks(256) {
        let moves = chunk.iter().map(|n| {
            let movement = EntityId::fresh(Timestamp::now());
            let command = StockCommand::Move {
                movement,
                sku: format!("SKU-{n}"),
                warehouse: "main".into(),
                kind: MovementKind::In,
                quantity: 1_000_000,
                reason: None,
            };
            intake.ask::<Stock>(&caller, command, Terms::default())
        });
        for moved in futures_util::future::join_all(moves).await {
            moved.map_err(|d| d.to_string()).expect("stock");
        }
    }
    let settings = Arc::new(settings);
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..callers {
        let (intake, caller, settings) = (intake.clone(), caller.clone(), Arc::clone(&settings));
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while begun.elapsed().as_secs() < seconds {
                let at = Instant::now();
                let key = kontor_actors::gate::RequestKey::new(
                    format!("{:x}", fastrand::u128(..)),
                    &[b"x"],
                );
                let terms = Terms { key: Some(key), ..Terms::default() };
                let placed = place_order(&intake, &caller, order(skus), terms, &settings).await;
                if let Err(denied) = placed {
                    panic!("{denied:?}");
                }
                times.push(at.elapsed());
            }
            times
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("a caller"));
    }
    times.sort_unstable();
    let rate = times.len() as u64 / seconds;
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    println!("{rate} orders/s, p50 {:?}, p99 {:?}, max {:?}", at(50), at(99), at(100));
    engine.stop().await;
}

fn order(skus: usize) -> Box<PlaceOrder> {
    let line = || OrderLine {
        sku: format!("SKU-{}", fastrand::usize(..skus)),
        title: "A thing that is sold".into(),
        quantity: 1,
        unit_price_minor: 34_900,
        warehouse: None,
    };
    Box::new(PlaceOrder {
        channel: "web".into(),
        account: None,
        external_id: None,
        currency: Currency::CZK,
        customer: Customer { name: "Jana Novakova".into(), ..Customer::default() },
        shipping_address: None,
        billing_address: None,
        lines: vec![line(), line()],
        totals: Totals {
            subtotal_minor: 69_800,
            shipping_minor: 0,
            discount_minor: 0,
            tax_minor: 0,
            total_minor: 69_800,
        },
        shipping_method: None,
        paid: false,
        note: None,
    })
}
