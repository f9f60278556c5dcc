//! The words of JSON, read from the text without holding more than one of them.

use crate::encoding::Text;
use crate::error::FeedError;
use std::io::BufRead;

pub(super) struct Lexer {
    pub(super) text: Text,
    /// The last name of a member.
    pub(super) key: String,
    /// The last scalar: a text without its quotes, a number as it was written, nothing for null.
    pub(super) value: String,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Text,
    Number,
    Boolean,
    Null,
}

impl Lexer {
    pub(super) fn new(text: Text) -> Self {
        Self { text, key: String::new(), value: String::new(), bytes: Vec::new() }
    }

    /// The next byte that is no white space, without taking it; `None` at the end.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, FeedError> {
        loop {
            let buffer = self.text.fill_buf().map_err(FeedError::from_io)?;
            if buffer.is_empty() {
                return Ok(None);
            }
            let blank = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let next = buffer.get(blank).copied();
            self.text.consume(blank);
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// Takes the byte that was looked at.
    pub(super) fn skip(&mut self) {
        self.text.consume(1);
    }

    pub(super) fn expect(&mut self, expected: u8) -> Result<(), FeedError> {
        match self.peek()? {
            Some(found) if found == expected => {
                self.skip();
                Ok(())
            }
            Some(found) => {
                let (expected, found) = (char::from(expected), char::from(found));
                Err(self.malformed(&format!("expected {expected:?}, found {found:?}")))
            }
            None => Err(self.truncated("a value is not closed")),
        }
    }

    pub(super) fn key(&mut self) -> Result<(), FeedError> {
        if self.peek()? != Some(b'"') {
            return Err(self.malformed("expected the name of a member"));
        }
        self.string()?;
        std::mem::swap(&mut self.key, &mut self.value);
        Ok(())
    }

    pub(super) fn scalar(&mut self) -> Result<Scalar, FeedError> {
        match self.peek()? {
            Some(b'"') => {
                self.string()?;
                return Ok(Scalar::Text);
            }
            None => return Err(self.truncated("a value is missing")),
            Some(_) => self.word()?,
        }
        let kind = match self.value.as_str() {
            "true" | "false" => Scalar::Boolean,
            "null" => {
                self.value.clear();
                Scalar::Null
            }
            number if is_number(number) => Scalar::Number,
            _ => return Err(self.malformed("expected a value")),
        };
        Ok(kind)
    }

    /// Letters, digits and signs up to what cannot be part of a number or a word.
    fn word(&mut self) -> Result<(), FeedError> {
        self.value.clear();
        loop {
            let buffer = self.text.fill_buf().map_err(FeedError::from_io)?;
            let count = buffer
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
                .count();
            let over = count < buffer.len() || buffer.is_empty();
            self.value.extend(buffer[..count].iter().map(|byte| char::from(*byte)));
            self.text.consume(count);
            if over {
                return Ok(());
            }
        }
    }

    fn string(&mut self) -> Result<(), FeedError> {
        self.skip();
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        loop {
            let buffer = self.text.fill_buf().map_err(FeedError::from_io)?;
            if buffer.is_empty() {
                return Err(self.truncated("a text is not closed"));
            }
            let Some(at) = memchr::memchr2(b'"', b'\\', buffer) else {
                bytes.extend_from_slice(buffer);
                let count = buffer.len();
                self.text.consume(count);
                continue;
            };
            bytes.extend_from_slice(&buffer[..at]);
            let closes = buffer[at] == b'"';
            self.text.consume(at + 1);
            if closes {
                break;
            }
            self.escape(&mut bytes)?;
        }
        self.value.clear();
        // The decoder gives nothing but UTF-8, so no piece of it can be broken.
        self.value.push_str(&String::from_utf8_lossy(&bytes));
        self.bytes = bytes;
        Ok(())
    }

    fn escape(&mut self, into: &mut Vec<u8>) -> Result<(), FeedError> {
        let plain = match self.byte()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            // Controls are left out here as they are everywhere.
            b'b' | b'f' => return Ok(()),
            b'u' => return self.unicode(into),
            same @ (b'"' | b'\\' | b'/') => same,
            _ => return Err(self.malformed("an escape that JSON does not know")),
        };
        into.push(plain);
        Ok(())
    }

    /// Half of a surrogate pair alone means nothing and becomes U+FFFD.
    fn unicode(&mut self, into: &mut Vec<u8>) -> Result<(), FeedError> {
        let mut units = vec![self.hex()?];
        if (0xd800..0xdc00).contains(&units[0]) {
            // Its other half can only come as an escape, too.
            let next = self.text.fill_buf().map_err(FeedError::from_io)?.first().copied();
            if next == Some(b'\\') {
                self.text.consume(1);
                match self.byte()? {
                    b'u' => units.push(self.hex()?),
                    _ => return Err(self.malformed("half a character")),
                }
            }
        }
        let mut utf8 = [0; 4];
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            if character >= ' ' || character == '\n' || character == '\t' {
                into.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
            } else {
                self.text.report_mut().controls += 1;
            }
        }
        Ok(())
    }

    fn hex(&mut self) -> Result<u16, FeedError> {
        let mut unit = 0_u16;
        for _ in 0..4 {
            let digit = char::from(self.byte()?).to_digit(16);
            let Some(digit) = digit else { return Err(self.malformed("expected four digits")) };
            unit = unit << 4 | digit as u16;
        }
        Ok(unit)
    }

    fn byte(&mut self) -> Result<u8, FeedError> {
        let next = self.text.fill_buf().map_err(FeedError::from_io)?.first().copied();
        let Some(byte) = next else { return Err(self.truncated("a text is not closed")) };
        self.text.consume(1);
        Ok(byte)
    }

    pub(super) fn truncated(&self, reason: &str) -> FeedError {
        FeedError::Truncated { line: self.text.line(), reason: reason.to_owned() }
    }

    pub(super) fn malformed(&self, reason: &str) -> FeedError {
        FeedError::Malformed { line: self.text.line(), reason: reason.to_owned() }
    }
}

/// As JSON writes numbers, but a leading zero or plus is no reason to stop.
fn is_number(word: &str) -> bool {
    let digits = word.trim_start_matches(['+', '-']);
    digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
}
