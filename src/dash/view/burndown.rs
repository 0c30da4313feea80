//! The burndown: what was left of a ceiling by when, an even pace beside it, and where it leads.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::budget::{hourly, money};
use super::canvas::{Canvas, below, row};
use super::panes::{bar, told};
use crate::dash::model::{Model, spent, spent_by, window_span};
use crate::dash::theme::Sign;
use crate::fleet::Window;
use crate::insight::Sum;
use crate::job::Role;
use crate::time::{Span, Stamp};

/// Columns of the scale at the left.
const SCALE: u16 = 7;
/// With fewer columns a chart shows nothing.
const CHART_LEAST: u16 = 20;
/// Levels of a cell, from the lowest.
pub const LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// The same in ASCII.
pub const ASCII_LEVELS: [&str; 8] = ["_", "_", ".", ".", "-", "-", "=", "#"];

/// When what is left is used up at the present rate, where that is before the window ends.
pub fn runs_out(model: &Model) -> Option<Stamp> {
    let product = &model.replica.state.product;
    let now = model.law_now();
    let left = product.ceiling?.checked_sub(model.replica.state.spent_in_window(now.wall))?;
    let rate = model.spend_rate().map(|sum| sum.micro).filter(|rate| *rate > 0)?;
    let ms = u128::from(left) * 3_600_000 / u128::from(rate);
    let at = now.wall.plus(Span::from_millis(u64::try_from(ms).ok()?));
    let (_, to) = window_span(product.window, now.wall);
    to.is_none_or(|to| at < to).then_some(at)
}

/// What the chart is drawn from.
struct Chart {
    from: Stamp,
    to: Stamp,
    now: Stamp,
    ceiling: u64,
    points: Vec<(Stamp, u64)>,
    rate: Option<Sum>,
    has_end: bool,
}

/// Where the lines stand in a column: the row from below and the eighth of it.
struct Column {
    left: Option<(u64, u64)>,
    ahead: Option<(u64, u64)>,
    even: Option<(u64, u64)>,
}

impl Column {
    fn cell(&self, canvas: &Canvas<'_>, row: u64) -> &'static str {
        let ascii = canvas.look().ascii;
        let is_here = |place: Option<(u64, u64)>| place.is_some_and(|place| place.0 == row);
        match self.left.filter(|place| place.0 == row) {
            Some((_, eighth)) => {
                let levels = if ascii { ASCII_LEVELS } else { LEVELS };
                levels[usize::try_from(eighth).unwrap_or(0).min(7)]
            }
            None if is_here(self.ahead) => {
                if ascii {
                    "."
                } else {
                    canvas.sign(Sign::Dot)
                }
            }
            None if is_here(self.even) => canvas.sign(Sign::NoData),
            None => " ",
        }
    }
}

/// Draws it; without a ceiling what was spent day by day.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    let product = &model.replica.state.product;
    let now = model.law_now();
    let Some(ceiling) = product.ceiling.filter(|ceiling| *ceiling > 0) else { return by_day(canvas, at) };
    let points = spent_by(model);
    let (from, to) = window_span(product.window, now.wall);
    let from = if to.is_some() { from } else { first_day(model) };
    let third = Span::from_millis((now.wall.since(from).as_millis() / 3).max(60_000));
    let chart = Chart {
        from,
        to: to.unwrap_or_else(|| now.wall.plus(third)),
        now: now.wall,
        ceiling,
        points,
        rate: model.spend_rate(),
        has_end: to.is_some(),
    };
    let left = money(ceiling.saturating_sub(chart.spent_at(now.wall)));
    // What is left is at most that much where a part of what was spent is unknown.
    let doubt = spent(model);
    let about = if doubt.estimated || doubt.unknown > 0 { "~" } else { "" };
    let even = chart.has_end.then(|| {
        let hours = (chart.to.since(chart.from).as_millis() / 3_600_000).max(1);
        format!(" {} even pace {}/h", canvas.sign(Sign::Dot), money(ceiling / hours))
    });
    let rate = hourly(chart.rate);
    let title =
        format!("left {about}{left} {} now {rate}{}", canvas.sign(Sign::Dot), even.unwrap_or_default());
    canvas.rule(row(at, 0), "Burndown", &title, false);
    if at.width < CHART_LEAST + SCALE || at.height < 5 {
        return;
    }
    chart.plot(canvas, below(at, 1));
}

/// The first day of which anything is known.
fn first_day(model: &Model) -> Stamp {
    let day = model.replica.state.product.spent.keys().next().copied();
    let today = Window::Day.first_day(model.law_now().wall);
    Stamp::from_millis(day.unwrap_or(today).saturating_mul(86_400_000))
}

impl Chart {
    fn spent_at(&self, at: Stamp) -> u64 {
        let upto = self.points.partition_point(|point| point.0 <= at);
        upto.checked_sub(1).map_or(0, |last| self.points[last].1)
    }

    /// The moment of a column.
    fn moment(&self, column: u64, columns: u64) -> Stamp {
        let whole = self.to.since(self.from).as_millis();
        self.from.plus(Span::from_millis(whole * (column + 1) / columns.max(1)))
    }

