//! The embedded database has one user, and no second wall: every statement names its tenant.

use super::line::{Connection, Result};
use kontor_messages::TenantId;

/// Nothing to do here; PostgreSQL is told for whom the next statement reads.
pub(super) async fn enter(_: &mut Connection, _: &TenantId) -> Result<()> {
    Ok(())
}
