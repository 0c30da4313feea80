//! Where a waiting job stands, and what a person's word or a rule does to a job's place.

use std::sync::Arc;

use super::super::event::{ActorKind, Event, What};
use super::super::job::{Handoff, Job, Park, ParkReason, SUPERSEDED};
use super::event::Mark;
use crate::job::{BlobId, Outcome, Seldom, Stage};

pub(super) fn change(job: &mut Job, event: &Event, mark: Mark) -> Result<(), String> {
    match &event.what {
        What::JobSuperseded { spec, body, effective, deps, stage, .. } => {
            job.spec = Arc::clone(spec);
            job.body = body.clone();
            job.effective = effective.clone();
            // Children stay parts of the job whatever the new manifest says.
            job.deps = deps.clone().into();
            job.move_to(*stage, SUPERSEDED, mark);
        }
        What::DepResolved { name, to, .. } => {
            for dep in job.deps.iter_mut().filter(|d| d.job.is_none() && d.name == *name) {
                dep.job = Some(to.clone());
            }
        }
        What::JobBlocked { reason, .. } => job.move_to(Stage::Blocked, reason, mark),
        What::JobUnblocked { .. } => {
            job.waiting = mark.at;
            job.move_to(Stage::Queued, "dependencies satisfied", mark);
        }
        What::JobParked { epoch, reason, until, text, window, account, .. } => {
            if *epoch != job.epoch {
                job.rise(*epoch)?;
                job.close_attempt(Some(Outcome::Preempted), reason.words(), mark);
                job.lease = None;
            }
            job.move_to(Stage::Queued, reason.words(), mark);
            let (text, window, account) = (text.clone(), window.clone(), account.clone());
            job.tries = None;
            job.park = Some(Box::new(Park { reason: *reason, until: *until, text, window, account }));
        }
        What::JobUnparked { reason, .. } => {
            let was = job.park.as_ref().map(|p| p.reason);
            // Before its date it did not compete.
            if was == Some(ParkReason::NotBefore) {
                job.waiting = mark.at;
            }
            // A person's word resets the counter that parked; a timer does not.
            if event.by.kind == ActorKind::Person {
                match was {
                    Some(ParkReason::Limit) => (job.limits, job.tries) = (0, Some(mark.at)),
                    // It was in the line and waited for an account.
                    None => job.tries = Some(mark.at),
                    Some(ParkReason::Backoff) => job.overloads = 0,
                    _ => {}
                }
            }
            job.move_to(Stage::Queued, reason, mark);
        }
        What::Asked { epoch, question, .. } => {
            job.rise(*epoch)?;
            job.close_attempt(Some(Outcome::Drained), "asked a question", mark);
            job.lease = None;
            job.asked = Some(Box::new(question.clone()));
            job.move_to(Stage::Queued, ParkReason::Asked.words(), mark);
            job.park = Some(Box::new(Park::new(ParkReason::Asked, None)));
        }
        What::Answered { answer, .. } => answered(job, answer, mark),
        What::ChildrenAdded { children, .. } => job.children.extend(children.iter().cloned()),
        What::Refused { .. } => {}
        _ => return change_by_word(job, event, mark),
    }
    Ok(())
}

fn answered(job: &mut Job, answer: &BlobId, mark: Mark) {
    let (question, answer) = (job.asked.take().map(|asked| *asked), answer.clone());
    job.handoff.push(Handoff::Answered { question, answer });
    // A person may have lifted the question's park and put the job aside for another reason.
    let kept = job.park.take().filter(|p| p.reason != ParkReason::Asked);
    job.move_to(Stage::Queued, "answered", mark);
    job.park = kept;
}

/// Whoever sends a job back that failed for its login or its engine says that this is mended: it may try.
fn is_mended(job: &Job, event: &Event) -> bool {
    let met = job.attempts.last().and_then(|attempt| attempt.outcome);
    let about = [Outcome::Auth, Outcome::Config, Outcome::NoEngine, Outcome::Limit];
    event.by.kind == ActorKind::Person && met.is_some_and(|outcome| about.contains(&outcome))
}

/// Changes of place by a person's word or by rule, whoever holds the job.
fn change_by_word(job: &mut Job, event: &Event, mark: Mark) -> Result<(), String> {
    match &event.what {
        What::Requeued { epoch, to, raised, from, .. } => {
            job.operator_stop(*epoch, mark)?;
            if let Some(rev) = from {
                job.checkpoint = Some((rev.clone(), *epoch));
                job.restart = from.clone();
            }
            job.raised = job.raised.raised_by(raised).into();
            job.tries = is_mended(job, event).then_some(mark.at);
            // Attempts stay counted; what only ran in a row begins anew.
            (job.overloads, job.limits) = (0, 0);
            job.move_to(*to, "requeued", mark);
        }
        What::Redriven { epoch, to, .. } => {
            job.operator_stop(*epoch, mark)?;
            job.tries = is_mended(job, event).then_some(mark.at);
            (job.counted, job.overloads, job.limits, job.reworks) = (0, 0, 0, 0);
            job.lost.clear();
            job.spent = Seldom::default();
            job.forget_rounds();
            job.move_to(*to, "redriven", mark);
        }
        What::Cancelled { epoch, .. } => {
            job.operator_stop(*epoch, mark)?;
            job.move_to(Stage::Failed, "cancelled", mark);
        }
        What::DeadLettered { epoch, reason, .. } => {
            job.operator_stop(*epoch, mark)?;
            job.move_to(Stage::DeadLetter, reason, mark);
        }
        What::Preempted { epoch, .. } => {
            job.stop(*epoch, Outcome::Preempted, mark)?;
            let by = &event.by;
            let why = match by.kind {
                ActorKind::Person => format!("preempted by {}", by.name),
                _ => "preempted".to_string(),
            };
            job.move_to(Stage::Queued, &why, mark);
        }
        _ => return Err("not about a job's place".to_string()),
    }
    Ok(())
}
