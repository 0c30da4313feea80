//! How many jobs are shipped and how many are not: the one count of them, whoever tells it.

use crate::fleet::{Job, State};
use crate::job::Stage;
use crate::time::Stamp;

/// Jobs by whether they are shipped. One that was archived is in no state that is looked at, and not counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Shipped.
    pub shipped: usize,
    /// In any other stage: also those that failed or were given up are still not shipped.
    pub unshipped: usize,
}

impl Tally {
    /// Counts these jobs.
    pub fn of<'a>(jobs: impl IntoIterator<Item = &'a Job>) -> Tally {
        let mut out = Tally::default();
        jobs.into_iter().for_each(|job| out.count(job));
        out
    }

    /// Counts one more.
    pub fn count(&mut self, job: &Job) {
        match job.stage {
            Stage::Shipped => self.shipped += 1,
            _ => self.unshipped += 1,
        }
    }
}

/// Jobs that were shipped at or after `from`.
pub fn shipped_since(state: &State, from: Stamp) -> usize {
    let since = state.jobs.values().map(|job| &**job).filter(|job| job.since >= from);
    Tally::of(since).shipped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;
    use crate::insight::{Filter, Scene as Seen, Spending, spending};

    #[test]
    fn every_job_is_counted_once() {
        let ship = |id: &str| {
            format!("job {id} | claim | start {id} | verify {id} rev=r | end {id} ok rev=r | ship {id} rev=r")
        };
        let script =
            format!("{} | pass 2h | {} | job c | job d | cancel d | job e deps=d", ship("a"), ship("b"));
        let scene = Scene::script(&script);
        let jobs = || scene.state.jobs.values().map(|job| &**job);
        assert_eq!(Tally::of(jobs()), Tally { shipped: 2, unshipped: 3 });
        // The last two hours, as the money of a window counts them.
        let hour = Stamp::from_millis(scene.now().law.as_millis() - 3_600_000);
        assert_eq!(shipped_since(&scene.state, hour), 1);
        let Spending { shipped, .. } = spending(&scene.state, hour);
        assert_eq!(shipped, 1);
        // A list without what is shipped hides as many as are shipped.
        let seen = Seen {
            state: &scene.state,
            now: scene.now(),
            hosts: &[],
            gone: &|_| false,
            edited: &|_| false,
            aside: crate::insight::Aside::none(),
        };
        let hidden = jobs().filter(|job| Filter::default().lets(job, &seen));
        assert_eq!(Tally::of(hidden).shipped, scene.state.count(Stage::Shipped));
    }
}
