//! Work at risk: worktrees with changes that stand in no commit; saved by one verb, never deleted unasked.

use std::path::PathBuf;
use std::sync::Arc;

use super::act::blocking;
use super::place::{request, worktree_path};
use crate::board::{Board as _, Local, Settings};
use crate::engine::is_gone;
use crate::fleet::{Actor, Command, Job, Order};
use crate::git::{GitError, Kept, LeftOut, Repo};
use crate::job::{Effective, JobId, Rev, Usage};
use crate::store::Fault;
use crate::time::Stamp;

/// A worktree whose files are ahead of every commit.
#[derive(Clone, PartialEq, Debug)]
pub struct AtRisk {
    /// The job.
    pub job: JobId,
    /// The worktree.
    pub path: PathBuf,
    /// Files that a checkpoint would save now.
    pub files: Vec<PathBuf>,
    /// Lines added to and removed from each of them, in their order.
    pub each: Vec<(u64, u64)>,
    /// Lines in all of them.
    pub lines: u64,
    /// Files that no checkpoint would save, with the reason.
    pub left_out: Vec<String>,
    /// Since when the job stands as it does.
    pub since: Stamp,
    /// An agent works in it and will save it.
    pub owned: bool,
    /// The agent that worked in it lives no more; the next one takes the job back and saves it.
    pub gone: bool,
}

impl AtRisk {
    /// Whether a checkpoint would take any of it: secrets and huge files stay where they are.
    pub fn can_be_saved(&self) -> bool {
        !self.files.is_empty()
    }
}

/// Every worktree at risk of this queue on this host. Looks, changes nothing.
///
/// # Errors
/// A [`Fault`] if the resolved values of a job cannot be read.
pub async fn at_risk(local: &Local, settings: &Settings) -> Result<Vec<AtRisk>, Fault> {
    at_risk_of(local, settings, local.snapshot().jobs.values().cloned().collect()).await
}

/// The same of these jobs alone: each worktree costs a look by git.
///
/// # Errors
/// As [`at_risk`].
pub async fn at_risk_of(
    local: &Local,
    settings: &Settings,
    jobs: Vec<Arc<Job>>,
) -> Result<Vec<AtRisk>, Fault> {
    let mut found = Vec::new();
    for job in jobs.iter().filter(|job| job.spec.worktree && !job.attempts.is_empty()) {
        // What a reviewer changed is nobody's work.
        if job.subject.is_some() {
            continue;
        }
        let path = worktree_path(local.place(), settings, &job.id);
        if !path.exists() {
            continue;
        }
        let Some(cwd) = cwd_of(local, job).await? else { continue };
        let saved = job.checkpoint.as_ref().map(|(rev, _)| rev.clone());
        // A rescue stands under the epoch it was made in; the law does not hear of it.
        let rescue = job.attempts.last().map(|attempt| format!("refs/aq/{}/{}", job.id, attempt.epoch));
        let (at, job) = (path.clone(), (**job).clone());
        // A tree that git cannot read is at risk too, and says why.
        let of = job.id.clone();
        let unsaved = blocking(move || unsaved(&cwd, &at, (saved.as_ref(), &of, rescue.as_deref()))).await;
        let mut risk = AtRisk {
            job: job.id.clone(),
            path,
            files: Vec::new(),
            each: Vec::new(),
            lines: 0,
            left_out: Vec::new(),
            since: job.since,
            owned: job.work_lease().is_some_and(|lease| !is_gone(&lease.holder)),
            gone: job.work_lease().is_some_and(|lease| is_gone(&lease.holder)),
        };
        match unsaved {
            Ok(None) => continue,
            Ok(Some(unsaved)) => {
                (risk.files, risk.each, risk.lines) = (unsaved.files, unsaved.each, unsaved.lines);
                risk.left_out = unsaved.left_out.iter().map(left_words).collect();
            }
            Err(error) => risk.left_out.push(format!("cannot be looked at: {error}")),
        }
        found.push(risk);
    }
    Ok(found)
}

fn left_words(left: &LeftOut) -> String {
    format!("{}: {}", left.path.display(), left.reason)
}

fn unsaved(
    cwd: &std::path::Path,
    path: &std::path::Path,
    (saved, job, rescue): (Option<&Rev>, &JobId, Option<&str>),
) -> Result<Option<crate::git::Unsaved>, GitError> {
    let Some(repo) = Repo::discover(cwd)? else { return Ok(None) };
    let Some(tree) = repo.worktree(path)? else { return Ok(None) };
    let rescued = repo.job_refs(job)?.into_iter().find(|(name, _)| Some(name.as_str()) == rescue);
    let rescued = rescued.map(|(_, rev)| rev);
    let unsaved = tree.unsaved(rescued.as_ref().or(saved))?;
    Ok(Some(unsaved).filter(|unsaved| !unsaved.is_empty()))
}

