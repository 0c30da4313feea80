//! Screens that are not in this version: they say so, and which verb answers today.

use ratatui::layout::Rect;

use super::canvas::{Canvas, below, row};
use crate::dash::model::Screen;
use crate::job::Role;

/// A screen.
pub fn screen(canvas: &mut Canvas<'_>, at: Rect, screen: Screen) {
    let today = match screen {
        Screen::Graph => "aq graph, aq path",
        Screen::Fleet => "aq doctor",
        Screen::Budget => "aq budget show",
        Screen::Time => "aq show JOB --at TIME, aq events --since TIME",
        Screen::Risk => "aq risk",
        Screen::Overview | Screen::Jobs => "",
    };
    words(canvas, at, screen.name(), today);
}

fn words(canvas: &mut Canvas<'_>, at: Rect, name: &str, today: &str) {
    canvas.rule(row(at, 0), name, "", true);
    canvas.text(row(below(at, 2), 0), Role::Neutral, &format!("  {name} is not in this version."));
    canvas.text(row(below(at, 3), 0), Role::Neutral, &format!("  Today:  {today}"));
}
