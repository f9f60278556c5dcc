//! Lists as comma-separated values: all pages of them, cell by cell as they are shown, up to a limit.
//! They are written while they are read, so a long list takes no more memory than a page.

use super::table::{Column, Row};
use crate::{
    backend::Trouble,
    desk::{Desk, Form},
    format,
    value::Read,
};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;
use std::{io, time::Duration};

/// Rows at most.
pub(crate) const ROWS_MAX: usize = 50_000;
/// Pages of the API at most, for lists that are looked for through many rows.
const PAGES_MAX: usize = 2_000;
/// Items of a page of the API.
const PAGE_LEN: usize = 200;
/// Whoever asks too fast waits so long, and so often.
const PATIENCE: Duration = Duration::from_secs(1);
const TRIES_MAX: u32 = 10;
/// How spreadsheets know that it is UTF-8.
const MARK: &str = "\u{feff}";

/// The page that is asked for, as a file: without its cursor, for it begins at the list's beginning.
pub(crate) fn here(desk: &Desk) -> String {
    with(&desk.inner().here, &[("cursor", ""), ("after", ""), ("done", ""), ("format", "csv")])
}

/// How many of a cell's parts are told: a page has room for so many, a file for all.
pub(crate) fn shown(desk: &Desk, on_page: usize) -> usize {
    if desk.wants_csv() { usize::MAX } else { on_page }
}

/// An id as a cell tells it: a file tells all of it.
pub(crate) fn id<'i>(desk: &Desk, id: &'i str) -> &'i str {
    if desk.wants_csv() { id } else { format::short(id) }
}

/// A list that is all there.
pub(crate) fn of(desk: &Desk, columns: &[Column], rows: &[Row]) -> Response {
    let with_id = rows.iter().any(|row| !row.id.is_empty());
    let mut text = head(desk, columns, with_id);
    rows.iter().for_each(|row| line(&mut text, row, with_id));
    file(desk, Body::from(text))
}

/// The end of a list: its last page, how many rows it and those before were asked for, and how many the
/// pages counted beside those that they list.
pub(crate) struct End<'e> {
    pub(crate) page: &'e Value,
    pub(crate) asked_for: i64,
    pub(crate) not_listed: i64,
}

/// What the last line of a file says of what is in no line of it; nothing, where all is.
type Ending = fn(&Desk, &End<'_>) -> Option<String>;

/// A list that the API tells by pages: `question` asks for the first of them.
pub(crate) async fn list<R>(
    desk: &Desk,
    columns: &'static [Column],
    question: &str,
    row: R,
) -> Result<Response, Trouble>
where
    R: Fn(&Desk, &Value) -> Row + Send + 'static,
{
    list_ending(desk, columns, question, row, |_, _| None).await
}

/// The same of a list that may not tell all of what it is about, even at its end.
pub(crate) async fn list_ending<R>(
    desk: &Desk,
    columns: &'static [Column],
    question: &str,
    row: R,
    ending: Ending,
) -> Result<Response, Trouble>
where
    R: Fn(&Desk, &Value) -> Row + Send + 'static,
{
    let question = with(question, &[("limit", &PAGE_LEN.to_string()), ("cursor", "")]);
    // Why there is none is told by a page, as long as nothing is written.
    let page = fetch(desk, &question).await?;
    let first = page.list("items").first().map(|item| row(desk, item));
    // A first page may be empty although more follow: their ids must have a column then.
    let with_id = first.is_none_or(|row| !row.id.is_empty());
    let desk = desk.clone();
    let begun = head(&desk, columns, with_id);
    let (rows, pages, not_listed) = (0, 0, 0);
    let walk = Walk {
        desk: desk.clone(),
        columns,
        question,
        row,
        ending,
        with_id,
        rows,
        pages,
        not_listed,
    };
    let lines = stream::try_unfold((walk, begun, Some(page)), |(mut walk, begun, page)| async {
        let Some(page) = page else { return Ok::<_, io::Error>(None) };
        let (text, next) = walk.write(begun, page).await?;
        Ok(Some((Bytes::from(text), (walk, String::new(), next))))
    });
    Ok(file(&desk, Body::from_stream(lines)))
}

/// A list that is being walked.
struct Walk<R> {
    desk: Desk,
    columns: &'static [Column],
    question: String,
    row: R,
    ending: Ending,
    with_id: bool,
    rows: usize,
    pages: usize,
    not_listed: i64,
}

impl<R: Fn(&Desk, &Value) -> Row + Send + 'static> Walk<R> {
    /// The lines of a page, and the page after it. One that cannot be had breaks the file off: what is
    /// not whole must not look so.
    async fn write(
        &mut self,
        mut text: String,
        mut page: Value,
    ) -> Result<(String, Option<Value>), io::Error> {
        loop {
            self.pages += 1;
            let room = ROWS_MAX - self.rows;
            let items = page.list("items");
            let over = items.len() > room;
            for item in items.iter().take(room) {
                line(&mut text, &(self.row)(&self.desk, item), self.with_id);
            }
            self.rows += items.len().min(room);
            self.not_listed += page.int("not_listed");
            let next = next(&self.question, &page);
            let full = self.rows >= ROWS_MAX || self.pages >= PAGES_MAX;
            if over || (full && next.is_some()) {
                self.cut(&mut text);
                return Ok((text, None));
            }
            let Some(next) = next else {
                self.end(&mut text, &page);
                return Ok((text, None));
            };
            page = fetch(&self.desk, &next).await.map_err(|trouble| {
                tracing::warn!(code = trouble.code, "a list could not be read to its end");
                io::Error::other("the list could not be read to its end")
            })?;
            if !text.is_empty() {
                return Ok((text, Some(page)));
            }
        }
    }

    /// Says in a row of its own that the list goes on.
    fn cut(&self, text: &mut String) {
        let rows = self.desk.number(i64::try_from(self.rows).unwrap_or(i64::MAX));
        let said = self.desk.f("Cut off after {} rows: there are more. Narrow the list.", &[&rows]);
        self.say(text, said);
    }

    /// Says in the last line what the list leaves out, if that is so.
    fn end(&self, text: &mut String, page: &Value) {
        let asked_for = i64::try_from(self.pages.saturating_mul(PAGE_LEN)).unwrap_or(i64::MAX);
        let end = End { page, asked_for, not_listed: self.not_listed };
        if let Some(said) = (self.ending)(&self.desk, &end) {
            self.say(text, said);
        }
    }

    /// A line that says something of the list.
    fn say(&self, text: &mut String, said: String) {
        let mut cells = vec![said];
        cells.resize(self.columns.len() + usize::from(self.with_id), String::new());
        write_line(text, &cells);
    }
}

