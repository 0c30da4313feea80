//! The line: ready jobs in the order in which claims look at them.

use std::collections::HashMap;

use crate::fleet::{Claimant, Job, Now, State, class_at, line};
use crate::job::{JobId, Priority};
use crate::time::{Span, Stamp};

/// Places of all ready jobs at one moment.
#[derive(Default)]
pub struct Line {
    places: HashMap<JobId, usize>,
}

impl Line {
    /// The line of `state` at `now`, as these hosts would take from it; see [`crate::fleet::line()`].
    pub fn of(state: &State, now: Now, hosts: &[Claimant]) -> Line {
        let jobs = line(state, hosts, now).map(|row| row.0.id.clone());
        Line { places: jobs.zip(1..).collect() }
    }

    /// The job's place, from 1; `None` if it is not in the line.
    pub fn place(&self, job: &JobId) -> Option<usize> {
        self.places.get(job).copied()
    }

    /// How many are in it.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

/// The class the job competes in now.
pub(super) fn class_of(job: &Job, now: Now) -> Priority {
    class_at(job.spec.priority, job.waiting, now.law)
}

/// When the job rises to its next class by age, if it still does.
pub(super) fn rises_at(job: &Job, now: Now) -> Option<Stamp> {
    let present = class_of(job, now);
    // Ages are compared by asking the law itself, so that its pace stands in one place.
    let waited = now.law.since(job.waiting);
    let within =
        |minutes: u64| class_at(job.spec.priority, job.waiting, now.law.plus(Span::from_mins(minutes)));
    let rises = (1..=60).find(|minutes| within(*minutes) < present)?;
    let whole_minutes = (waited.as_millis() / 60_000 + rises) * 60_000;
    Some(job.waiting.plus(Span::from_millis(whole_minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    #[test]
    fn older_jobs_rise_past_younger_ones_of_their_class() {
        let scene =
            Scene::script("job low-old priority=low | pass 65m | job high-new priority=high | job mid-new");
        let line = Line::of(&scene.state, scene.now(), &[]);
        let place = |id: &str| line.place(&JobId::from(id));
        assert_eq!((place("low-old"), place("high-new"), place("mid-new")), (Some(1), Some(2), Some(3)));
        let job = scene.job("mid-new");
        assert_eq!(rises_at(job, scene.now()), Some(job.waiting.plus(Span::from_mins(30))));
        assert_eq!(rises_at(scene.job("low-old"), scene.now()), None);
    }
}