    /// What is left at a moment to come; `None` where nobody knows.
    fn forecast(&self, at: Stamp) -> Option<u64> {
        let hours = u128::from(at.since(self.now).as_millis());
        let spent = u128::from(self.rate?.micro) * hours / 3_600_000;
        let left = self.ceiling.saturating_sub(self.spent_at(self.now));
        Some(left.saturating_sub(u64::try_from(spent).unwrap_or(u64::MAX)))
    }

    fn plot(&self, canvas: &mut Canvas<'_>, at: Rect) {
        let high = u64::from(at.height - 2);
        let wide = u64::from(at.width - SCALE - 1);
        let ascii = canvas.look().ascii;
        let columns: Vec<Column> = (0..wide).map(|column| self.column(column, wide, high)).collect();
        for nth in 0..high {
            let from_below = high - 1 - nth;
            let value = u128::from(self.ceiling) * u128::from(from_below + 1) / u128::from(high);
            let value = money(u64::try_from(value).unwrap_or(0));
            let (scale, edge) = match (nth % 2 == 0, ascii) {
                (true, false) => (value, "┤"),
                (false, false) => (String::new(), "│"),
                (true, true) => (value, "|"),
                (false, true) => (String::new(), "|"),
            };
            let cells: String = columns.iter().map(|column| column.cell(canvas, from_below)).collect();
            let line = Line::from(vec![Piece::raw(format!("{scale:>6}{edge}")), Piece::raw(cells)]);
            canvas.line(row(at, u16::try_from(nth).unwrap_or(u16::MAX)), &line);
        }
        self.axis(canvas, below(at, at.height - 2), wide);
    }

    fn column(&self, nth: u64, wide: u64, high: u64) -> Column {
        let moment = self.moment(nth, wide);
        let place = |left: u64| {
            let eighths = u128::from(left) * u128::from(high * 8) / u128::from(self.ceiling);
            u64::try_from(eighths).ok()?.checked_sub(1).map(|level| (level / 8, level % 8))
        };
        let past = moment <= self.now;
        let left = past.then(|| self.ceiling.saturating_sub(self.spent_at(moment)));
        let ahead = if past { None } else { self.forecast(moment) };
        let even = self.has_end.then(|| self.ceiling.saturating_sub(self.ceiling / wide.max(1) * (nth + 1)));
        Column { left: left.and_then(place), ahead: ahead.and_then(place), even: even.and_then(place) }
    }

    /// The line at the bottom and the times under it.
    fn axis(&self, canvas: &mut Canvas<'_>, at: Rect, wide: u64) {
        let corner = if canvas.look().ascii { "+" } else { "┼" };
        let wide = usize::try_from(wide).unwrap_or(0);
        let line = format!("{:>6}{corner}{}", 0, canvas.sign(Sign::Light).repeat(wide));
        canvas.text(row(at, 0), Role::Neutral, &line);
        let whole = self.to.since(self.from);
        let days = whole > Span::from_mins(2 * 24 * 60);
        let label = |at: Stamp| {
            let text = if days { at.local_day() } else { at.local_hm() };
            text.get(if days { 5 } else { 0 }..).unwrap_or_default().to_string()
        };
        let mut text = vec![' '; usize::from(SCALE) + wide + 1];
        let mut put = |share: u64, words: &str| {
            let column = usize::from(SCALE) + usize::try_from(share * wide as u64 / 1_000).unwrap_or(0);
            let column = column.min(text.len().saturating_sub(words.chars().count()));
            // A word is not written into another one.
            let free = column.saturating_sub(1)..(column + words.chars().count() + 1).min(text.len());
            if text[free].iter().all(|c| *c == ' ') {
                words.chars().enumerate().for_each(|(nth, c)| text[column + nth] = c);
            }
        };
        let passed = self.now.since(self.from).as_millis() * 1_000 / whole.as_millis().max(1);
        put(passed.min(1_000), "now");
        put(0, &label(self.from));
        put(1_000, &label(self.to));
        put(500, &label(self.from.plus(Span::from_millis(whole.as_millis() / 2))));
        canvas.text(row(at, 1), Role::Neutral, text.iter().collect::<String>().trim_end());
    }
}

/// What was spent day by day, the last days.
fn by_day(canvas: &mut Canvas<'_>, at: Rect) {
    let spent = &canvas.model.replica.state.product.spent;
    canvas.rule(row(at, 0), "Spend by day", "no ceiling: nothing burns down", false);
    let body = below(at, 1);
    let days: Vec<(i64, u64)> =
        spent.iter().rev().take(usize::from(body.height)).map(|row| (*row.0, *row.1)).collect();
    let most = days.iter().map(|row| row.1).max().unwrap_or(0);
    if days.is_empty() {
        told(canvas, body, "nothing was spent yet that was told");
    }
    let cells = usize::from(body.width).saturating_sub(30).min(60);
    for (nth, (day, micro)) in days.iter().enumerate() {
        let date = Stamp::from_millis(day.saturating_mul(86_400_000)).to_string();
        let date = date.get(..10).unwrap_or_default();
        let text = format!("  {date}  {} {}", bar(canvas, *micro, most, cells), money(*micro));
        canvas.text(row(body, u16::try_from(nth).unwrap_or(u16::MAX)), Role::Neutral, &text);
    }
}
