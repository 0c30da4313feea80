//! The time of a message: handed in, never asked for.

use crate::fleet::{Now, State};
use crate::time::{Span, Stamp};

/// Both readings of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moment {
    /// The wall, for ages and dates.
    pub wall: Stamp,
    /// Time since boot, for spans such as the end of a toast.
    pub up: Span,
}

impl Moment {
    /// The readings by which `state` is judged.
    pub fn of(self, state: &State) -> Now {
        Now { law: self.wall.max(state.at), wall: self.wall }
    }

    /// The moment `span` later, on the clock that never jumps.
    pub fn after(self, span: Span) -> Span {
        later(self.up, span)
    }
}

/// `at` and `span` after it.
pub fn later(at: Span, span: Span) -> Span {
    Span::from_millis(at.as_millis().saturating_add(span.as_millis()))
}
