//! The summary of a job: its facts and what happened to it; where there is room, all that is worth knowing in panes.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::frame::{VAST, WIDE};
use super::panes::{Ask, shares};
use super::{detail, events, exposed, factors, kin, log, manifest, usage};
use crate::dash::model::{Hit, Pane, Part, Window};
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::job::Role;

/// Rows of the facts, with their rule, in one column.
const FACTS: u16 = 10;
/// Rows that a pane needs to say anything, with its rule.
const LEAST: u16 = 3;
/// Rows that a long pane has before the others have all that they want.
const FAIR: u16 = 9;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    if at.width >= WIDE {
        return in_panes(canvas, at, job);
    }
    let top = FACTS.min(at.height);
    canvas.rule(row(at, 0), "Job", &format!("epoch {}", job.epoch), true);
    detail::lines(canvas, below(Rect { height: top, ..at }, 1), job);
    let rest = below(at, top);
    // A head with two rows below it is the least that says something.
    if rest.height >= LEAST {
        events::of_job_tail(canvas, rest);
    }
}

/// What stands in a pane: its head, and its lines, of which only those in sight are made where there are many.
pub struct Told {
    /// At the left of its rule.
    pub title: String,
    /// At the right.
    pub right: String,
    /// The lines.
    pub lines: Lines,
}

/// Lines of a pane.
pub enum Lines {
    /// These.
    Here(Vec<Line<'static>>),
    /// So many events.
    Events(usize),
    /// So many lines of the log.
    Log(usize),
    /// The manifest draws itself.
    Manifest,
}

impl Told {
    /// A pane of few lines.
    pub fn of(title: &str, right: impl Into<String>, lines: Vec<Line<'static>>) -> Told {
        Told { title: title.to_string(), right: right.into(), lines: Lines::Here(lines) }
    }

