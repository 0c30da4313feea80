//! The summary of a job: its facts, its manifest and what happened to it, side by side where there is room.

use ratatui::layout::Rect;

use super::canvas::{Canvas, below, row};
use super::frame::{VAST, WIDE};
use super::{detail, events, log, manifest};
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::job::Role;

/// Rows of the facts, with their rule.
const FACTS: u16 = 10;

/// Rows of the end of the log, with its rule, where it stands below the events.
const TAIL: u16 = 10;
/// From so many rows on there is room for it.
const TALL: u16 = 30;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    if at.width >= WIDE {
        let vast = at.width >= VAST;
        let panes = side_by_side(canvas, at, if vast { 3 } else { 2 });
        manifest::draw(canvas, panes[0], job);
        let middle = panes[1];
        facts(canvas, Rect { height: (FACTS + 4).min(middle.height), ..middle }, job);
        let mut rest = below(middle, FACTS + 4);
        if let Some(third) = panes.get(2) {
            log::tail(canvas, *third);
        } else if at.height >= TALL {
            rest.height -= TAIL;
            log::tail(canvas, Rect { y: rest.bottom(), height: TAIL, ..rest });
        }
        events::of_job_tail(canvas, rest);
        return;
    }
    let top = FACTS.min(at.height);
    facts(canvas, Rect { height: top, ..at }, job);
    let rest = below(at, top);
    // A head with two rows below it is the least that says something.
    if rest.height >= 3 {
        events::of_job_tail(canvas, rest);
    }
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

fn facts(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    let alone = canvas.area().width < WIDE;
    canvas.rule(row(at, 0), "Job", &format!("epoch {}", job.epoch), alone);
    detail::lines(canvas, below(at, 1), job);
}
