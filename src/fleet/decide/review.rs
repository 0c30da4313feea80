//! Reviews by engines: asked for once per commit, kept from whoever made the work, and what a verdict does.
//!
//! A review is a job of its own, so that everything that holds for jobs holds for it: a lease, a fence, a
//! budget, a transcript, a retry. It differs in three ways. It belongs to one commit of another job and ends
//! with that commit: when the reviewed job leaves review the review is cancelled, and a verdict that comes
//! after that is kept and decides nothing. No engine reviews what it made: the claim passes it over, and the
//! start of an attempt is refused. And it makes no work: with a verdict it is done, without one it has failed
//! and a person decides.
//!
//! An engine's yes counts only with a check that aq itself ran on that commit and saw pass. Its no sends the
//! job back with its words, [`REWORKS_MOST`] times; after that the no stands and a person decides, because
//! two engines that disagree for ever would spend without end. Rejected: to believe the command that a
//! reviewer says it ran. Nothing but its own word would speak for it.

use std::sync::Arc;

use super::super::command::{Now, Submission};
use super::super::event::{Actor, ActorKind, What};
use super::super::job::{Job, Subject, VerdictSaid};
use super::super::pick::authors;
use super::super::refusal::{Code, Refusal};
use super::super::state::State;
use super::operator::{back_in_line, must_afford};
use super::order::{find, invalid};
use crate::job::{Budget, Epoch, Stage};

/// So often a reviewing engine may send a job back. What two reworks did not mend, a third seldom does.
pub(super) const REWORKS_MOST: u32 = 2;

/// Makes the job of a reviewer that the rule names and that was not asked about this commit.
pub(super) fn order(state: &State, new: &Submission, of: &Subject) -> Result<Vec<What>, Refusal> {
    if state.stage_of(&new.job).is_some() {
        return Err(Refusal::new(Code::IdTaken, format!("the id {} is taken", new.job), "ask again"));
    }
    let job = find(state, &of.job)?;
    if job.stage != Stage::Review {
        return Err(invalid(job, "there is nothing to review"));
    }
    if job.pinned() != Some(&of.rev) {
        let message = format!("{} is no longer at {}", job.id, of.rev);
        return Err(Refusal::new(Code::RevMoved, message, format!("look again: aq show {}", job.id)));
    }
    if !job.review_rule().engines().any(|one| one.entry == of.reviewer) {
        let message = format!("the review of {} does not ask for {}", job.id, of.reviewer);
        return Err(Refusal::new(Code::NotReviewer, message, format!("ask for it: aq review {}", job.id)));
    }
    if !job.reviewers_to_ask().any(|one| one.entry == of.reviewer) {
        let message = format!("{} was asked about this commit of {} already", of.reviewer, job.id);
        return Err(Refusal::new(Code::AlreadyDone, message, format!("see: aq show {}", job.id)));
    }
    must_afford(job, &Budget::default())?;
    Ok(vec![What::JobSubmitted {
        job: new.job.clone(),
        spec: Arc::new(new.spec.clone()),
        body: new.body.clone(),
        effective: new.effective.clone(),
        file: None,
        deps: Vec::new(),
        parent: None,
        reviews: Some(of.clone()),
        stage: Stage::Queued,
    }])
}

/// Refuses a review by an engine that made the work, or inside a run that did.
pub(super) fn must_be_another(state: &State, job: &Job, engine: &str, run: &str) -> Result<(), Refusal> {
    let Some(subject) = job.subject.as_ref().and_then(|subject| state.job(&subject.job)) else {
        return Ok(());
    };
    if authors(state, job).any(|author| author == engine) || subject.attempts.iter().any(|a| a.run == run) {
        let message = format!("{engine} made the work of {}", subject.id);
        return Err(Refusal::new(Code::SelfApproval, message, "let another engine review it"));
    }
    Ok(())
}

