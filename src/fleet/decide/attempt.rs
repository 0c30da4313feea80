//! An attempt from start to end, and where its end leads.

use super::super::command::{Ending, Now, PauseMode};
use super::super::event::What;
use super::super::job::{Job, Park, ParkReason};
use super::super::pick::unmet;
use super::super::refusal::{Code, Refusal};
use super::super::state::State;
use super::account;
use super::consequence::parked;
use super::order::invalid;
use super::review;
use crate::job::{AttemptNo, BlobId, Follow, JobId, Outcome, Rev, Stage, Usage};
use crate::time::{Span, Stamp};

/// Overloads in a row after which a job fails.
const OVERLOADS_MOST: u32 = 5;

pub(super) fn start(
    state: &State,
    job: &Job,
    engine: &str,
    run: &str,
    base: Option<&Rev>,
) -> Result<Vec<What>, Refusal> {
    if job.stage != Stage::Assigned {
        return Err(invalid(job, "an attempt starts from assigned"));
    }
    // Granted a moment before the queue was stopped: what has not begun does not begin.
    if let Some((PauseMode::Stop | PauseMode::Kill, reason, ..)) = &state.product.paused {
        return Err(invalid(job, &format!("the queue was stopped: {reason}")));
    }
    review::must_be_another(state, job, engine, run)?;
    let last = job.attempts.last().map_or(0, |a| a.no);
    Ok(vec![What::AttemptStarted {
        job: job.id.clone(),
        epoch: job.epoch,
        attempt: last + 1,
        engine: engine.to_string(),
        account: job.lease.as_ref().and_then(|lease| lease.account.clone()),
        run: run.to_string(),
        base: base.cloned(),
    }])
}

pub(super) fn progress(
    _state: &State,
    job: &Job,
    word: &str,
    usage: Option<&Usage>,
    _now: Now,
) -> Result<Vec<What>, Refusal> {
    let attempt = job.open_attempt().ok_or_else(|| invalid(job, "no attempt runs"))?;
    if &*attempt.word.0 == word && usage.is_none_or(|u| *u == attempt.usage) {
        return Err(Refusal::new(Code::NoChange, format!("{} is {word} already", job.id), "nothing to do"));
    }
    let (job, epoch) = (job.id.clone(), job.epoch);
    Ok(vec![What::Progressed { job, epoch, word: word.to_string(), usage: usage.copied().map(Box::new) }])
}

pub(super) fn checkpoint(job: &Job, rev: &Rev, lines: u64) -> Result<Vec<What>, Refusal> {
    if job.checkpoint.as_ref() == Some(&(rev.clone(), job.epoch)) {
        return Err(Refusal::new(Code::NoChange, format!("{} is at {rev} already", job.id), "nothing to do"));
    }
    Ok(vec![What::Checkpointed { job: job.id.clone(), epoch: job.epoch, rev: rev.clone(), lines }])
}

pub(super) fn verify(job: &Job, passed: bool, rev: Option<&Rev>, took: Span) -> Result<Vec<What>, Refusal> {
    if job.open_attempt().is_none() && job.ship_lease().is_none() {
        return Err(invalid(job, "no attempt runs"));
    }
    Ok(vec![What::Verified { job: job.id.clone(), epoch: job.epoch, passed, rev: rev.cloned(), took }])
}

pub(super) fn ask(job: &Job, question: &BlobId) -> Result<Vec<What>, Refusal> {
    if job.open_attempt().is_none() {
        return Err(invalid(job, "no attempt runs"));
    }
    Ok(vec![What::Asked { job: job.id.clone(), epoch: job.epoch + 1, question: question.clone() }])
}

pub(super) fn end(state: &State, job: &Job, ending: &Ending, now: Now) -> Result<Vec<What>, Refusal> {
    let attempt = job.open_attempt().ok_or_else(|| invalid(job, "no attempt runs"))?;
    let (to, wait) = leads_to(state, job, ending, now);
    let mut events = vec![What::AttemptEnded {
        job: job.id.clone(),
        epoch: job.epoch,
        attempt: attempt.no,
        outcome: ending.outcome,
        reason: ending.reason.clone(),
        usage: ending.usage.into(),
        rev: ending.rev.clone(),
        window: ending.window.clone().filter(|_| ending.outcome == Outcome::Limit),
        engine_fault: ending.engine_fault,
        insight: ending.insight.clone().into(),
        to,
    }];
    events.extend(wait.map(|wait| parked(&job.id, job.epoch, wait)));
    events.extend(account::after(state, job, ending, now));
    if to == Stage::Testing {
        events.extend(review::given(state, job, now));
    }
    Ok(events)
}

