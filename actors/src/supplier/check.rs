//! What suppliers and sources must look like.

use crate::words::{is_language, is_line, is_word};
use kontor_messages::supplier::{
    Access, FtpPlace, Paging, Reach, SftpPlace, SourceSettings, SupplierRefusal as R,
    SupplierSettings, VanishedRule,
};

/// The longest code.
const CODE_MAX: usize = 40;
/// The longest name.
const NAME_MAX: usize = 200;
/// The longest address, secret or name of a header.
const TEXT_MAX: usize = 2_000;
/// Bytes of a private key.
const KEY_MAX: usize = 10_000;
/// Headers of a source.
const HEADERS_MAX: usize = 20;
/// Attributes of a source.
const ATTRIBUTES_MAX: usize = 500;
/// The largest settings of format, mapping and gates together, as JSON.
const SETTINGS_BYTES_MAX: usize = 64 * 1024;
/// The longest file.
const FILE_BYTES_MAX: u64 = 10 << 30;

pub(super) fn code(pointer: &str, code: &str) -> Result<(), R> {
    if is_word(code, "-", CODE_MAX) {
        return Ok(());
    }
    Err(R::invalid(pointer, "expected 1 to 40 characters of a-z, 0-9 and '-'"))
}

pub(super) fn supplier(settings: &SupplierSettings) -> Result<(), R> {
    line("/name", &settings.name, NAME_MAX)
}

pub(super) fn source(settings: &SourceSettings) -> Result<(), R> {
    code("/supplier", &settings.supplier)?;
    line("/name", &settings.name, NAME_MAX)?;
    settings.warehouse.as_deref().map_or(Ok(()), |name| code("/warehouse", name))?;
    if !is_language(&settings.language) {
        return Err(R::invalid("/language", "expected a language such as cs"));
    }
    if settings.priority > 99 {
        return Err(R::invalid("/priority", "expected 0 to 99"));
    }
    if !settings.sku_prefix.is_empty() {
        line("/sku_prefix", &settings.sku_prefix, 20)?;
    }
    if !(0..=1_000).contains(&settings.some_units) {
        return Err(R::invalid("/some_units", "expected 0 to 1000"));
    }
    if !(1..=FILE_BYTES_MAX).contains(&settings.file_bytes_max) {
        return Err(R::invalid("/file_bytes_max", format!("expected 1 to {FILE_BYTES_MAX}")));
    }
    vanished(&settings.vanished)?;
    if ATTRIBUTES_MAX < settings.attributes.len() {
        let expected = format!("expected at most {ATTRIBUTES_MAX} attributes");
        return Err(R::invalid("/attributes", expected));
    }
    for (theirs, ours) in &settings.attributes {
        line("/attributes", theirs, NAME_MAX)?;
        line("/attributes", ours, 60)?;
    }
    for (pointer, value) in [("/format", &settings.format), ("/mapping", &settings.mapping)] {
        if !value.is_object() {
            return Err(R::invalid(pointer, "expected an object"));
        }
    }
    let parts = [&settings.format, &settings.mapping, &settings.gates];
    if parts.iter().map(|part| part.to_string().len()).sum::<usize>() > SETTINGS_BYTES_MAX {
        let expected = format!("expected format, mapping and gates of {SETTINGS_BYTES_MAX} bytes");
        return Err(R::invalid("/mapping", expected));
    }
    if let Some(timetable) = &settings.timetable {
        line("/timetable/cron", &timetable.cron, NAME_MAX)?;
        line("/timetable/zone", &timetable.zone, NAME_MAX)?;
    }
    reach(&settings.reach)
}

fn vanished(rule: &VanishedRule) -> Result<(), R> {
    if !(1..=100).contains(&rule.after_runs) {
        return Err(R::invalid("/vanished/after_runs", "expected 1 to 100"));
    }
    Ok(())
}

fn reach(reach: &Reach) -> Result<(), R> {
    let (url, access, paging, interval_min_s) = match reach {
        Reach::Upload => return Ok(()),
        Reach::Ftp(place) => return ftp(place),
        Reach::Sftp(place) => return sftp(place),
        Reach::Http { url, access, paging, interval_min_s } => {
            (url, access, paging, interval_min_s)
        }
    };
    line("/reach/url", url, TEXT_MAX)?;
    if *interval_min_s > 604_800 {
        return Err(R::invalid("/reach/interval_min_s", "expected at most 604800"));
    }
    paging.as_ref().map_or(Ok(()), self::paging)?;
    let secret =
        |member: &str, text: &str| line(&format!("/reach/access/{member}"), text, TEXT_MAX);
    match access {
        Access::Nothing => Ok(()),
        Access::Basic { user, password } => {
            secret("user", user)?;
            secret("password", password)
        }
        Access::Bearer { token } => secret("token", token),
        Access::Headers { headers } => {
            if !(1..=HEADERS_MAX).contains(&headers.len()) {
                let expected = format!("expected 1 to {HEADERS_MAX} headers");
                return Err(R::invalid("/reach/access/headers", expected));
            }
            headers.iter().try_for_each(|(name, value)| {
                header(name)?;
                secret("headers", value)
            })
        }
        Access::ClientCredentials { token_url, client_id, client_secret, scope } => {
            secret("token_url", token_url)?;
            secret("client_id", client_id)?;
            secret("client_secret", client_secret)?;
            scope.as_deref().map_or(Ok(()), |scope| secret("scope", scope))
        }
    }
}

