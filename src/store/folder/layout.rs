//! Jobs as files: each in the folder of its stage. Follows the law's moves and finishes broken ones.
//!
//! Everything here runs under the log's lock and at the log's end. A move is: the batch is durable,
//! the file is renamed (never over another), the journal notes the spot. Whatever was killed between
//! is found by comparing three things: where the disk has the file, where the state wants it, where the
//! journal last put it. `jobs.md` section 2 has the rule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::blobs::Blobs;
use super::disk::{Look, blob_id, hash_of, read_some, rename_new, write_whole};
use super::journal::{Journal, Spot};
use super::place::Place;
use crate::fleet::{CEILING_TAKEN_BACK, Event, Job, State, What};
use crate::job::{BlobId, FOLDERS, Folder, JobId, Text};
use crate::store::{Fault, FaultKind};
use crate::time::{Span, Stamp};

/// Names tried for a file before giving up; each is `NAME~ID`, `NAME~ID~2`, …
const NAMES_MOST: usize = 100;
/// Bytes of a file name on every file system that counts.
const NAME_LONGEST: usize = 255;

pub(super) struct Layout {
    pub(super) place: Place,
    pub(super) journal: Journal,
    /// Newcomers the last scan told of, and their bytes: a submit of these bytes owns that file, even if
    /// it was written to since.
    pub(super) told: BTreeMap<String, BlobId>,
    /// Files whose date says nothing about their age, as they looked and since when (boot time).
    pub(super) undated: BTreeMap<String, (Look, Span)>,
    /// The clock as the last scan began: the ages of files are judged by it.
    pub(super) wall: Stamp,
    pub(super) boot: Span,
}

impl Layout {
    pub fn of(place: &Place) -> Layout {
        Layout {
            place: place.clone(),
            journal: Journal::at(place.side.join("placed.jsonl")),
            told: BTreeMap::new(),
            undated: BTreeMap::new(),
            wall: Stamp::default(),
            boot: Span::default(),
        }
    }

    pub(super) fn path(&self, folder: Folder, name: &str) -> PathBuf {
        self.place.queue.join(folder.name()).join(name)
    }

    pub(super) fn look(&self, folder: Folder, name: &str) -> Option<Look> {
        Look::at(&self.path(folder, name))
    }

    /// Moves the files of all jobs that a batch was about to where the state has them now.
    pub fn follow(&mut self, events: &[Event], after: &State, blobs: &Blobs) -> Result<(), Fault> {
        self.journal.catch_up(after)?;
        let mut first = None;
        // One file that cannot be moved must not hold up the others; the scan tries again.
        let mut keep = |done: Result<(), Fault>| first = first.take().or(done.err());
        for id in events.iter().filter_map(|e| e.what.job()).collect::<BTreeSet<_>>() {
            if let Some(job) = after.job(id) {
                keep(self.settle(job, blobs));
            }
        }
        for event in events {
            match &event.what {
                What::JobSuperseded { job, .. } => {
                    if let Some(job) = after.job(job) {
                        keep(self.renew(job, blobs).map(drop));
                    }
                }
                What::BudgetResumed { reason } if reason != CEILING_TAKEN_BACK => {
                    keep(self.bring_back(after, blobs));
                }
                _ => {}
            }
        }
        self.journal.flush()?;
        first.map_or(Ok(()), Err)
    }

    /// Brings one job's file to the folder of its stage.
    pub(super) fn settle(&mut self, job: &Job, blobs: &Blobs) -> Result<(), Fault> {
        let wanted = job.stage.folder();
        let Some(spot) = self.journal.spot(&job.id).cloned() else { return self.first_spot(job, blobs) };
        if spot.folder == wanted {
            return Ok(());
        }
        let moved = self.rename(&self.path(spot.folder, &spot.name), job, wanted, &spot.name)?;
        // A hand had moved it there itself, and the law has just agreed.
        let there = || Some(spot.name.to_string()).filter(|name| self.look(wanted, name).is_some());
        // `None`: it is not where it was put; a hand has it, and the scan will say so.
        if let Some(name) = moved.or_else(there) {
            self.journal.note(&job.id, Some(Spot { folder: wanted, name: name.into(), ..spot }));
        }
        Ok(())
    }

