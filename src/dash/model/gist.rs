//! The gist of what waits for a person: the question of a job that asks, the size of a change to be reviewed.
//!
//! Neither stands in the state. Both are read beside the log, one at a time, for the jobs that are shown; until one
//! has come, and where it cannot be read, its row says what the state says.

use std::collections::BTreeMap;

use super::page::Loaded;
use crate::fleet::{Job, ParkReason};
use crate::job::{BlobId, JobId, Rev, Stage};

/// Jobs whose gist is read: more than any screen shows at once.
pub const GISTS_MOST: usize = 60;

/// What a gist is of; a later question or revision has another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GistOf {
    /// The question in this text.
    Question(BlobId),
    /// The change up to this commit.
    Change(Rev),
}

impl GistOf {
    /// What is worth a read of this job, if anything is.
    pub fn of(job: &Job) -> Option<GistOf> {
        match job.stage {
            Stage::Queued if job.park.as_ref().is_some_and(|park| park.reason == ParkReason::Asked) => {
                job.asked.as_deref().cloned().map(GistOf::Question)
            }
            Stage::Review => job.head.as_ref().and_then(|head| head.rev.clone()).map(GistOf::Change),
            _ => None,
        }
    }
}

/// What was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Gist {
    /// The question.
    Question(String),
    /// Lines added and removed, and how many of those that came hide something.
    Change(u64, u64, usize),
}

/// Every gist that was read, by job.
#[derive(Clone, Debug, Default)]
pub struct Gists {
    known: BTreeMap<JobId, (GistOf, Loaded<Gist>)>,
}

impl Gists {
    /// The gist of a job as it stands now.
    pub fn of(&self, job: &Job) -> Option<&Gist> {
        let (of, got) = self.known.get(&job.id)?;
        got.here().filter(|_| GistOf::of(job).as_ref() == Some(of))
    }

    /// The next read, of `jobs` in their order; `None` while one is out. What was read of others is forgotten.
    pub fn next<'a>(&mut self, jobs: impl Iterator<Item = &'a Job>) -> Option<(JobId, GistOf)> {
        let wanted: Vec<(&JobId, GistOf)> =
            jobs.filter_map(|job| Some((&job.id, GistOf::of(job)?))).take(GISTS_MOST).collect();
        let is_out = |row: &(GistOf, Loaded<Gist>)| matches!(row.1, Loaded::Asked);
        self.known.retain(|id, row| is_out(row) || wanted.iter().any(|(job, _)| *job == id));
        if self.known.values().any(is_out) {
            return None;
        }
        let has = |id: &JobId, of: &GistOf| self.known.get(id).is_some_and(|row| row.0 == *of);
        let (id, of) = wanted.into_iter().find(|(id, of)| !has(id, of))?;
        self.known.insert(id.clone(), (of.clone(), Loaded::Asked));
        Some((id.clone(), of))
    }

    /// An answer came; one that was not waited for is dropped.
    pub fn take(&mut self, job: &JobId, of: &GistOf, got: Loaded<Gist>) {
        if let Some(row) = self.known.get_mut(job).filter(|row| row.0 == *of) {
            row.1 = got;
        }
    }
}
