//! The board over a folder: a coordinator in this process.

use std::sync::Arc;

use tokio::sync::watch;

use super::seam::{Answer, Board, Source};
use crate::coordinator::{Coordinator, Duties, Mailbox, Verdict, start_with};
use crate::fleet::{Event, Now, Order, State};
use crate::job::{BlobId, Seq};
use crate::store::{Fault, FolderLog, Log as _, Place, Segment, Watch};
use crate::time::{Clock, LawClock, Stamp};

/// Why a queue is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// To look: nothing is repaired, nothing taken in.
    Read,
    /// To act: first the queue is made whole and dropped files are taken in.
    Act,
    /// To work: as `Act`, and timers run as long as this lives.
    Serve,
}

/// A folder queue opened by this process.
pub struct Local {
    place: Place,
    mailbox: Mailbox<FolderLog>,
    clock: Arc<dyn Clock>,
    law_clock: LawClock,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Local {
    /// Opens the queue at `place` and reads its log.
    ///
    /// # Errors
    /// A [`Fault`] if the log cannot be read or is damaged.
    pub fn open(place: &Place, purpose: Purpose, clock: Arc<dyn Clock>) -> Result<Local, Fault> {
        let coordinator = Coordinator::open(FolderLog::open(place)?, clock.clone())?;
        let law_clock = coordinator.law_clock();
        let duties = Duties { timers: purpose == Purpose::Serve, snapshots: purpose != Purpose::Read };
        let (mailbox, thread) = start_with(coordinator, duties)?;
        Ok(Local { place: place.clone(), mailbox, clock, law_clock, thread: Some(thread) })
    }

    /// Where the queue is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Says that the log may have grown by another process.
    pub fn refresh(&self) {
        self.mailbox.refresh();
    }

    /// The same, and waits for it. Gives what keeps the log from being read.
    ///
    /// # Errors
    /// A [`Fault`] if the log cannot be read or was taken away, or the coordinator has stopped.
    pub async fn reread(&self) -> Result<(), Fault> {
        self.mailbox.run(|it| it.log().must_stand().and_then(|()| it.catch_up().map(drop))).await?
    }

    /// Follows what other processes append, as long as the watch lives: `published` then tells of it.
    ///
    /// # Errors
    /// A [`Fault`] if the system gives no watch.
    pub fn follow(&self) -> Result<Watch, Fault> {
        let mailbox = self.mailbox.clone();
        Watch::start(&self.place, |_| {}, move || mailbox.refresh())
    }

    /// Why a file could not follow its job although the job itself went on; told once.
    ///
    /// # Errors
    /// A [`Fault`] if the coordinator has stopped.
    pub async fn unmoved(&self) -> Result<Option<Fault>, Fault> {
        self.mailbox.run(|it| it.log().unmoved()).await
    }

    /// Removes sealed files of the log whose last event is older than `before`; gives those that are gone.
    ///
    /// # Errors
    /// A [`Fault`] if one cannot be removed or nothing stands for it.
    pub async fn prune_log(&self, before: Stamp) -> Result<Vec<Segment>, Fault> {
        self.mailbox.run(move |it| it.log().prune(before)).await?
    }

    /// The clock it was opened with.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The same, for another thread.
    pub(super) fn shared_clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// The two readings of time that a decision would use now: the law's own, which no setting of the wall
    /// moves, and the wall.
    pub fn now(&self) -> Now {
        Now { law: self.law_clock.now(self.clock(), self.snapshot().at), wall: self.clock.wall() }
    }

    /// The coordinator's mailbox, for what only a folder can do.
    pub(super) fn mailbox(&self) -> &Mailbox<FolderLog> {
        &self.mailbox
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.mailbox.stop();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported where it happened.
            let _ = thread.join();
        }
    }
}

impl Board for Local {
    fn source(&self) -> Source {
        Source::Local
    }

    fn snapshot(&self) -> Arc<State> {
        self.mailbox.snapshot()
    }

    fn published(&self) -> watch::Receiver<Arc<State>> {
        self.mailbox.published()
    }

    fn act(&self, orders: Vec<Order>) -> Answer<'_, Vec<Verdict>> {
        Box::pin(self.mailbox.act(orders))
    }

    fn events(&self, after: Seq, most: usize) -> Answer<'_, Vec<(Seq, Event)>> {
        Box::pin(async move { self.place.history(after, most) })
    }

    fn put_blob(&self, bytes: Vec<u8>) -> Answer<'_, BlobId> {
        Box::pin(self.mailbox.put_blob(bytes))
    }

    fn blob(&self, id: BlobId) -> Answer<'_, Option<Vec<u8>>> {
        Box::pin(async move { self.mailbox.run(move |it| it.log().blob(&id)).await? })
    }
}
