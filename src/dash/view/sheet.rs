//! A sheet: the question, what is lost and kept, the words that are asked for, and the answers.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::boxed;
use super::canvas::{Canvas, row};
use super::parts::{SHORT_ID, plural};
use super::text::{fit_id, marked, width};
use crate::dash::keys::Key;
use crate::dash::model::{Health, Hit, Pane, Plan, Sheet, Window, Words};
use crate::dash::theme::Sign;
use crate::job::Role;

/// Columns of the box where there is room.
const WIDE: u16 = 76;
/// With fewer rows blanks are left out and one line of the words is shown.
const TIGHT: u16 = 14;
/// Rows of a text that is being written.
const WORDS: u16 = 4;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, sheet: &Sheet) {
    let wide = WIDE.min(at.width.saturating_sub(2));
    let room = usize::from(wide.saturating_sub(4));
    let more = canvas.sign(Sign::More);
    // Where each job has a row its id is the label, short as in every list: what is told of it needs the room.
    let labels: Vec<String> = sheet.rows.iter().map(|row| short_label(&row.0, more)).collect();
    let label = labels.iter().map(|label| width(label)).max().unwrap_or(0).max(7);
    // On a low terminal the facts need the rows of the blanks and most of those of the words.
    let tight = at.height < TIGHT;
    let mut lines: Vec<Line<'static>> = wrapped(&sheet.about, room).into_iter().map(Line::raw).collect();
    lines.extend(old_data(canvas));
    if !tight {
        lines.push(Line::raw(""));
    }
    let facts = labels.iter().zip(&sheet.rows).map(|(label, row)| (label.as_str(), row.1.as_str()));
    for (name, text) in facts.chain([("", ""), ("runs as", sheet.runs.as_str())]) {
        for (i, part) in wrapped(text, room.saturating_sub(label + 2)).into_iter().enumerate() {
            let name = if i == 0 { name } else { "" };
            lines.push(Line::from(vec![
                canvas.piece(Role::Head, format!("{name:<label$}  ")),
                Piece::raw(part),
            ]));
        }
    }
    let words = match &sheet.words {
        // A number is short.
        Some(words) if tight || words.must.is_some() => 3,
        Some(_) => WORDS + 2,
        None => 0,
    };
    let high = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(words).saturating_add(2);
    // The words go before the facts where there is no room for both.
    let facts = boxed::inside(at, (wide, high)).saturating_sub(words);
    let window = part(canvas, &lines, facts, sheet.top);
    let hint = hint(canvas, sheet);
    let inside = boxed::draw(canvas, at, (wide, high), &marked(&sheet.head), &hint);
    put(canvas, Rect { height: facts, ..inside }, &lines, window);
    if let Some(words) = &sheet.words {
        let place = Rect { y: inside.y + facts, height: inside.height - facts, ..inside };
        field(canvas, place, words);
    }
    clicks(canvas, inside, &hint, sheet);
}

fn short_label(label: &str, more: &str) -> String {
    if width(label) <= SHORT_ID {
        label.to_string()
    } else {
        fit_id(label, SHORT_ID, more).trim_end().to_string()
    }
}

/// A yes that is decided on old data says how old.
pub fn old_data(canvas: &mut Canvas<'_>) -> Option<Line<'static>> {
    let Health::Stale { heard, .. } = canvas.model.replica.health else { return None };
    let age = canvas.span_to_now(heard).age();
    let text = format!("{} the data is {age} old", canvas.sign(Sign::Warning));
    Some(Line::from(canvas.piece(Role::Wait, text)))
}

/// The lines as far as there is room. What a person says yes to is not cut without a word: the last row then says
/// how much is out of sight, and by which keys it comes.
pub fn rolled(canvas: &mut Canvas<'_>, at: Rect, lines: &[Line<'static>], top: usize) {
    let window = part(canvas, lines, at.height, top);
    put(canvas, at, lines, window);
}

/// The part of the lines that so many rows show, which the frame then tells of.
fn part(canvas: &mut Canvas<'_>, lines: &[Line<'static>], rows: u16, top: usize) -> Window {
    let height = usize::from(rows);
    let shown = if lines.len() > height { height.saturating_sub(1) } else { height };
    let window = Window { top: top.min(lines.len().saturating_sub(shown)), height: shown };
    canvas.drawn.windows.push((Pane::Sheet, window));
    canvas.drawn.lines = lines.len();
    window
}

fn put(canvas: &mut Canvas<'_>, at: Rect, lines: &[Line<'static>], Window { top, height: shown }: Window) {
    let height = usize::from(at.height);
    for (nth, line) in lines.iter().skip(top).take(shown).enumerate() {
        canvas.line(row(at, u16::try_from(nth).unwrap_or(u16::MAX)), line);
    }
    if shown == height || height == 0 {
        return;
    }
    let below = lines.len() - top - shown;
    let keys = "PgUp PgDn";
    let text = match (below, top) {
        (0, top) => format!("{} {} above  {keys}", canvas.sign(Sign::More), plural(top, "line")),
        (below, _) => format!("{} {} more  {keys}", canvas.sign(Sign::More), plural(below, "line")),
    };
    canvas.text(row(at, at.height - 1), Role::Wait, &text);
}

