//! Jobs that a person wants to be told about, each as it stood when something was last told of it.
//!
//! They are kept for as long as the cockpit is open: what changed while nobody was there is in `aq events`.

use std::collections::BTreeMap;

use crate::fleet::Job;
use crate::job::{JobId, Stage};

/// Watched jobs at the most: a person who is told of more than these is told of nothing.
pub const WATCHED_MOST: usize = 100;

/// What of a job is told when it changes: its stage, and whether it is put aside.
pub type Standing = (Stage, bool);

/// The watched jobs.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    jobs: BTreeMap<JobId, Standing>,
}

impl Watched {
    /// Whether the job is one of them.
    pub fn has(&self, id: &JobId) -> bool {
        self.jobs.contains_key(id)
    }

    /// All of them, by name.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &JobId> {
        self.jobs.keys()
    }

    /// Watches a job as it stands now; gives `false` if there are too many.
    pub fn add(&mut self, job: &Job) -> bool {
        let room = self.jobs.len() < WATCHED_MOST || self.has(&job.id);
        if room {
            self.jobs.insert(job.id.clone(), standing(job));
        }
        room
    }

    /// Watches it no more.
    pub fn forget(&mut self, id: &JobId) {
        self.jobs.remove(id);
    }

    /// Notes where a job stands now; gives whether that is news of a watched one.
    pub fn moved(&mut self, job: &Job) -> bool {
        let now = standing(job);
        self.jobs.get_mut(&job.id).is_some_and(|was| std::mem::replace(was, now) != now)
    }
}

fn standing(job: &Job) -> Standing {
    (job.stage, job.park.is_some())
}
