//! The cockpit's own file: what it remembers from one start to the next.
//!
//! Several cockpits of one person may write it. Each change is put into what stands there then, under a lock beside
//! it, so that none takes back what another one kept.

use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::board::state_home;
use crate::dash::model::{Memo, Recall};
use crate::store::write_whole;

/// The file, `$XDG_STATE_HOME/aq/dash.json`; none where there is no home.
fn file() -> Option<PathBuf> {
    state_home().map(|home| home.join("dash.json"))
}

/// What is remembered, and why it is not, if it cannot be read.
pub fn recalled() -> (Recall, Option<String>) {
    let Some(path) = file() else { return (Recall::default(), None) };
    match read(&path) {
        Ok(recall) => (recall, None),
        Err(why) => (Recall::default(), Some(why)),
    }
}

fn read(path: &Path) -> Result<Recall, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Recall::read(&text).map_err(|why| format!("{} cannot be used: {why}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Recall::default()),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}

/// Puts one change into the file.
///
/// # Errors
/// Why it could not be, in words. A file that cannot be read is left as it is: it is another aq's, or a person's to
/// mend.
pub fn keep(memo: Memo) -> Result<(), String> {
    file().map_or(Ok(()), |path| keep_in(&path, memo))
}

fn keep_in(path: &Path, memo: Memo) -> Result<(), String> {
    let told = |error: &std::io::Error| format!("cannot write {}: {error}", path.display());
    if let Some(home) = path.parent() {
        std::fs::create_dir_all(home).map_err(|e| told(&e))?;
    }
    let lock = std::fs::File::create(path.with_extension("lock")).map_err(|e| told(&e))?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|e| told(&e.into()))?;
    let mut recall = read(path)?;
    recall.take(memo);
    write_whole(path, recall.text().as_bytes()).map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_cockpit_kept_stays_and_what_cannot_be_read_is_not_written_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("home/dash.json");
        for line in ["at 11:20", "explain fix", "at 11:20"] {
            assert_eq!(keep_in(&path, Memo::Line(line.to_string())), Ok(()));
        }
        let lines = read(&path).expect("read").lines;
        assert_eq!(lines.iter().map(String::as_str).collect::<Vec<_>>(), ["explain fix", "at 11:20"]);
        std::fs::write(&path, "{\"form\": 9}").expect("written");
        assert!(
            keep_in(&path, Memo::Line("at 12:00".to_string())).is_err_and(|why| why.contains("newer aq"))
        );
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "{\"form\": 9}");
    }
}
