//! Where the money went: by engine, profile and job within a window, and outlay by outlay from events.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::tally::shipped_since;
use crate::fleet::{Event, State, What};
use crate::job::{AttemptNo, Epoch, JobId, Seq};
use crate::time::{Span, Stamp};

/// Outlays that are kept; older ones are only in the sums of their days.
const OUTLAYS_MOST: usize = 50_000;
/// Over so long the present rate is taken.
const RATE_OVER: Span = Span::from_mins(60);

/// What attempts cost that ended in a window or are open, in millionths of a dollar, the dearest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Spending {
    /// By engine.
    pub engines: Vec<(String, u64)>,
    /// By profile.
    pub profiles: Vec<(String, u64)>,
    /// By job.
    pub jobs: Vec<(String, u64)>,
    /// Attempts of which nobody knows what they cost.
    pub unknown: usize,
    /// Jobs that were shipped in the window.
    pub shipped: usize,
}

/// Who spent what since `from`, as far as jobs are in the hot state. An attempt counts where it ended.
pub fn spending(state: &State, from: Stamp) -> Spending {
    let (mut engines, mut profiles) = (BTreeMap::new(), BTreeMap::new());
    let mut out = Spending { shipped: shipped_since(state, from), ..Spending::default() };
    for job in state.jobs.values() {
        let mut whole = 0_u64;
        for attempt in job.attempts.iter().filter(|attempt| attempt.ended.is_none_or(|at| at >= from)) {
            let sum = engines.entry(attempt.engine.clone()).or_insert(0_u64);
            let Some(micro) = attempt.usage.micro_usd else {
                // A script costs nothing that could be told.
                out.unknown += usize::from(attempt.account.is_some());
                continue;
            };
            *sum = sum.saturating_add(micro);
            whole = whole.saturating_add(micro);
        }
        if whole > 0 {
            let sum = profiles.entry(job.spec.profile.clone()).or_insert(0_u64);
            *sum = sum.saturating_add(whole);
            out.jobs.push((job.id.to_string(), whole));
        }
    }
    out.engines = dearest(engines);
    out.profiles = dearest(profiles);
    out.jobs.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    out
}

fn dearest(sums: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut rows: Vec<(String, u64)> = sums.into_iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.1));
    rows
}

/// Money that an event booked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outlay {
    /// When.
    pub at: Stamp,
    /// The event.
    pub seq: Seq,
    /// For whom.
    pub job: JobId,
    /// By which engine; empty where the log was not followed from its start.
    pub engine: String,
    /// How much, in millionths of a dollar.
    pub micro: u64,
}

/// What an attempt has cost so far.
#[derive(Clone, Debug)]
struct Open {
    epoch: Epoch,
    /// `None`: its start was not seen.
    attempt: Option<AttemptNo>,
    sum: u64,
    engine: String,
}

/// The outlays of a log, as it is followed.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The latest outlays, the oldest first.
    pub outlays: VecDeque<Outlay>,
    /// From this event on outlays are complete: its time and number.
    pub since: Option<(Stamp, Seq)>,
    /// What the open attempt of a job has cost so far, where it is known from its start on.
    open: HashMap<JobId, Open>,
}

impl Ledger {
    /// Takes the next event. Usage is told as a sum since the start of an attempt, so that an outlay is what a
    /// sum is greater than the one before; of an attempt whose start was not seen the first sum is none.
    pub fn take(&mut self, seq: Seq, event: &Event) {
        self.since.get_or_insert((event.at, seq));
        let (job, epoch, usage) = match &event.what {
            What::AttemptStarted { job, epoch, engine, attempt, .. } => {
                let (epoch, attempt, engine) = (*epoch, Some(*attempt), engine.clone());
                self.open.insert(job.clone(), Open { epoch, attempt, sum: 0, engine });
                return;
            }
            What::Progressed { job, epoch, usage: Some(usage), .. } => (job, *epoch, &**usage),
            What::AttemptEnded { job, usage, epoch, .. } => (job, *epoch, &**usage),
            What::AttemptSettled { job, usage, attempt, .. } => {
                let Some(open) = self.open.get(job).filter(|open| open.attempt == Some(*attempt)) else {
                    return;
                };
                (job, open.epoch, &**usage)
            }
            _ => return,
        };
        let Some(sum) = usage.micro_usd else { return };
        let known = self.open.get_mut(job).filter(|open| open.epoch == epoch);
        let (micro, engine) = match known {
            Some(open) => {
                let more = sum.saturating_sub(open.sum);
                open.sum = sum.max(open.sum);
                (more, open.engine.clone())
            }
            None => {
                self.open.insert(job.clone(), Open { epoch, attempt: None, sum, engine: String::new() });
                (0, String::new())
            }
        };
        if micro > 0 {
            self.outlays.push_back(Outlay { at: event.at, seq, job: job.clone(), engine, micro });
        }
        if let Some(first) = self.outlays.front().filter(|_| self.outlays.len() > OUTLAYS_MOST) {
            self.since = Some((first.at, first.seq));
            self.outlays.pop_front();
        }
    }

    /// What is spent per hour at `now`; `None` where outlays are not known for so long.
    pub fn rate(&self, now: Stamp) -> Option<u64> {
        let back = i64::try_from(RATE_OVER.as_millis()).unwrap_or(i64::MAX);
        let from = Stamp::from_millis(now.as_millis().saturating_sub(back));
        let (since, seq) = self.since?;
        if since > from && seq > 1 {
            return None;
        }
        Some(self.between(from, now))
    }

    /// What was spent after `from` up to `to`.
    pub fn between(&self, from: Stamp, to: Stamp) -> u64 {
        let inside = self.outlays.iter().filter(|outlay| outlay.at > from && outlay.at <= to);
        inside.map(|outlay| outlay.micro).fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    const SPENT: &str = "job a | job b | claim | start a | pass 10m | progress a usd=2 | pass 20m | end a ok rev=r micro=3000000 \
         | claim | start b | pass 40m | progress b usd=1";

    #[test]
    fn outlays_are_what_sums_grow_by() {
        let scene = Scene::script(SPENT);
        let mut ledger = Ledger::default();
        (1..).zip(&scene.events).for_each(|(seq, event)| ledger.take(seq, event));
        let rows: Vec<String> =
            ledger.outlays.iter().map(|row| format!("{} {}", row.job, row.micro / 1_000_000)).collect();
        assert_eq!(rows, ["a 2", "a 1", "b 1"]);
        let now = scene.now().law;
        assert_eq!(ledger.rate(now), Some(2_000_000), "the first two dollars are older than an hour");
        let mut late = Ledger::default();
        (1..).zip(&scene.events).skip(4).for_each(|(seq, event)| late.take(seq, event));
        assert_eq!(late.outlays.len(), 2, "the first sum of an attempt that began unseen is no outlay");
    }

    #[test]
    fn the_dearest_stand_first() {
        let scene = Scene::script(SPENT);
        let found = spending(&scene.state, Stamp::default());
        assert_eq!(found.jobs, [("a".to_string(), 3_000_000), ("b".to_string(), 1_000_000)]);
        assert_eq!(found.engines.iter().map(|row| row.1).sum::<u64>(), 4_000_000);
        assert_eq!(spending(&scene.state, scene.now().law).jobs, [("b".to_string(), 1_000_000)]);
    }
}
