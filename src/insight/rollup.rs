//! What attempts took and used up, added up by whatever is asked for; unknown stays unknown.

use std::collections::BTreeMap;

use super::path::median;
use crate::fleet::{Attempt, Job};
use crate::job::{Outcome, Usage};
use crate::time::{Span, Stamp};

/// Attempts of one kind, added up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rollup {
    /// The kind: an engine, a profile, a host, a day.
    pub kind: String,
    /// Attempts begun.
    pub attempts: usize,
    /// Ended well.
    pub ok: usize,
    /// Ended otherwise.
    pub failed: usize,
    /// Still open.
    pub open: usize,
    /// Median duration of those that ended.
    pub median: Option<Span>,
    /// Duration of all that ended.
    pub total: Span,
    /// What is known of their use.
    pub used: Usage,
    /// Attempts whose cost nobody knows.
    pub cost_unknown: usize,
    /// Attempts whose tokens nobody knows.
    pub tokens_unknown: usize,
}

/// Adds up attempts that began at or after `since`, by the kind that `kind_of` gives.
pub fn rollup<'a>(
    jobs: impl Iterator<Item = &'a Job>,
    since: Option<Stamp>,
    kind_of: impl Fn(&Job, &Attempt) -> String,
) -> Vec<Rollup> {
    let mut kinds: BTreeMap<String, (Rollup, Vec<Span>)> = BTreeMap::new();
    for job in jobs {
        for attempt in job.attempts.iter().filter(|a| since.is_none_or(|since| a.started >= since)) {
            let kind = kind_of(job, attempt);
            let (sum, spans) = kinds.entry(kind.clone()).or_default();
            sum.kind = kind;
            add(sum, spans, attempt);
        }
    }
    kinds.into_values().map(|(sum, spans)| Rollup { median: median(spans), ..sum }).collect()
}

fn add(sum: &mut Rollup, spans: &mut Vec<Span>, attempt: &Attempt) {
    sum.attempts += 1;
    match (attempt.ended, attempt.outcome) {
        (None, _) => sum.open += 1,
        (Some(_), Some(Outcome::Ok)) => sum.ok += 1,
        (Some(_), _) => sum.failed += 1,
    }
    if let Some(ended) = attempt.ended {
        let took = ended.since(attempt.started);
        spans.push(took);
        sum.total = Span::from_millis(sum.total.as_millis().saturating_add(took.as_millis()));
    }
    sum.used = sum.used.plus(attempt.usage);
    sum.cost_unknown += usize::from(attempt.usage.micro_usd.is_none());
    sum.tokens_unknown += usize::from(attempt.usage.tokens.is_none());
}

/// What the job used up since submit or redrive, its open attempt included.
pub fn used(job: &Job) -> Usage {
    job.open_attempt().map_or(*job.spent, |attempt| job.spent.plus(attempt.usage))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    #[test]
    fn unknown_cost_is_counted_not_guessed() {
        let scene = Scene::script(
            "job a | claim | start a | pass 5m | end a ok rev=r micro=2000000 | job b | claim | start b | pass 15m | end b task_failed tokens=7",
        );
        let sums = rollup(scene.state.jobs.values().map(|job| &**job), None, |_, a| a.engine.clone());
        assert_eq!(sums.len(), 1);
        let sum = &sums[0];
        assert_eq!((sum.attempts, sum.ok, sum.failed, sum.cost_unknown), (2, 1, 1, 1));
        assert_eq!((sum.used.micro_usd, sum.used.tokens), (Some(2_000_000), Some(7)));
        assert_eq!((sum.median, sum.total), (Some(Span::from_mins(15)), Span::from_mins(20)));
    }
}
