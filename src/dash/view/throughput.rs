//! What the queue gets done: shipped and failed hour by hour, how long a job takes; and the chain that decides when
//! the rest is done.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::parts;
use super::text::{clean, cut, fit, fit_id, short_age, width};
use super::time::spark;
use crate::dash::model::{Hit, Screen};
use crate::dash::theme::Sign;
use crate::insight::{Day, Foremost, HOURS, Step};
use crate::job::Role;
use crate::time::Span;

/// Rows of the figures, with their rule.
pub const FIGURES: u16 = 4;
/// Rows of the chain, with its rule.
pub const CHAIN: u16 = 3;
/// Columns of the name of a figure.
const NAME: usize = 10;
/// Columns of a job of the chain.
const LINK: usize = 12;
/// Figures change with time while there are any.
const MINUTE: Span = Span::from_secs(60);

/// A figure in words.
type Words<'a> = &'a dyn Fn(u64) -> String;

/// The last day, where something happened on it.
pub fn day(canvas: &Canvas<'_>) -> Option<Day> {
    let day = canvas.model.flow()?.day(canvas.model.law_now().law);
    let any = |figures: &[Option<usize>]| figures.iter().flatten().any(|n| *n > 0);
    (any(&day.shipped) || any(&day.failed)).then_some(day)
}

/// Draws the figures of a day.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, day: &Day) {
    if at.height == 0 {
        return;
    }
    canvas.rule(row(at, 0), "Throughput", "24 h", false);
    let count = |n: &Option<usize>| n.map(|n| n as u64);
    let secs = |span: &Option<Span>| span.map(|span| span.as_secs().max(1));
    let plain = |n: u64| n.to_string();
    let age = |n: u64| short_age(Span::from_secs(n));
    // In an hour that is known and shipped nothing nobody took any time.
    let lead: Vec<Option<u64>> = (0..HOURS)
        .map(|hour| secs(&day.lead[hour]).or(day.shipped[hour].filter(|n| *n == 0).map(|_| 0)))
        .collect();
    let shipped: Vec<Option<u64>> = day.shipped.iter().map(count).collect();
    let failed: Vec<Option<u64>> = day.failed.iter().map(count).collect();
    let rows: [(&str, Vec<Option<u64>>, Words<'_>, bool); 3] = [
        ("shipped/h", shipped, &plain, true),
        ("failed/h", failed, &plain, true),
        ("lead time", lead, &age, false),
    ];
    for (nth, (name, figures, words, zero)) in rows.into_iter().enumerate() {
        let most = figures.iter().flatten().copied().max().unwrap_or(0);
        let unknown = canvas.sign(Sign::NoData);
        let cell = |n: &Option<u64>| n.map_or(unknown.to_string(), |n| spark(canvas, &[n], most));
        let line: String = figures.iter().map(cell).collect();
        let told: Vec<u64> = figures.iter().flatten().copied().filter(|n| zero || *n > 0).collect();
        let now = figures.last().copied().flatten().filter(|n| zero || *n > 0);
        let none = canvas.sign(Sign::Minus);
        let words = |n: Option<u64>| n.map_or(none.to_string(), words);
        let tail = format!("now {} p50 {}", fit(&words(now), 5, false, ""), words(middle(told)));
        canvas.text(
            row(below(at, 1), u16::try_from(nth).unwrap_or(u16::MAX)),
            Role::Neutral,
            &format!(" {name:<NAME$}{line}  {tail}"),
        );
    }
    canvas.stale_in(MINUTE);
}

fn middle(mut figures: Vec<u64>) -> Option<u64> {
    figures.sort_unstable();
    figures.get(figures.len() / 2).copied()
}

/// Draws the chain that decides when its last job is done.
pub fn chain(canvas: &mut Canvas<'_>, at: Rect, it: &Foremost) {
    if at.height == 0 {
        return;
    }
    let model = canvas.model;
    let title = model.job(&it.goal).map_or(it.goal.to_string(), |job| clean(&job.spec.title));
    let eta = match it.unknown {
        // Nobody knows when: a guess would be taken for a promise.
        true => String::new(),
        false => format!("  ETA {}", model.law_now().wall.plus(it.total).local_hm()),
    };
    let room = usize::from(at.width).saturating_sub(width(&eta) + width("Critical path") + 10);
    let title = cut(&title, room, canvas.sign(Sign::More));
    canvas.rule(row(at, 0), "Critical path", &format!("to {title}{eta}"), false);
    let arrow = format!(" {} ", canvas.sign(Sign::Arrow));
    let fits = usize::from(at.width).saturating_sub(1 + 4) / (LINK + width(&arrow));
    let hidden = it.steps.len().saturating_sub(fits.max(1));
    let (mut jobs, mut spans) = (vec![Piece::raw(" ")], vec![Piece::raw(" ")]);
    for (nth, step) in it.steps.iter().take(fits.max(1)).enumerate() {
        if nth > 0 {
            jobs.push(Piece::raw(arrow.clone()));
            spans.push(Piece::raw(" ".repeat(width(&arrow))));
        }
        let name = fit_id(step.job.as_str(), LINK - 2, canvas.sign(Sign::More));
        jobs.push(match model.job(&step.job) {
            Some(job) => parts::stage_sign(canvas, job),
            None => Piece::raw(" "),
        });
        jobs.push(Piece::raw(format!(" {name}")));
        spans.push(Piece::raw(format!("  {}", fit(&left(canvas, step), LINK - 2, false, ""))));
    }
    if hidden > 0 {
        jobs.push(Piece::raw(format!(" +{hidden}")));
    }
    canvas.line(row(at, 1), &Line::from(jobs));
    canvas.line(row(at, 2), &Line::from(spans));
    canvas.hit(at, Hit::Screen(Screen::Graph));
}

/// What is left of a step, as far as enough like jobs tell it; of one whose work is done, what it waits in.
fn left(canvas: &Canvas<'_>, step: &Step) -> String {
    match (step.left.unknown, step.left.span) {
        (true, _) => "?".to_string(),
        (false, Span::ZERO) => {
            canvas.model.job(&step.job).map_or("", |job| parts::stage_word(job)).to_string()
        }
        (false, span) => format!("~{} left", short_age(span)),
    }
}
