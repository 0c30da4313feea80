//! What the cursor is on, in a few lines: why it stands there, what it waits for, what came last.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::events::one_line;
use super::panes::wrapped;
use super::parts;
use super::text::{clean, cut, width};
use crate::dash::model::{Gist, words_of};
use crate::dash::theme::Sign;
use crate::fleet::{Job, ParkReason, What};
use crate::insight::{EDITED, Line as Queue, explain, score_of, score_words, short_rev};
use crate::job::{Proof, Role, Stage};

/// Neighbours named before the rest is only counted.
const NEIGHBOURS: usize = 3;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    let key = if canvas.look().ascii { "Ent open" } else { "⏎ open" };
    let room = usize::from(at.width).saturating_sub(width(key) + 8);
    let name = cut(&parts::named(job, canvas.sign(Sign::More)), room, canvas.sign(Sign::More));
    canvas.rule(row(at, 0), &name, key, false);
    lines(canvas, below(at, 1), job);
}

/// Its facts, one a line, wrapped where they are long and there is room.
pub fn lines(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    let facts = facts(canvas, job);
    let spare = usize::from(at.height) > facts.len();
    let mut nth = 0;
    for (label, text) in facts {
        let room = usize::from(at.width).saturating_sub(10).max(1);
        let parts = if spare { wrapped(&text, room) } else { vec![text] };
        for (i, part) in parts.into_iter().enumerate() {
            let label = if i == 0 { label } else { "" };
            let pieces = vec![canvas.piece(Role::Head, format!("  {label:<7} ")), Piece::raw(part)];
            canvas.line(row(at, nth), &Line::from(pieces));
            nth = nth.saturating_add(1);
        }
    }
}

