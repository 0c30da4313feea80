//! The last day, kept event by event: who held how many jobs when, how runs ended, what was saved after all.
//!
//! A cockpit reads the last events of a log and follows it from there. What is told of a time before the first of
//! them would be a guess: whoever shows the day asks from when on it is known.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::fleet::{Actor, Event, State, What};
use crate::job::{HolderId, JobId, Rev, Seq, Stage};
use crate::time::{Span, Stamp};

/// Changes of who holds what that are kept; of a host that changes more often an hour is not known whole.
const CHANGES_MOST: usize = 4_000;
/// Rows of what was saved, and of events about hosts; no screen shows more.
const ROWS_MOST: usize = 50;
/// Ends of runs are counted in so many milliseconds at a time.
const BUCKET: i64 = 300_000;
/// So far back ends of runs are counted, and what was saved is told.
const DAY: Span = Span::from_mins(24 * 60);
/// Columns of [`LastDay::slots`]: an hour.
pub const MINUTES: usize = 60;

/// The last day.
#[derive(Clone, Debug, Default)]
pub struct LastDay {
    /// The first event that was seen.
    first: Option<(Seq, Stamp)>,
    held: HashMap<JobId, HolderId>,
    /// When a holder got a job or had it no more.
    changes: VecDeque<(Stamp, HolderId, bool)>,
    /// Changes before this one were dropped.
    changes_from: Option<Stamp>,
    ends: BTreeMap<i64, Ends>,
    /// Events about hosts and what they may do, the oldest first.
    pub hosts: VecDeque<(Seq, Event)>,
    /// Since when the work of a job was in no commit.
    alone: HashMap<JobId, Stamp>,
    /// What was saved after its run was over, the oldest first.
    pub saves: VecDeque<Save>,
}

/// How runs ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ends {
    /// Runs that ended, those that failed too.
    pub ended: usize,
    /// Of them, those after which their job stood in failed or was given up.
    pub failed: usize,
    /// Leases that were lost: their holder lived no more.
    pub lost: usize,
}

/// Work that stood in a worktree alone and was put into a commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Save {
    /// When.
    pub at: Stamp,
    /// Whose work.
    pub job: JobId,
    /// The commit.
    pub rev: Rev,
    /// By whom.
    pub by: Actor,
    /// Since when its run was over, where that was seen.
    pub since: Option<Stamp>,
}

impl LastDay {
    /// Takes the next event; `state` is one that knows its job.
    pub fn take(&mut self, seq: Seq, event: &Event, state: &State) {
        self.first.get_or_insert((seq, event.at));
        self.holds(event, state);
        self.counts(event);
        self.saves(event);
        if is_about_hosts(&event.what) {
            push(&mut self.hosts, (seq, event.clone()));
        }
    }

    /// From when on it is known; `None` where the log begins later than a day ago, or nothing is known yet.
    pub fn since(&self, now: Stamp) -> Option<Stamp> {
        let (seq, at) = self.first?;
        (seq > 1 && now.since(at) < DAY).then_some(at)
    }

    /// The most jobs that a holder had in each minute of the last hour, which ends with the `held` it has now; `None`
    /// is a minute of which nothing is known.
    pub fn slots(&self, holder: &HolderId, held: usize, now: Stamp) -> Vec<Option<u64>> {
        let mut out = vec![None; MINUTES];
        let known = match (self.changes_from, self.first) {
            (Some(from), _) => from,
            (None, Some((1, _))) => Stamp::from_millis(0),
            (None, Some((_, at))) => at,
            (None, None) => return out,
        };
        let mut count = held as u64;
        let mut changes = self.changes.iter().rev().filter(|row| row.1 == *holder).peekable();
        for (ago, column) in out.iter_mut().rev().enumerate() {
            let begins = now.as_millis().saturating_sub((ago as i64 + 1) * 60_000);
            let mut most = count;
            while let Some((_, _, got)) = changes.next_if(|row| row.0.as_millis() > begins) {
                count = if *got { count.saturating_sub(1) } else { count + 1 };
                most = most.max(count);
            }
            if begins + 60_000 > known.as_millis() {
                *column = Some(most);
            }
        }
        out
    }

    /// How runs ended within the last day.
    pub fn ends(&self, now: Stamp) -> Ends {
        let from = now.as_millis().saturating_sub(DAY.as_millis() as i64) / BUCKET;
        self.ends.range(from..).fold(Ends::default(), |sum, (_, one)| Ends {
            ended: sum.ended + one.ended,
            failed: sum.failed + one.failed,
            lost: sum.lost + one.lost,
        })
    }

    /// What was saved within the last day, the latest first.
    pub fn saved(&self, now: Stamp) -> impl Iterator<Item = &Save> {
        self.saves.iter().rev().take_while(move |save| now.since(save.at) < DAY)
    }

    fn holds(&mut self, event: &Event, state: &State) {
        match &event.what {
            What::LeaseGranted { job, holder, .. } | What::LeaseAdopted { job, holder, .. } => {
                self.gives_back(job, event.at, None);
                self.held.insert(job.clone(), holder.clone());
                self.changed(event.at, holder.clone(), true);
            }
            what if ends_a_hold(what) => {
                let Some(job) = what.job() else { return };
                // A lease that was granted before the first event: the attempt knows by whom it was made.
                let old = state.job(job).and_then(|job| job.attempts.last()).map(|last| last.holder.clone());
                let unseen = matches!(what, What::AttemptEnded { .. } | What::LeaseExpired { .. });
                self.gives_back(job, event.at, old.filter(|_| unseen && !self.ended_here(job)));
            }
            _ => {}
        }
    }

