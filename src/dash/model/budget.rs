//! The budget screen: ceilings, what is left of them, and who spent it.

use std::collections::BTreeMap;

use super::app::Model;
use crate::fleet::Window;
use crate::insight::{LOCAL, Ledger, Sum};
use crate::time::{Span, Stamp};

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// Longer than any month, so that its end is in the next one.
const MONTH_AND_MORE: Span = Span::from_mins(32 * 24 * 60);
/// Points of a chart: more than any terminal has columns would not be seen.
const POINTS_MOST: usize = 4_000;

/// The screen.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// The row under the cursor: the queue first, then its engines.
    pub at: usize,
    /// Outlay by outlay, as the log was followed.
    pub ledger: Ledger,
}

impl Model {
    /// What is spent per hour now; `None` where nobody knows, or it is too early to tell.
    pub fn spend_rate(&self) -> Option<Sum> {
        // It stands still where the data does.
        let now = self.replica.health.ends().unwrap_or(self.law_now().law);
        self.budget.ledger.rate(&self.replica.state, now)
    }
}

/// One row of the screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BudgetRow {
    /// The queue or the engine.
    pub name: String,
    /// It is an engine.
    pub is_engine: bool,
    /// In millionths of a dollar.
    pub ceiling: Option<u64>,
    /// Spent in the window.
    pub spent: Sum,
    /// Of an engine: since when no claim is granted it.
    pub around: Option<Stamp>,
}

/// What was spent in the window: the law's figure, with what the attempts in it say of its doubts.
pub fn spent(model: &Model) -> Sum {
    let micro = model.replica.state.spent_in_window(model.law_now().wall);
    Sum { micro, ..model.lists.spending.whole }
}

/// The rows: the queue, then every engine that spent something or has a ceiling of its own.
pub fn budget_rows(model: &Model) -> Vec<BudgetRow> {
    let product = &model.replica.state.product;
    let spent = spent(model);
    let whole = BudgetRow {
        name: LOCAL.to_string(),
        is_engine: false,
        ceiling: product.ceiling,
        spent,
        around: None,
    };
    let wall = model.law_now().wall;
    let by_engine = &model.lists.spending.engines;
    let mut engines: BTreeMap<&str, Sum> = by_engine.iter().map(|row| (row.0.as_str(), row.1)).collect();
    for name in product.engines.keys() {
        engines.entry(name).or_default();
    }
    let row = |(name, spent): (&str, Sum)| {
        let money = product.engines.get(name);
        // The law's figure, so that what is told is what is held.
        let micro = money.map_or(spent.micro, |money| money.spent_in(product.window, wall));
        BudgetRow {
            name: name.to_string(),
            is_engine: true,
            ceiling: money.and_then(|money| money.ceiling),
            spent: Sum { micro, ..spent },
            around: model.replica.state.spent_engine(name, wall).and_then(|it| it.since),
        }
    };
    std::iter::once(whole).chain(engines.into_iter().map(row)).collect()
}

/// When the window began, and when it ends; what counts in total has no end.
pub fn window_span(window: Window, wall: Stamp) -> (Stamp, Option<Stamp>) {
    let first = window.first_day(wall);
    let from = Stamp::from_millis(first.saturating_mul(DAY_MS));
    let day = Span::from_mins(24 * 60);
    let to = match window {
        Window::Day => Some(from.plus(day)),
        Window::Week => Some(from.plus(day.times(7))),
        Window::Month => {
            let next = Window::Month.first_day(from.plus(MONTH_AND_MORE));
            Some(Stamp::from_millis(next.saturating_mul(DAY_MS)))
        }
        Window::Total => None,
    };
    (from, to)
}

/// What had been spent in the window by when: past days at their ends, the present one outlay by outlay as far
/// as the log was followed.
pub fn spent_by(model: &Model) -> Vec<(Stamp, u64)> {
    let product = &model.replica.state.product;
    let wall = model.law_now().wall;
    let today = Window::Day.first_day(wall);
    let begin = Stamp::from_millis(today.saturating_mul(DAY_MS));
    let mut total = 0_u64;
    let mut points = Vec::new();
    for (day, micro) in product.spent.range(product.window.first_day(wall)..) {
        if *day < today {
            total = total.saturating_add(*micro);
            points.push((Stamp::from_millis((day + 1).saturating_mul(DAY_MS)), total));
            continue;
        }
        let outlays = &model.budget.ledger.outlays;
        let of_today: Vec<_> = outlays.iter().filter(|row| row.at >= begin && row.at <= wall).collect();
        let told = of_today.iter().map(|row| row.micro).fold(0, u64::saturating_add);
        let before = micro.saturating_sub(told);
        if before > 0 {
            total = total.saturating_add(before);
            points.push((of_today.first().map_or(wall, |row| row.at), total));
        }
        let step = (of_today.len() / POINTS_MOST).max(1);
        for some in of_today.chunks(step) {
            total = some.iter().map(|row| row.micro).fold(total, u64::saturating_add);
            points.extend(some.last().map(|row| (row.at, total)));
        }
    }
    points
}
