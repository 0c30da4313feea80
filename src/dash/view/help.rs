//! Help for here: every action with its keys, under its heading; typing narrows it, Enter runs.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::boxed;
use super::canvas::{Canvas, below, row};
use super::panes::wrapped;
use super::pick::{input, rows};
use super::text::{clean, cut, fit, width};
use crate::dash::keys::{GROUPS, row_of};
use crate::dash::model::{Choice, Hit, Pane, Pick, Then, Window};
use crate::dash::theme::Sign;
use crate::job::{Role, STAGES};

/// Rows for what the cursor is on.
const FULL_MOST: usize = 2;
/// Columns of one column of help at least.
const COLUMN: u16 = 36;
/// Cells of the keys before what they do.
const KEYS: usize = 10;
/// Cells between two columns.
const GAP: u16 = 1;

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
    // No more columns than it takes, so that each has the room that is there.
    let most = usize::from((at.width / COLUMN).max(1));
    let columns = list.len().div_ceil(height.max(1)).clamp(1, most);
    let cursor = list.iter().position(|row| matches!(row, Row::Action(i) if *i == pick.at)).unwrap_or(0);
    // Column by column: the page that holds the cursor.
    let page = (height * columns).max(1);
    let first = cursor / page * page;
    canvas.drawn.windows.push((Pane::Palette, Window { top: first, height: height.max(1) }));
    let shown: Vec<&Row> = list.iter().skip(first).take(page).collect();
    let needs: Vec<usize> = shown
        .chunks(height.max(1))
        .map(|column| column.iter().map(|row| needed(canvas, pick, row)).max().unwrap_or(0))
        .collect();
    let shares = shares(&needs, usize::from(at.width));
    let is_blank = |nth: usize| shown.get(nth).is_none_or(|row| matches!(row, Row::Empty));
    for (nth, it) in shown.iter().enumerate() {
        let (column, line) = (nth / height.max(1), nth % height.max(1));
        let before: usize = shares.iter().take(column).sum();
        // Where nothing stands in the columns behind it, their room is free.
        let free = (column + 1..shares.len()).take_while(|next| is_blank(next * height + line)).count();
        let wide = match column + 1 + free == shares.len() {
            true => usize::from(at.width).saturating_sub(before),
            false => shares[column..=column + free].iter().sum(),
        };
        let cells = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let place =
            Rect { x: at.x + cells(before), width: cells(wide).saturating_sub(GAP), ..row(at, cells(line)) };
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

/// Cells that a row takes if nothing of it is cut, with the gap behind it.
fn needed(canvas: &Canvas<'_>, pick: &Pick, row: &Row) -> usize {
    let cells = match row {
        Row::Head(head) => width(head),
        Row::Action(i) => pick.all.get(*i).map_or(0, |choice| KEYS + width(&told(canvas, choice))),
        Row::Empty => 0,
    };
    cells + usize::from(GAP)
}

/// The width of each column: what it needs where that is less than its share, and to the others what that leaves.
fn shares(needs: &[usize], total: usize) -> Vec<usize> {
    let mut out = vec![0; needs.len()];
    let mut open: Vec<usize> = (0..needs.len()).collect();
    let mut left = total;
    while !open.is_empty() {
        let share = left / open.len();
        let (small, large): (Vec<usize>, Vec<usize>) = open.iter().partition(|i| needs[**i] <= share);
        if small.is_empty() {
            large.iter().for_each(|i| out[*i] = share);
            break;
        }
        for i in small {
            out[i] = needs[i];
            left -= needs[i];
        }
        open = large;
    }
    out
}

/// What an action does, and why it is off. In which stage the job is stands in many rows and in every other place.
fn told(canvas: &Canvas<'_>, choice: &Choice) -> String {
    let short = |why: String| match why.split_once(", not in ").filter(|_| why.starts_with("it is in ")) {
        Some((_, stages)) => format!("not in {stages}"),
        None => why,
    };
    let off = choice.off(canvas.model).map(|why| format!("  off: {}", clean(&short(why))));
    format!("{}{}", choice.note, off.unwrap_or_default())
}

fn action(canvas: &mut Canvas<'_>, at: Rect, pick: &Pick, which: usize) {
    let Some(choice) = pick.all.get(which) else { return };
    let more = canvas.sign(Sign::More);
    let text = told(canvas, choice);
    let (note, off) = text.split_at(choice.note.len());
    let pieces = vec![
        canvas.piece(Role::Head, fit(&choice.key, KEYS - 1, false, more)),
        Piece::raw(format!(" {note}")),
        canvas.piece(Role::Wait, off.to_string()),
    ];
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

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn what_one_column_does_not_need_goes_to_the_others() {
        assert_eq!(shares(&[20, 30], 144), [20, 30]);
        assert_eq!(shares(&[20, 90, 90], 140), [20, 60, 60]);
        assert_eq!(shares(&[20, 50, 90], 140), [20, 50, 70]);
        assert_eq!(shares(&[90, 90], 80), [40, 40]);
        assert!(shares(&[], 80).is_empty());
    }
}