/// A click on an answer is its key, in the lower edge of the box where it stands there whole.
fn clicks(canvas: &mut Canvas<'_>, inside: Rect, hint: &str, sheet: &Sheet) {
    let edge = usize::from(inside.width) + 2;
    let total = width(hint) + 3;
    if total <= edge {
        let before = u16::try_from(edge - total).unwrap_or(u16::MAX);
        let place = Rect { x: inside.x.saturating_add(before), y: inside.bottom(), ..inside };
        answers(canvas, place, hint, "   ", sheet);
    }
}

/// Makes the answers that are written from the left end of a place, with a gap between two, answer to a click.
pub fn answers(canvas: &mut Canvas<'_>, place: Rect, hint: &str, gap: &str, sheet: &Sheet) {
    let mut x = usize::from(place.x);
    for (part, (key, _)) in hint.split(gap).zip(parts(canvas, sheet)) {
        if let (Some(key), Ok(at), Ok(wide)) = (key, u16::try_from(x), u16::try_from(width(part))) {
            canvas.hit(Rect { x: at, y: place.y, width: wide, height: 1 }, Hit::Press(key));
        }
        x += width(part) + gap.len();
    }
}

/// The answers, in the lower edge of the box.
fn hint(canvas: &Canvas<'_>, sheet: &Sheet) -> String {
    parts(canvas, sheet).into_iter().map(|part| part.1).collect::<Vec<_>>().join("   ")
}

/// What can be answered now, each with its key. What was not all in sight is read first.
fn parts(canvas: &Canvas<'_>, sheet: &Sheet) -> Vec<(Option<Key>, String)> {
    let enter = if canvas.look().ascii { "Ent" } else { "⏎" };
    if sheet.words.as_ref().is_some_and(|words| words.writing) {
        return vec![(None, format!("{enter} when it is written")), (None, format!("Esc {}", sheet.keep))];
    }
    let window = canvas.drawn.window(Pane::Sheet);
    let whole = sheet.sight.after(window, canvas.drawn.lines).is_whole();
    let mut parts: Vec<(Option<Key>, String)> = match (whole, window.height) {
        (true, _) => Vec::new(),
        (false, 0) => vec![(None, "make the window larger".to_string())],
        (false, _) => vec![(Some(Key::PageDown), "PgDn reads on".to_string())],
    };
    let shown = sheet.answers.iter().filter(|answer| whole || matches!(answer.plan, Plan::Look(..)));
    parts.extend(
        shown.map(|answer| (Some(Key::Char(answer.key)), format!("{} {}", answer.key, answer.label))),
    );
    if sheet.words.is_some() {
        parts.push((Some(Key::Char('e')), "e write on".to_string()));
    }
    parts.push((Some(Key::Char('n')), format!("n or {enter} {}", sheet.keep)));
    parts
}

/// The text that is being written, with its cursor; the end of it where it is long.
fn field(canvas: &mut Canvas<'_>, at: Rect, words: &Words) {
    let height = usize::from(WORDS.min(at.height.saturating_sub(2)));
    canvas.text(row(at, 1), Role::Head, &format!("{}:", words.label));
    let (line, column) = (words.text.cursor().0, words.text.cursor().1);
    let top = (line + 1).saturating_sub(height);
    for (nth, text) in words.text.lines().iter().skip(top).take(height).enumerate() {
        let place = row(at, u16::try_from(nth + 2).unwrap_or(u16::MAX));
        let here = words.writing && top + nth == line;
        let mut pieces = vec![Piece::raw("> ")];
        if !here {
            pieces.push(Piece::raw(marked(text)));
        } else {
            // What is left of the cursor is cut, so that the cursor is always in sight.
            let before: String = text.chars().take(column).collect();
            let over = (width(&before) + 4).saturating_sub(usize::from(at.width));
            let before: String = before.chars().skip(over).collect();
            let under: String = text.chars().skip(column).take(1).collect();
            let behind: String = text.chars().skip(column + 1).collect();
            pieces.push(Piece::raw(marked(&before)));
            let under = if under.is_empty() { " ".to_string() } else { marked(&under) };
            pieces.push(Piece::styled(under, canvas.look().cursor()));
            pieces.push(Piece::raw(marked(&behind)));
        }
        canvas.line(place, &Line::from(pieces));
    }
}

/// A text in lines of so many columns, broken at blanks and line ends. Nothing of it is cut: it is said yes to.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let each = |line: &str| super::panes::wrapped(&marked(line), room.max(1));
    let lines = text.split('\n').flat_map(each);
    lines.map(|line| line.trim_end().to_string()).collect()
}
