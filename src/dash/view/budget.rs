//! The budget: ceilings and what is left of them, the burndown, who spent it, and what happens at a ceiling.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::burndown;
use super::canvas::{Canvas, below, row};
use super::frame::{NARROW, WIDE};
use super::panes::{bar, columns, labelled, told};
use super::parts;
use super::text::{clean, fit, width};
use crate::dash::model::{BudgetRow, Hit, Model, Pane, budget_rows, running, spent, window_words};
use crate::dash::theme::Sign;
use crate::fleet::Window;
use crate::insight::{LOCAL, Sum};
use crate::job::Role;

/// Rows of the burndown where there is room for more.
const CHART: u16 = 11;
/// Columns of what was spent of a ceiling, at the least.
const FIGURES: usize = 17;
/// Rows of the panes below it.
const BELOW: u16 = 6;
/// Spenders named in a line before the rest is left out.
const NAMED_MOST: usize = 5;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect) {
    summary(canvas, row(body, 0));
    let (main, side) = columns(canvas, below(body, 1));
    let rows = budget_rows(canvas.model);
    let high = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(1).min(main.height / 3 + 1);
    list(canvas, Rect { height: high, ..main }, &rows);
    let rest = below(main, high);
    if rest.height <= BELOW {
        return;
    }
    let wide = main.width >= WIDE / 2 && side.is_some();
    let chart = if wide { rest.height / 2 } else { (rest.height - BELOW).min(CHART) };
    // A head without rows says nothing.
    let chart = if chart < 3 { 0 } else { chart };
    if chart > 0 {
        burndown::draw(canvas, Rect { height: chart, ..rest });
    }
    let rest = below(rest, chart);
    match side {
        Some(side) => {
            ledger(canvas, rest);
            let below_it = spenders(canvas, side);
            modes(canvas, below_it);
        }
        None => {
            let rest = spenders(canvas, rest);
            canvas.text(row(rest, rest.height.saturating_sub(1)), Role::Neutral, &at_ceiling(canvas));
        }
    }
}

/// Dollars as people read them at a glance: cents only where they matter.
pub fn money(micro: u64) -> String {
    let cents = micro.saturating_add(5_000) / 10_000;
    if cents >= 10_000 {
        format!("${}", cents.saturating_add(50) / 100)
    } else {
        format!("${}.{:02}", cents / 100, cents % 100)
    }
}

/// The same of a sum: `~` where a part is estimated, `+?` where a part is unknown, `?` where all of it is.
pub fn summed(sum: Sum) -> String {
    let about = if sum.estimated { "~" } else { "" };
    match (sum.micro, sum.unknown) {
        (micro, 0) => format!("{about}{}", money(micro)),
        (0, _) => "?".to_string(),
        (micro, _) => format!("{about}{} +?", money(micro)),
    }
}

/// A rate; `?` where it is not known, or too early to tell.
pub fn hourly(rate: Option<Sum>) -> String {
    rate.map_or("?".to_string(), |rate| format!("{}/h", summed(rate)))
}

fn summary(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    let product = &model.replica.state.product;
    let rate = hourly(model.spend_rate());
    let spent = summed(spent(model));
    let state = match &product.paused {
        // How, by whom and since when stands in row 1.
        Some(_) => format!("{LOCAL}: paused"),
        None if !product.suspended.is_empty() => format!("{LOCAL}: suspended"),
        None => format!("{LOCAL}: active"),
    };
    let reserved = format!("reserved {} for {} running", money(product.reserved), running(model).len());
    let text = match at.width {
        wide if wide < NARROW => format!(" {rate}   spent {spent}   {state}"),
        _ => format!(" now {rate}   spent {spent}   {reserved}   {state}"),
    };
    canvas.text(at, Role::Neutral, &text);
}

