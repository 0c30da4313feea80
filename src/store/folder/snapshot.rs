//! Snapshots: the state at a place of the log, so that a start reads a tail, not a history.
//!
//! `snapshot.json` is only a saving: a missing, damaged or foreign one is left out and the log is read from
//! further back. `base.json` has the same form and is the state at the seam behind the newest sealed file;
//! it too is only a saving until older files are pruned, and from then on it is what the log begins with.
//! A head with a checksum of all lines behind it, then the state, a portion a line. Lines are read on as many
//! threads as there are processors for, and the maps are made on two: a cockpit waits for nothing else.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;

use serde::{Deserialize, Serialize};

use super::disk::write_whole;
use super::place::Place;
use super::segments::{first_event, live_path, sealed_path, segment_path};
use super::tail::Line;
use crate::fleet::{Gathered, LAW, Portion, State};
use crate::job::Seq;
use crate::store::Fault;

/// Form of the file. It rises when older programs could not read it.
const VERSION: u32 = 3;
/// Threads that read one snapshot: with more the making of maps, which is one thread's, is all that counts.
const READERS_MOST: usize = 4;
/// The state at some place.
const SAVING: &str = "snapshot.json";
/// The state at the newest seam.
pub(super) const BASE: &str = "base.json";

#[derive(Serialize, Deserialize)]
struct Head {
    v: u32,
    law: u32,
    queue: String,
    /// The first event of the file it is about; logs of one file begin with 1.
    #[serde(default = "one")]
    first: Seq,
    offset: u64,
    crc: u32,
    /// Length and checksum of the line that ends at `offset`: a log that was restored from a backup and
    /// went another way may have some line ending there, but not this one.
    line: u64,
    line_crc: String,
}

fn one() -> Seq {
    1
}

/// A place in the log: behind a line of one of its files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Spot {
    /// The first event of the file.
    pub first: Seq,
    /// The byte behind the line.
    pub offset: u64,
    /// The line.
    pub last: Line,
}

/// What a snapshot holds.
pub(super) struct Snapshot {
    /// Where to read on.
    pub spot: Spot,
    /// The state there.
    pub state: State,
}

/// The newest snapshot of the log that fits it.
pub(super) fn read(place: &Place) -> Option<Snapshot> {
    let mut heads: Vec<(Head, &str)> =
        [SAVING, BASE].into_iter().filter_map(|name| Some((head(place, name)?, name))).collect();
    heads.sort_by_key(|(head, _)| std::cmp::Reverse((head.first, head.offset)));
    heads.into_iter().find_map(|(head, name)| match name {
        BASE => fitting_base(place, &head),
        _ => fitting(place, &head, name),
    })
}

/// The base, if it is whole and fits the log.
pub(super) fn read_base(place: &Place) -> Option<Snapshot> {
    fitting_base(place, &head(place, BASE)?)
}

fn head(place: &Place, name: &str) -> Option<Head> {
    let mut line = Vec::new();
    BufReader::new(File::open(place.side.join(name)).ok()?).read_until(b'\n', &mut line).ok()?;
    let head: Head = serde_json::from_slice(&line).ok()?;
    (head.v == VERSION && head.law == LAW && head.queue == place.id).then_some(head)
}

fn spot_of(head: &Head) -> Option<Spot> {
    let last = Line { len: head.line, crc: head.line_crc.as_bytes().try_into().ok()? };
    Some(Spot { first: head.first, offset: head.offset, last })
}

fn state_of(place: &Place, name: &str, head: &Head) -> Option<State> {
    let mut bytes = Vec::new();
    File::open(place.side.join(name)).ok()?.read_to_end(&mut bytes).ok()?;
    let split = bytes.iter().position(|b| *b == b'\n')?;
    let body = &bytes[split + 1..];
    if head.crc != crc32fast::hash(body) {
        return None;
    }
    let lines: Vec<&[u8]> = body.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect();
    let all = Gathered::of(portions(&lines)?)?;
    let (names, index) = std::thread::scope(|scope| {
        let index = scope.spawn(|| all.index());
        let names = all.names();
        (names, index.join().unwrap_or_else(|bug| std::panic::resume_unwind(bug)))
    });
    Some(all.state(names?, index))
}

