//! The diff as a review gate: files and proof at the left, the change at the right, what a yes does below.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::frame::{NARROW, WIDE};
use super::gate;
use super::search;
use super::text::{clean, cut_front, fit, grouped, marked, width};
use crate::dash::model::{FileKind, Hit, Loaded, Pane, Patch, PatchFile, PatchLine, Side};
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::insight::short_rev;
use crate::job::Role;

/// Columns of the files and the proof.
const SIDE: u16 = 27;
/// The same where there is room for two columns of text beside them.
const SIDE_WIDE: u16 = 44;
/// Rows that the files have at the least, with their rule.
const FILES: u16 = 5;
/// Rows below which the change has them all.
const GATE_FROM: u16 = 14;
/// Columns of a line's number.
const NUMBER: usize = 4;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    let Some(page) = &canvas.model.page else { return };
    let patch = match &page.diff.patch {
        Loaded::Here(patch) => std::sync::Arc::clone(patch),
        Loaded::Failed(why) => {
            canvas.rule(row(at, 0), "Diff", "", true);
            canvas.text(row(at, 1), Role::Wait, &format!("  {}", clean(why)));
            let rest = below(at, 3);
            return gate::beside(canvas, rest, job, None);
        }
        Loaded::Unasked | Loaded::Asked => {
            canvas.rule(row(at, 0), "Diff", canvas.sign(Sign::Waits), true);
            canvas.text(row(at, 1), Role::Neutral, "  the change is being read");
            return;
        }
    };
    let mut at = at;
    if at.height >= GATE_FROM {
        let rows = gate::below(canvas, at, job);
        at.height -= rows;
    }
    if at.width < NARROW || canvas.model.zoom {
        return change(canvas, at, &patch);
    }
    let side = if at.width >= WIDE { SIDE_WIDE } else { SIDE };
    let left = Rect { width: side, ..at };
    let right = Rect { x: at.x + side + 1, width: at.width - side - 1, ..at };
    for nth in 0..at.height {
        let sign = canvas.sign(Sign::Upright);
        canvas.text(Rect { x: at.x + side, width: 1, ..row(at, nth) }, Role::Neutral, sign);
    }
    let proof = gate::height(canvas, job).min(at.height.saturating_sub(FILES));
    let list = Rect { height: left.height - proof, ..left };
    files(canvas, list, &patch);
    gate::beside(canvas, below(left, list.height), job, Some(&patch));
    change(canvas, right, &patch);
}

/// `+412 −38`.
fn counts(canvas: &Canvas<'_>, plus: usize, minus: usize) -> String {
    let one = |sign: &str, n: usize| if n == 0 { String::new() } else { format!("{sign}{}", grouped(n)) };
    let parts = [one("+", plus), one(canvas.sign(Sign::Minus), minus)];
    parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ")
}

fn files(canvas: &mut Canvas<'_>, at: Rect, patch: &Patch) {
    let Some(page) = &canvas.model.page else { return };
    let (plus, minus) = patch.sums();
    let sums = counts(canvas, plus, minus);
    canvas.hit(at, Hit::Pane(Pane::Files));
    canvas.rule(row(at, 0), &format!("Files {}", grouped(patch.files.len())), &sums, false);
    let body = below(at, 1);
    if patch.files.is_empty() {
        canvas.text(row(body, 0), Role::Neutral, "  nothing changed");
    }
    let more = patch.files.len() > usize::from(body.height);
    let height = usize::from(body.height) - usize::from(more && body.height > 1);
    let window = canvas.window(Pane::Files, patch.files.len(), Some(page.diff.file), height);
    for (nth, file) in patch.files.iter().enumerate().skip(window.top).take(height) {
        let place = row(body, u16::try_from(nth - window.top).unwrap_or(u16::MAX));
        let here = nth == page.diff.file;
        let lead = if here { canvas.sign(Sign::Cursor) } else { " " };
        let (letter, role) = match file.kind {
            FileKind::Added => ("A", Role::Good),
            FileKind::Deleted => ("D", Role::Bad),
            FileKind::Changed => ("M", Role::Active),
        };
        let out = patch.outside.as_ref().is_some_and(|outside| outside.contains(&file.name));
        let mark = if out { canvas.sign(Sign::Warning) } else { " " };
        let sums = counts(canvas, file.plus, file.minus);
        let room = usize::from(at.width).saturating_sub(6 + width(&sums));
        let name = cut_front(&marked(&file.name), room, canvas.sign(Sign::More));
        let pieces = vec![
            Piece::raw(lead),
            canvas.piece(role, format!(" {letter}")),
            canvas.piece(Role::Wait, mark),
            Piece::raw(fit(&name, room, false, "")),
            Piece::raw(format!(" {sums}")),
        ];
        canvas.line(place, &Line::from(pieces));
        canvas.hit(place, Hit::Row(Pane::Files, nth));
        if here {
            canvas.restyle(place, canvas.look().cursor());
        }
    }
    if more && body.height > 1 {
        let rest = patch.files.len().saturating_sub(window.top + height);
        let text =
            if rest > 0 { format!("  {} {rest} more", canvas.sign(Sign::More)) } else { String::new() };
        canvas.text(row(body, body.height - 1), Role::Neutral, &text);
    }
}

