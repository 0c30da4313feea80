//! The attempts of a job, a row each with what it took and led to; the one under the cursor in full; what next.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::frame::NARROW;
use super::parts;
use super::text::{clean, cut, fit, grouped, short_age};
use crate::dash::keys::{Do, Key, row_of};
use crate::dash::model::{Hit, Pane};
use crate::dash::theme::Sign;
use crate::engine::{RunKind, RunSeen};
use crate::fleet::{Action, Attempt, Job, What};
use crate::insight::{short_rev, used};
use crate::job::{Insight, Outcome, Proof, Role, Stage, usd};

/// Rows of the one under the cursor, with their rule.
const ONE: u16 = 8;
/// Rows of what can be done next, with their rule.
const NEXT: u16 = 4;
/// From so many columns on the words of the result stand in the row.
const ROOMY: u16 = 120;

/// What can follow on an attempt, in the order in which a person thinks of it, and what it does.
const AFTER: [(Action, &str); 6] = [
    (Action::Approve, "says yes to the revision"),
    (Action::Ship, "ships it"),
    (Action::Answer, "answers its question"),
    (Action::Requeue, "goes on from the last checkpoint, keeps attempts"),
    (Action::Redrive, "starts over with fresh attempts"),
    (Action::Reject, "says no; from failed it gives up"),
];

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    let Some(page) = &canvas.model.page else { return };
    let Some(current) = page.runs.current(job) else {
        canvas.rule(row(at, 0), "Runs 0", "", true);
        canvas.text(row(at, 1), Role::Neutral, "  no attempt was begun yet: Explain says why");
        return;
    };
    let wish = u16::try_from(job.attempts.len()).unwrap_or(u16::MAX).saturating_add(2);
    let lower = if at.height >= 4 + ONE { ONE } else { 0 };
    let next = if at.height >= 4 + ONE + NEXT { NEXT } else { 0 };
    let high = wish.min(at.height - lower - next);
    list(canvas, Rect { height: high, ..at }, job, current);
    let rest = below(at, high);
    if lower > 0 {
        one(canvas, Rect { height: lower, ..rest }, job, current);
        after(canvas, below(rest, lower), job);
    }
}

/// How it ended, or that it runs.
fn result(attempt: &Attempt) -> (&'static str, Role) {
    match (attempt.ended, attempt.outcome) {
        (None, _) => ("runs", Role::Active),
        (Some(_), None) => ("lost", Role::Wait),
        (Some(_), Some(Outcome::Ok)) => ("ok", Role::Good),
        (Some(_), Some(outcome)) => (outcome.name(), Role::Bad),
    }
}

fn list(canvas: &mut Canvas<'_>, at: Rect, job: &Job, current: &Attempt) {
    let title = format!("Runs {}", grouped(job.attempts.len()));
    canvas.rule(row(at, 0), &title, "newest first", true);
    let head = format!(
        "  {:>3}  {:<17} {:<10} {:<8} {:>5} {:>7} {:>7} {:>8} {:>3}",
        "N", "RESULT", "FACTORY", "ENGINE", "EPOCH", "TOOK", "TOKENS", "COST", "CP"
    );
    let head = match canvas.area().width < NARROW {
        true => format!("  {:>3}  {:<17} {:>6} {:>7}", "N", "RESULT", "TOOK", "COST"),
        false => head,
    };
    canvas.text(row(at, 1), Role::Head, &head);
    let body = below(at, 2);
    let place = job.attempts.iter().rev().position(|attempt| attempt.no == current.no).unwrap_or(0);
    let height = usize::from(body.height);
    let window = canvas.window(Pane::Runs, job.attempts.len(), Some(place), height);
    let shown = job.attempts.iter().rev().enumerate().skip(window.top).take(height);
    for (nth, attempt) in shown {
        let on = row(body, u16::try_from(nth - window.top).unwrap_or(u16::MAX));
        let line = line(canvas, job, attempt, nth == place);
        canvas.line(on, &line);
        canvas.hit(on, Hit::Row(Pane::Runs, nth));
        if nth == place {
            canvas.restyle(on, canvas.look().cursor());
        }
    }
}

