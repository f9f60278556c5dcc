//! A source's settings, made ready for its rows; and what is wrong with them, for who sets them.

use kontor_messages::{
    EntityId,
    schedule::Plan as Schedule,
    supplier::{SourceSettings, Timetable},
};

/// An import is abandoned by its schedule after so long.
const OPEN_MAX_S: u32 = 12 * 3600;
/// What a schedule runs to have a source imported, before the source's code.
const WHAT: &str = "import/";

/// A setting at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The member, as a JSON pointer into the settings.
    pub pointer: String,
    /// What was expected.
    pub expected: String,
}

/// Says what is wrong with settings.
pub fn check(settings: &SourceSettings) -> Result<(), Wrong> {
    for (pointer, value) in [("/format", &settings.format), ("/mapping", &settings.mapping)] {
        if !value.is_object() {
            let (pointer, expected) = (pointer.to_owned(), "expected an object".to_owned());
            return Err(Wrong { pointer, expected });
        }
    }
    Ok(())
}

/// The schedule of a source.
pub fn schedule(code: &str, timetable: &Timetable) -> (EntityId, Schedule) {
    let plan = Schedule {
        cron: timetable.cron.clone(),
        zone: timetable.zone.clone(),
        what: format!("{WHAT}{code}"),
        enabled: timetable.enabled,
        open_max_s: OPEN_MAX_S,
    };
    (EntityId::named(format!("{WHAT}{code}")), plan)
}