/// The lines of the file that is shown.
fn change(canvas: &mut Canvas<'_>, at: Rect, patch: &Patch) {
    let Some(page) = &canvas.model.page else { return };
    let (split, top) = (page.diff.split, page.top());
    let Some(file) = patch.files.get(page.diff.file) else {
        canvas.rule(row(at, 0), "Diff", &seen(canvas, patch), true);
        let text = format!("  {} and {} have the same files", short(&patch.from), short(&patch.to));
        canvas.text(row(at, 1), Role::Neutral, &text);
        canvas.drawn.windows.push((Pane::Text, crate::dash::model::Window::default()));
        return;
    };
    let right = match page.diff.moved.as_ref().filter(|_| page.diff.seen().is_none()) {
        Some(_) => format!("the branch moved, it is read again {}", canvas.sign(Sign::Waits)),
        None => place(file, split, page.diff.at) + &seen(canvas, patch),
    };
    canvas.rule(row(at, 0), &marked(&file.name), &right, true);
    let mut body = below(at, 1);
    if patch.cut && page.diff.file + 1 == patch.files.len() && body.height > 1 {
        body.height -= 1;
        let text = format!("  the patch is cut here; all of it: aq diff {}", page.job);
        canvas.text(Rect { y: body.bottom(), height: 1, ..body }, Role::Wait, &text);
    }
    if search::shows(canvas, &page.diff.search) && body.height > 1 {
        let last = row(body, body.height - 1);
        body.height -= 1;
        let matches = page.diff.matches();
        let place = page.diff.hit.and_then(|hit| matches.iter().position(|at| *at == hit));
        search::draw(canvas, last, &page.diff.search, (place, matches.len()), "");
    }
    let (rows, height) = (file.rows(split), usize::from(body.height));
    let top = super::events::rolled(canvas, top, rows, height);
    if rows == 0 {
        canvas.text(row(body, 0), Role::Neutral, "  no text changed: only its mode, or it is empty");
    }
    for nth in 0..height.min(rows - top) {
        let on = row(body, u16::try_from(nth).unwrap_or(u16::MAX));
        match (split, file.row(split, top + nth)) {
            (true, (left, right)) => beside(canvas, on, left, right),
            (false, (line, _)) => line.into_iter().for_each(|line| {
                let pieces = unified(canvas, line);
                canvas.line(on, &Line::from(pieces));
            }),
        }
        if page.diff.has_it(file, top + nth) {
            canvas.restyle(on, canvas.look().head());
        }
        if top + nth == page.diff.at && page.diff.at > 0 {
            canvas.text(Rect { width: 1, ..on }, Role::Head, canvas.sign(Sign::Cursor));
        }
    }
}

fn short(rev: &crate::job::Rev) -> &str {
    short_rev(Some(rev))
}

/// Which change is in sight, where it is not the whole one; else nothing.
fn seen(canvas: &Canvas<'_>, patch: &Patch) -> String {
    let runs = canvas.model.page.as_ref().and_then(|page| page.diff.runs);
    match runs {
        Some((a, b)) => format!(" {} runs {a}..{b}", canvas.sign(Sign::Dot)),
        None => format!(" {} {}", canvas.sign(Sign::Dot), short(&patch.to)),
    }
}

/// `hunk 2 of 5`.
fn place(file: &PatchFile, split: bool, at: usize) -> String {
    let hunks = file.hunks(split);
    let at = hunks.partition_point(|row| *row <= at).max(1);
    if hunks.is_empty() { String::new() } else { format!("hunk {at} of {}", hunks.len()) }
}

fn role(side: Side) -> Role {
    match side {
        Side::New => Role::Good,
        Side::Old => Role::Bad,
        Side::Both => Role::Neutral,
        Side::Neither => Role::Active,
    }
}

fn shown(line: &PatchLine) -> String {
    marked(&line.text)
}

fn number(n: u32, there: bool) -> String {
    let text = if there { n.to_string() } else { String::new() };
    format!("{text:>NUMBER$}")
}

fn unified(canvas: &Canvas<'_>, line: &PatchLine) -> Vec<Piece<'static>> {
    if line.side == Side::Neither {
        return vec![canvas.piece(Role::Active, format!(" {}", shown(line)))];
    }
    let (old, new) = (line.side != Side::New, line.side != Side::Old);
    let sign = match line.side {
        Side::New => "+",
        Side::Old => "-",
        _ => " ",
    };
    let numbers = format!("{} {} ", number(line.old, old), number(line.new, new));
    let text = format!("{sign} {}", shown(line));
    let text = if line.side == Side::Both { Piece::raw(text) } else { canvas.piece(role(line.side), text) };
    vec![Piece::raw(numbers), text]
}

/// Old at the left, new at the right.
fn beside(canvas: &mut Canvas<'_>, at: Rect, left: Option<&PatchLine>, right: Option<&PatchLine>) {
    if let Some(line) = left.filter(|line| line.side == Side::Neither) {
        let piece = canvas.piece(Role::Active, format!(" {}", shown(line)));
        return canvas.line(at, &Line::from(piece));
    }
    let half = at.width / 2;
    let one = |canvas: &Canvas<'_>, line: &PatchLine, old: bool| {
        let sign = match line.side {
            Side::Both => " ",
            _ if old => "-",
            _ => "+",
        };
        let n = number(if old { line.old } else { line.new }, true);
        let text = format!("{sign} {}", shown(line));
        let text =
            if line.side == Side::Both { Piece::raw(text) } else { canvas.piece(role(line.side), text) };
        Line::from(vec![Piece::raw(format!("{n} ")), text])
    };
    if let Some(line) = left {
        let set = one(canvas, line, true);
        canvas.line(Rect { width: half, ..at }, &set);
    }
    canvas.text(Rect { x: at.x + half, width: 1, ..at }, Role::Neutral, canvas.sign(Sign::Upright));
    if let Some(line) = right {
        let set = one(canvas, line, false);
        canvas.line(Rect { x: at.x + half + 1, width: at.width.saturating_sub(half + 1), ..at }, &set);
    }
}
