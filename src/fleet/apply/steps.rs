//! The steps that events are made of: the epoch rises or stays, an attempt closes, a job moves.

use super::super::job::{Attempt, Job};
use super::event::Mark;
use crate::job::{Epoch, Outcome, Stage};

impl Job {
    /// A stage change that nobody may have seen before: the epoch must rise.
    pub(super) fn rise(&mut self, epoch: Epoch) -> Result<(), String> {
        if epoch <= self.epoch {
            return Err(format!("epoch {epoch} does not rise above {}", self.epoch));
        }
        self.epoch = epoch;
        Ok(())
    }

    /// A worker's word: the epoch must be the present one.
    pub(super) fn same(&self, epoch: Epoch) -> Result<(), String> {
        if epoch == self.epoch {
            Ok(())
        } else {
            Err(format!("epoch {epoch}, but the job is at {}", self.epoch))
        }
    }

    pub(super) fn attempt_mut(&mut self) -> Result<&mut Attempt, String> {
        self.attempts.last_mut().filter(|a| a.ended.is_none()).ok_or_else(|| "no open attempt".to_string())
    }

    pub(super) fn close_attempt(&mut self, outcome: Option<Outcome>, reason: &str, mark: Mark) {
        if let Some(attempt) = self.attempts.last_mut().filter(|a| a.ended.is_none()) {
            attempt.ended = Some(mark.at);
            attempt.outcome = outcome;
            attempt.reason = reason.to_string();
            let used = attempt.usage;
            self.spent = self.spent.plus(used).into();
        }
    }

    pub(super) fn operator_stop(&mut self, epoch: Epoch, mark: Mark) -> Result<(), String> {
        self.stop(epoch, Outcome::Cancelled, mark)
    }

    pub(super) fn stop(&mut self, epoch: Epoch, outcome: Outcome, mark: Mark) -> Result<(), String> {
        self.rise(epoch)?;
        self.close_attempt(Some(outcome), "stopped by an operator", mark);
        self.lease = None;
        self.asked = None;
        Ok(())
    }

    /// A person has looked: its pull request may send it back by rule as often as a new one.
    pub(super) fn forget_rounds(&mut self) {
        if let Some(pr) = &mut self.pr {
            pr.sent_back = 0;
        }
    }

    pub(super) fn move_to(&mut self, stage: Stage, why: &str, mark: Mark) {
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
