//! Help for here: every action with its keys, under its heading; typing narrows it, Enter runs.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::boxed;
use super::canvas::{Canvas, below, row};
use super::panes::wrapped;
use super::pick::{input, rows};
use super::text::{clean, cut, fit};
use crate::dash::keys::{GROUPS, row_of};
use crate::dash::model::{Hit, Pane, Pick, Then, Window};
use crate::dash::theme::Sign;
use crate::job::{Role, STAGES};

/// Rows for what the cursor is on.
const FULL_MOST: usize = 2;
/// Columns of one column of help.
const COLUMN: u16 = 36;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, pick: &Pick) {
    let enter = if canvas.look().ascii { "Ent" } else { "⏎" };
    let hint = format!("type to search   {enter} runs it   Esc closes");
    let size = (at.width.saturating_sub(4).min(COLUMN * 4 + 4), at.height);
    let inside = boxed::draw(canvas, at, size, &pick.title, &hint);
    input(canvas, row(inside, 0), pick);
    let body = below(inside, 2);
    let typed = pick.field.as_ref().is_some_and(|field| !field.input.value().trim().is_empty());
    let body = in_full(canvas, body, pick);
    if typed {
        return rows(canvas, body, pick);
    }
    grouped(canvas, body, pick);
}

/// What the cursor is on, in full, with why it is off: rows of a column cut both. Gives what is left above it.
fn in_full(canvas: &mut Canvas<'_>, at: Rect, pick: &Pick) -> Rect {
    // Typing narrows the rows; without it the cursor goes along all of them.
    let Some(choice) = pick.chosen() else { return at };
    let why = choice.off(canvas.model).map(|why| format!("; off: {}", clean(&why))).unwrap_or_default();
    let text = format!("{}  {}{why}", choice.key, choice.note);
    let lines = wrapped(text.trim(), usize::from(at.width).max(1));
    let most = usize::from(at.height / 3).clamp(1, FULL_MOST);
    let high = u16::try_from(lines.len().min(most)).unwrap_or(1);
    if at.height <= high + 1 {
        return at;
    }
    let role = if why.is_empty() { Role::Neutral } else { Role::Wait };
    for (nth, line) in lines.iter().take(most).enumerate() {
        let place = row(at, at.height - high + u16::try_from(nth).unwrap_or(0));
        canvas.text(place, role, line);
    }
    // The list keeps its height from row to row.
    let kept = u16::try_from(most).unwrap_or(1).min(at.height - 1);
    Rect { height: at.height - kept, ..at }
}

/// What stands in a row of help.
enum Row {
    Head(&'static str),
    Action(usize),
    Empty,
}

/// All of it, in as many columns as there is room for; as much as fits, rolled with the cursor.
fn grouped(canvas: &mut Canvas<'_>, at: Rect, pick: &Pick) {
    let mut list: Vec<Row> = Vec::new();
    for (group, head) in GROUPS {
        let mine = (0..pick.all.len()).filter(|i| match pick.all[*i].then {
            Then::Do(does) => row_of(does).is_some_and(|row| row.group == group),
            _ => false,
        });
        list.push(Row::Head(head));
        list.extend(mine.map(Row::Action));
        list.push(Row::Empty);
    }
    let legend = at.height > 20;
    let height = usize::from(at.height) - usize::from(legend) * 2;
    let columns = usize::from((at.width / COLUMN).max(1));
    let cursor = list.iter().position(|row| matches!(row, Row::Action(i) if *i == pick.at)).unwrap_or(0);
    // Column by column: the page that holds the cursor.
    let page = (height * columns).max(1);
    let first = cursor / page * page;
    canvas.drawn.windows.push((Pane::Palette, Window { top: first, height: height.max(1) }));
    let wide = at.width / u16::try_from(columns).unwrap_or(1);
    for (nth, it) in list.iter().skip(first).take(page).enumerate() {
        let x = at.x + wide * u16::try_from(nth / height.max(1)).unwrap_or(0);
        let place = Rect {
            x,
            width: wide.saturating_sub(1),
            ..row(at, u16::try_from(nth % height.max(1)).unwrap_or(0))
        };
        match it {
            Row::Head(head) => {
                canvas.text(place, Role::Head, &cut(head, usize::from(place.width), canvas.sign(Sign::More)))
            }
            Row::Action(i) => action(canvas, place, pick, *i),
            Row::Empty => {}
        }
    }
    if legend {
        stages(canvas, row(at, at.height - 1));
    }
}

fn action(canvas: &mut Canvas<'_>, at: Rect, pick: &Pick, which: usize) {
    let Some(choice) = pick.all.get(which) else { return };
    let more = canvas.sign(Sign::More);
    let mut pieces = vec![
        canvas.piece(Role::Head, fit(&choice.key, 9, false, more)),
        Piece::raw(format!(" {}", choice.note)),
    ];
    if let Some(why) = choice.off(canvas.model) {
        pieces.push(canvas.piece(Role::Wait, format!("  off: {}", clean(&why))));
    }
    canvas.line(at, &Line::from(pieces));
    canvas.hit(at, Hit::Choice(which));
    if which == pick.at {
        canvas.restyle(at, canvas.look().cursor());
    }
}

fn stages(canvas: &mut Canvas<'_>, at: Rect) {
    let mut pieces = vec![canvas.piece(Role::Head, "STAGES  ")];
    for (stage, name, ..) in STAGES {
        let text = format!("{} {name}  ", canvas.look().stage_sign(stage));
        pieces.push(Piece::styled(text, canvas.look().stage(stage)));
    }
    canvas.line(at, &Line::from(pieces));
}
