//! The files of one checkout through the git program, filters and all.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::job::Rev;

use super::attach;
use super::left_out::{LeftOut, reason_to_leave_out};
use super::library::path_from;
use super::library_files::{IndexCopy, SUBMODULE_CHANGED};
use super::plumbing::{DiffStat, Entry, Files, Snapshot, TreeId};
use super::program::{Env, Program, entries, numstat, os, parts};
use super::refusal::{Refusal, Result, fault_at};
use super::repo::branch_ref;

/// A folder for objects that nobody will want again; gone when dropped.
struct Scratch(PathBuf);

static SCRATCHES: AtomicU32 = AtomicU32::new(0);

impl Scratch {
    fn new() -> Result<Scratch> {
        let n = SCRATCHES.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("aq-objects-{}-{n}", std::process::id()));
        // Not shared with other users, and never a folder somebody else has put there.
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(fault_at("create", &path))?;
        Ok(Scratch(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Program {
    /// The copied index, filled from HEAD if there was none to copy.
    fn index_copy(&self) -> Result<IndexCopy> {
        let copy = IndexCopy::of(&self.git_dir)?;
        let head = self.output(&["rev-parse", "-q", "--verify", "HEAD^{tree}"], &[], None)?;
        if !copy.copied && head.status.success() {
            self.bytes(&["read-tree", "HEAD"], &[("GIT_INDEX_FILE", copy.path.as_os_str())], None)?;
        }
        Ok(copy)
    }

    /// Stages the whole folder into the index that `env` names.
    fn stage_all(&self, env: Env<'_>) -> Result<Vec<LeftOut>> {
        let untracked =
            self.bytes(&["ls-files", "-z", "--others", "--exclude-standard", "--full-name"], env, None)?;
        let mut left_out = self.files_become_repositories(env)?;
        for path in parts(&untracked).map(path_from) {
            let reason = reason_to_leave_out(&self.workdir, &path).or_else(|| self.unreadable(&path));
            left_out.extend(reason.map(|reason| LeftOut { path, reason }));
        }
        let mut specs = b".\0".to_vec();
        for LeftOut { path, .. } in &left_out {
            specs.extend_from_slice(b":(top,exclude,literal)");
            // `a/` excludes what is in the folder; the folder itself is what git would add.
            let bytes = path.as_os_str().as_bytes();
            specs.extend_from_slice(bytes.strip_suffix(b"/").unwrap_or(bytes));
            specs.push(0);
        }
        // --sparse: an engine may write outside the cone, and that is work too.
        let add = ["add", "--all", "--sparse", "--pathspec-from-file=-", "--pathspec-file-nul"];
        self.bytes(&add, env, Some(&specs))?;
        let rest = self.bytes(&["diff-files", "-z", "--raw", "--ignore-submodules=none"], env, None)?;
        let mut words = parts(&rest);
        while let (Some(head), Some(path)) = (words.next(), words.next()) {
            if head.starts_with(b":160000 160000") {
                left_out.push(LeftOut { path: path_from(path), reason: SUBMODULE_CHANGED.to_string() });
            }
        }
        left_out.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(left_out)
    }

    /// Tracked files in whose place a repository of its own stands; git lists them as no untracked path.
    fn files_become_repositories(&self, env: Env<'_>) -> Result<Vec<LeftOut>> {
        let changed = self.bytes(&["diff-files", "-z", "--raw", "--ignore-submodules=none"], env, None)?;
        let (mut words, mut found) = (parts(&changed), Vec::new());
        while let (Some(head), Some(path)) = (words.next(), words.next()) {
            let path = path_from(path);
            if !head.starts_with(b":160000") && self.workdir.join(&path).join(".git").exists() {
                found.push(LeftOut { path, reason: "a git repository of its own".to_string() });
            }
        }
        Ok(found)
    }

    fn unreadable(&self, path: &Path) -> Option<String> {
        let full = self.workdir.join(path);
        let plain_file = fs::symlink_metadata(&full).is_ok_and(|meta| meta.is_file());
        let error = plain_file.then(|| fs::File::open(&full).err()).flatten()?;
        (error.kind() == std::io::ErrorKind::PermissionDenied).then(|| "cannot be read".to_string())
    }

    fn stage_paths(&self, paths: &[PathBuf], env: Env<'_>) -> Result<()> {
        let is_dir =
            |path: &&PathBuf| fs::symlink_metadata(self.workdir.join(path)).is_ok_and(|m| m.is_dir());
        let list = |paths: Vec<&PathBuf>| {
            paths
                .into_iter()
                .flat_map(|path| [path.as_os_str().as_bytes(), b"\0"].concat())
                .collect::<Vec<u8>>()
        };
        let (folders, files): (Vec<_>, Vec<_>) = paths.iter().partition(is_dir);
        if !folders.is_empty() {
            self.bytes(&["update-index", "--force-remove", "-z", "--stdin"], env, Some(&list(folders)))?;
        }
        let args = [
            "update-index",
            "--ignore-skip-worktree-entries",
            "--add",
            "--remove",
            "--replace",
            "-z",
            "--stdin",
        ];
        self.bytes(&args, env, Some(&list(files)))?;
        Ok(())
    }

    fn entries_in(&self, paths: &[PathBuf], env: Env<'_>) -> Result<Vec<Entry>> {
        let mut found = entries(&self.bytes(&["ls-files", "-s", "-z", "--full-name"], env, None)?, 1);
        Ok(paths.iter().map(|path| found.remove(path)).collect())
    }
}

impl Files for Program {
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
        let copy = self.index_copy()?;
        let env = [("GIT_INDEX_FILE", copy.path.as_os_str())];
        let left_out = self.stage_all(&env)?;
        let tree = self.bytes(&["write-tree"], &env, None)?;
        Ok(Snapshot { tree: TreeId(String::from_utf8_lossy(&tree).trim().to_string()), left_out })
    }

    fn difference(&self, from: &TreeId) -> Result<(DiffStat, Vec<LeftOut>)> {
        let (copy, scratch) = (self.index_copy()?, Scratch::new()?);
        let objects = quoted(&self.common_dir.join("objects"));
        let env = [
            ("GIT_INDEX_FILE", copy.path.as_os_str()),
            ("GIT_OBJECT_DIRECTORY", scratch.0.as_os_str()),
            ("GIT_ALTERNATE_OBJECT_DIRECTORIES", OsStr::from_bytes(&objects)),
        ];
        let left_out = self.stage_all(&env)?;
        let args =
            ["diff-index", "--cached", "-z", "--numstat", "--no-renames", "--no-ext-diff", from.as_str()];
        Ok((numstat(&self.bytes(&args, &env, None)?), left_out))
    }

    fn reset_hard(&self) -> Result<()> {
        self.bytes(&["reset", "-q", "--hard"], &[], None).map(drop)
    }

    fn reset_index(&self) -> Result<()> {
        self.bytes(&["reset", "-q", "--mixed", "--no-refresh"], &[], None).map(drop)
    }

    fn point_head(&self, branch: &str) -> Result<()> {
        self.bytes(&["symbolic-ref", "-m", "aq: take up", "HEAD", &branch_ref(branch)], &[], None).map(drop)
    }

    fn entries_in_index(&self, paths: &[PathBuf]) -> Result<Vec<Entry>> {
        self.entries_in(paths, &[])
    }

    fn entries_on_disk(&self, paths: &[PathBuf]) -> Result<Vec<Entry>> {
        let copy = self.index_copy()?;
        let env = [("GIT_INDEX_FILE", copy.path.as_os_str())];
        self.stage_paths(paths, &env)?;
        self.entries_in(paths, &env)
    }

    fn stage(&self, paths: &[PathBuf]) -> Result<()> {
        self.stage_paths(paths, &[])
    }

    fn advance(&self, from: &Rev, to: &Rev, _paths: &[PathBuf]) -> Result<()> {
        // A file whose time alone changed would be taken for a changed one. Exit code 1 says "some are".
        self.output(&["update-index", "-q", "--refresh"], &[], None)?;
        let args = ["read-tree", "-m", "-u", from.as_str(), to.as_str()];
        let out = self.output(&args, &[], None)?;
        if out.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&out.stderr).into_owned();
        let paths: Vec<_> =
            words.lines().filter_map(|line| line.split('\'').nth(1)).map(PathBuf::from).collect();
        let in_the_way = words.contains("not uptodate") || words.contains("overwritten");
        if in_the_way && !paths.is_empty() {
            return Err(Refusal::Dirty { checkout: self.workdir.clone(), paths }.into());
        }
        Err(self.failed(&args, &out))
    }

    fn attach(&self, path: &Path, branch: &str) -> Result<()> {
        // `git worktree add` wants an empty place, so work that stands there already is taken in by
        // way of a neighbour.
        let empty = fs::read_dir(path).map_or(true, |mut list| list.next().is_none());
        let place = if empty { path.to_path_buf() } else { attach::neighbour(path, "aq-new") };
        let args = os(
            &["worktree", "add", "--quiet", "--force", "--no-checkout", "--"],
            &[&place, Path::new(branch)],
        );
        self.bytes(&args, &[], None)?;
        if place != path {
            attach::adopt(&place, path)?;
        }
        Ok(())
    }
}

/// Colons part the list of object folders, so the path is written as git quotes it.
fn quoted(path: &Path) -> Vec<u8> {
    let mut out = vec![b'"'];
    for byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
    out
}
