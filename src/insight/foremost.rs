//! The one chain of jobs that is worth a look wherever there is room for one: to what a person watches, to the
//! composite that matters most, or the longest of all.

use super::path::{Estimates, Step, critical_path, needs};
use crate::fleet::{Job, Now, State};
use crate::job::{JobId, Stage};
use crate::time::Span;

/// Jobs that decide when a goal is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Foremost {
    /// The last of them, to which the others lead.
    pub goal: JobId,
    /// In the order in which they must be done; what is done is not among them.
    pub steps: Vec<Step>,
    /// When all would be done, from now.
    pub total: Span,
    /// Some durations are only weights, and so is the total.
    pub unknown: bool,
}

/// The chain to the first of the watched jobs that waits for another, else to the most important composite, else the
/// longest. `None` where no job waits for another that is not done.
pub fn foremost(state: &State, watched: &[JobId], now: Now) -> Option<Foremost> {
    let waits = |job: &Job| !job.stage.is_ended() && needs(state, &job.id).any(|on| is_open(state, on));
    let watched = watched.iter().filter_map(|id| state.job(id)).find(|job| waits(job));
    // Without one that waits there is no chain, and nobody has to look for it.
    let mut any = false;
    let mut best: Option<&Job> = None;
    for job in state.jobs.values().filter(|job| waits(job)) {
        any = true;
        let is_first = |old: &Job| {
            (job.spec.priority, job.submitted, &job.id) < (old.spec.priority, old.submitted, &old.id)
        };
        if !job.children.is_empty() && best.is_none_or(is_first) {
            best = Some(job);
        }
    }
    let goal = watched.or(best).map(|job| &job.id);
    let path = any.then(|| critical_path(state, goal, &Estimates::of(state), now))?;
    let steps: Vec<Step> = path.steps.into_iter().filter(|step| step.critical).collect();
    let unknown = steps.iter().any(|step| step.left.unknown);
    let goal = goal.or(steps.last().map(|step| &step.job)).cloned()?;
    (steps.len() > 1).then_some(Foremost { goal, steps, total: path.total, unknown })
}

fn is_open(state: &State, id: &JobId) -> bool {
    state.stage_of(id).is_some_and(|stage| stage != Stage::Shipped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    #[track_caller]
    fn check(script: &str, watched: &str, expected: &str) {
        let scene = Scene::script(script);
        let watched: Vec<JobId> = watched.split_whitespace().map(JobId::from).collect();
        let found = foremost(&scene.state, &watched, scene.now());
        let ids = |it: &Foremost| it.steps.iter().map(|step| step.job.to_string()).collect::<Vec<_>>();
        let told = found.map(|it| format!("{}: {}", it.goal, ids(&it).join(" > "))).unwrap_or_default();
        assert_eq!(told, expected, "{script}");
    }

    #[test]
    fn the_chain_that_is_watched_goes_before_the_longest() {
        const TWO: &str = "job a | job b deps=a | job c deps=b | job x | job y deps=x";
        check(TWO, "", "c: a > b > c");
        check(TWO, "y", "y: x > y");
        check(TWO, "x", "c: a > b > c");
        check("job a | job b", "", "");
        check("job a | job b deps=a | cancel b", "", "");
    }
}
