//! A log that can be wound: the state after any of its events, figures along it, and places worth a look.
//!
//! A state is a handful of persistent maps, so a copy of it every thousand events costs little, and any moment is
//! at most a thousand events away from one.

use std::sync::Arc;

use crate::fleet::{Broken, Event, State, What};
use crate::job::{Seq, Stage};
use crate::time::Stamp;

/// A state is kept after so many events.
const KEEP_EVERY: usize = 1_000;
/// Events that are kept one by one; a log that is longer begins later.
const EVENTS_MOST: usize = 500_000;

/// A log that can be wound.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    events: Vec<(Seq, Event)>,
    /// After each event.
    points: Vec<Point>,
    /// The state before the first event, then after every `KEEP_EVERY`.
    kept: Vec<State>,
    /// After all of them.
    last: State,
    marks: Vec<(usize, Mark)>,
}

/// Figures after an event.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    running: u32,
    /// Since the log began, in millionths of a dollar.
    spent: u64,
}

/// Why a place is worth a look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// A job has failed.
    Failed,
    /// A job was given up.
    Dead,
    /// The queue was paused, suspended, or a lease was lost.
    Alert,
    /// A person was asked.
    Gate,
}

/// Figures column by column.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timeline {
    /// The first moment.
    pub from: Stamp,
    /// The last.
    pub to: Stamp,
    /// Jobs shipped in each column.
    pub shipped: Vec<u64>,
    /// Jobs failed or given up.
    pub failed: Vec<u64>,
    /// The most that ran at once.
    pub running: Vec<u64>,
    /// Spent, in millionths of a dollar.
    pub spend: Vec<u64>,
    /// What is worth a look, by column.
    pub marks: Vec<(usize, Mark)>,
}

impl Recording {
    /// The log of these events, which follow the state `begin`.
    ///
    /// # Errors
    /// [`Broken`] if they do not fit each other.
    pub fn of(begin: State, events: Vec<(Seq, Event)>) -> Result<Recording, Broken> {
        let over = events.len().saturating_sub(EVENTS_MOST);
        let mut last = begin;
        for (_, event) in &events[..over] {
            last.apply(event)?;
        }
        let mut it = Recording { kept: vec![last.clone()], last, ..Recording::default() };
        for (seq, event) in events.into_iter().skip(over) {
            it.take(seq, event)?;
        }
        Ok(it)
    }

    /// Takes the next event; one that is in it already is passed over.
    ///
    /// # Errors
    /// [`Broken`] if it cannot follow.
    pub fn take(&mut self, seq: Seq, mut event: Event) -> Result<(), Broken> {
        if seq <= self.last.seq {
            return Ok(());
        }
        self.last.apply(&event)?;
        // The job's own, which shares its terms with others.
        if let What::JobSubmitted { job, spec, .. } = &mut event.what
            && let Some(job) = self.last.job(job)
        {
            *spec = Arc::clone(&job.spec);
        }
        let running = self.last.count(Stage::Building) + self.last.count(Stage::Assigned);
        let books = matches!(
            event.what,
            What::Progressed { usage: Some(_), .. } | What::AttemptEnded { .. } | What::AttemptSettled { .. }
        );
        let spent = match self.points.last() {
            Some(before) if !books => before.spent,
            _ => self.last.product.spent.values().fold(0_u64, |sum, micro| sum.saturating_add(*micro)),
        };
        self.points.push(Point { running: u32::try_from(running).unwrap_or(u32::MAX), spent });
        if let Some(mark) = mark_of(&event.what) {
            self.marks.push((self.events.len(), mark));
        }
        self.events.push((seq, event));
        if self.events.len().is_multiple_of(KEEP_EVERY) {
            self.kept.push(self.last.clone());
        }
        Ok(())
    }

    /// Its events, the oldest first.
    pub fn events(&self) -> &[(Seq, Event)] {
        &self.events
    }

    /// Places worth a look: the event's place, and why.
    pub fn marks(&self) -> &[(usize, Mark)] {
        &self.marks
    }

    /// How many events had happened at a moment.
    pub fn upto(&self, at: Stamp) -> usize {
        self.events.partition_point(|row| row.1.at <= at)
    }

    /// The state after so many events.
    ///
    /// # Panics
    /// Never: what was taken once can be taken again.
    pub fn state(&self, count: usize) -> State {
        let count = count.min(self.events.len());
        if count == self.events.len() {
            return self.last.clone();
        }
        let near = count / KEEP_EVERY;
        let mut state = self.kept[near].clone();
        for (_, event) in &self.events[near * KEEP_EVERY..count] {
            state.apply(event).expect("an event that was applied before");
        }
        state
    }

