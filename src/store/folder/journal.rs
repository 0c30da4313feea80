//! Where each job's file was last put, in a small journal beside the log.
//!
//! It tells our own unfinished move from a hand: `append, rename, record` happen in this order under
//! the lock, so a file that stands where the record says but not where the state says was about to be
//! moved by us. It is not history and needs no flush: a record lost with the power is found again by
//! `disk equals state`, and at worst a move is undone.
//!
//! The file that was read is kept open: while it is, no later rewrite can get its inode number, so equal
//! numbers mean the same file.

use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::disk::write_whole;
use crate::fleet::State;
use crate::job::{BlobId, Folder, JobId, Text};
use crate::store::Fault;

/// Records beyond which the journal is worth rewriting, and how many per live file.
const COMPACT_FROM: usize = 4_096;
const COMPACT_RATIO: usize = 3;
/// Records read at once after which the maps are worth making anew: grown row by row, they are half empty.
const PACK_FROM: usize = 1_024;

/// Where a file was put, and what it looked like when its content was last known to be the job's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Spot {
    /// The folder.
    pub folder: Folder,
    /// The file's name in it.
    pub name: Text,
    /// Size and time of change (ns) when its bytes were last compared; 0 if never.
    #[serde(default)]
    pub seen: (u64, i64),
    /// What its bytes were then: tells an edit by hand from a text that the law replaced meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BlobId>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    job: JobId,
    /// `None` forgets the job: it was archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spot: Option<Spot>,
}

impl Record {
    /// The same, with the names of the job itself where they are equal: a long queue has room for one of each.
    fn of(mut self, state: &State) -> Record {
        let Some(job) = state.jobs.get(&self.job) else { return self };
        self.job = job.id.clone();
        if let (Some(spot), Some(file)) = (&mut self.spot, &job.file)
            && spot.name == *file
        {
            spot.name = file.clone();
        }
        self
    }
}

pub(super) struct Journal {
    path: PathBuf,
    /// The file that was read so far, and up to where: another process may have rewritten it.
    file: Option<std::fs::File>,
    offset: u64,
    records: usize,
    spots: BTreeMap<JobId, Spot>,
    names: BTreeMap<Text, JobId>,
    pending: Vec<u8>,
}

impl Journal {
    pub fn at(path: PathBuf) -> Journal {
        Journal {
            path,
            file: None,
            offset: 0,
            records: 0,
            spots: BTreeMap::new(),
            names: BTreeMap::new(),
            pending: Vec::new(),
        }
    }

