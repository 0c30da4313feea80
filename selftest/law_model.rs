//! A second, simpler law to hold the first against: stage, epoch and holder of each job, told in advance.
//!
//! It knows nothing of events. What it reads from the real state is only what never moves a job by itself:
//! the manifest, resolved dependencies and children. Where a no depends on more than it keeps (a budget, a
//! revision, a key), it does not say whether the order is accepted, but still where it would lead.

use std::collections::{BTreeMap, BTreeSet};

use aq::fleet::{
    ActorKind, Command, Ending, Job, Now, Order, Park, ParkReason, PauseMode, PrLook, PrState, State,
};
use aq::job::{DepsMode, Epoch, HolderId, JobId, Outcome, Rev, Stage};
use aq::time::{Span, Stamp};

/// A job as the model sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub stage: Stage,
    pub epoch: Epoch,
    pub holder: Option<HolderId>,
    pub shipping: bool,
    pub park: Option<(ParkReason, Option<Stamp>)>,
    asked: bool,
    counted: u32,
    overloads: u32,
    lost: Vec<Stamp>,
    began: Stamp,
    tree: Option<Rev>,
    verified: Option<(bool, Option<Rev>)>,
    approvals: BTreeSet<String>,
    /// Who said no to the work as it is; it comes back to review where a pull request of it was not accepted.
    vetoes: BTreeSet<String>,
    needs: Option<u32>,
    cancelled: bool,
    /// Whether anybody may decide about its work: not while that stands in no commit.
    decides: Verdict,
    /// Number and commit of its pull request.
    pr: Option<(u64, Rev)>,
    answered: BTreeSet<String>,
    rounds: u32,
}

fn reviewer(order: &Order) -> String {
    order.by.name.split('@').next().unwrap_or("").to_ascii_lowercase()
}

fn yes(lawful: bool) -> Verdict {
    if lawful { Yes } else { No }
}

fn open(lawful: bool) -> Verdict {
    if lawful { Open } else { No }
}

/// All jobs, archived ones too.
#[derive(Default)]
pub struct Model {
    pub jobs: BTreeMap<JobId, Seen>,
}

/// Whether the order must be accepted, must be refused, or may be either.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Verdict {
    Yes,
    No,
    Open,
}

use Stage::{Assigned, Blocked, Building, DeadLetter, Failed, Queued, Review, Shipped, Testing};
use Verdict::{No, Open, Yes};

impl Model {
    /// What the law must say to this order.
    pub fn verdict(&self, order: &Order, now: Now) -> Verdict {
        let Some(id) = order.command.job() else { return Open };
        let Some(job) = self.jobs.get(id) else { return No };
        if order.key.is_some() {
            return Open;
        }
        let stale = order.command.epoch().is_some_and(|epoch| epoch != job.epoch);
        let moved = order.from.is_some_and(|from| from != (job.stage, job.epoch));
        if stale || moved {
            return No;
        }
        if order.command.epoch().is_some() {
            job.worker(&order.command)
        } else {
            job.operator(&order.command, now)
        }
    }

