//! The files of one run's folder, and the two ways they are written: whole, or first writer wins.
//!
//! None of them is flushed. They have to outlive processes, not power: a power cut ends every run of the
//! machine, the tree in which it worked was not flushed either, and a verdict that outlived its tree would
//! be a false one. What the law has acknowledged stands in the log, which is flushed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What to run; written by the agent before the shim starts.
pub(super) const PLAN: &str = "plan.json";
/// The shim's own identity; written before the engine starts. Its presence is the claim on the folder.
pub(super) const SHIM: &str = "shim.json";
/// The engine's pid and start time; written right after it started.
pub(super) const ENGINE: &str = "engine.json";
/// Processes seen below the shim, for finding strays after the shim was killed.
pub(super) const SEEN: &str = "seen.json";
/// The stop order; the first one stands.
pub(super) const STOP: &str = "stop.json";
/// Processes that outlive KILL; there while the alarm lasts.
pub(super) const SURVIVORS: &str = "survivors.json";
/// The verdict of the run; its presence means that no process of the run is left.
pub(super) const EXIT: &str = "exit.json";
/// What the shim itself has to say.
pub(super) const LOG: &str = "shim.log";
/// The engine's output, unless the plan names another place.
pub(super) const TRANSCRIPT: &str = "transcript.jsonl";

/// Space set aside for stop order and verdict, so that the transcript of a run cannot take the last of a disk
/// from them. Each holds more than a verdict needs (its tail of 4 KiB can grow sixfold in JSON).
const RESERVE: &str = ".reserve";
/// One for the order, one for the verdict, one for a writer that loses the race for the space it freed.
const RESERVES: u32 = 3;
/// Bytes of each.
const RESERVE_SIZE: usize = 64 * 1024;

/// Only the owner reads these: a plan holds keys and a transcript holds work.
const PRIVATE: u32 = 0o600;

/// Writes `value` under `name` so that a reader sees the old text or the new, never a part.
pub(super) fn write_whole<T: Serialize>(dir: &Path, name: &str, value: &T) -> io::Result<()> {
    let fresh = write_aside(dir, name, value)?;
    fs::rename(&fresh, dir.join(name)).inspect_err(|_| discard(&fresh))
}

/// As [`write_whole`], but only if `name` does not exist yet; says whether this call made it.
pub(super) fn write_first<T: Serialize>(dir: &Path, name: &str, value: &T) -> io::Result<bool> {
    let fresh = write_aside(dir, name, value)?;
    // A hard link fails where the name is taken, on every file system that has hard links at all.
    let linked = fs::hard_link(&fresh, dir.join(name));
    discard(&fresh);
    match linked {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(e),
    }
}

/// Writes a new file beside the others. On a full disk an order or a verdict gets the space set aside.
fn write_aside<T: Serialize>(dir: &Path, name: &str, value: &T) -> io::Result<PathBuf> {
    let mut text = serde_json::to_vec(value).map_err(io::Error::other)?;
    text.push(b'\n');
    loop {
        let path = dir.join(format!(".{name}.{}.{:08x}", std::process::id(), fastrand::u32(..)));
        match write_new(&path, &text) {
            Ok(()) => return Ok(path),
            Err(e) if is_full(&e) && [STOP, EXIT].contains(&name) && release(dir) => {}
            Err(e) => return Err(e),
        }
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path)?;
    file.write_all(bytes).inspect_err(|_| discard(path))
}

fn is_full(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn reserve_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{RESERVE}.{number}"))
}

/// Sets space aside in the run's folder. Bytes of chance, because file systems that compress would keep
/// nothing for zeros.
pub(super) fn set_aside(dir: &Path) -> io::Result<()> {
    let mut bytes = vec![0; RESERVE_SIZE];
    fastrand::fill(&mut bytes);
    (0..RESERVES).try_for_each(|number| write_new(&reserve_path(dir, number), &bytes))
}

/// Gives up one piece of the space set aside; false if none is left.
fn release(dir: &Path) -> bool {
    (0..RESERVES).any(|number| fs::remove_file(reserve_path(dir, number)).is_ok())
}

/// Gives up all of it.
pub(super) fn release_all(dir: &Path) {
    while release(dir) {}
}

/// A file of ours that is in nobody's way if it stays.
fn discard(path: &Path) {
    drop(fs::remove_file(path));
}

/// Reads `name`; `None` if it does not exist, or is empty: what a power cut leaves of a file not flushed.
pub(super) fn read<T: DeserializeOwned>(dir: &Path, name: &str) -> io::Result<Option<T>> {
    match fs::read(dir.join(name)) {
        Ok(bytes) if bytes.is_empty() => Ok(None),
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}: {e}", dir.join(name).display()))
        }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Opens a file of the run for appending, readable by its owner alone.
pub(super) fn append(path: &Path) -> io::Result<File> {
    fs::OpenOptions::new().append(true).create(true).mode(PRIVATE).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_writer_wins_and_nothing_is_left_aside() {
        let dir = tempfile::tempdir().unwrap();
        assert!(write_first(dir.path(), STOP, &1).unwrap());
        assert!(!write_first(dir.path(), STOP, &2).unwrap());
        assert_eq!(read::<u32>(dir.path(), STOP).unwrap(), Some(1));
        write_whole(dir.path(), STOP, &3).unwrap();
        assert_eq!(read::<u32>(dir.path(), STOP).unwrap(), Some(3));
        assert_eq!(read::<u32>(dir.path(), EXIT).unwrap(), None);
        set_aside(dir.path()).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1 + RESERVES as usize);
        release_all(dir.path());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
