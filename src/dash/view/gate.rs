//! The gate beside a diff: what proves the change, who decides about it, and what a yes does.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, row};
use super::text::{cut, marked};
use crate::dash::model::Patch;
use crate::dash::theme::Sign;
use crate::fleet::{Action, Actor, ActorKind, Job, What};
use crate::insight::{lawful, short_rev};
use crate::job::{Proof, Role, Stage};

/// A sign, its role, and the words behind it.
type Row = (Role, &'static str, String);

/// Rows that the proof and the reviewers take.
pub fn height(canvas: &Canvas<'_>, job: &Job) -> u16 {
    let rows = proof(canvas, job, None).len() + reviewers(canvas, job).len() + 4;
    u16::try_from(rows).unwrap_or(u16::MAX)
}

/// The proof, then the reviewers.
pub fn beside(canvas: &mut Canvas<'_>, at: Rect, job: &Job, patch: Option<&Patch>) {
    let mut nth = 0;
    let mut put = |canvas: &mut Canvas<'_>, line: Line<'static>| {
        nth += 1;
        canvas.line(row(at, nth - 1), &line);
    };
    let heads = [(String::new(), proof(canvas, job, patch)), (asked_for(job), reviewers(canvas, job))];
    for ((count, rows), name) in heads.into_iter().zip(["Proof", "Reviewers"]) {
        put(canvas, Line::raw(""));
        let head = canvas.piece(Role::Head, format!("{name} {count}"));
        put(canvas, Line::from(head));
        for (role, sign, text) in rows {
            let sign = canvas.piece(role, format!("  {sign} "));
            put(canvas, Line::from(vec![sign, Piece::raw(text)]));
        }
    }
}

/// What speaks for the change; a job without verify says so in the place of the proof.
fn proof(canvas: &Canvas<'_>, job: &Job, patch: Option<&Patch>) -> Vec<Row> {
    let look = canvas.look();
    let (good, none) = (look.stage_sign(Stage::Shipped), canvas.sign(Sign::Minus));
    let warns = canvas.sign(Sign::Warning);
    let command = patch.and_then(|patch| patch.verify.as_deref());
    let verify = match (job.proof(), job.head.is_some()) {
        (Proof::Verified, _) => (Role::Good, good, format!("verify  passed{}", took(canvas, job))),
        (Proof::Unproven, false) => (Role::Neutral, none, "verify  no accepted work yet".to_string()),
        (Proof::Unproven, true) if job.unsaved().is_some() => {
            (Role::Bad, warns, "NOT SAVED  in no commit".to_string())
        }
        (Proof::Unproven, true) => {
            let why = if command.is_some() { "UNPROVEN  not on this tree" } else { "UNPROVEN  no verify" };
            (Role::Wait, warns, why.to_string())
        }
    };
    let scope = patch.and_then(|patch| patch.outside.as_ref().map(|out| (out.len(), patch.files.len())));
    let scope = match scope {
        None => (Role::Neutral, none, "scope   not limited".to_string()),
        Some((0, n)) => (Role::Good, good, format!("scope   {n} of {n} files")),
        Some((out, n)) => (Role::Wait, warns, format!("scope   {out} of {n} outside")),
    };
    let check = match &job.review_rule().check {
        None => (Role::Neutral, none, "check   not asked for".to_string()),
        Some(check) => (Role::Human, canvas.sign(Sign::Asks), format!("check   {}", marked(check))),
    };
    vec![verify, scope, check]
}

/// How long the last verify took that passed, as far as the events are here.
fn took(canvas: &Canvas<'_>, job: &Job) -> String {
    let history = canvas.model.page.as_ref().and_then(|page| page.history.here());
    let rev = job.head.as_ref().and_then(|head| head.rev.as_ref());
    let of = |what: &What| match what {
        What::Verified { passed: true, rev: at, took, .. } if at.as_ref() == rev => Some(*took),
        _ => None,
    };
    let took = history.into_iter().flatten().rev().find_map(|(_, event)| of(&event.what));
    took.map(|took| format!("  {}", took.age())).unwrap_or_default()
}

/// Approvals given of those needed; where the gate asks for none and nobody gave a word, that.
fn asked_for(job: &Job) -> String {
    match job.stage != Stage::Review && job.review_rule().approvals == 0 && job.reviews.is_empty() {
        true => "none asked for".to_string(),
        false => format!("{} of {}", job.approvals(), job.approvals_needed()),
    }
}

/// Who has decided, who is asked, and whom the law bars.
fn reviewers(canvas: &Canvas<'_>, job: &Job) -> Vec<Row> {
    let model = canvas.model;
    let look = canvas.look();
    let head = job.head.as_ref().and_then(|head| head.rev.as_ref());
    let you = |actor: &Actor| if actor.is(&model.me) { "  you" } else { "" };
    let mut rows: Vec<Row> = Vec::new();
    for decision in job.reviews.iter() {
        let (role, sign, word) = match decision.approve {
            true => (Role::Good, look.stage_sign(Stage::Shipped), "yes"),
            false => (Role::Bad, canvas.sign(Sign::Bad), "no"),
        };
        let word = if decision.approve && !decision.counts() { "yes, UNPROVEN" } else { word };
        let old = if decision.rev.as_ref() == head { "" } else { ", to an older revision" };
        rows.push((role, sign, format!("{}{}  {word}{old}", marked(&decision.by.name), you(&decision.by))));
    }
    let named = &job.review_rule().reviewers;
    let waits = look.stage_sign(Stage::Queued);
    let is = |name: &str, actor: &Actor| {
        actor.name.eq_ignore_ascii_case(name)
            || actor.name.split_once('@').is_some_and(|(user, _)| user.eq_ignore_ascii_case(name))
    };
    for name in named.iter().filter(|name| !job.reviews.iter().any(|d| is(name, &d.by))) {
        let you = if is(name, &model.me) { "  you" } else { "" };
        rows.push((Role::Human, waits, format!("{}{you}", marked(name))));
    }
    if job.stage == Stage::Review && named.is_empty() && job.approvals() < job.approvals_needed() {
        rows.push((Role::Human, waits, "anybody but its authors".to_string()));
    }
    let mut engines: Vec<&str> = job.attempts.iter().map(|attempt| attempt.engine.as_str()).collect();
    engines.sort_unstable();
    engines.dedup();
    for engine in engines {
        rows.push((Role::Neutral, canvas.sign(Sign::Minus), format!("{}  author, barred", marked(engine))));
    }
    if model.me.kind == ActorKind::Person
        && job.stage == Stage::Review
        && let Err(no) = lawful(&model.replica.state, job, Action::Approve, &model.me, model.law_now())
    {
        rows.push((Role::Wait, canvas.sign(Sign::Warning), format!("you: {}", marked(&no.message))));
    }
    rows
}

/// What a yes does, and its line of the command line; only where there is something to decide. Gives the rows
/// it took from the bottom.
pub fn below(canvas: &mut Canvas<'_>, at: Rect, job: &Job) -> u16 {
    const ROWS: u16 = 2;
    let rev = job.head.as_ref().and_then(|head| head.rev.as_ref());
    let named = rev.map(|rev| format!(" --rev {}", short_rev(Some(rev)))).unwrap_or_default();
    let waits = waiting(canvas, job);
    let (text, verb) = match job.stage {
        Stage::Review => {
            let (has, needed) = (job.approvals() + 1, job.approvals_needed());
            let goes = match has < needed {
                true => format!("gets approval {has} of {needed}"),
                false => "goes to testing, where S ships it".to_string(),
            };
            (format!("Approve: {} {goes}{waits}", short_rev(rev)), "approve")
        }
        Stage::Testing => (format!("Ship: {} is shipped for good{waits}", short_rev(rev)), "ship"),
        _ => return 0,
    };
    let on = Rect { y: at.bottom() - ROWS, height: ROWS, ..at };
    let text = cut(&text, usize::from(at.width).saturating_sub(4), canvas.sign(Sign::More));
    canvas.rule(row(on, 0), &text, "", false);
    let runs = format!(" same as: aq {verb} {}{named}", job.id);
    canvas.text(row(on, 1), Role::Neutral, &runs);
    ROWS
}

/// Jobs that cannot go on before this one ships.
fn waiting(canvas: &Canvas<'_>, job: &Job) -> String {
    let state = &canvas.model.replica.state;
    let open = |id: &&crate::job::JobId| state.job(id).is_some_and(|job| !job.stage.is_ended());
    match state.waiters(&job.id).filter(open).count() {
        0 => String::new(),
        1 => "; 1 job waits behind".to_string(),
        n => format!("; {n} jobs wait behind"),
    }
}
