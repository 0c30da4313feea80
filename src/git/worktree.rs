//! One job's worktree: what is in it, whether it is saved, and its removal.

use std::fs;
use std::path::{Path, PathBuf};

use crate::job::Rev;

use super::attach::{
    admin_of, has_files, lock_entries, must_not_be_locked, neighbour, remove_all, settled_path,
};
use super::library_files::sweep_copies;
use super::needs::Means;
use super::plumbing::{Head, Pipes};
use super::refusal::{Refusal, Result, fault_at};
use super::repo::Repo;

/// A linked worktree that exists.
pub struct Worktree {
    pipes: Pipes,
    path: PathBuf,
    needs: Option<String>,
}

/// What is known about the work in a worktree that is to be removed.
#[derive(Debug, Clone, Copy)]
pub enum Kept<'a> {
    /// Nothing: every file has to be as HEAD says.
    AtHead,
    /// Every file has to be as this checkpoint says.
    At(&'a Rev),
    /// The caller answers for it; nothing is looked at.
    Told,
}

/// Stands in the administrative entry while aq writes files that no engine has touched.
const MARKER: &str = "aq-settle";

impl Worktree {
    /// Opens the worktree at `path`. `rev` is a commit whose files are about to be written there.
    pub(super) fn open(means: &Means, path: &Path, rev: Option<&Rev>) -> Result<Worktree> {
        let (pipes, needs) = means.open(path, rev)?;
        Ok(Worktree { path: path.to_path_buf(), pipes, needs })
    }

    pub(super) fn pipes(&self) -> &dyn super::plumbing::Plumbing {
        &*self.pipes
    }

    /// The top folder of its files.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its HEAD stands; the engine may have moved it.
    pub fn head(&self) -> Result<Head> {
        self.pipes.head()
    }

    /// Why git's work here goes through the git program, as the end of a sentence that starts with
    /// "this repository"; None if it does not.
    pub fn needs_git_program(&self) -> Option<&str> {
        self.needs.as_deref()
    }

    /// From here until [`Worktree::settle`], the files are aq's own and may be written by force.
    pub(super) fn mark_unsettled(&self) -> Result<()> {
        let marker = self.pipes.git_dir().join(MARKER);
        fs::write(&marker, b"aq is writing the files of HEAD\n").map_err(fault_at("write", &marker))
    }

    /// True while the files are not all written yet, so that what is missing is nobody's deletion.
    pub(super) fn is_unsettled(&self) -> bool {
        let git_dir = self.pipes.git_dir();
        git_dir.join(MARKER).exists() || (!git_dir.join("index").exists() && !has_files(&self.path))
    }

    /// Finishes whatever was left half-way: see the head of `attach.rs`.
    pub(super) fn settle(&self) -> Result<()> {
        sweep_copies(self.pipes.git_dir());
        if self.is_unsettled() {
            self.mark_unsettled()?;
            self.pipes.reset_hard()?;
            let marker = self.pipes.git_dir().join(MARKER);
            fs::remove_file(&marker).map_err(fault_at("remove", &marker))?;
        } else if !self.pipes.git_dir().join("index").exists() && self.head()?.rev().is_some() {
            self.pipes.reset_index()?;
        }
        Ok(())
    }
}

impl Repo {
    /// The worktree of this repository at `path`; None if there is none.
    pub fn worktree(&self, path: &Path) -> Result<Option<Worktree>> {
        let path = super::library::plain(path);
        let known = admin_of(self.pipes().common_dir(), &path)?.is_some();
        if !known || !path.join(".git").exists() {
            return Ok(None);
        }
        Worktree::open(self.means(), &path, None).map(Some)
    }

    /// Removes the worktree at `path` and its administrative entry; the branch stays. Nothing there is
    /// fine. Refuses a locked one, unsaved work (files left out of checkpoints count), and a HEAD that no
    /// ref keeps.
    pub fn remove_worktree(&self, path: &Path, kept: Kept<'_>) -> Result<()> {
        let path = settled_path(path)?;
        let gone = neighbour(&path, "aq-gone");
        let Some(admin) = admin_of(self.pipes().common_dir(), &path)? else {
            if path.exists() {
                return Err(Refusal::PathTaken { path }.into());
            }
            return remove_all(&gone);
        };
        must_not_be_locked(&admin, &path)?;
        if has_files(&path) {
            self.must_be_kept(&path, kept)?;
        }
        // First out of the way in one step: a half-removed folder that still counts as the worktree
        // would look like work that deleted files.
        remove_all(&gone)?;
        if path.exists() {
            fs::rename(&path, &gone).map_err(fault_at("move away", &path))?;
        }
        {
            let _lock = lock_entries(self.pipes().common_dir())?;
            remove_all(&admin)?;
        }
        remove_all(&gone)
    }

    fn must_be_kept(&self, path: &Path, kept: Kept<'_>) -> Result<()> {
        let saved = match kept {
            Kept::Told => return Ok(()),
            Kept::AtHead => None,
            Kept::At(rev) => Some(rev),
        };
        let Some(worktree) = self.worktree(path)? else {
            return Err(Refusal::PathTaken { path: path.to_path_buf() }.into());
        };
        let unsaved = worktree.unsaved(saved)?;
        if !unsaved.is_empty() {
            let mut files = unsaved.files;
            files.extend(unsaved.left_out.into_iter().map(|left| left.path));
            return Err(Refusal::Unsaved { path: path.to_path_buf(), files }.into());
        }
        let modules = own_work_of_submodules(&worktree.pipes().git_dir().join("modules"));
        if !modules.is_empty() {
            return Err(Refusal::Unsaved { path: path.to_path_buf(), files: modules }.into());
        }
        match worktree.head()? {
            Head::Detached { rev } if !self.kept_elsewhere(&rev, "HEAD")? => {
                Err(Refusal::Stranded { branch: "a detached HEAD".to_string(), rev }.into())
            }
            _ => Ok(()),
        }
    }
}

/// Submodules cloned into this worktree that hold commits no remote has: their repositories stand in the
/// administrative entry and go with it. One that cannot be read counts, because nothing is known of it.
fn own_work_of_submodules(modules: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(modules).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.join("HEAD").exists() {
            if !all_on_a_remote(&path).unwrap_or(false) {
                found.push(PathBuf::from(entry.file_name()));
            }
            found.extend(own_work_of_submodules(&path.join("modules")));
        } else if path.is_dir() {
            // A submodule's name may have slashes.
            found.extend(own_work_of_submodules(&path));
        }
    }
    found
}

fn all_on_a_remote(git_dir: &Path) -> std::result::Result<bool, git2::Error> {
    let repo = git2::Repository::open(git_dir)?;
    let mut walk = repo.revwalk()?;
    walk.push_glob("refs/heads/*")?;
    walk.push_head()?;
    walk.hide_glob("refs/remotes/*")?;
    Ok(walk.next().is_none())
}
