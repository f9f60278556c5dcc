//! Who gives permissions to others.

use crate::EntityId;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

/// Who gives permissions: as text `operator`, `user:<id>` or `key:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Giver {
    /// The platform's operator, who may give everything.
    Operator,
    /// A member of the tenant.
    User(EntityId),
    /// An API key of the tenant.
    Key(String),
}

impl PartialSchema for Giver {
    fn schema() -> RefOr<Schema> {
        String::schema()
    }
}

impl ToSchema for Giver {}

impl fmt::Display for Giver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::User(user) => write!(f, "user:{user}"),
            Self::Key(key) => write!(f, "key:{key}"),
        }
    }
}

impl From<Giver> for String {
    fn from(giver: Giver) -> Self {
        giver.to_string()
    }
}

impl TryFrom<String> for Giver {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let expected = "expected operator, user:<id> or key:<id>";
        match text.split_once(':') {
            None if text == "operator" => Ok(Self::Operator),
            Some(("user", id)) => EntityId::parse(id).map(Self::User).map_err(|_| expected),
            Some(("key", id)) => Ok(Self::Key(id.to_owned())),
            _ => Err(expected),
        }
    }
}
