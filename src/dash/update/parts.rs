//! The panes of a job's summary: the focus goes round those that are drawn, and the one that has it is rolled.

use super::go::moved;
use crate::dash::keys::Motion;
use crate::dash::model::{Model, PARTS, Pane, Part};

/// The next pane that is drawn, or the one before.
pub fn step(model: &mut Model, forth: bool) {
    let drawn: Vec<Part> = PARTS.into_iter().filter(|part| is_drawn(model, *part)).collect();
    let Some(page) = &mut model.page else { return };
    let Some(last) = drawn.len().checked_sub(1) else { return };
    let at = drawn.iter().position(|part| *part == page.parts.at).unwrap_or(0);
    page.parts.at = drawn[(at + if forth { 1 } else { last }) % drawn.len()];
}

fn is_drawn(model: &Model, part: Part) -> bool {
    model.drawn.windows.iter().any(|row| row.0 == Pane::Part(part))
}

/// Gives a pane the focus.
pub fn focus(model: &mut Model, part: Part) {
    if let Some(page) = &mut model.page {
        page.parts.at = part;
    }
}

/// Rolls the pane with the focus. Gives whether there is one.
pub fn motion(model: &mut Model, motion: Motion) -> bool {
    let Some(part) = model.in_parts().map(|page| page.parts.at) else { return false };
    let window = model.drawn.window(Pane::Part(part));
    let from = model.in_parts().and_then(|page| page.parts.top(part)).unwrap_or(window.top);
    let top = moved(from, motion, window.height.max(1), usize::MAX / 2);
    // The end of the log is where it stands by itself: so it goes on with it.
    let top = if part == Part::Log && matches!(motion, Motion::Last) { None } else { Some(top) };
    if let Some(page) = &mut model.page {
        page.parts.roll(part, top);
    }
    true
}
