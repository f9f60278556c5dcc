//! Which rule answers which command.

use super::{Decided, Stock, holds, lines, moves, settings};
use crate::world::World;
use kontor_messages::{Timestamp, stock::StockCommand};

/// Answers a command with what happens, or with a refusal.
pub fn decide(world: &World<'_, Stock>, command: StockCommand, now: Timestamp) -> Decided {
    match command {
        StockCommand::PutWarehouse { warehouse } => settings::put_warehouse(world, warehouse),
        StockCommand::Configure { sku, settings } => settings::configure(world, &sku, settings),
        StockCommand::Retotal { sku } => settings::retotal(world, &sku),
        StockCommand::Move { movement, sku, warehouse, kind, quantity, reason } => {
            moves::move_goods(
                world,
                &movement,
                moves::Goods { sku, warehouse, kind, quantity, reason },
            )
        }
        StockCommand::Transfer { transfer, sku, from, to, quantity } => {
            moves::transfer(world, &transfer, moves::Journey { sku, from, to, quantity })
        }
        StockCommand::ReceiveTransfer { transfer } => moves::receive(world, &transfer),
        StockCommand::RecordObservation { sku, warehouse, quantity, observed_at } => {
            moves::observe(world, &sku, &warehouse, quantity, observed_at.min(now))
        }
        StockCommand::RecordObservations { warehouse, observed_at, counts } => {
            moves::observe_all(world, &warehouse, counts, observed_at.min(now))
        }
        StockCommand::Reserve { reservation, channel, lines, until, paid } => {
            let wish = lines::Wish { channel, lines, until, paid };
            lines::reserve(world, &reservation, wish, now)
        }
        StockCommand::Renew { reservation, until } => holds::renew(world, &reservation, until),
        StockCommand::Release { reservation, lines, key, reason } => {
            holds::release(world, &reservation, &lines, key, reason)
        }
        StockCommand::Commit { reservation } => holds::commit(world, &reservation, now),
        StockCommand::Expire { reservation } => holds::expire(world, &reservation, now),
    }
}
