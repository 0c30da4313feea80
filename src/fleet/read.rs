//! A state as a snapshot has it: in portions that are read each by itself, so that several can be read at once.
//!
//! Jobs and receipts are rows in the order of their maps. A row that another map names too is named there by its
//! place: who reads it looks nothing up, compares no names and has each in memory once. Maps are made of rows in
//! their order and have no room to spare.
//! Rejected: the state as one text. It cannot be read by two at once, has each name up to four times, and finding
//! those that are equal took as long as reading them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::job::Job;
use super::known::Known;
use super::state::{Index, State};
use crate::job::{IdempotencyKey, JobId, Seq, Stem};
use crate::time::Stamp;

/// Jobs of one portion: several for each thread that reads, and enough that names in common are worth sharing.
const JOBS_MOST: usize = 4_096;

/// A part of a state.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Portion {
    /// All that is not in the others.
    Rest(Box<Rest>),
    /// Receipts by their key, with the moment each was given.
    Receipts(Vec<(IdempotencyKey, Seq, Stamp)>),
    /// Jobs by their name.
    Jobs(#[serde(deserialize_with = "read_jobs")] Vec<Arc<Job>>),
}

/// What is neither a job nor a receipt, and the order of what is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rest {
    /// The state without what is told by rows.
    state: State,
    /// By their stem: places of jobs that are the latest under the stem of their own file.
    stems: Vec<usize>,
    /// By their age: places of receipts.
    aged: Vec<usize>,
}

/// Reads jobs, names that are equal once. Each is made small as soon as it was read: what is given up at once is
/// used for the next job, what is given up at the end stays a hole.
fn read_jobs<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Arc<Job>>, D::Error> {
    struct Jobs;

    impl<'de> Visitor<'de> for Jobs {
        type Value = Vec<Arc<Job>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("jobs")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Self::Value, A::Error> {
            let (mut jobs, mut known) = (Vec::new(), Known::default());
            while let Some(mut job) = rows.next_element::<Job>()? {
                tighten(&mut known, &mut job);
                jobs.push(Arc::new(job));
            }
            Ok(jobs)
        }
    }
    from.deserialize_seq(Jobs)
}

/// Lists grow ahead of what is put into them; those of a snapshot seldom grow again.
fn tighten(known: &mut Known, job: &mut Job) {
    known.share_all(job);
    job.deps.shrink();
    job.children.shrink();
    job.attempts.shrink();
}

impl State {
    /// It in portions, for a snapshot.
    pub fn portions(&self) -> Vec<Portion> {
        let mut rest = State { jobs: OrdMap::new(), ..self.clone() };
        let stems = own_stems(self, &mut rest);
        let (receipts, aged) = receipts(self, &mut rest);
        let rest = Portion::Rest(Box::new(Rest { state: rest, stems, aged }));
        let jobs: Vec<Arc<Job>> = self.jobs.values().cloned().collect();
        let jobs = jobs.chunks(JOBS_MOST).map(<[Arc<Job>]>::to_vec);
        [rest, Portion::Receipts(receipts)].into_iter().chain(jobs.map(Portion::Jobs)).collect()
    }

    /// The state of all its portions, in their order, with its indexes; `None` if they do not fit each other.
    pub fn of_portions(portions: impl IntoIterator<Item = Portion>) -> Option<State> {
        let all = Gathered::of(portions)?;
        let (names, index) = (all.names()?, all.index());
        Some(all.state(names, index))
    }
}

/// All portions of a state, put together. What is made of them in two parts can be made by two at once, for making
/// maps of a hundred thousand jobs takes as long as reading them.
pub struct Gathered {
    rest: Rest,
    receipts: Vec<(IdempotencyKey, Seq, Stamp)>,
    jobs: Vec<Arc<Job>>,
}

/// The maps of jobs and of what means them.
pub struct Names {
    stems: OrdMap<Stem, JobId>,
    receipts: OrdMap<IdempotencyKey, Seq>,
    receipts_by_age: OrdSet<(Stamp, IdempotencyKey)>,
    jobs: OrdMap<JobId, Arc<Job>>,
}

/// The derived maps of jobs.
pub struct Derived(Index);

impl Gathered {
    /// Puts them together in their order; `None` without what they hang on.
    pub fn of(portions: impl IntoIterator<Item = Portion>) -> Option<Gathered> {
        let (mut rest, mut receipts, mut jobs) = (None, Vec::new(), Vec::new());
        for portion in portions {
            match portion {
                Portion::Rest(it) => rest = Some(*it),
                Portion::Receipts(rows) => receipts.extend(rows),
                Portion::Jobs(rows) => jobs.extend(rows),
            }
        }
        Some(Gathered { rest: rest?, receipts, jobs })
    }

    /// The maps; `None` if a place names no row.
    pub fn names(&self) -> Option<Names> {
        let stem = |at: &usize| {
            let job = self.jobs.get(*at)?;
            Some((job.file.as_ref()?.without(".md"), job.id.clone()))
        };
        let named: Vec<_> = self.rest.stems.iter().map(stem).collect::<Option<_>>()?;
        let age = |at: &usize| self.receipts.get(*at).map(|row| (row.2, row.0.clone()));
        let aged: Vec<_> = self.rest.aged.iter().map(age).collect::<Option<_>>()?;
        Some(Names {
            stems: filling(named).collect(),
            receipts: filling(&self.receipts).map(|row| (row.0.clone(), row.1)).collect(),
            receipts_by_age: filling(aged).collect(),
            jobs: filling(&self.jobs).map(|job| (job.id.clone(), Arc::clone(job))).collect(),
        })
    }

    /// The derived maps.
    pub fn index(&self) -> Derived {
        Derived(Index::of(self.jobs.iter().map(|job| &**job)))
    }

