//! What git work can answer instead of a result: a lawful no with words, or a fault of the world.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::job::{Rev, plain_error};

/// What every door of this room returns.
pub type Result<T, E = GitError> = std::result::Result<T, E>;

/// Why git work was not done.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// A lawful no: nothing was changed, and a person or the law can act on the words.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The world failed: disk, permissions, a damaged repository, the git program.
    #[error("{operation} {operand}: {}", plain_error(source))]
    Fault {
        /// What was being done, as a verb phrase.
        operation: &'static str,
        /// On what: a path, a ref, a revision.
        operand: String,
        /// What the world answered.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl GitError {
    /// The refusal in this answer, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            GitError::Refused(refusal) => Some(refusal),
            GitError::Fault { .. } => None,
        }
    }
}

/// A lawful no. Every variant leaves refs, index and files as they were.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The repository has no working files.
    #[error("{} is a bare repository; aq works in a checkout", path.display())]
    Bare {
        /// The repository's directory.
        path: PathBuf,
    },
    /// HEAD is unborn: there is nothing a job could start from.
    #[error("branch {branch} has no commits yet; make a first commit, then submit again")]
    NoCommits {
        /// The branch HEAD names.
        branch: String,
    },
    /// No branch, tag or commit has this name.
    #[error("{name:?} is no branch, tag or commit here{}", near_words(near))]
    BaseUnknown {
        /// The name as it was asked for.
        name: String,
        /// Existing names that are close to it, the closest first.
        near: Vec<String>,
    },
    /// A name that git does not allow for a ref.
    #[error("{name:?} is not a name git allows for a branch")]
    BadName {
        /// The name as it was asked for.
        name: String,
    },
    /// The repository uses something that only the git program does, and it is not installed.
    #[error("this repository {reason}, which needs the git program, and git is not on PATH")]
    NeedsGit {
        /// What the repository uses, as the end of a sentence that starts with "this repository".
        reason: String,
    },
    /// Two lines of work changed the same place.
    #[error("{theirs} conflicts with {ours} in {}", paths_words(paths))]
    Conflict {
        /// The side that was there first.
        ours: String,
        /// The side that was to be merged.
        theirs: String,
        /// The files both changed.
        paths: Vec<PathBuf>,
    },
    /// Tracked files that would be written have changes of their own.
    #[error("{} has uncommitted changes in {}", checkout.display(), paths_words(paths))]
    Dirty {
        /// The checkout that was to be updated.
        checkout: PathBuf,
        /// The changed files that are in the way.
        paths: Vec<PathBuf>,
    },
    /// Untracked files stand where files would be written.
    #[error("untracked files in {} would be overwritten: {}", checkout.display(), paths_words(paths))]
    Overwrites {
        /// The checkout that was to be updated.
        checkout: PathBuf,
        /// The untracked files.
        paths: Vec<PathBuf>,
    },
    /// The base is checked out, and only a person's ship may change files there.
    #[error("{branch} is checked out in {}; a person has to ship this", path.display())]
    CheckedOut {
        /// The base branch.
        branch: String,
        /// Where it is checked out.
        path: PathBuf,
    },
    /// The checkout is in the middle of a merge, rebase, pick or revert.
    #[error("{} is in the middle of a {state}; finish or abort it first", path.display())]
    Busy {
        /// The checkout.
        path: PathBuf,
        /// What is under way.
        state: &'static str,
    },
    /// Somebody moved the ref since it was read.
    #[error("{name} is at {}, not at {}", rev_words(found), rev_words(expected))]
    Moved {
        /// The full name of the ref.
        name: String,
        /// Where it was thought to be; None is "does not exist".
        expected: Option<Rev>,
        /// Where it is.
        found: Option<Rev>,
    },
    /// The job's branch is checked out in another place.
    #[error("branch {branch} is checked out in {}", path.display())]
    BranchInUse {
        /// The branch.
        branch: String,
        /// The other checkout.
        path: PathBuf,
    },
    /// A worktree's HEAD stands on a commit, and the work asked for needs a branch.
    #[error("{} is on no branch (detached HEAD)", path.display())]
    Detached {
        /// The worktree.
        path: PathBuf,
    },
    /// Only a local branch can be shipped into.
    #[error("{name:?} is not a local branch, so nothing can be shipped into it{}", near_words(near))]
    NotABranch {
        /// The name as it was asked for.
        name: String,
        /// Branches with a close name, the closest first.
        near: Vec<String>,
    },
    /// Something that is not a worktree of this repository stands at the path.
    #[error("{} exists and is not a worktree of this repository", path.display())]
    PathTaken {
        /// The path.
        path: PathBuf,
    },
    /// Work that stands in no commit would be lost.
    #[error("{} holds unsaved work in {}", path.display(), paths_words(files))]
    Unsaved {
        /// The worktree.
        path: PathBuf,
        /// The files that stand in no commit.
        files: Vec<PathBuf>,
    },
    /// Commits that no ref would keep would be lost.
    #[error("{rev} on {branch} would be reachable from no ref")]
    Stranded {
        /// The branch that holds the commits now.
        branch: String,
        /// Its head.
        rev: Rev,
    },
    /// A person locked the worktree.
    #[error("worktree {} is locked{}", path.display(), if reason.is_empty() { String::new() } else { format!(": {reason}") })]
    Locked {
        /// The worktree.
        path: PathBuf,
        /// The words of whoever locked it, maybe empty.
        reason: String,
    },
}

/// How many paths a sentence names before it counts the rest.
const PATHS_SHOWN: usize = 8;

fn paths_words(paths: &[PathBuf]) -> String {
    let shown: Vec<_> = paths.iter().take(PATHS_SHOWN).map(|p| p.display().to_string()).collect();
    match paths.len().saturating_sub(PATHS_SHOWN) {
        0 => shown.join(", "),
        rest => format!("{} and {rest} more", shown.join(", ")),
    }
}

fn near_words(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; near: {}", near.join(", ")) }
}

fn rev_words(rev: &Option<Rev>) -> &str {
    rev.as_ref().map_or("nothing", Rev::as_str)
}

/// Turns what the world answered into a [`GitError::Fault`] that says what was tried on what.
pub(super) fn fault<E>(operation: &'static str, operand: impl fmt::Display) -> impl FnOnce(E) -> GitError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let operand = operand.to_string();
    move |source| GitError::Fault { operation, operand, source: source.into() }
}

/// [`fault`] for an operation on a path.
pub(super) fn fault_at<E>(operation: &'static str, path: &Path) -> impl FnOnce(E) -> GitError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fault(operation, path.display())
}
