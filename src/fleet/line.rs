//! The line: jobs in the order in which a claim looks at them, without sorting the queue.
//!
//! All but its age makes the score of a job equal to that of its *kind*: the same class, needs, wishes, engine,
//! price, and host of its checkpoint. Age only ever lifts a job, in class and in score, so within a kind the
//! older is always before the younger, and the line of each kind is kept in the index by age. A claim weighs
//! each kind once, at its oldest job, and merges the lines from their heads: what stands behind the winner is
//! not looked at. Its cost goes with the number of kinds, of which a queue has a handful, not with that of jobs.
//! Rejected: keeping jobs by score, which changes with every grant, and with time.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use imbl::ordset::RangedIter;
use imbl::shared_ptr::DefaultSharedPtr;

use super::command::{Claimant, Now};
use super::job::Job;
use super::pick::{engine_for, has_all};
use super::score::{Rank, Scale, Score, home, price, rank};
use super::state::State;
use crate::job::JobId;
use crate::time::Stamp;

/// A number for all that the score and the host's gates of a job go by but its age. Only ever compared within
/// one process. Two kinds that met in one number would share a line, which both would still leave in turn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Kind(u64);

impl Kind {
    /// The kind of a job.
    pub fn of(job: &Job) -> Kind {
        let (spec, hash) = (&job.spec, &mut DefaultHasher::new());
        (spec.priority, &spec.engine, spec.engine_class, &spec.prefers_engine).hash(hash);
        (spec.capabilities.as_slice(), spec.prefers.as_slice()).hash(hash);
        (price(job), home(job)).hash(hash);
        // Who may review goes by who made the work; who is let try, by what was closed until then.
        (job.subject.as_ref().map(|subject| &subject.job), job.tries).hash(hash);
        Kind(hash.finish())
    }
}

/// A job in the index of the line.
pub(super) type Row = (Kind, Stamp, JobId);

/// The line from its head on, merged as it is asked for.
pub struct InLine<'a> {
    state: &'a State,
    now: Stamp,
    heads: BinaryHeap<Head<'a>>,
}

/// The oldest job of a kind that was not given out yet.
struct Head<'a> {
    rank: Rank<'a>,
    job: &'a Job,
    score: Score,
    ageless: Score,
    kind: Kind,
    rest: RangedIter<'a, Row, DefaultSharedPtr>,
}

impl<'a> InLine<'a> {
    /// The line of those kinds that `weigh` gives an ageless score; it is shown the oldest job of each, and how
    /// many there are.
    pub(super) fn of(
        state: &'a State,
        now: Now,
        mut weigh: impl FnMut(&'a Job, u32) -> Option<Score>,
    ) -> InLine<'a> {
        let mut heads = Vec::new();
        let (now, first) = (now.law, JobId::from(""));
        for (kind, many) in &state.index.kinds {
            let mut rest = state.index.ready.range((*kind, Stamp::from_millis(i64::MIN), first.clone())..);
            let Some(job) = next_of(state, *kind, &mut rest) else { continue };
            let Some(ageless) = weigh(job, *many) else { continue };
            let (rank, score) = rank(job, &ageless, now);
            heads.push(Head { rank, job, score, ageless, kind: *kind, rest });
        }
        InLine { state, now, heads: heads.into() }
    }
}

/// The oldest job of each kind that is in the line, and how many there are: what holds of a kind for its needs
/// need not be asked of every job.
pub fn kinds_in_line(state: &State) -> impl Iterator<Item = (&Job, u32)> {
    state.index.kinds.iter().filter_map(|(kind, many)| {
        let first = (*kind, Stamp::from_millis(i64::MIN), JobId::from(""));
        next_of(state, *kind, &mut state.index.ready.range(first..)).map(|job| (job, *many))
    })
}

fn next_of<'a>(
    state: &'a State,
    kind: Kind,
    rest: &mut RangedIter<'a, Row, DefaultSharedPtr>,
) -> Option<&'a Job> {
    rest.next().filter(|row| row.0 == kind).and_then(|row| state.job(&row.2))
}

impl<'a> Iterator for InLine<'a> {
    type Item = (&'a Job, Score);

    fn next(&mut self) -> Option<(&'a Job, Score)> {
        let mut head = self.heads.peek_mut()?;
        let first = (head.job, head.score);
        match next_of(self.state, head.kind, &mut head.rest) {
            Some(job) => {
                (head.rank, head.score) = rank(job, &head.ageless, self.now);
                head.job = job;
            }
            None => drop(PeekMut::pop(head)),
        }
        Some(first)
    }
}

/// The least rank is the greatest of the heap.
impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.rank.cmp(&self.rank)
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Head<'_> {}

/// The line with each job's best score among those hosts that could take it, else among all; without any, only
/// what is not of a host counts. For one host it is the order of its claims.
pub fn line<'a>(state: &'a State, hosts: &[Claimant], now: Now) -> InLine<'a> {
    let scales: Vec<Scale<'_>> = hosts.iter().map(|who| Scale::of(state, Some(who), now)).collect();
    let nobody = Scale::of(state, None, now);
    InLine::of(state, now, |job, _| {
        let each = hosts.iter().zip(&scales).map(|(who, scale)| {
            let runs = engine_for(state, job, who, now);
            let score = scale.ageless(job, runs);
            ((runs.is_some() && has_all(who, job), score.total()), score)
        });
        let best = each.max_by_key(|row| row.0).map(|row| row.1);
        Some(best.unwrap_or_else(|| nobody.ageless(job, None)))
    })
}
