//! What was said and what was done, the newest first, with more about the one under the cursor.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::boxed;
use super::canvas::{Canvas, row};
use super::panes::wrapped;
use super::parts;
use super::text::{clean, cut_paths, fit, width};
use crate::dash::keys::Do as Doing;
use crate::dash::model::{Done, Loaded, Message, Pane};
use crate::dash::theme::Sign;
use crate::job::Role;
use crate::time::Stamp;

/// Cells of a name; longer ones are told in full below.
const NAME: usize = 16;
/// Jobs that are named of an action.
const NAMED_MOST: usize = 12;

/// Rows of the list that stay where there is much to tell about one of them.
const LIST_LEAST: u16 = 3;
/// Stands last where even so not all of it has room.
const CUT: &str = "there is more: y copies all of it";

/// One row: when, how it looks, what it says.
struct Entry {
    at: Stamp,
    role: Role,
    text: String,
}

/// Draws it: what was said, or what was done.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, cursor: usize, done: bool) {
    let model = canvas.model;
    let size = (at.width.saturating_sub(6), at.height);
    let acts = model.done.here().map_or(&[][..], |rows| rows.as_slice());
    let (title, other) = match done {
        false => (format!("Messages {}", model.messages.len()), "Tab what people did"),
        true => (format!("What people did {}", acts.len()), "Tab what was said"),
    };
    let inside = boxed::draw(canvas, at, size, &title, &format!("{other}   y copies   Esc closes"));
    let entries: Vec<Entry> = match done {
        false => model.messages.iter().rev().map(of_message).collect(),
        true => acts.iter().map(|act| of_act(canvas, act)).collect(),
    };
    if entries.is_empty() {
        let none = match (&model.done, done) {
            (_, false) => "nothing was said yet".to_string(),
            (Loaded::Failed(why), true) => format!("the log cannot be read: {}", clean(why)),
            (Loaded::Here(_), true) => "nobody has done anything here yet".to_string(),
            (_, true) => format!("{} reading the log", canvas.sign(Sign::Waits)),
        };
        canvas.text(row(inside, 0), Role::Neutral, &none);
        return;
    }
    let wide = parts::moments_wide(canvas, entries.iter().map(|entry| entry.at));
    let room = usize::from(inside.width).saturating_sub(wide + 2);
    let about = match done {
        false => about(model.messages.iter().rev().nth(cursor), usize::from(inside.width), wide + 2),
        true => about_act(canvas, acts.get(cursor), usize::from(inside.width)),
    };
    let below = inside.height.saturating_sub(LIST_LEAST).max(inside.height / 2);
    let below = u16::try_from(about.len()).unwrap_or(u16::MAX).min(below);
    let height = usize::from(inside.height - below);
    let more = canvas.sign(Sign::More);
    let window = canvas.window(Pane::Messages, entries.len(), Some(cursor), height);
    for (nth, (place, entry)) in entries.iter().enumerate().skip(window.top).take(height).enumerate() {
        let on = row(inside, u16::try_from(nth).unwrap_or(u16::MAX));
        let time = parts::moment(canvas, entry.at);
        let text = cut_paths(&clean(&entry.text), room, more);
        let line = Line::from(vec![Piece::raw(format!("{time:<wide$}  ")), canvas.piece(entry.role, text)]);
        canvas.line(on, &line);
        if place == cursor {
            canvas.restyle(on, canvas.look().cursor());
        }
    }
    let is_cut = about.len() > usize::from(below);
    for (nth, line) in about.iter().take(usize::from(below)).enumerate() {
        let on = row(inside, inside.height - below + u16::try_from(nth).unwrap_or(0));
        let line = if is_cut && nth + 1 == usize::from(below) { CUT } else { line };
        canvas.text(on, Role::Neutral, &format!("  {line}"));
    }
}

fn of_message(message: &Message) -> Entry {
    Entry { at: message.at, role: message.role, text: message.text.clone() }
}

fn of_act(canvas: &Canvas<'_>, act: &Done) -> Entry {
    let who = fit(&clean(&act.by), NAME, false, canvas.sign(Sign::More));
    Entry { at: act.at, role: Role::Neutral, text: format!("{who}  {} {}", act.verb, act.targets) }
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

/// Who did it to what, and whether it can be undone.
fn about_act(canvas: &Canvas<'_>, act: Option<&Done>, columns: usize) -> Vec<String> {
    let Some(act) = act else { return Vec::new() };
    let key = canvas.model.keys.sign(Doing::Undo, canvas.look().ascii);
    let undo = match &act.undo {
        Ok(()) => format!("can be undone: {key}, or aq undo --list for its number"),
        Err(why) => format!("no undo: {}", clean(why)),
    };
    let many = act.jobs.len().saturating_sub(NAMED_MOST);
    let named: Vec<&str> = act.jobs.iter().take(NAMED_MOST).map(|id| id.as_str()).collect();
    let more = if many > 0 { format!(" and {many} more") } else { String::new() };
    let what = match act.jobs.as_slice() {
        [] => format!("{} {}, by {}", act.verb, act.targets, act.by),
        [_, _, ..] => format!("{} by {}: {}{more}", act.verb, act.by, named.join(" ")),
        _ => format!("{} of {} by {}", act.verb, act.targets, act.by),
    };
    let room = columns.saturating_sub(4).max(1);
    [clean(&what), undo].iter().flat_map(|line| wrapped(line, room)).collect()
}
