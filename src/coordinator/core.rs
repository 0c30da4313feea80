//! The heart, without threads: orders in, one durable batch out.
//!
//! Group commit: all orders that wait are decided on one scratch copy of the state, so each sees the
//! ones before it; their events go into the log as one batch with one flush, and only then is anybody
//! answered and the copy published. On a conflict somebody else's batch came first: the copy is dropped,
//! their events are applied and everything is decided again. On a fault nothing was decided: the log is
//! read anew, and if our batch is in it after all, by its name, it counts. A single order never waits
//! for company.
//! Rejected: an optimistic reply before the flush (a promise a power cut breaks), a row per job (twelve
//! times the cost, and no history).

use std::sync::Arc;

use crate::fleet::{Actor, ActorKind};
use crate::fleet::{Command, Event, Now, Order, Refusal, State, handle};
use crate::job::Seq;
use crate::store::{Appended, BatchId, Entry, Fault, FaultKind, Log, Saver};
use crate::time::{Clock, LawClock};
use tracing::debug;

/// Races lost in a row before it is called a fault: with the lock held so briefly, never seen.
const CONFLICTS_MOST: u32 = 1_000;

/// The answer to one order: its events with their numbers, or the law's no.
pub type Verdict = Result<Vec<(u64, Event)>, Refusal>;

/// Owns a log and the state it adds up to.
pub struct Coordinator<L> {
    log: L,
    clock: Arc<dyn Clock>,
    law_clock: LawClock,
    state: State,
    /// The last event of the snapshot that was loaded or saved.
    saved: Seq,
    /// An event did not fit: the state is half of something, and nothing is decided on it any more.
    broken: Option<Fault>,
}

impl<L: Log> Coordinator<L> {
    /// Reads the log to its end.
    ///
    /// # Errors
    /// The log's [`Fault`], or one of kind `Corrupt` if its events do not fit each other.
    pub fn open(mut log: L, clock: Arc<dyn Clock>) -> Result<Coordinator<L>, Fault> {
        let mut state = log.load()?;
        let law_clock = LawClock::start(&*clock, state.at);
        let saved = state.seq;
        log.replay(&mut |entry| apply(&mut state, &entry))?;
        let mut it = Coordinator { log, clock, law_clock, state, saved, broken: None };
        it.law_clock = LawClock::start(&*it.clock, it.state.at);
        Ok(it)
    }

    /// The state at the end of what was read.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The log, for what only its kind can do.
    pub fn log(&mut self) -> &mut L {
        &mut self.log
    }

    /// The law's time as this process keeps it.
    pub fn law_clock(&self) -> LawClock {
        self.law_clock
    }

    /// The two readings of time a decision would use now.
    pub fn now(&self) -> Now {
        Now { law: self.law_clock.now(&*self.clock, self.state.at), wall: self.clock.wall() }
    }

    /// Applies what others have appended; tells whether there was anything.
    ///
    /// # Errors
    /// As [`Coordinator::open`].
    pub fn catch_up(&mut self) -> Result<bool, Fault> {
        if let Some(fault) = &self.broken {
            return Err(fault.clone());
        }
        let entries = self.log.read()?;
        let any = !entries.is_empty();
        for entry in entries {
            self.take(&entry)?;
        }
        Ok(any)
    }

    fn take(&mut self, entry: &Entry) -> Result<(), Fault> {
        let done = apply(&mut self.state, entry);
        self.broken = done.as_ref().err().cloned();
        done
    }

    /// Events since the last snapshot, of whichever process.
    pub fn unsaved(&self) -> Seq {
        self.state.seq.saturating_sub(self.saved)
    }

    /// How to save the state of now, and that state. It then counts as saved, even if that fails: the next
    /// is not far away. `None` where the log keeps no snapshots.
    pub fn saver(&mut self) -> Option<(Saver, State)> {
        let saver = self.log.saver()?;
        self.saved = self.state.seq;
        Some((saver, self.state.clone()))
    }

