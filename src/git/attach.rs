//! A job's worktree, made once and found again whatever a crash has left of it.
//!
//! A linked worktree is three things that can be lost one by one: the branch, the administrative entry
//! in the repository, and the folder. They are made in this order, and each step looks before it acts,
//! so that running it again after a crash at any point ends in the same state. What decides about files
//! that stand there already is the entry's index, which is written last: without one, and without any
//! file but the link, the files were never checked out and aq writes them; without one, but with files,
//! somebody's work stands there, so the index is built anew and no file is touched. While aq itself
//! writes files that nobody has worked on, a marker says so, and a crash there is finished by force.
//!
//! The rejected design was `git_worktree_add` of libgit2: it refuses an existing folder, so everything
//! after the first crash would need a second way.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::job::Rev;

use super::library::{admin_entries, checkout_of, path_from, plain};
use super::plumbing::RefStep;
use super::refusal::{Refusal, Result, fault_at};
use super::repo::{Repo, branch_ref};
use super::worktree::Worktree;

/// Where a job's branch starts.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// From here if the branch is new; an existing branch is continued where it is.
    IfNew(&'a Rev),
    /// Exactly here: an existing branch and its files are moved, if nothing is lost by it.
    Exactly(&'a Rev),
}

impl Repo {
    /// Makes the worktree of a job at `path` on `branch` (short name), or takes up the one that is there.
    /// Refuses a path that holds something else, a branch checked out elsewhere, and with
    /// [`Start::Exactly`] a move that would lose work.
    pub fn ensure_worktree(&self, path: &Path, branch: &str, start: Start<'_>) -> Result<Worktree> {
        let path = settled_path(path)?;
        remove_all(&neighbour(&path, "aq-gone"))?;
        self.branch_must_be_free(branch, &path)?;
        let (wanted, exact) = match start {
            Start::IfNew(rev) => (rev, false),
            Start::Exactly(rev) => (rev, true),
        };
        let name = branch_ref(branch);
        let standing = self.pipes().ref_value(&name)?;
        let head = standing.clone().unwrap_or_else(|| wanted.clone());
        let admin = admin_of(self.pipes().common_dir(), &path)?;
        if admin.is_none() && !may_hold_a_worktree(&path, self.pipes().common_dir()) {
            return Err(Refusal::PathTaken { path }.into());
        }
        // Opened before anything is made: the files of this commit may need a program that is missing.
        let (pipes, _) = self.means().open(self.pipes().workdir(), Some(&head))?;
        if standing.is_none() {
            let step = RefStep { name: &name, to: wanted, from: None, why: "aq: start of a job" };
            pipes.move_ref(&step)?;
        }
        match admin {
            Some(admin) => take_up(&path, &admin)?,
            None => {
                let _lock = lock_entries(pipes.common_dir())?;
                pipes.attach(&path, branch)?;
            }
        }
        let worktree = Worktree::open(self.means(), &path, Some(&head))?;
        worktree.settle()?;
        if exact && (head != *wanted || worktree.head()?.branch() != Some(branch)) {
            self.move_worktree(worktree, branch, &head, wanted)
        } else {
            Ok(worktree)
        }
    }

    fn branch_must_be_free(&self, branch: &str, path: &Path) -> Result<()> {
        for checkout in self.pipes().checkouts()? {
            if checkout.branch.as_deref() != Some(branch) || checkout.path == path {
                continue;
            }
            if checkout.path.exists() {
                return Err(Refusal::BranchInUse { branch: branch.to_string(), path: checkout.path }.into());
            }
            // Its folder is gone; the entry alone would keep the branch from us for ever.
            if let Some(admin) = admin_of(self.pipes().common_dir(), &checkout.path)? {
                must_not_be_locked(&admin, &checkout.path)?;
                let _lock = lock_entries(self.pipes().common_dir())?;
                remove_all(&admin)?;
            }
        }
        Ok(())
    }

    /// Moves branch and worktree to `to`. Allowed when the files already are what `to` says (a lost
    /// attempt was saved as it stood), or when they are as HEAD says and so are saved.
    fn move_worktree(&self, worktree: Worktree, branch: &str, from: &Rev, to: &Rev) -> Result<Worktree> {
        let pipes = worktree.pipes();
        let same = pipes.difference(&pipes.tree_of(to)?)?.0.paths.is_empty();
        if !same {
            let unsaved = worktree.unsaved(None)?;
            if !unsaved.files.is_empty() {
                let path = worktree.path().to_path_buf();
                return Err(Refusal::Unsaved { path, files: unsaved.files }.into());
            }
        }
        let heads = [Some(from.clone()), worktree.head()?.rev().cloned()];
        for rev in heads.into_iter().flatten() {
            if !pipes.contains(to, &rev)? && !self.kept_elsewhere(&rev, &branch_ref(branch))? {
                return Err(Refusal::Stranded { branch: branch.to_string(), rev }.into());
            }
        }
        if !same {
            worktree.mark_unsettled()?;
        }
        let name = branch_ref(branch);
        if from != to {
            pipes.move_ref(&RefStep { name: &name, to, from: Some(from), why: "aq: start from here" })?;
        }
        pipes.point_head(branch)?;
        if same {
            pipes.reset_index()?;
            return Ok(worktree);
        }
        worktree.settle()?;
        // The files of `to` may bring attributes that need the other pipe.
        Worktree::open(self.means(), worktree.path(), None)
    }

    /// True if some ref but `name` keeps the commit.
    pub(super) fn kept_elsewhere(&self, rev: &Rev, name: &str) -> Result<bool> {
        for (other, head) in self.pipes().refs("refs/")? {
            if other != name && self.pipes().contains(&head, rev)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Brings the folder of an existing entry back to where it can be opened.
fn take_up(path: &Path, admin: &Path) -> Result<()> {
    if !path.join(".git").exists() && !has_files(path) {
        // The index still lists files that are gone with their folder; a checkpoint would record that
        // as "all deleted". A link without files is an engine's doing, and stays as it is.
        remove_if_there(&admin.join("index"))?;
    }
    // Left by a `git worktree add` that was killed.
    if fs::read(admin.join("locked")).is_ok_and(|text| text.trim_ascii() == b"initializing") {
        remove_if_there(&admin.join("locked"))?;
    }
    if link_target(path).is_none_or(|target| plain(&target) != plain(admin)) {
        write_link(path, admin)?;
    }
    Ok(())
}

/// The administrative entry of the worktree at `path`.
pub(super) fn admin_of(common_dir: &Path, path: &Path) -> Result<Option<PathBuf>> {
    let path = plain(path);
    Ok(admin_entries(common_dir)?.into_iter().find(|(_, of)| *of == path).map(|(admin, _)| admin))
}

/// Keeps other aq processes from seeing a half-made entry: git dies on one, whatever it was asked. Held
/// for a few system calls, and let go by the kernel if its holder dies.
pub(super) fn lock_entries(common_dir: &Path) -> Result<fs::File> {
    let path = common_dir.join("aq-worktrees.lock");
    let file = fs::File::create(&path).map_err(fault_at("create", &path))?;
    file.lock().map_err(fault_at("lock", &path))?;
    Ok(file)
}

/// Refuses an entry that a person has locked.
pub(super) fn must_not_be_locked(admin: &Path, path: &Path) -> Result<()> {
    match fs::read(admin.join("locked")) {
        Ok(text) => {
            let reason = String::from_utf8_lossy(&text).trim().to_string();
            Err(Refusal::Locked { path: path.to_path_buf(), reason }.into())
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(fault_at("read", &admin.join("locked"))(e)),
    }
}

/// How many entries may have the same name before aq gives up looking for a free one.
const NAMES_TRIED: u32 = 1000;

/// Writes the entry of a worktree and the link to it. `gitdir` comes last: an entry without it is one
/// that nobody believes in, so it can be taken over after a crash.
pub(super) fn write_admin_entry(common_dir: &Path, path: &Path, branch: &str) -> Result<()> {
    let root = common_dir.join("worktrees");
    fs::create_dir_all(&root).map_err(fault_at("create", &root))?;
    let name = branch.replace('/', "-");
    for n in 0..NAMES_TRIED {
        let admin = root.join(if n == 0 { name.clone() } else { format!("{name}{n}") });
        match fs::create_dir(&admin) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists && checkout_of(&admin).is_some() => continue,
            Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(fault_at("create", &admin)(e)),
            _ => {}
        }
        let write = |name: &str, text: &[u8]| {
            let file = admin.join(name);
            fs::write(&file, text).map_err(fault_at("write", &file))
        };
        write("commondir", b"../..\n")?;
        write("HEAD", format!("ref: {}\n", branch_ref(branch)).as_bytes())?;
        write_back_link(path, &admin)?;
        return write_link(path, &admin);
    }
    Err(fault_at("find a free name in", &root)(format!("{NAMES_TRIED} names are taken")))
}

/// Tells the entry which checkout it is for.
fn write_back_link(path: &Path, admin: &Path) -> Result<()> {
    let mut link = path.join(".git").into_os_string();
    link.push("\n");
    write_by_rename(&admin.join("gitdir"), link.as_encoded_bytes())
}

/// So that a crash leaves the old text or the new one, and never an empty file.
fn write_by_rename(file: &Path, text: &[u8]) -> Result<()> {
    let fresh = neighbour(file, "aq-new");
    fs::write(&fresh, text).map_err(fault_at("write", &fresh))?;
    fs::rename(&fresh, file).map_err(fault_at("write", file))
}

fn write_link(path: &Path, admin: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(fault_at("create", path))?;
    let mut text = OsString::from("gitdir: ");
    text.push(admin);
    text.push("\n");
    write_by_rename(&path.join(".git"), text.as_encoded_bytes())
}

/// Gives the fresh, empty worktree at `place` the folder at `path`, with the files that stand in it.
pub(super) fn adopt(place: &Path, path: &Path) -> Result<()> {
    let admin = link_target(place).ok_or_else(|| fault_at("read the link in", place)("it is missing"))?;
    write_back_link(path, &admin)?;
    write_link(path, &admin)?;
    remove_all(place)
}

/// Where the `.git` file of a linked worktree points.
fn link_target(path: &Path) -> Option<PathBuf> {
    let text = fs::read(path.join(".git")).ok()?;
    Some(path.join(path_from(text.strip_prefix(b"gitdir: ")?.trim_ascii_end())))
}

/// True for nothing, an empty folder, and a folder whose link says that it was a worktree of ours.
fn may_hold_a_worktree(path: &Path, common_dir: &Path) -> bool {
    match link_target(path) {
        Some(target) => target.parent().map(plain) == Some(plain(&common_dir.join("worktrees"))),
        None => fs::symlink_metadata(path).is_err() || (path.is_dir() && is_empty(path)),
    }
}

fn is_empty(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut list| list.next().is_none())
}

/// True if the folder holds anything but the link.
pub(super) fn has_files(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|list| list.flatten().any(|entry| entry.file_name() != ".git"))
}

/// `path.suffix`, beside the path, on the same file system.
pub(super) fn neighbour(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

/// The path with its parent made and its links followed, as git will print it.
pub(super) fn settled_path(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path).map_err(fault_at("make absolute", path))?;
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Refusal::PathTaken { path }.into());
    };
    fs::create_dir_all(parent).map_err(fault_at("create", parent))?;
    Ok(plain(&plain(parent).join(name)))
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(fault_at("remove", path)(e)),
        _ => Ok(()),
    }
}

/// Removes a folder with all that is in it; nothing there is fine.
pub(super) fn remove_all(path: &Path) -> Result<()> {
    let done = match fs::remove_dir_all(path) {
        // Module caches make their folders read-only.
        Err(e) if e.kind() == ErrorKind::PermissionDenied => {
            open_up(path).and_then(|()| fs::remove_dir_all(path))
        }
        done => done,
    };
    match done {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(fault_at("remove", path)(e)),
        _ => Ok(()),
    }
}

fn open_up(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}