    /// Whether a run of the job ended since the first event, so that who held it was seen.
    fn ended_here(&self, job: &JobId) -> bool {
        self.alone.contains_key(job)
    }

    fn gives_back(&mut self, job: &JobId, at: Stamp, unseen: Option<HolderId>) {
        if let Some(holder) = self.held.remove(job).or(unseen) {
            self.changed(at, holder, false);
        }
    }

    fn changed(&mut self, at: Stamp, holder: HolderId, got: bool) {
        self.changes.push_back((at, holder, got));
        if self.changes.len() > CHANGES_MOST {
            self.changes_from = self.changes.pop_front().map(|row| row.0);
        }
    }

    fn counts(&mut self, event: &Event) {
        let bucket = event.at.as_millis() / BUCKET;
        match &event.what {
            What::AttemptEnded { to, .. } => {
                let ends = self.ends.entry(bucket).or_default();
                ends.ended += 1;
                ends.failed += usize::from(matches!(to, Stage::Failed | Stage::DeadLetter));
            }
            What::LeaseExpired { .. } => self.ends.entry(bucket).or_default().lost += 1,
            _ => return,
        }
        let kept = bucket - DAY.as_millis() as i64 / BUCKET;
        while self.ends.first_key_value().is_some_and(|(at, _)| *at < kept) {
            self.ends.pop_first();
        }
    }

    fn saves(&mut self, event: &Event) {
        match &event.what {
            What::AttemptSettled { job, rev: Some(rev), .. } => {
                let since = self.alone.get(job).copied();
                let (at, job, rev, by) = (event.at, job.clone(), rev.clone(), event.by.clone());
                push(&mut self.saves, Save { at, job, rev, by, since });
            }
            what if ends_a_hold(what) => {
                if let Some(job) = what.job() {
                    self.alone.insert(job.clone(), event.at);
                }
            }
            What::JobsArchived { jobs } => jobs.iter().for_each(|job| {
                self.alone.remove(job);
            }),
            _ => {}
        }
    }
}

fn push<T>(rows: &mut VecDeque<T>, row: T) {
    rows.push_back(row);
    if rows.len() > ROWS_MOST {
        rows.pop_front();
    }
}

/// Whether whoever held the job has it no more. Of a job that nobody held it says nothing.
fn ends_a_hold(what: &What) -> bool {
    matches!(
        what,
        What::AttemptEnded { .. }
            | What::LeaseExpired { .. }
            | What::LeaseReleased { .. }
            | What::Cancelled { .. }
            | What::JobParked { .. }
            | What::Preempted { .. }
            | What::Requeued { .. }
            | What::Asked { .. }
            | What::DeadLettered { .. }
            | What::ChildrenAdded { .. }
    )
}

fn is_about_hosts(what: &What) -> bool {
    matches!(
        what,
        What::LeaseExpired { .. }
            | What::LeaseAdopted { .. }
            | What::Preempted { .. }
            | What::AccountClosed { .. }
            | What::AccountOpened { .. }
            | What::BudgetPaused { .. }
            | What::BudgetResumed { .. }
            | What::QueueSuspended { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    fn day(scene: &Scene, skip: usize) -> LastDay {
        let mut day = LastDay::default();
        let events = (1..).zip(&scene.events).skip(skip);
        events.for_each(|(seq, event)| day.take(seq, event, &scene.state));
        day
    }

    /// The last minutes as letters: the count, or `?`.
    fn minutes(scene: &Scene, skip: usize, held: usize, last: usize) -> String {
        let all = day(scene, skip).slots(&HolderId::from("here/1"), held, scene.now().law);
        all[MINUTES - last..].iter().map(|n| n.map_or("?".to_string(), |n| n.to_string())).collect()
    }

    #[test]
    fn an_hour_of_slots_is_told_backwards_from_now() {
        let scene = Scene::script(
            "job a | job b | claim | start a | pass 2m | claim | start b | pass 2m | end a ok rev=r | pass 2m",
        );
        assert_eq!(minutes(&scene, 0, 1, 7), "1122211");
        let begun = scene.events.iter().position(|event| matches!(event.what, What::AttemptStarted { .. }));
        assert_eq!(
            minutes(&scene, begun.expect("a start") + 1, 1, 8),
            "????2211",
            "what began unseen ran too"
        );
    }

    #[test]
    fn ends_are_those_of_a_day_and_saves_say_since_when_it_was_alone() {
        let scene = Scene::script(
            "job old | claim | start old | end old ok rev=r | pass 25h | job a | claim | start a \
             | end a task_failed | job b | claim | start b | end b ok rev=r",
        );
        let day = day(&scene, 0);
        assert_eq!(day.ends(scene.now().law), Ends { ended: 2, failed: 1, lost: 0 });
        assert_eq!(day.since(scene.now().law), None, "the log was read from its beginning");
    }
}
