//! The seam between what aq wants of git and who does it: libgit2, or the git program.
//!
//! Everything that is a decision (which parents, who wins, what is refused) is written once above this
//! seam. Below it stand two pipes with the same answers: `library*.rs` and `program*.rs`. The rejected
//! design was to branch on "needs the program" inside each operation; then the rare repository (LFS,
//! SHA-256) runs rules that no test of the common one has seen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::job::Rev;

use super::dead_lock::{self, Turn};
use super::{LeftOut, Result};

/// A git tree, full hex: what a commit says the files are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TreeId(pub(super) String);

impl TreeId {
    /// The id as hex text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a checkout's HEAD points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// On a branch that has commits.
    Branch {
        /// Short name, `main`.
        name: String,
        /// Its commit.
        rev: Rev,
    },
    /// On a branch that has no commit yet.
    Unborn {
        /// Short name.
        name: String,
    },
    /// On a commit, on no branch.
    Detached {
        /// The commit.
        rev: Rev,
    },
}

impl Head {
    /// The commit HEAD stands on; None while unborn.
    pub fn rev(&self) -> Option<&Rev> {
        match self {
            Head::Branch { rev, .. } | Head::Detached { rev } => Some(rev),
            Head::Unborn { .. } => None,
        }
    }

    /// The short name of the branch HEAD is on, born or not; None when detached.
    pub fn branch(&self) -> Option<&str> {
        match self {
            Head::Branch { name, .. } | Head::Unborn { name } => Some(name),
            Head::Detached { .. } => None,
        }
    }
}

/// One checkout of a repository: the main one or a linked worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The top folder of its files. It may be gone.
    pub path: PathBuf,
    /// The short name of its branch; None when detached.
    pub branch: Option<String>,
    /// True for the checkout the repository was made with.
    pub main: bool,
}

/// How two trees differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiffStat {
    /// Number of files that differ. A rename counts as two.
    pub files: usize,
    /// Lines added; binary files count none.
    pub insertions: u64,
    /// Lines removed; binary files count none.
    pub deletions: u64,
    /// The files that differ, sorted, relative to the top folder.
    pub paths: Vec<PathBuf>,
    /// Lines added to and removed from each of them, in their order.
    pub each: Vec<(u64, u64)>,
}

impl DiffStat {
    /// Of files with the lines added to and removed from each.
    pub fn of(lines: BTreeMap<PathBuf, (u64, u64)>) -> DiffStat {
        DiffStat {
            files: lines.len(),
            insertions: lines.values().map(|row| row.0).sum(),
            deletions: lines.values().map(|row| row.1).sum(),
            each: lines.values().copied().collect(),
            paths: lines.into_keys().collect(),
        }
    }
}

/// The first line of a commit's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The commit.
    pub rev: Rev,
    /// Its first line.
    pub text: String,
}

/// A three-way merge made in the object store alone.
pub(super) enum Merged {
    Clean(TreeId),
    Conflict(Vec<PathBuf>),
}

/// A whole working folder as a tree, and what could not go into it.
pub(super) struct Snapshot {
    pub tree: TreeId,
    pub left_out: Vec<LeftOut>,
}

/// Mode and object of one path in a tree, in the index, or as it would be if the disk were staged.
pub(super) type Entry = Option<(u32, String)>;

/// One compare-and-swap of a ref.
pub(super) struct RefStep<'a> {
    pub name: &'a str,
    pub to: &'a Rev,
    /// The value that must stand there now; None means that the ref must not exist.
    pub from: Option<&'a Rev>,
    /// One line for the reflog.
    pub why: &'a str,
}

/// Mode of a submodule's entry in a tree.
pub(super) const GITLINK: u32 = 0o160_000;
/// A patch longer than this is cut, in bytes: a screen shows it, and nobody reads more.
pub(super) const PATCH_MAX: usize = 8 << 20;

