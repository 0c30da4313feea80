//! The transcript of an attempt: the visible lines of it, followed and searched.

use ansi_to_tui::IntoText as _;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span as Piece};
use unicode_segmentation::UnicodeSegmentation as _;

use super::canvas::{Canvas, below, row};
use super::events::rolled;
use super::panes::{told, told_as};
use super::search;
use super::summary::{Lines, Told};
use super::text::{clean, cut, grouped, width};
use crate::dash::model::{LINES_MOST, Loaded, LogLine, LogPane, Page, Voice};
use crate::dash::theme::{Sign, Theme};
use crate::fleet::Job;
use crate::job::Role;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, _: &Job) {
    let Some(page) = &canvas.model.page else { return };
    let log = &page.log;
    let mut title = log.attempt.map_or("Log".to_string(), |no| format!("Log, attempt {no}"));
    if let Some(until) = log.until {
        title.push_str(&format!(", as it was at {}", until.local_full()));
    }
    let lines: &[LogLine] = match &log.lines {
        Loaded::Here(lines) => lines,
        Loaded::Failed(why) => {
            canvas.rule(row(at, 0), &title, "", true);
            told_as(canvas, below(at, 1), Role::Wait, &clean(why));
            return;
        }
        Loaded::Unasked | Loaded::Asked => &[],
    };
    canvas.rule(row(at, 0), &title, &right(canvas, log, lines.len(), at.height.saturating_sub(1)), true);
    let mut body = below(at, 1);
    if log.until.is_some() && log.count() == 0 && !log.only_loud {
        told(canvas, body, &unsaid(lines.len() + log.dropped));
        return;
    }
    let matches = log.matches();
    body.height -= searched(canvas, body, log, lines.len(), &matches);
    let mut height = usize::from(body.height);
    let wish = if log.follow { usize::MAX } else { page.top() };
    let mut top = rolled(canvas, wish, log.count(), height);
    if top == 0 && log.dropped > 0 && height > 1 {
        let text = format!("{} earlier lines are not shown: aq log {}", grouped(log.dropped), page.job);
        canvas.text(row(body, 0), Role::Wait, &text);
        (body, height) = (below(body, 1), height - 1);
        // Where the rest just filled the pane its end stays in sight.
        top = if log.follow { log.count().saturating_sub(height) } else { 0 };
    }
    let mut rows: Vec<(Line<'static>, Option<Style>)> = Vec::new();
    for (nth, line) in (top..).map_while(|nth| Some((nth, log.line(nth)?))).take(height) {
        let found = matches.binary_search(&nth).ok().map(|_| canvas.look().head());
        // The one that was gone to is told from the others.
        let found = if log.hit == Some(nth) { Some(canvas.look().cursor()) } else { found };
        let set = set(canvas, line, !log.bare, body.width);
        match log.wrap {
            true => rows.extend(folded(&set, usize::from(body.width)).into_iter().map(|row| (row, found))),
            false => rows.push((set, found)),
        }
    }
    // Of wrapped lines the end stays in sight while it is followed, else the beginning.
    let skip = if log.follow { rows.len().saturating_sub(height) } else { 0 };
    for (nth, (line, found)) in rows.iter().skip(skip).take(height).enumerate() {
        let place = row(body, u16::try_from(nth).unwrap_or(u16::MAX));
        canvas.line(place, line);
        if let Some(style) = found {
            canvas.restyle(place, *style);
        }
    }
}

/// Whether it is followed, and how many lines there are; where not all are in sight, which they are: what is searched
/// for and pointed at is named by its number.
fn right(canvas: &Canvas<'_>, log: &LogPane, kept: usize, height: u16) -> String {
    let follows = match log.follow && log.until.is_none() {
        true => format!("follow {} ", canvas.sign(Sign::Ok)),
        false => String::new(),
    };
    let all = kept + log.dropped;
    if log.count() < kept {
        return format!("{follows}{} of {} lines", grouped(log.count()), grouped(all));
    }
    let rows = usize::from(height).saturating_sub(usize::from(search::shows(canvas, &log.search)));
    let top = canvas.model.page.as_ref().map_or(0, Page::top);
    let first = if log.follow { usize::MAX } else { top }.min(kept.saturating_sub(rows)) + log.dropped;
    match kept > rows && !log.wrap {
        true => {
            format!("{follows}{}–{} of {} lines", grouped(first + 1), grouped(first + rows), grouped(all))
        }
        false => format!("{follows}{} lines", grouped(all)),
    }
}

/// The row of the search, where something is searched for; gives how many rows it took.
fn searched(canvas: &mut Canvas<'_>, body: Rect, log: &LogPane, kept: usize, matches: &[usize]) -> u16 {
    if !search::shows(canvas, &log.search) {
        return 0;
    }
    let last = row(body, body.height.saturating_sub(1));
    let place = log.hit.and_then(|hit| matches.iter().position(|at| *at == hit));
    let among = match log.dropped {
        0 => String::new(),
        _ => format!(" in the last {} lines", grouped(kept)),
    };
    search::draw(canvas, last, &log.search, (place, matches.len()), &among);
    1.min(body.height)
}

/// What the summary's pane of it tells.
pub fn told_of_job(canvas: &Canvas<'_>) -> Option<Told> {
    let log = &canvas.model.page.as_ref()?.log;
    let title = log.attempt.map_or("Log".to_string(), |no| format!("Log, attempt {no}"));
    Some(match &log.lines {
        Loaded::Failed(why) => {
            let piece = canvas.piece(Role::Neutral, format!("  {}", clean(why)));
            Told::of(&title, "", vec![Line::from(piece)])
        }
        _ => Told { title, right: "the end of it".to_string(), lines: Lines::Log(log.count()) },
    })
}

/// Those of its lines that are in sight from the `top`th on.
pub fn part(canvas: &mut Canvas<'_>, at: Rect, top: usize) {
    let Some(page) = &canvas.model.page else { return };
    let log = &page.log;
    let body = Rect { x: at.x + 1, width: at.width.saturating_sub(1), ..at };
    for (nth, line) in (top..).map_while(|nth| log.line(nth)).take(usize::from(body.height)).enumerate() {
        let line = set(canvas, line, !log.bare, body.width);
        canvas.line(row(body, u16::try_from(nth).unwrap_or(u16::MAX)), &line);
    }
}

/// Why nothing of a moment is there, of so many lines in all.
fn unsaid(all: usize) -> String {
    match all >= LINES_MOST {
        true => format!(
            "only the last {} lines are read here, and all of them came later: aq log shows the others",
            grouped(LINES_MOST)
        ),
        false => "it had said nothing yet".to_string(),
    }
}

/// A line in rows of so many columns.
fn folded(line: &Line<'_>, columns: usize) -> Vec<Line<'static>> {
    let mut rows = vec![Vec::new()];
    let mut used = 0;
    for span in &line.spans {
        let mut text = String::new();
        for part in span.content.graphemes(true) {
            let wide = width(part);
            if used + wide > columns && used > 0 {
                let full = std::mem::take(&mut text);
                if let Some(row) = rows.last_mut() {
                    row.push(Piece::styled(full, span.style));
                }
                rows.push(Vec::new());
                used = 0;
            }
            used += wide;
            text.push_str(part);
        }
        if let Some(row) = rows.last_mut() {
            row.push(Piece::styled(text, span.style));
        }
    }
    rows.into_iter().map(Line::from).collect()
}

/// A line with its time; its colours as far as the theme has any, nothing else of what it says to a terminal.
fn set(canvas: &Canvas<'_>, line: &LogLine, timed: bool, columns: u16) -> Line<'static> {
    let time = line.at.local_full();
    let time = time.get(11..).unwrap_or_default();
    if line.voice == Voice::Mark {
        let sign = canvas.sign(Sign::Light);
        let text = format!("{sign}{sign} mark {time} ");
        let rest = usize::from(columns).saturating_sub(width(&text));
        return Line::from(canvas.piece(Role::Human, text + &sign.repeat(rest)));
    }
    if let Voice::Run(kind, _) = line.voice {
        return Line::from(canvas.piece(Role::Head, heading(canvas, kind.name(), time, &line.text, columns)));
    }
    let mut pieces = vec![Piece::raw(if timed { format!("{time}  ") } else { String::new() })];
    let role = match line.voice {
        Voice::Out => Role::Neutral,
        Voice::Err => Role::Wait,
        Voice::Aq | Voice::Mark | Voice::Run(..) => Role::Active,
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

/// The rule over what a run said: its kind, what it ran and how that ended, and when it began.
fn heading(canvas: &Canvas<'_>, kind: &str, time: &str, text: &str, columns: u16) -> String {
    let sign = canvas.sign(Sign::Light);
    // At a moment of the past nobody knew yet how it would end.
    let past = canvas.model.page.as_ref().is_some_and(|page| page.log.until.is_some());
    let told = if past { String::new() } else { format!("  {}", clean(text)) };
    let room = usize::from(columns).saturating_sub(width(time) + 1);
    let text = cut(&format!("{sign}{sign} {kind}{told} "), room, canvas.sign(Sign::More));
    let rest = room.saturating_sub(width(&text));
    format!("{text}{} {time}", sign.repeat(rest))
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
    fn long_lines_go_on_below() {
        let line = Line::from(vec![Piece::raw("abc"), Piece::raw("日本defg")]);
        let rows: Vec<String> = folded(&line, 5).iter().map(ToString::to_string).collect();
        assert_eq!(rows, ["abc日", "本def", "g"]);
        assert_eq!(folded(&Line::default(), 5).len(), 1);
    }

    #[test]
    fn of_all_sequences_only_colours_are_left() {
        let check = |text: &str, expected: &str| assert_eq!(only_colours(text), expected);
        check("a\x1b[31mb\x1b[0m", "a\x1b[31mb\x1b[0m");
        check("a\x1b[2Jb\x1b[1;1Hc", "abc");
        check("\x1b]0;title\x07x\x1b[1;32my", "x\x1b[1;32my");
        check("\x1b[?25lz\x1b[", "z");
    }
}