    /// Follows an accepted order. `after` lends manifests, dependencies and the answer of a claim.
    pub fn accept(&mut self, order: &Order, now: Now, before: &State, after: &State) {
        match &order.command {
            Command::Submit { .. } | Command::Supersede { .. } | Command::Claim { .. } => {
                self.look(order, before, after);
            }
            Command::OpenAccount { engine, account } => {
                for (id, real) in &after.jobs {
                    let Some(job) = self.jobs.get_mut(id).filter(|job| job.park.is_some()) else { continue };
                    let on = real.attempts.last().map(|a| (&a.engine, a.account.as_ref()));
                    if real.park.is_none() {
                        assert_eq!(on, Some((engine, Some(account))), "woken for an account not its own");
                        job.park = None;
                    } else if job.park.is_some_and(|park| park.0 == ParkReason::Limit)
                        && on.is_some_and(|on| on.0 == engine)
                        && order.by.kind == ActorKind::Person
                    {
                        // Another account of its engine is open: its date has come.
                        job.park = job.park.map(|(why, until)| {
                            (why, Some(until.map_or(now.wall, |until| until.min(now.wall))))
                        });
                    }
                }
            }
            Command::Pause { mode: PauseMode::Kill, .. } => {
                for job in self.jobs.values_mut().filter(|j| matches!(j.stage, Assigned | Building)) {
                    job.go(Queued, 1);
                }
            }
            command => {
                let Some(id) = command.job() else { return };
                let (Some(job), Some(real)) = (self.jobs.get(id).cloned(), after.job(id)) else { return };
                let mut job = job;
                let came = real.children.iter().filter_map(|c| after.job(c)).any(|c| c.submitted > job.began);
                let met = self.met(real);
                job.step(command, order, now, real, (met, came));
                self.jobs.insert(id.clone(), job);
            }
        }
        self.settle(now, after);
    }

    /// New jobs, edits and grants are taken over from the law, and only checked for what must hold of them.
    fn look(&mut self, order: &Order, before: &State, after: &State) {
        for (id, real) in &after.jobs {
            let known = before.jobs.get(id).is_some_and(|old| std::sync::Arc::ptr_eq(old, real));
            if known {
                continue;
            }
            let Some(job) = self.jobs.get_mut(id) else {
                self.jobs.insert(id.clone(), Seen::new(real));
                continue;
            };
            match &order.command {
                Command::Claim { who } => {
                    assert_eq!((job.stage, &job.park), (Queued, &None), "claimed {id}");
                    job.go(Assigned, 1);
                    job.asked = false;
                    job.holder = Some(who.holder.clone());
                }
                _ if matches!(job.stage, Queued | Blocked) => {
                    let seen = Seen::new(real);
                    (job.stage, job.park, job.epoch) = (seen.stage, seen.park, seen.epoch);
                }
                _ => {}
            }
        }
    }

    fn met(&self, real: &Job) -> bool {
        let there = |id: &JobId| {
            self.jobs.get(id).is_some_and(|j| {
                j.stage == Shipped || j.stage == Testing && real.spec.deps_mode == DepsMode::Soft
            })
        };
        real.children.iter().all(there) && real.deps.iter().all(|d| d.job.as_ref().is_some_and(there))
    }

    /// Waiting jobs stand where their dependencies put them.
    fn settle(&mut self, now: Now, after: &State) {
        let mut again = true;
        while again {
            again = false;
            for (id, real) in &after.jobs {
                let met = self.met(real);
                let Some(job) = self.jobs.get_mut(id) else { continue };
                match job.stage {
                    Blocked if met => {
                        job.go(Queued, 0);
                        job.date(real, now);
                    }
                    Queued if job.park.is_none() && !met => job.go(Blocked, 0),
                    Queued if job.park.is_none() && !real.spec.has_body && !real.children.is_empty() => {
                        job.go(Testing, 1);
                    }
                    _ => continue,
                }
                again = true;
            }
        }
    }
}

impl Seen {
    fn worker(&self, command: &Command) -> Verdict {
        let job = self;
        let held = matches!(job.stage, Assigned | Building);
        match command {
            Command::Adopt { gone, holder, .. } => {
                yes(held && job.holder.as_ref() == Some(gone) && gone != holder)
            }
            Command::ExpireLease { gone, .. } => {
                yes((held || job.shipping) && job.holder.as_ref() == Some(gone))
            }
            Command::Release { .. } => yes(job.stage == Assigned),
            // A queue that was stopped lets nothing begin; this model knows jobs alone.
            Command::Start { .. } => open(job.stage == Assigned),
            Command::Progress { .. } => open(job.stage == Building),
            Command::Checkpoint { .. } => open(held || job.shipping),
            Command::Verify { .. } => yes(job.stage == Building || job.shipping),
            Command::End { .. } | Command::Ask { .. } => yes(job.stage == Building),
            Command::ShipDone { .. } | Command::ShipFail { .. } | Command::PrOpen { .. } => yes(job.shipping),
            Command::PrSee { .. } => open(job.stage == Testing && !job.shipping && job.pr.is_some()),
            _ => Open,
        }
    }

