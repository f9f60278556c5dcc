//! Decodes piece by piece. What a piece is never depends on how the bytes arrived.

use super::sniff::{self, Hints, Verdict};
use super::{Charset, Kind, TextReport, cp852};
use crate::error::FeedError;
use crate::unpack::Body;
use encoding_rs::CoderResult;

/// How much is read before the encoding is decided, and at a time from then on.
const PIECE_BYTES: usize = 64 * 1024;

pub(crate) struct Decoder {
    body: Body,
    raw: Vec<u8>,
    /// The part of `raw` that is not decoded yet.
    from: usize,
    to: usize,
    ended: bool,
    codec: Codec,
    may_fall_back: bool,
    /// The last character was a carriage return, for which a line feed was already given.
    after_return: bool,
    pub(crate) report: TextReport,
}

enum Codec {
    Utf8,
    Web(encoding_rs::Decoder),
    Cp852,
}

impl Codec {
    fn of(charset: Charset) -> Self {
        match charset.0 {
            Kind::Cp852 => Self::Cp852,
            Kind::Web(encoding) if encoding == encoding_rs::UTF_8 => Self::Utf8,
            Kind::Web(encoding) => Self::Web(encoding.new_decoder_without_bom_handling()),
        }
    }
}

impl Decoder {
    pub(crate) fn new(mut body: Body, hints: &Hints) -> Result<Self, FeedError> {
        let mut raw = vec![0; PIECE_BYTES];
        let to = body.fill(&mut raw)?;
        let ended = to < raw.len();
        let verdict = sniff::sniff(&raw[..to], ended, hints);
        let Verdict { charset, bom_bytes, declared_wrongly, may_fall_back } = verdict;
        let report =
            TextReport { charset: Some(charset), declared_wrongly, ..TextReport::default() };
        let codec = Codec::of(charset);
        let after_return = false;
        Ok(Self {
            body,
            raw,
            from: bom_bytes,
            to,
            ended,
            codec,
            may_fall_back,
            after_return,
            report,
        })
    }

    pub(crate) fn body(&self) -> &Body {
        &self.body
    }

    /// Appends the next piece of text. `false` once there is no more.
    pub(crate) fn decode(&mut self, text: &mut Vec<u8>) -> Result<bool, FeedError> {
        let start = text.len();
        loop {
            if self.from == self.to && self.ended {
                return Ok(false);
            }
            self.decode_piece(text);
            self.tidy(text, start);
            self.refill()?;
            if text.len() > start {
                return Ok(true);
            }
        }
    }

    /// Moves what is left to the front and reads behind it.
    fn refill(&mut self) -> Result<(), FeedError> {
        self.raw.copy_within(self.from..self.to, 0);
        self.to -= self.from;
        self.from = 0;
        if !self.ended {
            let count = self.body.fill(&mut self.raw[self.to..])?;
            self.to += count;
            self.ended = self.to < self.raw.len();
        }
        Ok(())
    }

    fn decode_piece(&mut self, text: &mut Vec<u8>) {
        let bytes = &self.raw[self.from..self.to];
        match &mut self.codec {
            Codec::Utf8 => return self.decode_utf8(text),
            Codec::Cp852 => cp852::decode(bytes, text),
            Codec::Web(decoder) => {
                // The one thing that a sample of 8859-2 may not have shown.
                let other = decoder.encoding() == encoding_rs::ISO_8859_2
                    && bytes.iter().any(|byte| (0x80..=0x9f).contains(byte));
                if other && self.report.declared_wrongly.is_none() {
                    return self.change(Charset::WINDOWS_1250, text);
                }
                let room =
                    decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3 + 16);
                let start = text.len();
                text.resize(start + room, 0);
                let (result, _, written, replaced) =
                    decoder.decode_to_utf8(bytes, &mut text[start..], self.ended);
                debug_assert_eq!(result, CoderResult::InputEmpty);
                text.truncate(start + written);
                if replaced {
                    let replacements =
                        memchr::memmem::find_iter(&text[start..], "\u{fffd}".as_bytes());
                    self.report.malformed += replacements.count() as u64;
                }
            }
        }
        self.from = self.to;
    }

    fn decode_utf8(&mut self, text: &mut Vec<u8>) {
        while self.from < self.to {
            let bytes = &self.raw[self.from..self.to];
            let error = match std::str::from_utf8(bytes) {
                Ok(whole) => {
                    self.may_fall_back &= whole.is_ascii();
                    text.extend_from_slice(bytes);
                    self.from = self.to;
                    return;
                }
                Err(error) => error,
            };
            let valid = &bytes[..error.valid_up_to()];
            self.may_fall_back &= valid.is_ascii();
            text.extend_from_slice(valid);
            self.from += valid.len();
            let broken_bytes = match error.error_len() {
                None if !self.ended => return,
                None => self.to - self.from,
                Some(count) => count,
            };
            if self.may_fall_back {
                return self.change(Charset::WINDOWS_1250, text);
            }
            text.extend_from_slice("\u{fffd}".as_bytes());
            self.report.malformed += 1;
            self.from += broken_bytes;
        }
    }

    /// From here on it is another encoding; all before was plain ASCII or looks the same in both.
    fn change(&mut self, charset: Charset, text: &mut Vec<u8>) {
        self.may_fall_back = false;
        self.report.declared_wrongly = self.report.charset;
        self.report.charset = Some(charset);
        self.codec = Codec::of(charset);
        self.decode_piece(text);
    }

    /// Leaves out control characters, and makes every line end a line feed.
    fn tidy(&mut self, text: &mut Vec<u8>, start: usize) {
        let piece = &text[start..];
        if !self.after_return && !piece.iter().fold(false, |any, byte| any | is_unwelcome(*byte)) {
            return;
        }
        let mut kept = start;
        for at in start..text.len() {
            let byte = text[at];
            let line_feed_again = self.after_return && byte == b'\n';
            self.after_return = byte == b'\r';
            if line_feed_again {
                continue;
            }
            if byte != b'\r' && is_unwelcome(byte) {
                self.report.controls += 1;
                continue;
            }
            text[kept] = if byte == b'\r' { b'\n' } else { byte };
            kept += 1;
        }
        text.truncate(kept);
    }
}

/// Below the space, XML 1.0 knows the tab and the line ends.
fn is_unwelcome(byte: u8) -> bool {
    byte < 0x20 && byte != b'\n' && byte != b'\t'
}
