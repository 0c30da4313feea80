//! What an event does to the state. Total: an event that does not fit is [`Broken`], never a panic.

use std::sync::Arc;

use super::event::{ActorKind, Event, What};
use super::job::{Attempt, Decision, Handoff, Head, Job, Lease, LeaseKind, Park, ParkReason};
use super::state::{RECEIPT_LIFE, State, Tombstone, day_of};
use crate::job::{Budget, Epoch, Follow, JobId, Outcome, Proof, Seq, Stage, Usage};
use crate::time::{Span, Stamp};

/// Lost leases older than this no longer count toward poison.
pub(super) const POISON_WINDOW: Span = Span::from_mins(60);

/// An event that cannot have followed the ones before it: the log is damaged or of another law.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("event {seq} ({kind}) does not fit the state before it: {why}")]
pub struct Broken {
    /// The event's number.
    pub seq: Seq,
    /// Its kind.
    pub kind: &'static str,
    /// What does not fit.
    pub why: String,
}

/// Time and number of the event at hand.
#[derive(Clone, Copy)]
struct Mark {
    at: Stamp,
    seq: Seq,
}

impl State {
    /// Applies the next event.
    ///
    /// # Errors
    /// [`Broken`] if the event cannot follow; the state is then to be thrown away.
    pub fn apply(&mut self, event: &Event) -> Result<(), Broken> {
        let mark = Mark { at: event.at, seq: self.seq + 1 };
        let broken = |why: String| Broken { seq: mark.seq, kind: event.what.name(), why };
        if let Some(id) = event.what.job() {
            if let What::JobSubmitted { .. } = &event.what {
                self.submit(event, mark).map_err(broken)?;
            } else {
                self.change_job(id, event, mark).map_err(broken)?;
            }
        } else {
            self.change_product(event, mark);
        }
        self.keep_receipt(event, mark);
        self.seq = mark.seq;
        self.at = self.at.max(event.at);
        Ok(())
    }

    /// Changes a job where it is: a replay owns its jobs alone and copies none of them.
    fn change_job(&mut self, id: &JobId, event: &Event, mark: Mark) -> Result<(), String> {
        let slot = self.jobs.get_mut(id).ok_or_else(|| format!("no job {id}"))?;
        self.index.leave(slot);
        let job = Arc::make_mut(slot);
        let before = job.lease.as_ref().map_or(0, |l| l.reserve);
        let old_key = job.spec.key.clone();
        let spent = change(job, event, mark)?;
        super::invariant::check_job(job)?;
        self.index.enter(job);
        let reserve = job.lease.as_ref().map_or(0, |l| l.reserve);
        let (waits, key) = (job.stage.is_waiting(), job.spec.key.clone());
        self.account(before, reserve, spent, mark);
        if !waits {
            self.product.suspended.remove(id);
        }
        if old_key != key {
            self.name_key(id, old_key.as_ref(), key.as_ref());
        }
        Ok(())
    }

    fn submit(&mut self, event: &Event, mark: Mark) -> Result<(), String> {
        let What::JobSubmitted { job: id, spec, body, effective, file, deps, parent, stage } = &event.what
        else {
            return Err("not a submit".to_string());
        };
        if self.stage_of(id).is_some() {
            return Err(format!("job {id} exists"));
        }
        let job = Job {
            id: id.clone(),
            file: file.as_deref().map(Into::into),
            spec: Arc::from(spec.clone()),
            body: body.clone(),
            effective: effective.clone(),
            by: event.by.clone(),
            submitted: mark.at,
            stage: *stage,
            since: mark.at,
            why: if *stage == Stage::Blocked { "waits for other jobs" } else { "submitted" }.into(),
            event: mark.seq,
            epoch: 0,
            waiting: mark.at,
            park: None,
            deps: deps.clone(),
            parent: parent.clone(),
            children: Vec::new(),
            lease: None,
            attempts: Vec::new(),
            counted: 0,
            overloads: 0,
            limits: 0,
            lost: Vec::new(),
            head: None,
            checkpoint: None,
            checkpoints: 0,
            restart: None,
            reviews: Vec::new(),
            rule: None,
            spent: Usage::default(),
            raised: Budget::default(),
            handoff: Vec::new(),
            asked: None,
            shipped: None,
        };
        self.name_key(id, None, job.spec.key.as_ref());
        if let Some(file) = &job.file {
            let stem = file.strip_suffix(".md").unwrap_or(file);
            self.stems.insert(stem.into(), id.clone());
        }
        self.put(job);
        Ok(())
    }

