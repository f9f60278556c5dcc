//! Tables: real ones, whose rows open what they tell of, become cards on a telephone, and can be
//! walked with the keyboard.

use crate::desk::Desk;
use maud::{Markup, html};

/// A column: its name, and whether it holds figures.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) figures: bool,
    /// Left out where there is little room.
    pub(crate) minor: bool,
}

impl Column {
    /// The same, left out where there is little room.
    pub(crate) const fn minor(self) -> Self {
        Self { minor: true, ..self }
    }

    fn class(&self) -> Option<&'static str> {
        match (self.figures, self.minor) {
            (true, true) => Some("num minor"),
            (true, false) => Some("num"),
            (false, true) => Some("minor"),
            (false, false) => None,
        }
    }
}

/// A column of words.
pub(crate) const fn words(name: &'static str) -> Column {
    Column { name, figures: false, minor: false }
}

/// A column of figures.
pub(crate) const fn figures(name: &'static str) -> Column {
    Column { name, figures: true, minor: false }
}

/// A row.
#[derive(Default)]
pub(crate) struct Row {
    /// What it tells of: by this a live page knows which row has changed.
    pub(crate) id: String,
    /// What opens with it; nothing if empty.
    pub(crate) href: String,
    /// Its cells, one a column.
    pub(crate) cells: Vec<Markup>,
}

/// A table. With `select`, rows are chosen by check boxes of that name, for the form around it.
pub(crate) fn table(
    desk: &Desk,
    caption: &str,
    columns: &[Column],
    rows: &[Row],
    select: Option<&str>,
) -> Markup {
    html! {
        div.scroll {
            table.rows data-rows {
                caption.hidden { (caption) }
                thead { tr {
                    @if select.is_some() {
                        th.pick scope="col" {
                            input type="checkbox" data-pick-all aria-label=(desk.t("Choose all"));
                        }
                    }
                    @for column in columns {
                        th scope="col" class=[column.class()] {
                            (desk.t(column.name))
                        }
                    }
                } }
                tbody {
                    @for row in rows { (line(desk, columns, row, select)) }
                }
            }
        }
    }
}

fn line(desk: &Desk, columns: &[Column], row: &Row, select: Option<&str>) -> Markup {
    html! {
        tr id=[(!row.id.is_empty()).then(|| format!("row-{}", row.id))]
            data-id=[(!row.id.is_empty()).then_some(&row.id)] {
            @if let Some(name) = select {
                td.pick {
                    input type="checkbox" name=(name) value=(row.id)
                        aria-label=(desk.f("Choose {}", &[&row.id]));
                }
            }
            @for (place, (column, cell)) in columns.iter().zip(&row.cells).enumerate() {
                td class=[column.class()] data-label=(desk.t(column.name)) {
                    @if place == 0 && !row.href.is_empty() {
                        a.open href=(row.href) { (cell) }
                    } @else { (cell) }
                }
            }
        }
    }
}
