//! Git as aq needs it: worktree per job, checkpoints, diff, merge; the user's checkout is never touched.

mod attach;
mod carry;
mod checkpoint;
mod dead_lock;
mod heads;
mod left_out;
mod library;
mod library_files;
mod needs;
mod plumbing;
mod program;
mod program_files;
mod refusal;
mod repo;
mod seed;
mod ship;
mod sweep;
mod worktree;

pub use attach::Start;
pub use checkpoint::{Checkpoint, CheckpointRequest, Unsaved};
pub use left_out::{BIG_FILE, LeftOut};
pub use plumbing::{Checkout, DiffStat, Head, Subject, TreeId};
pub use refusal::{GitError, Refusal, Result};
pub use repo::{Facts, Repo};
pub use seed::seed;
pub use ship::{ShipPlan, ShipRequest, ShipWay, Shipped};
pub use worktree::{Kept, Worktree};

#[cfg(test)]
mod tests;