    /// Books money: what the lease sets aside now instead of before, and what was spent.
    fn account(&mut self, before: u64, reserve: u64, spent: u64, mark: Mark) {
        self.product.reserved = (self.product.reserved + reserve).saturating_sub(before);
        if spent > 0 {
            let day = self.product.spent.entry(day_of(mark.at)).or_insert(0);
            *day = day.saturating_add(spent);
        }
    }

    fn change_product(&mut self, event: &Event, mark: Mark) {
        match &event.what {
            What::JobsArchived { jobs } => {
                for id in jobs {
                    if let Some(job) = self.remove(id) {
                        let tomb =
                            Tombstone { stage: job.stage, body: job.body.clone(), key: job.spec.key.clone() };
                        self.tombs.insert(id.clone(), tomb);
                    }
                }
            }
            What::BudgetChanged { ceiling, window } => {
                self.product.ceiling = *ceiling;
                self.product.window = *window;
            }
            What::BudgetPaused { mode, reason, until } => {
                self.product.paused = Some((*mode, reason.clone(), *until, mark.at));
            }
            What::BudgetResumed { .. } => {
                self.product.paused = None;
                self.product.suspended.clear();
            }
            What::QueueSuspended { jobs } => self.product.suspended.extend(jobs.iter().cloned()),
            _ => {}
        }
    }

    fn keep_receipt(&mut self, event: &Event, mark: Mark) {
        let Some(key) = &event.key else { return };
        if self.receipts.insert(key.clone(), mark.seq).is_none() {
            self.receipts_by_age.insert((mark.at, key.clone()));
        }
        let old: Vec<_> = self
            .receipts_by_age
            .iter()
            .take_while(|(at, _)| mark.at.since(*at) > RECEIPT_LIFE)
            .cloned()
            .collect();
        for row in old {
            self.receipts.remove(&row.1);
            self.receipts_by_age.remove(&row);
        }
    }
}

/// Applies an event to one job and tells how much money it spent (millionths of a dollar).
fn change(job: &mut Job, event: &Event, mark: Mark) -> Result<u64, String> {
    match &event.what {
        What::LeaseGranted { .. }
        | What::LeaseAdopted { .. }
        | What::LeaseExpired { .. }
        | What::LeaseReleased { .. }
        | What::ShipStarted { .. } => change_lease(job, event, mark).map(|()| 0),
        What::AttemptStarted { .. }
        | What::Progressed { .. }
        | What::Checkpointed { .. }
        | What::Verified { .. }
        | What::AttemptEnded { .. } => change_attempt(job, event, mark),
        What::ReviewRequested { .. }
        | What::ReviewGiven { .. }
        | What::Promoted { .. }
        | What::Shipped { .. }
        | What::ShipFailed { .. }
        | What::Rejected { .. } => change_gate(job, event, mark).map(|()| 0),
        _ => change_place(job, event, mark).map(|()| 0),
    }
}

fn change_lease(job: &mut Job, event: &Event, mark: Mark) -> Result<(), String> {
    match &event.what {
        What::LeaseGranted { epoch, holder, engine, reserve, .. } => {
            job.rise(*epoch)?;
            job.lease = Some(Lease {
                holder: holder.clone(),
                kind: LeaseKind::Work,
                granted: mark.at,
                engine: engine.clone(),
                reserve: *reserve,
            });
            // A question that was passed over is not open any more once the job runs again.
            job.asked = None;
            job.move_to(Stage::Assigned, "claimed", mark);
        }
        What::LeaseAdopted { epoch, holder, .. } => {
            job.same(*epoch)?;
            job.lease.as_mut().ok_or("adopted without a lease")?.holder = holder.clone();
            // The work is now the new holder's too: it is the author at review.
            if let Some(attempt) = job.attempts.last_mut().filter(|a| a.ended.is_none()) {
                attempt.holder = holder.clone();
            }
        }
        What::LeaseExpired { epoch, reason, .. } => {
            job.rise(*epoch)?;
            let was_work = job.work_lease().is_some();
            job.close_attempt(None, reason, mark);
            job.lease = None;
            if was_work {
                job.lost.retain(|at| mark.at.since(*at) <= POISON_WINDOW);
                job.lost.push(mark.at);
                job.move_to(Stage::Queued, reason, mark);
            }
        }
        What::LeaseReleased { epoch, reason, .. } => {
            job.rise(*epoch)?;
            job.close_attempt(Some(Outcome::Drained), reason, mark);
            job.lease = None;
            job.move_to(Stage::Queued, reason, mark);
        }
        What::ShipStarted { epoch, holder, .. } => {
            job.rise(*epoch)?;
            job.lease = Some(Lease {
                holder: holder.clone(),
                kind: LeaseKind::Ship,
                granted: mark.at,
                engine: String::new(),
                reserve: 0,
            });
        }
        _ => return Err("not about a lease".to_string()),
    }
    Ok(())
}

