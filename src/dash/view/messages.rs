//! What was said, the newest first, with more about the one under the cursor.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::boxed;
use super::canvas::{Canvas, row};
use super::panes::wrapped;
use super::parts;
use super::text::{clean, cut_paths, width};
use crate::dash::model::{Message, Pane};
use crate::dash::theme::Sign;
use crate::job::Role;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, cursor: usize) {
    let messages = &canvas.model.messages;
    let size = (at.width.saturating_sub(6), at.height);
    let inside =
        boxed::draw(canvas, at, size, &format!("Messages {}", messages.len()), "y copies   Esc closes");
    if messages.is_empty() {
        canvas.text(row(inside, 0), Role::Neutral, "nothing was said yet");
        return;
    }
    let wide = parts::moments_wide(canvas, messages.iter().map(|message| message.at));
    let about = about(messages.iter().rev().nth(cursor), usize::from(inside.width), wide + 2);
    let below = u16::try_from(about.len()).unwrap_or(u16::MAX).min(inside.height / 2);
    let height = usize::from(inside.height - below);
    let room = usize::from(inside.width).saturating_sub(wide + 2);
    let more = canvas.sign(Sign::More);
    let window = canvas.window(Pane::Messages, messages.len(), Some(cursor), height);
    for (nth, (place, message)) in messages.iter().rev().enumerate().skip(window.top).take(height).enumerate()
    {
        let on = row(inside, u16::try_from(nth).unwrap_or(u16::MAX));
        let time = parts::moment(canvas, message.at);
        let line = Line::from(vec![
            Piece::raw(format!("{time:<wide$}  ")),
            canvas.piece(message.role, cut_paths(&clean(&message.text), room, more)),
        ]);
        canvas.line(on, &line);
        if place == cursor {
            canvas.restyle(on, canvas.look().cursor());
        }
    }
    for (nth, line) in about.iter().take(usize::from(below)).enumerate() {
        let on = row(inside, inside.height - below + u16::try_from(nth).unwrap_or(0));
        canvas.text(on, Role::Neutral, &format!("  {line}"));
    }
}

/// The whole of a message that its row has no room for, then what is told about it.
fn about(message: Option<&Message>, columns: usize, time: usize) -> Vec<String> {
    let Some(message) = message else { return Vec::new() };
    let text = clean(&message.text);
    let whole = (width(&text) + time > columns).then_some(text);
    let more = message.more.lines().map(clean);
    let room = columns.saturating_sub(4).max(1);
    whole.into_iter().chain(more).flat_map(|line| wrapped(&line, room)).collect()
}
