//! The transcript of an attempt: the visible lines of it, followed and searched.

use ansi_to_tui::IntoText as _;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::events::rolled;
use super::text::{clean, grouped};
use crate::dash::model::{Layer, Loaded, LogLine, Voice};
use crate::dash::theme::{Sign, Theme};
use crate::fleet::Job;
use crate::job::Role;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, _: &Job) {
    let Some(page) = &canvas.model.page else { return };
    let log = &page.log;
    let title = log.attempt.map_or("Log".to_string(), |no| format!("Log, attempt {no}"));
    let lines: &[LogLine] = match &log.lines {
        Loaded::Here(lines) => lines,
        Loaded::Failed(why) => {
            canvas.rule(row(at, 0), &title, "", true);
            canvas.text(row(at, 1), Role::Wait, &format!("  {}", clean(why)));
            return;
        }
        Loaded::Unasked | Loaded::Asked => &[],
    };
    let follows = if log.follow { format!("follow {} ", canvas.sign(Sign::Ok)) } else { String::new() };
    let right = format!("{follows}{} lines", grouped(lines.len() + log.dropped));
    canvas.rule(row(at, 0), &title, &right, true);
    let mut body = below(at, 1);
    if search(canvas, row(body, body.height.saturating_sub(1)), lines) {
        body.height = body.height.saturating_sub(1);
    }
    let height = usize::from(body.height);
    let wish = if log.follow { usize::MAX } else { page.top() };
    let top = rolled(canvas, wish, lines.len(), height);
    let wanted = log.search.to_lowercase();
    for (nth, line) in lines.iter().skip(top).take(height).enumerate() {
        let place = row(body, u16::try_from(nth).unwrap_or(u16::MAX));
        let set = set(canvas, line);
        canvas.line(place, &set);
        if !wanted.is_empty() && line.text.to_lowercase().contains(&wanted) {
            canvas.restyle(place, canvas.look().head());
        }
    }
}

/// What is searched for and how often it is there. Gives whether it took a row.
fn search(canvas: &mut Canvas<'_>, at: Rect, lines: &[LogLine]) -> bool {
    let Some(page) = &canvas.model.page else { return false };
    let writing = canvas.model.layers.iter().any(|layer| matches!(layer, Layer::Search(_)));
    if page.log.search.is_empty() && !writing {
        return false;
    }
    let wanted = page.log.search.to_lowercase();
    let count = match wanted.is_empty() {
        true => 0,
        false => lines.iter().filter(|line| line.text.to_lowercase().contains(&wanted)).count(),
    };
    let cursor = if writing { "_" } else { "" };
    let title = format!("/ {}{cursor}  {} matches", clean(&page.log.search), grouped(count));
    canvas.rule(at, &title, "n next  N prev", false);
    true
}

/// A line with its time; its colours as far as the theme has any, nothing else of what it says to a terminal.
fn set(canvas: &Canvas<'_>, line: &LogLine) -> Line<'static> {
    let time = line.at.local_full();
    let time = time.get(11..).unwrap_or_default();
    let mut pieces = vec![Piece::raw(format!("{time}  "))];
    let role = match line.voice {
        Voice::Out => Role::Neutral,
        Voice::Err => Role::Wait,
        Voice::Aq => Role::Active,
    };
    if line.voice == Voice::Aq {
        pieces.push(canvas.piece(role, "aq: "));
    }
    let colours = canvas.look().theme != Theme::Mono && line.text.contains('\x1b');
    match colours.then(|| only_colours(&line.text).into_text().ok()).flatten() {
        Some(text) => {
            let spans = text.lines.into_iter().flat_map(|line| line.spans);
            pieces.extend(spans.map(|span| Piece::styled(clean(&span.content), span.style)));
        }
        None if line.voice == Voice::Out => pieces.push(Piece::raw(clean(&line.text))),
        None => pieces.push(canvas.piece(role, clean(&line.text))),
    }
    Line::from(pieces)
}

/// The text with its colour sequences and without every other sequence.
fn only_colours(text: &str) -> String {
    let mut out = String::new();
    for (nth, part) in text.split("\x1b[").enumerate() {
        if nth == 0 {
            out.push_str(&clean(part));
            continue;
        }
        let end = part.find(|c: char| ('@'..='~').contains(&c));
        let Some(end) = end else { continue };
        let (sequence, rest) = part.split_at(end + 1);
        let is_colour = sequence.ends_with('m')
            && sequence.bytes().all(|b| b.is_ascii_digit() || matches!(b, b';' | b'm'));
        if is_colour {
            out.push_str("\x1b[");
            out.push_str(sequence);
        }
        out.push_str(&clean(rest));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_all_sequences_only_colours_are_left() {
        let check = |text: &str, expected: &str| assert_eq!(only_colours(text), expected);
        check("a\x1b[31mb\x1b[0m", "a\x1b[31mb\x1b[0m");
        check("a\x1b[2Jb\x1b[1;1Hc", "abc");
        check("\x1b]0;title\x07x\x1b[1;32my", "x\x1b[1;32my");
        check("\x1b[?25lz\x1b[", "z");
    }
}
