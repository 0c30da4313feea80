//! Speaking to the law: claims, starts and reports, which outlast a log that cannot be written for a while.

use super::doer::Doer;
use crate::agent::step::Grant;
use crate::agent::work::Work;
use crate::board::Board as _;
use crate::fleet::{Actor, ActorKind, Command, Event, Order, What};
use crate::job::{Epoch, JobId};
use crate::time::Span;

/// A report that could not be written is tried again after this long: a full disk loses no outcome.
const TRY_AGAIN: Span = Span::from_secs(2);

impl Doer {
    fn order(&self, command: Command) -> Order {
        Order::new(Actor::new(ActorKind::Agent, self.who.holder.as_str()), command)
    }

    /// Claims up to `n` jobs. `None`: the log cannot be written now; the answer comes late, so that asking
    /// again at once is no busy loop.
    pub(super) async fn claim(&self, n: usize) -> Option<Vec<Grant>> {
        let claim = || self.order(Command::Claim { who: Box::new(self.who.clone()) });
        let orders = std::iter::repeat_with(claim).take(n).collect();
        match self.local.act(orders).await {
            Ok(verdicts) => Some(
                verdicts.into_iter().flatten().flatten().filter_map(|(_, event)| grant(&event)).collect(),
            ),
            Err(fault) => {
                eprintln!("aq: cannot claim yet, trying again: {fault}");
                tokio::time::sleep(TRY_AGAIN.to_std()).await;
                None
            }
        }
    }

    /// Asks the law to begin the attempt; `None` if it said no.
    pub(super) async fn begin(&self, work: &Work) -> Option<u32> {
        let prepared = work.prepared.as_ref();
        let start = Command::Start {
            job: work.job.clone(),
            epoch: work.epoch,
            engine: work.engine.clone(),
            run: prepared.map(|p| p.run.clone()).unwrap_or_default(),
            base: prepared.and_then(|p| p.space.base.clone()),
        };
        let (events, _) = self.insist(vec![start], false).await;
        events.iter().find_map(|event| match &event.what {
            What::AttemptStarted { attempt, .. } => Some(*attempt),
            _ => None,
        })
    }

    pub(super) async fn give_back(&self, job: JobId, epoch: Epoch, reason: &str) {
        self.insist(vec![Command::Release { job, epoch, reason: reason.to_string() }], false).await;
    }

    /// Asks until the log could be written; the law's no is an answer.
    pub(super) async fn insist(&self, commands: Vec<Command>, claim: bool) -> (Vec<Event>, Option<Grant>) {
        let mut orders: Vec<Order> = commands.into_iter().map(|command| self.order(command)).collect();
        if claim {
            orders.push(self.order(Command::Claim { who: Box::new(self.who.clone()) }));
        }
        loop {
            match self.local.act_with_texts(&self.settings, orders.clone()).await {
                Ok(verdicts) => {
                    let events: Vec<Event> =
                        verdicts.into_iter().flatten().flatten().map(|row| row.1).collect();
                    let next = if claim { events.iter().find_map(grant) } else { None };
                    return (events, next);
                }
                Err(fault) => {
                    eprintln!("aq: cannot report yet, trying again: {fault}");
                    tokio::time::sleep(TRY_AGAIN.to_std()).await;
                }
            }
        }
    }
}

fn grant(event: &Event) -> Option<Grant> {
    match &event.what {
        What::LeaseGranted { job, epoch, engine, .. } => Some((job.clone(), *epoch, engine.clone())),
        _ => None,
    }
}