/// The portions in the order of their lines; `None` if any is not one.
fn portions(lines: &[&[u8]]) -> Option<Vec<Portion>> {
    let next = AtomicUsize::new(0);
    let read = || {
        let one = |at: usize| Some((at, serde_json::from_slice(lines[at]).ok()?));
        let mine = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
        mine.take_while(|at| *at < lines.len()).map(one).collect::<Option<Vec<_>>>()
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(READERS_MOST);
    let mut all: Vec<(usize, Portion)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(read)).collect();
        let mine = read();
        // A bug in one is a bug of the whole program.
        let join =
            |one: ScopedJoinHandle<'_, _>| one.join().unwrap_or_else(|bug| std::panic::resume_unwind(bug));
        let all: Option<Vec<_>> = others.into_iter().map(join).chain([mine]).collect();
        Some(all?.into_iter().flatten().collect())
    })?;
    all.sort_unstable_by_key(|row| row.0);
    Some(all.into_iter().map(|row| row.1).collect())
}

fn fitting(place: &Place, head: &Head, name: &str) -> Option<Snapshot> {
    let spot = spot_of(head)?;
    if !ends_with(&segment_path(&place.side, spot.first), spot.offset, spot.last)? {
        return None;
    }
    Some(Snapshot { spot, state: state_of(place, name, head)? })
}

/// A base fits where its line is; and where that was pruned, if the log goes on right behind it.
fn fitting_base(place: &Place, head: &Head) -> Option<Snapshot> {
    if let Some(found) = fitting(place, head, BASE) {
        return Some(found);
    }
    if sealed_path(&place.side, head.first).exists() {
        return None;
    }
    let state = state_of(place, BASE, head)?;
    let first = state.seq + 1;
    let goes_on = sealed_path(&place.side, first).exists()
        || first_event(&live_path(&place.side)).is_some_and(|begins| begins == first);
    goes_on.then_some(Snapshot { spot: Spot { first, offset: 0, last: Line::default() }, state })
}

/// Whether that line of the file ends at `offset`.
fn ends_with(log: &Path, offset: u64, last: Line) -> Option<bool> {
    let file = File::open(log).ok()?;
    let mut line = vec![0; usize::try_from(last.len).ok().filter(|len| (32..=1 << 30).contains(len))?];
    file.read_exact_at(&mut line, offset.checked_sub(last.len)?).ok()?;
    Some(Line::of(&line) == last && line.last() == Some(&b'\n'))
}

/// Writes a snapshot of `state`, which must be the one after the batch in the line that ends at `spot`.
///
/// # Errors
/// A [`Fault`]; the old snapshot then stays.
pub(super) fn write(place: &Place, spot: Spot, state: &State) -> Result<(), Fault> {
    write_as(place, SAVING, spot, state)
}

/// The same as the base.
///
/// # Errors
/// A [`Fault`]; the old base then stays.
pub(super) fn write_base(place: &Place, spot: Spot, state: &State) -> Result<(), Fault> {
    write_as(place, BASE, spot, state)
}

fn write_as(place: &Place, name: &str, spot: Spot, state: &State) -> Result<(), Fault> {
    let mut body = Vec::new();
    for portion in state.portions() {
        serde_json::to_writer(&mut body, &portion).unwrap_or_default();
        body.push(b'\n');
    }
    let head = Head {
        v: VERSION,
        law: LAW,
        queue: place.id.clone(),
        first: spot.first,
        offset: spot.offset,
        crc: crc32fast::hash(&body),
        line: spot.last.len,
        line_crc: String::from_utf8_lossy(&spot.last.crc).into_owned(),
    };
    let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
    bytes.push(b'\n');
    bytes.extend_from_slice(&body);
    write_whole(&place.side.join(name), &bytes)
}
