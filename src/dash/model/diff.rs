//! The diff of a job's page: what was asked for, what came, and where a person looks.

use std::sync::Arc;

use super::page::Loaded;
use super::patch::{Patch, PatchFile, PatchLine};
use crate::fleet::Job;
use crate::job::{AttemptNo, Rev};

/// Which change is looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DiffOf {
    /// Up to this revision.
    pub rev: Option<Rev>,
    /// Only what came between the ends of two attempts.
    pub runs: Option<(AttemptNo, AttemptNo)>,
}

impl DiffOf {
    /// The whole change of a job as it stands: its accepted work, else its last checkpoint.
    pub fn whole(job: &Job) -> DiffOf {
        let head = job.head.as_ref().and_then(|head| head.rev.clone());
        let rev = head.or_else(|| job.checkpoint.as_ref().map(|(rev, _)| rev.clone()));
        DiffOf { rev, runs: None }
    }
}

/// The diff of a page.
#[derive(Clone, Debug, Default)]
pub struct DiffPane {
    /// What was asked for last.
    pub of: Option<DiffOf>,
    /// Two attempts are compared.
    pub runs: Option<(AttemptNo, AttemptNo)>,
    /// What came. While another revision is read, the old one stays in sight.
    pub patch: Loaded<Arc<Patch>>,
    /// The branch stood here when it was last looked at, and has moved since.
    pub moved: Option<Rev>,
    /// The file that is shown.
    pub file: usize,
    /// The row a person went to in it: the beginning of a hunk, or the first one in sight.
    pub at: usize,
    /// Old and new side by side.
    pub split: bool,
    /// What is searched for.
    pub search: String,
    /// The file and the row that a search went to last.
    pub hit: Option<(usize, usize)>,
}

impl DiffPane {
    /// The file that is shown.
    pub fn shown(&self) -> Option<&PatchFile> {
        self.patch.here().and_then(|patch| patch.files.get(self.file))
    }

    /// The rows of all files that hold what is searched for, in their order.
    pub fn matches(&self) -> Vec<(usize, usize)> {
        let Some(patch) = self.patch.here().filter(|_| !self.search.is_empty()) else { return Vec::new() };
        let files = patch.files.iter().enumerate();
        files
            .flat_map(|(nth, file)| {
                let rows = 0..file.rows(self.split);
                rows.filter(move |row| self.has_it(file, *row)).map(move |row| (nth, row))
            })
            .collect()
    }

    /// Whether a row of a file holds what is searched for.
    pub fn has_it(&self, file: &PatchFile, row: usize) -> bool {
        let wanted = self.search.to_lowercase();
        let (left, right) = file.row(self.split, row);
        let has = |line: &PatchLine| line.text.to_lowercase().contains(&wanted);
        !wanted.is_empty() && left.into_iter().chain(right).any(has)
    }

    /// The revision in sight, if it is the whole change that was asked for last.
    pub fn seen(&self) -> Option<&Rev> {
        let of = self.of.as_ref().filter(|of| of.runs.is_none())?;
        self.patch.here().map(|patch| &patch.to).filter(|to| of.rev.as_ref() == Some(to))
    }
}
