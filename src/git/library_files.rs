//! The files of one checkout through libgit2.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use git2::build::CheckoutBuilder;
use git2::{CheckoutNotificationType, Delta, DiffOptions, ErrorCode, Index, Repository, ResetType};

use crate::job::Rev;

use super::attach::{self, has_files};
use super::left_out::{LeftOut, reason_to_leave_out};
use super::library::{Library, path_from};
use super::plumbing::{DiffStat, Entry, Files, GITLINK, Snapshot, TreeId};
use super::refusal::{Refusal, Result, fault_at};
use super::repo::branch_ref;

/// A copy of a checkout's index that is gone when this is dropped. The copy carries the stat cache, so
/// that only changed files are read; the original is never written.
pub(super) struct IndexCopy {
    pub path: PathBuf,
    /// False if there was no index to copy.
    pub copied: bool,
}

static COPIES: AtomicU32 = AtomicU32::new(0);

impl IndexCopy {
    pub fn of(git_dir: &Path) -> Result<IndexCopy> {
        let n = COPIES.fetch_add(1, Ordering::Relaxed);
        let path = git_dir.join(format!("aq-index-{}-{n}", std::process::id()));
        let mut copy = IndexCopy { copied: true, path };
        match copy_with_time(&git_dir.join("index"), &copy.path) {
            Ok(()) => Ok(copy),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                copy.copied = false;
                Ok(copy)
            }
            Err(e) => Err(fault_at("copy the index in", git_dir)(e)),
        }
    }
}

/// The copy is as old as the original: a file no older than its index may have changed after it was staged,
/// and is read again; by a younger copy, a change of the same size in the same tick would be lost.
fn copy_with_time(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut from = fs::File::open(from)?;
    let mut copy = fs::File::create(to)?;
    std::io::copy(&mut from, &mut copy)?;
    copy.set_modified(from.metadata()?.modified()?)
}

