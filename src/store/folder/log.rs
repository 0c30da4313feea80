//! `events.jsonl` under a file lock: read, compare-and-append, flush, then show the jobs as files.
//!
//! The lock is held from the comparison to the last rename, so whoever looks at folders under the same
//! lock sees either all of a batch or none of it, except after a kill, and then [`super::layout`] tells
//! an unfinished move of ours from a hand. Readers take no lock: a line is whole when its line feed is
//! there, and a line that does not check is read again under the lock before it is called damaged.
//!
//! A write that fails is cut off again at once, still under the lock: a full disk leaves the log as it
//! was. A flush that fails is never repeated, because the kernel has dropped the dirty pages and a
//! second flush would lie; the handle goes away and the log is read anew.
//! Rejected: `O_APPEND` without a lock (no comparison), a lock per reader (a dash would stall writers).

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::PathBuf;

use rustix::fs::{FlockOperation, flock};
use tracing::debug;

use super::blobs::Blobs;
use super::layout::Layout;
use super::place::Place;
use super::scan::Scan;
use super::segments::segment_path;
use super::snapshot::{self, Spot};
use super::tail::Line;
use crate::fleet::{Event, State, What};
use crate::job::{BlobId, Seq};
use crate::store::codec::{BatchId, Entry, encode_line};
use crate::store::log::{Appended, Log, Saver};
use crate::store::{Fault, FaultKind};
use crate::time::Clock;

/// Dropped files to flush one by one; with more, one flush of the file system is cheaper.
const FLUSH_EACH_MOST: usize = 4;

/// The log of a folder queue.
pub struct FolderLog {
    place: Place,
    pub(super) path: PathBuf,
    /// Open for reading; dropped after a failed flush.
    pub(super) file: Option<File>,
    /// The first event of that file: its name once it is sealed.
    pub(super) first: Seq,
    /// Up to where whole lines were read.
    pub(super) offset: u64,
    /// The last event read.
    pub(super) end: Seq,
    /// The line that holds it.
    pub(super) last: Line,
    /// Lines read while looking for a conflict, not yet given out by [`Log::read`].
    pub(super) ahead: Vec<Entry>,
    blobs: Blobs,
    layout: Layout,
    /// Bytes after which a file is sealed, and those after which the present one is.
    pub(super) limit: u64,
    pub(super) seal_from: u64,
    /// Why a file did not follow its job, until somebody asks.
    unmoved: Option<Fault>,
}

/// The exclusive lock; released when dropped.
pub(super) struct Locked(#[allow(dead_code)] File);

impl FolderLog {
    /// A handle on the log of `place`. Nothing is read yet.
    ///
    /// # Errors
    /// A [`Fault`] if the machine's side cannot be used.
    pub fn open(place: &Place) -> Result<FolderLog, Fault> {
        let blobs = place.side.join("blobs");
        std::fs::create_dir_all(&blobs).map_err(|e| Fault::io("make", &blobs, &e))?;
        Ok(FolderLog {
            path: segment_path(&place.side, 1),
            file: None,
            first: 1,
            offset: 0,
            end: 0,
            last: Line::default(),
            ahead: Vec::new(),
            blobs: Blobs::at(blobs),
            layout: Layout::of(place),
            limit: place.segment_bytes,
            seal_from: place.segment_bytes,
            unmoved: None,
            place: place.clone(),
        })
    }

    /// The queue this is the log of.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Why a file could not follow its job in the last append; told once.
    pub fn unmoved(&mut self) -> Option<Fault> {
        self.unmoved.take()
    }

    /// Compares the folders with `state` under the lock, finishes our own unfinished moves, and tells
    /// what hands have done. Files named in `renamed` were seen to arrive whole; the age of others goes by
    /// `clock`. `None` if the log has moved on: read, then look again.
    ///
    /// # Errors
    /// A [`Fault`] if the folders or the log cannot be read.
    pub fn scan(
        &mut self,
        state: &State,
        renamed: &BTreeSet<String>,
        clock: &dyn Clock,
    ) -> Result<Option<Scan>, Fault> {
        let _lock = self.lock()?;
        self.read_ahead(true)?;
        if !self.ahead.is_empty() || state.seq != self.end {
            return Ok(None);
        }
        self.layout.scan(state, renamed, &self.blobs, clock).map(Some)
    }

    /// Moves a bad manifest out of the inbox, with its problems beside it; `None` if it is not there any
    /// more as it was read.
    ///
    /// # Errors
    /// A [`Fault`] if it could not be moved.
    pub fn reject(&mut self, name: &str, problems: &str) -> Result<Option<PathBuf>, Fault> {
        let _lock = self.lock()?;
        self.layout.reject(name, problems)
    }

    /// Lets the file `name` of inbox take the place of a waiting job's file: its text superseded the job's.
    ///
    /// # Errors
    /// A [`Fault`] if it could not be moved.
    pub fn replace(&mut self, job: &crate::job::JobId, name: &str) -> Result<(), Fault> {
        let _lock = self.lock()?;
        self.layout.replace(job, name)
    }

    /// The name and the bytes of a job's file, wherever a hand has put it, where they are others than the job has.
    ///
    /// # Errors
    /// A [`Fault`] if the machine's side cannot be read.
    pub fn other_text(
        &mut self,
        state: &State,
        job: &crate::job::JobId,
    ) -> Result<Option<(String, Vec<u8>)>, Fault> {
        let _lock = self.lock()?;
        self.layout.other_text(state, job)
    }

    /// Puts a job's file back where the state has it, after a hand moved it and the law said no.
    ///
    /// # Errors
    /// A [`Fault`] if it could not be moved.
    pub fn restore(&mut self, state: &State, job: &crate::job::JobId) -> Result<(), Fault> {
        let _lock = self.lock()?;
        self.layout.restore(state, job, &self.blobs)
    }

    pub(super) fn lock(&self) -> Result<Locked, Fault> {
        let path = self.place.side.join("lock");
        let fault = |e: &std::io::Error| Fault {
            hint: "what is wrong: aq doctor".to_string(),
            ..Fault::io("lock", &path, e)
        };
        loop {
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .map_err(|e| fault(&e))?;
            match flock(&file, FlockOperation::LockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(fault(&error.into())),
            }
            // If the file was deleted meanwhile, others lock another one of that name.
            let held = file.metadata().map_err(|e| fault(&e))?;
            if std::fs::metadata(&path).is_ok_and(|now| (now.ino(), now.dev()) == (held.ino(), held.dev())) {
                return Ok(Locked(file));
            }
        }
    }

    /// Makes dropped files durable before their jobs are: a file that a power cut takes away would look
    /// like one that a hand deleted.
    fn flush_dropped(&self, events: &[Event]) -> Result<(), Fault> {
        let inbox = self.place.queue.join("inbox");
        let file = |event: &Event| match &event.what {
            What::JobSubmitted { file: Some(name), .. } => File::open(inbox.join(name)).ok(),
            _ => None,
        };
        let mut count = 0;
        for file in events.iter().filter_map(file).take(FLUSH_EACH_MOST) {
            file.sync_data().map_err(|e| Fault::io("flush a file of", &inbox, &e))?;
            count += 1;
        }
        match count {
            0 => Ok(()),
            FLUSH_EACH_MOST => super::disk::flush_all(&inbox),
            _ => super::disk::flush_folder(&inbox),
        }
    }

    /// Where the last line that was read ends.
    pub(super) fn spot(&self) -> Spot {
        Spot { first: self.first, offset: self.offset, last: self.last }
    }

    fn write_line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let fault = |e: &std::io::Error| Fault::io("append to", &self.path, e);
        let mut open = File::options();
        let file = open.create(true).truncate(false).write(true).open(&self.path).map_err(|e| fault(&e))?;
        if self.offset == 0 {
            super::disk::flush_folder(&self.place.side)?;
        }
        if let Err(error) = file.write_all_at(line, self.offset).and_then(|()| file.sync_data()) {
            self.file = None;
            // Still ours alone: take back what may have landed, so that it is not found as a batch later.
            let _ = file.set_len(self.offset);
            return Err(fault(&error));
        }
        self.last = Line::of(line);
        self.offset += self.last.len;
        Ok(())
    }

    /// A history that is gone must not be begun anew as if there had been none: the journal of files knows
    /// that jobs were placed.
    fn must_not_be_emptied(&self) -> Result<(), Fault> {
        let size = |name: &str| std::fs::metadata(self.place.side.join(name)).map_or(0, |m| m.len());
        // Behind sealed files an empty one is told by whoever reads to the end of those.
        if size("events.jsonl") > 0 || size("placed.jsonl") == 0 || !self.place.segments()?.is_empty() {
            return Ok(());
        }
        let why = "it is empty, but files of jobs were placed by it";
        let hint =
            "restore it from a backup; to begin anew, move the machine's side away: aq doctor names it";
        Err(Fault::new(FaultKind::Corrupt, "read", &self.path, why, hint))
    }
}

