//! The screen of dependencies: what is drawn of them, and what follows from them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::listing::Listing;
use crate::fleet::{Job, Now, State};
use crate::insight::{
    BEHIND_MOST, CriticalPath, Estimates, Filter, Picture, Rail, Step, Tally, behind, critical_path, picture,
    rails,
};
use crate::job::{JobId, Stage};

/// How far around the focus.
pub const HOPS: usize = 2;
/// Jobs in the view by layers: more than these make no picture that can be read.
pub const LAYERED_MOST: usize = 40;
/// Jobs that hold up the most.
const BOTTLENECKS_MOST: usize = 20;

/// The screen.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Its jobs, whoever waits above what it waits for.
    pub list: Listing,
    /// Only what is near this job.
    pub focus: Option<JobId>,
    /// In layers, time to the right, instead of a row per job.
    pub layers: bool,
    /// Only the critical path.
    pub critical: bool,
    /// What stands at the right of each row.
    pub gauge: Gauge,
    /// The filter as it was typed.
    pub query: String,
    /// The terms of it that could be read.
    pub filter: Filter,
    /// A term that cannot be read, and why.
    pub bad: Option<String>,
}

/// What stands at the right of a row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Gauge {
    /// How long it may still take.
    #[default]
    Left,
    /// How much later it could be done.
    Slack,
    /// How many wait for it.
    Impact,
}

/// What is to be drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GraphWish {
    /// Only what is near this job.
    pub focus: Option<JobId>,
    /// It is drawn in layers.
    pub layers: bool,
    /// Only the critical path.
    pub critical: bool,
    /// Only what a filter lets through, as it was typed.
    pub query: String,
}

/// What follows from the dependencies.
#[derive(Clone, Debug, Default)]
pub struct GraphSeen {
    /// What it answers.
    pub wish: Option<GraphWish>,
    /// Jobs and edges.
    pub picture: Picture,
    /// The picture in lines.
    pub rails: Vec<Rail>,
    /// The line of each job.
    pub lines: HashMap<JobId, usize>,
    /// The place of each job among the jobs.
    pub places: HashMap<JobId, usize>,
    /// The plan of what is left.
    pub path: CriticalPath,
    /// The same by job.
    pub steps: HashMap<JobId, Step>,
    /// Jobs on the critical path.
    pub critical: HashSet<JobId>,
    /// How many wait for each, directly or not.
    pub behind: HashMap<JobId, usize>,
    /// Jobs that are not over and hold up others, those that hold up the most first.
    pub bottlenecks: Vec<(JobId, usize)>,
    /// Blocked jobs whose cause will not go away by itself: the job, and the cause in words.
    pub stuck: Vec<(JobId, String)>,
    /// The jobs of the picture, by whether they are shipped.
    pub tally: Tally,
    /// Jobs there would be without the filter.
    pub all: usize,
    /// There are too many jobs for layers.
    pub too_many: bool,
}

impl Graph {
    /// What is to be drawn now.
    pub fn wish(&self) -> GraphWish {
        GraphWish {
            focus: self.focus.clone(),
            layers: self.layers,
            critical: self.critical,
            query: self.query.clone(),
        }
    }
}

/// Works it all out.
pub fn graph_seen(state: &State, now: Now, wish: &GraphWish, lets: &dyn Fn(&Job) -> bool) -> GraphSeen {
    let mut picture = picture(state, wish.focus.as_ref(), HOPS);
    let path = critical_path(state, wish.focus.as_ref(), &Estimates::of(state), now);
    let critical: HashSet<JobId> =
        path.steps.iter().filter(|step| step.critical).map(|step| step.job.clone()).collect();
    if wish.critical {
        picture.jobs.retain(|id| critical.contains(id));
        picture.edges.retain(|edge| critical.contains(&edge.from) && critical.contains(&edge.on));
    }
    let all = picture.jobs.len();
    if !wish.query.is_empty() {
        let kept: HashSet<JobId> =
            picture.jobs.iter().filter(|id| state.job(id).is_some_and(lets)).cloned().collect();
        picture.jobs.retain(|id| kept.contains(id));
        picture.edges.retain(|edge| kept.contains(&edge.from) && kept.contains(&edge.on));
    }
    let behind: HashMap<JobId, usize> =
        picture.jobs.iter().map(|id| (id.clone(), behind(state, id, BEHIND_MOST))).collect();
    let is_open = |id: &JobId| state.job(id).is_some_and(|job| !holds_nothing_up(job.stage));
    let mut bottlenecks: Vec<(JobId, usize)> =
        behind.iter().filter(|row| *row.1 > 0 && is_open(row.0)).map(|row| (row.0.clone(), *row.1)).collect();
    bottlenecks.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    bottlenecks.truncate(BOTTLENECKS_MOST);
    let dead = |id: &JobId| matches!(state.stage_of(id), Some(Stage::DeadLetter | Stage::Failed) | None);
    let stuck = picture.edges.iter().filter(|edge| dead(&edge.on) && is_open(&edge.from));
    let stuck = stuck.map(|edge| (edge.from.clone(), edge.on.to_string()));
    let stuck: Vec<(JobId, String)> = stuck.chain(nameless(state, &picture.jobs)).collect();
    let too_many = wish.layers && picture.jobs.len() > LAYERED_MOST;
    let tally = Tally::of(picture.jobs.iter().filter_map(|id| state.job(id)));
    let rails = rails(&picture);
    let lines = rails.iter().enumerate().filter_map(|(nth, rail)| Some((rail.job.clone()?, nth))).collect();
    let steps = path.steps.iter().map(|step| (step.job.clone(), step.clone())).collect();
    let places = picture.jobs.iter().enumerate().map(|(nth, id)| (id.clone(), nth)).collect();
    let wish = Some(wish.clone());
    GraphSeen {
        wish,
        picture,
        rails,
        lines,
        places,
        path,
        steps,
        critical,
        behind,
        bottlenecks,
        stuck,
        tally,
        all,
        too_many,
    }
}

/// Jobs that wait for a name that nobody has.
fn nameless<'a>(state: &'a State, jobs: &'a [JobId]) -> impl Iterator<Item = (JobId, String)> + 'a {
    let blocked = jobs.iter().filter_map(|id| state.job(id)).filter(|job| job.stage == Stage::Blocked);
    let of = |job: &'a Job| {
        let unknown = job.deps.iter().filter(|dep| dep.job.is_none());
        unknown.map(|dep| (job.id.clone(), format!("{}, which no job is called", dep.name)))
    };
    blocked.flat_map(of)
}

/// A shipped job holds nothing up any more.
fn holds_nothing_up(stage: Stage) -> bool {
    stage == Stage::Shipped
}

/// The jobs of a picture, in its order.
pub fn graph_rows(seen: &GraphSeen) -> Arc<Vec<JobId>> {
    Arc::new(seen.picture.jobs.clone())
}
