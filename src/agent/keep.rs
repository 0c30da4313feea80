//! What is kept of a run beside its commits: artifacts; and which changes lie outside the allowed scope.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::place::Workspace;
use super::work::Work;
use crate::job::JobId;
use crate::store::{Fault, Place};

/// Files looked at for artifacts; a tree beyond it is not searched further.
const LOOKS_MOST: usize = 200_000;
/// Artifacts kept of one attempt.
const FILES_MOST: usize = 1_000;
/// Files of a job that are listed; a run that keeps more keeps rubbish.
const LISTED_MOST: usize = 10_000;
/// Bytes kept of one attempt.
const BYTES_MOST: u64 = 1 << 30;

/// Copies the files that the globs name to `artifacts/JOB/ATTEMPT/`. What cannot be copied is left.
pub(super) fn artifacts(place: &Place, work: &Work, space: &Workspace, globs: &[String]) {
    let Some(set) = glob_set(globs) else { return };
    let to = kept_folder(place, &work.job).join(work.attempt.to_string());
    let (mut kept, mut bytes) = (0, 0);
    for path in files_below(&space.cwd) {
        let Ok(name) = path.strip_prefix(&space.cwd) else { continue };
        if !set.is_match(name) {
            continue;
        }
        let size = path.metadata().map_or(0, |m| m.len());
        if kept >= FILES_MOST || bytes + size > BYTES_MOST {
            break;
        }
        let target = to.join(name);
        let made = target.parent().map_or(Ok(()), std::fs::create_dir_all);
        if made.and_then(|()| std::fs::copy(&path, &target)).is_ok() {
            kept += 1;
            bytes += size;
        }
    }
}

/// A file that was kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Its path below the job's folder, the attempt first.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Where it stands.
    pub path: PathBuf,
}

/// The folder of what is kept of a job.
pub fn kept_folder(place: &Place, job: &JobId) -> PathBuf {
    place.side.join("artifacts").join(job.as_str())
}

/// What was kept of a job's runs, by name. Links are not followed: engines made them.
///
/// # Errors
/// A [`Fault`] if a folder cannot be listed.
pub fn kept(place: &Place, job: &JobId) -> Result<Vec<Kept>, Fault> {
    let root = kept_folder(place, job);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Fault::io("list", &folder, &error)),
        };
        for entry in entries.flatten() {
            let (path, Ok(meta)) = (entry.path(), entry.metadata()) else { continue };
            if meta.is_dir() {
                folders.push(path);
            } else if meta.is_file() && found.len() < LISTED_MOST {
                let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
                found.push(Kept { name, bytes: meta.len(), path });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The changed files that no glob of the scope names; an empty scope allows everything.
pub(super) fn outside(changed: &[PathBuf], scope: &[String]) -> Vec<PathBuf> {
    match glob_set(scope) {
        Some(set) => changed.iter().filter(|path| !set.is_match(path)).cloned().collect(),
        None => Vec::new(),
    }
}

/// Globs were checked when the manifest was read; one that no longer compiles matches nothing.
fn glob_set(globs: &[String]) -> Option<GlobSet> {
    if globs.is_empty() {
        return None;
    }
    let mut set = GlobSetBuilder::new();
    globs.iter().filter_map(|text| Glob::new(text).ok()).for_each(|glob| {
        set.add(glob);
    });
    set.build().ok()
}

/// Regular files below a folder, without following links and without `.git`.
fn files_below(top: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![top.to_path_buf()]);
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && entry.file_name() != ".git" {
                open.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
            if found.len() >= LOOKS_MOST {
                return found;
            }
        }
    }
    found.sort();
    found
}
