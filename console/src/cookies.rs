//! Cookies: read from a request, and written such that no script and no other site gets them.

use http::{HeaderMap, HeaderValue, header};

/// The refresh token, sealed.
pub(crate) const SESSION: &str = "kontor_session";
/// The access token with its end, sealed.
pub(crate) const ACCESS: &str = "kontor_access";
/// Whoever looks, signed in or not: what forms are bound to.
pub(crate) const VISITOR: &str = "kontor_visitor";
/// `en` or `cs`.
pub(crate) const LANGUAGE: &str = "kontor_language";
/// `light` or `dark`; absent: as the system has it.
pub(crate) const THEME: &str = "kontor_theme";

/// A cookie of the request.
pub(crate) fn get<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';'));
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Whether cookies may travel without TLS: only where they never leave the machine.
pub(crate) fn is_localhost(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    matches!(name, "localhost" | "127.0.0.1" | "::1")
}

/// Sets a cookie for so many seconds; 0 takes it away.
pub(crate) fn set(name: &str, value: &str, for_s: u32, plain: bool) -> Option<HeaderValue> {
    let secure = if plain { "" } else { "; Secure" };
    let line =
        format!("{name}={value}; Path=/console; Max-Age={for_s}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let headers = with(header::COOKIE, "a=1; kontor_session=x; b=2");
        assert_eq!(get(&headers, SESSION), Some("x"));
        assert_eq!(get(&headers, "session"), None);
    }

    #[test]
    fn only_a_machines_own_address_goes_without_tls() {
        assert!(is_localhost(&with(header::HOST, "localhost:3200")));
        assert!(is_localhost(&with(header::HOST, "[::1]:3200")));
        assert!(!is_localhost(&with(header::HOST, "localhost.example.com")));
        assert!(set("a", "b", 1, false).unwrap().to_str().unwrap().ends_with("; Secure"));
        assert!(!set("a", "b", 1, true).unwrap().to_str().unwrap().contains("Secure"));
    }
}
