//! Jobs that have ended leave the hot state by themselves, so that a long history makes no start slow.
//!
//! Only what nobody has to decide any more goes: shipped and cancelled jobs, the oldest first. Their files,
//! worktrees and transcripts stay until `aq clean`; their history stays in the log.

use super::local::Local;
use super::seam::Board as _;
use crate::fleet::{Actor, ActorKind, Command, Job, Order, State};
use crate::job::{JobId, Stage};
use crate::store::Fault;

/// Ended jobs that stay hot: a screen's worth of days, and a snapshot of a megabyte.
pub const HOT_ENDED_MOST: usize = 1_000;
/// So many beyond it are worth an event.
const SLACK: usize = 100;
/// Jobs of one event: bounds a line of the log.
const BATCH_MOST: usize = 500;

impl Local {
    /// Archives the oldest jobs that have ended for good, if they have become many. Tells how many went.
    ///
    /// # Errors
    /// A [`Fault`] of the log.
    pub async fn archive_old(&self) -> Result<usize, Fault> {
        let state = self.snapshot();
        if state.jobs.len() < HOT_ENDED_MOST + SLACK {
            return Ok(0);
        }
        let old = oldest(&state);
        let by = || Actor::new(ActorKind::System, "archive");
        let order = |jobs: &[JobId]| Order::new(by(), Command::Archive { jobs: jobs.to_vec() });
        let verdicts = self.act(old.chunks(BATCH_MOST).map(order).collect()).await?;
        // A no is somebody who has just begun to wait for one of them: the next look finds it out.
        Ok(old.chunks(BATCH_MOST).zip(verdicts).filter(|row| row.1.is_ok()).map(|row| row.0.len()).sum())
    }
}

/// Jobs beyond those that stay, the oldest first; none that another still waits for.
fn oldest(state: &State) -> Vec<JobId> {
    let is_over =
        |job: &Job| job.stage == Stage::Shipped || job.stage == Stage::Failed && &*job.why == "cancelled";
    let mut ended: Vec<&Job> = state.jobs.values().map(|job| &**job).filter(|job| is_over(job)).collect();
    if ended.len() < HOT_ENDED_MOST + SLACK {
        return Vec::new();
    }
    ended.sort_by_key(|job| (job.since, job.event));
    let needed = |job: &Job| {
        state.waiters(&job.id).any(|id| state.job(id).is_some_and(|waits| !waits.stage.is_ended()))
    };
    let beyond = ended.len() - HOT_ENDED_MOST;
    ended.into_iter().take(beyond).filter(|job| !needed(job)).map(|job| job.id.clone()).collect()
}