    /// The state, of what was made of it.
    pub fn state(self, names: Names, derived: Derived) -> State {
        let mut state = self.rest.state;
        let (stems, receipts) = (std::mem::take(&mut state.stems), std::mem::take(&mut state.receipts));
        let aged = std::mem::take(&mut state.receipts_by_age);
        (state.stems, state.receipts, state.receipts_by_age) =
            (names.stems, names.receipts, names.receipts_by_age);
        state.stems.extend(stems);
        state.receipts.extend(receipts);
        state.receipts_by_age.extend(aged);
        (state.jobs, state.index) = (names.jobs, derived.0);
        state
    }
}

/// Places of the jobs that a stem means by their file; `rest` keeps what else stems mean.
fn own_stems(of: &State, rest: &mut State) -> Vec<usize> {
    let places: HashMap<&JobId, usize> = of.jobs.keys().enumerate().map(|(at, id)| (id, at)).collect();
    let mut own = Vec::with_capacity(of.stems.len());
    rest.stems = OrdMap::new();
    for (stem, id) in &of.stems {
        let file = of.jobs.get(id).and_then(|job| job.file.as_ref());
        match places.get(id).filter(|_| file.is_some_and(|file| file.without(".md") == *stem)) {
            Some(at) => own.push(*at),
            None => drop(rest.stems.insert(stem.clone(), id.clone())),
        }
    }
    own
}

/// Receipts with their moment, and their places by age; `rest` keeps those that have none.
fn receipts(of: &State, rest: &mut State) -> (Vec<(IdempotencyKey, Seq, Stamp)>, Vec<usize>) {
    let moments: HashMap<&IdempotencyKey, Stamp> =
        of.receipts_by_age.iter().map(|row| (&row.1, row.0)).collect();
    let (mut rows, mut places) = (Vec::with_capacity(of.receipts.len()), HashMap::new());
    (rest.receipts, rest.receipts_by_age) = (OrdMap::new(), OrdSet::new());
    for (key, seq) in &of.receipts {
        match moments.get(key) {
            Some(at) => {
                places.insert(key, rows.len());
                rows.push((key.clone(), *seq, *at));
            }
            None => drop(rest.receipts.insert(key.clone(), *seq)),
        }
    }
    let mut aged = Vec::with_capacity(rows.len());
    for row in &of.receipts_by_age {
        match places.get(&row.1) {
            Some(at) => aged.push(*at),
            None => drop(rest.receipts_by_age.insert(row.clone())),
        }
    }
    (rows, aged)
}

/// Rows in an order that makes a map of full nodes of them. The next row halves a node that is full, so of rows
/// in their order every second one makes nodes that are half full, and the others fill them.
pub(super) fn filling<T>(rows: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
    let mut nth = 0;
    let (first, others): (Vec<T>, Vec<T>) = rows.into_iter().partition(|_| {
        nth += 1;
        nth % 2 == 1
    });
    first.into_iter().chain(others)
}

#[cfg(test)]
mod tests {
    use super::super::{Actor, ActorKind, Event, What};
    use super::*;
    use crate::job::{BlobId, Spec, Stage};

    #[test]
    fn what_jobs_have_in_common_is_kept_once() {
        let mut state = State::default();
        for name in ["a", "b"] {
            let key = Some(IdempotencyKey::new(name));
            let what = What::JobSubmitted {
                job: JobId::from(name),
                spec: Arc::new(Spec::titled(name)),
                body: BlobId::from(name),
                effective: BlobId::from("same"),
                file: Some(format!("{name}.md")),
                deps: Vec::new(),
                parent: None,
                reviews: None,
                stage: Stage::Queued,
            };
            let by = Actor::new(ActorKind::Person, "ann");
            state.apply(&Event { at: Stamp::from_millis(1), by, key, note: None, what }).expect("fits");
        }
        let again = |portion: Portion| -> Portion {
            let text = serde_json::to_string(&portion).expect("plain data");
            serde_json::from_str(&text).expect("reads back")
        };
        // What stems, receipts and their ages mean beyond the rows comes back too.
        state.stems.insert("gone".into(), JobId::from("archived"));
        state.stems.insert("b".into(), JobId::from("a"));
        state.receipts.insert(IdempotencyKey::new("ageless"), 1);
        state.receipts_by_age.insert((Stamp::from_millis(2), IdempotencyKey::new("unknown")));
        let read = State::of_portions(state.portions().into_iter().map(again)).expect("fits");
        assert_eq!((&read, read.index_is_true()), (&state, true));
        assert!(State::of_portions(state.portions().into_iter().skip(1)).is_none(), "without its rest");
        assert!(State::of_portions(state.portions().into_iter().take(2)).is_none(), "without its jobs");
        let (a, b) = (&read.jobs["a"], &read.jobs["b"]);
        assert!(a.why.is_same(&b.why) && a.by.name.is_same(&b.by.name));
        assert!(Arc::ptr_eq(a.spec.terms(), b.spec.terms()));
        let stem = read.stems.get_key_value("a").map(|row| (row.0.as_ptr(), row.1.is_same(&a.id)));
        assert_eq!(stem, a.file.as_ref().map(|file| (file.as_ptr(), true)), "the file's own");
        for (_, aged) in read.receipts_by_age.iter().take(2) {
            let key = read.receipts.get_key_value(aged).map(|row| row.0.as_str().as_ptr());
            assert_eq!(key, Some(aged.as_str().as_ptr()));
        }
        let names = read.jobs.iter().map(|(id, job)| id.is_same(&job.id));
        assert_eq!(names.collect::<Vec<_>>(), [true, true]);
    }
}