    /// Decides the orders as one batch and makes it durable before it answers, in the same order.
    ///
    /// # Errors
    /// A [`Fault`] if the batch could not be made durable: then none of it happened.
    pub fn commit(&mut self, orders: &[Order]) -> Result<Vec<Verdict>, Fault> {
        for _ in 0..CONFLICTS_MOST {
            self.catch_up()?;
            let now = self.now();
            let mut scratch = self.state.clone();
            let verdicts: Vec<Verdict> =
                orders.iter().map(|order| verdict(&mut scratch, order, now)).collect();
            let events: Vec<Event> = verdicts.iter().flatten().flatten().map(|row| row.1.clone()).collect();
            if events.is_empty() {
                return Ok(verdicts);
            }
            let batch = BatchId::mint();
            match self.log.append(&self.state, &batch, &events, &scratch) {
                Ok(Appended::Done) => {
                    self.state = scratch;
                    return Ok(verdicts);
                }
                Ok(Appended::Conflict) => {
                    debug!(at = self.state.seq, "another process was faster: decides again")
                }
                Err(fault) => return self.read_back(&batch, verdicts, fault),
            }
        }
        let on = std::path::Path::new("the log");
        Err(Fault::new(FaultKind::Disk, "append to", on, "others were faster a thousand times", "try again"))
    }

    /// An append that failed may have landed: its name in the log tells.
    fn read_back(
        &mut self,
        batch: &BatchId,
        verdicts: Vec<Verdict>,
        fault: Fault,
    ) -> Result<Vec<Verdict>, Fault> {
        let Ok(entries) = self.log.read() else { return Err(fault) };
        let landed = entries.iter().any(|entry| entry.batch == *batch);
        for entry in &entries {
            self.take(entry)?;
        }
        if landed { Ok(verdicts) } else { Err(fault) }
    }

    /// Orders of timers that are due: parks that end, accounts that open, a pause with a date.
    pub fn due(&self) -> Vec<Order> {
        let now = self.now();
        let timer = || Actor::new(ActorKind::System, "timer");
        let wakes = self.state.due(now.law, now.wall).into_iter().map(|job| Command::Wake { job });
        let opens = self.state.due_accounts(now.wall).map(|id| Command::OpenAccount {
            engine: id.engine.to_string(),
            account: id.account.to_string(),
        });
        let pause = self.state.product.paused.as_ref().and_then(|paused| paused.2);
        let resume = pause.filter(|until| *until <= now.wall).map(|_| Command::Resume {});
        // Accounts before jobs: who is woken finds its account open.
        opens.chain(wakes).chain(resume).map(|command| Order::new(timer(), command)).collect()
    }
}

fn apply(state: &mut State, entry: &Entry) -> Result<(), Fault> {
    for event in &entry.events {
        state.apply(event).map_err(|broken| {
            let on = std::path::Path::new("the log");
            let hint = "it was damaged or written by another law; restore it from a backup";
            Fault::new(FaultKind::Corrupt, "follow", on, broken.to_string(), hint)
        })?;
    }
    Ok(())
}

