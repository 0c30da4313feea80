//! The log's files: `events.jsonl`, which grows, and before it those that are full, `events-FIRST.jsonl`.
//!
//! A file that has reached its limit is sealed by the append that would have grown it, under the lock and
//! in this order: the state so far is written as `base.json` and flushed; the new batch is written as
//! `events.jsonl.next` and flushed; the full file is renamed after its first event; the new one takes its
//! name; the folder is flushed. A kill between any two leaves one of four pictures, and each is told from
//! damage: a base of a file that is not sealed yet (a snapshot like any other), a `.next` beside a growing
//! file (left over; the next seal writes it anew), or a `.next` and no growing file (the next holder of the
//! lock finishes the rename; nobody was answered for that batch, and it counts). A growing file behind
//! sealed ones is therefore never empty and its first line never torn: where it is, that is damage.
//!
//! Renames keep the inode, so who reads a file while it is sealed reads on in the same file to its end, and
//! then takes up the one that begins with the next event. Sealed files are never written again; they go
//! away one by one, the oldest first, by `aq clean`, once the base stands for them.
//!
//! Rejected: one file with a hole punched into its front (not every file system can, and `cp` fills it in
//! again), and a first line that repeats the state (a log would then hold what is no event).

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use tracing::{info, warn};

use super::log::FolderLog;
use super::place::Place;
use super::snapshot;
use super::tail::Line;
use crate::fleet::State;
use crate::job::Seq;
use crate::store::{Fault, FaultKind};
use crate::time::Stamp;

/// Bytes after which a file is sealed: a quarter of a million events, which a start reads in half a second.
pub(super) const SEGMENT_BYTES: u64 = 64 << 20;
/// The file that grows.
const LIVE: &str = "events.jsonl";
/// The first batch of a new file, until the full one has its name.
const NEXT: &str = "events.jsonl.next";
/// After a seal that failed, so much of the limit is written before the next try.
const TRY_AGAIN: u64 = 16;

/// A sealed file of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// The number of its first event.
    pub first: Seq,
    /// Where it stands.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// When its last event was written.
    pub written: Stamp,
}

/// Where the file stands, or would stand, that begins with event `first` and is sealed.
pub(super) fn sealed_path(side: &Path, first: Seq) -> PathBuf {
    side.join(format!("events-{first:020}.jsonl"))
}

/// The file that grows.
pub(super) fn live_path(side: &Path) -> PathBuf {
    side.join(LIVE)
}

/// The file that begins with event `first`: a sealed one, else the one that grows.
pub(super) fn segment_path(side: &Path, first: Seq) -> PathBuf {
    let sealed = sealed_path(side, first);
    if sealed.exists() { sealed } else { live_path(side) }
}

/// The number of the first event in a file, from its fixed place in the line.
pub(super) fn first_event(path: &Path) -> Option<Seq> {
    let mut begin = [0; 64];
    let n = File::open(path).ok()?.read_at(&mut begin, 0).ok()?;
    first_seq(&begin[..n])
}

/// The number of a batch's first event, from its fixed place in the line.
pub(super) fn first_seq(line: &[u8]) -> Option<Seq> {
    let digits = line.get(24..)?.iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&line[24..24 + digits]).ok()?.parse().ok()
}

impl Place {
    /// The sealed files of the log, the oldest first.
    ///
    /// # Errors
    /// A [`Fault`] if the machine's side cannot be listed.
    pub fn segments(&self) -> Result<Vec<Segment>, Fault> {
        let fault = |e: &std::io::Error| Fault::io("list", &self.side, e);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.side).map_err(|e| fault(&e))? {
            let entry = entry.map_err(|e| fault(&e))?;
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("events-")?.strip_suffix(".jsonl"));
            let Some(first) = number.and_then(|digits| digits.parse().ok()) else { continue };
            // One that is being pruned at this moment is no part of the log any more.
            let Ok(meta) = entry.metadata() else { continue };
            let written = meta.modified().map(Stamp::from_system).unwrap_or_default();
            found.push(Segment { first, path: entry.path(), bytes: meta.len(), written });
        }
        found.sort_by_key(|segment| segment.first);
        Ok(found)
    }

    /// The number of the first event that is still in the log; `None` for a log without any.
    ///
    /// # Errors
    /// As [`Place::segments`].
    pub fn first_event(&self) -> Result<Option<Seq>, Fault> {
        let sealed = self.segments()?.first().map(|segment| segment.first);
        Ok(sealed.or_else(|| first_event(&live_path(&self.side))))
    }

    /// The state that history begins with: the empty one, or where the oldest files were pruned, the state
    /// that stands for them. Events up to its number cannot be replayed.
    ///
    /// # Errors
    /// A [`Fault`] if files were pruned and the state that stands for them cannot be read.
    pub fn beginning(&self) -> Result<State, Fault> {
        match self.first_event()? {
            None | Some(1) => Ok(State::default()),
            Some(first) => self.seam()?.ok_or_else(|| {
                let why = format!("the log begins with event {first}, and no base tells what was before");
                let hint = "restore base.json or the files before it from a backup";
                Fault::new(FaultKind::Corrupt, "read", &self.side.join(snapshot::BASE), why, hint)
            }),
        }
    }

    /// The state at the end of the newest sealed file; `None` where none is sealed, or it cannot be read.
    ///
    /// # Errors
    /// As [`Place::segments`].
    pub fn seam(&self) -> Result<Option<State>, Fault> {
        Ok(snapshot::read_base(self).map(|found| found.state))
    }
}