    fn operator(&self, command: &Command, now: Now) -> Verdict {
        let job = self;
        let held = matches!(job.stage, Assigned | Building);
        match command {
            Command::Supersede { .. } => open(matches!(job.stage, Queued | Blocked)),
            Command::Park { .. } if job.park.is_some_and(|p| p.0 == ParkReason::Asked) => No,
            Command::Park { .. } if job.stage == Queued => Open,
            Command::Park { .. } | Command::Preempt { .. } => yes(held),
            // In the line it may wait for an account that is closed, and be let try.
            Command::Unpark { .. } if job.stage == Queued && job.park.is_none() => Open,
            Command::Unpark { .. } => yes(job.park.is_some()),
            Command::Wake { .. } => yes(job.park.is_some_and(|(reason, until)| {
                let wall = matches!(reason, ParkReason::Limit | ParkReason::NotBefore | ParkReason::Operator);
                until.is_some_and(|until| until <= if wall { now.wall } else { now.law })
            })),
            Command::Answer { .. } => yes(job.stage == Queued && job.asked),
            Command::RequestReview { .. } | Command::Review { .. } => open(job.stage == Review),
            Command::Promote { .. } => {
                if job.stage == Review {
                    job.decides
                } else {
                    No
                }
            }
            Command::ShipStart { .. } => open(job.stage == Testing && !job.shipping),
            Command::Reject { requeue: true, .. } => {
                open(matches!(job.stage, Review | Testing | Failed) && !job.shipping)
            }
            Command::Reject { .. } => yes(matches!(job.stage, Review | Testing | Failed) && !job.shipping),
            Command::Requeue { .. } => open(job.stage == Failed || held),
            Command::Redrive { .. } => yes(matches!(job.stage, Failed | DeadLetter)),
            Command::Cancel { .. } => match job.stage {
                Shipped | DeadLetter => No,
                Failed => yes(!job.cancelled),
                _ => yes(!job.shipping),
            },
            _ => Open,
        }
    }
}

impl Seen {
    fn new(real: &Job) -> Seen {
        Seen {
            stage: real.stage,
            epoch: real.epoch,
            holder: None,
            shipping: false,
            park: real.park.as_ref().map(|p| (p.reason, p.until)),
            asked: false,
            counted: 0,
            overloads: 0,
            lost: Vec::new(),
            began: Stamp::default(),
            tree: None,
            verified: None,
            approvals: BTreeSet::new(),
            vetoes: BTreeSet::new(),
            needs: None,
            cancelled: false,
            decides: Yes,
            pr: None,
            answered: BTreeSet::new(),
            rounds: 0,
        }
    }

    fn go(&mut self, to: Stage, rise: Epoch) {
        let keeps = matches!(to, Assigned | Building) && rise == 0;
        (self.stage, self.epoch, self.park, self.shipping) = (to, self.epoch + rise, None, false);
        self.cancelled = false;
        if !keeps {
            self.holder = None;
        }
    }

    fn date(&mut self, real: &Job, now: Now) {
        if let Some(at) = real.spec.not_before.filter(|at| *at > now.wall) {
            self.park = Some((ParkReason::NotBefore, Some(at)));
        }
    }

    /// Sent back by a person: its date and its dependencies count again, its question does not.
    fn send_back(&mut self, real: &Job, now: Now, met: bool) {
        self.go(if met { Queued } else { Blocked }, 1);
        if met {
            self.date(real, now);
        }
    }

