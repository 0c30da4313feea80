//! Shipping under a lease of its own: begun, done, or not.

use super::super::actions::Action;
use super::super::command::{Now, Order};
use super::super::event::{ActorKind, What};
use super::super::job::Job;
use super::super::refusal::{Code, Refusal};
use super::order::{invalid, must_allow, must_be_saved};
use crate::job::{Autoship, HolderId, Rev, Stage};

pub(super) fn start(
    job: &Job,
    holder: &HolderId,
    rev: Option<&Rev>,
    order: &Order,
    now: Now,
) -> Result<Vec<What>, Refusal> {
    must_allow(job, Action::Ship)?;
    must_be_saved(job, Action::Ship)?;
    if let Some(lease) = job.ship_lease() {
        let message =
            format!("{} is being shipped since {} by {}", job.id, lease.granted, lease.holder.short());
        return Err(Refusal::new(Code::Shipping, message, "wait for it to end"));
    }
    if order.by.kind != ActorKind::Person {
        if let Some(pr) = job.awaited_pr() {
            return Err(invalid(job, &format!("pr #{} ships it once it is merged", pr.number)));
        }
        may_autoship(job, now)?;
    }
    let head = job.head.as_ref().and_then(|h| h.rev.as_ref());
    if head != rev {
        let of =
            |rev: Option<&Rev>| rev.map_or("nothing".to_string(), |r| r.as_str().chars().take(7).collect());
        let message =
            format!("cannot ship {}: the branch is at {}, you looked at {}", job.id, of(head), of(rev));
        return Err(Refusal::new(Code::RevMoved, message, format!("look again: aq diff {}", job.id)));
    }
    let (job, epoch) = (job.id.clone(), job.epoch + 1);
    Ok(vec![What::ShipStarted { job, epoch, holder: holder.clone(), rev: rev.cloned() }])
}

/// Nobody but a person ships what verify has not proven, or before its time.
fn may_autoship(job: &Job, now: Now) -> Result<(), Refusal> {
    let due = match job.spec.autoship {
        Autoship::Never => return Err(invalid(job, "it ships only by a person's word (autoship: never)")),
        Autoship::Verified => true,
        Autoship::After(wait) => now.law.since(job.since) >= wait,
    };
    if !job.is_proven() {
        return Err(invalid(job, "autoship needs a verify that passed; it is UNPROVEN"));
    }
    if !due {
        return Err(Refusal::new(
            Code::NotDue,
            format!("{} is not due to ship", job.id),
            "the timer asks again",
        ));
    }
    Ok(())
}

pub(super) fn done(job: &Job, how: &str, rev: Option<&Rev>) -> Result<Vec<What>, Refusal> {
    let (job, epoch) = (job.id.clone(), job.epoch);
    Ok(vec![What::Shipped { job, epoch, how: how.to_string(), rev: rev.cloned() }])
}

pub(super) fn fail(job: &Job, reason: &str, conflict: bool) -> Result<Vec<What>, Refusal> {
    let to = if conflict { Stage::Review } else { Stage::Testing };
    let (job, epoch) = (job.id.clone(), job.epoch + 1);
    Ok(vec![What::ShipFailed { job, epoch, reason: reason.to_string(), to }])
}
