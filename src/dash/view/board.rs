//! The list of jobs as a board: cards in a column per stage; columns without cards take no room.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::frame::{NARROW, WIDE};
use super::text::{fit, grouped};
use super::{jobs, parts};
use crate::dash::model::{BOARD, Hit, Pane};
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::job::{JobId, Role, Stage};

/// Columns of cards where the terminal is narrower than two panes' worth.
const AROUND: usize = 3;
/// Rows from which a blank one stands between two cards.
const AIRY: u16 = 20;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    let board = &model.jobs.board;
    let filled = board.filled();
    if filled.is_empty() {
        canvas.rule(row(at, 0), "Board", "b list", true);
        return canvas.text(row(at, 1), Role::Neutral, &format!("  {}", jobs::no_match(canvas)));
    }
    let here = filled.iter().position(|column| *column == board.at().0).unwrap_or(0);
    let most = match at.width {
        0..NARROW => 1,
        NARROW..WIDE => AROUND,
        _ => filled.len(),
    };
    let first = here.saturating_sub(most / 2).min(filled.len().saturating_sub(most));
    let shown = &filled[first..(first + most).min(filled.len())];
    let count = u16::try_from(shown.len()).unwrap_or(1).max(1);
    let wide = (at.width + 1) / count;
    for (nth, column) in shown.iter().enumerate() {
        let x = at.x + wide * u16::try_from(nth).unwrap_or(0);
        let place = Rect { x, width: wide.saturating_sub(1), ..at };
        let more = match (nth, nth + 1 == shown.len()) {
            (0, _) if first > 0 => "h",
            (_, true) if first + most < filled.len() => "l",
            _ => "",
        };
        cards(canvas, place, *column, more);
    }
}

/// One column; `more` is the key that leads to columns beyond it.
fn cards(canvas: &mut Canvas<'_>, at: Rect, column: usize, more: &str) {
    let model = canvas.model;
    let board = &model.jobs.board;
    let ids = board.column(column);
    let (stage, other) = BOARD[column];
    let focused = board.at().0 == column;
    let of =
        |stage: Stage| ids.iter().filter(|id| model.job(id).is_some_and(|job| job.stage == stage)).count();
    let look = canvas.look();
    // The second stage of a column is counted only where it is small enough to be seen through.
    let second =
        other.filter(|_| ids.len() <= COUNTED).map(|other| (other, of(other))).filter(|row| row.1 > 0);
    let first = ids.len() - second.map_or(0, |row| row.1);
    let second = second.map(|(other, n)| format!(" + {} {n}", look.stage_sign(other))).unwrap_or_default();
    let title = format!("{} {} {}{second}", look.stage_sign(stage), stage.name(), grouped(first));
    canvas.rule(row(at, 0), &title, more, focused);
    let body = below(at, 1);
    let step = if body.height >= AIRY { 3 } else { 2 };
    let fits = usize::from((body.height + step - 2) / step);
    let over = ids.len() > fits && fits > 1;
    let fits = fits - usize::from(over);
    let top = match focused {
        true => canvas.window(Pane::Board, ids.len(), Some(board.at().1), fits).top,
        false => 0,
    };
    for (nth, id) in ids.iter().enumerate().skip(top).take(fits) {
        let y = u16::try_from(nth - top).unwrap_or(u16::MAX).saturating_mul(step);
        let place = below(body, y);
        card(canvas, Rect { height: 2.min(place.height), ..place }, id, focused && board.at().1 == nth);
        canvas.hit(Rect { height: 2.min(place.height), ..place }, Hit::Card(column, nth));
    }
    let rest = ids.len().saturating_sub(top + fits);
    if over && rest > 0 {
        let y = u16::try_from(fits).unwrap_or(u16::MAX).saturating_mul(step);
        canvas.text(
            row(below(body, y), 0),
            Role::Neutral,
            &format!("  {} {} more", canvas.sign(Sign::More), grouped(rest)),
        );
    }
}

/// Cards up to which a column counts its two stages apart; a frame must not depend on how many jobs there are.
const COUNTED: usize = 500;

/// Two rows: which job, and what it does or waits for.
fn card(canvas: &mut Canvas<'_>, at: Rect, id: &JobId, here: bool) {
    let model = canvas.model;
    let more = canvas.sign(Sign::More);
    let marked = if model.marks.contains(id) { canvas.sign(Sign::Marked) } else { " " };
    let lead = if here { canvas.sign(Sign::Cursor) } else { " " };
    let room = usize::from(at.width).saturating_sub(2);
    let Some(job) = model.job(id).cloned() else {
        return canvas.text(row(at, 0), Role::Neutral, &format!("{lead}{marked}{id} is no longer here"));
    };
    let name = fit(&parts::named(&job, more), room, false, more);
    let style = if here { canvas.look().cursor() } else { canvas.look().head() };
    canvas.line(
        row(at, 0),
        &Line::from(vec![Piece::raw(format!("{lead}{marked}")), Piece::styled(name, style)]),
    );
    let facts = facts(canvas, &job, room.saturating_sub(2));
    canvas.line(row(at, 1), &Line::from(facts));
}

fn facts(canvas: &mut Canvas<'_>, job: &Job, room: usize) -> Vec<Piece<'static>> {
    let sign = match job.stage {
        Stage::Assigned | Stage::DeadLetter => format!("    {} ", canvas.look().stage_sign(job.stage)),
        _ => "    ".to_string(),
    };
    let bar = if job.stage.is_held() { parts::bar(canvas, job) } else { String::new() };
    let tail = match job.stage {
        Stage::Queued | Stage::Blocked | Stage::Building | Stage::Assigned => bar,
        _ => canvas.age(job.since),
    };
    let used = super::text::width(&tail) + super::text::width(&sign) - 4;
    let status = parts::status(canvas, job, room.saturating_sub(used + 1));
    let gap = if tail.is_empty() { "" } else { " " };
    vec![Piece::raw(sign), status, Piece::raw(format!("{gap}{tail}"))]
}
