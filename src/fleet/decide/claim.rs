//! Claims and leases: granted, adopted, lost, given back.

use super::super::command::{Claimant, Now};
use super::super::event::What;
use super::super::job::{Job, Lease, LeaseKind};
use super::super::pick::pick;
use super::super::refusal::{Code, Refusal};
use super::super::state::State;
use super::order::invalid;
use crate::job::{HolderId, Stage};

/// Grants the next job to the claimant, or nothing: an empty answer is not a refusal.
pub(super) fn claim(state: &State, who: &Claimant, now: Now) -> Vec<What> {
    let picked = pick(state, who, now);
    let Some((job, score, means)) = picked.job else { return Vec::new() };
    vec![What::LeaseGranted {
        job: job.id.clone(),
        epoch: job.epoch + 1,
        holder: who.holder.clone(),
        engine: means.engine.to_string(),
        account: means.account.map(str::to_string),
        pool: if means.pool.len() > 1 { means.pool.to_vec() } else { Vec::new() },
        reserve: job.unspent(),
        score: Some(score),
        passed: picked.passed,
    }]
}

pub(super) fn adopt(job: &Job, gone: &HolderId, holder: &HolderId) -> Result<Vec<What>, Refusal> {
    let lease = held_by(job, gone)?;
    if lease.holder == *holder {
        return Err(Refusal::new(Code::NoChange, format!("{} is yours already", job.id), "go on"));
    }
    Ok(vec![What::LeaseAdopted { job: job.id.clone(), epoch: job.epoch, holder: holder.clone() }])
}

/// The lease, if the holder that the caller found gone still has it.
fn held_by<'a>(job: &'a Job, gone: &HolderId) -> Result<&'a Lease, Refusal> {
    let Some(lease) = &job.lease else { return Err(invalid(job, "nobody holds it")) };
    if lease.holder != *gone {
        let message = format!("{} is held by {} now, not by {}", job.id, lease.holder.short(), gone.short());
        return Err(Refusal::new(Code::Moved, message, "look again"));
    }
    Ok(lease)
}

/// The caller has proven that the holder is gone; the epoch it saw has been checked.
pub(super) fn expire(job: &Job, gone: &HolderId, reason: &str) -> Result<Vec<What>, Refusal> {
    let lease = held_by(job, gone)?;
    let epoch = job.epoch + 1;
    let (job, reason) = (job.id.clone(), reason.to_string());
    Ok(vec![match lease.kind {
        LeaseKind::Work => What::LeaseExpired { job, epoch, reason },
        // The ship had no attempt: the job stays where it was, free to be shipped again.
        LeaseKind::Ship => What::ShipFailed { job, epoch, reason, to: Stage::Testing },
    }])
}

pub(super) fn release(job: &Job, reason: &str) -> Result<Vec<What>, Refusal> {
    if job.stage != Stage::Assigned {
        return Err(invalid(job, "an attempt has begun; it must be ended, not released"));
    }
    Ok(vec![What::LeaseReleased { job: job.id.clone(), epoch: job.epoch + 1, reason: reason.to_string() }])
}