fn ftp(place: &FtpPlace) -> Result<(), R> {
    host(&place.host, place.port)?;
    line("/reach/path", &place.path, TEXT_MAX)?;
    line("/reach/user", &place.user, TEXT_MAX)?;
    line("/reach/password", &place.password, TEXT_MAX)
}

fn sftp(place: &SftpPlace) -> Result<(), R> {
    host(&place.host, place.port)?;
    line("/reach/path", &place.path, TEXT_MAX)?;
    line("/reach/user", &place.user, TEXT_MAX)?;
    let (pointer, either) = ("/reach/password", "expected either a password or a private_key");
    match (&place.password, &place.private_key) {
        (Some(password), None) => line(pointer, password, TEXT_MAX)?,
        (None, Some(key)) if (1..=KEY_MAX).contains(&key.len()) => {}
        (None, Some(_)) => {
            let expected = format!("expected 1 to {KEY_MAX} bytes");
            return Err(R::invalid("/reach/private_key", expected));
        }
        _ => return Err(R::invalid(pointer, either)),
    }
    let known = |key: &str| {
        let digits = key.strip_prefix("SHA256:").unwrap_or_default();
        let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'+' || c == b'/';
        digits.len() == 43 && digits.bytes().all(plain)
    };
    match &place.host_key {
        Some(key) if !known(key) => {
            Err(R::invalid("/reach/host_key", "expected SHA256: and 43 characters"))
        }
        _ => Ok(()),
    }
}

/// A name or an address, and a port.
fn host(host: &str, port: u16) -> Result<(), R> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b':');
    if !(1..=253).contains(&host.len()) || !host.bytes().all(plain) {
        return Err(R::invalid("/reach/host", "expected a name such as ftp.acme.example"));
    }
    if port == 0 {
        return Err(R::invalid("/reach/port", "expected 1 to 65535"));
    }
    Ok(())
}

/// A header that says who we are; what belongs to the exchange itself is not for tenants to set.
fn header(name: &str) -> Result<(), R> {
    const OURS: [&str; 6] =
        ["host", "content-length", "transfer-encoding", "connection", "te", "upgrade"];
    let token = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    let fits = (1..=100).contains(&name.len()) && name.bytes().all(token);
    if fits && !OURS.contains(&name.to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    Err(R::invalid("/reach/access/headers", "expected names such as X-Api-Key"))
}

fn paging(paging: &Paging) -> Result<(), R> {
    let (pointers, parameters, size): (Vec<&str>, Vec<&str>, Option<u32>) = match paging {
        Paging::Offset { offset, limit, size, rows } => {
            (vec![rows], vec![offset, limit], Some(*size))
        }
        Paging::Number { page, per_page, size, rows, .. } => (
            vec![rows],
            std::iter::once(page).chain(per_page).map(String::as_str).collect(),
            Some(*size),
        ),
        Paging::Cursor { next, parameter, rows } => {
            if next.is_empty() {
                return Err(R::invalid("/reach/paging/next", "expected a JSON pointer"));
            }
            (vec![next, rows], parameter.iter().map(String::as_str).collect(), None)
        }
        Paging::Link { rows } => (vec![rows], vec![], None),
    };
    if size.is_some_and(|size| !(1..=10_000).contains(&size)) {
        return Err(R::invalid("/reach/paging/size", "expected 1 to 10000"));
    }
    let pointer = |text: &&str| text.is_empty() || (text.starts_with('/') && text.len() <= 200);
    if !pointers.iter().all(pointer) {
        return Err(R::invalid("/reach/paging", "expected JSON pointers such as /data"));
    }
    if !parameters.iter().all(|name| is_line(name, 100)) {
        return Err(R::invalid("/reach/paging", "expected names of parameters"));
    }
    Ok(())
}

pub(super) fn line(pointer: &str, text: &str, len_max: usize) -> Result<(), R> {
    if is_line(text, len_max) {
        return Ok(());
    }
    Err(R::invalid(pointer, format!("expected 1 to {len_max} characters on one line")))
}
