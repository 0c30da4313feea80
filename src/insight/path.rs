//! The critical path: which jobs decide when everything is done, and how much slack the others have.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::fleet::{Job, Now, State};
use crate::job::{JobId, Outcome, Stage};
use crate::time::Span;

/// How long a job may still take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Left {
    /// The estimate; where no attempt has ended yet, each job counts the same.
    pub span: Span,
    /// Too little is known: the span is only a weight.
    pub unknown: bool,
}

/// Typical durations of attempts, by engine and profile.
pub struct Estimates {
    /// The median, and of how many.
    by_kind: HashMap<(String, String), (Span, usize)>,
    overall: Option<Span>,
}

/// Weight of a job when nothing is known about any.
const WEIGHT: Span = Span::from_mins(60);
/// Like attempts that tell how long another takes: the median of fewer is hardly more than one of them.
const ENOUGH: usize = 20;

impl Estimates {
    /// Medians of all attempts of `state` that ended well.
    pub fn of(state: &State) -> Estimates {
        let mut kinds: HashMap<(String, String), Vec<Span>> = HashMap::new();
        let mut all = Vec::new();
        for job in state.jobs.values() {
            for attempt in job.attempts.iter().filter(|a| a.outcome == Some(Outcome::Ok)) {
                let Some(ended) = attempt.ended else { continue };
                let took = ended.since(attempt.started);
                kinds.entry((attempt.engine.clone(), job.spec.profile.clone())).or_default().push(took);
                all.push(took);
            }
        }
        let by_kind = kinds
            .into_iter()
            .filter_map(|(kind, spans)| {
                let of = spans.len();
                Some((kind, (median(spans)?, of)))
            })
            .collect();
        Estimates { by_kind, overall: median(all) }
    }

    /// What is left of a job now.
    pub fn left(&self, job: &Job, now: Now) -> Left {
        if matches!(job.stage, Stage::Review | Stage::Testing | Stage::Shipped) || !job.spec.has_body {
            return Left { span: Span::ZERO, unknown: false };
        }
        let engine = job.spec.engine.clone().unwrap_or_default();
        let like = self.by_kind.get(&(engine, job.spec.profile.clone())).copied();
        let whole = like.map(|(typical, _)| typical).or(self.overall).unwrap_or(WEIGHT);
        let ran = job.open_attempt().map_or(Span::ZERO, |attempt| now.law.since(attempt.started));
        let span = Span::from_millis(whole.as_millis().saturating_sub(ran.as_millis()));
        // What runs longer than others did is not done now: nobody knows when it will be.
        let known = like.is_some_and(|(_, of)| of >= ENOUGH) && span > Span::ZERO;
        Left { span, unknown: !known }
    }
}

pub(super) fn median(mut spans: Vec<Span>) -> Option<Span> {
    spans.sort_unstable();
    spans.get(spans.len() / 2).copied()
}

/// One job of the path's plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The job.
    pub job: JobId,
    /// What is left of it.
    pub left: Left,
    /// When it would be done, from now, if nothing waited for a slot.
    pub done_in: Span,
    /// How much later it could be done without moving the end; a guess where [`CriticalPath::unknown`].
    pub slack: Span,
    /// It is on the path.
    pub critical: bool,
}

/// The plan of all jobs that are not done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CriticalPath {
    /// On the path first, in order; then the others by slack.
    pub steps: Vec<Step>,
    /// When all would be done, from now.
    pub total: Span,
    /// Some durations are only weights, and so are the total and every slack.
    pub unknown: bool,
}

/// Plans `goal` and everything before it, or all jobs that are not done.
pub fn critical_path(state: &State, goal: Option<&JobId>, estimates: &Estimates, now: Now) -> CriticalPath {
    let order = before_first(state, goal);
    let mut done: HashMap<&JobId, Span> = HashMap::new();
    let left: HashMap<&JobId, Left> =
        order.iter().filter_map(|id| state.job(id).map(|job| (id, estimates.left(job, now)))).collect();
    let plus = |a: Span, b: Span| Span::from_millis(a.as_millis().saturating_add(b.as_millis()));
    for id in &order {
        let begin = needs(state, id).filter_map(|on| done.get(on)).max().copied().unwrap_or(Span::ZERO);
        done.insert(id, plus(begin, left[id].span));
    }
    let total = done.values().max().copied().unwrap_or(Span::ZERO);
    // Backwards: a job must be done before the latest begin of whatever waits for it.
    let mut latest: HashMap<&JobId, Span> = order.iter().map(|id| (id, total)).collect();
    for id in order.iter().rev() {
        let begin = latest[id].as_millis().saturating_sub(left[id].span.as_millis());
        for on in needs(state, id) {
            if let Some(end) = latest.get_mut(on) {
                *end = (*end).min(Span::from_millis(begin));
            }
        }
    }
    let path = walk(state, &order, (&done, &latest), &left);
    let mut steps: Vec<Step> = order
        .iter()
        .map(|id| Step {
            job: id.clone(),
            left: left[id],
            done_in: done[id],
            slack: Span::from_millis(latest[id].as_millis().saturating_sub(done[id].as_millis())),
            critical: path.contains(id),
        })
        .collect();
    steps.sort_by_key(|step| (!step.critical, step.slack, step.done_in));
    CriticalPath { unknown: left.values().any(|l| l.unknown), steps, total }
}

