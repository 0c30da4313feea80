//! What stands beside the jobs on the overview: what is wrong around them, and the money.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::budget::{hourly, money, summed};
use super::canvas::{Canvas, below, row};
use super::panes::bar;
use super::parts;
use super::text::{clean, fit, fit_id, width};
use crate::dash::model::{Hit, Pane, Screen, spent, window_words};
use crate::dash::theme::Sign;
use crate::job::{JobId, Role};

/// Cells of the bar of a ceiling.
const CELLS: usize = 20;

/// What is wrong, in at most so many rows; a click opens it. Gives what is left below it: all, where nothing is wrong.
pub fn alerts(canvas: &mut Canvas<'_>, at: Rect, most: u16) -> Rect {
    let found = canvas.model.alerts();
    if found.is_empty() || most < 2 {
        return at;
    }
    let focused = canvas.model.overview.pane == Pane::Alerts;
    let here = canvas.model.overview.alert.min(found.len() - 1);
    canvas.rule(row(at, 0), &format!("Alerts {}", found.len()), "", focused);
    let shown = found.len().min(usize::from(most - 1));
    let window = match focused {
        true => canvas.window(Pane::Alerts, found.len(), Some(here), shown),
        false => canvas.top_of(Pane::Alerts, shown),
    };
    let mut rest = below(at, 1);
    for (nth, alert) in found.iter().enumerate().skip(window.top).take(shown) {
        let hidden = found.len() - shown;
        let last = nth + 1 == window.top + shown && hidden > 0;
        let since = alert.since.map(|since| format!("  {}", canvas.age(since))).unwrap_or_default();
        let age = if last { format!("{since}  +{hidden} more") } else { since };
        let room = usize::from(at.width).saturating_sub(5 + width(&age));
        let text = fit(&clean(&alert.what), room, false, canvas.sign(Sign::More));
        let on = focused && nth == here;
        let lead = if on { canvas.sign(Sign::Cursor) } else { " " };
        let pieces = vec![
            Piece::raw(format!("{lead} ")),
            canvas.piece(Role::Wait, format!("{} ", canvas.sign(Sign::Warning))),
            Piece::raw(format!("{text}{age}")),
        ];
        let place = row(rest, 0);
        canvas.line(place, &Line::from(pieces));
        canvas.hit(place, Hit::Row(Pane::Alerts, nth));
        if on {
            canvas.restyle(place, canvas.look().cursor());
        }
        rest = below(rest, 1);
    }
    rest
}

/// Whether there is anything to tell of the money.
pub fn has_budget(canvas: &Canvas<'_>) -> bool {
    let state = &canvas.model.replica.state;
    let spent = state.spent_in_window(canvas.model.law_now().wall);
    canvas.model.replica.is_known() && (state.product.ceiling.is_some() || spent > 0)
}

/// What was spent, of what ceiling. Gives what is left below it.
pub fn budget(canvas: &mut Canvas<'_>, at: Rect) -> Rect {
    let state = &canvas.model.replica.state;
    let (ceiling, spent) = (state.product.ceiling, spent(canvas.model));
    if !has_budget(canvas) {
        return at;
    }
    canvas.rule(row(at, 0), "Budget", window_words(state.product.window).1, false);
    let rate = hourly(canvas.model.spend_rate());
    let text = match ceiling {
        Some(ceiling) => {
            let bar = bar(canvas, spent.micro, ceiling, CELLS);
            format!("  {bar} {} / {}   {rate}", summed(spent), money(ceiling))
        }
        None => format!("  {} spent, no ceiling   {rate}", summed(spent)),
    };
    canvas.text(row(at, 1), Role::Neutral, &text);
    canvas.hit(Rect { height: 2, ..at }, Hit::Screen(Screen::Budget));
    below(at, 2)
}

/// The jobs that are watched, a line each; a click opens one.
pub fn watched(canvas: &mut Canvas<'_>, at: Rect) {
    let ids: Vec<JobId> = canvas.model.watched.ids().cloned().collect();
    if ids.is_empty() {
        return;
    }
    canvas.rule(row(at, 0), &format!("Watched {}", ids.len()), "", false);
    let body = below(at, 1);
    let more = canvas.sign(Sign::More);
    for (nth, id) in ids.iter().take(usize::from(body.height)).enumerate() {
        let on = row(body, u16::try_from(nth).unwrap_or(u16::MAX));
        let pieces = match canvas.model.job(id).cloned() {
            Some(job) => {
                let word = parts::stage_word(&job);
                let title = usize::from(at.width).saturating_sub(3 + 14 + 1 + 9 + 2);
                let name = fit_id(id.as_str(), 14, more);
                let title = fit(&clean(&job.spec.title), title, false, more);
                vec![
                    Piece::raw(" "),
                    parts::stage_sign(canvas, &job),
                    Piece::raw(format!(" {name} {title} {}", fit(word, 9, true, more))),
                ]
            }
            None => vec![Piece::raw(format!("   {id} is no longer here"))],
        };
        canvas.line(on, &Line::from(pieces));
        canvas.hit(on, Hit::Job(id.clone()));
    }
}