/// Removes the copies that killed processes have left.
pub(super) fn sweep_copies(git_dir: &Path) {
    let alive = |name: &str| {
        let pid =
            name.split('-').next().and_then(|pid| pid.parse().ok()).and_then(rustix::process::Pid::from_raw);
        pid.is_none_or(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
    };
    // Leftovers cost disk alone: one that cannot be removed now is met again next time.
    for entry in fs::read_dir(git_dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.strip_prefix("aq-index-").is_some_and(|rest| !alive(rest)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

impl Drop for IndexCopy {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(self.path.with_extension("lock"));
    }
}

/// What to do with one path that differs from the index.
enum Change {
    Drop(PathBuf),
    Take(PathBuf),
    /// A submodule stands on this commit now.
    Point(PathBuf, git2::Oid),
    Leave(LeftOut),
}

impl Library {
    /// A second handle on the same checkout whose index is a copy of the real one.
    fn aside(&self) -> Result<(Repository, Index, IndexCopy)> {
        let copy = IndexCopy::of(&self.git_dir)?;
        let at = || fault_at("read the index of", &self.workdir);
        let repo = Repository::open(&self.workdir).map_err(at())?;
        let mut index = Index::open(&copy.path).map_err(at())?;
        repo.set_index(&mut index).map_err(at())?;
        if !copy.copied
            && let Ok(head) = repo.head().and_then(|head| head.peel_to_tree())
        {
            index.read_tree(&head).map_err(at())?;
        }
        Ok((repo, index, copy))
    }

    fn changes(&self, repo: &Repository, index: &Index) -> Result<Vec<Change>> {
        let mut opts = DiffOptions::new();
        opts.include_untracked(true).recurse_untracked_dirs(true).include_typechange(true);
        opts.ignore_submodules(true);
        let diff = repo
            .diff_index_to_workdir(Some(index), Some(&mut opts))
            .map_err(fault_at("look for changes in", &self.workdir))?;
        let mut out = self.submodule_changes(index);
        for delta in diff.deltas() {
            let file = if delta.status() == Delta::Deleted { delta.old_file() } else { delta.new_file() };
            let Some(path) = file.path().or(delta.old_file().path()).map(Path::to_path_buf) else { continue };
            out.push(self.change(delta.status(), path));
        }
        Ok(out)
    }

    fn change(&self, status: Delta, path: PathBuf) -> Change {
        let leave = |path, reason: &str| Change::Leave(LeftOut { path, reason: reason.to_string() });
        if status == Delta::Untracked
            && let Some(reason) = reason_to_leave_out(&self.workdir, &path)
        {
            return Change::Leave(LeftOut { path, reason });
        }
        let full = self.workdir.join(&path);
        match fs::symlink_metadata(&full) {
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Change::Drop(path)
            }
            Err(e) => Change::Leave(LeftOut { path, reason: format!("cannot be read: {e}") }),
            Ok(meta) if is_special(&meta) => leave(path, "neither a file nor a link"),
            // A tracked file that became a folder: what is in it comes as paths of its own, but a
            // repository of its own does not.
            Ok(meta) if meta.is_dir() && full.join(".git").exists() => {
                leave(path, "a git repository of its own")
            }
            Ok(meta) if meta.is_dir() => Change::Drop(path),
            // Opened here so that a file nobody may read is named, while a full disk stays a fault.
            Ok(meta) if meta.is_file() => match fs::File::open(&full) {
                Err(e) if e.kind() == ErrorKind::PermissionDenied => leave(path, "cannot be read"),
                _ => Change::Take(path),
            },
            Ok(_) => Change::Take(path),
        }
    }

    /// Submodules are looked at here and not by the diff, which passes over those that `.gitmodules`
    /// does not list: an engine makes such by adding a repository it has cloned.
    fn submodule_changes(&self, index: &Index) -> Vec<Change> {
        let mut out = Vec::new();
        for entry in index.iter().filter(|entry| entry.mode == GITLINK) {
            let path = path_from(&entry.path);
            let full = self.workdir.join(&path);
            let leave = |path, reason: &str| Change::Leave(LeftOut { path, reason: reason.to_string() });
            match fs::symlink_metadata(&full) {
                Err(_) => out.push(Change::Drop(path)),
                Ok(meta) if !meta.is_dir() => out.push(Change::Take(path)),
                Ok(_) if !full.join(".git").exists() && !has_files(&full) => {}
                Ok(_) => match submodule_state(&full) {
                    Ok((head, dirty)) => {
                        if dirty {
                            out.push(leave(path.clone(), SUBMODULE_CHANGED));
                        }
                        if head != entry.id {
                            out.push(Change::Point(path, head));
                        }
                    }
                    Err(e) => out.push(leave(path, &format!("a submodule that cannot be read: {e}"))),
                },
            }
        }
        out
    }

    fn staged(&self, index: &mut Index, changes: Vec<Change>) -> Result<Vec<LeftOut>> {
        let (mut left_out, mut take) = (Vec::new(), Vec::new());
        // Removals first: a file that became a folder must be gone before what is in it comes.
        for change in changes {
            match change {
                Change::Drop(path) => index.remove_path(&path).map_err(fault_at("stage", &path))?,
                Change::Take(path) => take.push(path),
                Change::Point(path, head) => {
                    if let Some(mut entry) = index.get_path(&path, 0) {
                        entry.id = head;
                        index.add(&entry).map_err(fault_at("stage", &path))?;
                    }
                }
                Change::Leave(left) => left_out.push(left),
            }
        }
        for path in take {
            match index.add_path(&path) {
                Ok(()) => {}
                // The engine may still be at work: a file that is gone by now is simply gone.
                Err(e) if fs::symlink_metadata(self.workdir.join(&path)).is_err() => {
                    drop(e);
                    index.remove_path(&path).map_err(fault_at("stage", &path))?;
                }
                Err(e) => return Err(fault_at("stage", &path)(e)),
            }
        }
        left_out.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(left_out)
    }

    fn entry(index: &Index, path: &Path) -> Entry {
        index.get_path(path, 0).map(|entry| (entry.mode, entry.id.to_string()))
    }
}

/// Why changes inside a submodule are not in a checkpoint.
pub(super) const SUBMODULE_CHANGED: &str = "changed inside a submodule, whose own repository has to keep it";

/// Where a submodule stands, and whether it holds changes of its own.
fn submodule_state(path: &Path) -> std::result::Result<(git2::Oid, bool), git2::Error> {
    let repo = Repository::open(path)?;
    let head = repo.head()?.peel_to_commit()?.id();
    let mut opts = git2::StatusOptions::new();
    opts.include_untracked(true);
    let dirty = !repo.statuses(Some(&mut opts))?.is_empty();
    Ok((head, dirty))
}

fn is_special(meta: &fs::Metadata) -> bool {
    let kind = meta.file_type();
    kind.is_fifo() || kind.is_socket() || kind.is_block_device() || kind.is_char_device()
}

impl Files for Library {
    fn workdir(&self) -> &Path {
        &self.workdir
    }

    fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    fn snapshot(&self) -> Result<Snapshot> {
        let (repo, mut index, _copy) = self.aside()?;
        let changes = self.changes(&repo, &index)?;
        let left_out = self.staged(&mut index, changes)?;
        let tree = index.write_tree().map_err(fault_at("write the tree of", &self.workdir))?;
        Ok(Snapshot { tree: TreeId(tree.to_string()), left_out })
    }

    fn difference(&self, from: &TreeId) -> Result<(DiffStat, Vec<LeftOut>)> {
        let (repo, mut index, _copy) = self.aside()?;
        let at = || fault_at("compare the files of", &self.workdir);
        let odb = repo.odb().map_err(at())?;
        // In force as long as `repo` lives: what is staged from here on goes to memory.
        let _memory = odb.add_new_mempack_backend(1000).map_err(at())?;
        let changes = self.changes(&repo, &index)?;
        let left_out = self.staged(&mut index, changes)?;
        let from = git2::Oid::from_str(from.as_str()).and_then(|id| repo.find_tree(id)).map_err(at())?;
        let diff = repo.diff_tree_to_index(Some(&from), Some(&index), None).map_err(at())?;
        let stat = Library::stat(&diff)?;
        Ok((stat, left_out))
    }

    fn reset_hard(&self) -> Result<()> {
        let at = || fault_at("check out files into", &self.workdir);
        let head = self.repo.head().and_then(|head| head.peel_to_commit()).map_err(at())?;
        self.repo.reset(head.as_object(), ResetType::Hard, None).map_err(at())
    }

    fn reset_index(&self) -> Result<()> {
        let at = || fault_at("reset the index of", &self.workdir);
        let head = self.repo.head().and_then(|head| head.peel_to_tree()).map_err(at())?;
        let mut index = self.repo.index().map_err(at())?;
        index.read(false).map_err(at())?;
        index.read_tree(&head).and_then(|()| index.write()).map_err(at())
    }

    fn point_head(&self, branch: &str) -> Result<()> {
        self.repo.set_head(&branch_ref(branch)).map_err(fault_at("set HEAD of", &self.workdir))
    }

    fn entries_in_index(&self, paths: &[PathBuf]) -> Result<Vec<Entry>> {
        let mut index = self.repo.index().map_err(fault_at("read the index of", &self.workdir))?;
        index.read(false).map_err(fault_at("read the index of", &self.workdir))?;
        Ok(paths.iter().map(|path| Library::entry(&index, path)).collect())
    }

    fn entries_on_disk(&self, paths: &[PathBuf]) -> Result<Vec<Entry>> {
        let (_repo, mut index, _copy) = self.aside()?;
        stage_paths(&self.workdir, &mut index, paths)?;
        Ok(paths.iter().map(|path| Library::entry(&index, path)).collect())
    }

    fn stage(&self, paths: &[PathBuf]) -> Result<()> {
        let mut index = self.repo.index().map_err(fault_at("read the index of", &self.workdir))?;
        index.read(false).map_err(fault_at("read the index of", &self.workdir))?;
        stage_paths(&self.workdir, &mut index, paths)?;
        index.write().map_err(fault_at("write the index of", &self.workdir))
    }

    fn advance(&self, _from: &Rev, to: &Rev, paths: &[PathBuf]) -> Result<()> {
        if paths.is_empty() {
            return Ok(());
        }
        let mut in_the_way = Vec::new();
        let mut checkout = CheckoutBuilder::new();
        checkout.safe().overwrite_ignored(false).disable_pathspec_match(true);
        paths.iter().for_each(|path| {
            checkout.path(path);
        });
        checkout.notify_on(CheckoutNotificationType::CONFLICT);
        checkout.notify(|_, path, _, _, _| {
            in_the_way.extend(path.map(Path::to_path_buf));
            true
        });
        let done = self.repo.checkout_tree(self.commit_of(to)?.as_object(), Some(&mut checkout));
        drop(checkout);
        match done {
            Ok(()) => Ok(()),
            Err(e) if e.code() == ErrorCode::Conflict => {
                Err(Refusal::Dirty { checkout: self.workdir.clone(), paths: in_the_way }.into())
            }
            Err(e) => Err(fault_at("update the files in", &self.workdir)(e)),
        }
    }

    fn attach(&self, path: &Path, branch: &str) -> Result<()> {
        attach::write_admin_entry(&self.common_dir, path, branch)
    }
}

fn stage_paths(workdir: &Path, index: &mut Index, paths: &[PathBuf]) -> Result<()> {
    let there = |path: &PathBuf| fs::symlink_metadata(workdir.join(path)).is_ok_and(|meta| !meta.is_dir());
    for path in paths.iter().filter(|path| !there(path)) {
        index.remove_path(path).map_err(fault_at("stage", path))?;
    }
    for path in paths.iter().filter(|path| there(path)) {
        index.add_path(path).map_err(fault_at("stage", path))?;
    }
    Ok(())
}
