//! Pieces that several screens are put together from: two columns, facts with labels, bars.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::frame::WIDE;
use super::text::{cut, width};
use crate::dash::theme::Sign;
use crate::job::Role;

/// Columns of the right one of two columns.
const SIDE: u16 = 54;

/// The body in two columns where there is room, with a line between them.
pub fn columns(canvas: &mut Canvas<'_>, body: Rect) -> (Rect, Option<Rect>) {
    if body.width < WIDE {
        return (body, None);
    }
    let side = Rect { x: body.right() - SIDE, width: SIDE, ..body };
    let main = Rect { width: body.width - SIDE - 1, ..body };
    for nth in 0..body.height {
        let sign = canvas.sign(Sign::Upright);
        canvas.text(Rect { x: main.right(), width: 1, ..row(body, nth) }, Role::Neutral, sign);
    }
    (main, Some(side))
}

/// Label and text in lines, wrapped at blanks; gives what is left below them.
pub fn labelled(canvas: &mut Canvas<'_>, at: Rect, rows: &[(&str, String)]) -> Rect {
    let label = rows.iter().map(|row| width(row.0)).max().unwrap_or(0);
    let room = usize::from(at.width).saturating_sub(label + 5).max(1);
    let mut rest = at;
    for (name, text) in rows {
        for (nth, part) in wrapped(text, room).into_iter().enumerate() {
            let name = if nth == 0 { *name } else { "" };
            let pieces = vec![canvas.piece(Role::Head, format!("  {name:<label$}  ")), Piece::raw(part)];
            canvas.line(row(rest, 0), &Line::from(pieces));
            rest = below(rest, 1);
        }
    }
    rest
}

/// Lines of text, wrapped at blanks; gives what is left below them.
pub fn told(canvas: &mut Canvas<'_>, at: Rect, text: &str) -> Rect {
    told_as(canvas, at, Role::Neutral, text)
}

/// The same in a role.
pub fn told_as(canvas: &mut Canvas<'_>, at: Rect, role: Role, text: &str) -> Rect {
    let mut rest = at;
    for part in wrapped(text, usize::from(at.width).saturating_sub(3).max(1)) {
        canvas.text(row(rest, 0), role, &format!("  {part}"));
        rest = below(rest, 1);
    }
    rest
}

/// A text in lines of so many columns, broken at blanks. A word that is longer than a line, such as a path or an id,
/// is broken where the line ends: it may be what somebody has to type.
pub fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut out = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let mut word = word;
        while width(word.trim_end()) > room {
            let head = cut(word, room, "");
            let Some((_, rest)) = word.split_at_checked(head.len()).filter(|_| !head.is_empty()) else {
                break;
            };
            match out.last_mut() {
                Some(line) if line.is_empty() => *line = head,
                _ => out.push(head),
            }
            out.push(String::new());
            word = rest;
        }
        match out.last_mut() {
            Some(line) if line.is_empty() || width(line) + width(word.trim_end()) <= room => {
                line.push_str(word);
            }
            _ => out.push(word.to_string()),
        }
    }
    // A long word that ended with its line leaves an empty one behind.
    if out.len() > 1 && out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    // A blank at the end would be one column too many, and would be cut as if it were text.
    out.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    out
}

/// A bar of so many cells for a part of a whole.
pub fn bar(canvas: &Canvas<'_>, part: u64, whole: u64, cells: usize) -> String {
    let scaled = u128::from(part) * cells as u128 / u128::from(whole.max(1));
    let full = usize::try_from(scaled).unwrap_or(cells).min(cells);
    canvas.sign(Sign::Full).repeat(full) + &canvas.sign(Sign::Empty).repeat(cells - full)
}

/// Rows that a pane asks for, with its rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ask {
    /// With fewer it says nothing, and gives way.
    pub least: u16,
    /// It has them before any other has all that it wants.
    pub fair: u16,
    /// All that it wants.
    pub whole: u16,
}

/// How panes that stand below each other share so many rows; beside each what it asks for stands its place in the
/// order of need, 0 before all others.
pub fn shares(total: u16, asks: &[(usize, Ask)]) -> Vec<u16> {
    let mut order: Vec<usize> = (0..asks.len()).collect();
    order.sort_by_key(|nth| asks[*nth].0);
    let (mut out, mut left) = (vec![0; asks.len()], total);
    for nth in &order {
        let least = asks[*nth].1.least;
        if least <= left {
            (out[*nth], left) = (least, left - least);
        }
    }
    for goal in [|ask: Ask| ask.fair, |ask: Ask| ask.whole] {
        for nth in order.iter().filter(|nth| asks[**nth].1.least > 0) {
            let more =
                if out[*nth] == 0 { 0 } else { goal(asks[*nth].1).saturating_sub(out[*nth]).min(left) };
            (out[*nth], left) = (out[*nth] + more, left - more);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_share_rows_in_their_order_of_need() {
        let check = |total: u16, asks: &[(usize, u16, u16, u16)], expected: &[u16]| {
            let ask = |row: &(usize, u16, u16, u16)| (row.0, Ask { least: row.1, fair: row.2, whole: row.3 });
            let asks: Vec<(usize, Ask)> = asks.iter().map(ask).collect();
            assert_eq!(shares(total, &asks), expected, "{total} rows for {asks:?}");
        };
        let two = [(0, 3, 6, 20), (1, 3, 6, 9)];
        check(30, &two, &[20, 9]);
        check(20, &two, &[14, 6]);
        check(9, &two, &[6, 3]);
        check(5, &two, &[5, 0]);
        check(2, &two, &[0, 0]);
        // Whoever needs it more has it, wherever it stands.
        check(8, &[(1, 3, 6, 20), (0, 3, 6, 9)], &[3, 5]);
        check(7, &[(2, 4, 4, 4), (1, 2, 2, 2), (0, 3, 3, 3)], &[0, 2, 3]);
    }

    #[test]
    fn lines_break_at_blanks_and_long_words_where_they_must() {
        let check = |text: &str, room: usize, expected: &str| {
            assert_eq!(wrapped(text, room).join("|"), expected, "{text} in {room}");
        };
        check("one two three", 7, "one two|three");
        check("", 7, "");
        check("see /a/long/path now", 6, "see|/a/lon|g/path|now");
        check("日本語日本語", 5, "日本|語日|本語");
        check("日", 1, "日");
        check("abcdef", 3, "abc|def");
    }
}
