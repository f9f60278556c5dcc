//! Where a supplier's feed comes from, and what is made of it.

use crate::Currency;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};
use utoipa::ToSchema;

/// A supplier as it is written; its code is its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierSettings {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Nothing is imported from one that is not active.
    #[serde(default = "yes")]
    pub active: bool,
}

/// A source as it is written; its code is its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// The supplier's code.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,39}$")]
    pub supplier: String,
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What its feed holds.
    #[serde(default)]
    pub kind: FeedKind,
    /// Where the feed is.
    #[serde(default)]
    pub reach: Reach,
    /// How the file is read: its format, encoding and rows.
    #[schema(value_type = Object)]
    pub format: Value,
    /// Which field of a row is what.
    #[schema(value_type = Object)]
    pub mapping: Value,
    /// What a feed must be like before any of it is applied; the usual, if it does not say.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    pub gates: Value,
    /// The supplier's warehouse, in which its stock is kept; without one, stock is not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,39}$")]
    pub warehouse: Option<String>,
    /// The currency of prices that name none.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "CZK")]
    pub currency: Currency,
    /// The language of its texts.
    #[serde(default = "english")]
    #[schema(min_length = 2, max_length = 35, example = "cs")]
    pub language: String,
    /// Of two suppliers that describe one product, the higher counts.
    #[serde(default)]
    #[schema(maximum = 99)]
    pub priority: u8,
    /// What becomes of rows whose product nobody knows.
    #[serde(default)]
    pub new_products: NewProducts,
    /// What a new product's SKU begins with; the supplier's code follows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 20)]
    pub sku_prefix: String,
    /// Attributes of ours, by the supplier's names of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Whether the recommended price is what a product is sold for.
    #[serde(default)]
    pub rrp_is_price: bool,
    /// Units that "in stock" stands for, where the feed gives no number.
    #[serde(default = "some_units")]
    #[schema(minimum = 0, maximum = 1_000)]
    pub some_units: i64,
    /// What becomes of offers that a full feed no longer holds.
    #[serde(default)]
    pub vanished: VanishedRule,
    /// When it is imported; only when asked for, if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timetable: Option<Timetable>,
    /// The longest file that is taken.
    #[serde(default = "file_bytes_max")]
    #[schema(minimum = 1, maximum = 10_737_418_240_u64)]
    pub file_bytes_max: u64,
}

/// What a feed holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedKind {
    /// Everything that the supplier offers, with its texts: what is missing is gone.
    #[default]
    Full,
    /// Stock and prices of what is known from elsewhere: what is missing has not changed.
    StockAndPrice,
}

/// What becomes of rows whose product nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewProducts {
    /// They become drafts.
    #[default]
    Draft,
    /// They are offered at once.
    Active,
    /// They wait until somebody links them.
    Wait,
}

/// Where a feed is.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceReach)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
// One a source, and never many in memory.
#[allow(clippy::large_enum_variant)]
pub enum Reach {
    /// It is uploaded.
    #[default]
    Upload,
    /// It is fetched over HTTP.
    Http {
        /// Where. What stands after its `?` is a secret, and shown to nobody.
        #[schema(min_length = 1, max_length = 2000)]
        url: String,
        /// How we say who we are.
        #[serde(default)]
        access: Access,
        /// How the feed is told in pages, if it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paging: Option<Paging>,
        /// It is asked no more often, in seconds.
        #[serde(default)]
        #[schema(maximum = 604_800)]
        interval_min_s: u32,
    },
    /// It lies on an FTP server.
    Ftp(FtpPlace),
    /// It lies on an SFTP server.
    Sftp(SftpPlace),
}

/// A file on an FTP server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceFtp)]
#[serde(deny_unknown_fields)]
pub struct FtpPlace {
    /// The server's name or address.
    #[schema(min_length = 1, max_length = 253, example = "ftp.acme.example")]
    pub host: String,
    /// Its port.
    #[serde(default = "ftp_port")]
    #[schema(minimum = 1, maximum = 65_535)]
    pub port: u16,
    /// The file.
    #[schema(min_length = 1, max_length = 2000, example = "/export/feed.csv.gz")]
    pub path: String,
    /// Who we are.
    #[schema(min_length = 1, max_length = 2000)]
    pub user: String,
    /// The proof; a secret.
    #[schema(min_length = 1, max_length = 2000)]
    pub password: String,
    /// Whether it is spoken without TLS, so that others may listen.
    #[serde(default)]
    pub plain: bool,
}

