//! Accounts: closed by what an attempt met, opened by time, a person, or a success.

use super::super::account::{AccountId, Shut, has_worked, is_of_host};
use super::super::command::{Ending, Now, Order};
use super::super::event::{ActorKind, What};
use super::super::job::{Job, Park, ParkReason};
use super::super::refusal::{Code, Refusal};
use super::super::state::State;
use super::consequence::parked;
use crate::job::Outcome;
use crate::time::{Span, Stamp};

/// First pause after a usage limit that named no reset time.
const LIMIT_FIRST: Span = Span::from_mins(5);
/// Longest such pause.
const LIMIT_MOST: Span = Span::from_mins(60);

/// When the window of a usage limit opens again: as it was told, or after a pause that doubles.
pub(super) fn reset(state: &State, job: &Job, ending: &Ending, now: Now) -> Stamp {
    let account = job.open_attempt().and_then(|attempt| attempt.accounts());
    let of_account = account.and_then(|row| state.accounts.get(&row.0)).map_or(0, |record| record.limits);
    let pause = LIMIT_FIRST.times(1u64 << job.limits.max(of_account).min(8)).min(LIMIT_MOST);
    ending.until.filter(|at| *at > now.wall).unwrap_or(now.wall.plus(pause))
}

/// How a job waits out a usage limit that resets at `until`: not at all where its host may go on with
/// another account that is open, else until the first of them opens.
pub(super) fn wait(state: &State, job: &Job, ending: &Ending, until: Stamp, now: Now) -> Option<Park> {
    let own = Park {
        text: Some(ending.reason.clone()),
        window: ending.window.clone(),
        account: job.lease.as_ref().and_then(|lease| lease.account.clone()),
        ..Park::new(ParkReason::Limit, Some(until))
    };
    let Some(lease) = &job.lease else { return Some(own) };
    let shut = |name: &String| state.shut(&lease.engine, name, lease.holder.host(), now.wall, None);
    let mut first: Option<Shut<'_>> = None;
    for name in lease.pool.iter().filter(|name| lease.account.as_ref() != Some(*name)) {
        let shut = shut(name)?;
        first = Some(first.map_or(shut, |before| Shut::sooner(before, shut)));
    }
    // Another window of its own account may be closed for longer; another account may open sooner.
    let longer = lease.account.as_ref().and_then(shut).filter(|shut| shut.closure.until > Some(until));
    let own = longer.map_or_else(|| own.clone(), |shut| until_opens(shut, &own));
    let sooner = first.filter(|shut| shut.closure.until.is_some_and(|at| Some(at) < own.until));
    Some(sooner.map_or_else(|| own.clone(), |shut| until_opens(shut, &own)))
}

/// The park of a job that waits for this account and window to open.
fn until_opens(shut: Shut<'_>, park: &Park) -> Park {
    Park {
        until: shut.closure.until,
        text: Some(shut.closure.text.clone()),
        window: Some(shut.window.to_string()).filter(|window| !window.is_empty()),
        account: Some(shut.account.to_string()),
        ..park.clone()
    }
}

/// What an end says about the account it ran on: closed, opened, or nothing.
pub(super) fn after(state: &State, job: &Job, ending: &Ending, now: Now) -> Vec<What> {
    let Some(attempt) = job.open_attempt() else { return Vec::new() };
    let Some((account, login)) = attempt.accounts() else { return Vec::new() };
    let close = |id: &AccountId, window: Option<String>, until: Option<Stamp>| What::AccountClosed {
        engine: id.engine.to_string(),
        account: id.account.to_string(),
        window,
        outcome: ending.outcome,
        until,
        of: job.id.clone(),
        text: ending.reason.clone(),
    };
    match ending.outcome {
        Outcome::Limit => {
            vec![close(&account, ending.window.clone(), Some(reset(state, job, ending, now)))]
        }
        Outcome::Auth => vec![close(&account, None, None)],
        outcome if is_of_host(outcome) && ending.engine_fault => {
            let met = state.accounts.get(&login).and_then(|record| record.met.as_ref());
            let again = met.is_some_and(|met| {
                met.job != job.id && (met.outcome, &met.reason) == (outcome, &ending.reason)
            });
            if again { vec![close(&login, None, None)] } else { Vec::new() }
        }
        outcome if has_worked(outcome) => {
            // Only what began after it closed shows that it is open again.
            let began = attempt.started;
            let mut opened = open_where(state, &account, "an attempt on it worked", |c| c.1.since < began);
            if login != account {
                let reason = "an attempt on this host worked";
                opened.extend(open_where(state, &login, reason, |c| {
                    is_of_host(c.1.outcome) && c.1.since < began
                }));
            }
            opened
        }
        _ => Vec::new(),
    }
}

fn open_where(
    state: &State,
    id: &AccountId,
    reason: &str,
    opens: impl Fn((&str, &super::super::account::Closure)) -> bool,
) -> Vec<What> {
    let closed = state.accounts.get(id).into_iter().flat_map(|record| &record.closed);
    let rows = closed.filter(|(window, closure)| opens((window, closure)));
    let event = |(window, _): (&std::sync::Arc<str>, _)| What::AccountOpened {
        engine: id.engine.to_string(),
        account: id.account.to_string(),
        window: Some(window.to_string()).filter(|window| !window.is_empty()),
        reason: reason.to_string(),
    };
    rows.map(event).collect()
}

/// Opens an account: for a person at once, with the jobs that were parked for it; for a timer what is due.
pub(super) fn open(
    state: &State,
    engine: &str,
    account: &str,
    order: &Order,
    now: Now,
) -> Result<Vec<What>, Refusal> {
    let id = AccountId::new(engine, account);
    let closed = state.accounts.get(&id).is_some_and(|record| !record.closed.is_empty());
    if !closed {
        let message = format!("{id} is not closed");
        return Err(Refusal::new(Code::NoChange, message, "see what a job waits for: aq explain"));
    }
    if order.by.kind != ActorKind::Person {
        let due = open_where(state, &id, "its time has come", |row| !row.1.holds(now.wall));
        return match due.is_empty() {
            true => Err(Refusal::new(Code::NotDue, format!("{id} is not due"), "the timer asks again")),
            false => Ok(due),
        };
    }
    let mut events = open_where(state, &id, "opened by a person", |_| true);
    let of_engine = state.jobs.values().filter(|job| {
        job.attempts.last().is_some_and(|attempt| attempt.engine == engine)
            && job.park.as_deref().is_some_and(|park| park.reason == ParkReason::Limit)
    });
    for job in of_engine {
        let Some(park) = job.park.as_deref() else { continue };
        if park.account.as_deref() == Some(account) {
            let reason = format!("{id} was opened by a person");
            events.push(What::JobUnparked { job: job.id.clone(), reason });
        } else if park.until.is_none_or(|until| until > now.wall) {
            // Its host may go on with this one. It is not let try what stays closed: its date has come, no more.
            let park = Park { until: Some(now.wall), ..park.clone() };
            events.push(parked(&job.id, job.epoch, park));
        }
    }
    Ok(events)
}

/// Whether a job in the line may be waiting for an account that is closed, and was not let try already.
pub(super) fn waits_for_one(state: &State, job: &Job, now: Now) -> bool {
    let mut closed = state.closed_accounts(now.wall).filter(|row| Some(row.2.since) > job.tries);
    closed.any(|row| job.may_use(&row.0.engine))
}
