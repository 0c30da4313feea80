//! The second layer: lists that follow from the replica and from what is asked of it.
//!
//! Everything that costs time in the number of jobs is made here at once, by a pure function of a request, so
//! that it can run beside the screen: nothing that is drawn depends on how many jobs there are. A list holds
//! names; rows are looked up when they are drawn.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::board::{Cards, deal};
use super::budget::window_span;
use super::column::{ColumnRow, Key};
use super::fleet::{Demand, demands};
use super::graph::{GraphSeen, GraphWish, graph_rows, graph_seen};
use super::listing::Step;
use crate::fleet::{Claimant, Job, Now, State};
use crate::insight::{
    Alert, Aside, Filter, Foremost, LOG_AHEAD_MOST, Need, Rejected, Scene, Spending, Tally, actionable,
    alerts, critical_jobs, foremost, needs_you, rejected, spending,
};
use crate::job::{HolderId, JobId, Stage};
use crate::time::{Span, Stamp};

/// Recently ended jobs that any screen shows.
const RECENT_MOST: usize = 50;
/// With more jobs than this the lists are made beside the screen, not between two frames.
pub const INLINE_MOST: usize = 2_000;

/// What lists are made from.
#[derive(Clone, Debug)]
pub struct Request {
    /// Rises with every request; a late answer is told by it.
    pub generation: u64,
    /// The replica.
    pub state: Arc<State>,
    /// Holders that are gone.
    pub gone: Arc<HashSet<HolderId>>,
    /// Running jobs whose files were changed meanwhile.
    pub edited: Arc<HashSet<JobId>>,
    /// Agents that live.
    pub agents: Arc<Vec<Claimant>>,
    /// Whether those are the agents of that moment; of the past only jobs are kept.
    pub knows_agents: bool,
    /// Files that are no jobs, and edits that are not used.
    pub rejected: Arc<Vec<Rejected>>,
    /// Jobs whose worktree no living agent saves.
    pub at_risk: Arc<BTreeSet<JobId>>,
    /// The moment.
    pub now: Now,
    /// What the list of jobs lets through.
    pub filter: Filter,
    /// Its order.
    pub sort: Sort,
    /// Shipped jobs too.
    pub shipped: bool,
    /// The cards of the board too.
    pub board: bool,
    /// Who spent what since then, where it is on the screen.
    pub spent_since: Option<Stamp>,
    /// What is to be drawn of the dependencies, where they are on the screen.
    pub graph: Option<GraphWish>,
    /// What the picture of them lets through.
    pub graph_filter: Filter,
    /// What the line asks for too, where it is on the screen.
    pub demands: bool,
    /// What can be acted upon and the foremost chain too, where there is room for both; and which jobs are watched.
    pub ahead: Option<Vec<JobId>>,
    /// The rows that are on the screens.
    pub shown: PerList<Arc<Vec<JobId>>>,
}

/// One of each list that has a cursor.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct PerList<T> {
    pub jobs: T,
    pub needs: T,
    pub running: T,
    pub actionable: T,
    pub recent: T,
    pub graph: T,
}

/// A column and a direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sort {
    /// The column.
    pub by: &'static ColumnRow,
    /// From the greatest down.
    pub down: bool,
}

/// Every list.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// The request it answers.
    pub generation: u64,
    /// The list of jobs, filtered and sorted.
    pub jobs: Arc<Vec<JobId>>,
    /// The same by stage, for the board; empty unless it was asked for.
    pub board: Arc<Cards>,
    /// Jobs hidden only for being shipped.
    pub hidden: usize,
    /// What waits for a person, oldest first; jobs that only wait to be shipped are not in it.
    pub needs: Arc<Vec<Need>>,
    /// Jobs in testing that wait for ship, oldest first.
    pub to_ship: Arc<Vec<JobId>>,
    /// Held jobs, those that run longest first.
    pub running: Arc<Vec<JobId>>,
    /// Ended jobs, the last first.
    pub recent: Arc<Vec<JobId>>,
    /// What is wrong around the jobs.
    pub alerts: Vec<Alert>,
    /// When time alone may change that, if it can (wall).
    pub alerts_until: Option<Stamp>,
    /// Who spent what, where it was asked for.
    pub spending: Spending,
    /// What tags say that no job's record does.
    pub aside: Arc<Aside>,
    /// What follows from the dependencies, where it was asked for.
    pub graph: Arc<GraphSeen>,
    /// What the line asks for, where that was asked for.
    pub demands: Arc<Vec<Demand>>,
    /// The chain that is worth a look, where that was asked for.
    pub foremost: Option<Arc<Foremost>>,
    /// The lists with a cursor.
    pub rows: PerList<Arc<Vec<JobId>>>,
    /// What they do to the rows that were on the screens.
    pub steps: PerList<Step>,
}