/// A file on an SFTP server. One of `password` and `private_key` is needed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceSftp)]
#[serde(deny_unknown_fields)]
pub struct SftpPlace {
    /// The server's name or address.
    #[schema(min_length = 1, max_length = 253, example = "sftp.acme.example")]
    pub host: String,
    /// Its port.
    #[serde(default = "sftp_port")]
    #[schema(minimum = 1, maximum = 65_535)]
    pub port: u16,
    /// The file.
    #[schema(min_length = 1, max_length = 2000, example = "/export/feed.csv.gz")]
    pub path: String,
    /// Who we are.
    #[schema(min_length = 1, max_length = 2000)]
    pub user: String,
    /// The proof; a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 2000)]
    pub password: Option<String>,
    /// An OpenSSH key without a passphrase instead; a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 10_000)]
    pub private_key: Option<String>,
    /// By what the server is known: the fingerprint of its key. Without it nothing is fetched, and
    /// the import says which one the server shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^SHA256:[A-Za-z0-9+/]{43}$")]
    pub host_key: Option<String>,
}

/// How we say who we are. All of it is secret.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceAccess)]
#[serde(tag = "with", rename_all = "snake_case", deny_unknown_fields)]
pub enum Access {
    /// Not at all.
    #[default]
    Nothing,
    /// By name and password.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// By a token.
    Bearer {
        /// The token.
        token: String,
    },
    /// By headers.
    Headers {
        /// Their values by their names.
        headers: BTreeMap<String, String>,
    },
    /// By a token that is given for a client's id and secret (RFC 6749, 4.4).
    ClientCredentials {
        /// Where it is given.
        token_url: String,
        /// The id.
        client_id: String,
        /// The secret.
        client_secret: String,
        /// For what.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
    },
}

/// How a feed is told in pages. All parameters stand in the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourcePaging)]
#[serde(tag = "style", rename_all = "snake_case", deny_unknown_fields)]
pub enum Paging {
    /// By the number of rows before the page; ends at a short page.
    Offset {
        /// The parameter for the offset.
        #[serde(default = "offset")]
        offset: String,
        /// The parameter for the rows of a page.
        #[serde(default = "limit")]
        limit: String,
        /// Rows of a page.
        #[schema(minimum = 1, maximum = 10_000)]
        size: u32,
        /// Where a page's rows are, as a JSON pointer.
        #[serde(default)]
        rows: String,
    },
    /// By the page's number; ends at a short page.
    Number {
        /// The parameter for the number.
        #[serde(default = "page")]
        page: String,
        /// The number of the first page.
        #[serde(default = "one")]
        first: u32,
        /// The parameter for the rows of a page, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        per_page: Option<String>,
        /// Rows of a page.
        #[schema(minimum = 1, maximum = 10_000)]
        size: u32,
        /// Where a page's rows are, as a JSON pointer.
        #[serde(default)]
        rows: String,
    },
    /// By what the page before names: a cursor, or the whole address of the next page.
    Cursor {
        /// Where in a page the next one is named, as a JSON pointer.
        next: String,
        /// The parameter that takes it; absent if it is an address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parameter: Option<String>,
        /// Where a page's rows are, as a JSON pointer.
        #[serde(default)]
        rows: String,
    },
    /// By the header `Link` with `rel="next"`.
    Link {
        /// Where a page's rows are, as a JSON pointer.
        #[serde(default)]
        rows: String,
    },
}

/// What becomes of offers that a full feed no longer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VanishedRule {
    /// What is done.
    pub action: VanishedAction,
    /// After so many feeds in a row without it.
    #[schema(minimum = 1, maximum = 100)]
    pub after_runs: u32,
}

impl Default for VanishedRule {
    fn default() -> Self {
        Self { action: VanishedAction::ZeroStock, after_runs: 1 }
    }
}

/// What is done with an offer that is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VanishedAction {
    /// Nothing.
    Keep,
    /// The supplier has none of it.
    #[default]
    ZeroStock,
    /// The supplier has none of it, and the product is archived unless another one offers it.
    Archive,
}

/// When a source is imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Timetable {
    /// Five fields (minute, hour, day of month, month, day of week).
    #[schema(example = "30 2 * * *", min_length = 1, max_length = 200)]
    pub cron: String,
    /// An IANA time zone; the expression is read on its clocks.
    #[serde(default = "utc")]
    #[schema(example = "Europe/Prague")]
    pub zone: String,
    /// Whether it runs at all.
    #[serde(default = "yes")]
    pub enabled: bool,
}