impl Desk {
    /// Whether the page is wanted as a file.
    pub(crate) fn wants_csv(&self) -> bool {
        let query = self.inner().here.split_once('?').map_or("", |(_, query)| query);
        Form::parse(query.as_bytes()).text("format") == "csv"
    }
}

/// A page of the API; whoever is told to come again does so.
async fn fetch(desk: &Desk, question: &str) -> Result<Value, Trouble> {
    let mut tries = 0;
    loop {
        match desk.api().get(question).await {
            Err(trouble) if trouble.status == 429 && tries < TRIES_MAX => {
                tries += 1;
                tokio::time::sleep(PATIENCE).await;
            }
            told => return told,
        }
    }
}

/// What asks for the page after this one; nothing after the last. Lists of what happened go on after
/// their last event, whether that is the end or not.
fn next(question: &str, page: &Value) -> Option<String> {
    let cursor = page.text("next_cursor");
    match (cursor.is_empty(), page.has("more")) {
        (true, _) => None,
        (false, false) => Some(with(question, &[("cursor", cursor)])),
        (false, true) => {
            page.is("more").then(|| with(question, &[("from", ""), ("after", cursor)]))
        }
    }
}

/// An address whose query says this; what is empty is left out.
fn with(address: &str, said: &[(&str, &str)]) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let known = url::form_urlencoded::parse(query.as_bytes());
    let known = known.filter(|(name, value)| {
        !value.is_empty() && said.iter().all(|(other, _)| *other != name.as_ref())
    });
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(known).extend_pairs(said.iter().filter(|(_, value)| !value.is_empty()));
    format!("{path}?{}", query.finish())
}

fn head(desk: &Desk, columns: &[Column], with_id: bool) -> String {
    let mut text = MARK.to_owned();
    let id = with_id.then(|| desk.t("Id").to_owned());
    let names = columns.iter().map(|column| desk.t(column.name).to_owned());
    write_line(&mut text, &id.into_iter().chain(names).collect::<Vec<_>>());
    text
}

fn line(text: &mut String, row: &Row, with_id: bool) {
    let id = with_id.then(|| row.id.clone());
    let cells = row.cells.iter().map(|cell| plain(&cell.0));
    write_line(text, &id.into_iter().chain(cells).collect::<Vec<_>>());
}

fn write_line(text: &mut String, cells: &[String]) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        field(text, cell);
    }
    text.push_str("\r\n");
}

/// A cell in quotes where it needs them. What a spreadsheet would take for a formula is made text, and
/// so is what follows a semicolon: a Czech spreadsheet begins a cell of its own there, in quotes or not.
fn field(text: &mut String, cell: &str) {
    let formula = cell.split(';').any(is_formula);
    if !formula && !cell.contains(['"', ',', '\n', '\r', ';']) {
        return text.push_str(cell);
    }
    text.push('"');
    for (place, part) in cell.split(';').enumerate() {
        if place > 0 {
            text.push(';');
        }
        if is_formula(part) {
            text.push('\'');
        }
        text.push_str(&part.replace('"', "\"\""));
    }
    text.push('"');
}

