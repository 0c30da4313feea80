//! Events in a line each: the latest of the queue, and all of a job.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::panes::told_as;
use super::parts;
use super::summary::{Lines, Told};
use super::text::{clean, fit, fit_id, grouped, marked};
use crate::dash::model::{Health, Loaded, Pane, words_of};
use crate::dash::theme::Sign;
use crate::fleet::{Event, ParkReason, What, named};
use crate::insight::{limit_words, look_words, points, short_rev};
use crate::job::{Outcome, Role, Seq, Stage, Usage};

/// Columns of the kind of an event.
const KIND: usize = 16;

/// The latest events of the queue, the newest first.
pub fn latest(canvas: &mut Canvas<'_>, at: Rect) {
    let events = &canvas.model.replica.events;
    let live = matches!(canvas.model.replica.health, Health::Local { .. } | Health::Live);
    canvas.rule(row(at, 0), "Events", if live { "live" } else { "newest first" }, false);
    let shown = || events.iter().rev().take(usize::from(at.height));
    let wide = parts::moments_wide(canvas, shown().map(|row| row.1.at));
    for (nth, (_, event)) in shown().enumerate() {
        let place = row(below(at, 1), u16::try_from(nth).unwrap_or(u16::MAX));
        let line = line(canvas, event, true, wide);
        canvas.line(place, &line);
    }
}

/// All events of the job whose page is open, the newest first; they can be rolled.
pub fn of_job(canvas: &mut Canvas<'_>, at: Rect) {
    list(canvas, at, true);
}

/// The newest events of the job whose page is open.
pub fn of_job_tail(canvas: &mut Canvas<'_>, at: Rect) {
    list(canvas, at, false);
}

fn list(canvas: &mut Canvas<'_>, at: Rect, rolls: bool) {
    let Some(page) = &canvas.model.page else { return };
    let events: &[(Seq, Event)] = match &page.history {
        Loaded::Here(events) => events,
        Loaded::Failed(why) => {
            canvas.rule(row(at, 0), "Events", "", rolls);
            told_as(canvas, below(at, 1), Role::Bad, &format!("cannot be read: {}", clean(why)));
            return;
        }
        Loaded::Unasked | Loaded::Asked => &[],
    };
    let waits = !matches!(page.history, Loaded::Here(_));
    let right = if waits { canvas.sign(Sign::Waits) } else { "newest first" };
    // What was not read is not none.
    let title = if waits { "Events".to_string() } else { format!("Events {}", grouped(events.len())) };
    canvas.rule(row(at, 0), &title, right, rolls);
    let body = below(at, 1);
    let height = usize::from(body.height);
    let top = if rolls { rolled(canvas, page.top(), events.len(), height) } else { 0 };
    let shown = || events.iter().rev().skip(top).take(height);
    let wide = parts::moments_wide(canvas, shown().map(|row| row.1.at));
    for (nth, (_, event)) in shown().enumerate() {
        let line = line(canvas, event, false, wide);
        canvas.line(row(body, u16::try_from(nth).unwrap_or(u16::MAX)), &line);
    }
}

/// What the summary's pane of them tells.
pub fn told_of_job(canvas: &Canvas<'_>) -> Option<Told> {
    let page = canvas.model.page.as_ref()?;
    Some(match &page.history {
        Loaded::Here(events) => Told {
            title: format!("Events {}", grouped(events.len())),
            right: "newest first".to_string(),
            lines: Lines::Events(events.len()),
        },
        Loaded::Failed(why) => {
            let piece = canvas.piece(Role::Bad, format!("  cannot be read: {}", clean(why)));
            Told::of("Events", "", vec![Line::from(piece)])
        }
        Loaded::Unasked | Loaded::Asked => Told::of("Events", canvas.sign(Sign::Waits), Vec::new()),
    })
}

/// Those of them that are in sight from the `top`th on.
pub fn part(canvas: &mut Canvas<'_>, body: Rect, top: usize) {
    let Some(events) = canvas.model.page.as_ref().and_then(|page| page.history.here()) else { return };
    let shown = || events.iter().rev().skip(top).take(usize::from(body.height));
    let wide = parts::moments_wide(canvas, shown().map(|row| row.1.at));
    for (nth, (_, event)) in shown().enumerate() {
        let line = line(canvas, event, false, wide);
        canvas.line(row(body, u16::try_from(nth).unwrap_or(u16::MAX)), &line);
    }
}

