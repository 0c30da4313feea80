//! What a person may do to a job's place: park, answer, requeue, redrive, cancel, preempt.

use super::super::actions::Action;
use super::super::command::Now;
use super::super::event::What;
use super::super::job::{Job, Park, ParkReason};
use super::super::pick::unmet;
use super::super::refusal::{Code, Refusal};
use super::super::state::State;
use super::account::waits_for_one;
use super::consequence::{not_before, parked};
use super::order::{invalid, must_allow};
use crate::job::{BlobId, Budget, Rev, Stage};
use crate::time::{Span, Stamp};

pub(super) fn park(job: &Job, until: Option<Stamp>, reason: ParkReason) -> Result<Vec<What>, Refusal> {
    must_allow(job, Action::Park)?;
    let asks = job.park.as_ref().is_some_and(|p| p.reason == ParkReason::Asked);
    if asks {
        return Err(invalid(job, "it is parked already and asks you something"));
    }
    // Stopping a running job is a change of stage: the worker is fenced out by the higher epoch.
    let epoch = job.epoch + u64::from(job.stage.is_held());
    let wait = Park::new(reason, until);
    if job.park.as_deref() == Some(&wait) {
        return Err(Refusal::new(
            Code::NoChange,
            format!("{} is parked so already", job.id),
            "nothing to do",
        ));
    }
    // A date of one's own may be taken away; whatever else it waits for is not done away with by the way.
    let own = |park: &Park| park.reason == ParkReason::Operator && park.until.is_some();
    if until.is_none() && job.park.as_deref().is_some_and(|park| !own(park)) {
        return Err(invalid(job, "it is parked already: unpark it, or say until when"));
    }
    Ok(vec![parked(&job.id, epoch, wait)])
}

/// Takes a job back into the line. One that a usage limit parked, or that waits there for an account that is
/// closed, then tries once for all of them.
pub(super) fn unpark(state: &State, job: &Job, now: Now) -> Result<Vec<What>, Refusal> {
    must_allow(job, Action::Unpark)?;
    let reason = match &job.park {
        Some(_) => "unparked by a person",
        None if waits_for_one(state, job, now) => "a person lets it try",
        None => return Err(invalid(job, "it is not parked")),
    };
    Ok(vec![What::JobUnparked { job: job.id.clone(), reason: reason.to_string() }])
}

fn is_over(park: &Park, now: Now) -> bool {
    let clock = if park.reason.is_wall() { now.wall } else { now.law };
    park.until.is_some_and(|until| until <= clock)
}

pub(super) fn wake(job: &Job, now: Now) -> Result<Vec<What>, Refusal> {
    if !job.park.as_deref().is_some_and(|park| is_over(park, now)) {
        return Err(Refusal::new(Code::NotDue, format!("{} is not due", job.id), "the timer asks again"));
    }
    Ok(vec![What::JobUnparked { job: job.id.clone(), reason: "its time has come".to_string() }])
}

pub(super) fn answer(job: &Job, answer: &BlobId) -> Result<Vec<What>, Refusal> {
    must_allow(job, Action::Answer)?;
    if job.asked.is_none() {
        return Err(invalid(job, "it asks nothing"));
    }
    Ok(vec![What::Answered { job: job.id.clone(), answer: answer.clone() }])
}

/// Sends a job back to wait: queued and no earlier than its date, or blocked while something is missing.
pub(super) fn back_in_line(
    state: &State,
    job: &Job,
    now: Now,
    event: impl FnOnce(Stage) -> What,
) -> Vec<What> {
    let met = unmet(state, job).is_empty();
    let sent = event(if met { Stage::Queued } else { Stage::Blocked });
    let park = not_before(&job.id, job.epoch + 1, &job.spec, now).filter(|_| met);
    std::iter::once(sent).chain(park).collect()
}

/// A job that used up its budget goes on only with a raised ceiling.
pub(super) fn must_afford(job: &Job, raised: &Budget) -> Result<(), Refusal> {
    let now = job.budget();
    if let Some(which) = now.raised_by(raised).reached(&job.spent) {
        let message = format!("the {which} budget of {} is used up", job.id);
        let hint = format!("raise it: aq requeue {} --budget {which}=MORE", job.id);
        return Err(Refusal::new(Code::BudgetNotRaised, message, hint));
    }
    let rises = |now: Option<u64>, new: Option<u64>| new.is_some_and(|new| now.is_none_or(|now| new > now));
    let is_raised = rises(now.micro_usd, raised.micro_usd)
        || rises(now.tokens, raised.tokens)
        || rises(now.turns, raised.turns)
        || rises(now.wall.map(Span::as_millis), raised.wall.map(Span::as_millis));
    if let Some(which) = job.used_up().filter(|_| !is_raised) {
        let message = format!("{} ended over its budget", job.id);
        let hint = format!("raise a ceiling: aq requeue {} --budget {which}=MORE", job.id);
        return Err(Refusal::new(Code::BudgetNotRaised, message, hint));
    }
    Ok(())
}

pub(super) fn requeue(
    state: &State,
    job: &Job,
    raised: &Budget,
    from: Option<&Rev>,
    park: Option<&Park>,
    now: Now,
) -> Result<Vec<What>, Refusal> {
    must_allow(job, Action::Requeue)?;
    must_afford(job, raised)?;
    if from.is_some() && job.checkpoint.is_none() {
        return Err(invalid(job, "it has no checkpoint to start from"));
    }
    let (id, epoch, from) = (job.id.clone(), job.epoch + 1, from.cloned());
    let sent = |to| What::Requeued { job: id, epoch, to, raised: *raised, from };
    // A question went with the cancel: nobody could answer it, so that this park would never end.
    let lasts = |park: &&Park| park.reason != ParkReason::Asked && !is_over(park, now);
    Ok(match park.filter(lasts) {
        // What it waits for is looked at when the park ends.
        Some(park) => vec![sent(Stage::Queued), parked(&job.id, epoch, park.clone())],
        None => back_in_line(state, job, now, sent),
    })
}

pub(super) fn redrive(state: &State, job: &Job, now: Now) -> Result<Vec<What>, Refusal> {
    must_allow(job, Action::Redrive)?;
    let (id, epoch) = (job.id.clone(), job.epoch + 1);
    Ok(back_in_line(state, job, now, |to| What::Redriven { job: id, epoch, to }))
}

pub(super) fn cancel(job: &Job) -> Result<Vec<What>, Refusal> {
    must_allow(job, Action::Cancel)?;
    if job.stage == Stage::Failed && &*job.why == "cancelled" {
        return Err(Refusal::new(
            Code::NoChange,
            format!("{} is cancelled already", job.id),
            "nothing to do",
        ));
    }
    if job.ship_lease().is_some() {
        return Err(Refusal::new(
            Code::Shipping,
            format!("{} is being shipped", job.id),
            "wait for the ship to end",
        ));
    }
    Ok(vec![What::Cancelled { job: job.id.clone(), epoch: job.epoch + 1 }])
}

pub(super) fn preempt(job: &Job) -> Result<Vec<What>, Refusal> {
    must_allow(job, Action::Preempt)?;
    Ok(vec![What::Preempted { job: job.id.clone(), epoch: job.epoch + 1 }])
}
