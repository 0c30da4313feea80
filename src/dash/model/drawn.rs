//! What the last frame showed: where things stand, how far lists were rolled, and when it will look old.
//!
//! A frame is drawn from the model alone; what only drawing can know (how many rows a pane had room for, where
//! a word came to stand) goes back into the model as a message. So a page down is as far as a page was, and a
//! click means what was under it.

use std::sync::Arc;

use super::column::Column;
use super::place::{Pane, Screen, Tab};
use crate::dash::keys::{Do, Key};
use crate::job::JobId;
use crate::time::{Span, Stamp};

/// A rectangle of cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub struct Area {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

impl Area {
    /// Whether the cell is in it.
    pub fn has(&self, x: u16, y: u16) -> bool {
        x >= self.x && y >= self.y && x - self.x < self.width && y - self.y < self.height
    }
}

/// What a click on a place means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hit {
    /// Goes to a screen.
    Screen(Screen),
    /// Goes to a tab.
    Tab(Tab),
    /// An action of the footer.
    Do(Do),
    /// Puts the cursor of a pane on a row; a second click opens it.
    Row(Pane, usize),
    /// Puts the cursor of the board on a card, by column and row; a second click opens it.
    Card(usize, usize),
    /// Selects a job.
    Job(JobId),
    /// Goes to a moment of the past.
    Moment(Stamp),
    /// Sorts.
    Head(Column),
    /// The rest of a pane; the wheel is for it.
    Pane(Pane),
    /// Nothing, not even for the wheel.
    Still,
    /// The same as this key.
    Press(Key),
    /// A row of the choice that lies on top.
    Choice(usize),
}

/// From so many columns there are two panes side by side.
pub const WIDE: u16 = 120;

/// The part of a list that a pane showed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Window {
    /// The first row shown.
    pub top: usize,
    /// Rows there was room for.
    pub height: usize,
}

/// How a piece of a text is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // Their names say them.
pub enum Face {
    Plain,
    Strong,
    Code,
    Head,
    Faint,
    Link,
}

/// A text in lines of one width.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Prose {
    /// What it was made from, so that another text is not taken for it.
    pub of: String,
    /// Columns it was set for.
    pub width: u16,
    /// The lines, each of pieces.
    pub lines: Vec<Vec<(String, Face)>>,
}

/// What a frame showed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Drawn {
    /// Each pane's part.
    pub windows: Vec<(Pane, Window)>,
    /// Lines that the sheet on top has, in sight or not.
    pub lines: usize,
    /// Where a click means what; later ones lie over earlier ones.
    pub hits: Vec<(Area, Hit)>,
    /// A text that was set for this width, so that it need not be set again for the next frame.
    pub prose: Option<Arc<Prose>>,
    /// How long until something of it is out of date by time alone.
    pub stale_in: Option<Span>,
    /// The same as a moment on the clock since boot.
    pub stale_at: Option<Span>,
}

impl Drawn {
    /// The part of its list that a pane showed.
    pub fn window(&self, pane: Pane) -> Window {
        self.windows.iter().find(|row| row.0 == pane).map_or(Window::default(), |row| row.1)
    }

    /// What a click there means.
    pub fn hit(&self, x: u16, y: u16) -> Option<&Hit> {
        self.hits.iter().rev().find(|row| row.0.has(x, y)).map(|row| &row.1)
    }
}
