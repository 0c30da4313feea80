//! Looking at the folders: what hands have done since the last look. Nothing of a person's is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::blobs::Blobs;
use super::disk::{Look, blob_id, read_some};
use super::journal::Spot;
use super::layout::{Layout, first_name, with_id};
use crate::fleet::{Job, State};
use crate::job::{BlobId, FOLDERS, Folder, IdempotencyKey, JobId, Stage, plain_error};
use crate::store::Fault;
use crate::time::{Clock, Span};

/// A written file counts as complete when it has not changed for this long (`jobs.md` section 2).
const COMPLETE_AFTER: Span = Span::from_millis(300);

/// Something a hand has done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Finding {
    /// A manifest that belongs to no job, complete, with its bytes.
    New {
        /// Its name in inbox.
        name: String,
        /// Its bytes, at most a little more than a manifest may have.
        bytes: Vec<u8>,
        /// The same for whoever looks at this very file, and never for another: makes of two processes
        /// that take it in only one win.
        receipt: IdempotencyKey,
    },
    /// The file of a waiting job has other bytes now.
    Edited {
        /// The job.
        job: JobId,
        /// The file's name in inbox.
        name: String,
        /// The new bytes.
        bytes: Vec<u8>,
    },
    /// A file stands in another folder than the law and we put it.
    Moved {
        /// The job.
        job: JobId,
        /// Where the law has it.
        from: Folder,
        /// Where it is.
        to: Folder,
    },
    /// A file is gone.
    Gone {
        /// The job.
        job: JobId,
    },
}

/// What one look at the folders gave.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scan {
    /// What hands have done.
    pub findings: Vec<Finding>,
    /// A file in inbox was still being written: look again after this long.
    pub again: Option<Span>,
    /// Folders of the queue were gone and are made again: what vanished with them was no person's word about a job.
    pub remade: bool,
    /// What people should hear of: what was mended, and what could not be done.
    pub notes: Vec<String>,
    /// Files that are left alone and why, in the order of their names: told once.
    pub strays: Vec<String>,
}

/// Looks at folders that somebody removes as often as we make them.
const LOOKS_MOST: u32 = 20;

type Seen = BTreeMap<String, Vec<Folder>>;

impl Layout {
    /// Compares disk, journal and state; finishes our own moves; tells the rest.
    pub fn scan(
        &mut self,
        state: &State,
        renamed: &BTreeSet<String>,
        blobs: &Blobs,
        clock: &dyn Clock,
    ) -> Result<Scan, Fault> {
        (self.wall, self.boot) = (clock.wall(), clock.boot());
        self.journal.catch_up(state)?;
        let (mut scan, seen) = self.list_whole()?;
        let mut lost = Vec::new();
        let inbox = self.place.queue.join("inbox");
        let inbox = std::fs::File::open(&inbox).map_err(|e| Fault::io("list", &inbox, &e))?;
        for job in state.jobs.values() {
            if self.rests(job, &seen, &inbox) {
                continue;
            }
            match self.journal.spot(&job.id).cloned() {
                Some(spot) => {
                    let judged = self.judge(job, &spot, &seen, blobs, &mut scan);
                    scan.or_note(judged);
                }
                None => lost.push(&**job),
            }
        }
        self.find_again(&lost, &seen, blobs, &mut scan);
        // An archived job's file stays its own as long as it lies where it was.
        let stays = |id: &JobId, spot: &Spot| {
            state.job(id).is_some()
                || state.tombs.contains_key(id)
                    && seen.get(&*spot.name).is_some_and(|at| at.contains(&spot.folder))
        };
        let gone: Vec<JobId> =
            self.journal.jobs().filter(|(id, spot)| !stays(id, spot)).map(|row| row.0.clone()).collect();
        gone.iter().for_each(|id| self.journal.note(id, None));
        self.told.clear();
        self.newcomers(state, &seen, renamed, &mut scan);
        self.recognise(state, &mut scan);
        self.undated.retain(|name, _| seen.contains_key(name));
        // The order in which a folder is listed says nothing.
        scan.strays.sort();
        self.journal.flush()?;
        Ok(scan)
    }

