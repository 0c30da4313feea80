//! How much an action would cost this very job.

use crate::fleet::{Action, Job, Level};
use crate::job::Stage;

/// The level of doing `action` to `job`. The table of actions has the level of the common case; what a
/// running or a finished attempt would lose raises it. What stands in a pull request is only looked at.
pub fn level_of(action: Action, job: &Job) -> Level {
    let loses = match action {
        // The turn in flight, or a result that stood at its gate.
        Action::Cancel => job.stage.is_held() || is_gate(job.stage),
        Action::Park | Action::Requeue => job.stage.is_held(),
        _ => false,
    };
    if action == Action::Ship && job.awaited_pr().is_some() {
        return Level::Reversible;
    }
    if loses { Level::Decides } else { action.row().level }
}

/// Whether work that is done stands there and waits for a person's word.
pub(super) fn is_gate(stage: Stage) -> bool {
    matches!(stage, Stage::Review | Stage::Testing)
}

/// Whether an undo of it would have the work done again: a requeue takes it back, and no job comes to a gate but by
/// a run.
pub fn undo_runs_again(action: Action, before: &Job) -> bool {
    matches!(action, Action::Reject | Action::Cancel) && is_gate(before.stage)
}

/// Whether `aq undo` can take it back, given where the job stood before.
pub fn has_inverse(action: Action, before: &Job, to: Stage) -> bool {
    // A reject from failed gives up, and one that requeues is gone on with: neither comes back.
    let given_up = action == Action::Reject && (before.stage == Stage::Failed || to != Stage::Failed);
    // A job that only waited for an account was let try: there is no park to put back.
    let let_try = action == Action::Unpark && before.park.is_none();
    action.has_undo() && !given_up && !let_try
}