    /// A new job owns the file it came from; one that came without a file gets one.
    fn first_spot(&mut self, job: &Job, blobs: &Blobs) -> Result<(), Fault> {
        let name = first_name(job);
        if self.is_free(Folder::Inbox, &name) && self.is_file_of(Folder::Inbox, &name, job) {
            return self.take_over(job, Folder::Inbox, &name);
        }
        self.recreate(job, &name, blobs)
    }

    /// Whether no job has its file there.
    pub(super) fn is_free(&self, folder: Folder, name: &str) -> bool {
        let owner = self.journal.owner(name).and_then(|id| self.journal.spot(id));
        owner.is_none_or(|spot| spot.folder != folder)
    }

    /// Whether the file has the job's text, or is the one its text was read from.
    pub(super) fn is_file_of(&self, folder: Folder, name: &str, job: &Job) -> bool {
        let told = folder == Folder::Inbox && self.told.get(name) == Some(&job.body);
        let path = self.path(folder, name);
        Look::at(&path).is_some() && (told || hash_of(&path).is_some_and(|hash| hash == job.body))
    }

    /// Makes a file that stands somewhere the job's, and puts it where the job's file belongs.
    pub(super) fn take_over(&mut self, job: &Job, at: Folder, name: &str) -> Result<(), Fault> {
        let wanted = job.stage.folder();
        let taken = self.journal.owner(name).is_some_and(|owner| *owner != job.id);
        let mut name = name.to_string();
        if at != wanted || taken {
            let wish = if taken { with_id(&name, &job.id, 1) } else { name.clone() };
            match self.rename(&self.path(at, &name), job, wanted, &wish)? {
                Some(found) => name = found,
                None => return Ok(()),
            }
        }
        // Never compared as it is now: the next scan reads it.
        let name = name_of(job, &name);
        let spot = Spot { folder: wanted, name, seen: (0, 0), body: Some(job.body.clone()) };
        self.journal.note(&job.id, Some(spot));
        Ok(())
    }

    /// Writes a job's file anew from its blob, under that name or the next that is free.
    pub(super) fn recreate(&mut self, job: &Job, name: &str, blobs: &Blobs) -> Result<(), Fault> {
        let folder = job.stage.folder();
        let mine = |it: &Layout, name: &str| it.journal.owner(name).is_none_or(|owner| *owner == job.id);
        let names =
            std::iter::once(name.to_string()).chain((1..NAMES_MOST).map(|n| with_id(name, &job.id, n)));
        let free = { names }.find(|name| mine(self, name) && !self.path(folder, name).exists());
        let name = free.ok_or_else(|| no_name(&self.path(folder, name)))?;
        let path = self.path(folder, &name);
        let Some(bytes) = blobs.get(&job.body)? else {
            let why = format!("its blob {} is gone", job.body);
            let hint = "restore the blobs from a backup";
            return Err(Fault::new(FaultKind::Corrupt, "write", &path, why, hint));
        };
        write_whole(&path, &bytes)?;
        let seen = Look::at(&path).map_or((0, 0), Look::seen);
        let name = name_of(job, &name);
        self.journal.note(&job.id, Some(Spot { folder, name, seen, body: Some(job.body.clone()) }));
        Ok(())
    }