/// The first line of a text that is rolled: what was asked for, as far as there are lines. Goes back to the model.
pub fn rolled(canvas: &mut Canvas<'_>, top: usize, len: usize, height: usize) -> usize {
    let top = top.min(len.saturating_sub(height));
    canvas.drawn.windows.push((Pane::Text, crate::dash::model::Window { top, height }));
    top
}

/// An event in a line, with its time in so many columns.
pub fn line(canvas: &Canvas<'_>, event: &Event, with_job: bool, wide: usize) -> Line<'static> {
    let more = canvas.sign(Sign::More);
    let mut pieces = vec![Piece::raw(format!(" {:<wide$} ", parts::moment(canvas, event.at)))];
    if with_job {
        let job = event.what.job().map_or("", |job| job.as_str());
        pieces.push(Piece::raw(fit_id(job, 14, more) + " "));
    }
    pieces.push(canvas.piece(role(&event.what), fit(event.what.name(), KIND, false, more)));
    let said = told(&event.what);
    let by =
        if with_job || said.is_empty() { String::new() } else { format!("  {}", clean(&event.by.short())) };
    let note = event.note.as_ref().map(|note| format!("  \"{}\"", marked(note))).unwrap_or_default();
    let words = words_of(&event.what).and_then(|blob| canvas.model.page.as_ref()?.texts.get(blob));
    let words = words.map(|text| one_line(text)).filter(|text| !text.is_empty());
    let words = words.map(|text| format!("\"{text}\"")).unwrap_or_default();
    pieces.push(Piece::raw(format!(" {said}{words}{note}{by}")));
    Line::from(pieces)
}

/// A text of several lines on one.
pub fn one_line(text: &str) -> String {
    clean(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn role(what: &What) -> Role {
    match what {
        What::Shipped { .. } | What::Verified { passed: true, .. } => Role::Good,
        What::AttemptEnded { outcome: Outcome::Ok, .. } => Role::Good,
        What::Verified { .. }
        | What::AttemptEnded { .. }
        | What::LeaseExpired { .. }
        | What::ShipFailed { .. }
        | What::PrSentBack { .. }
        | What::DeadLettered { .. }
        | What::Cancelled { .. }
        | What::Rejected { .. } => Role::Bad,
        What::Asked { .. }
        | What::ReviewRequested { .. }
        | What::ReviewGiven { .. }
        | What::Promoted { .. } => Role::Human,
        What::LeaseGranted { .. } | What::AttemptStarted { .. } | What::Progressed { .. } => Role::Active,
        What::JobBlocked { .. }
        | What::JobParked { .. }
        | What::AccountClosed { .. }
        | What::BudgetPaused { .. } => Role::Wait,
        _ => Role::Neutral,
    }
}

/// The facts of an event in a few words.
pub fn told(what: &What) -> String {
    let to = |stage: &Stage| format!("to {stage}");
    let said = match what {
        What::JobSubmitted { file, stage, .. } => {
            let from = file.as_deref().map(|file| format!("from {file}")).unwrap_or_default();
            format!("{} {from}", to(stage))
        }
        What::JobSuperseded { stage, .. } => format!("a new manifest, {}", to(stage)),
        What::DepResolved { name, to, .. } => format!("{name} means {to}"),
        What::JobBlocked { reason, .. }
        | What::JobUnparked { reason, .. }
        | What::LeaseExpired { reason, .. }
        | What::LeaseReleased { reason, .. }
        | What::Promoted { reason, .. }
        | What::DeadLettered { reason, .. }
        | What::BudgetPaused { reason, .. }
        | What::BudgetResumed { reason } => reason.clone(),
        What::JobParked { reason, until, text, window, account, .. } => {
            let until = until.map(|at| format!(" until {}", at.local_full())).unwrap_or_default();
            let more = text.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
            let words = match reason {
                ParkReason::Limit => limit_words(window.as_deref(), account.as_deref()),
                reason => reason.words().to_string(),
            };
            format!("{words}{until}{more}")
        }
        What::LeaseGranted { holder, engine, account, epoch, score, .. } => {
            let on = named(account.as_deref()).map(|name| format!(", account {name}")).unwrap_or_default();
            let score = score.map(|score| format!("score {}, ", points(score.total()))).unwrap_or_default();
            format!("{}, {engine}{on}, {score}epoch {epoch}", holder.short())
        }
        What::AccountClosed { engine, account, window, outcome, until, of, .. } => {
            let until = until.map(|at| format!(" until {}", at.local_full())).unwrap_or_default();
            let window = window.as_deref().map(|window| format!(" {window}")).unwrap_or_default();
            format!("{engine}/{account}{until}: {outcome}{window} met by {of}")
        }
        What::AccountOpened { engine, account, reason, .. } => format!("{engine}/{account}: {reason}"),
        What::Progressed { word, .. } => word.clone(),
        What::AttemptStarted { engine, attempt, .. } => format!("{attempt}, {engine}"),
        What::Checkpointed { rev, lines, .. } => {
            format!("{}, {lines} {}", short_rev(Some(rev)), if *lines == 1 { "line" } else { "lines" })
        }
        What::Verified { passed, took, .. } => {
            format!("{}, took {}", if *passed { "passed" } else { "failed" }, took.age())
        }
        What::AttemptEnded { outcome, reason, to, .. } => format!("{} {reason}, to {to}", outcome.name()),
        What::AttemptSettled { attempt, usage, rev, .. } => {
            let saved = rev.as_ref().map(|rev| format!("; saved in {}", short_rev(Some(rev))));
            format!("attempt {attempt} {}{}", used_up(usage), saved.unwrap_or_default())
        }
        What::ReviewGiven { approve, rev, .. } => {
            format!("{} {}", if *approve { "yes to" } else { "no to" }, short_rev(rev.as_ref()))
        }
        What::ShipStarted { rev, .. } => short_rev(rev.as_ref()).to_string(),
        What::Shipped { how, .. } => how.clone(),
        What::ShipFailed { reason, to, .. } | What::PrSentBack { reason, to, .. } => {
            format!("{reason}, to {to}")
        }
        What::PrOpened { number, rev, .. } => format!("#{number} at {}", short_rev(Some(rev))),
        What::PrSeen { number, look, .. } => format!("#{number} {}", look_words(look, None)),
        What::Rejected { to: stage, .. }
        | What::Requeued { to: stage, .. }
        | What::Redriven { to: stage, .. } => to(stage),
        What::ChildrenAdded { children, .. } => format!("{} parts", children.len()),
        What::JobsArchived { jobs } | What::QueueSuspended { jobs } => format!("{} jobs", jobs.len()),
        What::Refused { verb, .. } => format!("{verb} came too late"),
        _ => String::new(),
    };
    clean(said.trim())
}

/// What a run had used up at its end: the money, else the tokens, else how long it ran, for some engines tell neither.
fn used_up(usage: &Usage) -> String {
    let tokens = || usage.tokens().map(|tokens| format!("{tokens} tokens"));
    match usage.cost().or_else(tokens) {
        Some(used) => format!("had used {used} when it ended"),
        None => format!("ran for {}; its engine tells neither tokens nor money", usage.wall.age()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobId;
    use crate::time::Span;

    #[test]
    fn what_a_late_run_had_used_up_is_told_as_far_as_it_is_known() {
        let wall = Span::from_secs(12);
        let settled = |usage: Usage, rev: Option<&str>| {
            let (job, rev) = (JobId::new("a"), rev.map(crate::job::Rev::new));
            told(&What::AttemptSettled { job, attempt: 1, usage: usage.into(), rev })
        };
        let check = |usage: Usage, expected: &str| assert_eq!(settled(usage, None), expected);
        check(
            Usage { micro_usd: Some(120_000), ..Usage::default() },
            "attempt 1 had used $0.12 when it ended",
        );
        check(
            Usage { tokens: Some(900), tokens_estimated: true, ..Usage::default() },
            "attempt 1 had used ~900 tokens when it ended",
        );
        check(
            Usage { wall, ..Usage::default() },
            "attempt 1 ran for 12 s; its engine tells neither tokens nor money",
        );
        let used = Usage { micro_usd: Some(120_000), ..Usage::default() };
        assert_eq!(
            settled(used, Some("1234567")),
            "attempt 1 had used $0.12 when it ended; saved in 1234567"
        );
    }
}
