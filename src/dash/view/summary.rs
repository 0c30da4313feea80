//! The summary of a job: its facts, its manifest and what happened to it, side by side where there is room.

use ratatui::layout::Rect;

use super::canvas::{Canvas, below, row};
use super::frame::WIDE;
use super::{detail, events, manifest};
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::job::Role;

/// Rows of the facts, with their rule.
const FACTS: u16 = 10;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    if at.width >= WIDE {
        let half = at.width / 2;
        let left = Rect { width: half, ..at };
        let right = Rect { x: at.x + half + 1, width: at.width - half - 1, ..at };
        for nth in 0..at.height {
            let sign = canvas.sign(Sign::Upright);
            canvas.text(Rect { x: at.x + half, width: 1, ..row(at, nth) }, Role::Neutral, sign);
        }
        manifest::draw(canvas, left, job);
        facts(canvas, Rect { height: (FACTS + 4).min(right.height), ..right }, job);
        events::of_job_tail(canvas, below(right, FACTS + 4));
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

fn facts(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    canvas.rule(row(at, 0), "Job", &format!("epoch {}", job.epoch), at.width < WIDE);
    detail::lines(canvas, below(at, 1), job);
}