/// The same as lines of so many columns, all of each fact.
pub fn set(canvas: &mut Canvas<'_>, job: &Job, wide: u16) -> Vec<Line<'static>> {
    let room = usize::from(wide).saturating_sub(10).max(1);
    let mut lines = Vec::new();
    for (label, text) in facts(canvas, job) {
        for (nth, part) in wrapped(&text, room).into_iter().enumerate() {
            let label = if nth == 0 { label } else { "" };
            let label = canvas.piece(Role::Head, format!("  {label:<7} "));
            lines.push(Line::from(vec![label, Piece::raw(part)]));
        }
    }
    lines
}

/// Label and text of what is worth knowing now; what is empty is left out.
pub fn facts(canvas: &mut Canvas<'_>, job: &Job) -> Vec<(&'static str, String)> {
    let model = canvas.model;
    let state = &model.replica.state;
    let now = model.law_now();
    let age = canvas.age(job.since);
    let dot = canvas.sign(Sign::Dot);
    let stage = format!("{} {} {age}", canvas.look().stage_sign(job.stage), parts::stage_word(job));
    let status = parts::status(canvas, job, 60).content.to_string();
    let watched = if model.watched.has(&job.id) { format!(" {dot} watched") } else { String::new() };
    let mut facts = vec![("stage", format!("{stage} {dot} {}{watched}", clean(&status)))];
    let mut add = |label, text: String| {
        if !text.is_empty() {
            facts.push((label, text));
        }
    };
    let agents = std::sync::Arc::clone(&model.replica.agents);
    let known = model.agents().unwrap_or_default();
    let said = explain(state, job, now, &Queue::default(), known);
    let gone = model.replica.gone.clone();
    let alone = job.work_lease().is_some_and(|lease| gone.contains(&lease.holder));
    let said = if alone { said.left_alone() } else { said };
    let reasons: Vec<String> = said.reasons.iter().map(|reason| clean(&reason.text)).collect();
    let free = || parts::waits_for(model, job).map_or_else(|| clean(&job.why), |said| clean(&said.what));
    let why = if reasons.is_empty() { free() } else { reasons.join("; ") };
    add("why", why + &last_words(job));
    if model.replica.edited.contains(&job.id) {
        add("edited", EDITED.to_string());
    }
    let (question, no) = (question(canvas, job), last_no(canvas, job));
    add("asks", question);
    add("no", no);
    if job.stage.is_waiting() {
        add("unless", said.reasons.first().map(|reason| clean(&reason.unless)).unwrap_or_default());
    }
    add(
        "deps",
        neighbours(
            canvas,
            job.deps.iter().filter_map(|dep| dep.job.clone()).chain(job.children.iter().cloned()),
        ),
    );
    add("blocks", neighbours(canvas, state.waiters(&job.id).cloned()));
    add("work", work(job, dot));
    add(
        "branch",
        if job.attempts.is_empty() || !job.spec.worktree {
            String::new()
        } else {
            format!("aq/job/{}", job.id)
        },
    );
    add("cost", spent(job));
    let minus = canvas.sign(Sign::Minus);
    let score = score_of(state, job, now, &agents).map(|(host, score)| score_words(host, &score, minus));
    add("score", score.map(|words| clean(&words)).unwrap_or_default());
    // The stage says both, and the work says the one.
    add("tags", parts::tags_of(canvas, job, &[parts::PARKED, parts::unproven(job).trim_end_matches(", ")]));
    add("id", if job.id.is_made_of(&job.spec.title) { job.id.to_string() } else { String::new() });
    facts
}

/// What it asks, in full, once that was read.
fn question(canvas: &Canvas<'_>, job: &Job) -> String {
    let asks = job.park.as_ref().is_some_and(|park| park.reason == ParkReason::Asked);
    let Some(blob) = job.asked.as_deref().filter(|_| asks) else { return String::new() };
    let page = canvas.model.page.as_ref().filter(|page| page.job == job.id);
    let text = page.and_then(|page| page.texts.get(blob)).cloned().unwrap_or_default();
    match canvas.model.gists.of(job) {
        Some(Gist::Question(gist)) if text.is_empty() => one_line(gist),
        _ => one_line(&text),
    }
}

/// The words of the last no, for as long as nothing else was said about its work.
fn last_no(canvas: &Canvas<'_>, job: &Job) -> String {
    let page = canvas.model.page.as_ref().filter(|page| page.job == job.id);
    let Some((page, events)) = page.and_then(|page| Some((page, page.history.here()?))) else {
        return String::new();
    };
    let decided =
        |what: &What| matches!(what, What::Rejected { .. } | What::Promoted { .. } | What::Shipped { .. });
    let last = events.iter().rev().find(|(_, event)| decided(&event.what));
    let Some(event) = last.map(|row| &row.1).filter(|event| matches!(event.what, What::Rejected { .. }))
    else {
        return String::new();
    };
    let blob = words_of(&event.what).and_then(|blob| page.texts.get(blob));
    let words = event.note.clone().or(blob.cloned()).map(|text| one_line(&text)).unwrap_or_default();
    if words.is_empty() { words } else { format!("{}: {words}", clean(&event.by.short())) }
}

/// What its last attempt said when it failed: the name of an outcome alone helps nobody.
fn last_words(job: &Job) -> String {
    let failed = matches!(job.stage, Stage::Failed | Stage::DeadLetter);
    let ended = job.attempts.last().filter(|attempt| failed && attempt.ended.is_some());
    let said = ended.map(|attempt| clean(&attempt.reason)).filter(|said| !said.is_empty());
    said.filter(|said| *said != *job.why).map(|said| format!(", {said}")).unwrap_or_default()
}

fn neighbours(canvas: &Canvas<'_>, ids: impl Iterator<Item = crate::job::JobId>) -> String {
    let state = &canvas.model.replica.state;
    let all: Vec<crate::job::JobId> = ids.collect();
    let one = |id: &crate::job::JobId| match state.stage_of(id) {
        Some(stage) => format!("{} {id}", canvas.look().stage_sign(stage)),
        None => format!("? {id}"),
    };
    let named: Vec<String> = all.iter().take(NEIGHBOURS).map(one).collect();
    let rest = all.len().saturating_sub(NEIGHBOURS);
    named.join(" ") + &if rest > 0 { format!(" +{rest}") } else { String::new() }
}

fn work(job: &Job, dot: &str) -> String {
    let mut parts = Vec::new();
    if let Some(attempt) = job.attempts.last() {
        parts.push(format!("attempt {} ({})", attempt.no, clean(&attempt.engine)));
    }
    if let Some(head) = &job.head {
        let proof = if head.proof == Proof::Verified { "verified" } else { "UNPROVEN" };
        parts.push(match job.unsaved() {
            Some(_) => "in no commit".to_string(),
            None => format!("{} {proof}", short_rev(head.rev.as_ref())),
        });
    } else if let Some((rev, _)) = &job.checkpoint {
        parts.push(format!("checkpoint {}", short_rev(Some(rev))));
    }
    parts.join(&format!(" {dot} "))
}

/// What it has cost, of what ceiling of its own.
pub fn spent(job: &Job) -> String {
    let cost = parts::cost(job);
    match job.budget().micro_usd {
        Some(ceiling) if !cost.is_empty() => format!("{cost} of {}", crate::job::usd(ceiling)),
        _ => cost,
    }
}
