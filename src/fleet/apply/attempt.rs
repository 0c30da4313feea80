//! Attempts: begun, heard of, checkpointed, verified, over.

use super::super::event::{Event, What};
use super::super::job::{Attempt, Head, Job};
use super::event::Mark;
use crate::job::{AttemptNo, Follow, Insight, Outcome, Proof, Rev, Stage, Usage};

/// Gives the money it spent (millionths of a dollar); less than none where an estimate was too high.
pub(super) fn change(job: &mut Job, event: &Event, mark: Mark) -> Result<i64, String> {
    match &event.what {
        What::AttemptStarted { epoch, attempt, engine, account, run, base, .. } => {
            job.same(*epoch)?;
            let holder = job.lease.as_ref().ok_or("started without a lease")?.holder.clone();
            job.restart = None;
            // Most jobs have one: no room for more.
            job.attempts.reserve_exact(1);
            job.attempts.push(Attempt {
                no: *attempt,
                epoch: *epoch,
                engine: engine.clone(),
                account: account.clone(),
                holder,
                run: run.clone(),
                body: job.body.clone(),
                base: base.clone(),
                started: mark.at,
                word: ("working".into(), mark.at, mark.seq),
                ended: None,
                outcome: None,
                reason: String::new(),
                usage: Usage::default(),
                rev: None,
                verified: None,
                verdict: None,
                insight: None,
            });
            job.move_to(Stage::Building, "attempt started", mark);
        }
        What::Progressed { epoch, word, usage, .. } => {
            job.same(*epoch)?;
            let attempt = job.attempt_mut()?;
            attempt.word = (word.as_str().into(), mark.at, mark.seq);
            if let Some(usage) = usage {
                return Ok(accrue(&mut attempt.usage, usage));
            }
        }
        What::Checkpointed { epoch, rev, .. } => {
            job.same(*epoch)?;
            job.checkpoint = Some((rev.clone(), *epoch));
            job.checkpoints += 1;
            if let Some(attempt) = job.attempts.last_mut().filter(|a| a.ended.is_none()) {
                attempt.rev = Some(rev.clone());
            }
        }
        What::Verified { epoch, passed, rev, .. } => {
            job.same(*epoch)?;
            // A ship verifies the merge result again without an attempt of its own.
            if let Some(attempt) = job.attempts.last_mut().filter(|a| a.ended.is_none()) {
                attempt.verified = Some((*passed, rev.clone()));
            }
        }
        What::VerdictGiven { epoch, verdict, .. } => {
            job.same(*epoch)?;
            job.attempt_mut()?.verdict = Some(verdict.clone());
        }
        What::AttemptEnded { epoch, outcome, reason, usage, rev, insight, to, .. } => {
            job.same(*epoch)?;
            job.attempt_mut()?.insight = (!insight.is_usual()).then(|| Box::new(Insight::clone(insight)));
            return end_attempt(job, *outcome, reason, usage, rev.as_ref(), *to, mark);
        }
        What::AttemptSettled { attempt, usage, rev, .. } => {
            return settle_late(job, *attempt, usage, rev.as_ref());
        }
        _ => return Err("not about an attempt".to_string()),
    }
    Ok(0)
}

/// Takes over what a run says it has used up by now; gives the money that is new. A figure never falls
/// and never becomes unknown again, or the next one would be booked twice.
fn accrue(so_far: &mut Usage, told: &Usage) -> i64 {
    book(so_far, so_far.at_least(*told))
}

