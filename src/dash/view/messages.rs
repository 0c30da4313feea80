//! What was said, the newest first, with more about the one under the cursor.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::boxed;
use super::canvas::{Canvas, row};
use super::text::clean;
use crate::dash::model::Pane;
use crate::job::Role;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, cursor: usize) {
    let messages = &canvas.model.messages;
    let size = (at.width.saturating_sub(6), at.height);
    let inside = boxed::draw(canvas, at, size, &format!("Messages {}", messages.len()), "Esc closes");
    if messages.is_empty() {
        canvas.text(row(inside, 0), Role::Neutral, "nothing was said yet");
        return;
    }
    let more = messages.iter().rev().nth(cursor).map(|message| message.more.as_str()).unwrap_or_default();
    let below = u16::try_from(more.lines().count()).unwrap_or(u16::MAX).min(inside.height / 2);
    let height = usize::from(inside.height - below);
    let window = canvas.window(Pane::Messages, messages.len(), Some(cursor), height);
    for (nth, (place, message)) in messages.iter().rev().enumerate().skip(window.top).take(height).enumerate()
    {
        let on = row(inside, u16::try_from(nth).unwrap_or(u16::MAX));
        let time = message.at.local_full();
        let time = time.get(11..).unwrap_or_default().to_string();
        let line = Line::from(vec![
            Piece::raw(format!("{time}  ")),
            canvas.piece(message.role, clean(&message.text)),
        ]);
        canvas.line(on, &line);
        if place == cursor {
            canvas.restyle(on, canvas.look().cursor());
        }
    }
    for (nth, line) in more.lines().take(usize::from(below)).enumerate() {
        let on = row(inside, inside.height - below + u16::try_from(nth).unwrap_or(0));
        canvas.text(on, Role::Neutral, &format!("  {}", clean(line)));
    }
}