/// Figures that do not exceed those that are known are no news, nor is a commit that is known: whoever finds the
/// run tells them, once or often.
pub(super) fn settle(
    job: &Job,
    no: AttemptNo,
    run: &str,
    usage: &Usage,
    rev: Option<&Rev>,
) -> Result<Vec<What>, Refusal> {
    let of_run = job.attempts.iter().find(|attempt| attempt.no == no && attempt.run == run);
    let attempt = of_run.ok_or_else(|| invalid(job, &format!("it had no such run as attempt {no}")))?;
    if attempt.ended.is_none() {
        return Err(invalid(job, "the attempt is open: its end tells what it used up"));
    }
    let rev = rev.filter(|rev| attempt.rev.as_ref() != Some(*rev)).cloned();
    if attempt.usage.at_least(*usage) == attempt.usage && rev.is_none() {
        let message = format!("what attempt {no} of {} used up is known", job.id);
        return Err(Refusal::new(Code::NoChange, message, "nothing to do"));
    }
    Ok(vec![What::AttemptSettled { job: job.id.clone(), attempt: no, usage: (*usage).into(), rev }])
}

/// The second table of `jobs.md` section 3.
fn leads_to(state: &State, job: &Job, ending: &Ending, now: Now) -> (Stage, Option<Park>) {
    // Children added while it ran come first, then it runs again from their merged heads; also where they
    // were done before it ended, since it began without them.
    let began = job.open_attempt().map_or(job.since, |a| a.started);
    let came = |id: &JobId| state.job(id).is_some_and(|child| child.submitted > began);
    let children_first = || !unmet(state, job).is_empty() || job.children.iter().any(came);
    match ending.outcome.follow() {
        // A review is no work that somebody would review: it gave its verdict or it failed.
        Follow::Gate | Follow::Unproven if job.subject.is_some() => (review::leads_to(job), None),
        Follow::Gate if children_first() => (Stage::Blocked, None),
        Follow::Gate => (gate_of(job, ending), None),
        Follow::Unproven => (Stage::Review, None),
        Follow::Fail | Follow::RetryIfNamed | Follow::Retry => retry(job, ending.outcome, now),
        Follow::Requeue => (Stage::Queued, None),
        Follow::Backoff if job.overloads >= OVERLOADS_MOST => (Stage::Failed, None),
        Follow::Backoff => {
            let pause = apart(crate::job::Backoff::Exp.pause(job.overloads + 1), job);
            let text = format!("overloaded, {} of {OVERLOADS_MOST} in a row", job.overloads + 1);
            (Stage::Queued, Some(backoff(now.law.plus(pause), text)))
        }
        Follow::ParkUntilReset => {
            let until = account::reset(state, job, ending, now);
            (Stage::Queued, account::wait(state, job, ending, until, now))
        }
    }
}

/// Review unless nobody asked for one and verify has proven this very tree.
fn gate_of(job: &Job, ending: &Ending) -> Stage {
    // The tree is the end's, or the last checkpoint where the end names none, as when it is applied.
    let proven = job.open_attempt().is_some_and(|attempt| {
        let tree = ending.rev.as_ref().or(attempt.rev.as_ref());
        attempt.verified.as_ref().is_some_and(|(passed, of)| *passed && of.as_ref() == tree)
    });
    if job.review_rule().approvals == 0 && proven { Stage::Testing } else { Stage::Review }
}

/// The pause and up to a half more, by job and epoch: what one vendor refused at the same moment does not come
/// back to it at the same moment, and every replica reckons the same.
fn apart(pause: Span, job: &Job) -> Span {
    let hash = blake3::hash(format!("{} {}", job.id, job.epoch).as_bytes());
    let part = u64::from(u16::from_le_bytes([hash.as_bytes()[0], hash.as_bytes()[1]]));
    Span::from_secs(pause.as_secs() + pause.as_secs() / 2 * part / u64::from(u16::MAX))
}

fn backoff(until: Stamp, text: String) -> Park {
    Park { text: Some(text), ..Park::new(ParkReason::Backoff, Some(until)) }
}

fn retry(job: &Job, outcome: Outcome, now: Now) -> (Stage, Option<Park>) {
    let rule = &job.spec.retry;
    if !rule.on.contains(&outcome) || job.counted >= rule.max {
        return (Stage::Failed, None);
    }
    let n = job.counted + 1;
    let text = format!("retry {n} of {} after {outcome}", rule.max);
    (Stage::Queued, Some(backoff(now.law.plus(rule.backoff.pause(n)), text)))
}
