//! Locks that a killed process left on refs that are aq's own.
//!
//! Git locks a ref by making `REF.lock` and never removes another's. A process killed between that and the
//! rename leaves the ref locked for ever, and with it the work that wants to be saved there. Refs below
//! `refs/aq/` and the branches `aq/…` are written by the holder of the job's lease alone, for less than a
//! millisecond; a lock on one of them that has not changed for seconds is nobody's. Other refs are people's,
//! and so are their locks.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread;

use crate::time::{Awake, Span};

/// A lock that is the same for this long is dead: thousands of times what a write takes.
const DEAD_AFTER: Span = Span::from_secs(3);
/// Between looks.
const LOOK: Span = Span::from_millis(20);

/// Waits for the lock on one of our refs to go away, and removes it if nobody does.
pub(super) fn clear(common_dir: &Path, name: &str) {
    if !name.starts_with("refs/aq/") && !name.starts_with("refs/heads/aq/") {
        return;
    }
    let path = common_dir.join(format!("{name}.lock"));
    let look = || std::fs::symlink_metadata(&path).ok().map(|m| (m.ino(), m.mtime(), m.mtime_nsec()));
    let Some(first) = look() else { return };
    let watch = Awake::start();
    while watch.passed() < DEAD_AFTER {
        thread::sleep(LOOK.to_std());
        if look() != Some(first) {
            return;
        }
    }
    // Gone meanwhile is as good; what cannot be removed is met again, and told, by whoever locks.
    let _ = std::fs::remove_file(&path);
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
}
