//! Takes a checkout's files from one commit to another, and loses no byte that a person wrote.
//!
//! A file is looked at in four places: the old commit, the new one, the index and the disk. If the disk
//! already says what the new commit says, only the index is behind; this is what a crash in the middle
//! leaves, so running the same carry again completes it. If disk and index say what the old commit says,
//! the file may be written. Anything else is somebody's work and refuses the whole carry before the first
//! write. The ref is moved after the files, under its lock, by the caller: the other order would leave,
//! after a crash, a checkout whose next commit silently takes the shipped work back.

use std::path::PathBuf;

use crate::job::Rev;

use super::plumbing::{Entry, GITLINK, Plumbing};
use super::refusal::{Refusal, Result};

/// What a carry has to do.
pub(super) struct Carry {
    /// On disk as the new commit says; the index is behind.
    stage: Vec<PathBuf>,
    /// To be written.
    write: Vec<PathBuf>,
}

/// Looks at every file that differs between the commits; refuses if one is not as `from` or `to` says.
pub(super) fn plan_carry(pipes: &dyn Plumbing, from: &Rev, to: &Rev) -> Result<Carry> {
    let (old_tree, new_tree) = (pipes.tree_of(from)?, pipes.tree_of(to)?);
    let paths = pipes.diffstat(&old_tree, &new_tree)?.paths;
    let old = pipes.entries_in_tree(&old_tree, &paths)?;
    let new = pipes.entries_in_tree(&new_tree, &paths)?;
    let is_submodule = |n: usize| [&old[n], &new[n]].into_iter().flatten().any(|(mode, _)| *mode == GITLINK);
    let (submodules, files): (Vec<usize>, Vec<usize>) = (0..paths.len()).partition(|n| is_submodule(*n));
    // A submodule is an entry, not files: those belong to its own repository.
    let mut carry =
        Carry { stage: Vec::new(), write: submodules.iter().map(|n| paths[*n].clone()).collect() };
    let list: Vec<PathBuf> = files.iter().map(|n| paths[*n].clone()).collect();
    let (index, disk) = (pipes.entries_in_index(&list)?, pipes.entries_on_disk(&list)?);
    let (mut dirty, mut untracked) = (Vec::new(), Vec::new());
    for (at, n) in files.into_iter().enumerate() {
        let path = paths[n].clone();
        match standing(&old[n], &new[n], &index[at], &disk[at]) {
            Standing::Done => {}
            Standing::Unstaged => carry.stage.push(path),
            Standing::Old => carry.write.push(path),
            Standing::Changed => dirty.push(path),
            Standing::Untracked => untracked.push(path),
        }
    }
    let checkout = || pipes.workdir().to_path_buf();
    if !dirty.is_empty() {
        return Err(Refusal::Dirty { checkout: checkout(), paths: dirty }.into());
    }
    if !untracked.is_empty() {
        return Err(Refusal::Overwrites { checkout: checkout(), paths: untracked }.into());
    }
    Ok(carry)
}

/// Plans and does it.
pub(super) fn carry(pipes: &dyn Plumbing, from: &Rev, to: &Rev) -> Result<()> {
    let carry = plan_carry(pipes, from, to)?;
    if !carry.stage.is_empty() {
        pipes.stage(&carry.stage)?;
    }
    if !carry.write.is_empty() {
        pipes.advance(from, to, &carry.write)?;
    }
    Ok(())
}

enum Standing {
    Done,
    Unstaged,
    Old,
    Changed,
    Untracked,
}

fn standing(old: &Entry, new: &Entry, index: &Entry, disk: &Entry) -> Standing {
    match (disk == new, disk == old) {
        (true, _) if index == new => Standing::Done,
        (true, _) if index == old => Standing::Unstaged,
        (_, true) if index == old => Standing::Old,
        _ if old.is_none() && index.is_none() => Standing::Untracked,
        _ => Standing::Changed,
    }
}
