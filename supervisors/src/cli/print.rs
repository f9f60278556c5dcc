//! What the commands print: one JSON value, or a table that fits a terminal.

use serde_json::Value;

/// An error: one line, or an object with `error`.
pub fn problem(json: bool, problem: &str) {
    if json {
        println!("{}", serde_json::json!({ "error": problem }));
    } else {
        eprintln!("kontor: {problem}");
    }
}

/// A value as it is, or the chosen members of its items as a table.
pub fn items(json: bool, value: &Value, columns: &[(&str, &str)]) {
    if json {
        println!("{value}");
        return;
    }
    let items = value.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    table(items, columns);
    if value.get("next_cursor").is_some_and(Value::is_string) {
        println!("... and more");
    }
}

/// Rows of members, `(title, JSON pointer)` each.
pub fn table(rows: &[Value], columns: &[(&str, &str)]) {
    let cell = |row: &Value, pointer: &str| match row.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let lines: Vec<Vec<String>> = rows
        .iter()
        .map(|row| columns.iter().map(|(_, pointer)| cell(row, pointer)).collect())
        .collect();
    let width = |place: usize, title: &str| {
        lines.iter().map(|line| line[place].chars().count()).max().unwrap_or(0).max(title.len())
    };
    let widths: Vec<usize> =
        columns.iter().enumerate().map(|(place, (title, _))| width(place, title)).collect();
    let print = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        println!("{}", padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    if lines.is_empty() {
        println!("nothing");
        return;
    }
    print(columns.iter().map(|(title, _)| *title).collect());
    for line in &lines {
        print(line.iter().map(String::as_str).collect());
    }
}
