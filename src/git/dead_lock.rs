//! Locks that a killed process of ours left on refs.
//!
//! Git locks a ref by making `REF.lock` and never removes another's. A process killed between that and the
//! rename leaves the ref locked for ever, and with it the work that wants to be saved or shipped there. Refs
//! below `refs/aq/` and the branches `aq/…` are written by the holder of the job's lease alone, for less than
//! a millisecond; a lock on one of them that has not changed for seconds is nobody's. Other refs are people's,
//! and so are their locks, but for those that we can prove to be our own: who of us is to lock such a ref
//! says so in a file first, and holds that file by a lock which the kernel lets go with its holder.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::SystemTime;

use super::refusal::{Result, fault_at};
use crate::time::{Awake, Span};

/// A lock that is the same for this long is dead: thousands of times what a write takes.
const DEAD_AFTER: Span = Span::from_secs(3);
/// Between looks.
const LOOK: Span = Span::from_millis(20);
/// Says which ref of a person one of us is moving; empty while none is.
const NOTE: &str = "aq-moves.lock";

/// Waits for the lock on one of our refs to go away, and removes it if nobody does.
pub(super) fn clear(common_dir: &Path, name: &str) {
    if is_ours(name) {
        remove_if_still(&lock_path(common_dir, name));
    }
}

fn is_ours(name: &str) -> bool {
    name.starts_with("refs/aq/") || name.starts_with("refs/heads/aq/")
}

fn lock_path(common_dir: &Path, name: &str) -> PathBuf {
    common_dir.join(format!("{name}.lock"))
}

/// Removes a lock that nobody touches.
fn remove_if_still(path: &Path) {
    let look = || std::fs::symlink_metadata(path).ok().map(|m| (m.ino(), m.mtime(), m.mtime_nsec()));
    let Some(first) = look() else { return };
    let watch = Awake::start();
    while watch.passed() < DEAD_AFTER {
        thread::sleep(LOOK.to_std());
        if look() != Some(first) {
            return;
        }
    }
    // Gone meanwhile is as good; what cannot be removed is met again, and told, by whoever locks.
    let _ = std::fs::remove_file(path);
}

/// The right to lock one ref, until it is dropped. Those of us who move refs of people take turns.
pub(super) struct Turn {
    /// None for a ref of ours, which needs no note.
    note: Option<File>,
    lock: PathBuf,
}

impl Turn {
    /// Takes the turn, and removes the lock that a killed holder of it left.
    pub(super) fn take(common_dir: &Path, name: &str) -> Result<Turn> {
        let lock = lock_path(common_dir, name);
        if is_ours(name) {
            clear(common_dir, name);
            return Ok(Turn { note: None, lock });
        }
        let path = common_dir.join(NOTE);
        let failed = || fault_at("note a move in", &path);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut note = opened.map_err(failed())?;
        note.lock().map_err(failed())?;
        let mut text = String::new();
        note.read_to_string(&mut text).map_err(failed())?;
        if !text.is_empty() {
            let noted = note.metadata().map_err(failed())?;
            clear_noted(common_dir, &text, &noted);
        }
        rewrite(&mut note, &format!("{name}\n")).map_err(failed())?;
        Ok(Turn { note: Some(note), lock })
    }

    /// Notes which file the lock is, now that it is held.
    pub(super) fn locked(&mut self) -> Result<()> {
        let Some(note) = &mut self.note else { return Ok(()) };
        // A ref kept in another way than a file has no lock of its own to be left behind.
        let Ok(lock) = std::fs::symlink_metadata(&self.lock) else { return Ok(()) };
        writeln!(note, "{}", identity(&lock)).map_err(fault_at("note the lock", &self.lock))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(note) = &mut self.note {
            // What stays noted names a lock that is gone by now, and so claims nothing.
            let _ = rewrite(note, "");
        }
    }
}

fn rewrite(note: &mut File, text: &str) -> std::io::Result<()> {
    note.set_len(0)?;
    note.rewind()?;
    note.write_all(text.as_bytes())
}

/// What stays the same while a lock is written to, and differs for a later one in the same place.
fn identity(lock: &Metadata) -> String {
    let since = made(lock).and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    format!("{} {}", lock.ino(), since.unwrap_or_default().as_nanos())
}

/// When a file was made; where the file system does not say, when it was written.
fn made(file: &Metadata) -> Option<SystemTime> {
    file.created().or_else(|_| file.modified()).ok()
}

/// Removes the lock that a note proves to be of its dead writer.
fn clear_noted(common_dir: &Path, text: &str, note: &Metadata) {
    let Some((name, identified)) = text.split_once('\n') else { return };
    let path = lock_path(common_dir, name);
    let Ok(lock) = std::fs::symlink_metadata(&path) else { return };
    let proven = if identified.is_empty() {
        // Killed before it could say which file. Ours is empty then and younger than the note; git fills a
        // lock as it makes it, and one that stays empty for seconds is no live process's.
        lock.len() == 0 && made(&lock) >= note.modified().ok()
    } else {
        identified.trim_end() == identity(&lock)
    };
    if proven {
        remove_if_still(&path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_dead_locks_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["refs/aq/j/1", "refs/heads/main"] {
            let lock = dir.path().join(format!("{name}.lock"));
            std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
            std::fs::write(&lock, "").unwrap();
            clear(dir.path(), name);
            assert_eq!(lock.exists(), !name.starts_with("refs/aq/"), "{name}");
        }
    }

    /// Takes a turn at a person's branch after one that left `note` and, if `lock` says so, a lock of that
    /// content; IDENTITY stands for the lock's own.
    fn check(note: &str, lock: Option<&str>, stays: bool) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("refs/heads/main.lock");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(dir.path().join(NOTE), note).unwrap();
        if let Some(text) = lock {
            std::fs::write(&path, text).unwrap();
            let own = identity(&std::fs::symlink_metadata(&path).unwrap());
            if note.contains("IDENTITY") {
                std::fs::write(dir.path().join(NOTE), note.replace("IDENTITY", &own)).unwrap();
            }
        }
        drop(Turn::take(dir.path(), "refs/heads/main").unwrap());
        assert_eq!(path.exists(), stays, "{note:?} {lock:?}");
        assert_eq!(std::fs::read_to_string(dir.path().join(NOTE)).unwrap(), "");
    }

    #[test]
    fn a_lock_on_a_persons_branch_is_removed_only_if_it_is_proven_ours() {
        check("", None, false);
        check("", Some(""), true);
        check("refs/heads/main\nIDENTITY\n", Some("half"), false);
        check("refs/heads/main\nIDENTITY1\n", Some(""), true);
        check("refs/heads/other\nIDENTITY\n", Some(""), true);
        check("refs/heads/main\n", Some(""), false);
        check("refs/heads/main\n", Some("of a git that runs"), true);
        check("refs/heads/main", Some(""), true);
    }
}
