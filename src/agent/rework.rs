//! Where an attempt after the first begins: on the work so far, and on base as it is now.
//!
//! Work that was accepted and sent back, by a reviewer or by a ship that met a conflict, is done again
//! against the base that it will be shipped into; or the same conflict would be there at every ship. Base is
//! merged in. Where that conflicts, the job begins anew from base and the work so far is set aside: its
//! checkpoints stay in `refs/aq/JOB/EPOCH`, and the hand-off names the commits, so that an engine can take
//! over what is still good. A tree is never left half merged: a script would run over the marks of the
//! conflict, and verify would judge them. The rejected design, to leave the old tree and ask the engine in
//! words to merge, works for no script, since a script has no hand-off.
//!
//! An attempt that was interrupted (killed, drained, timed out) goes on where it stood: no file changes under
//! a half-done thought. After one that came to its own end without being accepted, base is carried in under
//! its files where both leave each other alone; else it goes on as it stands, and the ship will tell.
//!
//! That work was set aside is read from the history, not remembered: then the branch does not hold the
//! accepted commit, and that commit does not hold the branch. So a kill between any two steps leaves
//! nothing to repair; the next agent takes the steps that are left. The first checkpoint of an attempt
//! that began anew is made here, because a later one would take the old work for its parent.

use serde::{Deserialize, Serialize};

use super::place::{job_branch, request};
use crate::fleet::{Attempt, Job};
use crate::git::{GitError, Refusal, Repo, Start, Worktree};
use crate::job::{AttemptNo, Epoch, Outcome, Rev};

/// Accepted work that conflicts with base as it is now, and that the next attempt does not begin with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Aside {
    /// The attempt that made it.
    pub attempt: AttemptNo,
    /// The epoch it was made under.
    pub epoch: Epoch,
    /// The base it was made on; `None` where that is not known.
    pub from: Option<Rev>,
    /// Its last commit.
    pub to: Rev,
    /// What it conflicts with.
    pub base: String,
}

/// Where an attempt begins.
pub(super) struct Begun {
    /// The job's worktree; another one than before where its branch was moved.
    pub worktree: Worktree,
    /// What the attempt does not begin with.
    pub aside: Option<Aside>,
    /// The tree as the last attempt left it, where the next goes on with it.
    kept: Option<Rev>,
}

/// Brings the worktree to where the next attempt begins. `base` is its name and where it stands.
///
/// # Errors
/// Git's no or fault; work that stands in no commit is never given up.
pub(super) fn begin_again(
    repo: &Repo,
    job: &Job,
    worktree: Worktree,
    base: (&str, &Rev),
) -> Result<Begun, GitError> {
    let Some(last) = job.attempts.last() else { return Ok(Begun::as_it_stands(worktree)) };
    let accepted = job.attempts.iter().find_map(|attempt| {
        let head = job.head.as_ref().filter(|head| head.epoch == attempt.epoch)?;
        Some(Aside::of(attempt, head.rev.as_ref()?, base.0))
    });
    let aside = match &accepted {
        Some(work) if is_left_behind(repo, &worktree, &work.to)? => Some(work.clone()),
        _ => None,
    };
    let head = [(base.0.to_string(), base.1.clone())];
    match accepted.filter(|work| work.attempt == last.no) {
        // Begun anew already, by an agent that got no further: no engine has worked in the tree since.
        Some(_) if aside.is_some() => {
            worktree.merge_heads(&head)?;
            Ok(Begun { worktree, aside, kept: None })
        }
        Some(work) => on_new_base(repo, job, &worktree, &head, work),
        None => {
            let kept = keep_what_stands(job, last.epoch, &worktree)?;
            if came_to_its_own_end(last) {
                carry_in(&worktree, &head)?;
            }
            Ok(Begun { worktree, aside, kept: Some(kept) })
        }
    }
}

/// Accepted work with base merged in, or base alone.
fn on_new_base(
    repo: &Repo,
    job: &Job,
    worktree: &Worktree,
    head: &[(String, Rev)],
    work: Aside,
) -> Result<Begun, GitError> {
    let kept = keep_what_stands(job, work.epoch, worktree)?;
    let (path, branch) = (worktree.path().to_path_buf(), job_branch(&job.id));
    let worktree = repo.ensure_worktree(&path, &branch, Start::Exactly(&kept))?;
    match worktree.merge_heads(head) {
        Ok(_) => Ok(Begun::as_it_stands(worktree)),
        Err(GitError::Refused(Refusal::Conflict { .. })) => {
            let worktree = repo.ensure_worktree(&path, &branch, Start::Exactly(&head[0].1))?;
            Ok(Begun { worktree, aside: Some(work), kept: None })
        }
        Err(error) => Err(error),
    }
}

impl Begun {
    /// The tree as it is, nothing merged and nothing set aside.
    pub(super) fn as_it_stands(worktree: Worktree) -> Begun {
        Begun { worktree, aside: None, kept: None }
    }

    /// Starts the chain of checkpoints of an attempt that does not begin with the accepted work.
    ///
    /// # Errors
    /// Git's no or fault.
    pub(super) fn first_checkpoint(&self, job: &Job) -> Result<(), GitError> {
        if self.aside.is_none() {
            return Ok(());
        }
        let mut first = request(job, job.epoch, "where it begins anew", None);
        first.previous = self.kept.clone().or(self.worktree.head()?.rev().cloned());
        self.worktree.checkpoint(&first).map(drop)
    }
}

impl Aside {
    fn of(attempt: &Attempt, work: &Rev, base: &str) -> Aside {
        let (attempt, epoch, from) = (attempt.no, attempt.epoch, attempt.base.clone());
        Aside { attempt, epoch, from, to: work.clone(), base: base.to_string() }
    }
}

/// Whether the branch went on without this work.
fn is_left_behind(repo: &Repo, worktree: &Worktree, work: &Rev) -> Result<bool, GitError> {
    let head = worktree.head()?;
    let Some(head) = head.rev() else { return Ok(false) };
    Ok(!repo.contains(head, work)? && !repo.contains(work, head)?)
}

/// The engine said itself how it ended, and verify spoke; nothing was cut off in the middle.
fn came_to_its_own_end(attempt: &Attempt) -> bool {
    matches!(attempt.outcome, Some(Outcome::TaskFailed | Outcome::VerifyFailed | Outcome::NoWork))
}

/// Brings base in below files that are not committed, if none of them is in its way.
fn carry_in(worktree: &Worktree, head: &[(String, Rev)]) -> Result<(), GitError> {
    use Refusal::{Conflict, Detached, Dirty, Overwrites};
    match worktree.merge_heads(head) {
        Err(GitError::Refused(Conflict { .. } | Dirty { .. } | Overwrites { .. } | Detached { .. })) => {
            Ok(())
        }
        done => done.map(drop),
    }
}

/// What a lost attempt left in the tree is first committed as it stands, under its own epoch.
pub(super) fn keep_what_stands(job: &Job, epoch: Epoch, worktree: &Worktree) -> Result<Rev, GitError> {
    let request = request(job, epoch, "what an earlier attempt left", None);
    Ok(worktree.checkpoint(&request)?.rev)
}
