//! Splits lines into fields. What is quoted may go on in the next line.

use super::dialect::Dialect;

pub(super) struct Splitter {
    delimiter: u8,
    quote: Option<u8>,
    backslash: bool,
    state: State,
    /// Where each field ends in the record's text.
    ends: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Begin,
    Plain,
    Quoted,
}

impl Splitter {
    pub(super) fn new(dialect: &Dialect) -> Self {
        Self {
            delimiter: dialect.delimiter.byte(),
            quote: dialect.quote.byte(),
            backslash: dialect.backslash,
            state: State::Begin,
            ends: Vec::new(),
        }
    }

    pub(super) fn begin(&mut self) {
        self.state = State::Begin;
        self.ends.clear();
    }

    /// Takes a line that ends with a line feed. `true` if the record ends with it.
    pub(super) fn split(&mut self, line: &[u8], into: &mut Vec<u8>) -> bool {
        let mut at = 0;
        while at < line.len() {
            match self.state {
                State::Begin if Some(line[at]) == self.quote => {
                    self.state = State::Quoted;
                    at += 1;
                }
                State::Begin => self.state = State::Plain,
                State::Plain => {
                    let rest = &line[at..];
                    let len = memchr::memchr2(self.delimiter, b'\n', rest).unwrap_or(rest.len());
                    into.extend_from_slice(&rest[..len]);
                    at += len;
                    if self.end_field(line, &mut at, into) {
                        return true;
                    }
                }
                State::Quoted => {
                    at = self.quoted(line, at, into);
                    if self.state == State::Plain
                        && is_end(line, at, self.delimiter)
                        && self.end_field(line, &mut at, into)
                    {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// `true` if the record ends with the field.
    fn end_field(&mut self, line: &[u8], at: &mut usize, into: &[u8]) -> bool {
        let last = line.get(*at).is_none_or(|byte| *byte == b'\n');
        self.ends.push(into.len() as u32);
        self.state = State::Begin;
        *at += 1;
        last
    }

    fn quoted(&mut self, line: &[u8], mut at: usize, into: &mut Vec<u8>) -> usize {
        let quote = self.quote.unwrap_or(b'"');
        while at < line.len() {
            let rest = &line[at..];
            let found = if self.backslash {
                memchr::memchr2(quote, b'\\', rest)
            } else {
                memchr::memchr(quote, rest)
            };
            let len = found.unwrap_or(rest.len());
            into.extend_from_slice(&rest[..len]);
            at += len;
            match (line.get(at), line.get(at + 1)) {
                (Some(b'\\'), Some(&next)) if self.backslash => {
                    if next != quote && next != b'\\' {
                        into.push(b'\\');
                    }
                    into.push(next);
                    at += 2;
                }
                (Some(_), Some(&next)) if next == quote => {
                    into.push(quote);
                    at += 2;
                }
                (Some(_), _) => {
                    at += 1;
                    if is_end(line, at, self.delimiter) {
                        self.state = State::Plain;
                        return at;
                    }
                    // A quote that closes nothing: inches, written by hand. It belongs to the text
                    // if the field is closed properly in this line, else the field ends plainly.
                    if self.closes_later(&line[at..], quote) {
                        into.push(quote);
                    } else {
                        self.state = State::Plain;
                        return at;
                    }
                }
                (None, _) => return at,
            }
        }
        at
    }

    fn closes_later(&self, rest: &[u8], quote: u8) -> bool {
        memchr::memchr_iter(quote, rest).any(|at| is_end(rest, at + 1, self.delimiter))
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn spans(&self) -> impl Iterator<Item = (u32, u32)> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(self.ends.iter().copied())
    }

    pub(super) fn fields<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        self.spans().map(move |(from, to)| text.get(from as usize..to as usize).unwrap_or(""))
    }
}

fn is_end(line: &[u8], at: usize, delimiter: u8) -> bool {
    line.get(at).is_none_or(|byte| *byte == delimiter || *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::super::dialect::{Delimiter, Dialect, Quote};
    use super::*;

    fn split(text: &str, backslash: bool) -> Option<Vec<String>> {
        let dialect = Dialect { delimiter: Delimiter::Semicolon, quote: Quote::Double, backslash };
        let mut splitter = Splitter::new(&dialect);
        splitter.begin();
        let mut bytes = Vec::new();
        let mut ended = false;
        for line in text.split_inclusive('\n') {
            assert!(!ended, "a record ended before its text did");
            ended = splitter.split(line.as_bytes(), &mut bytes);
        }
        let text = String::from_utf8(bytes).unwrap();
        ended.then(|| splitter.fields(&text).map(str::to_owned).collect())
    }

    #[test]
    fn fields_are_what_stands_between_delimiters_or_quotes() {
        let cases: [(&str, Option<&[&str]>); 12] = [
            ("a;b;c\n", Some(&["a", "b", "c"])),
            ("a;;\n", Some(&["a", "", ""])),
            ("\"a;b\";c\n", Some(&["a;b", "c"])),
            ("\"Triko \"\"Testa\"\"\";1\n", Some(&["Triko \"Testa\"", "1"])),
            ("\"two\nlines\";1\n", Some(&["two\nlines", "1"])),
            ("disk 5\" plain;1\n", Some(&["disk 5\" plain", "1"])),
            ("\"disk 5\" quoted\";1\n", Some(&["disk 5\" quoted", "1"])),
            ("\"a\"b;1\n", Some(&["ab", "1"])),
            ("\"\";\"\"\n", Some(&["", ""])),
            ("\"\"\"\";1\n", Some(&["\"", "1"])),
            ("\"open;1\n", None),
            ("\n", Some(&[""])),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|all| all.iter().map(|one| one.to_string()).collect());
            assert_eq!(split(text, false), expected, "{text:?}");
        }
    }

    #[test]
    fn a_backslash_takes_a_quotes_meaning_away() {
        let expected = vec!["5\" \\d".to_owned(), "1".to_owned()];
        assert_eq!(split("\"5\\\" \\d\";1\n", true), Some(expected));
    }
}