fn change_attempt(job: &mut Job, event: &Event, mark: Mark) -> Result<u64, String> {
    match &event.what {
        What::AttemptStarted { epoch, attempt, engine, run, base, .. } => {
            job.same(*epoch)?;
            let holder = job.lease.as_ref().ok_or("started without a lease")?.holder.clone();
            job.restart = None;
            job.attempts.push(Attempt {
                no: *attempt,
                epoch: *epoch,
                engine: engine.clone(),
                holder,
                run: run.clone(),
                body: job.body.clone(),
                base: base.clone(),
                started: mark.at,
                word: ("working".into(), mark.at, mark.seq),
                ended: None,
                outcome: None,
                reason: String::new(),
                usage: Usage::default(),
                rev: None,
                verified: None,
            });
            job.move_to(Stage::Building, "attempt started", mark);
        }
        What::Progressed { epoch, word, usage, .. } => {
            job.same(*epoch)?;
            let attempt = job.attempt_mut()?;
            attempt.word = (word.as_str().into(), mark.at, mark.seq);
            if let Some(usage) = usage {
                return Ok(accrue(&mut attempt.usage, usage));
            }
        }
        What::Checkpointed { epoch, rev, .. } => {
            job.same(*epoch)?;
            job.checkpoint = Some((rev.clone(), *epoch));
            job.checkpoints += 1;
            if let Some(attempt) = job.attempts.last_mut().filter(|a| a.ended.is_none()) {
                attempt.rev = Some(rev.clone());
            }
        }
        What::Verified { epoch, passed, rev, .. } => {
            job.same(*epoch)?;
            // A ship verifies the merge result again without an attempt of its own.
            if let Some(attempt) = job.attempts.last_mut().filter(|a| a.ended.is_none()) {
                attempt.verified = Some((*passed, rev.clone()));
            }
        }
        What::AttemptEnded { epoch, outcome, reason, usage, rev, to, .. } => {
            job.same(*epoch)?;
            return end_attempt(job, *outcome, reason, usage, rev.as_ref(), *to, mark);
        }
        _ => return Err("not about an attempt".to_string()),
    }
    Ok(0)
}

/// Takes over what a run says it has used up by now; gives the money that is new. A figure never falls
/// and never becomes unknown again, or the next one would be booked twice.
fn accrue(so_far: &mut Usage, told: &Usage) -> u64 {
    let before = so_far.micro_usd.unwrap_or(0);
    *so_far = Usage {
        micro_usd: so_far.micro_usd.max(told.micro_usd),
        tokens: so_far.tokens.max(told.tokens),
        turns: so_far.turns.max(told.turns),
        wall: so_far.wall.max(told.wall),
    };
    so_far.micro_usd.unwrap_or(0) - before
}

fn end_attempt(
    job: &mut Job,
    outcome: Outcome,
    reason: &str,
    usage: &Usage,
    rev: Option<&crate::job::Rev>,
    to: Stage,
    mark: Mark,
) -> Result<u64, String> {
    let epoch = job.epoch;
    let attempt = job.attempt_mut()?;
    let spent = accrue(&mut attempt.usage, usage);
    attempt.rev = rev.cloned().or_else(|| attempt.rev.take());
    let proven =
        attempt.verified.as_ref().is_some_and(|(passed, of)| *passed && of.as_ref() == attempt.rev.as_ref());
    let head = Head {
        rev: attempt.rev.clone(),
        epoch,
        proof: if proven { Proof::Verified } else { Proof::Unproven },
    };
    job.close_attempt(Some(outcome), reason, mark);
    job.lease = None;
    match outcome.follow() {
        Follow::Gate | Follow::Unproven => {
            job.head = Some(head);
            job.reviews.clear();
            job.handoff.clear();
        }
        Follow::Retry | Follow::RetryIfNamed => job.counted += 1,
        // A class that never retries by itself counts where the manifest named it and it is tried again.
        Follow::Fail if to.is_waiting() => job.counted += 1,
        Follow::Backoff => job.overloads += 1,
        Follow::ParkUntilReset => job.limits += 1,
        Follow::Fail | Follow::Requeue => {}
    }
    // Both are counted in a row: any other verdict of the engine breaks it, a stop by aq does not.
    let (row_of_overloads, row_of_limits) = match outcome.follow() {
        Follow::Backoff => (true, false),
        Follow::ParkUntilReset => (false, true),
        Follow::Requeue => (true, true),
        _ => (false, false),
    };
    if !row_of_overloads {
        job.overloads = 0;
    }
    if !row_of_limits {
        job.limits = 0;
    }
    let why = if outcome == Outcome::Ok { "attempt ended well" } else { outcome.name() };
    job.move_to(to, why, mark);
    Ok(spent)
}