    fn step(&mut self, command: &Command, order: &Order, now: Now, real: &Job, (met, came): (bool, bool)) {
        match command {
            Command::Adopt { holder, .. } => self.holder = Some(holder.clone()),
            Command::ExpireLease { .. } if self.shipping => self.go(Testing, 1),
            Command::ExpireLease { .. } => {
                self.lost.retain(|at| now.law.since(*at) <= Span::from_mins(60));
                self.lost.push(now.law);
                self.go(Queued, 1);
                if self.lost.len() >= 3 {
                    self.go(DeadLetter, 1);
                    self.asked = false;
                }
            }
            Command::Release { .. } => self.go(Queued, 1),
            Command::Start { .. } => {
                self.go(Building, 0);
                (self.began, self.tree, self.verified) = (now.law, None, None);
            }
            Command::Checkpoint { rev, .. } if self.stage == Building => self.tree = Some(rev.clone()),
            Command::Verify { passed, rev, .. } if self.stage == Building => {
                self.verified = Some((*passed, rev.clone()));
            }
            Command::End { ending, .. } => self.end(ending, now, real, came || !met),
            Command::Ask { .. } => {
                self.go(Queued, 1);
                (self.asked, self.park) = (true, Some((ParkReason::Asked, None)));
            }
            Command::ShipDone { .. } => self.go(Shipped, 0),
            Command::ShipFail { conflict, .. } => self.go(if *conflict { Review } else { Testing }, 1),
            Command::PrOpen { number, rev, .. } => {
                if self.pr.as_ref().is_none_or(|pr| pr.0 != *number) {
                    (self.answered, self.rounds) = (BTreeSet::new(), 0);
                }
                self.pr = Some((*number, rev.clone()));
                self.go(Testing, 0);
            }
            Command::Settle { rev: Some(_), .. } if self.decides == No => self.decides = Open,
            Command::PrSee { look, words, .. } => self.pr_seen(look, words.is_some(), now, real, met),
            command => self.operator_step(command, order, now, real, met),
        }
    }

    fn pr_seen(&mut self, look: &PrLook, has_words: bool, now: Now, real: &Job, met: bool) {
        let ours = self.pr.as_ref().is_some_and(|pr| pr.1 == look.head);
        let ended = look.checks.pending == 0;
        let asks = look.asks.iter().any(|id| !self.answered.contains(id));
        let wants = ours && (asks || look.checks.red > 0 && ended);
        let poor = real.budget().reached(&real.spent).is_some();
        match look.state {
            PrState::Merged if ended && look.checks.red == 0 => self.go(Shipped, 0),
            PrState::Merged => {}
            PrState::Closed => self.go(Review, 1),
            PrState::Open if ours && look.conflict => self.go(Review, 1),
            PrState::Open if wants && (poor || self.rounds >= 5 || !real.spec.has_body) => self.go(Review, 1),
            PrState::Open if wants && has_words => {
                self.answered.extend(look.asks.iter().cloned());
                self.rounds += 1;
                self.send_back(real, now, met);
            }
            PrState::Open => {}
        }
    }

