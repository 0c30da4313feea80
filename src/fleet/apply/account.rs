//! Accounts: closed, opened, and what is learned of them and of engines from the ends of attempts.

use super::super::account::{Account, AccountId, Closure, Met, has_worked, is_of_host};
use super::super::event::{ActorKind, Event, What};
use super::super::score::graded;
use super::super::state::State;
use super::event::Mark;
use crate::job::{JobId, Outcome};

impl State {
    pub(super) fn change_account(&mut self, event: &Event, mark: Mark) {
        match &event.what {
            What::AccountClosed { engine, account, window, outcome, until, of, text } => {
                let window = window.as_deref().unwrap_or_default().into();
                let (outcome, until, since) = (*outcome, *until, mark.at);
                let closure = Closure { outcome, until, since, job: of.clone(), text: text.clone() };
                self.keep_account(AccountId::new(engine, account), |record| {
                    record.closed.insert(window, closure);
                });
            }
            What::AccountOpened { engine, account, window, .. } => {
                let window = window.as_deref().unwrap_or_default();
                self.keep_account(AccountId::new(engine, account), |record| {
                    record.closed.remove(window);
                    // A person's word begins anew what only ran in a row.
                    if event.by.kind == ActorKind::Person {
                        (record.limits, record.met) = (0, None);
                    }
                });
            }
            _ => {}
        }
    }

    /// What the end of an attempt says about its engine, its account and its host.
    pub(super) fn learn(&mut self, id: &JobId, event: &Event) {
        let What::AttemptEnded { outcome, reason, engine_fault, .. } = &event.what else { return };
        let Some(attempt) = self.jobs.get(id).and_then(|job| job.attempts.last()) else { return };
        if let Some(grade) = graded(self.quality.get(attempt.engine.as_str()).copied(), *outcome) {
            self.quality.insert(attempt.engine.as_str().into(), grade);
        }
        let Some((account, login)) = attempt.accounts() else { return };
        match outcome {
            Outcome::Limit => self.keep_account(account, |record| record.limits += 1),
            outcome if has_worked(*outcome) => {
                self.keep_account(account, |record| record.limits = 0);
                self.keep_account(login, |record| record.met = None);
            }
            outcome if is_of_host(*outcome) && *engine_fault => {
                let met = Met { job: id.clone(), outcome: *outcome, reason: reason.clone() };
                self.keep_account(login, |record| record.met = Some(met));
            }
            _ => {}
        }
    }

    /// Changes what is remembered of an account, and forgets one of which nothing is left.
    fn keep_account(&mut self, id: AccountId, change: impl FnOnce(&mut Account)) {
        let mut record = self.accounts.get(&id).cloned().unwrap_or_default();
        change(&mut record);
        if record == Account::default() {
            self.accounts.remove(&id);
        } else {
            self.accounts.insert(id, record);
        }
    }
}
