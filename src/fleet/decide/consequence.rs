//! What follows from an event by law alone: dependents wake, rollups pass, ceilings pause, poison kills.

use super::super::apply::POISON_WINDOW;
use super::super::command::{Now, PauseMode};
use super::super::event::What;
use super::super::job::{Job, Park, ParkReason};
use super::super::pick::unmet;
use super::super::state::State;
use super::product::ceiling_reached;
use super::review;
use crate::job::{Epoch, JobId, Spec, Stage};

/// Lost leases within the poison window that make a job poison.
pub(super) const POISON: usize = 3;

/// The events that must follow `what`, which has just been applied.
pub(super) fn of(state: &State, what: &What, now: Now) -> Vec<What> {
    if let What::LeaseExpired { job, .. } = what
        && let Some(end) = poison(state, job)
    {
        return vec![end];
    }
    let mut more = Vec::new();
    if matches!(
        what,
        What::AttemptEnded { .. }
            | What::AttemptSettled { .. }
            | What::Progressed { .. }
            | What::BudgetChanged { .. }
    ) {
        more.extend(ceiling(state, now));
    }
    let Some(job) = what.job().and_then(|id| state.job(id)) else { return more };
    more.extend(place(state, job, now));
    more.extend(review::overtaken(state, job));
    if moves_others(what) {
        for waiter in state.waiters(&job.id).filter_map(|id| state.job(id)) {
            more.extend(place(state, waiter, now));
        }
    }
    more
}

/// Events that bring a job to testing or shipped, or take it away from there: its waiters must look again.
fn moves_others(what: &What) -> bool {
    matches!(
        what,
        What::AttemptEnded { .. }
            | What::ReviewGiven { .. }
            | What::Promoted { .. }
            | What::Rejected { .. }
            | What::Cancelled { .. }
            | What::ShipFailed { .. }
            | What::PrSentBack { .. }
            | What::Shipped { .. }
    )
}

/// Whatever put a job among the waiting, it stands in queued when all it needs is there and in blocked
/// when not, and a composite without a body passes on. A parked job is looked at when its park ends.
fn place(state: &State, job: &Job, now: Now) -> Vec<What> {
    let is_met = || unmet(state, job).is_empty();
    match job.stage {
        Stage::Blocked if is_met() => unblock(job, now),
        Stage::Queued if job.park.is_some() => Vec::new(),
        Stage::Queued if !is_met() => {
            vec![What::JobBlocked { job: job.id.clone(), reason: "waits for other jobs".to_string() }]
        }
        Stage::Queued => rollup(job).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// A blocked job whose last dependency is there.
fn unblock(job: &Job, now: Now) -> Vec<What> {
    let unblocked = What::JobUnblocked { job: job.id.clone() };
    std::iter::once(unblocked).chain(not_before(&job.id, job.epoch, &job.spec, now)).collect()
}

/// A job that comes into the line before its date is parked until then.
pub(super) fn not_before(job: &JobId, epoch: Epoch, spec: &Spec, now: Now) -> Option<What> {
    let until = spec.not_before.filter(|at| *at > now.wall)?;
    Some(parked(job, epoch, Park::new(ParkReason::NotBefore, Some(until))))
}

/// The event of a park.
pub(super) fn parked(job: &JobId, epoch: Epoch, park: Park) -> What {
    let Park { reason, until, text, window, account } = park;
    What::JobParked { job: job.clone(), epoch, reason, until, text, window, account }
}

/// A composite without a body has nothing to run: its parts are its work.
fn rollup(job: &Job) -> Option<What> {
    let empty = !job.spec.has_body && !job.children.is_empty();
    empty.then(|| What::Promoted {
        job: job.id.clone(),
        epoch: job.epoch + 1,
        reason: "all its children are there".to_string(),
    })
}

fn poison(state: &State, id: &JobId) -> Option<What> {
    let job = state.job(id).filter(|job| job.lost.len() >= POISON && job.stage == Stage::Queued)?;
    let minutes = POISON_WINDOW.as_secs() / 60;
    let reason = format!("poison: {} leases lost within {minutes} minutes", job.lost.len());
    Some(What::DeadLettered { job: id.clone(), epoch: job.epoch + 1, reason })
}

/// Reaching the product's ceiling pauses it; running jobs are checkpointed and wait.
fn ceiling(state: &State, now: Now) -> Option<What> {
    let ceiling = state.product.ceiling.filter(|_| state.product.paused.is_none())?;
    let spent = state.spent_in_window(now.wall);
    (spent >= ceiling).then(|| What::BudgetPaused {
        mode: PauseMode::Stop,
        reason: ceiling_reached(ceiling),
        until: None,
    })
}
