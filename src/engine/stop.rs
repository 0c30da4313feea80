//! Stopping a run: the order is written down before any signal is sent, and the first order stands.
//! A later one can only hurry it: its cause is lost, a shorter grace counts.
//!
//! An engine that is told to stop may still print `success` and exit 0 (`engines.md` section 12 rule 5,
//! seen), so the class of a stopped run comes from the order's cause. An order counts once the shim has
//! taken it up while the engine still ran; a verdict that was fixed before stands. A SIGTERM that nobody
//! ordered (a machine shutting down, a person) also takes the run down, with the cause `terminated`. That
//! is judged as a crash, not as a drain: a crash is retried and counted, so an engine that signals its own
//! shim cannot requeue itself for ever.

use std::io;
use std::path::Path;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::processes::signal;
use super::report::ShimRecord;
use super::rundir;
use crate::job::Outcome;
use crate::time::{Clock, Span, Stamp, SystemClock};

/// Why a run is stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Each variant's meaning is its row of CAUSES.
pub enum StopCause {
    Cancelled,
    Preempted,
    Drained,
    BudgetExceeded,
    Timeout,
    Stalled,
    Fenced,
    Terminated,
    NoStart,
    Looping,
    Hung,
    Limit,
    Auth,
    Overloaded,
}

/// One row per cause: its name, the outcome it gives, and the reason told to people.
pub const CAUSES: [(StopCause, &str, Outcome, &str); 14] = [
    (StopCause::Cancelled, "cancelled", Outcome::Cancelled, "an operator cancelled it"),
    (StopCause::Preempted, "preempted", Outcome::Preempted, "made room for a critical job"),
    (StopCause::Drained, "drained", Outcome::Drained, "its agent or its queue was asked to stop"),
    (
        StopCause::BudgetExceeded,
        "budget_exceeded",
        Outcome::BudgetExceeded,
        "a ceiling of the job's budget is reached",
    ),
    (StopCause::Timeout, "timeout", Outcome::Timeout, "the wall time of this attempt is over"),
    (StopCause::Stalled, "stalled", Outcome::Stalled, "no sign of life within the watchdog's time"),
    // The attempt was closed with its lease, so nobody reports this outcome; it only must not be a success.
    (StopCause::Fenced, "fenced", Outcome::Cancelled, "the lease was lost; another holder has the job"),
    (StopCause::Terminated, "terminated", Outcome::Crash, "stopped by a SIGTERM that aq did not order"),
    (
        StopCause::NoStart,
        "no_start",
        Outcome::Config,
        "it said nothing in its first minute; is it signed in?",
    ),
    (StopCause::Looping, "looping", Outcome::Stalled, "it made the same call again and again"),
    // It gave its verdict before, and that stands.
    (StopCause::Hung, "hung", Outcome::Stalled, "it did not end by itself"),
    (StopCause::Limit, "limit", Outcome::Limit, "its account's usage limit is reached"),
    (StopCause::Auth, "auth", Outcome::Auth, "its login or key was refused"),
    (StopCause::Overloaded, "overloaded", Outcome::Overloaded, "its vendor refused it for too long"),
];

impl StopCause {
    /// The cause's name in files and on screen.
    pub fn name(self) -> &'static str {
        CAUSES[self as usize].1
    }

    /// The class of an attempt stopped for this.
    pub fn outcome(self) -> Outcome {
        CAUSES[self as usize].2
    }

    /// Why, in words.
    pub fn reason(self) -> &'static str {
        CAUSES[self as usize].3
    }
}

/// A stop order as it stands in `stop.json`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StopOrder {
    /// Format of the file.
    pub v: u32,
    /// Why.
    pub cause: StopCause,
    /// Time between TERM and KILL; the plan's if `None`.
    pub grace: Option<Span>,
    /// When the order was given (wall clock).
    pub at: Stamp,
}

/// What became of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ordered {
    /// It stands, and the shim was told.
    Told,
    /// It stands; no live shim is there to be told. A shim that starts later finds it and starts nothing;
    /// after a shim that was killed, [`super::Run::kill_survivors`] ends what is left.
    Standing,
    /// An earlier order stands; the shim was told again, if it lives.
    Earlier(StopCause),
    /// The run had already ended; its verdict stands.
    Ended,
}

/// Version of `stop.json`.
const STOP_VERSION: u32 = 1;

