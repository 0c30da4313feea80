//! A choice: what is typed, the rows that fit, and the command line of the one under the cursor.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::boxed;
use super::canvas::{Canvas, below, row};
use super::text::{clean, fit, width};
use crate::dash::keys::{Do, undone_by};
use crate::dash::model::{Choice, Hit, Pane, Pick, Section, Then};
use crate::dash::theme::Sign;
use crate::job::Role;

/// Columns of the box where there is room.
const WIDE: u16 = 100;
/// From so many columns on there is room for what takes an action back.
const UNDO_FROM: u16 = 90;
/// Cells between a line and what takes it back.
const GAP: usize = 3;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, pick: &Pick) {
    let typed = pick.field.is_some();
    let list = u16::try_from(listed(pick).len().max(pick.shown.len())).unwrap_or(u16::MAX);
    let runs = pick.all.iter().any(|choice| !choice.runs.is_empty());
    let around = 2 + if typed { 2 } else { 0 } + if runs { 2 } else { 0 };
    // The palette keeps its place while what is typed narrows it.
    let high = if pick.palette { at.height } else { list.saturating_add(around).min(at.height) };
    let size = (WIDE.min(at.width.saturating_sub(6)), high);
    let enter = if canvas.look().ascii { "Ent" } else { "⏎" };
    let keys = pick.all.iter().any(|choice| !choice.key.is_empty());
    let up = if canvas.look().ascii { "Up" } else { "↑" };
    let hint = match (typed, keys) {
        (true, _) if pick.palette => format!("{enter} run   Tab complete   {up} history   Esc"),
        (true, _) => format!("{enter} run   Tab complete   Esc"),
        (false, true) => format!("{enter} or its key runs   Esc"),
        (false, false) => format!("j/k move   {enter} takes it   Esc"),
    };
    let mut title = clean(&pick.title);
    if usize::from(list) + usize::from(around) > usize::from(size.1) {
        // More than fits: where the cursor is among them.
        title += &format!(" {}/{}", pick.at + 1, pick.shown.len());
    }
    let inside = boxed::draw(canvas, at, size, &title, &hint);
    let mut body = inside;
    if typed {
        input(canvas, row(inside, 0), pick);
        body = below(body, 2);
    }
    if runs && body.height > 3 {
        runs_as(canvas, row(body, body.height - 1), pick);
        body.height -= 2;
    }
    rows(canvas, body, pick);
}

/// The line of the command line, and beside it what takes it back.
fn runs_as(canvas: &mut Canvas<'_>, at: Rect, pick: &Pick) {
    let Some(choice) = pick.chosen().filter(|choice| !choice.runs.is_empty()) else { return };
    let runs = format!("Runs as:  {}", clean(&choice.runs));
    canvas.text(at, Role::Neutral, &runs);
    let Then::Do(does) = choice.then else { return };
    if !pick.palette || at.width < UNDO_FROM || choice.off(canvas.model).is_some() {
        return;
    }
    let Some(line) = undone_by(canvas.model, does) else { return };
    let key = canvas.model.keys.sign(Do::Undo, canvas.look().ascii);
    let undo = format!("undo: {key} here, or {}", clean(&line));
    let room = usize::from(at.width).saturating_sub(width(&runs) + GAP);
    if let Some(before) = u16::try_from(width(&undo)).ok().filter(|wide| usize::from(*wide) <= room) {
        let place = Rect { x: at.right().saturating_sub(before), width: before, ..at };
        canvas.text(place, Role::Neutral, &undo);
    }
}

/// What stands in a row of the list.
enum Listed {
    Head(&'static str),
    Blank,
    /// A choice, by its place among those shown.
    Choice(usize),
}

/// The rows: in the palette those of a group under its heading. What can be done needs none where it comes first.
fn listed(pick: &Pick) -> Vec<Listed> {
    let mut out = Vec::new();
    let mut last = None;
    for (place, index) in pick.shown.iter().enumerate() {
        let section = pick.all.get(*index).map(Choice::section).filter(|_| pick.palette);
        if let Some(section) = section.filter(|section| last != Some(*section)) {
            if !(place == 0 && section == Section::Actions) {
                out.extend((place > 0).then_some(Listed::Blank));
                out.push(Listed::Head(section.name()));
            }
            last = Some(section);
        }
        out.push(Listed::Choice(place));
    }
    out
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
    let list = listed(pick);
    let cursor = list.iter().position(|it| matches!(it, Listed::Choice(place) if *place == pick.at));
    // The first row of a group brings its heading into sight.
    let cursor = cursor.map(|at| if at == 1 && height > 1 { 0 } else { at });
    let window = canvas.window(Pane::Palette, list.len(), cursor, height);
    let name = pick.all.iter().map(|choice| width(&choice.label)).max().unwrap_or(0).min(24);
    for (nth, it) in list.iter().skip(window.top).take(window.height).enumerate() {
        let on = row(at, u16::try_from(nth).unwrap_or(u16::MAX));
        let place = match it {
            Listed::Head(head) => {
                canvas.text(on, Role::Head, head);
                continue;
            }
            Listed::Blank => continue,
            Listed::Choice(place) => *place,
        };
        let Some(choice) = pick.shown.get(place).and_then(|index| pick.all.get(*index)) else { continue };
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
