//! Ships a job's branch into its base, in one compare-and-swap.
//!
//! A plan is made in the object store and can be verified in a worktree of its own before anything moves.
//! It remembers where base stood; if base has moved since, shipping refuses and the caller plans again,
//! so that nothing unverified is ever merged. A base that a person has checked out is only shipped into
//! when a person asks: then the files of that checkout are carried along (see `carry.rs`).

use std::path::{Path, PathBuf};

use crate::job::Rev;

use super::attach::Start;
use super::carry::{carry, plan_carry};
use super::plumbing::{Merged, Pipes, RefStep};
use super::refusal::{Refusal, Result};
use super::repo::{Repo, branch_ref};
use super::worktree::{Kept, Worktree};

/// What is to be shipped.
#[derive(Debug, Clone)]
pub struct ShipRequest {
    /// How the work is called in messages: the job's id or branch.
    pub name: String,
    /// The accepted commit.
    pub rev: Rev,
    /// The branch it goes into, short name.
    pub base: String,
    /// Where base stood when the work was verified, if it was.
    pub verified_base: Option<Rev>,
}

/// How base would get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShipWay {
    /// Base contains the work already.
    AlreadyIn,
    /// Base can be moved to the work.
    FastForward,
    /// Base gets this merge commit, which no ref keeps yet.
    Merge {
        /// The merge of base and the work.
        rev: Rev,
    },
    /// Both changed these files in the same places.
    Conflict {
        /// The files.
        paths: Vec<PathBuf>,
    },
}

/// A ship that can be verified and carried out while base stays where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipPlan {
    /// How the work is called.
    pub name: String,
    /// The work.
    pub rev: Rev,
    /// The branch it goes into, short name.
    pub base: String,
    /// Where base stands.
    pub base_rev: Rev,
    /// True if base is elsewhere than where the work was verified on, so that verify has to run again.
    pub base_moved: bool,
    /// How base gets there.
    pub way: ShipWay,
}

impl ShipPlan {
    /// The commit base would stand on: what has to pass verify. None for a conflict.
    pub fn result(&self) -> Option<&Rev> {
        match &self.way {
            ShipWay::AlreadyIn => Some(&self.base_rev),
            ShipWay::FastForward => Some(&self.rev),
            ShipWay::Merge { rev } => Some(rev),
            ShipWay::Conflict { .. } => None,
        }
    }
}

/// A ship that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipped {
    /// Where base stood.
    pub from: Rev,
    /// Where base stands now.
    pub to: Rev,
    /// Checkouts whose files were carried along.
    pub checkouts: Vec<PathBuf>,
}

impl Repo {
    /// Plans a ship. Moves nothing; a merge commit is written that nothing refers to yet. Refuses a base
    /// that is no local branch.
    pub fn ship_plan(&self, request: &ShipRequest) -> Result<ShipPlan> {
        let pipes = self.pipes();
        let ShipRequest { name, rev, base, verified_base } = request.clone();
        let Some(base_rev) = pipes.ref_value(&branch_ref(&base))? else {
            let near = self.near_names(&base, &["refs/heads/"])?;
            return Err(Refusal::NotABranch { name: base, near }.into());
        };
        let way = if pipes.contains(&base_rev, &rev)? {
            ShipWay::AlreadyIn
        } else if pipes.contains(&rev, &base_rev)? {
            ShipWay::FastForward
        } else {
            match pipes.merge(&base_rev, &rev)? {
                Merged::Conflict(paths) => ShipWay::Conflict { paths },
                Merged::Clean(tree) => {
                    let message = format!("Merge {name} into {base}\n");
                    ShipWay::Merge { rev: pipes.commit(&tree, &[&base_rev, &rev], &message)? }
                }
            }
        };
        let base_moved = verified_base.as_ref().is_some_and(|verified| *verified != base_rev);
        Ok(ShipPlan { name, rev, base, base_rev, base_moved, way })
    }

    /// A worktree with what base would hold after this plan, so that it can be verified first. It stands
    /// on a branch of its own, which [`Repo::drop_merge_result`] removes with it. One that is there
    /// already is made anew.
    pub fn merge_result_worktree(&self, path: &Path, plan: &ShipPlan) -> Result<Worktree> {
        let Some(result) = plan.result() else { return Err(conflict(plan).into()) };
        self.drop_merge_result(path, &plan.name)?;
        self.ensure_worktree(path, &verify_branch(&plan.name), Start::IfNew(result))
    }

