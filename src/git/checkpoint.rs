//! Checkpoints: the whole worktree as a commit, made beside the engine's back.
//!
//! An engine works in the folder while this runs, and may itself use git there. So nothing it can see is
//! touched: the index is a copy, HEAD stays, no file is written; only objects and aq's own refs are new.
//! The refs move last, by compare-and-swap: whatever fails before leaves the last checkpoint in force,
//! and unreferenced objects are git's to collect.
//!
//! What a checkpoint must never do is drop an earlier one or a commit the engine made. Its parents are
//! HEAD and the previous checkpoint, less whichever is an ancestor of the other. While the engine makes
//! no commit this gives a plain chain, and when it does, the chain is joined in as a second parent. The
//! rejected design, parent = HEAD alone, leaves each earlier checkpoint to the garbage collector, with
//! whatever the engine has deleted since. When there is nothing to add, no commit is made.

use std::path::PathBuf;

use crate::job::Rev;

use super::left_out::LeftOut;
use super::plumbing::{DiffStat, RefStep, TreeId};
use super::refusal::Result;
use super::repo::branch_ref;
use super::worktree::Worktree;

/// What to write into a checkpoint and where it is kept.
#[derive(Debug, Clone, Default)]
pub struct CheckpointRequest {
    /// Subject line and maybe a body.
    pub message: String,
    /// `Aq-Job`, `Aq-Epoch` and so on, in order.
    pub trailers: Vec<(String, String)>,
    /// The chain's ref, `refs/aq/JOB/EPOCH`.
    pub refname: String,
    /// A branch that follows the chain, `aq/wip/JOB`.
    pub wip: Option<String>,
    /// The checkpoint this worktree was started from; used while `refname` does not exist.
    pub previous: Option<Rev>,
}

/// A checkpoint that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The commit that holds the work. It is an earlier one if there was nothing to add.
    pub rev: Rev,
    /// Its files.
    pub tree: TreeId,
    /// True if the files differ from the previous checkpoint, or from HEAD if there was none.
    pub changed_since_parent: bool,
    /// What could not go in, by path.
    pub left_out: Vec<LeftOut>,
    /// How the files differ from the previous checkpoint, or from HEAD if there was none.
    pub stat: DiffStat,
}

/// Work that stands in no commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unsaved {
    /// Files that a checkpoint would save now, sorted.
    pub files: Vec<PathBuf>,
    /// Lines added to and removed from each of them, in their order.
    pub each: Vec<(u64, u64)>,
    /// Lines added and removed in all of them.
    pub lines: u64,
    /// Files that no checkpoint would save.
    pub left_out: Vec<LeftOut>,
}

impl Unsaved {
    /// True if nothing would be lost with the worktree.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.left_out.is_empty()
    }
}

impl Worktree {
    /// Saves the whole worktree. Refuses with `Moved` if another process moved the chain meanwhile.
    pub fn checkpoint(&self, request: &CheckpointRequest) -> Result<Checkpoint> {
        if self.is_unsettled() {
            self.settle()?;
        }
        let pipes = self.pipes();
        let own = pipes.ref_value(&request.refname)?;
        let wip = request.wip.as_deref().map(branch_ref);
        let followed = wip.as_deref().map(|name| pipes.ref_value(name)).transpose()?.flatten();
        let previous = own.as_ref().or(request.previous.as_ref()).or(followed.as_ref());
        let head = self.head()?;
        let parents = self.parents(head.rev(), previous)?;
        let snapshot = pipes.snapshot()?;
        let before = previous.or(head.rev()).map(|rev| pipes.tree_of(rev)).transpose()?;
        let rev = match parents.as_slice() {
            [only] if pipes.tree_of(only)? == snapshot.tree => (*only).clone(),
            _ => {
                let rev = pipes.commit(&snapshot.tree, &parents, &with_trailers(request))?;
                flush_objects(pipes.common_dir())?;
                rev
            }
        };
        let stat = match &before {
            Some(before) => pipes.diffstat(before, &snapshot.tree)?,
            None => DiffStat::default(),
        };
        self.follow(&request.refname, own.as_ref(), &rev)?;
        if let Some(name) = &wip {
            self.follow(name, followed.as_ref(), &rev)?;
        }
        Ok(Checkpoint {
            rev,
            changed_since_parent: before.as_ref() != Some(&snapshot.tree),
            tree: snapshot.tree,
            left_out: snapshot.left_out,
            stat,
        })
    }

