//! Feeds: whatever the bytes are, reading them ends in rows or in a fault, with bounded memory, and
//! going on after a row gives the same rows that going through gave.

#![no_main]

use kontor_feeds::{Mapping, Position, Source, mapping::presets::Preset, open};
use kontor_messages::Currency;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((which, feed)) = bytes.split_first() else { return };
    let preset = Preset::ALL[usize::from(*which) % Preset::ALL.len()];
    let mut source = Source::new(preset.format());
    // So small that the limits themselves are reached.
    source.limits.body_bytes_max = 1 << 20;
    source.limits.row_bytes_max = 1 << 14;
    source.limits.rows_max = 200;
    source.may_be_empty = *which >= 128;
    let mut rules = preset.rules();
    rules.reading.currency = Currency::parse("CZK").ok();
    let mapping = Mapping::compile(&rules).expect("a preset is good");
    let through = read(&mapping, &source, feed, None);
    let Some((position, _)) = through.get(through.len() / 2).cloned() else { return };
    let rest = read(&mapping, &source, feed, Some(position));
    let expected: Vec<_> = through[through.len() / 2 + 1..].iter().map(|(_, row)| row).collect();
    assert_eq!(rest.iter().map(|(_, row)| row).collect::<Vec<_>>(), expected);
});

/// The rows from the beginning, or after a position, each with the position after it.
fn read(
    mapping: &Mapping,
    source: &Source,
    feed: &[u8],
    after: Option<Position>,
) -> Vec<(Position, String)> {
    let mut seen = Vec::new();
    let Ok(mut rows) = open(std::io::Cursor::new(feed.to_vec()), source) else { return seen };
    if let Some(position) = after
        && rows.skip_to(&position).is_err()
    {
        return seen;
    }
    while let Ok(Some(row)) = rows.next_row() {
        let _ = (mapping.fingerprint(row), mapping.code(row));
        let text = format!("{:?}", mapping.apply(row));
        seen.push((rows.position(), text));
    }
    seen
}