fn verdict(scratch: &mut State, order: &Order, now: Now) -> Verdict {
    let first = scratch.seq + 1;
    handle(scratch, order, now).map(|events| (first..).zip(events).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Claimant, Ending, EngineOffer, Submission, next_moment};
    use crate::job::{BlobId, CapabilitySet, EngineClass, HolderId, JobId, Outcome, Spec, Usage};
    use crate::store::MemoryLog;
    use crate::time::{FakeClock, Span, Stamp};

    fn open(log: MemoryLog) -> Coordinator<MemoryLog> {
        let clock = Arc::new(FakeClock::at(Stamp::from_millis(1_000)));
        Coordinator::open(log, clock).expect("an empty log opens")
    }

    fn submit(id: &str) -> Order {
        submit_for(id, "shell")
    }

    fn submit_for(id: &str, engine: &str) -> Order {
        let mut spec = Spec::titled(id);
        spec.engine = Some(engine.to_string());
        let new = Submission {
            job: JobId::from(id),
            spec,
            body: BlobId::from("b"),
            effective: BlobId::from("e"),
            file: None,
        };
        let by = Actor::new(ActorKind::Person, "ann");
        Order::new(by, Command::Submit { new: Box::new(new), parent: None })
    }

    #[test]
    fn an_account_opens_when_its_moment_comes() {
        let clock = Arc::new(FakeClock::at(Stamp::from_millis(1_000)));
        let mut it = Coordinator::open(MemoryLog::default(), clock.clone()).expect("opens");
        let agent = || Actor::new(ActorKind::Agent, "forge/1");
        let offer = EngineOffer {
            name: "claude".to_string(),
            class: EngineClass::AgenticCoder,
            accounts: vec!["work".to_string()],
        };
        let (holder, capabilities) = (HolderId::from("forge/1"), CapabilitySet::default());
        let who = Box::new(Claimant { holder, capabilities, engines: vec![offer] });
        let (job, epoch) = (JobId::from("a"), 1);
        let ending = Ending {
            outcome: Outcome::Limit,
            reason: "used up".to_string(),
            usage: Usage::default(),
            rev: None,
            until: Some(Stamp::from_millis(61_000)),
            window: None,
            engine_fault: false,
            insight: crate::job::Insight::default(),
        };
        let commands = [
            Command::Claim { who },
            Command::Start { job: job.clone(), epoch, engine: "claude".into(), run: "r".into(), base: None },
            Command::End { job, epoch, ending: Box::new(ending) },
        ];
        let mut orders = vec![submit_for("a", "claude")];
        orders.extend(commands.map(|command| Order::new(agent(), command)));
        it.commit(&orders).expect("commits").into_iter().for_each(|verdict| drop(verdict.expect("lawful")));
        let moment = next_moment(it.state(), it.now());
        assert_eq!((moment, it.due().len()), (Some(Span::from_secs(60)), 0));
        clock.pass(Span::from_secs(60));
        let due = it.due();
        assert_eq!(due.iter().map(|o| o.command.name()).collect::<Vec<_>>(), ["open_account", "wake"]);
        it.commit(&due).expect("commits").into_iter().for_each(|verdict| drop(verdict.expect("lawful")));
        assert_eq!((it.due().len(), it.state().closed_accounts(it.now().wall).count()), (0, 0));
    }

    #[test]
    fn orders_of_one_batch_see_each_other() {
        let mut it = open(MemoryLog::default());
        let verdicts = it.commit(&[submit("a"), submit("a"), submit("b")]).expect("commits");
        let done: Vec<bool> = verdicts.iter().map(Result::is_ok).collect();
        assert_eq!((done, it.state().seq), (vec![true, false, true], 2));
    }

    #[test]
    fn the_slower_of_two_catches_up_and_decides_again() {
        let log = MemoryLog::default();
        let (mut a, mut b) = (open(log.again()), open(log));
        assert!(a.commit(&[submit("x")]).expect("commits")[0].is_ok());
        assert!(b.commit(&[submit("x")]).expect("commits")[0].is_err());
        a.catch_up().expect("reads");
        assert_eq!(a.state().hash(), b.state().hash());
    }

    #[test]
    fn an_append_that_landed_unheard_counts_once() {
        let log = MemoryLog::default();
        let mut it = open(log.again());
        log.plant(crate::store::PlantedFault::LandsUnheard);
        assert!(it.commit(&[submit("x")]).expect("found by its name")[0].is_ok());
        assert_eq!(it.state().jobs.len(), 1);
        assert_eq!(open(log).state().seq, 1);
    }

    #[test]
    fn a_full_disk_changes_nothing() {
        let log = MemoryLog::default();
        let mut it = open(log.again());
        log.plant(crate::store::PlantedFault::Full);
        assert!(it.commit(&[submit("x")]).is_err());
        assert_eq!(it.state().seq, 0);
        assert!(it.commit(&[submit("x")]).expect("there is room again")[0].is_ok());
    }
}