fn change_gate(job: &mut Job, event: &Event, mark: Mark) -> Result<(), String> {
    match &event.what {
        What::ReviewRequested { rule, .. } => job.rule = Some(rule.clone()),
        What::ReviewGiven { epoch, approve, rev, to, .. } => {
            job.reviews.retain(|d| !d.by.is(&event.by));
            job.reviews.push(Decision {
                by: event.by.clone(),
                approve: *approve,
                rev: rev.clone(),
                at: mark.at,
            });
            if let Some(to) = to {
                job.rise(*epoch)?;
                job.move_to(*to, "approved", mark);
            }
        }
        What::Promoted { epoch, reason, .. } => {
            job.rise(*epoch)?;
            job.move_to(Stage::Testing, reason, mark);
        }
        What::Shipped { epoch, how, rev, .. } => {
            job.same(*epoch)?;
            job.lease = None;
            job.shipped = Some((how.clone(), rev.clone()));
            job.move_to(Stage::Shipped, how, mark);
        }
        What::ShipFailed { epoch, reason, to, .. } => {
            job.rise(*epoch)?;
            job.lease = None;
            job.move_to(*to, reason, mark);
        }
        What::Rejected { epoch, to, .. } => {
            job.rise(*epoch)?;
            job.lease = None;
            if let (true, Some(note)) = (to.is_waiting(), &event.note) {
                job.handoff.push(Handoff::Rejected(note.clone()));
            }
            job.move_to(*to, "rejected", mark);
        }
        _ => return Err("not about a gate".to_string()),
    }
    Ok(())
}

fn change_place(job: &mut Job, event: &Event, mark: Mark) -> Result<(), String> {
    match &event.what {
        What::JobSuperseded { spec, body, effective, deps, stage, .. } => {
            job.spec = Arc::from(spec.clone());
            job.body = body.clone();
            job.effective = effective.clone();
            // Children stay parts of the job whatever the new manifest says.
            job.deps = deps.clone();
            job.move_to(*stage, "edited while waiting", mark);
        }
        What::DepResolved { name, to, .. } => {
            for dep in job.deps.iter_mut().filter(|d| d.job.is_none() && d.name == *name) {
                dep.job = Some(to.clone());
            }
        }
        What::JobBlocked { reason, .. } => job.move_to(Stage::Blocked, reason, mark),
        What::JobUnblocked { .. } => {
            job.waiting = mark.at;
            job.move_to(Stage::Queued, "dependencies satisfied", mark);
        }
        What::JobParked { epoch, reason, until, text, .. } => {
            if *epoch != job.epoch {
                job.rise(*epoch)?;
                job.close_attempt(Some(Outcome::Preempted), reason.words(), mark);
                job.lease = None;
            }
            job.move_to(Stage::Queued, reason.words(), mark);
            job.park = Some(Park { reason: *reason, until: *until, text: text.clone() });
        }
        What::JobUnparked { reason, .. } => {
            let was = job.park.as_ref().map(|p| p.reason);
            // Before its date it did not compete.
            if was == Some(ParkReason::NotBefore) {
                job.waiting = mark.at;
            }
            // A person's word resets the counter that parked; a timer does not.
            if event.by.kind == ActorKind::Person {
                match was {
                    Some(ParkReason::Limit) => job.limits = 0,
                    Some(ParkReason::Backoff) => job.overloads = 0,
                    _ => {}
                }
            }
            job.move_to(Stage::Queued, reason, mark);
        }
        What::Asked { epoch, question, .. } => {
            job.rise(*epoch)?;
            job.close_attempt(Some(Outcome::Drained), "asked a question", mark);
            job.lease = None;
            job.asked = Some(question.clone());
            job.move_to(Stage::Queued, ParkReason::Asked.words(), mark);
            job.park = Some(Park { reason: ParkReason::Asked, until: None, text: None });
        }
        What::Answered { answer, .. } => {
            job.handoff.push(Handoff::Answered { question: job.asked.take(), answer: answer.clone() });
            // A person may have lifted the question's park and put the job aside for another reason.
            let kept = job.park.take().filter(|p| p.reason != ParkReason::Asked);
            job.move_to(Stage::Queued, "answered", mark);
            job.park = kept;
        }
        What::ChildrenAdded { children, .. } => job.children.extend(children.iter().cloned()),
        What::Refused { .. } => {}
        _ => return change_by_word(job, event, mark),
    }
    Ok(())
}

