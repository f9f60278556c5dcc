//! RabbitMQ goes away, is full, is slow, loses a queue, and brings poison.

use super::{Ground, Injected, conclude, inject};
use crate::{
    Outcome,
    checker::Verdict,
    load::Load,
    proxy::Weather,
    site::{Kind, TENANT},
    until,
};
use std::{sync::atomic::Ordering, time::Duration};

const CUSTOMERS: usize = 6;
const COMMANDS: &str = "kontor.commands";
const DEAD: &str = "kontor.commands.dead";

/// What no reader of commands can do anything with.
const POISON: [&[u8]; 8] = [
    b"",
    b"\xff\xfe\x00",
    b"null",
    b"[]",
    b"{\"tenant\":\"harbour-books\"}",
    b"{\"tenant\":\"Harbour Books\",\"command\":\"order.place\",\"data\":{}}",
    b"{\"tenant\":\"harbour-books\",\"command\":\"order.place\",\"data\":{\"lines\":\"none\"}}",
    b"{\"tenant\":\"harbour-books\",\"command\":\"no.such\",\"data\":{}}",
];

/// Everything that a broker does to a node.
pub async fn broker(ground: &mut Ground) -> Outcome<(Injected, Verdict)> {
    let mut site = ground.site("broker", Kind::Sqlite, true).await?;
    let rabbit = ground.servers.rabbit.as_mut().ok_or("no RabbitMQ")?;
    let mut injected = Injected::new();
    let load = Load::start(&site.client, &site.prices, site.manners(CUSTOMERS));
    let outage = Duration::from_secs(if ground.extent.long { 120 } else { 2 });
    let mut poisoned: usize = 0;
    for round in 0..ground.extent.rounds {
        let line = site.broker_line.as_ref().ok_or("no line")?;
        load.more(10).await?;
        for weather in [Weather::Cut, Weather::HalfOpen] {
            line.set(weather);
            inject(
                &mut injected,
                match weather {
                    Weather::Cut => "connections to RabbitMQ cut",
                    _ => "connections to RabbitMQ half open",
                },
            );
            tokio::time::sleep(outage).await;
            line.set(Weather::Cut);
            line.set(Weather::Fair);
            load.more(10).await?;
        }
        rabbit.disk_alarm(true)?;
        inject(&mut injected, "RabbitMQ's disk alarm");
        tokio::time::sleep(outage).await;
        load.more(10).await?;
        rabbit.disk_alarm(false)?;
        if ground.extent.long || round == 0 {
            rabbit.kill()?;
            inject(&mut injected, "RabbitMQ killed and started");
            tokio::time::sleep(outage).await;
            rabbit.start().await?;
        }
        load.more(10).await?;
        rabbit.delete_queue(COMMANDS).await?;
        inject(&mut injected, "the queue of commands deleted");
        until("the queue of commands, made anew", Duration::from_secs(90), || async {
            rabbit.depth(COMMANDS).await.ok()
        })
        .await?;
        for (number, poison) in POISON.iter().enumerate() {
            rabbit.publish(COMMANDS, poison, &format!("poison-{round}-{number}")).await?;
            inject(&mut injected, "poison messages");
            poisoned += 1;
        }
        if let Some(consumer) = &site.consumer {
            consumer.slowness_ms.store(20, Ordering::Release);
            inject(&mut injected, "a slow consumer");
            load.more(15).await?;
            consumer.slowness_ms.store(0, Ordering::Release);
        }
    }
    let dead = until("poison among the dead letters", Duration::from_secs(60), || async {
        rabbit.depth(DEAD).await.ok().filter(|depth| *depth as usize >= poisoned)
    });
    let dead = dead.await.map_err(|fault| format!("{fault} ({TENANT})"));
    let mut verdict = conclude(&mut site, load).await?;
    if let Err(fault) = dead {
        verdict.findings.push(fault);
    }
    Ok((injected, verdict))
}
