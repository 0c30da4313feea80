//! The part of the dependency graph that is to be drawn, and its drawings for other programs.

use std::collections::{HashMap, HashSet, VecDeque};

use super::path::needs;
use crate::fleet::{Job, State};
use crate::job::{JobId, Stage};

/// `from` waits for `on`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edge {
    /// Who waits.
    pub from: JobId,
    /// For whom.
    pub on: JobId,
}

/// Jobs and what they wait for; whoever waits comes before what it waits for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Picture {
    /// The jobs.
    pub jobs: Vec<JobId>,
    /// The edges between them.
    pub edges: Vec<Edge>,
    /// Jobs that wait for nobody and for which nobody waits, left out.
    pub loners: usize,
}

/// The graph around `focus` within `hops`, or of all jobs that have a neighbour or wait for a name that nobody has.
pub fn picture(state: &State, focus: Option<&JobId>, hops: usize) -> Picture {
    let chosen = match focus {
        Some(focus) => around(state, focus, hops),
        None => state.jobs.keys().filter(|id| has_neighbour(state, id)).cloned().collect(),
    };
    let loners = if focus.is_some() { 0 } else { state.jobs.len() - chosen.len() };
    let jobs = sorted(state, &chosen);
    let edges = jobs.iter().flat_map(|id| inside(state, id, &chosen).map(|on| Edge { from: id.clone(), on }));
    Picture { edges: edges.collect(), jobs, loners }
}

fn has_neighbour(state: &State, id: &JobId) -> bool {
    let nobody = |job: &Job| job.stage == Stage::Blocked && job.deps.iter().any(|dep| dep.job.is_none());
    state.job(id).is_some_and(nobody)
        || needs(state, id).next().is_some()
        || state.waiters(id).next().is_some()
}

fn inside(state: &State, id: &JobId, chosen: &HashSet<JobId>) -> impl Iterator<Item = JobId> {
    let mut seen = HashSet::new();
    needs(state, id).filter(move |on| chosen.contains(*on) && seen.insert((*on).clone())).cloned()
}

fn around(state: &State, focus: &JobId, hops: usize) -> HashSet<JobId> {
    let mut seen = HashSet::from([focus.clone()]);
    let mut queue = VecDeque::from([(focus.clone(), 0)]);
    while let Some((id, far)) = queue.pop_front() {
        if far == hops {
            continue;
        }
        let next: Vec<JobId> = needs(state, &id).chain(state.waiters(&id)).cloned().collect();
        for neighbour in next {
            if state.stage_of(&neighbour).is_some() && seen.insert(neighbour.clone()) {
                queue.push_back((neighbour, far + 1));
            }
        }
    }
    seen
}

/// Whoever waits before what it waits for; the newest first where both may come; a chain stays together.
fn sorted(state: &State, chosen: &HashSet<JobId>) -> Vec<JobId> {
    let mut above: HashMap<JobId, usize> = HashMap::new();
    for id in chosen {
        for on in inside(state, id, chosen) {
            *above.entry(on).or_default() += 1;
        }
    }
    let age = |id: &JobId| {
        state.job(id).map_or((crate::time::Stamp::default(), 0), |job| (job.submitted, job.event))
    };
    let mut ready: Vec<JobId> = chosen.iter().filter(|id| !above.contains_key(*id)).cloned().collect();
    ready.sort_by_key(|id| (age(id), id.clone()));
    let mut order = Vec::new();
    while let Some(id) = ready.pop() {
        let mut freed: Vec<JobId> = Vec::new();
        for on in inside(state, &id, chosen) {
            if let Some(count) = above.get_mut(&on) {
                *count -= 1;
                if *count == 0 {
                    freed.push(on);
                }
            }
        }
        freed.reverse();
        ready.extend(freed);
        order.push(id);
    }
    order
}

/// The picture for Graphviz; `label` gives a job's text.
pub fn dot(picture: &Picture, label: impl Fn(&JobId) -> String) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut out = String::from("digraph aq {\n  rankdir=LR;\n  node [shape=box];\n");
    for id in &picture.jobs {
        out += &format!("  {} [label={}];\n", quoted(id.as_str()), quoted(&label(id)));
    }
    for edge in &picture.edges {
        out += &format!("  {} -> {};\n", quoted(edge.on.as_str()), quoted(edge.from.as_str()));
    }
    out + "}\n"
}

/// The picture for Mermaid; `label` gives a job's text.
pub fn mermaid(picture: &Picture, label: impl Fn(&JobId) -> String) -> String {
    let place: HashMap<&JobId, usize> = picture.jobs.iter().enumerate().map(|(i, id)| (id, i)).collect();
    let mut out = String::from("graph LR\n");
    for id in &picture.jobs {
        // Mermaid reads entities inside quotes and nothing else.
        let text = label(id).replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        out += &format!("  n{}[\"{text}\"]\n", place[id]);
    }
    for edge in &picture.edges {
        out += &format!("  n{} --> n{}\n", place[&edge.on], place[&edge.from]);
    }
    out
}
