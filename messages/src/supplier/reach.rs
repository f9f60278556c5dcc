//! Where a feed is, and how we say who we are. What is secret of it is shown to nobody.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};
use utoipa::ToSchema;

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

fn one() -> u32 {
    1
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