impl SourceSettings {
    /// The settings without secrets.
    pub fn public_view(&self) -> Self {
        Self { reach: self.reach.public_view(), ..self.clone() }
    }
}

impl Reach {
    /// Where it is, without secrets.
    pub fn public_view(&self) -> Self {
        match self {
            Self::Upload => Self::Upload,
            Self::Http { url, access, paging, interval_min_s } => Self::Http {
                url: shown_url(url),
                access: access.public_view(),
                paging: paging.clone(),
                interval_min_s: *interval_min_s,
            },
            Self::Ftp(place) => Self::Ftp(FtpPlace { password: hidden(), ..place.clone() }),
            Self::Sftp(place) => Self::Sftp(SftpPlace {
                password: place.password.as_ref().map(|_| hidden()),
                private_key: place.private_key.as_ref().map(|_| hidden()),
                ..place.clone()
            }),
        }
    }
}

/// What stands where a secret is.
fn hidden() -> String {
    "***".to_owned()
}

impl Access {
    /// How, without any secret.
    pub fn public_view(&self) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::Basic { user, .. } => Self::Basic { user: user.clone(), password: hidden() },
            Self::Bearer { .. } => Self::Bearer { token: hidden() },
            Self::Headers { headers } => {
                let headers = headers.keys().map(|name| (name.clone(), hidden())).collect();
                Self::Headers { headers }
            }
            Self::ClientCredentials { token_url, client_id, scope, .. } => {
                Self::ClientCredentials {
                    token_url: shown_url(token_url),
                    client_id: client_id.clone(),
                    client_secret: hidden(),
                    scope: scope.clone(),
                }
            }
        }
    }
}

/// An address without what may be secret in it.
pub fn shown_url(url: &str) -> String {
    let (place, query) = url.split_once('?').map_or((url, ""), |(place, query)| (place, query));
    let place = match (place.split_once("://"), place.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://***@{host}"),
        _ => place.to_owned(),
    };
    if query.is_empty() { place } else { format!("{place}?***") }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upload => f.write_str("Upload"),
            Self::Http { url, .. } => write!(f, "Http({})", shown_url(url)),
            Self::Ftp(place) => write!(f, "Ftp({}:{}{})", place.host, place.port, place.path),
            Self::Sftp(place) => write!(f, "Sftp({}:{}{})", place.host, place.port, place.path),
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access(***)")
    }
}

fn ftp_port() -> u16 {
    21
}

fn sftp_port() -> u16 {
    22
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

fn some_units() -> i64 {
    2
}

fn file_bytes_max() -> u64 {
    2 << 30
}

fn english() -> String {
    "en".to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}

fn offset() -> String {
    "offset".to_owned()
}

fn limit() -> String {
    "limit".to_owned()
}

fn page() -> String {
    "page".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_in_an_address_is_not_shown() {
        assert_eq!(shown_url("https://a.cz/feed.xml?key=s3"), "https://a.cz/feed.xml?***");
        assert_eq!(shown_url("https://u:p@a.cz/feed.xml"), "https://***@a.cz/feed.xml");
        assert_eq!(shown_url("https://a.cz/feed.xml"), "https://a.cz/feed.xml");
    }

    #[test]
    fn where_a_file_lies_is_shown_without_what_opens_the_door() {
        let reach = |text| serde_json::from_str::<Reach>(text).unwrap();
        for text in [
            r#"{"by":"ftp","host":"a.cz","path":"/f.csv","user":"u","password":"s3cret"}"#,
            r#"{"by":"sftp","host":"a.cz","path":"/f.csv","user":"u","password":"s3cret"}"#,
            r#"{"by":"sftp","host":"a.cz","path":"/f.csv","user":"u","private_key":"s3cret"}"#,
        ] {
            let reach = reach(text);
            let shown = serde_json::to_string(&reach.public_view()).unwrap();
            assert!(shown.contains("***") && !shown.contains("s3cret"), "{shown}");
            assert!(!format!("{reach:?}").contains("s3cret"));
        }
    }

    #[test]
    fn access_tells_how_and_never_with_what() {
        let access = Access::Basic { user: "kontor".into(), password: "s3cret".into() };
        assert!(!serde_json::to_string(&access.public_view()).unwrap().contains("s3cret"));
        let headers = BTreeMap::from([("X-Key".to_owned(), "s3cret".to_owned())]);
        let access = Access::Headers { headers };
        let shown = serde_json::to_string(&access.public_view()).unwrap();
        assert!(shown.contains("X-Key") && !shown.contains("s3cret"));
        assert!(!format!("{access:?}").contains("s3cret"));
    }
}