fn line(canvas: &mut Canvas<'_>, job: &Job, attempt: &Attempt, here: bool) -> Line<'static> {
    let more = canvas.sign(Sign::More);
    let marked = canvas.model.page.as_ref().is_some_and(|page| page.runs.mark == Some(attempt.no));
    let lead = if here { canvas.sign(Sign::Cursor) } else { " " };
    let mark = if marked { canvas.sign(Sign::Marked) } else { " " };
    let (word, role) = result(attempt);
    let sign = match role {
        Role::Good => canvas.look().stage_sign(Stage::Shipped),
        Role::Bad => canvas.sign(Sign::Bad),
        Role::Active => canvas.look().stage_sign(Stage::Building),
        _ => canvas.sign(Sign::Minus),
    };
    let host = attempt.holder.as_str().split(['/', '~']).next().unwrap_or_default();
    let took = took(canvas, attempt);
    let known = |n: Option<u64>| n.map_or("?".to_string(), short_number);
    let cost = attempt.usage.micro_usd.map_or("?".to_string(), usd);
    let saved = checkpoints(canvas, attempt).map_or("?".to_string(), |n| n.to_string());
    let tail = format!(
        " {} {} {:>5} {took:>7} {:>7} {cost:>8} {saved:>3}",
        fit(&clean(host), 10, false, more),
        fit(&clean(&attempt.engine), 8, false, more),
        attempt.epoch,
        known(attempt.usage.tokens),
    );
    let tail = if canvas.area().width < NARROW { format!(" {took:>6} {cost:>7}") } else { tail };
    let words = match canvas.area().width >= ROOMY {
        true => format!("  {}", clean(&said(job, attempt))),
        false => String::new(),
    };
    Line::from(vec![
        Piece::raw(format!("{lead}{mark}{:>3}  ", attempt.no)),
        canvas.piece(role, fit(&format!("{sign} {word}"), 17, false, more)),
        Piece::raw(tail),
        Piece::raw(words),
    ])
}

/// `412k`, `1.2M`: a column holds it.
fn short_number(n: u64) -> String {
    match n {
        0..=9_999 => grouped(usize::try_from(n).unwrap_or(usize::MAX)),
        10_000..=9_999_999 => format!("{}k", n / 1_000),
        _ => format!("{}M", n / 1_000_000),
    }
}

fn took(canvas: &mut Canvas<'_>, attempt: &Attempt) -> String {
    match attempt.ended {
        Some(ended) => short_age(ended.since(attempt.started)),
        None => canvas.age(attempt.started),
    }
}

/// Checkpoints of the attempt, as far as the events of the job are here.
fn checkpoints(canvas: &Canvas<'_>, attempt: &Attempt) -> Option<usize> {
    let history = canvas.model.page.as_ref()?.history.here()?;
    let is = |what: &What| match what {
        What::Checkpointed { epoch, .. } => *epoch == attempt.epoch,
        What::AttemptSettled { attempt: no, rev: Some(_), .. } => *no == attempt.no,
        _ => false,
    };
    Some(history.iter().filter(|(_, event)| is(&event.what)).count())
}

/// What is said about how it went.
fn said(job: &Job, attempt: &Attempt) -> String {
    match (attempt.ended, attempt.reason.is_empty()) {
        (None, _) => attempt.word.0.to_string(),
        (Some(_), false) => attempt.reason.clone(),
        (Some(_), true) if attempt.outcome.is_none() => "its lease was lost".to_string(),
        (Some(_), true) => job.why.to_string(),
    }
}

/// The attempt under the cursor, a fact a line.
fn one(canvas: &mut Canvas<'_>, at: Rect, job: &Job, attempt: &Attempt) {
    canvas.rule(row(at, 0), &format!("Run {}", attempt.no), "", false);
    let (word, role) = result(attempt);
    let more = canvas.sign(Sign::More);
    let account = attempt.account.as_ref().map(|account| format!(", account {account}")).unwrap_or_default();
    let base = attempt.base.as_ref().map(|rev| format!(" on {}", short_rev(Some(rev)))).unwrap_or_default();
    let known =
        |n: Option<u64>| n.map_or("?".to_string(), |n| grouped(usize::try_from(n).unwrap_or(usize::MAX)));
    let turns = format!("{} turns, {} tokens", known(attempt.usage.turns), known(attempt.usage.tokens));
    let all = used(job).micro_usd.map_or("?".to_string(), usd);
    let cost = attempt.usage.micro_usd.map_or("?".to_string(), usd);
    let verify = verified(canvas, attempt);
    let kept = match &attempt.rev {
        Some(rev) => {
            let head = job.head.as_ref().filter(|head| head.rev.as_ref() == Some(rev));
            let accepted = head.map_or("", |head| match head.proof {
                Proof::Verified => ", accepted, verified",
                Proof::Unproven => ", accepted, UNPROVEN",
            });
            format!("{} on aq/job/{}{accepted}", short_rev(Some(rev)), job.id)
        }
        None => "no commit".to_string(),
    };
    let rows = [
        ("result", role, format!("{word}: {}", said(job, attempt))),
        (
            "started",
            Role::Neutral,
            format!("{}{base}, {}{account}", attempt.started.local_full(), attempt.engine),
        ),
        ("used", Role::Neutral, format!("{turns}, {cost}; the job so far {all}")),
        ("did", Role::Neutral, did(attempt)),
        ("verify", Role::Neutral, verify),
        ("kept", Role::Neutral, kept),
    ];
    let ship = shipped(canvas, attempt).map(|text| ("ship", Role::Neutral, text));
    for (nth, (label, role, text)) in rows.into_iter().chain(ship).enumerate() {
        let room = usize::from(at.width).saturating_sub(12);
        let text = cut(&clean(&text), room, more);
        let text = if role == Role::Neutral { Piece::raw(text) } else { canvas.piece(role, text) };
        let pieces = vec![canvas.piece(Role::Head, format!("  {label:<8}  ")), text];
        canvas.line(row(at, u16::try_from(nth + 1).unwrap_or(u16::MAX)), &Line::from(pieces));
    }
}

/// What verify came to, how it ended and what it ran.
fn verified(canvas: &Canvas<'_>, attempt: &Attempt) -> String {
    let verdict = match &attempt.verified {
        None => None,
        Some((true, rev)) => Some(format!("passed on {}", short_rev(rev.as_ref()))),
        Some((false, rev)) => Some(format!("failed on {}", short_rev(rev.as_ref()))),
    };
    let page = canvas.model.page.as_ref();
    let run = page.and_then(|page| page.runs.run(attempt.no, RunKind::Verify));
    let ended = run.and_then(RunSeen::end_words).or(run.map(|_| "runs".to_string()));
    let told: Vec<String> = [verdict, ended].into_iter().flatten().collect();
    let command = run.and_then(|run| run.command.as_ref()).map(|command| format!(": {command}"));
    match told.is_empty() {
        true => "did not run".to_string(),
        false => told.join(", ") + &command.unwrap_or_default(),
    }
}

/// What verify came to on what base would have become, where a ship of its work ran it.
fn shipped(canvas: &Canvas<'_>, attempt: &Attempt) -> Option<String> {
    let run = canvas.model.page.as_ref()?.runs.run(attempt.no, RunKind::Ship)?;
    let ended = run.end_words().unwrap_or("runs".to_string());
    let command = run.command.as_ref().map(|command| format!(": {command}")).unwrap_or_default();
    Some(format!("verify of the merge {ended}{command}"))
}

/// What it did, as far as it is known: an attempt that runs or was lost has not told it.
fn did(attempt: &Attempt) -> String {
    let big = |n: u64| grouped(usize::try_from(n).unwrap_or(usize::MAX));
    let Insight { model, tools, tools_failed, .. } = attempt.insight.as_deref().cloned().unwrap_or_default();
    let kinds = attempt.usage.kinds;
    let parts = [
        attempt.insight.as_deref().and_then(Insight::change),
        tools.map(|n| format!("{} tool calls", big(n))),
        tools_failed.filter(|n| *n > 0).map(|n| format!("{} failed", big(n))),
        kinds.cached.filter(|n| *n > 0).map(|n| format!("{} tokens cached", big(n))),
        kinds.reasoning.filter(|n| *n > 0).map(|n| format!("{} of reasoning", big(n))),
        model.map(|model| format!("model {model}")),
    ];
    let told: Vec<String> = parts.into_iter().flatten().collect();
    if told.is_empty() { "?".to_string() } else { told.join(", ") }
}

/// What is lawful now, with its key.
fn after(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    if at.height < 2 {
        return;
    }
    canvas.rule(
        row(at, 0),
        "Next",
        &format!("{} {}", canvas.look().stage_sign(job.stage), parts::stage_word(job)),
        false,
    );
    let ascii = canvas.look().ascii;
    let model = canvas.model;
    let rows = AFTER.iter().filter_map(|(action, does)| {
        let found = row_of(Do::Act(*action)).filter(|found| (found.off)(model).is_ok())?;
        let key = found.keys.first().map_or(Key::Char('.'), |key| *key).sign(ascii);
        Some(format!("  {key} {}: {does}", found.name))
    });
    let mut lines: Vec<String> = rows.collect();
    if lines.is_empty() {
        lines.push(format!("  nothing: {}", clean(&job.why)));
    }
    lines.push(format!("  same as: aq insights {}", job.id));
    let room = usize::from(at.height) - 1;
    // Its own line of the command line is the last to go.
    let over = lines.len().saturating_sub(room);
    let end = lines.len() - 1;
    lines.drain(end - over..end);
    for (nth, line) in lines.iter().enumerate() {
        canvas.text(row(at, u16::try_from(nth + 1).unwrap_or(u16::MAX)), Role::Neutral, line);
    }
}
