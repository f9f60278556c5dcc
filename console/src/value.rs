//! Reading the API's documents: what is absent is empty, so a page never fails for a member that
//! an older document lacks.

use serde_json::Value;

/// Members by their path, `/customer/name`; a plain name is a member of the document itself.
pub(crate) trait Read {
    /// A text, or an empty one.
    fn text(&self, path: &str) -> &str;
    /// A whole number, or 0.
    fn int(&self, path: &str) -> i64;
    /// Whether it says `true`.
    fn is(&self, path: &str) -> bool;
    /// A list, or an empty one.
    fn list(&self, path: &str) -> &[Value];
    /// A member, or null.
    fn at(&self, path: &str) -> &Value;
    /// Whether it is there.
    fn has(&self, path: &str) -> bool;
}

impl Read for Value {
    fn text(&self, path: &str) -> &str {
        self.at(path).as_str().unwrap_or_default()
    }

    fn int(&self, path: &str) -> i64 {
        self.at(path).as_i64().unwrap_or_default()
    }

    fn is(&self, path: &str) -> bool {
        self.at(path).as_bool().unwrap_or_default()
    }

    fn list(&self, path: &str) -> &[Value] {
        self.at(path).as_array().map(Vec::as_slice).unwrap_or_default()
    }

    fn at(&self, path: &str) -> &Value {
        let found = if path.starts_with('/') { self.pointer(path) } else { self.get(path) };
        found.unwrap_or(&Value::Null)
    }

    fn has(&self, path: &str) -> bool {
        !self.at(path).is_null()
    }
}
