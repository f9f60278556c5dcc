//! What the rule of the wall between tenants knows of every route: a body, and real ids.

#[path = "../../adapters/tests/http/wall/bodies.rs"]
pub mod bodies;
#[path = "../../adapters/tests/http/wall/things.rs"]
pub mod things;

pub const OURS: &str = "harbour-books";
pub const USERS: &str = "/v1/invitations/accept";
pub const PREVIEW: &str = "/v1/templates/{name}/{language}/preview";
