//! The coordinator on a thread of its own: a mailbox in front, a published state behind.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};

use tokio::sync::{oneshot, watch};

use super::core::{Coordinator, Verdict};
use crate::fleet::{Order, State, next_moment};
use crate::job::BlobId;
use crate::store::{Fault, Log};
use crate::time::Span;

/// Orders decided in one batch at the most: bounds the wait of the first for the last.
const BATCH_MOST: usize = 1_024;
/// With nothing else to wait for, the log is looked at this often even if no watch says so.
const LOOK_AGAIN: Span = Span::from_secs(60);
/// A timer that is due but leads to nothing is asked again after this long, doubled each time.
const STUCK_FIRST: Span = Span::from_millis(5);
const STUCK_MOST: Span = Span::from_secs(1);
/// Events after which a snapshot is worth its write while work goes on, and at the end.
const SAVE_AFTER: u64 = 10_000;
const SAVE_AT_END: u64 = 1_000;

type Task<L> = Box<dyn FnOnce(&mut Coordinator<L>) + Send>;
type Answer = oneshot::Sender<Result<Vec<Verdict>, Fault>>;

enum Mail<L> {
    Act(Vec<Order>, Answer),
    Refresh,
    Run(Task<L>),
    Stop,
}

/// Where orders are put. Clones share one coordinator; it ends when the last is dropped or says stop.
pub struct Mailbox<L> {
    to: Sender<Mail<L>>,
    published: watch::Receiver<Arc<State>>,
}

impl<L> Clone for Mailbox<L> {
    fn clone(&self) -> Mailbox<L> {
        Mailbox { to: self.to.clone(), published: self.published.clone() }
    }
}

/// What a coordinator does beside answering.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Duties {
    /// Wake jobs that are due; a short-lived process leaves that to others.
    pub timers: bool,
    /// Save snapshots; who only looks writes nothing.
    pub snapshots: bool,
}

/// Starts the thread with all duties or none.
///
/// # Errors
/// A [`Fault`] if the system gives no thread.
pub fn start<L: Log + 'static>(
    coordinator: Coordinator<L>,
    serves: bool,
) -> Result<(Mailbox<L>, std::thread::JoinHandle<()>), Fault> {
    start_with(coordinator, Duties { timers: serves, snapshots: serves })
}

/// Starts the thread.
///
/// # Errors
/// A [`Fault`] if the system gives no thread.
pub fn start_with<L: Log + 'static>(
    coordinator: Coordinator<L>,
    duties: Duties,
) -> Result<(Mailbox<L>, std::thread::JoinHandle<()>), Fault> {
    let (to, mail) = std::sync::mpsc::channel();
    let (publish, published) = watch::channel(Arc::new(coordinator.state().clone()));
    let it = Loop { coordinator, publish, duties, blind: false, stuck: Span::ZERO, saving: None };
    let body = move || it.run(&mail);
    let thread = std::thread::Builder::new()
        .name("coordinator".to_string())
        .spawn(body)
        .map_err(|e| Fault::io("start", std::path::Path::new("the coordinator's thread"), &e))?;
    Ok((Mailbox { to, published }, thread))
}

impl<L: Log + 'static> Mailbox<L> {
    /// Puts orders in and waits for the answers, which come after the flush.
    ///
    /// # Errors
    /// The log's [`Fault`]: then none of the orders happened.
    pub async fn act(&self, orders: Vec<Order>) -> Result<Vec<Verdict>, Fault> {
        let (answer, answered) = oneshot::channel();
        self.send(Mail::Act(orders, answer))?;
        answered.await.map_err(|_| Fault::gone("act on"))?
    }

    /// Says that the log may have grown.
    pub fn refresh(&self) {
        // Whoever has stopped needs no hint.
        let _ = self.to.send(Mail::Refresh);
    }

    /// Ends the thread after what is in the mailbox.
    pub fn stop(&self) {
        let _ = self.to.send(Mail::Stop);
    }

    /// Runs something that only the owner of the log may do.
    ///
    /// # Errors
    /// A [`Fault`] if the coordinator has stopped.
    pub async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Coordinator<L>) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        let task = move |it: &mut Coordinator<L>| {
            // A caller that went away does not want the answer.
            let _ = answer.send(task(it));
        };
        self.send(Mail::Run(Box::new(task)))?;
        answered.await.map_err(|_| Fault::gone("use"))
    }

    /// Stores a blob; durable before the next batch is answered.
    ///
    /// # Errors
    /// The log's [`Fault`].
    pub async fn put_blob(&self, bytes: Vec<u8>) -> Result<BlobId, Fault> {
        self.run(move |it| it.log().put_blob(&bytes)).await?
    }

    /// The last committed state.
    pub fn snapshot(&self) -> Arc<State> {
        self.published.borrow().clone()
    }

    /// A receiver that tells of every commit.
    pub fn published(&self) -> watch::Receiver<Arc<State>> {
        self.published.clone()
    }

    fn send(&self, mail: Mail<L>) -> Result<(), Fault> {
        self.to.send(mail).map_err(|_| Fault::gone("reach"))
    }
}

