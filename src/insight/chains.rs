//! Chains: from a blocked job through what it waits for to the job that holds everything up.

use std::collections::{HashMap, HashSet};

use crate::fleet::Now;
use crate::fleet::{Gate, Job, State, gates};
use crate::job::{JobId, Stage};

/// Chains shown for one job; behind that many culprits another one tells nothing new.
const CHAINS_MOST: usize = 20;
/// Jobs looked at for one answer.
const LOOK_MOST: usize = 20_000;

/// One way from a job to a cause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// From the job's own dependency to the cause, in the order of waiting; the last is the cause.
    pub links: Vec<JobId>,
    /// The stage of the cause; `None` if nobody knows a job of that name.
    pub stage: Option<Stage>,
    /// The cause will not get there by itself: it failed, was given up, or nobody knows it.
    pub dead: bool,
}

/// A chain per cause, the shortest one each, dead causes first.
pub fn chains(state: &State, job: &Job, now: Now) -> Vec<Chain> {
    let mut came: HashMap<JobId, JobId> = HashMap::new();
    let mut seen: HashSet<JobId> = HashSet::from([job.id.clone()]);
    let mut wave = vec![job.id.clone()];
    let mut found = Vec::new();
    while !wave.is_empty() && seen.len() < LOOK_MOST {
        let mut next = Vec::new();
        for id in &wave {
            let Some(waiting) = state.job(id) else { continue };
            for gate in gates(state, waiting, None, now) {
                let Gate::Dep { name, job: on, stage } = gate else { continue };
                let on = on.unwrap_or_else(|| JobId::new(name));
                if !seen.insert(on.clone()) {
                    continue;
                }
                came.insert(on.clone(), id.clone());
                // Only a job that itself waits for jobs passes the question on.
                let waits_on = state.job(&on).is_some_and(|job| {
                    job.stage.is_waiting()
                        && gates(state, job, None, now).iter().any(|g| matches!(g, Gate::Dep { .. }))
                });
                if waits_on {
                    next.push(on);
                } else {
                    found.push(chain_to(&came, &job.id, on, stage));
                }
            }
        }
        wave = next;
    }
    found.sort_by_key(|chain| (!chain.dead, chain.links.len()));
    found.truncate(CHAINS_MOST);
    found
}

fn chain_to(came: &HashMap<JobId, JobId>, from: &JobId, cause: JobId, stage: Option<Stage>) -> Chain {
    let mut links = vec![cause];
    while let Some(before) = links.last().and_then(|id| came.get(id)).filter(|id| *id != from) {
        links.push(before.clone());
    }
    links.reverse();
    Chain { links, stage, dead: stage.is_none_or(|s| matches!(s, Stage::Failed | Stage::DeadLetter)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    #[track_caller]
    fn check(script: &str, expected: &str) {
        let scene = Scene::script(script);
        let found = chains(&scene.state, scene.job("top"), scene.now());
        let text: Vec<String> = found
            .iter()
            .map(|chain| {
                let links: Vec<&str> = chain.links.iter().map(JobId::as_str).collect();
                let stage = chain.stage.map_or("unknown", Stage::name);
                format!("{} ({stage}{})", links.join(" < "), if chain.dead { ", dead" } else { "" })
            })
            .collect();
        assert_eq!(text.join("; "), expected);
    }

    #[test]
    fn the_failing_ancestor_is_named() {
        check("job a | job mid deps=a | job top deps=mid", "mid < a (queued)");
        check(
            "job a | job b | job mid deps=a | job top deps=mid,b | cancel a",
            "mid < a (failed, dead); b (queued)",
        );
        check("job top deps=nobody", "nobody (unknown, dead)");
        check("job a | job l deps=a | job r deps=a | job top deps=l,r", "l < a (queued)");
    }
}
