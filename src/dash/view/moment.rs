//! Beside the board of a moment: who worked then, and what was spent by then.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use super::canvas::{Canvas, below, row};
use super::panes::{bar, told};
use super::parts;
use super::text::{clean, fit};
use super::time::clock;
use crate::dash::theme::Sign;
use crate::insight::LOCAL;
use crate::job::{HolderId, Role, usd};

/// Agents that are named before the rest is only counted.
const AGENTS_MOST: usize = 4;
/// Columns of an agent's name.
const NAME: usize = 16;
/// Cells of the bar of a ceiling.
const CELLS: usize = 20;

fn title(canvas: &Canvas<'_>, what: &str) -> String {
    match canvas.model.time.at {
        Some(at) => format!("{what} at {}", clock(at.at)),
        None => format!("{what} now"),
    }
}

/// Who held jobs, and how many; gives what is left below. How many slots they had then nobody wrote down.
pub fn hosts(canvas: &mut Canvas<'_>, at: Rect) -> Rect {
    let mut held: BTreeMap<HolderId, usize> = BTreeMap::new();
    for (job, holder) in canvas.model.replica.state.held() {
        *held.entry(holder.clone()).or_default() += usize::from(job.stage.is_held());
    }
    held.retain(|_, jobs| *jobs > 0);
    let title = title(canvas, "Agents");
    canvas.rule(row(at, 0), &title, &parts::plural(held.len(), "agent"), false);
    let mut rest = below(at, 1);
    if held.is_empty() {
        return told(canvas, rest, "nobody had a job");
    }
    let more = canvas.sign(Sign::More);
    for (holder, jobs) in held.iter().take(AGENTS_MOST) {
        let name = fit(&clean(&holder.short()), NAME, false, more);
        let text = format!("  {} {name} {}", canvas.sign(Sign::Ok), parts::plural(*jobs, "job"));
        canvas.text(row(rest, 0), Role::Neutral, &text);
        rest = below(rest, 1);
    }
    if held.len() > AGENTS_MOST {
        canvas.text(row(rest, 0), Role::Neutral, &format!("  {more} {} more", held.len() - AGENTS_MOST));
        rest = below(rest, 1);
    }
    rest
}

/// What was spent in the window of the ceiling, and how much of it that was; gives what is left below.
pub fn budget(canvas: &mut Canvas<'_>, at: Rect) -> Rect {
    let state = std::sync::Arc::clone(&canvas.model.replica.state);
    let spent = state.spent_in_window(canvas.model.law_now().wall);
    let title = title(canvas, "Budget");
    canvas.rule(row(at, 0), &title, "", false);
    let text = match state.product.ceiling.filter(|ceiling| *ceiling > 0) {
        Some(ceiling) => {
            let share = u128::from(spent) * 100 / u128::from(ceiling);
            let bar = bar(canvas, spent, ceiling, CELLS);
            format!("  {LOCAL} {bar} {} of {} ({share} %)", usd(spent), usd(ceiling))
        }
        None => format!("  {LOCAL} {} spent, no ceiling", usd(spent)),
    };
    canvas.text(row(below(at, 1), 0), Role::Neutral, &text);
    below(at, 2)
}
