//! The review gate: who may decide, about which revision, and when that is enough.

use super::super::actions::Action;
use super::super::command::{Now, Order};
use super::super::event::{Actor, ActorKind, What};
use super::super::job::Job;
use super::super::refusal::{Code, Refusal};
use super::super::state::State;
use super::operator::{back_in_line, must_afford};
use super::order::{must_allow, must_be_saved};
use crate::job::{Budget, Rev, ReviewRule, Stage};

pub(super) fn request(job: &Job, rule: &ReviewRule) -> Result<Vec<What>, Refusal> {
    must_allow(job, Action::Review)?;
    if job.review_rule() == rule {
        return Err(Refusal::new(
            Code::NoChange,
            format!("{} asks for that already", job.id),
            "nothing to do",
        ));
    }
    Ok(vec![What::ReviewRequested { job: job.id.clone(), rule: rule.clone() }])
}

pub(super) fn review(
    job: &Job,
    order: &Order,
    approve: bool,
    rev: Option<&Rev>,
) -> Result<Vec<What>, Refusal> {
    must_allow(job, Action::Approve)?;
    if approve {
        must_be_saved(job, Action::Approve)?;
    }
    let head = job.head.as_ref().and_then(|h| h.rev.as_ref());
    if head != rev {
        let (seen, now) = (short(rev), short(head));
        let message = format!("cannot review {}: the branch is at {now}, you looked at {seen}", job.id);
        let mut refusal =
            Refusal::new(Code::RevMoved, message, format!("look again: aq diff {} --rev {now}", job.id));
        refusal.stage = Some(job.stage);
        return Err(refusal);
    }
    may_review(job, &order.by)?;
    // One decision per reviewer, the last one wins; any present no is a veto.
    let others = || job.reviews.iter().filter(|d| !d.by.is(&order.by) && d.rev.as_ref() == head);
    let yes = others().filter(|d| d.counts()).count() + usize::from(approve);
    let vetoed = others().any(|d| !d.approve);
    let needed = usize::try_from(job.approvals_needed()).unwrap_or(usize::MAX);
    let enough = approve && !vetoed && yes >= needed;
    let to = enough.then_some(Stage::Testing);
    let epoch = job.epoch + u64::from(enough);
    let mut events = vec![What::ReviewGiven {
        job: job.id.clone(),
        epoch,
        approve,
        reviewer: None,
        review: None,
        words: None,
        checked: None,
        rev: rev.cloned(),
        to,
    }];
    if !approve {
        let (job, epoch) = (job.id.clone(), job.epoch + 1);
        events.push(What::Rejected { job, epoch, to: Stage::Failed, words: None });
    }
    Ok(events)
}

fn short(rev: Option<&Rev>) -> &str {
    rev.map_or("nothing", |r| r.as_str().get(..7).unwrap_or(r.as_str()))
}

/// Authors are the attempts' agents and engines; a person who submitted may approve unless four eyes
/// are asked for.
fn may_review(job: &Job, by: &Actor) -> Result<(), Refusal> {
    let rule = job.review_rule();
    let is_author = match by.kind {
        ActorKind::Engine => by.name == *job.id.as_str(),
        ActorKind::Agent => job.attempts.iter().any(|a| by.name == *a.holder.as_str()),
        ActorKind::Person | ActorKind::System => false,
    };
    if is_author {
        return Err(Refusal::new(
            Code::SelfApproval,
            format!("{by} made this work"),
            "let somebody else review it",
        ));
    }
    if by.kind == ActorKind::Engine {
        let message = format!("{by} speaks for its own job; an engine decides by the verdict of a review");
        return Err(Refusal::new(Code::NotReviewer, message, "ask for one: reviewers: [profile:reviewer]"));
    }
    if rule.four_eyes && by.is(&job.by) {
        let message = format!("{by} submitted {}, and its review asks for four eyes", job.id);
        return Err(Refusal::new(Code::SelfApproval, message, "let somebody else review it"));
    }
    let people: Vec<&str> = rule.people().collect();
    let named = people.iter().any(|name| name.eq_ignore_ascii_case(&by.name) || same_user(name, &by.name));
    if !people.is_empty() && !named {
        let message = format!("only {} decide about {}", rule.reviewers.join(", "), job.id);
        return Err(Refusal::new(Code::NotReviewer, message, "ask one of them, or promote it"));
    }
    Ok(())
}

/// `ann` names `ann@host` on every host.
fn same_user(name: &str, actor: &str) -> bool {
    actor.split_once('@').is_some_and(|(user, _)| user.eq_ignore_ascii_case(name))
}

pub(super) fn promote(job: &Job) -> Result<Vec<What>, Refusal> {
    must_allow(job, Action::Promote)?;
    must_be_saved(job, Action::Promote)?;
    let reason = "promoted by a person".to_string();
    Ok(vec![What::Promoted { job: job.id.clone(), epoch: job.epoch + 1, reason }])
}

pub(super) fn reject(state: &State, job: &Job, requeue: bool, now: Now) -> Result<Vec<What>, Refusal> {
    must_allow(job, Action::Reject)?;
    if job.ship_lease().is_some() {
        return Err(Refusal::new(
            Code::Shipping,
            format!("{} is being shipped", job.id),
            "wait for the ship to end",
        ));
    }
    let epoch = job.epoch + 1;
    if job.stage == Stage::Failed && !requeue {
        return Ok(vec![What::DeadLettered {
            job: job.id.clone(),
            epoch,
            reason: "given up by a person".to_string(),
        }]);
    }
    let id = job.id.clone();
    if !requeue {
        return Ok(vec![What::Rejected { job: id, epoch, to: Stage::Failed, words: None }]);
    }
    // The same road as a requeue, with the reviewer's words.
    must_afford(job, &Budget::default())?;
    Ok(back_in_line(state, job, now, |to| What::Rejected { job: id, epoch, to, words: None }))
}
