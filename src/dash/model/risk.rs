//! The screen of work at risk: worktrees with changes that stand in no commit.

use std::collections::HashSet;
use std::sync::Arc;

use super::listing::Listing;
use super::page::Loaded;
use crate::agent::AtRisk;
use crate::dash::survey::Risks;
use crate::fleet::Job;
use crate::job::{Epoch, HolderId, JobId};

/// The screen.
#[derive(Clone, Debug, Default)]
pub struct Risk {
    /// The rows, those that nobody saves first.
    pub list: Listing,
    /// What was found last; it stays while it is looked at again.
    pub found: Loaded<Risks>,
    /// A look is under way.
    pub looking: bool,
    /// Something happened meanwhile: it must be looked at again.
    pub again: bool,
    /// The changes of a worktree, shown instead of the list.
    pub patch: Option<Unsaved>,
}

/// The changes of one worktree against what was accepted.
#[derive(Clone, Debug)]
pub struct Unsaved {
    /// The job.
    pub job: JobId,
    /// The text.
    pub text: Loaded<String>,
    /// The first line shown.
    pub top: usize,
}

/// Whether somebody will save a worktree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// An agent works in it and saves it from time to time.
    Alive,
    /// Its agent lives no more, and the lease is not taken back yet.
    Gone,
    /// The job went on without it: its epoch, and the present one.
    Fenced(Epoch, Epoch),
    /// Nobody works on the job.
    Nobody,
}

impl Risk {
    /// The worktree of that job.
    pub fn row(&self, id: &JobId) -> Option<&AtRisk> {
        self.found.here().and_then(|found| found.rows.iter().find(|row| row.job == *id))
    }

    /// The worktree under the cursor.
    pub fn current(&self) -> Option<&AtRisk> {
        self.list.cursor().and_then(|id| self.row(id))
    }
}

/// Who owns the worktree of a job.
pub fn owner_of(job: &Job, gone: &HashSet<HolderId>) -> Owner {
    if let Some(lease) = job.work_lease() {
        return if gone.contains(&lease.holder) { Owner::Gone } else { Owner::Alive };
    }
    match job.attempts.last().map(|attempt| attempt.epoch) {
        Some(epoch) if epoch < job.epoch => Owner::Fenced(epoch, job.epoch),
        _ => Owner::Nobody,
    }
}

/// The jobs at risk: those without a living owner first, then the oldest.
pub fn by_need(rows: &[AtRisk], alive: impl Fn(&JobId) -> bool) -> Arc<Vec<JobId>> {
    let mut order: Vec<&AtRisk> = rows.iter().collect();
    order.sort_by(|a, b| (alive(&a.job), a.since, &a.job).cmp(&(alive(&b.job), b.since, &b.job)));
    Arc::new(order.into_iter().map(|row| row.job.clone()).collect())
}