struct Loop<L> {
    coordinator: Coordinator<L>,
    publish: watch::Sender<Arc<State>>,
    duties: Duties,
    /// The log could not be read; a wait before the next look keeps a broken disk from a busy loop.
    blind: bool,
    /// How long the last wait for a timer was that was due already.
    stuck: Span,
    /// A snapshot that is being written; only one at a time.
    saving: Option<std::thread::JoinHandle<()>>,
}

impl<L: Log + 'static> Loop<L> {
    fn run(mut self, mail: &Receiver<Mail<L>>) {
        self.answer_until_stopped(mail);
        if self.duties.snapshots {
            let least = if self.duties.timers { SAVE_AT_END } else { SAVE_AFTER };
            self.save(least);
        }
        if let Some(saving) = self.saving.take() {
            // A panic there was reported where it happened; a snapshot is only a saving.
            let _ = saving.join();
        }
    }

    /// Saves a snapshot on a thread of its own if so many events came since the last; never waits.
    fn save(&mut self, least: u64) {
        let busy = self.saving.as_ref().is_some_and(|saving| !saving.is_finished());
        if busy || !self.duties.snapshots || self.coordinator.unsaved() < least {
            return;
        }
        let Some((saver, state)) = self.coordinator.saver() else { return };
        let thread = std::thread::Builder::new().name("snapshot".to_string());
        // A failure is harmless: the old snapshot stays, and a start reads a longer tail.
        self.saving = thread.spawn(move || drop(saver(&state))).ok();
    }

    fn answer_until_stopped(&mut self, mail: &Receiver<Mail<L>>) {
        loop {
            let first = match mail.recv_timeout(self.wait().to_std()) {
                Ok(first) => Some(first),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut orders = Vec::new();
            let mut answers = Vec::new();
            let mut next = first;
            let mut stop = false;
            let mut task = None;
            // Everything that waits already joins the batch; nothing is waited for.
            while let Some(mail_item) = next.take() {
                match mail_item {
                    Mail::Act(more, answer) => {
                        answers.push((more.len(), answer));
                        orders.extend(more);
                    }
                    Mail::Refresh => {}
                    Mail::Run(run) => {
                        task = Some(run);
                        break;
                    }
                    Mail::Stop => {
                        stop = true;
                        break;
                    }
                }
                if orders.len() < BATCH_MOST {
                    next = mail.try_recv().ok();
                }
            }
            self.commit(&orders, answers);
            if let Some(task) = task {
                task(&mut self.coordinator);
            }
            self.publish_if_moved();
            self.save(SAVE_AFTER);
            if stop {
                return;
            }
        }
    }

    fn wait(&mut self) -> Span {
        let moment = next_moment(self.coordinator.state(), self.coordinator.now());
        match moment.filter(|_| self.duties.timers && !self.blind) {
            // Due, but refused, or somebody else's to do (a ship): it must not spin.
            Some(Span::ZERO) => {
                self.stuck = self.stuck.times(2).max(STUCK_FIRST).min(STUCK_MOST);
                self.stuck
            }
            Some(span) => {
                self.stuck = Span::ZERO;
                span.max(STUCK_FIRST).min(LOOK_AGAIN)
            }
            None => LOOK_AGAIN,
        }
    }

    fn commit(&mut self, orders: &[Order], answers: Vec<(usize, Answer)>) {
        self.blind = self.coordinator.catch_up().is_err();
        if self.duties.timers && !self.blind {
            let due = self.coordinator.due();
            // A timer that could not be written asks again at the next look.
            self.blind = !due.is_empty() && self.coordinator.commit(&due).is_err();
        }
        if orders.is_empty() {
            return;
        }
        match self.coordinator.commit(orders) {
            Ok(verdicts) => {
                self.publish_if_moved();
                let mut verdicts = verdicts.into_iter();
                for (count, answer) in answers {
                    let _ = answer.send(Ok(verdicts.by_ref().take(count).collect()));
                }
            }
            Err(fault) => {
                for (_, answer) in answers {
                    let _ = answer.send(Err(fault.clone()));
                }
            }
        }
    }

    fn publish_if_moved(&self) {
        let state = self.coordinator.state();
        if self.publish.borrow().seq != state.seq {
            self.publish.send_replace(Arc::new(state.clone()));
        }
    }
}
