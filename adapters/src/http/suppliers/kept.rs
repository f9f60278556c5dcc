//! What a source keeps of its secrets when it is changed by somebody who cannot see them.

use super::super::{
    command::Asking,
    document::{Kind, Sources},
    problem::Problem,
};
use kontor_actors::supplier::Supplier;
use kontor_messages::supplier::{Access, FtpPlace, Reach, SftpPlace, SourceSettings, shown_url};
use std::collections::BTreeMap;
use url::Url;

/// How an answer shows what it does not tell.
const MASK: &str = "***";
/// Why a secret is not kept.
const ELSEWHERE: &str = "what it was, or all secrets anew: none of them is sent elsewhere";

/// The settings with what stays as it is: a secret that says `***`, as answers show it. Where it is
/// sent to has to stay too, or a secret could be sent to a place of whoever asks.
pub(super) async fn kept(
    asking: &mut Asking,
    code: &str,
    mut settings: SourceSettings,
) -> Result<SourceSettings, Problem> {
    if !is_masked(&settings.reach) {
        return Ok(settings);
    }
    let (intake, tenant) = (asking.api.intake(), asking.access.id());
    let there = match Sources::entity(code) {
        Some(entity) => intake.read::<Supplier>(tenant, &entity).await?,
        None => None,
    };
    let known = there.as_ref().and_then(|(state, _)| state.source());
    let before = known.filter(|known| !known.removed).map(|known| &known.settings.reach);
    settings.reach = filled(settings.reach, before)?;
    if let Some((_, version)) = there {
        // What is kept is that of this version, and of no other.
        asking.terms.if_version.get_or_insert(version);
    }
    Ok(settings)
}

fn is_masked(reach: &Reach) -> bool {
    match reach {
        Reach::Upload => false,
        Reach::Http { url, access, .. } => hides(url) || is_hidden(access),
        Reach::Ftp(place) => place.password == MASK,
        Reach::Sftp(SftpPlace { password, private_key, .. }) => {
            [password, private_key].into_iter().flatten().any(|secret| secret == MASK)
        }
    }
}

fn is_hidden(access: &Access) -> bool {
    match access {
        Access::Nothing => false,
        Access::Basic { password, .. } => password == MASK,
        Access::Bearer { token } => token == MASK,
        Access::Headers { headers } => headers.values().any(|value| value == MASK),
        Access::ClientCredentials { token_url, client_secret, .. } => {
            hides(token_url) || client_secret == MASK
        }
    }
}

/// Whether an address is written as answers show one that holds a secret.
fn hides(url: &str) -> bool {
    url.ends_with("?***") || url.contains("://***@")
}

/// Where a feed is, with what was there before in the places that are masked.
fn filled(said: Reach, before: Option<&Reach>) -> Result<Reach, Problem> {
    Ok(match said {
        Reach::Upload => Reach::Upload,
        Reach::Http { url, access, paging, interval_min_s } => {
            let (was, how) = match before {
                Some(Reach::Http { url, access, .. }) => (Some(url.as_str()), Some(access)),
                _ => (None, None),
            };
            let url = address("/reach/url", url, was)?;
            if is_hidden(&access) && was.is_some_and(|was| !leads_alike(&url, was)) {
                return Err(Problem::invalid("/reach/url", ELSEWHERE));
            }
            Reach::Http { url, access: entry(access, how)?, paging, interval_min_s }
        }
        Reach::Ftp(place) => match before {
            Some(Reach::Ftp(was)) => Reach::Ftp(ftp(place, Some(was))?),
            _ => Reach::Ftp(ftp(place, None)?),
        },
        Reach::Sftp(place) => match before {
            Some(Reach::Sftp(was)) => Reach::Sftp(sftp(place, Some(was))?),
            _ => Reach::Sftp(sftp(place, None)?),
        },
    })
}

/// How we say who we are, with the secrets that are kept.
fn entry(said: Access, before: Option<&Access>) -> Result<Access, Problem> {
    Ok(match said {
        Access::Nothing => Access::Nothing,
        Access::Basic { user, password } => {
            let was = match before {
                Some(Access::Basic { password, .. }) => Some(password.as_str()),
                _ => None,
            };
            Access::Basic { user, password: secret("/reach/access/password", password, was)? }
        }
        Access::Bearer { token } => {
            let was = match before {
                Some(Access::Bearer { token }) => Some(token.as_str()),
                _ => None,
            };
            Access::Bearer { token: secret("/reach/access/token", token, was)? }
        }
        Access::Headers { headers } => Access::Headers { headers: named(headers, before)? },
        Access::ClientCredentials { token_url, client_id, client_secret, scope } => {
            let was = match before {
                Some(Access::ClientCredentials { token_url, client_secret, .. }) => {
                    Some((token_url.as_str(), client_secret.as_str()))
                }
                _ => None,
            };
            let pointer = "/reach/access/token_url";
            let token_url = address(pointer, token_url, was.map(|(url, _)| url))?;
            let led = was.is_some_and(|(url, _)| !leads_alike(&token_url, url));
            if client_secret == MASK && led {
                return Err(Problem::invalid(pointer, ELSEWHERE));
            }
            let was = was.map(|(_, secret)| secret);
            let client_secret = secret("/reach/access/client_secret", client_secret, was)?;
            Access::ClientCredentials { token_url, client_id, client_secret, scope }
        }
    })
}