fn is_formula(part: &str) -> bool {
    let begins = part.trim_start_matches(['"', ' ']);
    begins.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The text of a cell as a program reads it: times in full, ids in full, without what only a page has.
fn plain(markup: &str) -> String {
    let (mut text, mut rest) = (String::new(), markup);
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let Some((tag, after)) = after.split_once('>') else { break };
        rest = after;
        let name = tag.split(' ').next().unwrap_or_default();
        let told = match name {
            "time" => Some(attribute(tag, "datetime")),
            "button" if tag.contains(" class=\"id\"") => Some(attribute(tag, "data-copy")),
            "button" => Some(""),
            "form" | "svg" => Some(""),
            "a" if tag.contains(" class=\"button") => Some(""),
            _ => None,
        };
        if let Some(told) = told {
            text.push_str(told);
            rest = rest.split_once(&format!("</{name}>")).map_or("", |(_, after)| after);
        } else if !matches!(name.trim_start_matches('/'), "a" | "b" | "strong" | "code" | "small") {
            text.push(' ');
        }
    }
    text.push_str(rest);
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    let text = text.replace("&#39;", "'").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn attribute<'t>(tag: &'t str, name: &str) -> &'t str {
    let value = tag.split_once(&format!(" {name}=\"")).map(|(_, value)| value);
    value.and_then(|value| value.split('"').next()).unwrap_or_default()
}

/// An answer that is a file, named after its page.
fn file(desk: &Desk, body: Body) -> Response {
    let name = desk.path().rsplit('/').find(|part| !part.is_empty()).unwrap_or("list");
    let name: String =
        name.chars().filter(|sign| sign.is_ascii_alphanumeric() || *sign == '-').collect();
    let named = format!("attachment; filename=\"{name}.csv\"");
    let named = HeaderValue::from_str(&named).unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, named),
        (HeaderName::from_static("x-kontor-rows-max"), HeaderValue::from(ROWS_MAX)),
    ];
    (StatusCode::OK, headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_told_as_a_program_reads_it() {
        let ago = "<time datetime=\"2026-11-27T14:00:00Z\" title=\"x\">3 min ago</time>";
        assert_eq!(plain(ago), "2026-11-27T14:00:00Z");
        let id = "<button class=\"id\" type=\"button\" data-copy=\"o-123456789\">6789</button>";
        assert_eq!(plain(id), "o-123456789");
        assert_eq!(plain("<a href=\"/x\">Tea &amp; &lt;cakes&gt;</a>"), "Tea & <cakes>");
        assert_eq!(plain("<a class=\"button small\" href=\"/x\">Pause…</a>active"), "active");
        assert_eq!(plain("<span>1 × a</span><span>2 × b</span>"), "1 × a 2 × b");
        assert_eq!(plain("stripe/<b>main</b>"), "stripe/main");
        let secret = "<button class=\"small\" data-copy=\"https://x/hook\">Copy</button>";
        assert_eq!(plain(secret), "", "what is only to be copied is not told");
        let form = "<form action=\"/x\"><input name=\"form\"><button>Go on</button></form> paused";
        assert_eq!(plain(form), "paused");
    }

    #[test]
    fn a_cell_with_a_comma_is_quoted_and_none_is_a_formula() {
        let written = |cell: &str| {
            let mut text = String::new();
            field(&mut text, cell);
            text
        };
        assert_eq!(written("main"), "main");
        assert_eq!(written("1,234 \"x\""), "\"1,234 \"\"x\"\"\"");
        assert_eq!(written("=1+1"), "\"'=1+1\"");
        assert_eq!(written("@cmd"), "\"'@cmd\"");
        assert_eq!(written("tea;=1+1"), "\"tea;'=1+1\"");
        assert_eq!(written("tea;\"=1+1"), "\"tea;'\"\"=1+1\"");
        assert_eq!(written("tea; cups"), "\"tea; cups\"");
    }

    #[test]
    fn the_next_page_is_asked_for_by_its_cursor_and_what_happened_by_its_last_event() {
        let question = "/v1/orders?limit=200&status=paid&cursor=a";
        let page = serde_json::json!({ "items": [], "next_cursor": "b&c" });
        let next_one = next(question, &page);
        assert_eq!(next_one.as_deref(), Some("/v1/orders?limit=200&status=paid&cursor=b%26c"));
        assert_eq!(next(question, &serde_json::json!({ "items": [] })), None);
        let audit = "/v1/audit?limit=200&from=2026-11-27";
        let page = serde_json::json!({ "items": [], "next_cursor": "0-9", "more": true });
        assert_eq!(next(audit, &page).as_deref(), Some("/v1/audit?limit=200&after=0-9"));
        let last = serde_json::json!({ "items": [], "next_cursor": "0-9", "more": false });
        assert_eq!(next(audit, &last), None);
    }
}