/// Books the last figures of a run whose attempt was closed before, and the commit it was saved in: the job goes on
/// from there, unless a later attempt or a person's word has put it elsewhere.
fn settle_late(job: &mut Job, no: AttemptNo, told: &Usage, rev: Option<&Rev>) -> Result<i64, String> {
    let latest = job.attempts.last().map(|attempt| attempt.no);
    let closed = job.attempts.iter_mut().find(|attempt| attempt.no == no && attempt.ended.is_some());
    let closed = closed.ok_or_else(|| format!("no closed attempt {no}"))?;
    let (before, epoch) = (closed.usage, closed.epoch);
    let spent = accrue(&mut closed.usage, told);
    let late = closed.usage.since(before);
    if let Some(rev) = rev {
        closed.rev = Some(rev.clone());
        job.checkpoints += 1;
        if latest == Some(no) && job.checkpoint.as_ref().is_none_or(|(_, of)| *of <= epoch) {
            job.checkpoint = Some((rev.clone(), epoch));
        }
    }
    let was_offered = job.unsaved().is_some() && job.head.as_ref().is_some_and(|head| head.epoch == epoch);
    if let (Some(rev), true) = (rev, was_offered) {
        job.why = "its work was saved after its end".into();
        job.head.as_deref_mut().into_iter().for_each(|head| head.rev = Some(rev.clone()));
    }
    // After a redrive it counts toward the fresh budget: it came in after it.
    job.spent = job.spent.plus(late).into();
    Ok(spent)
}

/// As [`accrue`], with the last word of the run: what had only been estimated gives way to it, up or down.
fn settle(so_far: &mut Usage, told: &Usage) -> i64 {
    if !so_far.is_estimated() {
        return accrue(so_far, told);
    }
    let (tokens, kinds) = match told.tokens {
        Some(_) => (told.tokens, told.kinds),
        None => (so_far.tokens, so_far.kinds),
    };
    let wall = so_far.wall.max(told.wall);
    let (micro_usd, turns) = (told.micro_usd.or(so_far.micro_usd), so_far.turns.max(told.turns));
    let tokens_estimated =
        if told.tokens.is_some() { told.tokens_estimated } else { so_far.tokens_estimated };
    let usd_estimated = if told.micro_usd.is_some() { told.usd_estimated } else { so_far.usd_estimated };
    book(so_far, Usage { micro_usd, tokens, turns, wall, kinds, tokens_estimated, usd_estimated })
}

fn book(so_far: &mut Usage, now: Usage) -> i64 {
    let money = |usage: &Usage| i64::try_from(usage.micro_usd.unwrap_or(0)).unwrap_or(i64::MAX);
    let new = money(&now).saturating_sub(money(so_far));
    *so_far = now;
    new
}

fn end_attempt(
    job: &mut Job,
    outcome: Outcome,
    reason: &str,
    usage: &Usage,
    rev: Option<&Rev>,
    to: Stage,
    mark: Mark,
) -> Result<i64, String> {
    let epoch = job.epoch;
    let attempt = job.attempt_mut()?;
    let spent = settle(&mut attempt.usage, usage);
    attempt.rev = rev.cloned().or_else(|| attempt.rev.take());
    let proven =
        attempt.verified.as_ref().is_some_and(|(passed, of)| *passed && of.as_ref() == attempt.rev.as_ref());
    let head = Head {
        // The checkpoint before is not what it made.
        rev: attempt.rev.clone().filter(|_| outcome != Outcome::Unsaved),
        epoch,
        proof: if proven { Proof::Verified } else { Proof::Unproven },
    };
    job.close_attempt(Some(outcome), reason, mark);
    job.lease = None;
    match outcome.follow() {
        Follow::Gate | Follow::Unproven => {
            job.head = Some(Box::new(head));
            job.reviews.clear();
            job.handoff.clear();
        }
        Follow::Retry | Follow::RetryIfNamed => job.counted += 1,
        // A class that never retries by itself counts where the manifest named it and it is tried again.
        Follow::Fail if to.is_waiting() => job.counted += 1,
        Follow::Backoff => job.overloads += 1,
        Follow::ParkUntilReset => job.limits += 1,
        Follow::Fail | Follow::Requeue => {}
    }
    // Both are counted in a row: any other verdict of the engine breaks it, a stop by aq does not.
    let (row_of_overloads, row_of_limits) = match outcome.follow() {
        Follow::Backoff => (true, false),
        Follow::ParkUntilReset => (false, true),
        Follow::Requeue => (true, true),
        _ => (false, false),
    };
    if !row_of_overloads {
        job.overloads = 0;
    }
    if !row_of_limits {
        job.limits = 0;
    }
    let why = if outcome == Outcome::Ok { "attempt ended well" } else { outcome.name() };
    job.move_to(to, why, mark);
    Ok(spent)
}
