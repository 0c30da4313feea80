//! The screen of work at risk: worktrees with changes that stand in no commit.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::app::Model;
use super::listing::Listing;
use super::page::Loaded;
use crate::agent::AtRisk;
use crate::dash::survey::Risks;
use crate::fleet::Job;
use crate::job::{Epoch, HolderId, JobId};
use crate::time::Stamp;

/// The screen.
#[derive(Clone, Debug, Default)]
pub struct Risk {
    /// The rows, those that nobody saves first.
    pub list: Listing,
    /// What was found last; it stays while it is looked at again.
    pub found: Loaded<Risks>,
    /// When that was looked at (wall clock).
    pub at: Option<Stamp>,
    /// A look is under way.
    pub looking: bool,
    /// Something happened meanwhile: it must be looked at again.
    pub again: bool,
    /// The changes of a worktree, shown instead of the list.
    pub patch: Option<Unsaved>,
    /// The changes of the worktree under the cursor, beside the list where there is room.
    pub beside: Option<Unsaved>,
    /// What stands at the top.
    pub order: RiskOrder,
    /// Jobs whose worktree no living agent saves, as far as it was looked: kept up wherever a person is, for the tag.
    pub at_risk: Arc<BTreeSet<JobId>>,
}

/// What stands at the top of the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RiskOrder {
    /// What nobody saves.
    #[default]
    Need,
    /// What would lose the most lines.
    Lines,
    /// What would lose the most files.
    Files,
    /// What is the oldest.
    Age,
}

impl RiskOrder {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            RiskOrder::Need => "owner gone first",
            RiskOrder::Lines => "most lines first",
            RiskOrder::Files => "most files first",
            RiskOrder::Age => "oldest first",
        }
    }

    /// The one after it, round and round.
    pub fn next(self) -> RiskOrder {
        match self {
            RiskOrder::Need => RiskOrder::Lines,
            RiskOrder::Lines => RiskOrder::Files,
            RiskOrder::Files => RiskOrder::Age,
            RiskOrder::Age => RiskOrder::Need,
        }
    }
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

/// The worktrees that no agent will save: of those whose agent is gone, the next one here takes the job up.
pub fn nobodys(model: &Model) -> Vec<JobId> {
    let is_free = |id: &JobId| {
        let owner = model.job(id).map_or(Owner::Nobody, |job| owner_of(job, &model.replica.gone));
        matches!(owner, Owner::Fenced(..) | Owner::Nobody) && model.risk.row(id).is_some()
    };
    model.risk.list.rows().iter().filter(|id| is_free(id)).cloned().collect()
}

/// Those of them that hold something a commit takes.
pub fn to_save(model: &Model) -> Vec<JobId> {
    let saves = |id: &JobId| model.risk.row(id).is_some_and(AtRisk::can_be_saved);
    nobodys(model).into_iter().filter(saves).collect()
}

/// So many worktrees, in words.
pub fn worktrees(n: usize) -> String {
    if n == 1 { "1 worktree".to_string() } else { format!("{n} worktrees") }
}

/// Who owns the worktree of a job.
pub fn owner_of(job: &Job, gone: &HashSet<HolderId>) -> Owner {
    if let Some(lease) = job.work_lease() {
        return if gone.contains(&lease.holder) { Owner::Gone } else { Owner::Alive };
    }
    // One that came to its own end was fenced out by nobody: reviews and ships raise the epoch too.
    match job.attempts.last().filter(|attempt| attempt.outcome.is_none()).map(|attempt| attempt.epoch) {
        Some(epoch) if epoch < job.epoch => Owner::Fenced(epoch, job.epoch),
        _ => Owner::Nobody,
    }
}

/// The jobs at risk in that order; where it tells nothing, those without a living owner first, then the oldest.
pub fn at_risk_in(order: RiskOrder, rows: &[AtRisk], alive: impl Fn(&JobId) -> bool) -> Arc<Vec<JobId>> {
    let first = |row: &AtRisk| match order {
        RiskOrder::Need | RiskOrder::Age => 0,
        RiskOrder::Lines => row.lines,
        RiskOrder::Files => row.files.len() as u64,
    };
    let saved = |row: &AtRisk| order != RiskOrder::Age && alive(&row.job);
    let key = |row: &AtRisk| (std::cmp::Reverse(first(row)), saved(row), row.since, row.job.clone());
    let mut order: Vec<&AtRisk> = rows.iter().collect();
    order.sort_by_cached_key(|row| key(row));
    Arc::new(order.into_iter().map(|row| row.job.clone()).collect())
}
