//! Putting a tree into a commit, and moving the job's branch once the law has accepted one.

use std::path::Path;

use super::doer::{Doer, blocking};
use crate::agent::keep;
use crate::agent::place::{Workspace, job_branch, refused, request};
use crate::agent::work::{Saved, Work};
use crate::board::Board as _;
use crate::fleet::{Event, Job, What};
use crate::git::Repo;
use crate::job::{JobId, Outcome};
use crate::time::Span;

impl Doer {
    /// Once the law has accepted the work, the job's branch moves to it. A branch that cannot be moved now
    /// is moved by the ship; the accepted pointer is the law's.
    pub(super) async fn accept(&self, work: &Work, events: &[Event]) {
        let accepted = events.iter().any(|event| match &event.what {
            What::AttemptEnded { job, outcome, .. } => *job == work.job && *outcome == Outcome::Ok,
            _ => false,
        });
        let repo = work.prepared.as_ref().and_then(|p| p.space.repo.clone());
        if let (true, Some(repo), Some(rev)) = (accepted, repo, work.saved.rev.clone()) {
            let job = work.job.clone();
            let _ = blocking(move || accept(&repo, &job, &rev)).await;
        }
    }

    /// Puts the tree into a commit under the epoch of this work.
    pub(super) async fn save(&self, work: Work) -> Result<Saved, String> {
        let Some(prepared) = work.prepared.clone() else { return Ok(Saved::default()) };
        if let Some(rev) = &prepared.review {
            return self.end_review(&work, rev).await;
        }
        let state = self.local.snapshot();
        let Some(job) = state.job(&work.job).cloned() else { return Err("the job is gone".to_string()) };
        let effective = self.effective(&job).await.map_err(|fault| fault.to_string())?;
        let place = self.local.place().clone();
        let host = crate::engine::process_identity().host;
        let (scope, artifacts) = (effective.allowed_scope, effective.artifacts);
        let parts = !job.children.is_empty();
        let saved = blocking(move || {
            keep::artifacts(&place, &work, &prepared.space, &artifacts);
            save_tree(&job, &work, &prepared.space, &scope, &host)
        });
        Ok(Saved { parts, ..saved.await? })
    }
}

fn save_tree(
    job: &Job,
    work: &Work,
    space: &Workspace,
    scope: &[String],
    host: &str,
) -> Result<Saved, String> {
    let (Some(path), Some(repo)) = (&space.worktree, &space.repo) else { return Ok(Saved::default()) };
    let said = |e: &crate::git::GitError| refused(e).1;
    let repo = Repo::discover(repo).map_err(|e| said(&e))?.ok_or("the repository is gone")?;
    let worktree = repo.worktree(path).map_err(|e| said(&e))?.ok_or("the worktree is gone")?;
    let why = format!("checkpoint of attempt {}", work.attempt);
    let made = worktree.checkpoint(&request(job, work.epoch, &why, Some(host))).map_err(|e| said(&e))?;
    let mut saved = Saved {
        rev: Some(made.rev.clone()),
        lines: made.stat.insertions + made.stat.deletions,
        left_out: made.left_out.iter().map(|left| left.path.display().to_string()).collect(),
        ..Saved::default()
    };
    if let Some(start) = &space.start {
        let change = repo.diffstat(start, &made.rev).map_err(|e| said(&e))?;
        saved.changed = !change.paths.is_empty();
        saved.change = Some((change.files as u64, change.insertions, change.deletions));
        saved.outside = keep::outside(&change.paths, scope);
        if !scope.is_empty() {
            // Of all its attempts: what an earlier one left outside is as much a part of what is offered.
            let base = job.open_attempt().and_then(|attempt| attempt.base.as_ref()).unwrap_or(start);
            let whole = repo.diffstat(base, &made.rev).map_err(|e| said(&e))?;
            saved.strays = Some(keep::outside(&whole.paths, scope).len() as u64);
        }
    }
    Ok(saved)
}

/// Tries of a branch that others move or lock at the same moment, and the pause between two.
const ACCEPTS_MOST: u32 = 100;
const ACCEPT_AGAIN: Span = Span::from_millis(30);

/// Moves the job's branch to the accepted work, once the law has accepted it. Blocks.
pub(in crate::agent) fn accept(
    repo: &Path,
    job: &JobId,
    rev: &crate::job::Rev,
) -> Result<(), crate::git::GitError> {
    let Some(repo) = Repo::discover(repo)? else { return Ok(()) };
    let branch = job_branch(job);
    let mut tries = 0;
    loop {
        let head = repo.branch_head(&branch)?;
        if head.as_ref() == Some(rev) {
            return Ok(());
        }
        match repo.accept(&branch, rev, head.as_ref()) {
            // Whoever reported the work and whoever ships it move the branch to the same place: the slower
            // one finds it there when it looks again.
            Err(_) if tries < ACCEPTS_MOST => {
                tries += 1;
                std::thread::sleep(ACCEPT_AGAIN.to_std());
            }
            done => return done,
        }
    }
}
