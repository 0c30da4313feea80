//! What a log promises: compare-and-append, read from where you are, blobs before the events that name them.

use crate::fleet::{Event, State};
use crate::job::BlobId;

use super::codec::{BatchId, Entry};
use super::fault::Fault;

/// Whether a batch went in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Appended {
    /// It is durable, and it is the end of the log.
    Done,
    /// Somebody was faster: read, decide again.
    Conflict,
}

/// Saves a state as the snapshot of the place in the log it was made for; may run on any thread.
pub type Saver = Box<dyn FnOnce(&State) -> Result<(), Fault> + Send>;

/// An ordered, durable list of batches. One process may hold several; several processes may hold one.
pub trait Log: Send {
    /// The state at the last snapshot, or the empty one; reading goes on from there.
    ///
    /// # Errors
    /// A [`Fault`] if the snapshot's place cannot be read. A damaged snapshot is not one: it is left out.
    fn load(&mut self) -> Result<State, Fault>;

    /// Every batch appended since the last call, by whomever.
    ///
    /// # Errors
    /// A [`Fault`], with the offset where the log is damaged or newer than this program.
    fn read(&mut self) -> Result<Vec<Entry>, Fault>;

    /// The same as [`Log::read`], one by one: a long history then never stands in memory as a whole.
    ///
    /// # Errors
    /// As [`Log::read`], and whatever `take` says.
    fn replay(&mut self, take: &mut dyn FnMut(Entry) -> Result<(), Fault>) -> Result<(), Fault> {
        self.read()?.into_iter().try_for_each(take)
    }

    /// How to save the state of now, where everything read was also applied; `None` where the log keeps
    /// no snapshots.
    fn saver(&mut self) -> Option<Saver> {
        None
    }

    /// Appends the batch if the log still ends where the state `before` does, and flushes it before it
    /// returns. `after` is that state with the batch applied; logs that show jobs as files show it so.
    ///
    /// # Errors
    /// A [`Fault`] if it could not be made durable. Whether it is there is then found by reading for
    /// `batch`: the log is read anew, and a failed flush is never tried again.
    fn append(
        &mut self,
        before: &State,
        batch: &BatchId,
        events: &[Event],
        after: &State,
    ) -> Result<Appended, Fault>;

    /// Stores bytes under their BLAKE3. Durable before the next append returns.
    ///
    /// # Errors
    /// A [`Fault`] if they could not be written.
    fn put_blob(&mut self, bytes: &[u8]) -> Result<BlobId, Fault>;

    /// The bytes of a blob, checked against their name; `None` if there is none of that name.
    ///
    /// # Errors
    /// A [`Fault`] if they cannot be read or are not what the name says.
    fn blob(&self, id: &BlobId) -> Result<Option<Vec<u8>>, Fault>;
}
