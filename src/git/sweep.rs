//! Whether git itself has just taken files out of a checkout: a stash, a switch, a reset; told from traces.
//!
//! A file that is gone looks the same whether a person deleted it or `git stash -u` did. Git leaves dates: the
//! log of the stash is written before the files go, and HEAD's when they are gone. A commit takes nothing
//! away, and `git rm` is a person's deletion; neither counts. `git clean` leaves no trace at all.

use std::path::Path;

use super::refusal::Result;
use super::repo::Repo;
use crate::time::Stamp;

/// Enough of a log's end for its last line.
const TAIL: u64 = 4 << 10;

impl Repo {
    /// What git did to the files of this checkout since then, as a command's name, as far as it left a
    /// trace.
    pub fn swept_since(&self, since: Stamp) -> Result<Option<String>> {
        let fresh = |path: &Path| {
            let changed = std::fs::metadata(path).and_then(|meta| meta.modified());
            changed.is_ok_and(|at| Stamp::from_system(at) >= since)
        };
        let (git_dir, common) = (self.pipes().git_dir(), self.pipes().common_dir());
        if fresh(&common.join("logs/refs/stash")) {
            return Ok(Some("git stash".to_string()));
        }
        let log = git_dir.join("logs/HEAD");
        if fresh(&log) {
            let deed = last_deed(&log).unwrap_or_default();
            let taking = deed != "commit" && !deed.is_empty();
            return Ok(taking.then(|| format!("git {deed}")));
        }
        // Whatever holds the lock for so long as to be met is no `git rm` of a file.
        Ok(git_dir.join("index.lock").exists().then(|| "a git command".to_string()))
    }
}

/// The first word of the last line's message: `checkout: moving from a to b`, `commit (amend): …`.
fn last_deed(log: &Path) -> Option<String> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut file = std::fs::File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut text = Vec::new();
    file.read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    let (_, message) = text.trim_end().lines().next_back()?.split_once('\t')?;
    Some(message.chars().take_while(|c| c.is_ascii_alphabetic()).collect())
}
