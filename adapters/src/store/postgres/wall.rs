//! Row-level security: what is read for one tenant is read by a role that sees no other's rows.

use super::{Connection, VIEWS, query, raw_sql, schema};
use crate::store::connections::Connections;
use kontor_messages::TenantId;
use sha2::{Digest, Sha256};
use sqlx::{Connection as _, Executor as _, postgres::PgConnectOptions};
use std::time::Duration;

/// The role that cannot bypass the policies.
const ROLE: &str = "kontor_tenant";
const WALL: &str = include_str!("wall.sql");
/// `insufficient_privilege`, as PostgreSQL has it.
const NOT_ALLOWED: &str = "42501";

/// Puts the wall up, if that has not been done; says whether it stands. A role that may not make
/// roles leaves it out, and the log says what an administrator can do about it.
pub(super) async fn put_up(connection: &mut Connection) -> sqlx::Result<bool> {
    let mut hash = Sha256::new();
    hash.update(WALL);
    VIEWS.iter().for_each(|(_, sql)| hash.update(sql));
    let now = hex::encode(hash.finalize());
    let before = schema::setting(connection, "wall").await?;
    if before.is_some_and(|before| before == now) {
        return may_step_behind(connection).await;
    }
    let mut tx = connection.begin().await?;
    tx.execute(super::LOCK).await?;
    let built = match raw_sql(WALL).execute(&mut *tx).await {
        Ok(_) => schema::set(&mut tx, "wall", &now).await,
        Err(error) => Err(error),
    };
    match built {
        Ok(()) => tx.commit().await.map(|()| true),
        Err(sqlx::Error::Database(error)) if error.code().is_some_and(|it| it == NOT_ALLOWED) => {
            tracing::warn!(
                reason = error.message(),
                "no row-level security: let an administrator \
                run CREATE ROLE kontor_tenant NOLOGIN and grant it to this role with ADMIN OPTION"
            );
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

async fn may_step_behind(connection: &mut Connection) -> sqlx::Result<bool> {
    let sql = "SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = $1";
    Ok(sqlx::query_scalar(sql).bind(ROLE).fetch_optional(connection).await?.unwrap_or(false))
}

/// Connections behind the wall.
pub(super) fn behind(
    options: &PgConnectOptions,
    stands: bool,
    count: u32,
    acquire_max: Duration,
) -> Connections<Connection> {
    let role = stands.then_some(("role", ROLE));
    Connections::new(options.clone().options(role), count, acquire_max)
}

/// Says for whom the next statement reads. Always said anew: a connection has no memory of it.
pub(super) async fn enter(connection: &mut Connection, tenant: &TenantId) -> sqlx::Result<()> {
    let sql = "SELECT set_config('kontor.tenant', $1, false)";
    query(sql).bind(tenant.as_str()).execute(connection).await.map(|_| ())
}
