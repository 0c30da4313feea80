//! The next event: to which part of the state it goes, and what the whole keeps of it. Total: an event that
//! does not fit is [`Broken`], never a panic.

use std::sync::Arc;

use super::super::event::{CEILING_TAKEN_BACK, Event, What};
use super::super::job::{AskedReview, Course, Job};
use super::super::state::{RECEIPT_LIFE, State, Tombstone, day_of};
use super::{attempt, gate, lease, place, pull_request};
use crate::job::{JobId, Seldom, Seq, Stage, Usage};
use crate::time::Stamp;

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
pub(super) struct Mark {
    pub at: Stamp,
    pub seq: Seq,
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
                self.learn(id, event);
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
        let before = job.set_aside();
        let old_key = job.spec.key.clone();
        let ran = job.open_attempt().is_some();
        let before_spent = *job.spent;
        let spent = change(job, event, mark)?;
        match &event.what {
            What::JobSuperseded { .. } => self.known.share_all(job),
            _ => self.known.share(job),
        }
        job.course.settle();
        super::super::invariant::check_job(job)?;
        self.index.enter(job);
        let used = match event.what {
            What::AttemptSettled { .. } => Some(job.spent.since(before_spent)),
            _ => job.attempts.last().filter(|_| ran && job.open_attempt().is_none()).map(|last| last.usage),
        };
        let review = job.subject.as_ref().map(|subject| subject.job.clone()).zip(used);
        let aside = job.set_aside();
        let (waits, key) = (job.stage.is_waiting(), job.spec.key.clone());
        let settled = match &event.what {
            What::AttemptSettled { attempt, .. } => Some(*attempt),
            _ => None,
        };
        let engine = job.engine_of(settled).filter(|_| spent != 0).map(str::to_string);
        self.account(before, aside, spent, mark);
        if let Some(engine) = engine {
            self.book_engine(&engine, spent, mark.at);
        }
        if !waits {
            self.product.suspended.remove(id);
        }
        if let Some((reviewed, used)) = review {
            self.charge(&reviewed, used);
        }
        if old_key != key {
            self.name_key(id, old_key.as_ref(), key.as_ref());
        }
        Ok(())
    }

    fn submit(&mut self, event: &Event, mark: Mark) -> Result<(), String> {
        let What::JobSubmitted { job: id, spec, body, effective, file, deps, parent, reviews, stage } =
            &event.what
        else {
            return Err("not a submit".to_string());
        };
        if self.stage_of(id).is_some() {
            return Err(format!("job {id} exists"));
        }
        let mut job = Job {
            id: id.clone(),
            file: file.as_deref().map(Into::into),
            spec: Arc::clone(spec),
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
            deps: deps.clone().into(),
            parent: parent.clone(),
            children: Seldom::default(),
            lease: None,
            attempts: Seldom::default(),
            head: None,
            course: Course { subject: reviews.clone().map(Box::new), ..Course::default() }.into(),
        };
        self.known.share_all(&mut job);
        self.asked(&job)?;
        self.name_key(id, None, job.spec.key.as_ref());
        if let Some(file) = &job.file {
            self.stems.insert(file.without(".md"), id.clone());
        }
        self.put(job);
        Ok(())
    }

    /// Notes in the reviewed job that an engine was asked.
    fn asked(&mut self, review: &Job) -> Result<(), String> {
        let Some(subject) = &review.subject else { return Ok(()) };
        let slot = self.jobs.get_mut(&subject.job).ok_or_else(|| format!("no job {}", subject.job))?;
        let (by, rev, reviewer) = (review.id.clone(), subject.rev.clone(), subject.reviewer.clone());
        self.index.leave(slot);
        let job = Arc::make_mut(slot);
        job.asked_reviews.push(AskedReview { by, rev, reviewer });
        self.index.enter(job);
        Ok(())
    }

    /// What a review used up counts toward the ceilings of the job it was about. The product has it already.
    fn charge(&mut self, reviewed: &JobId, used: Usage) {
        if let Some(slot) = self.jobs.get_mut(reviewed) {
            // What it may still cost is part of its kind.
            self.index.leave(slot);
            let job = Arc::make_mut(slot);
            let before = job.set_aside();
            job.spent = job.spent.plus(used).into();
            self.index.enter(job);
            self.product.reserved = (self.product.reserved + job.set_aside()).saturating_sub(before);
        }
    }

    /// Books money: what is set aside for the job now instead of before, and what was spent.
    fn account(&mut self, before: u64, aside: u64, spent: i64, mark: Mark) {
        self.product.reserved = (self.product.reserved + aside).saturating_sub(before);
        if spent != 0 {
            let day = self.product.spent.entry(day_of(mark.at)).or_insert(0);
            *day = day.saturating_add_signed(spent);
        }
    }

    fn change_product(&mut self, event: &Event, mark: Mark) {
        match &event.what {
            What::JobsArchived { jobs } => {
                for id in jobs {
                    if let Some(job) = self.remove(id) {
                        let tomb = Tombstone {
                            stage: job.stage,
                            body: job.body.clone(),
                            key: job.spec.key.clone(),
                            head: job.head.as_ref().and_then(|head| head.rev.clone()),
                        };
                        self.tombs.insert(id.clone(), tomb);
                    }
                }
            }
            What::BudgetChanged { ceiling, window } => {
                self.product.ceiling = *ceiling;
                self.product.window = *window;
                if event.by.is_settings() {
                    self.product.from_settings = Some((*ceiling, *window));
                }
                self.settle_engines(mark.at);
            }
            What::EngineBudgetChanged { engine, ceiling } => {
                self.cap_engine(engine, *ceiling, &event.by, mark.at)
            }
            What::BudgetPaused { mode, reason, until } => {
                self.product.paused = Some((*mode, reason.clone(), *until, mark.at));
            }
            What::BudgetResumed { reason } => {
                self.product.paused = None;
                if reason != CEILING_TAKEN_BACK {
                    self.product.suspended.clear();
                }
            }
            What::AccountClosed { .. } | What::AccountOpened { .. } => self.change_account(event, mark),
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
fn change(job: &mut Job, event: &Event, mark: Mark) -> Result<i64, String> {
    match &event.what {
        What::LeaseGranted { .. }
        | What::LeaseAdopted { .. }
        | What::LeaseExpired { .. }
        | What::LeaseReleased { .. }
        | What::ShipStarted { .. } => lease::change(job, event, mark).map(|()| 0),
        What::AttemptStarted { .. }
        | What::Progressed { .. }
        | What::Checkpointed { .. }
        | What::Verified { .. }
        | What::VerdictGiven { .. }
        | What::AttemptEnded { .. }
        | What::AttemptSettled { .. } => attempt::change(job, event, mark),
        What::ReviewRequested { .. }
        | What::ReviewGiven { .. }
        | What::Promoted { .. }
        | What::Shipped { .. }
        | What::ShipFailed { .. }
        | What::Rejected { .. } => gate::change(job, event, mark).map(|()| 0),
        What::PrOpened { .. } | What::PrSeen { .. } | What::PrSentBack { .. } => {
            pull_request::change(job, event, mark).map(|()| 0)
        }
        _ => place::change(job, event, mark).map(|()| 0),
    }
}