/// Headers, each with the value that it had.
fn named(
    said: BTreeMap<String, String>,
    before: Option<&Access>,
) -> Result<BTreeMap<String, String>, Problem> {
    let was = |name: &String| match before {
        Some(Access::Headers { headers }) => headers.get(name).map(String::as_str),
        _ => None,
    };
    let each = said.into_iter().map(|(name, value)| {
        let value = secret("/reach/access/headers", value, was(&name))?;
        Ok((name, value))
    });
    each.collect()
}

fn ftp(said: FtpPlace, before: Option<&FtpPlace>) -> Result<FtpPlace, Problem> {
    if let Some(was) = before.filter(|_| said.password == MASK) {
        same("/reach/host", said.host == was.host)?;
        same("/reach/port", said.port == was.port)?;
        // Without TLS others may listen.
        same("/reach/plain", !said.plain || was.plain)?;
    }
    let was = before.map(|was| was.password.as_str());
    let password = secret("/reach/password", said.password, was)?;
    Ok(FtpPlace { password, ..said })
}

fn sftp(said: SftpPlace, before: Option<&SftpPlace>) -> Result<SftpPlace, Problem> {
    let masked = [&said.password, &said.private_key];
    let masked = masked.into_iter().flatten().any(|secret| secret == MASK);
    if let Some(was) = before.filter(|_| masked) {
        same("/reach/host", said.host == was.host)?;
        same("/reach/port", said.port == was.port)?;
        // A server that was not known yet may be from now on; another one may not.
        same("/reach/host_key", was.host_key.is_none() || said.host_key == was.host_key)?;
    }
    let filled = |pointer: &str, said: Option<String>, was: Option<&String>| {
        said.map(|said| secret(pointer, said, was.map(String::as_str))).transpose()
    };
    let was = |of: fn(&SftpPlace) -> &Option<String>| before.and_then(|place| of(place).as_ref());
    let password = filled("/reach/password", said.password, was(|place| &place.password))?;
    let key = filled("/reach/private_key", said.private_key, was(|place| &place.private_key))?;
    Ok(SftpPlace { password, private_key: key, ..said })
}

fn same(pointer: &str, is: bool) -> Result<(), Problem> {
    if is { Ok(()) } else { Err(Problem::invalid(pointer, ELSEWHERE)) }
}

/// A secret, or the one that is kept where it says `***`.
fn secret(pointer: &str, said: String, before: Option<&str>) -> Result<String, Problem> {
    match before {
        _ if said != MASK => Ok(said),
        Some(before) => Ok(before.to_owned()),
        None => Err(Problem::invalid(pointer, "expected the secret itself: none is kept for it")),
    }
}

/// An address, or the one that is kept where it is written as it is shown.
fn address(pointer: &str, said: String, before: Option<&str>) -> Result<String, Problem> {
    match before {
        _ if !hides(&said) => Ok(said),
        Some(before) if said == shown_url(before) => Ok(before.to_owned()),
        _ => {
            let expected = "expected the address as it is shown, or the whole of it anew";
            Err(Problem::invalid(pointer, expected))
        }
    }
}