    fn len(&self) -> usize {
        match &self.lines {
            Lines::Here(lines) => lines.len(),
            Lines::Events(n) | Lines::Log(n) => *n,
            Lines::Manifest => usize::MAX,
        }
    }
}

/// What a pane tells; `None` where there is nothing to tell, so that it is not there.
fn told(canvas: &mut Canvas<'_>, part: Part, job: &Job, wide: u16) -> Option<Told> {
    match part {
        Part::Manifest => Some(Told { title: String::new(), right: String::new(), lines: Lines::Manifest }),
        Part::Explain => factors::told(canvas, job, wide),
        Part::Job => {
            let lines = detail::set(canvas, job, wide);
            Some(Told::of("Job", format!("epoch {}", job.epoch), lines))
        }
        Part::Events => events::told_of_job(canvas),
        Part::Kin => kin::told(canvas, job, wide),
        Part::Usage => usage::told(canvas, job),
        Part::Log => log::told_of_job(canvas),
        Part::Risk => exposed::told(canvas, job),
    }
}

/// The panes of each column from its top down, and their places in the order of need.
const LEFT: [(Part, usize); 2] = [(Part::Manifest, 2), (Part::Explain, 3)];
const RIGHT: [(Part, usize); 6] =
    [(Part::Job, 1), (Part::Events, 2), (Part::Kin, 6), (Part::Usage, 5), (Part::Log, 4), (Part::Risk, 3)];

fn in_panes(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    let Some(focus) = canvas.model.page.as_ref().map(|page| page.parts.at) else { return };
    if canvas.model.zoom {
        let one = told(canvas, focus, job, at.width);
        return put(canvas, at, focus, one, job);
    }
    let vast = at.width >= VAST;
    let columns = side_by_side(canvas, at, if vast { 3 } else { 2 });
    column(canvas, columns[0], &LEFT, focus, job);
    match columns.get(2) {
        // The log has a column of its own.
        Some(third) => {
            let rest: Vec<(Part, usize)> = RIGHT.into_iter().filter(|row| row.0 != Part::Log).collect();
            column(canvas, columns[1], &rest, focus, job);
            column(canvas, *third, &[(Part::Log, 0)], focus, job);
        }
        None => column(canvas, columns[1], &RIGHT, focus, job),
    }
}

/// Panes below each other. The one with the focus is in sight.
fn column(canvas: &mut Canvas<'_>, at: Rect, parts: &[(Part, usize)], focus: Part, job: &Job) {
    let mut panes: Vec<(Part, Told, (usize, Ask))> = Vec::new();
    for (part, need) in parts {
        let Some(told) = told(canvas, *part, job, at.width) else { continue };
        let whole = u16::try_from(told.len().max(1)).unwrap_or(u16::MAX).saturating_add(1);
        let is_short = matches!(told.lines, Lines::Here(_));
        // Half a table says less than none.
        let fair = if is_short { whole } else { FAIR.min(whole) };
        let ask = Ask { least: LEAST.min(whole), fair, whole };
        panes.push((*part, told, (if *part == focus { 0 } else { *need }, ask)));
    }
    let asks: Vec<(usize, Ask)> = panes.iter().map(|row| row.2).collect();
    let mut y = at.y;
    for ((part, told, _), height) in panes.into_iter().zip(shares(at.height, &asks)) {
        let on = Rect { y, height, ..at };
        y += height;
        if height > 0 {
            put(canvas, on, part, Some(told), job);
        }
    }
}

/// One pane: its rule, and of its lines those in sight.
fn put(canvas: &mut Canvas<'_>, at: Rect, part: Part, told: Option<Told>, job: &Job) {
    let Some(page) = &canvas.model.page else { return };
    let (focused, rolled) = (page.parts.at == part, page.parts.top(part));
    let Some(told) = told else {
        canvas.rule(row(at, 0), "nothing to tell", "", focused);
        canvas.drawn.windows.push((Pane::Part(part), Window::default()));
        return;
    };
    canvas.hit(at, Hit::Pane(Pane::Part(part)));
    if let Lines::Manifest = told.lines {
        return manifest::part(canvas, at, job, focused, rolled.unwrap_or(0));
    }
    canvas.rule(row(at, 0), &told.title, &told.right, focused);
    let body = below(at, 1);
    let height = usize::from(body.height);
    let end = told.len().saturating_sub(height);
    let natural = if matches!(told.lines, Lines::Log(_)) { end } else { 0 };
    let top = rolled.unwrap_or(natural).min(end);
    canvas.drawn.windows.push((Pane::Part(part), Window { top, height }));
    match told.lines {
        Lines::Here(lines) => {
            for (nth, line) in lines.iter().skip(top).take(height).enumerate() {
                canvas.line(row(body, u16::try_from(nth).unwrap_or(u16::MAX)), line);
            }
        }
        Lines::Events(_) => events::part(canvas, body, top),
        Lines::Log(_) => log::part(canvas, body, top),
        Lines::Manifest => {}
    }
}

/// A line with a label before it.
pub fn labelled(canvas: &Canvas<'_>, label: &str, text: impl Into<String>) -> Line<'static> {
    Line::from(vec![canvas.piece(Role::Head, format!(" {label:<7} ")), Piece::raw(text.into())])
}

/// Panes of the same width with a line between them.
fn side_by_side(canvas: &mut Canvas<'_>, at: Rect, count: u16) -> Vec<Rect> {
    let wide = at.width / count;
    let mut panes = Vec::new();
    for nth in 0..count {
        let (x, last) = (at.x + nth * wide, nth + 1 == count);
        panes.push(Rect { x, width: if last { at.right() - x } else { wide - 1 }, ..at });
        for line in 0..if last { 0 } else { at.height } {
            let sign = canvas.sign(Sign::Upright);
            canvas.text(Rect { x: x + wide - 1, width: 1, ..row(at, line) }, Role::Neutral, sign);
        }
    }
    panes
}
