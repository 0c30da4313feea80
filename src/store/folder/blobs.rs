//! Blobs: immutable bytes under their BLAKE3, flushed before any event names them.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use super::disk::{blob_id, flush_folder};
use crate::job::BlobId;
use crate::store::{Fault, FaultKind};

/// Blobs to flush one by one; with more, one flush of the file system is cheaper.
const FLUSH_EACH_MOST: usize = 4;
/// Names remembered as durable; beyond it they are flushed once more, which costs nothing.
const DURABLE_MOST: usize = 4_096;

/// The blobs of one queue.
pub(super) struct Blobs {
    root: PathBuf,
    unflushed: BTreeSet<BlobId>,
    /// Blobs this handle has made durable: what another process wrote a moment ago may not be.
    durable: BTreeSet<BlobId>,
}

impl Blobs {
    pub fn at(root: PathBuf) -> Blobs {
        Blobs { root, unflushed: BTreeSet::new(), durable: BTreeSet::new() }
    }

    fn path(&self, id: &BlobId) -> PathBuf {
        let text = id.to_string();
        self.root.join(text.get(..2).unwrap_or("xx")).join(text)
    }

    /// Writes the bytes; [`Blobs::flush`] makes them durable.
    pub fn put(&mut self, bytes: &[u8]) -> Result<BlobId, Fault> {
        let id = BlobId::new(blake3::hash(bytes).to_hex());
        let path = self.path(&id);
        // Compared, not believed: storing a blob again mends one that was damaged.
        if std::fs::read(&path).is_ok_and(|there| there == bytes) {
            if !self.durable.contains(&id) {
                self.unflushed.insert(id.clone());
            }
            return Ok(id);
        }
        let fault = |e: &std::io::Error| Fault::io("store a blob at", &path, e);
        let folder = path.parent().unwrap_or(&self.root).to_path_buf();
        std::fs::create_dir_all(&folder).map_err(|e| fault(&e))?;
        let beside = folder.join(format!(".{:016x}.tmp", fastrand::u64(..)));
        let written = File::create_new(&beside)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| std::fs::rename(&beside, &path));
        if let Err(error) = written {
            let _ = std::fs::remove_file(&beside);
            return Err(fault(&error));
        }
        self.unflushed.insert(id.clone());
        Ok(id)
    }

    /// Makes everything put so far durable.
    pub fn flush(&mut self) -> Result<(), Fault> {
        if self.unflushed.len() > FLUSH_EACH_MOST && cfg!(target_os = "linux") {
            super::disk::flush_all(&self.root)?;
        } else if !self.unflushed.is_empty() {
            let mut folders = BTreeSet::from([self.root.clone()]);
            for path in self.unflushed.iter().map(|id| self.path(id)) {
                File::open(&path).and_then(|f| f.sync_data()).map_err(|e| Fault::io("flush", &path, &e))?;
                folders.extend(path.parent().map(std::path::Path::to_path_buf));
            }
            folders.iter().try_for_each(|folder| flush_folder(folder))?;
        }
        if self.durable.len() > DURABLE_MOST {
            self.durable.clear();
        }
        self.durable.append(&mut self.unflushed);
        Ok(())
    }

    pub fn get(&self, id: &BlobId) -> Result<Option<Vec<u8>>, Fault> {
        let path = self.path(id);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Fault::io("read", &path, &error)),
        };
        if blob_id(&bytes) != *id {
            let why = "its bytes are not what its name says";
            return Err(Fault::new(FaultKind::Corrupt, "read", &path, why, "restore it from a backup"));
        }
        Ok(Some(bytes))
    }
}
