//! A choice: what is typed, the rows that fit, and the command line of the one under the cursor.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::boxed;
use super::canvas::{Canvas, below, row};
use super::text::{clean, fit, width};
use crate::dash::model::{Choice, Hit, Pane, Pick};
use crate::dash::theme::Sign;
use crate::job::Role;

/// Columns of the box where there is room.
const WIDE: u16 = 100;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, pick: &Pick) {
    let typed = pick.field.is_some();
    let list = u16::try_from(pick.all.len()).unwrap_or(u16::MAX);
    let runs = pick.all.iter().any(|choice| !choice.runs.is_empty());
    let around = 2 + if typed { 2 } else { 0 } + if runs { 2 } else { 0 };
    let size = (WIDE.min(at.width.saturating_sub(6)), list.saturating_add(around).min(at.height));
    let enter = if canvas.look().ascii { "Ent" } else { "⏎" };
    let keys = pick.all.iter().any(|choice| !choice.key.is_empty());
    let hint = match (typed, keys) {
        (true, _) => format!("{enter} run   Tab complete   Esc"),
        (false, true) => format!("{enter} or its key runs   Esc"),
        (false, false) => format!("j/k move   {enter} takes it   Esc"),
    };
    let mut title = clean(&pick.title);
    if pick.shown.len() + usize::from(around) > usize::from(size.1) {
        // More than fits: where the cursor is among them.
        title += &format!(" {}/{}", pick.at + 1, pick.shown.len());
    }
    let inside = boxed::draw(canvas, at, size, &title, &hint);
    let mut body = inside;
    if typed {
        input(canvas, row(inside, 0), pick);
        body = below(body, 2);
    }
    let line = pick.chosen().map(|choice| choice.runs.clone()).unwrap_or_default();
    if runs && body.height > 3 {
        let text = if line.is_empty() { String::new() } else { format!("Runs as:  {}", clean(&line)) };
        canvas.text(row(body, body.height - 1), Role::Neutral, &text);
        body.height -= 2;
    }
    rows(canvas, body, pick);
}

/// The line of input with its cursor.
pub fn input(canvas: &mut Canvas<'_>, at: Rect, pick: &Pick) {
    let text = pick.field.as_ref().map(|field| field.input.value()).unwrap_or_default();
    let pieces = vec![Piece::raw("> "), Piece::raw(clean(text)), Piece::styled(" ", canvas.look().cursor())];
    canvas.line(at, &Line::from(pieces));
}

/// The rows that fit, as far as they are visible.
pub fn rows(canvas: &mut Canvas<'_>, at: Rect, pick: &Pick) {
    let height = usize::from(at.height);
    let window = canvas.window(Pane::Palette, pick.shown.len(), Some(pick.at), height);
    let name = pick.all.iter().map(|choice| width(&choice.label)).max().unwrap_or(0).min(24);
    for (nth, (place, index)) in
        pick.shown.iter().enumerate().skip(window.top).take(window.height).enumerate()
    {
        let Some(choice) = pick.all.get(*index) else { continue };
        let on = row(at, u16::try_from(nth).unwrap_or(u16::MAX));
        let line = line(canvas, choice, place == pick.at, name, usize::from(at.width));
        canvas.line(on, &line);
        canvas.hit(on, Hit::Choice(place));
        if place == pick.at {
            canvas.restyle(on, canvas.look().cursor());
        }
    }
    if pick.shown.is_empty() {
        canvas.text(row(at, 0), Role::Neutral, "  nothing fits");
    }
}

fn line(canvas: &Canvas<'_>, choice: &Choice, here: bool, name: usize, total: usize) -> Line<'static> {
    let more = canvas.sign(Sign::More);
    let mark = if here { canvas.sign(Sign::Cursor) } else { " " };
    let key = crate::dash::keys::Key::parse(&choice.key)
        .map_or(choice.key.clone(), |key| key.sign(canvas.look().ascii));
    let (role, note) = match choice.off(canvas.model) {
        Some(why) => (Role::Wait, format!("off: {}", clean(&why))),
        None => (Role::Neutral, clean(&choice.note)),
    };
    let room = total.saturating_sub(2 + name + 2 + 7);
    Line::from(vec![
        Piece::raw(format!("{mark} {}  ", fit(&clean(&choice.label), name, false, more))),
        canvas.piece(role, fit(&note, room, false, more)),
        canvas.piece(Role::Head, fit(&key, 7, true, more)),
    ])
}
