//! The attempts of a job's page: which one is looked at, and which one is held beside it.

use super::page::Loaded;
use crate::engine::{RunKind, RunSeen};
use crate::fleet::{Attempt, Job};
use crate::job::{AttemptNo, Epoch};

/// The list of attempts, the newest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RunsPane {
    /// The one under the cursor; `None` is the newest, whichever that is.
    pub at: Option<AttemptNo>,
    /// The one that was marked, to be compared with.
    pub mark: Option<AttemptNo>,
    /// What their runs were to do and how they ended.
    pub told: Loaded<Vec<(AttemptNo, RunSeen)>>,
    /// How many attempts there were when that was asked for, how many of them had ended, and by which epoch the job
    /// was being shipped, if it was.
    pub told_of: Option<(usize, usize, Option<Epoch>)>,
}

impl RunsPane {
    /// The attempt under the cursor.
    pub fn current<'a>(&self, job: &'a Job) -> Option<&'a Attempt> {
        let found = self.at.and_then(|no| job.attempts.iter().find(|attempt| attempt.no == no));
        found.or(job.attempts.last())
    }

    /// What is known of a run of that attempt; of several the last.
    pub fn run(&self, attempt: AttemptNo, kind: RunKind) -> Option<&RunSeen> {
        let all = self.told.here()?;
        all.iter().rfind(|row| row.0 == attempt && row.1.kind == kind).map(|row| &row.1)
    }

    /// Two attempts to compare, the older one first: the marked one and the one under the cursor, or without a
    /// mark that and the one before it. Only attempts that left a commit can be compared.
    pub fn pair(&self, job: &Job) -> Result<(AttemptNo, AttemptNo), String> {
        let here = self.current(job).ok_or("no attempt was begun yet")?;
        let ended_in = |no: AttemptNo| job.attempts.iter().any(|a| a.no == no && a.rev.is_some());
        let before = job.attempts.iter().rev().find(|a| a.no < here.no && a.rev.is_some());
        let other = self.mark.filter(|no| *no != here.no).or(before.map(|attempt| attempt.no));
        let other = other.ok_or_else(|| format!("no attempt before {} left a commit", here.no))?;
        let (first, last) = (other.min(here.no), other.max(here.no));
        match [first, last].into_iter().find(|no| !ended_in(*no)) {
            Some(no) => Err(format!("attempt {no} left no commit")),
            None => Ok((first, last)),
        }
    }
}