    /// Every manifest in every folder, once all of them are there: `git clean` and hands remove folders, and
    /// may do so again while we look.
    fn list_whole(&self) -> Result<(Scan, Seen), Fault> {
        for look in 1.. {
            let notes = self.place.remake()?;
            let remade = !notes.is_empty();
            let mut scan = Scan { notes, remade, ..Scan::default() };
            match self.list(&mut scan) {
                Ok(seen) => return Ok((scan, seen)),
                Err(_) if look < LOOKS_MOST && !self.place.is_whole() => {}
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::gone("list the folders of"))
    }

    /// Every manifest in every folder, by name.
    fn list(&self, scan: &mut Scan) -> Result<Seen, Fault> {
        let mut seen = Seen::new();
        for (folder, folder_name) in FOLDERS {
            let path = self.place.queue.join(folder_name);
            let entries = std::fs::read_dir(&path).map_err(|e| Fault::io("list", &path, &e))?;
            for entry in entries {
                let entry = entry.map_err(|e| Fault::io("list", &path, &e))?;
                let regular = entry.file_type().is_ok_and(|kind| kind.is_file());
                let name = entry.file_name();
                match name.to_str() {
                    Some(name) if !is_manifest(name) => {}
                    Some(name) if regular => seen.entry(name.to_string()).or_default().push(folder),
                    Some(name) => scan.leave_alone(folder, name, "is not a regular file"),
                    None if name.as_bytes().ends_with(b".md") => {
                        scan.leave_alone(folder, &name.to_string_lossy(), "has a name that is not UTF-8");
                    }
                    None => {}
                }
            }
        }
        Ok(seen)
    }

    /// Whether a job's file is where it should be and as it was: so it is with nearly all at each look.
    fn rests(&self, job: &Job, seen: &Seen, inbox: &std::fs::File) -> bool {
        let Some(spot) = self.journal.spot(&job.id) else { return false };
        let wanted = job.stage.folder();
        if spot.folder != wanted || !seen.get(&*spot.name).is_some_and(|at| at.contains(&wanted)) {
            return false;
        }
        let as_it_was = || Look::below(inbox, &spot.name).is_some_and(|look| look.seen() == spot.seen);
        !job.stage.is_waiting() || spot.body.as_ref() == Some(&job.body) && as_it_was()
    }

    fn judge(
        &mut self,
        job: &Job,
        spot: &Spot,
        seen: &Seen,
        blobs: &Blobs,
        scan: &mut Scan,
    ) -> Result<(), Fault> {
        let wanted = job.stage.folder();
        let at = seen.get(&*spot.name).map_or(&[][..], Vec::as_slice);
        if spot.folder != wanted {
            return self.finish_move(job, spot, at, seen, blobs, scan);
        }
        if at.contains(&wanted) {
            return if job.stage.is_waiting() { self.judge_text(job, spot, blobs, scan) } else { Ok(()) };
        }
        scan.findings.push(match at.first() {
            Some(to) => Finding::Moved { job: job.id.clone(), from: wanted, to: *to },
            None => Finding::Gone { job: job.id.clone() },
        });
        Ok(())
    }

    /// The law has moved on from where the file was last put. Whatever a hand did at the same time, it
    /// did to a job that stood elsewhere: the law's move goes first.
    fn finish_move(
        &mut self,
        job: &Job,
        spot: &Spot,
        at: &[Folder],
        seen: &Seen,
        blobs: &Blobs,
        scan: &mut Scan,
    ) -> Result<(), Fault> {
        let wanted = job.stage.folder();
        // Renamed but not recorded, perhaps under the name it gets where the plain one was taken.
        for n in [1, 2, 0] {
            let name = if n == 0 { spot.name.to_string() } else { with_id(&spot.name, &job.id, n) };
            if !seen.get(&name).is_some_and(|at| at.contains(&wanted)) || !self.is_free(wanted, &name) {
                continue;
            }
            // In both folders: one is somebody else's, dropped before our move or after it. The text tells.
            let both = n == 0 && at.contains(&spot.folder);
            let not_moved =
                both && self.is_file_of(spot.folder, &name, job) && !self.is_file_of(wanted, &name, job);
            if !not_moved {
                self.journal.note(&job.id, Some(Spot { folder: wanted, name: name.into(), ..spot.clone() }));
                return Ok(());
            }
        }
        if at.contains(&spot.folder) {
            return self.settle(job, blobs);
        }
        if let Some(other) = at.first() {
            let from = self.path(*other, &spot.name);
            if let Some(name) = self.rename(&from, job, wanted, &spot.name)? {
                self.journal.note(&job.id, Some(Spot { folder: wanted, name: name.into(), ..spot.clone() }));
                scan.notes.push(format!(
                    "{} was moved to {} by hand while it became {}: its file is in {}/",
                    job.id,
                    other.name(),
                    job.stage,
                    wanted.name()
                ));
                return Ok(());
            }
        }
        self.recreate(job, &spot.name, blobs)
    }

    /// Whether the file of a waiting job still has the job's bytes.
    fn judge_text(&mut self, job: &Job, spot: &Spot, blobs: &Blobs, scan: &mut Scan) -> Result<(), Fault> {
        let path = self.path(Folder::Inbox, &spot.name);
        let Some(look) = Look::at(&path) else { return Ok(()) };
        let known = spot.body.as_ref() == Some(&job.body);
        if known && look.seen() == spot.seen {
            return Ok(());
        }
        let Some(bytes) = self.read_complete(&path, &spot.name, look, false, scan) else { return Ok(()) };
        let hash = blob_id(&bytes);
        if hash == job.body {
            let spot = Spot { seen: look.seen(), body: Some(hash), ..spot.clone() };
            self.journal.note(&job.id, Some(spot));
        } else if known || !self.renew(job, blobs)? {
            scan.findings.push(Finding::Edited { job: job.id.clone(), name: spot.name.to_string(), bytes });
        }
        Ok(())
    }

    /// Jobs without a spot: killed between the batch and the record, or the journal was lost. Their files
    /// are known by their text; then by their name; what is nowhere is written anew.
    fn find_again(&mut self, lost: &[&Job], seen: &Seen, blobs: &Blobs, scan: &mut Scan) {
        let mut rest = Vec::new();
        for job in lost {
            match self.find_by_text(job, seen) {
                Ok(true) => {}
                Ok(false) => rest.push(job),
                Err(fault) => scan.or_note(Err(fault)),
            }
        }
        for job in rest {
            let name = first_name(job);
            let at = seen.get(&name).map_or(&[][..], Vec::as_slice);
            let here = [job.stage.folder(), Folder::Inbox].into_iter().find(|folder| at.contains(folder));
            let done = match here {
                Some(folder) if self.journal.owner(&name).is_none() => self.take_over(job, folder, &name),
                _ => self.recreate(job, &name, blobs),
            };
            scan.or_note(done);
        }
    }

    fn find_by_text(&mut self, job: &Job, seen: &Seen) -> Result<bool, Fault> {
        let plain = first_name(job);
        let folders = [job.stage.folder(), Folder::Inbox].into_iter().chain(FOLDERS.map(|row| row.0));
        let folders: Vec<Folder> = folders.collect();
        for name in [with_id(&plain, &job.id, 1), with_id(&plain, &job.id, 2), plain.clone()] {
            let Some(at) = seen.get(&name) else { continue };
            for folder in folders.iter().filter(|folder| at.contains(folder)) {
                let its = name != plain || self.is_file_of(*folder, &name, job);
                if its && self.is_free(*folder, &name) {
                    self.take_over(job, *folder, &name)?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Files that belong to no job, or are a second copy of one that does.
    fn newcomers(&mut self, state: &State, seen: &Seen, renamed: &BTreeSet<String>, scan: &mut Scan) {
        for (name, folders) in seen {
            let named = self.journal.owner(name);
            let owner = named.and_then(|id| state.job(id)).map(|job| job.stage.folder());
            let archived = named.filter(|id| state.tombs.contains_key(*id));
            let archive = archived.and_then(|id| self.journal.spot(id)).map(|spot| spot.folder);
            for folder in folders {
                let owned = owner.is_some_and(|at| at == *folder || !folders.contains(&at));
                if owned || archive == Some(*folder) {
                    continue;
                }
                let path = self.path(*folder, name);
                let Some(look) = Look::at(&path) else { continue };
                if *folder != Folder::Inbox {
                    scan.leave_alone(*folder, name, "belongs to no job (new work goes to inbox/)");
                } else if let Some(bytes) =
                    self.read_complete(&path, name, look, renamed.contains(name), scan)
                {
                    let body = blob_id(&bytes);
                    let receipt = receipt(name, look, &body);
                    self.told.insert(name.clone(), body);
                    scan.findings.push(Finding::New { name: name.clone(), bytes, receipt });
                }
            }
        }
    }

    /// A newcomer with the text of a job whose file is gone is that file under a new name.
    fn recognise(&mut self, state: &State, scan: &mut Scan) {
        let gone = scan.findings.iter().filter_map(|finding| match finding {
            Finding::Gone { job } => state.job(job).filter(|job| job.stage != Stage::Shipped),
            _ => None,
        });
        let mut gone: BTreeMap<_, &Job> = gone.map(|job| (job.body.clone(), job)).collect();
        if gone.is_empty() {
            return;
        }
        let (mut found, mut moved) = (BTreeSet::new(), Vec::new());
        scan.findings.retain(|finding| {
            let Finding::New { name, .. } = finding else { return true };
            let Some(job) = self.told.get(name).and_then(|body| gone.remove(body)) else { return true };
            let from = job.stage.folder();
            if let Some(spot) = self.journal.spot(&job.id).cloned() {
                let spot =
                    Spot { name: name.as_str().into(), seen: (0, 0), body: Some(job.body.clone()), ..spot };
                self.journal.note(&job.id, Some(spot));
            }
            found.insert(job.id.clone());
            if from != Folder::Inbox {
                moved.push(Finding::Moved { job: job.id.clone(), from, to: Folder::Inbox });
            }
            false
        });
        scan.findings.retain(|finding| !matches!(finding, Finding::Gone { job } if found.contains(job)));
        scan.findings.extend(moved);
    }

    /// The bytes of a file that nobody is writing any more; otherwise asks for another look. A file that
    /// was renamed into place is complete at once.
    fn read_complete(
        &mut self,
        path: &Path,
        name: &str,
        look: Look,
        renamed: bool,
        scan: &mut Scan,
    ) -> Option<Vec<u8>> {
        if !renamed && let Some(left) = self.unsettled(name, look) {
            scan.wait(left);
            return None;
        }
        match read_some(path) {
            Ok(bytes) if Look::at(path) == Some(look) => Some(bytes),
            Ok(_) => {
                scan.wait(COMPLETE_AFTER);
                None
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                scan.notes.push(format!("inbox/{name} cannot be read: {}", plain_error(&error)));
                None
            }
        }
    }

    /// How long a written file must still stay as it is; `None` if it has long enough.
    fn unsettled(&mut self, name: &str, look: Look) -> Option<Span> {
        let age = i128::from(self.wall.as_millis()) * 1_000_000 - look.written;
        let stable = i128::from(COMPLETE_AFTER.as_millis()) * 1_000_000;
        if age >= 0 {
            let left = u64::try_from((stable - age) / 1_000_000 + 1).ok();
            return left.filter(|_| age < stable).map(Span::from_millis);
        }
        // A date in the future says nothing about now: it counts from when it was first seen so.
        let now = self.boot;
        let (before, since) = self.undated.entry(name.to_string()).or_insert((look, now));
        if *before != look {
            (*before, *since) = (look, now);
        }
        let stood = now.as_millis().saturating_sub(since.as_millis());
        Some(COMPLETE_AFTER.as_millis().saturating_sub(stood)).filter(|left| *left > 0).map(Span::from_millis)
    }
}

impl Scan {
    fn wait(&mut self, left: Span) {
        self.again = Some(self.again.map_or(left, |other| other.min(left)));
    }

    /// One file that cannot be moved or read must not hold up the others.
    fn or_note(&mut self, done: Result<(), Fault>) {
        if let Err(fault) = done {
            self.notes.push(fault.to_string());
        }
    }

    fn leave_alone(&mut self, folder: Folder, name: &str, why: &str) {
        self.strays.push(format!("{}/{name} {why} and is left alone", folder.name()));
    }
}

/// One drop: this name, these bytes, since then. The time of change is set anew by every rename, so the
/// same file dropped again is another drop.
fn receipt(name: &str, look: Look, body: &BlobId) -> IdempotencyKey {
    let text = format!("{name}\n{}\n{body}", look.changed);
    IdempotencyKey::new(format!("drop:{}", &blake3::hash(text.as_bytes()).to_hex()[..16]))
}

/// Whether a name can be a manifest: `*.md`, not hidden, not an editor's.
pub(super) fn is_manifest(name: &str) -> bool {
    name.strip_suffix(".md").is_some_and(|stem| !stem.is_empty()) && !name.starts_with(['.', '#'])
}