/// Objects and refs: nothing here touches a file of a checkout.
pub(super) trait History {
    fn head(&self) -> Result<Head>;
    /// The ref that a symbolic ref names; None if there is no such ref or it holds a commit.
    fn symbolic(&self, name: &str) -> Result<Option<String>>;
    fn ref_value(&self, name: &str) -> Result<Option<Rev>>;
    /// Locks the ref, compares it with `from`, runs `between`, and moves it only if that went well.
    fn move_ref_after(&self, step: &RefStep<'_>, between: &mut dyn FnMut() -> Result<()>) -> Result<()>;
    /// Deletes the ref if it still is at `from`.
    fn drop_ref(&self, name: &str, from: &Rev) -> Result<()>;
    /// Refs below a prefix such as `refs/aq/`, sorted by name.
    fn refs(&self, prefix: &str) -> Result<Vec<(String, Rev)>>;
    /// The commit a full ref name, a hash or its unique beginning names.
    fn commit_named(&self, name: &str) -> Result<Option<Rev>>;
    fn tree_of(&self, rev: &Rev) -> Result<TreeId>;
    /// True if `ancestor` is `rev` or one of its ancestors.
    fn contains(&self, rev: &Rev, ancestor: &Rev) -> Result<bool>;
    fn subjects(&self, from: Option<&Rev>, to: &Rev, limit: usize) -> Result<Vec<Subject>>;
    fn commit(&self, tree: &TreeId, parents: &[&Rev], message: &str) -> Result<Rev>;
    fn diffstat(&self, from: &TreeId, to: &TreeId) -> Result<DiffStat>;
    fn patch(&self, from: &TreeId, to: &TreeId, stat_only: bool) -> Result<String>;
    fn merge(&self, ours: &Rev, theirs: &Rev) -> Result<Merged>;
    fn checkouts(&self) -> Result<Vec<Checkout>>;
    /// Entries of some paths in a tree, in the order asked.
    fn entries_in_tree(&self, tree: &TreeId, paths: &[PathBuf]) -> Result<Vec<Entry>>;
}

/// The files of one checkout.
pub(super) trait Files {
    /// The top folder of the files.
    fn workdir(&self) -> &Path;
    /// The folder of HEAD and index of this very checkout.
    fn git_dir(&self) -> &Path;
    /// The folder of objects and refs, shared by all checkouts.
    fn common_dir(&self) -> &Path;
    /// The whole folder as a tree in the object store. Index, HEAD and files stay as they are.
    fn snapshot(&self) -> Result<Snapshot>;
    /// How the folder differs from a tree. Writes nothing into the repository, so it works on a full disk.
    fn difference(&self, from: &TreeId) -> Result<(DiffStat, Vec<LeftOut>)>;
    /// Files and index become HEAD's; only for files that no engine has touched.
    fn reset_hard(&self) -> Result<()>;
    /// The index becomes HEAD's, the files stay.
    fn reset_index(&self) -> Result<()>;
    /// HEAD names this branch from now on; index and files stay.
    fn point_head(&self, branch: &str) -> Result<()>;
    /// Entries of some paths in the index, in the order asked.
    fn entries_in_index(&self, paths: &[PathBuf]) -> Result<Vec<Entry>>;
    /// Entries as they would be if the files were staged now; folders count as absent.
    fn entries_on_disk(&self, paths: &[PathBuf]) -> Result<Vec<Entry>>;
    /// Stages these paths as they stand on disk, in the real index.
    fn stage(&self, paths: &[PathBuf]) -> Result<()>;
    /// Files and index of `paths` go from one commit's state to another's, and to no other file;
    /// refuses before the first write if a file is not as `from` says.
    fn advance(&self, from: &Rev, to: &Rev, paths: &[PathBuf]) -> Result<()>;
    /// Makes the administrative entry of a worktree, without its files.
    fn attach(&self, path: &Path, branch: &str) -> Result<()>;
}

/// Both halves for one checkout.
pub(super) trait Plumbing: History + Files + Send {}
impl<T: History + Files + Send> Plumbing for T {}

/// A pipe to whichever of the two does git's work in one checkout.
pub(super) type Pipes = Box<dyn Plumbing>;

impl dyn Plumbing + '_ {
    /// A compare-and-swap with nothing to do in between.
    pub(super) fn move_ref(&self, step: &RefStep<'_>) -> Result<()> {
        self.move_ref_with(step, &mut || Ok(()))
    }

    /// A compare-and-swap of a ref on which a killed one of us may have left its lock, with something to do
    /// in between.
    pub(super) fn move_ref_with(
        &self,
        step: &RefStep<'_>,
        between: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        let mut turn = Turn::take(self.common_dir(), step.name)?;
        self.move_ref_after(step, &mut || {
            turn.locked()?;
            between()
        })
    }

    /// Deletes one of our own refs, which must be at `from`, whatever lock a killed one of us left on it.
    pub(super) fn drop_own_ref(&self, name: &str, from: &Rev) -> Result<()> {
        dead_lock::clear(self.common_dir(), name);
        self.drop_ref(name, from)
    }
}
