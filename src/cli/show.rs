//! `aq show`: one job with its attempts, proof and cost; its effective values; or how it was then.

use clap::Args as ClapArgs;
use serde::Serialize;

use super::frame::{Answer, Cell, CliError, Column, Context, Envelope, Exit, Role, Table, role_of, sign_of};
use super::scene::{Seen, minus};
use super::view::{AttemptView, JobView};
use crate::board::Board as _;
use crate::fleet::{AccountId, Attempt, Job, named};
use crate::insight::{
    EDITED, account_gate, awaits, closed_words, engine_reviews, need_in, park_words, pr_words, score_words,
    status_of, tags, used,
};
use crate::job::{BlobId, Effective, Proof, Stage, Usage, effective_listing};
use crate::time::{Span, Stamp};

/// Show one job
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Its id, a beginning of it, its idempotency key or file name
    job: String,

    /// Every value of its manifest and where it comes from
    #[arg(long)]
    effective: bool,

    /// As it was at this time
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    job: JobView,
    runs: Vec<AttemptView>,
}

/// Shows it.
///
/// # Errors
/// Exit 3 if there is no such job; a fault if the queue cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let mut seen = Seen::open(cx, args.at.as_deref())?;
    let job = seen.job(&args.job)?;
    seen.ask_aside(cx, &|one| one.id == job.id)?;
    if args.effective {
        return effective(&job, &seen, cx);
    }
    if cx.out.is_json() {
        let data =
            Shown { job: JobView::of(&job, &seen), runs: job.attempts.iter().map(AttemptView::of).collect() };
        cx.out.json(&Envelope::new("job", cx.wall(), seen.state.seq, seen.source(), data))?;
        return Ok(Exit::Done);
    }
    cx.out.page();
    for (label, value, role) in facts(&job, &seen, cx) {
        pair(cx, label, &value, role)?;
    }
    question(&job, &seen, cx)?;
    attempts(&job, cx)?;
    verdict(&job, &seen, cx)?;
    Ok(Exit::Done)
}

/// A labelled line: aligned for people, tab-separated for programs.
fn pair(cx: &mut Context, label: &str, value: &str, role: Role) -> Result<(), CliError> {
    if !cx.out.is_for_people() {
        return cx.out.line(&format!("{label}\t{}", value.replace(['\t', '\n'], " ")));
    }
    let clean = super::frame::without_controls(value);
    let (label, value) = (cx.out.paint(Role::Head, &format!("{label:<10}")), cx.out.paint(role, &clean));
    cx.out.painted(&format!("{label} {value}"))
}

