//! What is left of an attempt that was closed while its run went on: the run is ended, and what it used up is booked.
//!
//! An agent that lives does this for its own runs. Where it is dead and a person cancels the job, or sends it
//! back, or nobody can take its run up, an engine would go on to its ceilings with nobody waiting for it, and
//! its money would stand in no book. So whoever acts on the queue next looks.

use std::path::Path;

use super::act::{blocking, used_by};
use super::reclaim::is_gone;
use crate::board::{Board as _, Local};
use crate::engine::{KILL_GRACE, Run, RunKind, RunState, StopCause};
use crate::fleet::{Actor, ActorKind, Attempt, Command, Order};
use crate::job::{Outcome, Usage};
use crate::store::Fault;
use crate::time::{Span, Stamp};

/// An attempt that was closed longer ago was looked at by many verbs, or by nobody on this host.
const LOOK_BACK: Span = Span::from_mins(24 * 60);
/// In an attempt's folder: nothing of it runs, and what it used up is in the log.
const SETTLED: &str = "settled";

/// What a closed attempt has left.
enum Left {
    /// Its runs have ended and used up this.
    Used(Usage),
    /// One of them goes on, and was told to end.
    Stopping,
    /// Nothing, or nothing that can be judged from here.
    Nothing,
}

/// Ends what runs on of closed attempts and books what they used up. Gives a line for people for each that is
/// being ended.
///
/// # Errors
/// A [`Fault`] of the log.
pub async fn settle_closed(local: &Local) -> Result<Vec<String>, Fault> {
    let (state, now, side) = (local.snapshot(), local.now().law, &local.place().side);
    let mut lines = Vec::new();
    for job in state.jobs.values() {
        for attempt in job.attempts.iter().filter(|attempt| is_closed_from_outside(attempt, now)) {
            let dir = local.place().runs(&job.id).join(attempt.no.to_string());
            if !dir.is_dir() || dir.join(SETTLED).exists() || !is_gone(&attempt.holder, side, local.clock()) {
                continue;
            }
            let found = {
                let dir = dir.clone();
                blocking(move || left_in(&dir)).await
            };
            match found {
                Left::Stopping => {
                    lines.push(format!("{}: what its dead agent left running is being ended", job.id));
                }
                Left::Used(usage) => {
                    let (run, job) = (attempt.run.clone(), job.id.clone());
                    let settle = Command::Settle { job, attempt: attempt.no, run, usage, rev: None };
                    // A no says that it is known.
                    local.act(vec![Order::new(Actor::new(ActorKind::Agent, "reaper"), settle)]).await?;
                    // Not written, it is only looked at once more.
                    let _ = std::fs::write(dir.join(SETTLED), b"");
                }
                Left::Nothing => {}
            }
        }
    }
    Ok(lines)
}

/// Whether the attempt was closed without the word of its run: by an operator, by a question, or as lost.
fn is_closed_from_outside(attempt: &Attempt, now: Stamp) -> bool {
    let recently = attempt.ended.is_some_and(|at| now.since(at) <= LOOK_BACK);
    let from_outside =
        matches!(attempt.outcome, None | Some(Outcome::Cancelled | Outcome::Preempted | Outcome::Drained));
    recently && from_outside
}

fn left_in(dir: &Path) -> Left {
    let mut left = Left::Nothing;
    for kind in [RunKind::Setup, RunKind::Engine, RunKind::Verify] {
        let Ok(run) = Run::open(&dir.join(kind.name())) else { continue };
        match run.state() {
            Ok(RunState::Alive { .. }) => {
                // An order that stands already says it too.
                let _ = run.stop(StopCause::Cancelled, None);
                return Left::Stopping;
            }
            Ok(RunState::NotStarted) => drop(run.stop(StopCause::Fenced, None)),
            Ok(RunState::Lost { .. })
                if run.kill_survivors(KILL_GRACE).is_ok_and(|left| !left.is_empty()) =>
            {
                return Left::Stopping;
            }
            Ok(RunState::Ended(_) | RunState::Lost { .. }) if kind == RunKind::Engine => {
                left = Left::Used(used_by(&run));
            }
            Ok(_) | Err(_) => {}
        }
    }
    left
}
