//! Leases: granted, adopted, lost, given back, taken for a ship.

use super::super::event::{Event, What};
use super::super::job::{Job, Lease, LeaseKind};
use super::event::Mark;
use crate::job::{Outcome, Stage};
use crate::time::Span;

/// Lost leases older than this no longer count toward poison.
pub(in crate::fleet) const POISON_WINDOW: Span = Span::from_mins(60);

pub(super) fn change(job: &mut Job, event: &Event, mark: Mark) -> Result<(), String> {
    match &event.what {
        What::LeaseGranted { epoch, holder, engine, account, pool, reserve, score, .. } => {
            job.rise(*epoch)?;
            job.lease = Some(Box::new(Lease {
                holder: holder.clone(),
                kind: LeaseKind::Work,
                granted: mark.at,
                engine: engine.clone(),
                account: account.clone(),
                pool: pool.clone(),
                reserve: *reserve,
                score: *score,
            }));
            // A question that was passed over is not open any more once the job runs again.
            job.asked = None;
            job.tries = None;
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
            job.lease = Some(Box::new(Lease {
                holder: holder.clone(),
                kind: LeaseKind::Ship,
                granted: mark.at,
                engine: String::new(),
                account: None,
                pool: Vec::new(),
                reserve: 0,
                score: None,
            }));
        }
        _ => return Err("not about a lease".to_string()),
    }
    Ok(())
}