/// Makes every list.
pub fn lists(of: &Request) -> Lists {
    let gone = |holder: &HolderId| of.gone.contains(holder);
    let edited = |job: &Job| of.edited.contains(&job.id);
    let at_risk = BTreeSet::clone(&of.at_risk);
    let aside = Arc::new(Aside { at_risk, critical: critical_jobs(&of.state, of.now) });
    let (state, now, hosts) = (&*of.state, of.now, of.agents.as_slice());
    let scene = Scene { state, now, hosts, gone: &gone, edited: &edited, aside: &aside };
    let (jobs, hidden) = chosen(of, &scene);
    let lets = |job: &Job| of.graph_filter.lets(job, &scene);
    let mut needs = needs_you(&scene);
    needs.sort_by(|a, b| a.since.cmp(&b.since).then(a.job.cmp(&b.job)));
    // One that could not be shipped has a reason of its own to tell.
    let waits =
        |job: &Job| job.stage == Stage::Testing && job.awaited_pr().is_none() && !job.failed_to_ship();
    let ships = |need: &Need| of.state.job(&need.job).is_some_and(waits);
    let (to_ship, needs): (Vec<Need>, Vec<Need>) = needs.into_iter().partition(ships);
    let graph = of.graph.as_ref().map(|wish| graph_seen(&of.state, of.now, wish, &lets)).unwrap_or_default();
    let jobs = Arc::new(jobs);
    let running = Arc::new(by_since(&of.state, |job| job.stage.is_held(), usize::MAX, false));
    let recent = Arc::new(by_since(&of.state, |job| job.stage.is_ended(), RECENT_MOST, true));
    // All that only wait to be shipped are one row, which stands for the oldest.
    let need_rows = needs.iter().chain(to_ship.first()).map(|need| need.job.clone()).collect();
    let ahead = of.ahead.as_ref().map(|watched| foremost(&of.state, watched, of.now)).unwrap_or_default();
    let next = of.ahead.as_ref().map(|_| actionable(&of.state, of.now, &of.agents)).unwrap_or_default();
    let rows = PerList {
        actionable: Arc::new(next),
        jobs: Arc::clone(&jobs),
        needs: Arc::new(need_rows),
        running: Arc::clone(&running),
        recent: Arc::clone(&recent),
        graph: graph_rows(&graph),
    };
    let agents: &[Claimant] = if of.knows_agents { &of.agents } else { &[] };
    let mut wrong = alerts(&of.state, of.now, agents);
    wrong.extend(rejected(&of.rejected));
    Lists {
        generation: of.generation,
        alerts: wrong,
        alerts_until: alerts_until(&of.state, of.now.wall),
        board: Arc::new(if of.board { deal(&of.state, &jobs) } else { Cards::new() }),
        jobs,
        hidden,
        needs: Arc::new(needs),
        to_ship: Arc::new(to_ship.into_iter().map(|need| need.job).collect()),
        running,
        demands: Arc::new(if of.demands { demands(&of.state) } else { Vec::new() }),
        spending: of.spent_since.map(|from| spending(&of.state, from)).unwrap_or_default(),
        graph: Arc::new(graph),
        aside: Arc::clone(&aside),
        foremost: ahead.map(Arc::new),
        recent,
        steps: steps(of, &rows),
        rows,
    }
}

/// An account that opens by itself, a window of ceilings that is over, a clock that catches up.
fn alerts_until(state: &State, wall: Stamp) -> Option<Stamp> {
    let product = &state.product;
    let capped = product.ceiling.is_some() || product.engines.values().any(|money| money.ceiling.is_some());
    let window = capped.then(|| window_span(product.window, wall).1).flatten();
    let behind = state.at > wall.plus(LOG_AHEAD_MOST);
    let clock = behind.then(|| wall.plus(Span::from_secs(1)));
    let opening = state.next_opening().filter(|at| *at > wall);
    [window, clock, opening].into_iter().flatten().min()
}

fn steps(of: &Request, rows: &PerList<Arc<Vec<JobId>>>) -> PerList<Step> {
    let step =
        |shown: &Arc<Vec<JobId>>, new: &[JobId]| Step::of(shown, new, |id| of.state.jobs.contains_key(id));
    PerList {
        jobs: step(&of.shown.jobs, &rows.jobs),
        needs: step(&of.shown.needs, &rows.needs),
        running: step(&of.shown.running, &rows.running),
        actionable: step(&of.shown.actionable, &rows.actionable),
        recent: step(&of.shown.recent, &rows.recent),
        graph: step(&of.shown.graph, &rows.graph),
    }
}

fn chosen(of: &Request, scene: &Scene<'_>) -> (Vec<JobId>, usize) {
    let with_shipped = of.shipped || of.filter.names_stages();
    let mut tally = Tally::default();
    let mut rows: Vec<(Key, &Job)> = Vec::new();
    for job in of.state.jobs.values() {
        if !of.filter.lets(job, scene) {
            continue;
        }
        tally.count(job);
        if job.stage == Stage::Shipped && !with_shipped {
            continue;
        }
        rows.push(((of.sort.by.key)(job, scene), job));
    }
    rows.sort_by(|(a, x), (b, y)| {
        let order = match (a, b) {
            // Unknown stays last, whichever way it is turned.
            (Key::Unknown, _) | (_, Key::Unknown) => a.cmp(b),
            _ if of.sort.down => b.cmp(a),
            _ => a.cmp(b),
        };
        order.then_with(|| (x.stage, x.since).cmp(&(y.stage, y.since))).then_with(|| x.id.cmp(&y.id))
    });
    let hidden = if with_shipped { 0 } else { tally.shipped };
    // Not out of the rows themselves: the names would keep the room of the keys.
    (rows.iter().map(|row| row.1.id.clone()).collect(), hidden)
}

fn by_since(state: &State, has: impl Fn(&Job) -> bool, most: usize, newest: bool) -> Vec<JobId> {
    let mut found: Vec<(Stamp, &JobId)> =
        state.jobs.values().filter(|job| has(job)).map(|job| (job.since, &job.id)).collect();
    found.sort_unstable();
    if newest {
        found.reverse();
    }
    found.into_iter().take(most).map(|row| row.1.clone()).collect()
}