    /// Reads what others wrote. Call under the lock. An unreadable tail is a torn record: left out. Names that are
    /// those of jobs of `state` are kept once.
    pub fn catch_up(&mut self, state: &State) -> Result<(), Fault> {
        use std::os::unix::fs::MetadataExt as _;
        let path = self.path.clone();
        let fault = |doing: &str, e: &std::io::Error| Fault::io(doing, &path, e);
        let now = match std::fs::metadata(&self.path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                // Lost: the scan finds every file again by its name and bytes.
                self.forget();
                return Ok(());
            }
            Err(error) => return Err(fault("look at", &error)),
        };
        let read = self.file.as_ref().and_then(|file| file.metadata().ok());
        let same = read.is_some_and(|read| (read.ino(), read.dev()) == (now.ino(), now.dev()));
        if same && now.len() == self.offset {
            return Ok(());
        }
        if !same || now.len() < self.offset {
            self.forget();
            self.file = Some(std::fs::File::open(&self.path).map_err(|e| fault("open", &e))?);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(self.offset))
            .and_then(|_| file.read_to_end(&mut text))
            .map_err(|e| fault("read", &e))?;
        let whole = text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let before = self.records;
        for line in text[..whole].split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            if let Ok(record) = serde_json::from_slice::<Record>(line) {
                self.take(record.of(state));
            }
        }
        self.offset += whole as u64;
        if self.records - before >= PACK_FROM {
            self.spots = std::mem::take(&mut self.spots).into_iter().collect();
            self.names = std::mem::take(&mut self.names).into_iter().collect();
        }
        Ok(())
    }

    fn forget(&mut self) {
        (self.file, self.offset, self.records) = (None, 0, 0);
        self.spots.clear();
        self.names.clear();
    }

    fn take(&mut self, record: Record) {
        self.records += 1;
        if let Some(old) = self.spots.remove(&record.job)
            && self.names.get(&*old.name) == Some(&record.job)
        {
            self.names.remove(&*old.name);
        }
        if let Some(spot) = record.spot {
            self.names.insert(spot.name.clone(), record.job.clone());
            self.spots.insert(record.job, spot);
        }
    }

    pub fn spot(&self, job: &JobId) -> Option<&Spot> {
        self.spots.get(job)
    }

    /// Which job a file name belongs to, in whatever folder.
    pub fn owner(&self, name: &str) -> Option<&JobId> {
        self.names.get(name)
    }

    /// Jobs that have a spot.
    pub fn jobs(&self) -> impl Iterator<Item = (&JobId, &Spot)> {
        self.spots.iter()
    }

    /// Notes a new spot, or that the job has none; written by [`Journal::flush`].
    pub fn note(&mut self, job: &JobId, spot: Option<Spot>) {
        let record = Record { job: job.clone(), spot };
        if let Ok(mut line) = serde_json::to_vec(&record) {
            line.push(b'\n');
            self.pending.extend_from_slice(&line);
        }
        self.take(record);
    }

    /// Writes what was noted, or the whole journal anew when it has grown far beyond its content.
    pub fn flush(&mut self) -> Result<(), Fault> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if self.records > COMPACT_FROM && self.records > COMPACT_RATIO * self.spots.len() {
            return self.rewrite();
        }
        let fault = |e: &std::io::Error| Fault::io("write", &self.path, e);
        let mut open = std::fs::OpenOptions::new();
        open.create(true).truncate(false).read(true).write(true);
        let mut file = open.open(&self.path).map_err(|e| fault(&e))?;
        // A torn record of a killed process ends here: ours goes over it.
        let written = file.set_len(self.offset).and_then(|()| file.seek(SeekFrom::Start(self.offset)));
        written.and_then(|_| file.write_all(&self.pending)).map_err(|e| fault(&e))?;
        self.file = Some(file);
        self.offset += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    fn rewrite(&mut self) -> Result<(), Fault> {
        let mut text = Vec::new();
        for (job, spot) in &self.spots {
            let record = Record { job: job.clone(), spot: Some(spot.clone()) };
            text.extend(serde_json::to_vec(&record).unwrap_or_default());
            text.push(b'\n');
        }
        write_whole(&self.path, &text)?;
        let file = std::fs::File::open(&self.path).map_err(|e| Fault::io("open", &self.path, &e))?;
        (self.file, self.offset, self.records) = (Some(file), text.len() as u64, self.spots.len());
        self.pending.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fleet::{Actor, ActorKind, Event, What};
    use crate::job::{Spec, Stage};
    use crate::time::Stamp;

    #[test]
    fn names_of_jobs_are_kept_once() {
        let mut state = State::default();
        let what = What::JobSubmitted {
            job: JobId::from("a-2222"),
            spec: Arc::new(Spec::titled("a")),
            body: BlobId::from("text"),
            effective: BlobId::from("e"),
            file: Some("a.md".to_string()),
            deps: Vec::new(),
            parent: None,
            reviews: None,
            stage: Stage::Queued,
        };
        let by = Actor::new(ActorKind::Person, "ann");
        let event = Event { at: Stamp::from_millis(1), by, key: None, note: None, what };
        state.apply(&event).expect("fits");
        let dir = tempfile::tempdir().expect("a folder");
        let mut written = Journal::at(dir.path().join("placed.jsonl"));
        for (job, name, body) in
            [("b-2222", "a.md", "other"), ("a-2222", "a.md", "text"), ("c-2222", "c.md", "")]
        {
            let spot = Spot {
                folder: Folder::Inbox,
                name: name.into(),
                seen: (1, 2),
                body: Some(BlobId::from(body)),
            };
            written.note(&job.into(), Some(spot));
        }
        written.flush().expect("written");
        let mut journal = Journal::at(written.path.clone());
        journal.catch_up(&state).expect("read");
        let told = |it: &Journal| format!("{:?} {:?}", it.spots, it.names);
        assert_eq!(told(&journal), told(&written));
        let (job, spot) = (&state.jobs["a-2222"], journal.spots.get_key_value("a-2222").expect("a spot"));
        assert!(job.file.as_ref().is_some_and(|name| name.is_same(&spot.1.name)) && spot.0.is_same(&job.id));
        assert_eq!(journal.owner("a.md"), Some(&job.id), "the last owner");
    }
}