impl FolderLog {
    /// Whether the file that is being read has been sealed.
    pub(super) fn is_sealed(&self) -> bool {
        sealed_path(&self.place().side, self.first).exists()
    }

    /// Goes on to the file behind a sealed one that was read to its end. Only under the lock.
    pub(super) fn next_segment(&mut self) -> Result<(), Fault> {
        let side = self.place().side.clone();
        if self.end < self.first {
            let why = "it holds nothing, and was full when it was sealed";
            return Err(Fault::new(FaultKind::Corrupt, "read", &self.path, why, RESTORE));
        }
        (self.first, self.offset, self.last) = (self.end + 1, 0, Line::default());
        (self.file, self.path) = (None, segment_path(&side, self.first));
        Ok(())
    }

    /// Gives the new file its name where somebody was killed between the two renames of a seal. Only under
    /// the lock.
    pub(super) fn finish_seal(&self) -> Result<(), Fault> {
        let side = &self.place().side;
        let (next, live) = (side.join(NEXT), live_path(side));
        if live.exists() || !next.exists() {
            return Ok(());
        }
        std::fs::rename(&next, &live).map_err(|e| Fault::io("finish the seal of", &live, &e))?;
        super::disk::flush_folder(side)
    }

    /// Whether the growing file is due to be sealed.
    pub(super) fn is_full(&self) -> bool {
        self.offset >= self.seal_from
    }

    /// Seals the growing file and begins the next with `line`. Tells whether that was done; if not, nothing
    /// has changed, and the line goes where the others are. Only under the lock and at the log's end.
    ///
    /// # Errors
    /// A [`Fault`] where the log was left without a growing file: whoever comes next finishes the seal.
    pub(super) fn seal(&mut self, line: &[u8], before: &State) -> Result<bool, Fault> {
        let side = self.place().side.clone();
        let (live, next, sealed) = (live_path(&side), side.join(NEXT), sealed_path(&side, self.first));
        let ready = snapshot::write_base(self.place(), self.spot(), before).is_ok()
            && write_flushed(&next, line).is_ok()
            && super::disk::flush_folder(&side).is_ok()
            && super::disk::rename_new(&live, &sealed).is_ok();
        if !ready {
            // A full disk, most likely. A long file is no harm; only the next try should not be at once.
            let _ = std::fs::remove_file(&next);
            self.seal_from = self.offset + self.limit / TRY_AGAIN;
            warn!(file = %live.display(), bytes = self.offset, "cannot be sealed now");
            return Ok(false);
        }
        self.file = None;
        std::fs::rename(&next, &live).map_err(|e| Fault::io("begin", &live, &e))?;
        super::disk::flush_folder(&side)?;
        (self.first, self.path) = (before.seq + 1, live);
        (self.last, self.seal_from) = (Line::of(line), self.limit);
        self.offset = self.last.len;
        info!(file = %sealed.display(), upto = before.seq, "sealed a file of the log");
        Ok(true)
    }

    /// Removes sealed files whose last event is older than `before`, the oldest first; the base stands for
    /// them from then on. Gives those that are gone.
    ///
    /// # Errors
    /// A [`Fault`] if a file cannot be removed, or there is no base that could stand for them.
    pub fn prune(&mut self, before: Stamp) -> Result<Vec<Segment>, Fault> {
        let _lock = self.lock()?;
        let place = self.place().clone();
        let old: Vec<Segment> =
            place.segments()?.into_iter().take_while(|segment| segment.written < before).collect();
        let Some(last) = old.last() else { return Ok(old) };
        let stands = place.seam()?.is_some_and(|base| base.seq >= last.first);
        if !stands {
            let on = place.side.join(snapshot::BASE);
            let why = "no state stands for the files that would be pruned";
            return Err(Fault::new(FaultKind::Corrupt, "use", &on, why, "nothing was pruned: aq doctor"));
        }
        for segment in &old {
            std::fs::remove_file(&segment.path).map_err(|e| Fault::io("remove", &segment.path, &e))?;
        }
        super::disk::flush_folder(&place.side)?;
        Ok(old)
    }
}

/// What to do about a log with a file missing or spoilt in its middle.
pub(super) const RESTORE: &str = "restore it from a backup";

fn write_flushed(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}
