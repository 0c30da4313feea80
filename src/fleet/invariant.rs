//! What must hold after every event, and what must hold of a whole state.

use super::account::{Account, is_of_host};
use super::job::Job;
use super::state::State;
use crate::job::{Outcome, Stage};

/// Every invariant of every job and index. Costs a pass over the state: tests and `doctor`.
///
/// # Errors
/// The first rule that is broken, in words.
pub fn check_whole(state: &State) -> Result<(), String> {
    let mut reserved = 0u64;
    for (id, job) in &state.jobs {
        if *id != job.id {
            return Err(format!("{id} holds the record of {}", job.id));
        }
        check_job(job)?;
        reserved += job.set_aside();
        if job.epoch > 0 && job.event > state.seq {
            return Err(format!("{id} was placed by event {}, after the last", job.event));
        }
        for child in &job.children {
            if state.stage_of(child).is_none() {
                return Err(format!("{id} has a child {child} that does not exist"));
            }
        }
    }
    for (id, account) in &state.accounts {
        if *account == Account::default() {
            return Err(format!("{id} is kept, and nothing is known of it"));
        }
        let lawful = |outcome| matches!(outcome, Outcome::Limit | Outcome::Auth) || is_of_host(outcome);
        if let Some(closure) = account.closed.values().find(|closure| !lawful(closure.outcome)) {
            return Err(format!("{id} is closed by {}", closure.outcome));
        }
    }
    if reserved != state.product.reserved {
        return Err(format!("{} is reserved, but {reserved} is set aside for jobs", state.product.reserved));
    }
    for (day, micro) in &state.product.spent {
        let engines = state.product.engines.values().filter_map(|money| money.spent.get(day));
        let by_engine = engines.fold(0, |sum: u64, part| sum.saturating_add(*part));
        // A correction may take from an engine what it had booked on another day.
        if by_engine < *micro {
            return Err(format!("{micro} is spent on day {day}, but only {by_engine} by engines"));
        }
    }
    if !state.index_is_true() {
        return Err("an index disagrees with the jobs".to_string());
    }
    Ok(())
}

/// Cheap checks of one job; run by `apply` after every event, in release builds too.
pub(super) fn check_job(job: &Job) -> Result<(), String> {
    let rule = |holds: bool, rule: &str| if holds { Ok(()) } else { Err(format!("{}: {rule}", job.id)) };
    let open = job.attempts.iter().filter(|a| a.ended.is_none()).count();
    rule(open <= 1, "more than one open attempt")?;
    rule((open == 1) == (job.stage == Stage::Building), "an open attempt exactly while building")?;
    rule(
        job.work_lease().is_some() == job.stage.is_held(),
        "a work lease exactly while assigned or building",
    )?;
    rule(job.ship_lease().is_none() || job.stage == Stage::Testing, "a ship lease only in testing")?;
    rule(
        job.lease.as_ref().is_none_or(|lease| {
            lease.pool.is_empty()
                || lease.account.as_ref().is_some_and(|account| lease.pool.contains(account))
        }),
        "the account of a lease is one of its pool",
    )?;
    rule(job.park.is_none() || job.stage == Stage::Queued, "parked only while queued")?;
    rule(
        job.open_attempt().is_none_or(|a| a.epoch == job.epoch),
        "the open attempt runs under the present epoch",
    )?;
    rule(
        job.attempts.windows(2).all(|w| w[0].no < w[1].no && w[0].epoch <= w[1].epoch),
        "attempts in order",
    )?;
    rule(job.stage != Stage::Shipped || job.shipped.is_some(), "shipped says how")
}