    fn operator_step(&mut self, command: &Command, order: &Order, now: Now, real: &Job, met: bool) {
        match command {
            Command::Park { until, reason, .. } => {
                self.go(Queued, Epoch::from(self.stage != Queued));
                self.park = Some((*reason, *until));
            }
            Command::Unpark { .. } | Command::Wake { .. } => {
                let was = self.park.map(|p| p.0);
                if order.by.kind == ActorKind::Person && was == Some(ParkReason::Backoff) {
                    self.overloads = 0;
                }
                self.park = None;
            }
            Command::Answer { .. } => {
                self.asked = false;
                self.park = self.park.filter(|p| p.0 != ParkReason::Asked);
            }
            Command::RequestReview { rule, .. } => self.needs = Some(rule.approvals),
            Command::Review { approve: false, .. } => {
                self.rounds = 0;
                self.approvals.remove(&reviewer(order));
                self.vetoes.insert(reviewer(order));
                self.go(Failed, 1);
            }
            Command::Review { .. } => {
                self.vetoes.remove(&reviewer(order));
                self.approvals.insert(reviewer(order));
                let needs = self.needs.unwrap_or(real.spec.review.approvals).max(1);
                if self.vetoes.is_empty() && self.approvals.len() >= usize::try_from(needs).unwrap_or(0) {
                    self.go(Testing, 1);
                }
            }
            Command::Promote { .. } => self.go(Testing, 1),
            Command::ShipStart { holder, .. } => {
                self.epoch += 1;
                (self.shipping, self.holder) = (true, Some(holder.clone()));
            }
            Command::Reject { requeue: true, .. } => {
                self.rounds = 0;
                self.send_back(real, now, met);
            }
            Command::Reject { .. } if self.stage == Failed => {
                self.go(DeadLetter, 1);
                self.asked = false;
            }
            Command::Reject { .. } => {
                self.rounds = 0;
                self.go(Failed, 1);
            }
            Command::Requeue { park, .. } => self.requeue(park.as_deref(), now, real, met),
            Command::Redrive { .. } => {
                (self.counted, self.overloads, self.asked) = (0, 0, false);
                self.rounds = 0;
                self.lost.clear();
                self.send_back(real, now, met);
            }
            Command::Cancel { .. } => {
                self.go(Failed, 1);
                (self.cancelled, self.asked) = (true, false);
            }
            Command::Preempt { .. } => self.go(Queued, 1),
            _ => {}
        }
    }

    /// Aside again as it was, by the wall alone, or back in the line.
    fn requeue(&mut self, park: Option<&Park>, now: Now, real: &Job, met: bool) {
        (self.overloads, self.asked) = (0, false);
        match park.filter(|park| park.until.is_none_or(|until| until > now.wall)) {
            Some(park) => {
                self.go(Queued, 1);
                self.park = Some((park.reason, park.until));
            }
            None => self.send_back(real, now, met),
        }
    }

    fn end(&mut self, ending: &Ending, now: Now, real: &Job, children_first: bool) {
        use Outcome::{
            Crash, Drained, Limit, Ok, Overloaded, Preempted, Stalled, Timeout, Unknown, Unsaved,
            VerifyFailed,
        };
        let tree = ending.rev.clone().or(self.tree.take());
        let proven = self.verified.take().is_some_and(|(passed, of)| passed && of == tree);
        let needs = self.needs.unwrap_or(real.spec.review.approvals);
        let outcome = ending.outcome;
        if outcome == Overloaded {
            self.overloads += 1;
        } else if !matches!(outcome, Preempted | Drained) {
            self.overloads = 0;
        }
        let again = real.spec.retry.on.contains(&outcome) && self.counted < real.spec.retry.max;
        let park = |until: Option<Stamp>, reason| real.park.as_ref().map(|p| (reason, until.or(p.until)));
        match outcome {
            Ok | Unknown | Unsaved => {
                self.approvals.clear();
                self.vetoes.clear();
                self.decides = yes(outcome != Unsaved);
                self.go(
                    match outcome {
                        Unknown | Unsaved => Review,
                        _ if children_first => Blocked,
                        _ if needs == 0 && proven => Testing,
                        _ => Review,
                    },
                    0,
                );
            }
            Preempted | Drained => self.go(Queued, 0),
            Limit => {
                self.go(Queued, 0);
                // With an account it may go on with another, or wait for more than this window.
                let has_account = real.attempts.last().is_some_and(|a| a.account.is_some());
                let told = ending.until.filter(|at| *at > now.wall && !has_account);
                self.park = park(told, ParkReason::Limit);
            }
            Overloaded if self.overloads > 5 => self.go(Failed, 0),
            Overloaded => {
                self.go(Queued, 0);
                self.park = park(None, ParkReason::Backoff);
            }
            _ if again => {
                self.counted += 1;
                self.go(Queued, 0);
                self.park = park(None, ParkReason::Backoff);
            }
            _ => {
                self.counted += u32::from(matches!(outcome, Crash | Stalled | Timeout | VerifyFailed));
                self.go(Failed, 0);
                self.cancelled = outcome == Outcome::Cancelled;
            }
        }
    }
}
