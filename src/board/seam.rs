//! The trait of the seam.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;

use crate::coordinator::Verdict;
use crate::fleet::{Event, Order, State};
use crate::job::{BlobId, Seq};
use crate::store::Fault;

/// An answer that may take a flush or a round trip.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// How fresh what a board shows is; the word stands in every `--json` envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// A folder on this machine, read by this process.
    Local,
    /// A coordinator's stream, up to date.
    Live,
    /// A coordinator that does not answer; the data is old.
    Stale,
}

impl Source {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Source::Local => "local",
            Source::Live => "live",
            Source::Stale => "stale",
        }
    }
}

/// A queue as seen by a person or a worker: a replica of its state and a way to act on it.
pub trait Board: Send + Sync {
    /// Where the data comes from and how fresh it is.
    fn source(&self) -> Source;

    /// The last known state. Cheap: a shared pointer.
    fn snapshot(&self) -> Arc<State>;

    /// Tells of every change of the state.
    fn published(&self) -> watch::Receiver<Arc<State>>;

    /// Asks the law; answers come in the order of the orders, after they are durable.
    fn act(&self, orders: Vec<Order>) -> Answer<'_, Vec<Verdict>>;

    /// Up to `most` events after number `after`; fewer means there are no more now.
    fn events(&self, after: Seq, most: usize) -> Answer<'_, Vec<(Seq, Event)>>;

    /// Stores bytes; durable before the next `act` is answered.
    fn put_blob(&self, bytes: Vec<u8>) -> Answer<'_, BlobId>;

    /// The bytes of a blob, or `None`.
    fn blob(&self, id: BlobId) -> Answer<'_, Option<Vec<u8>>>;
}