/// Changes of place by a person's word or by rule, whoever holds the job.
fn change_by_word(job: &mut Job, event: &Event, mark: Mark) -> Result<(), String> {
    match &event.what {
        What::Requeued { epoch, to, raised, from, .. } => {
            job.operator_stop(*epoch, mark)?;
            if let Some(rev) = from {
                job.checkpoint = Some((rev.clone(), *epoch));
                job.restart = from.clone();
            }
            job.raised = job.raised.raised_by(raised);
            // Attempts stay counted; what only ran in a row begins anew.
            (job.overloads, job.limits) = (0, 0);
            job.move_to(*to, "requeued", mark);
        }
        What::Redriven { epoch, to, .. } => {
            job.operator_stop(*epoch, mark)?;
            (job.counted, job.overloads, job.limits) = (0, 0, 0);
            job.lost.clear();
            job.spent = Usage::default();
            job.move_to(*to, "redriven", mark);
        }
        What::Cancelled { epoch, .. } => {
            job.operator_stop(*epoch, mark)?;
            job.move_to(Stage::Failed, "cancelled", mark);
        }
        What::DeadLettered { epoch, reason, .. } => {
            job.operator_stop(*epoch, mark)?;
            job.move_to(Stage::DeadLetter, reason, mark);
        }
        What::Preempted { epoch, .. } => {
            job.stop(*epoch, Outcome::Preempted, mark)?;
            job.move_to(Stage::Queued, "preempted", mark);
        }
        _ => return Err("not about a job's place".to_string()),
    }
    Ok(())
}

impl Job {
    /// A stage change that nobody may have seen before: the epoch must rise.
    fn rise(&mut self, epoch: Epoch) -> Result<(), String> {
        if epoch <= self.epoch {
            return Err(format!("epoch {epoch} does not rise above {}", self.epoch));
        }
        self.epoch = epoch;
        Ok(())
    }

    /// A worker's word: the epoch must be the present one.
    fn same(&self, epoch: Epoch) -> Result<(), String> {
        if epoch == self.epoch {
            Ok(())
        } else {
            Err(format!("epoch {epoch}, but the job is at {}", self.epoch))
        }
    }

    fn attempt_mut(&mut self) -> Result<&mut Attempt, String> {
        self.attempts.last_mut().filter(|a| a.ended.is_none()).ok_or_else(|| "no open attempt".to_string())
    }

    fn close_attempt(&mut self, outcome: Option<Outcome>, reason: &str, mark: Mark) {
        if let Some(attempt) = self.attempts.last_mut().filter(|a| a.ended.is_none()) {
            attempt.ended = Some(mark.at);
            attempt.outcome = outcome;
            attempt.reason = reason.to_string();
            self.spent = self.spent.plus(attempt.usage);
        }
    }

    fn operator_stop(&mut self, epoch: Epoch, mark: Mark) -> Result<(), String> {
        self.stop(epoch, Outcome::Cancelled, mark)
    }

    fn stop(&mut self, epoch: Epoch, outcome: Outcome, mark: Mark) -> Result<(), String> {
        self.rise(epoch)?;
        self.close_attempt(Some(outcome), "stopped by an operator", mark);
        self.lease = None;
        self.asked = None;
        Ok(())
    }

    fn move_to(&mut self, stage: Stage, why: &str, mark: Mark) {
        // It competes for a slot from the moment it is sent back, not through the days it lay aside.
        if stage.is_waiting() && !(self.stage.is_waiting() || self.stage.is_held()) {
            self.waiting = mark.at;
        }
        self.stage = stage;
        self.since = mark.at;
        self.why = why.into();
        self.event = mark.seq;
        self.park = None;
    }
}
