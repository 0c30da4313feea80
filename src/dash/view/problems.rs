//! All that is wrong with a manifest that was not accepted, and what becomes of the file.

use ratatui::layout::Rect;

use super::boxed;
use super::canvas::{Canvas, row};
use super::panes::wrapped;
use super::text::clean;
use crate::dash::model::{Pane, Window};
use crate::insight::Rejected;
use crate::job::Role;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, of: &Rejected, top: usize) {
    let head = match of.edit {
        true => format!("The edit of {} is not used", clean(&of.name)),
        false => format!("{} was rejected", clean(&of.name)),
    };
    let (size, keys) = ((at.width.saturating_sub(6), at.height), "e edits the file   y copies   Esc closes");
    let inside = boxed::draw(canvas, at, size, &head, keys);
    let room = usize::from(inside.width).max(1);
    let next = match of.edit {
        true => "Its job goes on with the text that it had before. Once the file is mended it is taken."
            .to_string(),
        false => "It lies in queue/rejected/. Edited by e it can be put back from here; by hand:".to_string(),
    };
    let name = clean(&of.name);
    // What somebody has to type stands on a line of its own.
    let how = (!of.edit).then(|| wrapped(&format!("mv queue/rejected/{name} queue/inbox/"), room));
    // Each line of the problems stands as it was written: a mark under a word would not stand under it when wrapped.
    let lines = of.problems.lines().skip(top).flat_map(|line| match line.starts_with(' ') {
        true => vec![clean(line)],
        false => wrapped(&clean(line), room),
    });
    let height = usize::from(inside.height);
    canvas.drawn.windows.push((Pane::Messages, Window { top, height }));
    let all = lines
        .chain([String::new()])
        .chain(wrapped(&next, room))
        .chain(how.into_iter().flatten())
        .take(height);
    for (nth, line) in all.enumerate() {
        canvas.text(row(inside, u16::try_from(nth).unwrap_or(u16::MAX)), Role::Neutral, &line);
    }
}