    /// Brings the text of a waiting job's file up to date where the law has replaced it: written only if
    /// the file still has the text from before. Tells whether the file now has the job's text.
    pub(super) fn renew(&mut self, job: &Job, blobs: &Blobs) -> Result<bool, Fault> {
        let Some(spot) = self.journal.spot(&job.id).cloned() else { return Ok(false) };
        let path = self.path(spot.folder, &spot.name);
        let (Some(look), Some(hash)) = (Look::at(&path), hash_of(&path)) else { return Ok(false) };
        let mut seen = look.seen();
        if hash != job.body {
            let old = spot.body.as_ref() == Some(&hash);
            let Some(bytes) = (if old { blobs.get(&job.body)? } else { None }) else { return Ok(false) };
            write_whole(&path, &bytes)?;
            seen = Look::at(&path).map_or((0, 0), Look::seen);
        }
        self.journal.note(&job.id, Some(Spot { seen, body: Some(job.body.clone()), ..spot }));
        Ok(true)
    }

    /// Writes anew what vanished from inbox: a person said that the queue goes on.
    fn bring_back(&mut self, after: &State, blobs: &Blobs) -> Result<(), Fault> {
        for job in after.jobs.values().filter(|job| job.stage.is_waiting()) {
            let Some(spot) = self.journal.spot(&job.id).cloned() else { continue };
            if !FOLDERS.iter().any(|row| self.path(row.0, &spot.name).exists()) {
                self.recreate(job, &spot.name, blobs)?;
            }
        }
        Ok(())
    }

    /// Renames without ever replacing a file; gives the name it got, or `None` if there is nothing to move.
    pub(super) fn rename(
        &self,
        from: &Path,
        job: &Job,
        to: Folder,
        name: &str,
    ) -> Result<Option<String>, Fault> {
        let mut wish = name.to_string();
        for n in 1..NAMES_MOST {
            match rename_new(from, &self.path(to, &wish)) {
                Ok(()) => return Ok(Some(wish)),
                Err(rustix::io::Errno::NOENT) if !from.exists() => return Ok(None),
                Err(rustix::io::Errno::EXIST) => wish = with_id(name, &job.id, n),
                Err(error) => return Err(Fault::io("move", from, &error.into())),
            }
        }
        Err(no_name(from))
    }

    /// Puts a file back where the state has it: moves it from wherever it is, or writes it anew.
    pub fn restore(&mut self, state: &State, id: &JobId, blobs: &Blobs) -> Result<(), Fault> {
        self.journal.catch_up(state)?;
        let Some(job) = state.job(id) else { return Ok(()) };
        let wanted = job.stage.folder();
        match self.journal.spot(id).cloned() {
            None => self.settle(job, blobs)?,
            Some(spot) if self.look(wanted, &spot.name).is_some() => {}
            Some(spot) => {
                let found = FOLDERS.iter().find(|row| self.look(row.0, &spot.name).is_some());
                let moved = match found {
                    Some(row) => self.rename(&self.path(row.0, &spot.name), job, wanted, &spot.name)?,
                    None => None,
                };
                match moved {
                    Some(name) => {
                        self.journal.note(id, Some(Spot { folder: wanted, name: name.into(), ..spot }))
                    }
                    None => self.recreate(job, &spot.name, blobs)?,
                }
            }
        }
        self.journal.flush()
    }

    /// The text of a job's file, wherever a hand has put it, where it is another than the job's.
    pub fn other_text(&mut self, state: &State, id: &JobId) -> Result<Option<(String, Vec<u8>)>, Fault> {
        self.journal.catch_up(state)?;
        let Some((job, spot)) = state.job(id).zip(self.journal.spot(id)) else { return Ok(None) };
        let others = FOLDERS.iter().map(|row| row.0).filter(|folder| self.is_free(*folder, &spot.name));
        let mut paths = std::iter::once(spot.folder).chain(others).map(|at| self.path(at, &spot.name));
        let bytes = paths.find_map(|path| read_some(&path).ok());
        let other = bytes.filter(|bytes| blob_id(bytes) != job.body);
        Ok(other.map(|bytes| (spot.name.to_string(), bytes)))
    }