    fn parents<'a>(&self, head: Option<&'a Rev>, previous: Option<&'a Rev>) -> Result<Vec<&'a Rev>> {
        let (Some(head), Some(previous)) = (head, previous) else {
            return Ok(head.or(previous).into_iter().collect());
        };
        Ok(if self.pipes().contains(previous, head)? {
            vec![previous]
        } else if self.pipes().contains(head, previous)? {
            vec![head]
        } else {
            vec![head, previous]
        })
    }

    fn follow(&self, name: &str, from: Option<&Rev>, to: &Rev) -> Result<()> {
        if from == Some(to) {
            return Ok(());
        }
        self.pipes().move_ref(&RefStep { name, to, from, why: "aq: checkpoint" })
    }

    /// What would be lost with this worktree if only `saved` (None: HEAD) were kept. Writes nothing.
    pub fn unsaved(&self, saved: Option<&Rev>) -> Result<Unsaved> {
        if self.is_unsettled() {
            return Ok(Unsaved::default());
        }
        let head = self.head()?;
        let Some(against) = saved.or(head.rev()) else {
            return Err(
                super::Refusal::NoCommits { branch: head.branch().unwrap_or("HEAD").to_string() }.into()
            );
        };
        let (stat, left_out) = self.pipes().difference(&self.pipes().tree_of(against)?)?;
        let lines = stat.insertions + stat.deletions;
        Ok(Unsaved { files: stat.paths, each: stat.each, lines, left_out })
    }
}

impl Worktree {
    /// How the files of this worktree differ from those of a commit (None: HEAD), as a unified patch, cut as
    /// those of [`Repo::diff_text`](super::Repo::diff_text) are. The trees it compares go into the object
    /// store, where nothing names them.
    pub fn patch_against(&self, rev: Option<&Rev>) -> Result<String> {
        let head = self.head()?;
        let Some(against) = rev.or(head.rev()) else {
            return Err(
                super::Refusal::NoCommits { branch: head.branch().unwrap_or("HEAD").to_string() }.into()
            );
        };
        let pipes = self.pipes();
        pipes.patch(&pipes.tree_of(against)?, &pipes.snapshot()?.tree, false)
    }
}

/// Makes the objects of a commit durable before anything names it: the law will acknowledge the revision,
/// and what it acknowledged must survive the power. One flush of the file system, because neither libgit2
/// nor git flushes loose objects by default and one by one they would cost a flush each. A ref that is
/// lost with the power is made again from the revision.
fn flush_objects(common_dir: &std::path::Path) -> Result<()> {
    let flushed = std::fs::File::open(common_dir).and_then(|dir| {
        #[cfg(target_os = "linux")]
        return rustix::fs::syncfs(&dir).map_err(std::io::Error::from);
        #[cfg(not(target_os = "linux"))]
        return dir.sync_all();
    });
    flushed.map_err(super::refusal::fault_at("flush the objects in", common_dir))
}

/// The message with its trailers as the last paragraph, one line each: a line break in a value would
/// end the trailers, or forge one.
fn with_trailers(request: &CheckpointRequest) -> String {
    let mut text = request.message.trim_end().to_string();
    text.push('\n');
    for (n, (key, value)) in request.trailers.iter().enumerate() {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        text.push_str(&format!("{}{key}: {value}\n", if n == 0 { "\n" } else { "" }));
    }
    text
}
