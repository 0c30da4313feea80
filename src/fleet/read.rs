//! A state as a snapshot has it: names that are equal are kept once, and nothing has room to spare.
//!
//! Each job is made small as soon as it was read: what is given up at once is used for the next job, what is given
//! up at the end stays a hole.

use std::fmt;
use std::sync::Arc;

use imbl::OrdMap;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::job::Job;
use super::known::Known;
use super::state::State;
use crate::job::{IdempotencyKey, JobId, Seq, Stem};
use crate::time::Stamp;

impl State {
    /// Lets names be those of the jobs they are of, and maps be full. Nothing else changes.
    pub(super) fn tighten(&mut self) {
        let jobs = &self.jobs;
        let receipts: OrdMap<IdempotencyKey, Seq> = filling(std::mem::take(&mut self.receipts)).collect();
        let stem = |(stem, id): (Stem, JobId)| match jobs.get(&id) {
            Some(job) => {
                let own = job.file.as_ref().map(|file| file.without(".md"));
                (own.filter(|own| *own == stem).unwrap_or(stem), job.id.clone())
            }
            None => (stem, id),
        };
        self.stems = filling(std::mem::take(&mut self.stems)).map(stem).collect();
        let receipt = |(at, key): (Stamp, IdempotencyKey)| match receipts.get_key_value(&key) {
            Some((same, _)) => (at, same.clone()),
            None => (at, key),
        };
        self.receipts_by_age = filling(std::mem::take(&mut self.receipts_by_age)).map(receipt).collect();
        self.receipts = receipts;
    }
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

/// Lists grow ahead of what is put into them; those of a snapshot seldom grow again.
fn tighten(known: &mut Known, id: &mut JobId, job: &mut Job) {
    known.share_all(job);
    if *id == job.id {
        *id = job.id.clone();
    }
    job.deps.shrink();
    job.children.shrink();
    job.attempts.shrink();
}

/// Reads the jobs of a state.
///
/// # Errors
/// Those of the format.
pub(super) fn read_jobs<'de, D: Deserializer<'de>>(from: D) -> Result<OrdMap<JobId, Arc<Job>>, D::Error> {
    struct Jobs;

    impl<'de> Visitor<'de> for Jobs {
        type Value = OrdMap<JobId, Arc<Job>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("jobs by their names")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut rows: A) -> Result<Self::Value, A::Error> {
            let (mut jobs, mut known) = (Vec::new(), Known::default());
            while let Some((mut id, mut job)) = rows.next_entry::<JobId, Job>()? {
                tighten(&mut known, &mut id, &mut job);
                jobs.push((id, Arc::new(job)));
            }
            Ok(filling(jobs).collect())
        }
    }
    from.deserialize_map(Jobs)
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
        let text = serde_json::to_string(&state).expect("plain data");
        let mut read: State = serde_json::from_str(&text).expect("reads back");
        read.reindex();
        assert_eq!(read, state);
        let (a, b) = (&read.jobs["a"], &read.jobs["b"]);
        assert!(a.why.is_same(&b.why) && a.by.name.is_same(&b.by.name));
        assert!(Arc::ptr_eq(a.spec.terms(), b.spec.terms()));
        let stem = read.stems.get_key_value("a").map(|row| (row.0.as_ptr(), row.1.is_same(&a.id)));
        assert_eq!(stem, a.file.as_ref().map(|file| (file.as_ptr(), true)), "the file's own");
        let keys = read.receipts.keys().zip(&read.receipts_by_age);
        assert!(keys.into_iter().all(|(key, (_, aged))| key.as_str().as_ptr() == aged.as_str().as_ptr()));
        let names = read.jobs.iter().map(|(id, job)| id.is_same(&job.id));
        assert_eq!(names.collect::<Vec<_>>(), [true, true]);
    }
}
