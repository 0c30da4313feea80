//! In place of every screen while nothing of the queue was read: an outage must not look like an empty queue.

use ratatui::layout::Rect;

use super::canvas::{Canvas, below, row};
use super::panes::told;
use super::text::clean;
use crate::dash::model::Health;
use crate::dash::theme::Sign;
use crate::job::Role;

/// Rows that stand where jobs will.
const ROWS: u16 = 5;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect) {
    // The keys of a screen that is not there do nothing.
    canvas.keys = Some("q leaves   ? help   : commands".to_string());
    let (why, next) = match &canvas.model.replica.health {
        Health::Broken { why } => {
            (clean(why), "aq doctor looks for the cause. q leaves, aq dash tries again.")
        }
        Health::Skew { why } => (clean(why), "Nothing is lost: a newer aq reads it. q leaves."),
        Health::Barred { why, mend, .. } => (clean(why), mend.as_str()),
        Health::Offline { why, .. } => {
            (clean(why), "It is tried again by itself; Ctrl-R tries now. q leaves.")
        }
        Health::SignedOut { why, .. } => (clean(why), "Sign in, then Ctrl-R. q leaves."),
        _ => {
            let waits = canvas.sign(Sign::NoData);
            canvas.rule(row(at, 0), "Reading the queue", canvas.sign(Sign::Waits), true);
            (1..=ROWS).for_each(|nth| canvas.text(row(at, nth), Role::Neutral, &format!("   {waits}")));
            return;
        }
    };
    canvas.rule(row(at, 0), "Nothing could be read", "", true);
    let rest = told(canvas, below(at, 2), &why);
    let rest = told(canvas, below(rest, 1), next);
    told(canvas, rest, "Whether there are jobs is not known; nothing was changed.");
}
