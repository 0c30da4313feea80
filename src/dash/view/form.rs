//! A form: the question, its choices, its line, and what the keys do.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::boxed;
use super::canvas::{Canvas, row};
use super::panes::wrapped;
use super::sheet::{old_data, rolled};
use super::text::{marked, width};
use crate::dash::model::{Asked, Form, Options};
use crate::dash::theme::Sign;
use crate::job::Role;

/// Columns of the box where there is room.
const WIDE: u16 = 76;
/// Columns of the labels.
const LABEL: usize = 8;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, form: &Form) {
    let asked = form.asked(canvas.model);
    let wide = WIDE.min(at.width.saturating_sub(2));
    let ascii = canvas.look().ascii;
    let hint = asked
        .hint
        .replace("{enter}", if ascii { "Ent" } else { "⏎" })
        .replace("{sides}", if ascii { "Left/Right" } else { "←→" });
    let room = usize::from(wide.saturating_sub(4));
    let mut facts: Vec<Line<'static>> = facts(canvas, &asked, room);
    facts.splice(0..0, old_data(canvas));
    let mut written = written(canvas, form, &asked);
    if facts.len() + written.len() + 2 > usize::from(at.height) {
        // On a low terminal the rows of the blanks are needed.
        facts.retain(|line| line.width() > 0);
        written.retain(|line| line.width() > 0);
    }
    let high = u16::try_from(facts.len() + written.len()).unwrap_or(u16::MAX).saturating_add(2);
    let inside = boxed::draw(canvas, at, (wide, high), &marked(&asked.head), &hint);
    // The line that is written stands last and is always in sight.
    let below = u16::try_from(written.len()).unwrap_or(u16::MAX).min(inside.height);
    let above = Rect { height: inside.height - below, ..inside };
    // Until it is rolled, what is chosen is in sight.
    let chosen = asked.first.as_ref().map_or(0, |it| it.taken + 2).saturating_sub(usize::from(above.height));
    rolled(canvas, above, &facts, if form.top == 0 { chosen } else { form.top });
    let below = Rect { y: above.bottom(), height: below, ..inside };
    let over = written.len().saturating_sub(usize::from(below.height));
    for (nth, line) in written.iter().skip(over).enumerate() {
        canvas.line(row(below, u16::try_from(nth).unwrap_or(u16::MAX)), line);
    }
}

/// Its choices, and what is worth knowing before it is answered.
fn facts(canvas: &Canvas<'_>, asked: &Asked, room: usize) -> Vec<Line<'static>> {
    let labelled = |label: &str, text: String| {
        Line::from(vec![canvas.piece(Role::Head, format!("{label:<LABEL$} ")), Piece::raw(text)])
    };
    let mut lines = Vec::new();
    lines.extend(choices(canvas, asked));
    for (label, text) in
        asked.rows.iter().map(|row| (row.0, marked(&row.1))).chain([("runs as", asked.runs.clone())])
    {
        for (nth, part) in wrapped(&text, room.saturating_sub(LABEL + 1).max(1)).into_iter().enumerate() {
            lines.push(labelled(if nth == 0 { label } else { "" }, part));
        }
    }
    lines
}

/// The line that is written, with its cursor, and why it cannot be taken as it stands.
fn written(canvas: &Canvas<'_>, form: &Form, asked: &Asked) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some(label) = &asked.line {
        lines.push(Line::raw(""));
        lines.push(Line::from(canvas.piece(Role::Head, format!("{label}:"))));
        let text = form.input.value();
        let place = form.input.visual_cursor();
        let (before, under): (String, String) =
            (text.chars().take(place).collect(), text.chars().skip(place).take(1).collect());
        let behind: String = text.chars().skip(place + 1).collect();
        let under = if under.is_empty() { " ".to_string() } else { marked(&under) };
        lines.push(Line::from(vec![
            Piece::raw(format!("> {}", marked(&before))),
            Piece::styled(under, canvas.look().cursor()),
            Piece::raw(marked(&behind)),
        ]));
    }
    if let Some(bad) = &form.bad {
        lines.push(Line::from(canvas.piece(Role::Bad, marked(bad))));
    }
    lines
}

/// Both choices, the first an option a line, the second in one.
fn choices(canvas: &Canvas<'_>, asked: &Asked) -> Vec<Line<'static>> {
    let option = |it: &Options, nth: usize, text: String| {
        let lead = if nth == it.taken { canvas.sign(Sign::Cursor) } else { " " };
        let style = if nth == it.taken { canvas.look().head() } else { ratatui::style::Style::new() };
        Piece::styled(format!("{lead} {text}"), style)
    };
    let label = |text: &str| canvas.piece(Role::Head, format!("{text:<LABEL$} "));
    let mut lines = Vec::new();
    if let Some(it) = &asked.first {
        let named = it.all.iter().map(|row| width(row.0)).max().unwrap_or(0);
        for (nth, (name, told)) in it.all.iter().enumerate() {
            let text = format!("{name:<named$}  {told}").trim_end().to_string();
            lines.push(Line::from(vec![label(if nth == 0 { it.label } else { "" }), option(it, nth, text)]));
        }
        lines.push(Line::raw(""));
    }
    if let Some(it) = &asked.second {
        let options = it.all.iter().enumerate().map(|(nth, row)| option(it, nth, format!("{}   ", row.0)));
        lines.push(Line::from_iter(std::iter::once(label(it.label)).chain(options)));
        lines.push(Line::raw(""));
    }
    lines
}
