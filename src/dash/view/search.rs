//! The row of a search: what is searched for, how often it is there, and which of them is in sight.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::text::{clean, grouped};
use crate::dash::model::Layer;

/// Whether something is searched for, or is being written.
pub fn shows(canvas: &Canvas<'_>, text: &str) -> bool {
    !text.is_empty() || canvas.model.layers.iter().any(|layer| matches!(layer, Layer::Search(_)))
}

/// Draws it: `place` is that of the match in sight among so many. `among` says of what, where that is not all.
pub fn draw(
    canvas: &mut Canvas<'_>,
    at: Rect,
    text: &str,
    (place, count): (Option<usize>, usize),
    among: &str,
) {
    let writing = canvas.model.layers.iter().any(|layer| matches!(layer, Layer::Search(_)));
    let cursor = if writing { "_" } else { "" };
    let found = match (place, count) {
        (Some(place), _) => format!("match {} of {}", grouped(place + 1), grouped(count)),
        (None, 1) => "1 match".to_string(),
        (None, _) => format!("{} matches", grouped(count)),
    };
    canvas.rule(at, &format!("/ {}{cursor}  {found}{among}", clean(text)), "n next  N prev", false);
}