/// The folder of the job's repository.
async fn cwd_of(local: &Local, job: &Job) -> Result<Option<PathBuf>, Fault> {
    let bytes = local.blob(job.effective.clone()).await?.unwrap_or_default();
    let effective: Option<Effective> = serde_json::from_slice(&bytes).ok();
    Ok(effective.map(|e| PathBuf::from(e.cwd)))
}

/// How a worktree differs from the accepted work of its job, or from its last checkpoint where nothing was
/// accepted, as a patch.
///
/// # Errors
/// As [`rescue`].
pub async fn unsaved_patch(
    local: &Local,
    settings: &Settings,
    id: &JobId,
) -> Result<Result<String, String>, Fault> {
    let state = local.snapshot();
    let Some(job) = state.job(id).cloned() else { return Ok(Err(format!("no job {id}"))) };
    let Some(cwd) = cwd_of(local, &job).await? else { return Ok(Err(format!("{id} has no folder"))) };
    let path = worktree_path(local.place(), settings, id);
    let head = job.head.as_ref().and_then(|head| head.rev.clone());
    let against = head.or_else(|| job.checkpoint.as_ref().map(|(rev, _)| rev.clone()));
    let read = blocking(move || {
        let repo = Repo::discover(&cwd)?;
        let tree = match &repo {
            Some(repo) => repo.worktree(&path)?,
            None => None,
        };
        tree.map(|tree| tree.patch_against(against.as_ref())).transpose()
    });
    Ok(match read.await {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(format!("{id} has no worktree here")),
        Err(error) => Err(error.to_string()),
    })
}

/// Puts a tree at risk into a commit under the job's last epoch. Gives the commit. Where the job offers work that
/// its agent could not save, that commit is its work from then on.
///
/// # Errors
/// The outer error is a [`Fault`] of the queue; the inner one git's no, in words.
pub async fn rescue(
    local: &Local,
    settings: &Settings,
    by: &Actor,
    id: &JobId,
) -> Result<Result<Rev, String>, Fault> {
    let state = local.snapshot();
    let Some(job) = state.job(id).cloned() else { return Ok(Err(format!("no job {id}"))) };
    if let Some(lease) = job.work_lease() {
        let why = match is_gone(&lease.holder) {
            true => format!("the agent of {id} is gone: the next agent here takes it back and saves it"),
            false => format!("an agent works on {id} and saves it itself"),
        };
        return Ok(Err(why));
    }
    let Some(cwd) = cwd_of(local, &job).await? else { return Ok(Err(format!("{id} has no folder"))) };
    let path = worktree_path(local.place(), settings, id);
    let epoch = job.attempts.last().map_or(job.epoch, |a| a.epoch);
    let unsaved = job.attempts.last().filter(|_| job.unsaved().is_some()).cloned();
    let made = blocking(move || {
        let repo = Repo::discover(&cwd)?;
        let tree = match &repo {
            Some(repo) => repo.worktree(&path)?,
            None => None,
        };
        tree.map(|tree| tree.checkpoint(&request(&job, epoch, "rescued", None))).transpose()
    });
    let made = match made.await {
        Ok(Some(made)) if !made.changed_since_parent && !made.left_out.is_empty() => {
            // The commit of before is no rescue of what no commit takes.
            let left: Vec<String> = made.left_out.iter().map(left_words).collect();
            Err(format!("no commit takes what is left: {}", left.join("; ")))
        }
        Ok(Some(made)) => Ok(made.rev),
        Ok(None) => Err(format!("{id} has no worktree here")),
        Err(error) => Err(error.to_string()),
    };
    if let (Ok(rev), Some(attempt)) = (&made, unsaved) {
        let (job, attempt, run) = (id.clone(), attempt.no, attempt.run);
        let settle = Command::Settle { job, attempt, run, usage: Usage::default(), rev: Some(rev.clone()) };
        // A no says that it is known, or that the job has moved on: the commit stands all the same.
        local.act(vec![Order::new(by.clone(), settle)]).await?;
    }
    Ok(made)
}

/// Gives up a worktree with everything in it that stands in no commit.
///
/// # Errors
/// As [`rescue`].
pub async fn let_go(local: &Local, settings: &Settings, id: &JobId) -> Result<Result<(), String>, Fault> {
    let state = local.snapshot();
    let Some(job) = state.job(id).cloned() else { return Ok(Err(format!("no job {id}"))) };
    if job.work_lease().is_some() {
        return Ok(Err(format!("an agent works on {id}; cancel it first")));
    }
    let Some(cwd) = cwd_of(local, &job).await? else { return Ok(Err(format!("{id} has no folder"))) };
    let path = worktree_path(local.place(), settings, id);
    let gone = blocking(move || match Repo::discover(&cwd)? {
        Some(repo) => repo.remove_worktree(&path, Kept::Told),
        None => Ok(()),
    });
    Ok(gone.await.map_err(|error| error.to_string()))
}