    /// Renames `name` of inbox over the file of a waiting job, which has its text.
    pub fn replace(&mut self, id: &JobId, name: &str) -> Result<(), Fault> {
        self.journal.catch_up(&State::default())?;
        let Some(spot) = self.journal.spot(id).cloned() else { return Ok(()) };
        let (from, to) = (self.path(Folder::Inbox, name), self.path(spot.folder, &spot.name));
        if from == to {
            return Ok(());
        }
        match std::fs::rename(&from, &to) {
            Ok(()) => {}
            // Another process was faster, or a hand took it away.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Fault::io("move", &from, &error)),
        }
        self.journal.note(id, Some(Spot { seen: (0, 0), ..spot }));
        self.journal.flush()
    }

    /// Moves a manifest that could not be read to `rejected/`, its problems beside it. `None` if it is
    /// not the file that was read any more: taken away, written anew, or a job's.
    pub fn reject(&mut self, name: &str, problems: &str) -> Result<Option<PathBuf>, Fault> {
        self.journal.catch_up(&State::default())?;
        let from = self.path(Folder::Inbox, name);
        let now = hash_of(&from);
        if now.is_none() || self.told.get(name).is_some_and(|told| Some(told) != now.as_ref()) {
            return Ok(None);
        }
        if !self.is_free(Folder::Inbox, name) {
            return Ok(None);
        }
        let rejected = self.place.rejected();
        // Room for the longer of the two ends and a number.
        let stem = cut(name.strip_suffix(".md").unwrap_or(name), NAME_LONGEST - ".problems.txt".len() - 4);
        for n in 1..NAMES_MOST {
            let stem = if n == 1 { stem.to_string() } else { format!("{stem}~{n}") };
            let to = rejected.join(format!("{stem}.md"));
            match rename_new(&from, &to) {
                Ok(()) => {
                    write_whole(&rejected.join(format!("{stem}.problems.txt")), problems.as_bytes())?;
                    return Ok(Some(to));
                }
                Err(rustix::io::Errno::EXIST) => {}
                Err(rustix::io::Errno::NOENT) if !from.exists() => return Ok(None),
                Err(error) => return Err(Fault::io("move to rejected/", &from, &error.into())),
            }
        }
        Err(no_name(&from))
    }
}

/// Whether the file of a job that somebody works on has another text than the one that is worked on. Only looks, so
/// that whoever may change nothing can ask.
pub fn is_edited(place: &Place, job: &Job) -> bool {
    if !job.stage.is_held() {
        return false;
    }
    let (plain, folder) = (first_name(job), place.queue.join(job.stage.folder().name()));
    // A name of its own goes first: the plain one may be another job's.
    let names = [with_id(&plain, &job.id, 1), with_id(&plain, &job.id, 2), plain];
    let text = names.iter().find_map(|name| hash_of(&folder.join(name)));
    text.is_some_and(|text| text != job.body)
}

fn no_name(path: &Path) -> Fault {
    Fault::new(FaultKind::Disk, "find a name for", path, "every name for it is taken", "clear the folder")
}

/// The name a job's file begins with.
pub(super) fn first_name(job: &Job) -> String {
    job.file.as_deref().map_or_else(|| format!("{}.md", job.id), str::to_string)
}

/// That name, as the job itself has it if it is its own.
fn name_of(job: &Job, name: &str) -> Text {
    job.file.as_ref().filter(|file| **file == *name).cloned().unwrap_or_else(|| Text::new(name))
}

/// `fix.md` of job `fix-7k2m` beside another `fix.md`: `fix~fix-7k2m.md`, then `fix~fix-7k2m~2.md`.
pub(super) fn with_id(name: &str, id: &JobId, n: usize) -> String {
    let end = if n == 1 { format!("~{id}.md") } else { format!("~{id}~{n}.md") };
    format!("{}{end}", cut(name.strip_suffix(".md").unwrap_or(name), NAME_LONGEST.saturating_sub(end.len())))
}

/// At most that many bytes of a name, never half a letter.
fn cut(name: &str, most: usize) -> &str {
    let ends = name.char_indices().map(|(at, c)| at + c.len_utf8());
    &name[..ends.take_while(|end| *end <= most).last().unwrap_or(0)]
}