    /// The figures of all of it in so many columns, up to `to`.
    pub fn timeline(&self, columns: usize, to: Stamp) -> Timeline {
        let from = self.events.first().map_or(to, |row| row.1.at);
        let to = to.max(self.events.last().map_or(to, |row| row.1.at));
        let none = || vec![0_u64; columns];
        let mut out = Timeline {
            from,
            to,
            shipped: none(),
            failed: none(),
            running: none(),
            spend: none(),
            marks: Vec::new(),
        };
        if columns == 0 {
            return out;
        }
        let mut before = Point::default();
        let mut column = 0;
        for ((_, event), point) in self.events.iter().zip(&self.points) {
            let next = out.column(event.at);
            // What ran before a gap ran through it.
            for passed in &mut out.running[column..=next] {
                *passed = (*passed).max(u64::from(before.running));
            }
            column = next;
            match &event.what {
                What::Shipped { .. } => out.shipped[column] += 1,
                what if is_failure(what) => out.failed[column] += 1,
                _ => {}
            }
            out.running[column] = out.running[column].max(u64::from(point.running));
            out.spend[column] += point.spent.saturating_sub(before.spent);
            before = *point;
        }
        for running in &mut out.running[column..] {
            *running = (*running).max(u64::from(before.running));
        }
        let marks = self.marks.iter().map(|(nth, mark)| (out.column(self.events[*nth].1.at), *mark));
        out.marks = marks.collect();
        out
    }
}

impl Timeline {
    /// The column of a moment.
    pub fn column(&self, at: Stamp) -> usize {
        let columns = self.shipped.len();
        let whole = self.to.since(self.from).as_millis().max(1);
        let passed = at.since(self.from).as_millis().min(whole);
        let column = u128::from(passed) * columns as u128 / u128::from(whole);
        usize::try_from(column).unwrap_or(0).min(columns.saturating_sub(1))
    }

    /// The moment in the middle of a column.
    pub fn moment(&self, column: usize) -> Stamp {
        let whole = u128::from(self.to.since(self.from).as_millis());
        let passed = whole * (2 * column as u128 + 1) / (2 * self.shipped.len().max(1) as u128);
        self.from.plus(crate::time::Span::from_millis(u64::try_from(passed).unwrap_or(0)))
    }
}

/// Whether it ends a job badly.
pub(super) fn is_failure(what: &What) -> bool {
    matches!(
        what,
        What::AttemptEnded { to: Stage::Failed | Stage::DeadLetter, .. } | What::DeadLettered { .. }
    )
}

fn mark_of(what: &What) -> Option<Mark> {
    Some(match what {
        What::AttemptEnded { to: Stage::DeadLetter, .. } | What::DeadLettered { .. } => Mark::Dead,
        what if is_failure(what) => Mark::Failed,
        What::BudgetPaused { .. } | What::QueueSuspended { .. } | What::LeaseExpired { .. } => Mark::Alert,
        What::AttemptEnded { to: Stage::Review, .. } | What::Asked { .. } | What::ReviewRequested { .. } => {
            Mark::Gate
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    fn recording(scene: &Scene) -> Recording {
        let events = (1..).zip(scene.events.clone()).collect();
        Recording::of(State::default(), events).expect("a log of the law")
    }

    #[test]
    fn every_state_on_the_way_is_the_one_of_then() {
        let many: Vec<String> = (0..1_200).map(|n| format!("job j{n} | cancel j{n}")).collect();
        let scene = Scene::script(&many.join(" | "));
        let it = recording(&scene);
        assert!(it.events().len() > 2 * KEEP_EVERY);
        let mut state = State::default();
        for (nth, (_, event)) in it.events().iter().enumerate() {
            if nth % 777 == 0 || nth % KEEP_EVERY == 0 {
                assert_eq!(it.state(nth).hash(), state.hash(), "after {nth} events");
            }
            state.apply(event).expect("applies");
        }
        assert_eq!(it.state(usize::MAX).hash(), scene.state.hash());
    }

    #[test]
    fn figures_stand_in_the_column_of_their_moment() {
        let scene = Scene::script(
            "job a | claim | start a | pass 30m | progress a usd=2 | pass 30m | end a crash micro=3000000 \
             | pass 60m | job b review=1",
        );
        let line = recording(&scene).timeline(4, scene.now().law);
        assert_eq!(line.running, [1, 1, 1, 0]);
        assert_eq!(line.spend, [0, 2_000_000, 1_000_000, 0]);
        assert_eq!(line.column(line.moment(3)), 3);
    }
}
