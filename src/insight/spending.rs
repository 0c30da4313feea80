//! Where the money went: by engine, profile and job within a window, and outlay by outlay from events.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::tally::shipped_since;
use crate::fleet::{Attempt, Event, State, What};
use crate::job::{AttemptNo, Epoch, JobId, Seq, Usage};
use crate::time::{Span, Stamp};

/// Outlays that are kept; older ones are only in the sums of their days.
const OUTLAYS_MOST: usize = 50_000;
/// Over so long the present rate is taken, or since spending began.
const RATE_OVER: Span = Span::from_mins(10);
/// A rate over less says nothing: one request would be taken for a habit.
const RATE_LEAST: Span = Span::from_mins(1);

/// A sum of money, and how far it can be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sum {
    /// In millionths of a dollar, as far as it is known.
    pub micro: u64,
    /// A part of it is reckoned by a price table or estimated.
    pub estimated: bool,
    /// Attempts that belong to it and of which nobody knows what they cost.
    pub unknown: usize,
}

impl Sum {
    fn add(&mut self, other: Sum) {
        self.micro = self.micro.saturating_add(other.micro);
        self.estimated |= other.estimated;
        self.unknown += other.unknown;
    }

    fn of(attempt: &Attempt) -> Sum {
        let Usage { micro_usd, usd_estimated, .. } = attempt.usage;
        // A script costs nothing that could be told.
        let unknown = usize::from(micro_usd.is_none() && attempt.account.is_some());
        let micro = micro_usd.unwrap_or(0);
        Sum { micro, estimated: usd_estimated && micro > 0, unknown }
    }
}

/// What attempts cost that ended in a window or are open, the dearest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Spending {
    /// All of it.
    pub whole: Sum,
    /// By engine.
    pub engines: Vec<(String, Sum)>,
    /// By profile.
    pub profiles: Vec<(String, Sum)>,
    /// By job.
    pub jobs: Vec<(String, Sum)>,
    /// Jobs that were shipped in the window.
    pub shipped: usize,
}

/// Who spent what since `from`, as far as jobs are in the hot state. An attempt counts where it ended.
pub fn spending(state: &State, from: Stamp) -> Spending {
    let (mut engines, mut profiles) = (BTreeMap::new(), BTreeMap::new());
    let mut out = Spending { shipped: shipped_since(state, from), ..Spending::default() };
    for job in state.jobs.values() {
        let mut whole = Sum::default();
        for attempt in job.attempts.iter().filter(|attempt| attempt.ended.is_none_or(|at| at >= from)) {
            let one = Sum::of(attempt);
            engines.entry(attempt.engine.clone()).or_insert(Sum::default()).add(one);
            whole.add(one);
        }
        out.whole.add(whole);
        if whole.micro > 0 || whole.unknown > 0 {
            profiles.entry(job.spec.profile.clone()).or_insert(Sum::default()).add(whole);
        }
        if whole.micro > 0 {
            out.jobs.push((job.id.to_string(), whole));
        }
    }
    out.engines = dearest(engines);
    out.profiles = dearest(profiles);
    out.jobs.sort_by(|a, b| b.1.micro.cmp(&a.1.micro).then_with(|| a.0.cmp(&b.0)));
    out
}

fn dearest(sums: BTreeMap<String, Sum>) -> Vec<(String, Sum)> {
    let mut rows: Vec<(String, Sum)> = sums.into_iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.1.micro));
    rows
}

/// Money that an event booked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outlay {
    /// When it was told.
    pub at: Stamp,
    /// Since when it was being spent: the sum told before it, or the start of its attempt.
    pub began: Stamp,
    /// The event.
    pub seq: Seq,
    /// For whom.
    pub job: JobId,
    /// By which engine; empty where the log was not followed from its start.
    pub engine: String,
    /// How much, in millionths of a dollar.
    pub micro: u64,
    /// It is reckoned by a price table or estimated.
    pub estimated: bool,
}

impl Outlay {
    /// What of it was spent after that moment, as if it had been spent evenly.
    fn since(&self, from: Stamp) -> u64 {
        if from <= self.began {
            return self.micro;
        }
        let (part, whole) = (self.at.since(from).as_millis(), self.at.since(self.began).as_millis());
        let share = u128::from(self.micro) * u128::from(part) / u128::from(whole.max(1));
        u64::try_from(share).unwrap_or(self.micro)
    }
}