    /// A worktree with the files of one commit, whose changes nobody wants. Stands and goes as
    /// [`Repo::merge_result_worktree`] does; one that is there already is made anew.
    pub fn pinned_worktree(&self, path: &Path, name: &str, rev: &Rev) -> Result<Worktree> {
        self.drop_merge_result(path, name)?;
        self.ensure_worktree(path, &verify_branch(name), Start::IfNew(rev))
    }

    /// Removes a worktree made by [`Repo::merge_result_worktree`] or [`Repo::pinned_worktree`] and its branch.
    /// Nothing there is fine.
    pub fn drop_merge_result(&self, path: &Path, name: &str) -> Result<()> {
        self.remove_worktree(path, Kept::Told)?;
        let name = branch_ref(&verify_branch(name));
        match self.pipes().ref_value(&name)? {
            Some(rev) => self.pipes().drop_own_ref(&name, &rev),
            None => Ok(()),
        }
    }

    /// Carries the plan out. Refuses a conflict, a base that moved since the plan, and a base that is
    /// checked out anywhere unless `allow_checked_out` (a person's ship); then that checkout must not be
    /// in the middle of a merge and the files to be written must be unchanged there.
    pub fn ship_merge(&self, plan: &ShipPlan, allow_checked_out: bool) -> Result<Shipped> {
        let Some(to) = plan.result() else { return Err(conflict(plan).into()) };
        let (from, to) = (plan.base_rev.clone(), to.clone());
        if from == to {
            return Ok(Shipped { from, to, checkouts: Vec::new() });
        }
        let checkouts = self.checkouts_of(&plan.base)?;
        if let Some(path) = checkouts.first()
            && !allow_checked_out
        {
            return Err(Refusal::CheckedOut { branch: plan.base.clone(), path: path.clone() }.into());
        }
        let mut opened: Vec<Pipes> = Vec::new();
        for path in &checkouts {
            let (pipes, _) = self.means().open(path, Some(&to))?;
            must_be_idle(pipes.git_dir(), path)?;
            opened.push(pipes);
        }
        let name = branch_ref(&plan.base);
        let step =
            RefStep { name: &name, to: &to, from: Some(&from), why: &format!("aq: ship {}", plan.name) };
        self.pipes().move_ref_with(&step, &mut || {
            // All are looked at before the first is written, so that a refusal finds nothing half done.
            for pipes in &opened {
                plan_carry(&**pipes, &from, &to)?;
            }
            opened.iter().try_for_each(|pipes| carry(&**pipes, &from, &to))
        })?;
        Ok(Shipped { from, to, checkouts })
    }

    /// The existing checkouts that stand on a branch.
    fn checkouts_of(&self, branch: &str) -> Result<Vec<PathBuf>> {
        let all = self.pipes().checkouts()?.into_iter();
        let on = all.filter(|checkout| checkout.branch.as_deref() == Some(branch));
        Ok(on.map(|checkout| checkout.path).filter(|path| path.exists()).collect())
    }
}

fn conflict(plan: &ShipPlan) -> Refusal {
    let paths = match &plan.way {
        ShipWay::Conflict { paths } => paths.clone(),
        _ => Vec::new(),
    };
    Refusal::Conflict { ours: plan.base.clone(), theirs: plan.name.clone(), paths }
}

fn verify_branch(name: &str) -> String {
    format!("aq/verify/{}", name.strip_prefix("aq/job/").unwrap_or(name))
}

/// What git leaves in a checkout's folder while something is under way.
const UNDER_WAY: &[(&str, &str)] = &[
    ("MERGE_HEAD", "merge"),
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("index.lock", "git command"),
];

fn must_be_idle(git_dir: &Path, path: &Path) -> Result<()> {
    match UNDER_WAY.iter().find(|(file, _)| git_dir.join(file).exists()) {
        Some((_, state)) => Err(Refusal::Busy { path: path.to_path_buf(), state }.into()),
        None => Ok(()),
    }
}
