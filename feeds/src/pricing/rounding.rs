//! Rounding a price to what is put on a label.

use super::WHOLE;
use serde::{Deserialize, Serialize};

/// How a gross price is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rounding {
    /// The step in minor units: 100 for whole crowns, 1 for cents.
    pub step_minor: u32,
    /// Where the price ends within the step, as in 99 crowns of a hundred.
    pub ending: Ending,
    /// Which way.
    pub direction: Direction,
}

/// Where prices end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ending {
    /// At the steps themselves.
    #[default]
    Even,
    /// This many minor units below a step: with steps of 10 crowns and 1 crown below, 9, 19, 29…
    Below {
        /// Minor units, fewer than the step has.
        minor: u32,
    },
}

/// Which way prices are rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the nearest, halves up.
    #[default]
    Nearest,
    /// Up.
    Up,
    /// Down.
    Down,
}

impl Default for Rounding {
    /// To the minor unit.
    fn default() -> Self {
        Self { step_minor: 1, ending: Ending::Even, direction: Direction::Nearest }
    }
}

impl Rounding {
    /// Steps with an ending, to the nearest.
    pub fn to(step_minor: u32, below_minor: u32) -> Self {
        let ending =
            if below_minor == 0 { Ending::Even } else { Ending::Below { minor: below_minor } };
        Self { step_minor, ending, direction: Direction::Nearest }
    }

    pub(super) fn fault(&self) -> Option<&'static str> {
        match self.ending {
            _ if self.step_minor == 0 => Some("expected a step of one at least"),
            Ending::Below { minor } if minor >= self.step_minor => {
                Some("expected an ending of less than the step")
            }
            Ending::Below { .. } | Ending::Even => None,
        }
    }

    /// Rounds ten-thousandths of a minor unit to minor units. No price becomes less than the lowest
    /// one that ends as prices do.
    pub(super) fn round(&self, minor_10k: i128) -> Option<i64> {
        let step = i128::from(self.step_minor.max(1)).checked_mul(WHOLE)?;
        let below = match self.ending {
            Ending::Even => 0,
            Ending::Below { minor } => i128::from(minor).checked_mul(WHOLE)?,
        };
        // Moved so that prices that end well are whole steps.
        let moved = minor_10k.checked_add(below)?;
        let steps = match self.direction {
            Direction::Nearest => moved.checked_add(step / 2)?.div_euclid(step),
            Direction::Up => moved.checked_add(step - 1)?.div_euclid(step),
            Direction::Down => moved.div_euclid(step),
        };
        let steps = if minor_10k > 0 { steps.max(1) } else { steps };
        let rounded = steps.checked_mul(step)?.checked_sub(below)?;
        i64::try_from(rounded / WHOLE).ok()
    }
}