/// What an attempt has cost so far.
#[derive(Clone, Debug)]
struct Open {
    epoch: Epoch,
    /// `None`: its start was not seen.
    attempt: Option<AttemptNo>,
    sum: u64,
    /// When that sum was told; at first, when it was begun.
    told: Stamp,
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
                self.open.insert(job.clone(), Open { epoch, attempt, sum: 0, told: event.at, engine });
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
        let estimated = usage.usd_estimated;
        let at = event.at;
        match self.open.get_mut(job).filter(|open| open.epoch == epoch) {
            Some(open) => {
                let (micro, began) = (sum.saturating_sub(open.sum), open.told);
                (open.sum, open.told) = (sum.max(open.sum), at);
                if micro > 0 {
                    let (job, engine) = (job.clone(), open.engine.clone());
                    self.outlays.push_back(Outlay { at, began, seq, job, engine, micro, estimated });
                }
            }
            None => {
                let open = Open { epoch, attempt: None, sum, told: at, engine: String::new() };
                self.open.insert(job.clone(), open);
            }
        }
        if let Some(first) = self.outlays.front().filter(|_| self.outlays.len() > OUTLAYS_MOST) {
            self.since = Some((first.at, first.seq));
            self.outlays.pop_front();
        }
    }

    /// What is spent per hour at `now`: what was spent in the last minutes by the time in which there was spending to
    /// see, which is less where it began later. `None` where that is too short to tell, or nothing is known of it.
    /// What an attempt costs that has not told it is not known here. Where no job runs nothing is spent, whatever the
    /// minutes before were like: a rate beside it would say that money goes on.
    pub fn rate(&self, state: &State, now: Stamp) -> Option<Sum> {
        if !state.held().any(|(job, _)| job.stage.is_held()) {
            return Some(Sum::default());
        }
        let back = i64::try_from(RATE_OVER.as_millis()).unwrap_or(i64::MAX);
        let from = Stamp::from_millis(now.as_millis().saturating_sub(back));
        let (since, seq) = self.since?;
        let come = self.outlays.iter().rev().skip_while(|it| it.at > now);
        let (mut sum, mut began) = (Sum::default(), None);
        for it in come.take_while(|it| it.at > from) {
            sum.add(Sum { micro: it.since(from), estimated: it.estimated, unknown: 0 });
            began = Some(began.map_or(it.began, |first: Stamp| first.min(it.began)));
        }
        let Some(began) = began else {
            // Nothing is a figure only of a time that was seen whole.
            return (since <= from || seq == 1).then_some(sum);
        };
        let over = now.since(began.max(from));
        if over < RATE_LEAST {
            return None;
        }
        let hourly = u128::from(sum.micro) * 3_600_000 / u128::from(over.as_millis());
        Some(Sum { micro: u64::try_from(hourly).unwrap_or(u64::MAX), ..sum })
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
        assert_eq!(
            ledger.rate(&scene.state, now).map(|sum| sum.micro),
            Some(1_500_000),
            "of the last dollar, spent in forty minutes, the last ten count"
        );
        let mut late = Ledger::default();
        (1..).zip(&scene.events).skip(4).for_each(|(seq, event)| late.take(seq, event));
        assert_eq!(late.outlays.len(), 2, "the first sum of an attempt that began unseen is no outlay");
    }

    #[track_caller]
    fn rate(script: &str, expected: Option<&str>) {
        let scene = Scene::script(script);
        let mut ledger = Ledger::default();
        (1..).zip(&scene.events).for_each(|(seq, event)| ledger.take(seq, event));
        let rate = ledger.rate(&scene.state, scene.now().law).map(|sum| crate::job::usd(sum.micro));
        assert_eq!(rate.as_deref(), expected, "{script}");
    }

    #[test]
    fn the_rate_goes_by_the_time_in_which_there_was_spending() {
        let twice = "progress a usd=0.02 | pass 50s | progress a usd=0.12";
        rate(&format!("job a | claim | start a | pass 10s | {twice}"), Some("$7.20"));
        // A queue that did nothing before spends no slower for it.
        rate(&format!("job a | pass 50m | claim | start a | pass 10s | {twice}"), Some("$7.20"));
        rate(&format!("job a | pass 5h | claim | start a | pass 10s | {twice}"), Some("$7.20"));
        rate("job a | claim | start a | pass 20m | progress a usd=1", Some("$3.00"));
        // What was told at once may have been spent for hours.
        rate("job a | claim | start a | pass 100m | progress a usd=1", Some("$0.60"));
        rate("job a | claim | start a | pass 10m | progress a usd=1 | pass 5m", Some("$3.00"));
        rate("job a | claim | start a | pass 10m | progress a usd=1 | pass 3h", Some("$0.00"));
    }

    #[test]
    fn where_nothing_runs_nothing_is_spent() {
        const SPENT: &str = "job a | claim | start a | pass 570s | progress a usd=1";
        rate(&format!("{SPENT} | pass 30s"), Some("$6.00"));
        rate(&format!("{SPENT} | end a ok rev=r micro=1000000 | pass 30s"), Some("$0.00"));
    }

    #[test]
    fn a_rate_over_less_than_a_minute_is_not_told() {
        rate("job a | claim | start a | pass 59s | progress a usd=1", None);
        rate("job a | claim | start a | pass 60s | progress a usd=1", Some("$60.00"));
        rate("job a | claim | start a", Some("$0.00"));
    }

    #[test]
    fn the_dearest_stand_first() {
        let scene = Scene::script(SPENT);
        let found = spending(&scene.state, Stamp::default());
        let exact = |micro: u64| Sum { micro, ..Sum::default() };
        assert_eq!(found.jobs, [("a".to_string(), exact(3_000_000)), ("b".to_string(), exact(1_000_000))]);
        assert_eq!(found.whole, exact(4_000_000));
        assert_eq!(found.engines.iter().map(|row| row.1.micro).sum::<u64>(), 4_000_000);
        let late = spending(&scene.state, scene.now().law).jobs;
        assert_eq!(late, [("b".to_string(), exact(1_000_000))]);
    }

    #[test]
    fn a_sum_keeps_what_makes_it_doubtful() {
        let mut whole = Sum { micro: 5, estimated: false, unknown: 1 };
        whole.add(Sum { micro: 2, estimated: true, unknown: 2 });
        assert_eq!(whole, Sum { micro: 7, estimated: true, unknown: 3 });
        whole.add(Sum::default());
        assert_eq!(whole, Sum { micro: 7, estimated: true, unknown: 3 });
    }
}
