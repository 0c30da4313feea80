//! A log in memory, for tests of everything that stands on a log. Faults can be planted.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::codec::{BatchId, Entry};
use super::fault::{Fault, FaultKind};
use super::log::{Appended, Log};
use crate::fleet::{Event, State};
use crate::job::{BlobId, Seq};

#[derive(Default)]
struct Shared {
    entries: Vec<Entry>,
    end: Seq,
    blobs: BTreeMap<BlobId, Vec<u8>>,
    faults: Vec<PlantedFault>,
}

/// What the next append does instead of its work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlantedFault {
    /// Nothing lands; the caller hears of a full disk.
    Full,
    /// The batch lands, but the caller hears of a failure.
    LandsUnheard,
}

/// One handle on a shared log; clones race like processes on one folder.
#[derive(Clone, Default)]
pub struct MemoryLog {
    shared: Arc<Mutex<Shared>>,
    read: usize,
}

impl MemoryLog {
    /// Another handle that has read nothing yet.
    #[must_use]
    pub fn again(&self) -> MemoryLog {
        MemoryLog { shared: self.shared.clone(), read: 0 }
    }

    /// Plants a fault for the next append of any handle.
    pub fn plant(&self, fault: PlantedFault) {
        self.lock().faults.push(fault);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for MemoryLog {
    fn load(&mut self) -> Result<State, Fault> {
        self.read = 0;
        Ok(State::default())
    }

    fn read(&mut self) -> Result<Vec<Entry>, Fault> {
        let fresh = self.lock().entries[self.read..].to_vec();
        self.read += fresh.len();
        Ok(fresh)
    }

    fn append(
        &mut self,
        before: &State,
        batch: &BatchId,
        events: &[Event],
        _after: &State,
    ) -> Result<Appended, Fault> {
        let (mut shared, end) = (self.lock(), before.seq);
        let fault = |why: &str| Fault::new(FaultKind::Full, "append to", Path::new("memory"), why, "");
        let planted = shared.faults.pop();
        if planted == Some(PlantedFault::Full) {
            return Err(fault("no room"));
        }
        if shared.end != end {
            return Ok(Appended::Conflict);
        }
        shared.entries.push(Entry { seq: end + 1, batch: batch.clone(), events: events.to_vec() });
        shared.end += events.len() as Seq;
        if planted == Some(PlantedFault::LandsUnheard) {
            return Err(fault("no reply"));
        }
        drop(shared);
        self.read += 1;
        Ok(Appended::Done)
    }

    fn put_blob(&mut self, bytes: &[u8]) -> Result<BlobId, Fault> {
        let id = BlobId::new(blake3::hash(bytes).to_hex());
        self.lock().blobs.insert(id.clone(), bytes.to_vec());
        Ok(id)
    }

    fn blob(&self, id: &BlobId) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.lock().blobs.get(id).cloned())
    }
}