fn list(canvas: &mut Canvas<'_>, at: Rect, rows: &[BudgetRow]) {
    let window = window_words(canvas.model.replica.state.product.window);
    canvas.rule(row(at, 0), "Budgets", window.1, true);
    let body = below(at, 1);
    let cursor = canvas.model.budget.at.min(rows.len().saturating_sub(1));
    let shown = canvas.window(Pane::Budget, rows.len(), Some(cursor), usize::from(body.height));
    let wide = rows.iter().map(|it| width(&figures(it))).max().unwrap_or(0).max(FIGURES);
    for (nth, (place, it)) in rows.iter().enumerate().skip(shown.top).take(shown.height).enumerate() {
        let on = row(body, u16::try_from(nth).unwrap_or(u16::MAX));
        let line = line(canvas, it, place == cursor, (at.width, wide));
        canvas.line(on, &line);
        canvas.hit(on, Hit::Row(Pane::Budget, place));
        if place == cursor {
            canvas.restyle(on, canvas.look().cursor());
        }
    }
}

/// What was spent of the ceiling; nothing without one.
fn figures(it: &BudgetRow) -> String {
    it.ceiling.map_or(String::new(), |ceiling| format!("{} / {}", summed(it.spent), money(ceiling)))
}

fn line(canvas: &mut Canvas<'_>, it: &BudgetRow, here: bool, (total, wide): (u16, usize)) -> Line<'static> {
    let lead = if here { canvas.sign(Sign::Cursor) } else { " " };
    let more = canvas.sign(Sign::More);
    let indent = if it.is_engine { "  " } else { "" };
    let name = fit(&format!("{indent}{}", clean(&it.name)), 12, false, more);
    let Some(ceiling) = it.ceiling else {
        let hint = if it.is_engine || canvas.model.bars().is_some() { "" } else { "   e sets one" };
        return Line::raw(format!("{lead} {name} no ceiling   {}{hint}", summed(it.spent)));
    };
    let cells = match total {
        wide if wide < NARROW => 5,
        wide if wide < WIDE => 16,
        _ => 28,
    };
    let part = it.spent.micro.saturating_mul(100) / ceiling.max(1);
    let (role, word) = word_of(canvas, it, ceiling);
    let head = format!("{lead} {name} {} ", bar(canvas, it.spent.micro, ceiling, cells));
    let said = fit(&figures(it), wide, true, more) + &format!("  {part:>3} %  ");
    Line::from(vec![Piece::raw(head), Piece::raw(said), canvas.piece(role, word)])
}

/// How a ceiling stands: reached, to be reached at a time, or fine.
fn word_of(canvas: &mut Canvas<'_>, it: &BudgetRow, ceiling: u64) -> (Role, String) {
    if it.is_engine {
        let since = it.around.map(|at| format!(" {}", at.local_hm())).unwrap_or_default();
        return match it.spent.micro >= ceiling {
            true => (Role::Wait, format!("routed around{since}")),
            false => (Role::Good, "ok".to_string()),
        };
    }
    let warning = canvas.sign(Sign::Warning);
    if canvas.model.replica.state.product.paused.is_some() {
        return (Role::Wait, format!("{} paused", canvas.sign(Sign::Parked)));
    }
    if it.spent.micro >= ceiling {
        return (Role::Bad, format!("{warning} used up"));
    }
    match burndown::runs_out(canvas.model) {
        Some(at) => (Role::Wait, format!("{warning} out {}", at.local_hm())),
        None => (Role::Good, "ok".to_string()),
    }
}

/// Who spent it in the window; gives what is left below.
fn spenders(canvas: &mut Canvas<'_>, at: Rect) -> Rect {
    let model = canvas.model;
    let spending = &model.lists.spending;
    let window = window_words(model.replica.state.product.window).1;
    canvas.rule(row(at, 0), &format!("Top spenders {window}"), "", false);
    let rest = below(at, 1);
    if spending.jobs.is_empty() {
        return told(canvas, rest, "nobody has spent anything that was told");
    }
    let join = |rows: &[(String, Sum)]| {
        let named = rows.iter().filter(|row| row.1 != Sum::default()).take(NAMED_MOST);
        named.map(|row| format!("{} {}", clean(&row.0), summed(row.1))).collect::<Vec<_>>().join("   ")
    };
    let mut rows = vec![
        ("engine", join(&spending.engines)),
        ("profile", join(&spending.profiles)),
        ("job", join(&spending.jobs)),
        ("shipped", shipped(model)),
    ];
    if spending.whole.unknown > 0 {
        rows.push(("unknown", format!("{} told no cost", parts::plural(spending.whole.unknown, "attempt"))));
    }
    labelled(canvas, rest, &rows)
}

/// How many jobs were shipped in the window, and what all work in it cost for each of them.
pub fn shipped(model: &Model) -> String {
    let state = &model.replica.state;
    let since = match state.product.window {
        Window::Day => "today",
        Window::Week => "this week",
        Window::Month => "this month",
        Window::Total => "so far",
    };
    let n = model.lists.spending.shipped;
    let whole = spent(model);
    match u64::try_from(n).ok().filter(|n| *n > 0) {
        Some(each) => {
            let each = Sum { micro: whole.micro / each, ..whole };
            format!("{n} {since}, {} of all that was spent for each", summed(each))
        }
        None => format!("none {since}"),
    }
}

fn at_ceiling(canvas: &Canvas<'_>) -> String {
    let model = canvas.model;
    // Keys that do nothing now are not offered.
    let keys = match (model.bars().is_some(), &model.replica.state.product.paused) {
        (true, _) => "",
        (false, Some(_)) => "   R resume",
        (false, None) => "   P pause",
    };
    match model.replica.state.product.ceiling {
        Some(ceiling) => {
            format!(" at {} {LOCAL} pauses: running jobs checkpoint and park{keys}", money(ceiling))
        }
        None => format!(" without a ceiling nothing stops by itself{keys}"),
    }
}

/// What happens at which ceiling, at the right.
fn modes(canvas: &mut Canvas<'_>, at: Rect) {
    let at = below(at, 1);
    canvas.rule(row(at, 0), "What happens when", "", false);
    let rows = [
        ("ceiling", "the queue pauses; running jobs checkpoint and park, they do not fail".to_string()),
        ("of an engine", "routed around; its runs go on".to_string()),
        ("of a job", "that run stops: budget_exceeded".to_string()),
    ];
    let rest = below(labelled(canvas, below(at, 1), &rows), 1);
    canvas.rule(row(rest, 0), "Pause and resume", "", false);
    let rows = [
        ("P", "asks how: drain, stop or kill; nothing happens until you answer".to_string()),
        ("R", "resumes; restores files that vanished".to_string()),
        ("same as", "aq budget show".to_string()),
    ];
    labelled(canvas, below(rest, 1), &rows);
}

/// Outlay by outlay, the newest first.
fn ledger(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    let ledger = &model.budget.ledger;
    let now = model.law_now().law;
    canvas.rule(row(at, 0), "Ledger", "newest first", false);
    let body = below(at, 1);
    let seen = ledger.outlays.iter().rev().filter(|row| row.at <= now);
    let mut drawn = 0;
    for (nth, outlay) in seen.take(usize::from(body.height)).enumerate() {
        let more = canvas.sign(Sign::More);
        let time = outlay.at.local_full();
        let text = format!(
            "  {}  {} {} {}",
            time.get(11..).unwrap_or_default(),
            fit(outlay.job.as_str(), 20, false, more),
            fit(&outlay.engine, 12, false, more),
            fit(&summed(Sum { micro: outlay.micro, estimated: outlay.estimated, unknown: 0 }), 9, true, more),
        );
        canvas.text(row(body, u16::try_from(nth).unwrap_or(u16::MAX)), Role::Neutral, &text);
        drawn += 1;
    }
    if drawn == 0 {
        told(canvas, body, "no outlay in the events that were read");
    }
}
