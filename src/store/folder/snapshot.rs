//! Snapshots: a state and the byte of the log it belongs to, so that a start reads a tail, not a history.
//!
//! A snapshot is only a saving: a missing, damaged or foreign one is left out and the log is read from
//! its beginning. Two lines: a head with checksum, then the state.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk::write_whole;
use super::place::Place;
use super::tail::Line;
use crate::fleet::{LAW, State};
use crate::store::Fault;

/// Form of the file. It rises when older programs could not read it.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Head {
    v: u32,
    law: u32,
    queue: String,
    offset: u64,
    crc: u32,
    /// Length and checksum of the line that ends at `offset`: a log that was restored from a backup and
    /// went another way may have some line ending there, but not this one.
    line: u64,
    line_crc: String,
}

/// What a snapshot holds.
pub(super) struct Snapshot {
    /// The byte of the log behind the last event in it.
    pub offset: u64,
    /// The line that ends there.
    pub last: Line,
    /// The state there.
    pub state: State,
}

fn path(place: &Place) -> PathBuf {
    place.side.join("snapshot.json")
}

/// The snapshot of the log at `log`, if there is one that fits.
pub(super) fn read(place: &Place, log: &Path) -> Option<Snapshot> {
    let bytes = std::fs::read(path(place)).ok()?;
    let split = bytes.iter().position(|b| *b == b'\n')?;
    let head: Head = serde_json::from_slice(&bytes[..split]).ok()?;
    let body = &bytes[split + 1..];
    let last = Line { len: head.line, crc: head.line_crc.as_bytes().try_into().ok()? };
    let ours =
        head.v == VERSION && head.law == LAW && head.queue == place.id && head.crc == crc32fast::hash(body);
    if !ours || !ends_with(log, head.offset, last)? {
        return None;
    }
    let mut state: State = serde_json::from_slice(body).ok()?;
    state.reindex();
    Some(Snapshot { offset: head.offset, last, state })
}

/// Whether that line of the log ends at `offset`.
fn ends_with(log: &Path, offset: u64, last: Line) -> Option<bool> {
    let file = File::open(log).ok()?;
    let mut line = vec![0; usize::try_from(last.len).ok().filter(|len| (32..=1 << 30).contains(len))?];
    file.read_exact_at(&mut line, offset.checked_sub(last.len)?).ok()?;
    Some(Line::of(&line) == last && line.last() == Some(&b'\n'))
}

/// Writes a snapshot of `state`, which must be the one after the batch in the line that ends at `offset`.
///
/// # Errors
/// A [`Fault`]; the old snapshot then stays.
pub(super) fn write(place: &Place, offset: u64, last: Line, state: &State) -> Result<(), Fault> {
    let body = serde_json::to_vec(state).unwrap_or_default();
    let head = Head {
        v: VERSION,
        law: LAW,
        queue: place.id.clone(),
        offset,
        crc: crc32fast::hash(&body),
        line: last.len,
        line_crc: String::from_utf8_lossy(&last.crc).into_owned(),
    };
    let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
    bytes.push(b'\n');
    bytes.extend_from_slice(&body);
    write_whole(&path(place), &bytes)
}