pub(super) fn verdict(job: &Job, said: &VerdictSaid) -> Result<Vec<What>, Refusal> {
    if job.subject.is_none() || job.open_attempt().is_none() {
        return Err(invalid(job, "it reviews nothing"));
    }
    Ok(vec![What::VerdictGiven { job: job.id.clone(), epoch: job.epoch, verdict: said.clone() }])
}

/// Where a review goes that ended well.
pub(super) fn leads_to(job: &Job) -> Stage {
    let gave = job.open_attempt().is_some_and(|attempt| attempt.verdict.is_some());
    if gave { Stage::Testing } else { Stage::Failed }
}

/// What follows from the verdict of a review that has just ended: it is done, and the job it was about hears
/// of it, if it still is where the review began.
pub(super) fn given(state: &State, review: &Job, now: Now) -> Vec<What> {
    let attempt = review.open_attempt();
    let (Some(subject), Some(said)) = (&review.subject, attempt.and_then(|a| a.verdict.as_ref())) else {
        return Vec::new();
    };
    // A check that fails is a no, whatever the engine thinks of the change.
    let approve = said.approve && said.checked != Some(false);
    let heard = state.job(&subject.job).filter(|job| job.pinned() == Some(&subject.rev));
    let how = match (approve, said.approve, heard) {
        (true, _, Some(_)) => "verdict: approve".to_string(),
        (false, true, Some(_)) => "verdict: reject, the check failed".to_string(),
        (false, false, Some(_)) => "verdict: reject".to_string(),
        (_, _, None) => format!("verdict came too late: {} has moved on", subject.job),
    };
    let done = What::Shipped { job: review.id.clone(), epoch: review.epoch, how, rev: None };
    let mut events = vec![done];
    if let Some(job) = heard {
        events.extend(decided(state, job, review, (subject, said), approve, now));
    }
    events
}

fn decided(
    state: &State,
    job: &Job,
    review: &Job,
    (subject, said): (&Subject, &VerdictSaid),
    approve: bool,
    now: Now,
) -> Vec<What> {
    let by = Actor::new(ActorKind::Engine, &subject.reviewer);
    let others = || job.reviews.iter().filter(|d| !d.by.is(&by) && d.rev.as_ref() == Some(&subject.rev));
    let proven = said.checked == Some(true);
    let yes = others().filter(|d| d.counts()).count() + usize::from(approve && proven);
    let vetoed = others().any(|d| !d.approve);
    let needed = usize::try_from(job.approvals_needed()).unwrap_or(usize::MAX);
    let enough = approve && proven && !vetoed && yes >= needed;
    let epoch: Epoch = job.epoch + u64::from(enough);
    let mut events = vec![What::ReviewGiven {
        job: job.id.clone(),
        epoch,
        approve,
        reviewer: Some(by),
        review: Some(review.id.clone()),
        words: Some(said.words.clone()),
        checked: said.checked,
        rev: Some(subject.rev.clone()),
        to: enough.then_some(Stage::Testing),
    }];
    let goes_back = !approve && job.reworks < REWORKS_MOST && must_afford(job, &Budget::default()).is_ok();
    if goes_back {
        let (id, epoch, words) = (job.id.clone(), job.epoch + 1, Some(said.words.clone()));
        events.extend(back_in_line(state, job, now, |to| What::Rejected { job: id, epoch, to, words }));
    }
    events
}

/// Reviews of this job that are about nothing any more, or this one if it is such a review.
pub(super) fn overtaken(state: &State, job: &Job) -> Vec<What> {
    let own = job.subject.as_ref().map(|_| job);
    let asked = job.asked_reviews.iter().filter_map(|asked| state.job(&asked.by));
    let is_over = |review: &&Job| {
        let open = review.stage.is_waiting() || review.stage.is_held();
        let at =
            review.subject.as_ref().and_then(|s| state.job(&s.job)?.pinned().filter(|rev| **rev == s.rev));
        open && at.is_none()
    };
    let cancel = |review: &Job| What::Cancelled { job: review.id.clone(), epoch: review.epoch + 1 };
    own.into_iter().chain(asked).filter(is_over).map(cancel).collect()
}