impl Log for FolderLog {
    fn load(&mut self) -> Result<State, Fault> {
        let start = Spot { first: 1, offset: 0, last: Line::default() };
        self.ahead.clear();
        self.must_not_be_emptied()?;
        let found = snapshot::read(&self.place);
        let (spot, state) = found.map_or((start, State::default()), |found| (found.spot, found.state));
        debug!(event = state.seq, file = spot.first, offset = spot.offset, "reads the log from here");
        (self.first, self.offset, self.last) = (spot.first, spot.offset, spot.last);
        (self.file, self.path, self.end) = (None, segment_path(&self.place.side, spot.first), state.seq);
        Ok(state)
    }

    fn read(&mut self) -> Result<Vec<Entry>, Fault> {
        self.read_ahead(false)?;
        Ok(std::mem::take(&mut self.ahead))
    }

    fn replay(&mut self, take: &mut dyn FnMut(Entry) -> Result<(), Fault>) -> Result<(), Fault> {
        self.read_long(take)?;
        self.read()?.into_iter().try_for_each(take)
    }

    fn saver(&mut self) -> Option<Saver> {
        let (place, spot) = (self.place.clone(), self.spot());
        Some(Box::new(move |state| snapshot::write(&place, spot, state)))
    }

    fn append(
        &mut self,
        before: &State,
        batch: &BatchId,
        events: &[Event],
        after: &State,
    ) -> Result<Appended, Fault> {
        self.blobs.flush()?;
        self.flush_dropped(events)?;
        let _lock = self.lock()?;
        self.read_ahead(true)?;
        if !self.ahead.is_empty() || self.end != before.seq {
            return Ok(Appended::Conflict);
        }
        let line = encode_line(before.seq + 1, batch, events);
        if !self.is_full() || !self.seal(&line, before)? {
            self.write_line(&line)?;
        }
        self.end += events.len() as Seq;
        debug!(to = self.end, events = events.len(), bytes = line.len(), "appended a batch");
        // The batch is durable: a file that cannot be moved now is moved by the next scan.
        self.unmoved = self.layout.follow(events, after, &self.blobs).err();
        Ok(Appended::Done)
    }

    fn put_blob(&mut self, bytes: &[u8]) -> Result<BlobId, Fault> {
        self.blobs.put(bytes)
    }

    fn blob(&self, id: &BlobId) -> Result<Option<Vec<u8>>, Fault> {
        self.blobs.get(id)
    }
}