/// The jobs of the path that decides when all are done; none where no job waits for another.
pub fn critical_jobs(state: &State, now: Now) -> BTreeSet<JobId> {
    let waits = |job: &Job| {
        !job.stage.is_ended()
            && needs(state, &job.id).any(|on| state.job(on).is_some_and(|on| on.stage != Stage::Shipped))
    };
    if !state.jobs.values().any(|job| waits(job)) {
        return BTreeSet::new();
    }
    let path = critical_path(state, None, &Estimates::of(state), now);
    path.steps.into_iter().filter(|step| step.critical).map(|step| step.job).collect()
}

/// One way through jobs without slack, from the last to the first.
fn walk<'a>(
    state: &State,
    order: &'a [JobId],
    (done, latest): (&HashMap<&JobId, Span>, &HashMap<&JobId, Span>),
    left: &HashMap<&JobId, Left>,
) -> HashSet<&'a JobId> {
    let tight = |id: &JobId| done.get(id) == latest.get(id);
    let mut path = HashSet::new();
    let mut at = order.iter().filter(|id| tight(id)).max_by_key(|id| done[id]);
    while let Some(id) = at {
        path.insert(id);
        let before: Vec<&JobId> = needs(state, id).filter(|on| done.contains_key(on) && tight(on)).collect();
        // Of two that are done at once it is the one of which nobody knows when, not the one that only waits.
        let next = before.into_iter().max_by_key(|on| (done[on], left[on].unknown));
        at = next.and_then(|on| order.iter().find(|id| *id == on));
    }
    path
}

/// What a job waits for.
pub(super) fn needs<'a>(state: &'a State, id: &JobId) -> impl Iterator<Item = &'a JobId> {
    let job = state.jobs.get(id);
    let deps = job.into_iter().flat_map(|job| job.deps.iter().filter_map(|dep| dep.job.as_ref()));
    let children = job.into_iter().flat_map(|job| job.children.iter());
    deps.chain(children)
}

/// Jobs that are not done, whatever they wait for before them; those before `goal` alone if it is given.
fn before_first(state: &State, goal: Option<&JobId>) -> Vec<JobId> {
    let counts = |id: &JobId| state.job(id).is_some_and(|job| job.stage != Stage::Shipped);
    let mut order = Vec::new();
    let mut seen: HashSet<JobId> = HashSet::new();
    let roots: Vec<JobId> = match goal {
        Some(goal) => vec![goal.clone()],
        None => state.jobs.values().filter(|job| !job.stage.is_ended()).map(|job| job.id.clone()).collect(),
    };
    for root in roots {
        // Two visits per job: before and behind its dependencies. No recursion: chains may be long.
        let mut stack = vec![(root, false)];
        while let Some((id, behind)) = stack.pop() {
            if behind {
                order.push(id);
            } else if counts(&id) && seen.insert(id.clone()) {
                stack.push((id.clone(), true));
                stack.extend(needs(state, &id).map(|on| (on.clone(), false)));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    #[test]
    fn the_longest_chain_is_critical_and_the_rest_has_slack() {
        let scene = Scene::script("job a | job b deps=a | job c deps=b,d | job d");
        let plan = critical_path(&scene.state, None, &Estimates::of(&scene.state), scene.now());
        let text: Vec<String> = plan
            .steps
            .iter()
            .map(|s| format!("{}{} slack {}", s.job, if s.critical { "!" } else { "" }, s.slack))
            .collect();
        assert_eq!(text, ["a! slack 0s", "b! slack 0s", "c! slack 0s", "d slack 1h"]);
        assert_eq!((plan.total, plan.unknown), (Span::from_mins(180), true));
    }

    #[test]
    fn durations_come_from_attempts_that_ended_well() {
        let check = |ended: usize, ran: &str, minutes: u64, unknown: bool| {
            let one = |n: usize| format!("job a{n} | claim | start a{n} | pass 10m | end a{n} ok rev=r | ");
            let before: String = (0..ended).map(one).collect();
            let scene = Scene::script(&format!("{before}job b | claim | start b | pass {ran}"));
            let left = Estimates::of(&scene.state).left(scene.job("b"), scene.now());
            assert_eq!(left, Left { span: Span::from_mins(minutes), unknown }, "{ended} ended, ran {ran}");
        };
        check(ENOUGH, "4m", 6, false);
        check(ENOUGH - 1, "4m", 6, true);
        check(ENOUGH, "10m", 0, true);
    }
}
