//! Which act is done by what, and the happening it ends in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use super::runs::Meter;
use crate::agent::pull_request::look;
use crate::agent::seat::Seat;
use crate::agent::ship::Sent;
use crate::agent::step::{Act, Happening};
use crate::agent::work::Work;
use crate::board::{Board as _, Local, Settings};
use crate::engine::ShimProgram;
use crate::fleet::{Actor, ActorKind, Claimant, Code, Command};
use crate::job::JobId;

/// What every act needs.
pub(in crate::agent) struct Doer {
    pub(super) local: Arc<Local>,
    pub(super) settings: Arc<Settings>,
    pub(super) who: Claimant,
    pub(super) shim: ShimProgram,
    to: UnboundedSender<Happening>,
    /// How far the transcripts of runs under way were read, by run: so that a look reads only what is new.
    /// A note to spare work, no state: without it a look reads from the start.
    pub(super) meters: Mutex<BTreeMap<String, Meter>>,
    /// What each slot sits on. A lock that must be held, no state: the number goes with the work.
    seats: Mutex<BTreeMap<usize, Seat>>,
}

impl Doer {
    /// Its happenings go to `to`.
    pub fn new(
        local: Arc<Local>,
        settings: Arc<Settings>,
        who: Claimant,
        shim: ShimProgram,
        to: UnboundedSender<Happening>,
    ) -> Doer {
        Doer { local, settings, who, shim, to, meters: Mutex::default(), seats: Mutex::default() }
    }

    /// Seats the job that a slot now has, in place of the one before.
    ///
    /// # Errors
    /// In words: no seat can be had.
    pub(super) fn seat(&self, slot: usize) -> Result<u32, String> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.remove(&slot);
        let seat = Seat::take()?;
        let number = seat.number();
        seats.insert(slot, seat);
        Ok(number)
    }

    /// The run of a dead agent goes on under the number it was started with.
    pub(super) fn seat_again(&self, slot: usize, number: u32) {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.remove(&slot);
        seats.extend(Seat::again(number).map(|seat| (slot, seat)));
    }

    /// Starts the act; its happening comes through the channel.
    pub fn start(self: &Arc<Doer>, act: Act, work: Option<Work>) {
        let doer = self.clone();
        tokio::spawn(async move {
            let to = doer.to.clone();
            if let Some(happening) = doer.act(act, work).await {
                // A loop that has ended wants no more news.
                let _ = to.send(happening);
            }
        });
    }

    async fn act(self: Arc<Doer>, act: Act, work: Option<Work>) -> Option<Happening> {
        match (act, work) {
            (Act::Claim(n), _) => Some(Happening::Granted { asked: n, jobs: self.claim(n).await }),
            (Act::GiveBack { job, epoch }, _) => {
                self.give_back(job, epoch, "the agent has no slot for it").await;
                None
            }
            (Act::Prepare { slot }, Some(work)) => {
                let result = self.prepare(slot, work).await;
                Some(Happening::Prepared { slot, result })
            }
            (Act::Start { slot }, Some(work)) => {
                Some(Happening::Started { slot, attempt: self.begin(&work).await })
            }
            (Act::Release { slot }, Some(work)) => {
                let asked = "the agent was asked to stop";
                let why = if work.stop_why.is_empty() { asked } else { &work.stop_why };
                self.give_back(work.job, work.epoch, why).await;
                Some(Happening::Reported { slot, events: Vec::new(), next: None })
            }
            (Act::Run { slot, kind }, Some(work)) => {
                Some(Happening::Ended { slot, end: self.run(work, kind).await })
            }
            (Act::Await { slot, kind }, Some(work)) => {
                Some(Happening::Ended { slot, end: self.take_up(slot, work, kind).await })
            }
            (Act::Stop { kind, cause, now, .. }, Some(work)) => {
                self.stop(work, kind, cause, now).await;
                None
            }
            (Act::Save { slot, .. }, Some(work)) => {
                Some(Happening::Saved { slot, result: self.save(work).await })
            }
            (Act::Report { slot, orders, claim }, Some(work)) => {
                let mut commands: Vec<Command> = orders.into_iter().map(|order| order.command).collect();
                if work.is_review() {
                    // Without them the author hears less; the verdict stands all the same.
                    let _ = self.with_check(&work, &mut commands).await;
                    let _ = self.drop_review_tree(&work).await;
                }
                let (events, next) = self.insist(commands, claim).await;
                self.accept(&work, &events).await;
                Some(Happening::Reported { slot, events, next })
            }
            (Act::Look { slot }, Some(work)) => {
                let sight = self.look(work).await?;
                Some(Happening::Looked { slot, sight })
            }
            (Act::Note(order), _) => {
                // Progress is telemetry: the next look says it again if this one was not heard.
                let _ = self.local.act(vec![*order]).await;
                None
            }
            (Act::AskReviewers { job }, _) => {
                let all = self.ask_reviewers(&job).await;
                Some(Happening::ReviewersAsked { job, all })
            }
            (Act::Ship { job }, _) => {
                self.ship(&job).await;
                Some(Happening::Shipped { job })
            }
            (Act::LookAtPr { job }, _) => {
                let (news, line) = self.look_at_pr(&job).await;
                Some(Happening::PrLooked { job, news, line })
            }
            (_, None) => None,
        }
    }

    /// Whether a look at the job's pull request showed something new, and what people want to see pass by. One
    /// that could not be made moves nothing: the age of the last one tells, and the next is due later.
    async fn look_at_pr(&self, id: &JobId) -> (bool, Option<String>) {
        let by = Actor::new(ActorKind::Agent, self.who.holder.as_str());
        let state = self.local.snapshot();
        let Some(job) = state.job(id) else { return (false, None) };
        match look(&self.local, &self.settings, &by, job).await {
            Ok(Ok((Sent::Waits(_), news))) => (news, None),
            Ok(Ok((sent, news))) => (news, Some(sent.said(id))),
            // The job has moved on without this look.
            Ok(Err(no)) if no.code == Code::Fenced => (false, None),
            Ok(Err(no)) => (false, Some(format!("{id}: {no} ({})", no.hint))),
            Err(fault) => (false, Some(format!("{id}: {fault} ({})", fault.hint))),
        }
    }

    async fn ship(&self, job: &JobId) {
        use crate::agent::ship::{Ship, ship};
        let by = Actor::new(ActorKind::Agent, self.who.holder.as_str());
        // Refused or failed, the law has the reason and the job shows it.
        let _ = ship(&self.local, &self.settings, &by, &Ship::by_rule(job)).await;
    }
}

/// Runs something that blocks on a thread that may.
pub(in crate::agent) async fn blocking<T: Send + 'static>(task: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(task).await {
        Ok(done) => done,
        // A panic in the task is a bug of ours: it goes on up and is told there.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