/// Orders the run in `dir` to stop. Returns at once: [`super::Run::state`] tells when it has ended.
///
/// # Errors
/// The order could not be written (then no signal was sent), or the shim could not be signalled.
pub fn order_stop(dir: &Path, cause: StopCause, grace: Option<Span>) -> io::Result<Ordered> {
    if dir.join(rundir::EXIT).exists() {
        return Ok(Ordered::Ended);
    }
    let standing = write_order(dir, cause, grace)?;
    let told = tell_shim(dir)?;
    match standing {
        Some(earlier) => Ok(Ordered::Earlier(earlier)),
        None if told => Ok(Ordered::Told),
        None if dir.join(rundir::EXIT).exists() => Ok(Ordered::Ended),
        None => Ok(Ordered::Standing),
    }
}

/// Writes an order unless one stands; gives the cause of the one that stood.
pub(super) fn write_order(
    dir: &Path,
    cause: StopCause,
    grace: Option<Span>,
) -> io::Result<Option<StopCause>> {
    let order = StopOrder { v: STOP_VERSION, cause, grace, at: SystemClock.wall() };
    if rundir::write_first(dir, rundir::STOP, &order)? {
        return Ok(None);
    }
    let standing = standing_order(dir).ok().flatten();
    if let (Some(earlier), Some(shorter)) = (standing, grace)
        && earlier.grace.is_none_or(|standing| shorter < standing)
    {
        rundir::write_whole(dir, rundir::STOP, &StopOrder { grace, ..earlier })?;
    }
    // Taken name, unreadable text: somebody ordered a stop; the cause given now is the best there is.
    Ok(Some(standing.map_or(cause, |order| order.cause)))
}

/// The order that stands for the run in `dir`.
///
/// # Errors
/// The file is there but cannot be read.
pub fn standing_order(dir: &Path) -> io::Result<Option<StopOrder>> {
    rundir::read(dir, rundir::STOP)
}

/// Signals the shim if it lives. CONT follows because somebody may have stopped the shim by hand, and a
/// stopped process does not take TERM.
fn tell_shim(dir: &Path) -> io::Result<bool> {
    let Some(record) = rundir::read::<ShimRecord>(dir, rundir::SHIM)? else { return Ok(false) };
    if super::identity::is_alive(&record.shim) != super::identity::Liveness::Alive {
        return Ok(false);
    }
    let told = signal(record.shim.pid, record.shim.start, Signal::TERM)?;
    signal(record.shim.pid, record.shim.start, Signal::CONT)?;
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_stand_in_the_order_of_their_enum() {
        for (i, row) in CAUSES.iter().enumerate() {
            assert_eq!(row.0 as usize, i);
            assert_eq!(serde_json::to_string(&row.0).unwrap(), format!("{:?}", row.1));
        }
    }

    #[test]
    fn the_first_order_stands() {
        let dir = tempfile::tempdir().unwrap();
        let order = |cause| order_stop(dir.path(), cause, None).unwrap();
        assert_eq!(order(StopCause::Preempted), Ordered::Standing);
        assert_eq!(order(StopCause::Cancelled), Ordered::Earlier(StopCause::Preempted));
        assert_eq!(standing_order(dir.path()).unwrap().unwrap().cause, StopCause::Preempted);
    }

    #[test]
    fn a_later_order_can_only_hurry() {
        let dir = tempfile::tempdir().unwrap();
        let order = |cause, grace| {
            order_stop(dir.path(), cause, grace).unwrap();
            standing_order(dir.path()).unwrap().map(|order| (order.cause, order.grace)).unwrap()
        };
        let (drained, cancelled) = (StopCause::Drained, StopCause::Cancelled);
        assert_eq!(order(drained, None), (drained, None));
        assert_eq!(order(cancelled, Some(Span::ZERO)), (drained, Some(Span::ZERO)));
        assert_eq!(order(cancelled, Some(Span::from_secs(3))), (drained, Some(Span::ZERO)));
        assert_eq!(order(cancelled, None), (drained, Some(Span::ZERO)));
    }

    #[test]
    fn a_verdict_written_before_the_order_stands() {
        let dir = tempfile::tempdir().unwrap();
        rundir::write_whole(dir.path(), rundir::EXIT, &0).unwrap();
        assert_eq!(order_stop(dir.path(), StopCause::Cancelled, None).unwrap(), Ordered::Ended);
        assert_eq!(standing_order(dir.path()).unwrap(), None);
    }
}
