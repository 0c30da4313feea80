//! What concerns all jobs of the queue: pause, resume, ceiling, suspension, archive.

use super::super::command::{Now, Order, PauseMode};
use super::super::event::{ActorKind, CEILING_TAKEN_BACK, What, Window};
use super::super::job::Job;
use super::super::refusal::{Code, Refusal};
use super::super::state::State;
use super::order::{find, invalid};
use crate::job::JobId;
use crate::time::Stamp;

pub(super) fn pause(
    state: &State,
    mode: PauseMode,
    until: Option<Stamp>,
    order: &Order,
) -> Result<Vec<What>, Refusal> {
    if state.product.paused.as_ref().is_some_and(|p| p.0 == mode && p.2 == until) {
        return Err(Refusal::new(
            Code::NoChange,
            "the queue is paused so already",
            "resume: aq budget resume local",
        ));
    }
    let reason = if order.by.kind == ActorKind::Person { "paused by a person" } else { "paused" };
    let mut events = vec![What::BudgetPaused { mode, reason: reason.to_string(), until }];
    if mode == PauseMode::Kill {
        let fence = |job: &Job| What::Preempted { job: job.id.clone(), epoch: job.epoch + 1 };
        events.extend(state.held().map(|(job, _)| job).filter(|job| job.stage.is_held()).map(fence));
    }
    Ok(events)
}

pub(super) fn resume(state: &State, order: &Order) -> Result<Vec<What>, Refusal> {
    if state.product.paused.is_some() && order.by.kind == ActorKind::System {
        // Files that came back answer what was asked about them, and nothing else.
        return Err(Refusal::new(
            Code::InvalidState,
            "the queue is paused as well",
            "resume: aq budget resume local",
        ));
    }
    if state.product.paused.is_none() && state.product.suspended.is_empty() {
        return Err(Refusal::new(Code::NoChange, "the queue is not paused", "nothing to do"));
    }
    Ok(vec![What::BudgetResumed { reason: "resumed".to_string() }])
}

pub(super) fn set_ceiling(
    state: &State,
    (ceiling, window): (Option<u64>, Window),
    lifts: bool,
    order: &Order,
    now: Now,
) -> Result<Vec<What>, Refusal> {
    let product = &state.product;
    // That the settings say what is so already is remembered, or they would say it anew after a person's change.
    let is_told = !order.by.is_settings() || product.from_settings == Some((ceiling, window));
    if is_told && (product.ceiling, product.window) == (ceiling, window) {
        return Err(Refusal::new(Code::NoChange, "the ceiling is that already", "nothing to do"));
    }
    let mut events = vec![What::BudgetChanged { ceiling, window }];
    let of_ceiling = product.ceiling.map(ceiling_reached);
    let is_its = product.paused.as_ref().is_some_and(|paused| Some(&paused.1) == of_ceiling.as_ref());
    if lifts && is_its && ceiling.is_none_or(|ceiling| state.spent_in(window, now.wall) < ceiling) {
        events.push(What::BudgetResumed { reason: CEILING_TAKEN_BACK.to_string() });
    }
    Ok(events)
}

pub(super) fn cap_engine(
    state: &State,
    engine: &str,
    ceiling: Option<u64>,
    order: &Order,
) -> Result<Vec<What>, Refusal> {
    if engine.is_empty() {
        return Err(Refusal::new(Code::NoChange, "no engine has an empty name", "name one: aq doctor"));
    }
    let money = state.product.engines.get(engine);
    let is_told = !order.by.is_settings() || money.and_then(|money| money.from_settings) == ceiling;
    if is_told && money.and_then(|money| money.ceiling) == ceiling {
        let message = format!("the ceiling of {engine} is that already");
        return Err(Refusal::new(Code::NoChange, message, "nothing to do"));
    }
    Ok(vec![What::EngineBudgetChanged { engine: engine.to_string(), ceiling }])
}

/// Why the queue was paused by a ceiling.
pub(super) fn ceiling_reached(ceiling: u64) -> String {
    format!("ceiling {} reached", crate::job::usd(ceiling))
}

pub(super) fn suspend(state: &State, jobs: &[JobId]) -> Result<Vec<What>, Refusal> {
    let fresh: Vec<JobId> = jobs
        .iter()
        .filter(|id| {
            state.job(id).is_some_and(|j| j.stage.is_waiting()) && !state.product.suspended.contains(*id)
        })
        .cloned()
        .collect();
    if fresh.is_empty() {
        return Err(Refusal::new(Code::NoChange, "none of these wait", "nothing to do"));
    }
    Ok(vec![What::QueueSuspended { jobs: fresh }])
}

pub(super) fn archive(state: &State, jobs: &[JobId]) -> Result<Vec<What>, Refusal> {
    for id in jobs {
        let job = find(state, id)?;
        if !job.stage.is_ended() {
            return Err(invalid(job, "only ended jobs can be archived"));
        }
        if let Some(waiter) = state.waiters(id).find(|w| state.job(w).is_some_and(|j| !j.stage.is_ended())) {
            let message = format!("{id} is still needed by {waiter}");
            return Err(Refusal::new(Code::InvalidState, message, format!("see it: aq explain {waiter}")));
        }
    }
    if jobs.is_empty() {
        return Err(Refusal::new(Code::NoChange, "nothing to archive", "nothing to do"));
    }
    Ok(vec![What::JobsArchived { jobs: jobs.to_vec() }])
}