type Fact = (&'static str, String, Role);

/// What it waits for: a park, a closed account, or whatever else keeps it from a slot.
fn waits(job: &Job, seen: &Seen, cx: &Context) -> Option<(&'static str, String)> {
    let until = |at: Option<Stamp>| at.map(|at| format!("until {}, ", cx.out.moment(at))).unwrap_or_default();
    if let Some(park) = &job.park {
        return Some(("parked", format!("{}{}", until(park.until), park_words(park))));
    }
    if let Some(closed) = account_gate(&seen.state, job, seen.now, &seen.hosts) {
        return Some(("closed", format!("{}{}", until(closed.closure.until), closed_words(&closed))));
    }
    awaits(&seen.state, job, seen.now, seen.takers()).map(|it| ("waits", it.what))
}

fn facts(job: &Job, seen: &Seen, cx: &Context) -> Vec<Fact> {
    let people = cx.out.is_for_people();
    let moment = |at| {
        if people {
            format!("{} ({} ago)", cx.out.moment(at), seen.now.law.since(at).age())
        } else {
            at.to_string()
        }
    };
    let stage = if people {
        format!("{} {}", sign_of(job.stage, cx.out.ascii()), job.stage)
    } else {
        job.stage.to_string()
    };
    let plain = Role::Neutral;
    let mut facts: Vec<Fact> = vec![
        ("job", job.id.to_string(), plain),
        ("title", job.spec.title.clone(), plain),
        ("stage", stage, role_of(job.stage)),
        ("since", moment(job.since), plain),
        ("why", format!("{} (event {})", job.why, job.event), plain),
    ];
    let mut add = |label, value: String, role| {
        if !value.is_empty() {
            facts.push((label, value, role));
        }
    };
    if let Some((label, text)) = waits(job, seen, cx) {
        add(label, text, Role::Wait);
    }
    if let Some((word, at, event)) = status_of(job) {
        let role = if job.park.is_some() { Role::Wait } else { Role::Active };
        add("status", format!("{word}, {} (event {event})", moment(at)), role);
    }
    if let Some(pr) = &job.pr {
        add("pr", format!("{}, {}", pr_words(pr, seen.now.law), pr.url), plain);
    }
    if let Some(need) = need_in(&seen.scene(), job) {
        add("needs you", format!("{}: {}", need.what, need.verb), Role::Human);
    }
    add("tags", tags(job, &seen.scene()).join(", "), Role::Wait);
    add("edited", edited_words(seen, job), Role::Wait);
    add("holder", job.lease.as_ref().map(|lease| lease.holder.to_string()).unwrap_or_default(), plain);
    let lease = job.work_lease();
    let score = lease.and_then(|lease| Some(score_words(lease.holder.host(), &lease.score?, minus(cx))));
    add("score", score.unwrap_or_default(), plain);
    add("proof", proof(job), plain);
    add("reviews", engine_reviews(&seen.state, job).0.join("; "), plain);
    let about = job.subject.as_ref().map(|subject| format!("{} at {}", subject.job, subject.rev));
    add("reviewing", about.unwrap_or_default(), plain);
    let deps = job.deps.iter().map(|dep| match dep.job.as_ref().and_then(|id| seen.state.stage_of(id)) {
        Some(stage) => format!("{} ({stage})", dep.name),
        None => format!("{} (unknown)", dep.name),
    });
    add("waits for", deps.collect::<Vec<_>>().join(", "), plain);
    add("children", job.children.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "), plain);
    add("checkpoint", checkpoint(job), plain);
    add("parent", job.parent.as_ref().map(ToString::to_string).unwrap_or_default(), plain);
    add("used", if job.attempts.is_empty() { String::new() } else { use_of(&used(job)) }, plain);
    add("file", job.file.as_deref().unwrap_or_default().to_string(), plain);
    add("submitted", format!("{} by {}", moment(job.submitted), job.by), plain);
    add("epoch", job.epoch.to_string(), plain);
    facts
}

/// The last checkpoint by number and commit; `aq requeue --checkpoint N` goes back to one.
fn checkpoint(job: &Job) -> String {
    match (&job.restart, &job.checkpoint) {
        (Some(rev), _) => format!("starts again from {rev}"),
        (None, Some((rev, _))) => format!("{} at {rev}", job.checkpoints),
        (None, None) => String::new(),
    }
}

/// That its file was changed while it runs, and the verb that takes the new text.
fn edited_words(seen: &Seen, job: &Job) -> String {
    if (seen.edited)(job) { format!("{EDITED}: aq requeue {}", job.id) } else { String::new() }
}

fn proof(job: &Job) -> String {
    let Some(head) = &job.head else { return String::new() };
    if let Some(why) = job.unsaved() {
        return format!("none: {why}; save it: aq risk rescue {}", job.id);
    }
    let said = match head.proof {
        Proof::Verified => "verified",
        Proof::Unproven => "UNPROVEN",
    };
    let rev = head.rev.as_ref().map(|rev| format!(" at {rev}")).unwrap_or_default();
    let votes = match job.stage == Stage::Review || job.review_rule().approvals > 0 {
        true => format!(", {} of {} approvals", job.approvals(), job.approvals_needed()),
        false => String::new(),
    };
    format!("{said}{rev}{votes}")
}

/// What was used, with `?` for what nobody knows.
fn use_of(usage: &Usage) -> String {
    let known = |n: Option<u64>| n.map_or_else(|| "?".to_string(), |n| n.to_string());
    let cost = usage.cost().unwrap_or_else(|| "?".to_string());
    let wall = if usage.wall == Span::ZERO { "?".to_string() } else { usage.wall.age() };
    let tokens = usage.tokens().unwrap_or_else(|| "?".to_string());
    format!("cost {cost}, tokens {tokens}, turns {}, engine time {wall}", known(usage.turns))
}

/// What it asks, in its own words, and how to answer.
fn question(job: &Job, seen: &Seen, cx: &mut Context) -> Result<(), CliError> {
    let Some(asked) = &job.asked else { return Ok(()) };
    let words = cx.wait(seen.board.blob(BlobId::clone(asked)))?.unwrap_or_default();
    pair(cx, "asks", String::from_utf8_lossy(&words).trim(), Role::Human)
}

/// The words of a review; they are a blob, and its events hold none of them.
fn verdict(job: &Job, seen: &Seen, cx: &mut Context) -> Result<(), CliError> {
    let said = job.attempts.iter().rev().find_map(|attempt| attempt.verdict.as_ref());
    let Some(said) = said else { return Ok(()) };
    let words = cx.wait(seen.board.blob(said.words.clone()))?.unwrap_or_default();
    for line in String::from_utf8_lossy(&words).lines() {
        pair(cx, "verdict", line, Role::Human)?;
    }
    Ok(())
}

fn attempts(job: &Job, cx: &mut Context) -> Result<(), CliError> {
    if job.attempts.is_empty() {
        return Ok(());
    }
    if cx.out.is_for_people() {
        cx.out.painted("")?;
    }
    let mut columns = vec![
        Column::number("attempt"),
        Column::words("engine"),
        Column::words("result"),
        Column::number("started"),
        Column::number("took"),
        Column::number("cost"),
        Column::words("verify"),
        Column::text("reason"),
    ];
    // Without a head, records need a word that tells them from the facts above.
    if !cx.out.is_for_people() {
        columns.insert(0, Column::words("run"));
    }
    let mut table = Table::of(&columns);
    for attempt in &job.attempts {
        let mut row = attempt_row(attempt, cx);
        if !cx.out.is_for_people() {
            row.insert(0, Cell::same("run"));
        }
        table.rows.push(row);
    }
    cx.out.table(&table)
}

/// The engine, and on which of its accounts it ran.
fn engine_of(attempt: &Attempt) -> String {
    match named(attempt.account.as_deref()) {
        Some(account) => AccountId::new(&attempt.engine, account).to_string(),
        None => attempt.engine.clone(),
    }
}

fn attempt_row(attempt: &Attempt, cx: &Context) -> Vec<Cell> {
    let took = attempt.ended.map(|ended| ended.since(attempt.started));
    let result = match (attempt.outcome, attempt.ended) {
        (Some(outcome), _) => outcome.name(),
        (None, Some(_)) => "lost",
        (None, None) => "runs",
    };
    let verify = match &attempt.verified {
        Some((true, _)) => "passed",
        Some((false, _)) => "failed",
        None => "-",
    };
    vec![
        Cell::same(attempt.no.to_string()),
        Cell::same(engine_of(attempt)),
        Cell::same(result),
        Cell::same(cx.out.moment(attempt.started)),
        Cell::pair(
            took.map(|t| t.age()).unwrap_or_default(),
            took.map(|t| t.to_string()).unwrap_or_default(),
        ),
        Cell::same(attempt.usage.cost().unwrap_or_else(|| "?".to_string())),
        Cell::same(verify),
        Cell::same(&attempt.reason),
    ]
}

/// Every value and its origin, as they were stored when the job was submitted.
fn effective(job: &Job, seen: &Seen, cx: &mut Context) -> Answer {
    let bytes = cx.wait(seen.board.blob(job.effective.clone()))?.ok_or_else(|| {
        CliError::not_found(format!("the values of {} are no longer stored", job.id))
            .why(format!("there is no blob {}", job.effective))
            .next("restore the queue's blobs from a backup")
    })?;
    if let Ok(values) = serde_json::from_slice::<Effective>(&bytes) {
        let listing = effective_listing(&job.spec, &values);
        if cx.out.is_json() {
            cx.out.json(&Envelope::new("effective", cx.wall(), seen.state.seq, seen.source(), listing))?;
            return Ok(Exit::Done);
        }
        let rows = listing.into_iter().map(|row| (row.field, row.value, row.origin.to_string()));
        return list(cx, rows.collect());
    }
    // Stored by a form that this version does not know: what is there is shown as it is.
    let values: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if cx.out.is_json() {
        cx.out.json(&Envelope::new("effective", cx.wall(), seen.state.seq, seen.source(), values))?;
        return Ok(Exit::Done);
    }
    let fields = values.as_object().into_iter().flatten();
    let rows = fields.map(|(name, value)| (name.clone(), value.to_string(), "unknown".to_string()));
    list(cx, rows.collect())
}

fn list(cx: &mut Context, rows: Vec<(String, String, String)>) -> Answer {
    let mut table = Table::of(&[Column::words("field"), Column::text("value"), Column::words("from")]);
    table.rows =
        rows.into_iter().map(|(a, b, c)| vec![Cell::same(a), Cell::same(b), Cell::same(c)]).collect();
    cx.out.table(&table)?;
    Ok(Exit::Done)
}
