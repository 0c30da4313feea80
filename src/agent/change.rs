//! What a job changed: from where its branch began to its accepted work, or to a given revision.

use std::path::PathBuf;

use super::act::blocking;
use super::keep::outside;
use crate::board::{Board as _, Local};
use crate::engine::hides;
use crate::fleet::Job;
use crate::git::{DiffStat, GitError, Repo};
use crate::job::{AttemptNo, Effective, Rev};
use crate::store::Fault;

/// Two revisions of a job and how they differ.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// Where it began.
    pub from: Rev,
    /// Where it stands.
    pub to: Rev,
    /// In figures.
    pub stat: DiffStat,
    /// As a patch, or as a table of files.
    pub text: String,
    /// Changed files outside the allowed scope; `None` where the scope is not limited.
    pub outside: Option<Vec<PathBuf>>,
    /// The command that proves it, if there is one.
    pub verify: Option<String>,
}

impl Change {
    /// Lines that came with characters that a terminal obeys or does not draw.
    pub fn hidden_lines(&self) -> usize {
        let came = self.text.split_terminator('\n').filter(|line| line.starts_with('+'));
        came.filter(|line| hides(line)).count()
    }
}

/// Which part of a job's change is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// Up to this commit, by any name git understands; else the accepted work, else the last checkpoint.
    pub rev: Option<String>,
    /// Only what came between the ends of two attempts.
    pub attempts: Option<(AttemptNo, AttemptNo)>,
    /// A table of files instead of a patch.
    pub stat_only: bool,
}

/// Reads what a job changed.
///
/// # Errors
/// The outer error is a [`Fault`] of the queue; the inner one says in words why there is nothing to show.
pub async fn change(local: &Local, job: &Job, wanted: &Wanted) -> Result<Result<Change, String>, Fault> {
    let bytes = local.blob(job.effective.clone()).await?.unwrap_or_default();
    let Ok(effective) = serde_json::from_slice::<Effective>(&bytes) else {
        return Ok(Err(format!("the resolved values of {} cannot be read", job.id)));
    };
    let end_of = |no: AttemptNo| job.attempts.iter().find(|a| a.no == no).and_then(|a| a.rev.clone());
    // Of the attempt that made it, or of the last: base may have come in anew between two.
    let base_of = |to: Option<&Rev>| {
        let made = job.attempts.iter().rev().find(|a| to.is_some() && a.rev.as_ref() == to);
        let base = made.and_then(|a| a.base.clone());
        base.or_else(|| job.attempts.iter().rev().find_map(|a| a.base.clone()))
    };
    let (from, to) = match wanted.attempts {
        Some((first, last)) => (end_of(first), end_of(last)),
        None => {
            let head = job.head.as_ref().and_then(|h| h.rev.clone());
            let head = head.or_else(|| job.checkpoint.as_ref().map(|(rev, _)| rev.clone()));
            (base_of(head.as_ref()), head)
        }
    };
    let (Some(from), Some(to)) = (from, to) else {
        return Ok(Err(format!("{} has no commit to show yet", job.id)));
    };
    let (cwd, wanted) = (PathBuf::from(effective.cwd), wanted.clone());
    let (scope, verify) = (effective.allowed_scope, effective.verify);
    let read = blocking(move || -> Result<Option<Change>, GitError> {
        let Some(repo) = Repo::discover(&cwd)? else { return Ok(None) };
        let to = match &wanted.rev {
            Some(name) => repo.resolve(name)?,
            None => to,
        };
        let (stat, text) = (repo.diffstat(&from, &to)?, repo.diff_text(&from, &to, wanted.stat_only)?);
        let outside = (!scope.is_empty()).then(|| outside(&stat.paths, &scope));
        Ok(Some(Change { from, to, stat, text, outside, verify }))
    });
    Ok(match read.await {
        Ok(Some(change)) => Ok(change),
        Ok(None) => Err(format!("the repository of {} is gone", job.id)),
        Err(error) => Err(error.to_string()),
    })
}