/// Whether two addresses name one place of one server, whatever they tell it.
fn leads_alike(said: &str, before: &str) -> bool {
    let (Ok(said), Ok(before)) = (Url::parse(said), Url::parse(before)) else { return false };
    said.scheme() == before.scheme()
        && said.host_str() == before.host_str()
        && said.port_or_known_default() == before.port_or_known_default()
        && said.path() == before.path()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn reach(value: Value) -> Reach {
        serde_json::from_value(value).unwrap()
    }

    fn http(url: &str, access: Value) -> Reach {
        reach(json!({ "by": "http", "url": url, "access": access }))
    }

    fn basic(password: &str) -> Value {
        json!({ "with": "basic", "user": "kontor", "password": password })
    }

    /// What becomes of settings that are sent back as they are shown, with these changes.
    fn put(said: &Reach, before: &Reach) -> Result<Value, Problem> {
        filled(said.clone(), Some(before)).map(|reach| serde_json::to_value(reach).unwrap())
    }

    fn refused(said: &Reach, before: Option<&Reach>, pointer: &str) {
        let problem = filled(said.clone(), before).unwrap_err();
        let told: Value = serde_json::from_slice(&problem.body("")).unwrap();
        assert_eq!(told["errors"][0]["pointer"], pointer, "{told}");
    }

    #[test]
    fn what_is_sent_back_as_it_was_shown_stays_as_it_is() {
        let headers = json!({ "with": "headers", "headers": { "X-Key": "s3cret" } });
        let client = json!({ "with": "client_credentials", "token_url": "https://a.cz/token?k=1",
                             "client_id": "kontor", "client_secret": "s3cret" });
        for before in [
            http("https://a.cz/feed.xml?key=s3cret", basic("s3cret")),
            http("https://u:p@a.cz/feed.xml", json!({ "with": "bearer", "token": "s3cret" })),
            http("https://a.cz/feed.xml", headers),
            http("https://a.cz/feed.xml", client),
            reach(
                json!({ "by": "ftp", "host": "a.cz", "path": "/f", "user": "u", "password": "p" }),
            ),
            reach(
                json!({ "by": "sftp", "host": "a.cz", "path": "/f", "user": "u", "private_key": "k" }),
            ),
        ] {
            let shown = before.public_view();
            assert!(is_masked(&shown), "{shown:?}");
            assert_eq!(put(&shown, &before).unwrap(), serde_json::to_value(&before).unwrap());
        }
    }

    #[test]
    fn a_kept_secret_is_sent_nowhere_else() {
        let before = http("https://a.cz/feed.xml?key=s3cret", basic("s3cret"));
        for url in [
            "https://evil.cz/feed.xml?key=1",
            "https://a.cz:8443/feed.xml",
            "http://a.cz/feed.xml",
            "https://a.cz/other.xml",
            "https://evil.cz/@a.cz/feed.xml",
            "https://a.cz@evil.cz/feed.xml",
        ] {
            refused(&http(url, basic("***")), Some(&before), "/reach/url");
        }
        let place = |host: &str, plain: bool| {
            reach(json!({ "by": "ftp", "host": host, "path": "/f", "user": "u",
                          "password": "***", "plain": plain }))
        };
        let before = reach(
            json!({ "by": "ftp", "host": "a.cz", "path": "/f", "user": "u", "password": "p" }),
        );
        refused(&place("evil.cz", false), Some(&before), "/reach/host");
        refused(&place("a.cz", true), Some(&before), "/reach/plain");
        let client = |url: &str, secret: &str| {
            json!({ "with": "client_credentials", "token_url": url, "client_id": "kontor",
                    "client_secret": secret })
        };
        let before = http("https://a.cz/feed.xml", client("https://a.cz/token", "s3cret"));
        let led = http("https://a.cz/feed.xml", client("https://evil.cz/token", "***"));
        refused(&led, Some(&before), "/reach/access/token_url");
    }

    #[test]
    fn a_server_that_becomes_known_keeps_the_password_and_another_server_does_not_get_it() {
        let place = |key: Option<&str>, password: &str| {
            let mut place = json!({ "by": "sftp", "host": "a.cz", "path": "/f", "user": "u",
                                    "password": password });
            if let Some(key) = key {
                place["host_key"] = json!(key);
            }
            reach(place)
        };
        let known = put(&place(Some("SHA256:a"), "***"), &place(None, "s3cret")).unwrap();
        assert_eq!(known["password"], "s3cret");
        let before = place(Some("SHA256:a"), "s3cret");
        refused(&place(Some("SHA256:b"), "***"), Some(&before), "/reach/host_key");
    }

    #[test]
    fn where_nothing_is_kept_a_mask_is_no_secret() {
        refused(&http("https://a.cz/feed.xml", basic("***")), None, "/reach/access/password");
        refused(
            &http("https://a.cz/feed.xml?***", json!({ "with": "nothing" })),
            None,
            "/reach/url",
        );
        let before = http("https://a.cz/feed.xml", json!({ "with": "bearer", "token": "t" }));
        let other = http("https://a.cz/feed.xml", basic("***"));
        refused(&other, Some(&before), "/reach/access/password");
        let headers = json!({ "with": "headers", "headers": { "X-Other": "***" } });
        let before = http(
            "https://a.cz/feed.xml",
            json!({ "with": "headers", "headers": { "X-Key": "s3cret" } }),
        );
        refused(&http("https://a.cz/feed.xml", headers), Some(&before), "/reach/access/headers");
    }

    #[test]
    fn what_is_written_anew_is_taken_wherever_it_leads() {
        let before = http("https://a.cz/feed.xml?key=s3cret", basic("s3cret"));
        let anew = http("https://b.cz/feed.xml?key=1", basic("other"));
        assert!(!is_masked(&anew));
        assert_eq!(put(&anew, &before).unwrap(), serde_json::to_value(&anew).unwrap());
    }
}
