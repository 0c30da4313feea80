//! The gate after an attempt, and the ship behind it.

use super::super::event::{Event, What};
use super::super::job::{Decision, Handoff, Job};
use super::event::Mark;
use crate::job::{Proof, Stage};

pub(super) fn change(job: &mut Job, event: &Event, mark: Mark) -> Result<(), String> {
    match &event.what {
        What::ReviewRequested { rule, .. } => job.rule = Some(Box::new(rule.clone())),
        What::ReviewGiven { epoch, approve, reviewer, review, words, checked, rev, to, .. } => {
            let by = reviewer.as_ref().unwrap_or(&event.by);
            job.reviews.retain(|d| !d.by.is(by));
            // aq saw the check pass on this very commit, whoever asked for it.
            if let Some(head) = job.head.as_mut().filter(|head| *checked == Some(true) && head.rev == *rev) {
                head.proof = Proof::Verified;
            }
            job.reviews.push(Decision {
                by: by.clone(),
                approve: *approve,
                rev: rev.clone(),
                at: mark.at,
                review: review.clone(),
                words: words.clone(),
                checked: *checked,
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
            job.shipped = Some(Box::new((how.clone(), rev.clone())));
            job.move_to(Stage::Shipped, how, mark);
        }
        What::ShipFailed { epoch, reason, to, .. } => {
            job.rise(*epoch)?;
            job.lease = None;
            job.move_to(*to, reason, mark);
        }
        What::Rejected { epoch, to, words, .. } => {
            job.rise(*epoch)?;
            job.lease = None;
            if let Some(words) = words {
                job.reworks += 1;
                job.handoff.push(Handoff::Reviewed(words.clone()));
            }
            if let (true, Some(note)) = (to.is_waiting(), &event.note) {
                job.handoff.push(Handoff::Rejected(note.clone()));
            }
            job.forget_rounds();
            job.move_to(*to, "rejected", mark);
        }
        _ => return Err("not about a gate".to_string()),
    }
    Ok(())
}
