//! Jobs as a snapshot has them: what many of them have in common is kept once.
//!
//! Ten thousand jobs of one queue name a handful of submitters, settings and reasons. Each is shared as soon as
//! its job was read: what is given up at once is used for the next job, what is given up at the end stays a hole.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use imbl::OrdMap;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::job::Job;
use crate::job::{BlobId, JobId};

/// Different texts of a kind that are looked for again: where there are more, they seldom come again.
const SHARED_MOST: usize = 1_024;

/// What was read so far.
#[derive(Default)]
struct Before {
    texts: BTreeSet<Arc<str>>,
    blobs: BTreeSet<BlobId>,
}

impl Before {
    fn share(&mut self, id: &mut JobId, job: &mut Job) {
        if *id == job.id {
            *id = job.id.clone();
        }
        share(&mut self.blobs, &mut job.effective);
        share(&mut self.texts, &mut job.by.name);
        share(&mut self.texts, &mut job.why);
    }
}

fn share<T: Ord + Clone>(before: &mut BTreeSet<T>, it: &mut T) {
    match before.get(it) {
        Some(same) => *it = same.clone(),
        None if before.len() < SHARED_MOST => drop(before.insert(it.clone())),
        None => {}
    }
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
            let (mut jobs, mut before) = (OrdMap::new(), Before::default());
            while let Some((mut id, mut job)) = rows.next_entry::<JobId, Job>()? {
                before.share(&mut id, &mut job);
                jobs.insert(id, Arc::new(job));
            }
            Ok(jobs)
        }
    }
    from.deserialize_map(Jobs)
}

#[cfg(test)]
mod tests {
    use super::super::{Actor, ActorKind, Event, State, What};
    use super::*;
    use crate::job::{Spec, Stage};
    use crate::time::Stamp;

    #[test]
    fn what_jobs_have_in_common_is_kept_once() {
        let mut state = State::default();
        for name in ["a", "b"] {
            let what = What::JobSubmitted {
                job: JobId::from(name),
                spec: Arc::new(Spec::titled(name)),
                body: BlobId::from(name),
                effective: BlobId::from("same"),
                file: None,
                deps: Vec::new(),
                parent: None,
                reviews: None,
                stage: Stage::Queued,
            };
            let by = Actor::new(ActorKind::Person, "ann");
            state.apply(&Event { at: Stamp::from_millis(1), by, key: None, note: None, what }).expect("fits");
        }
        let text = serde_json::to_string(&state).expect("plain data");
        let read: State = serde_json::from_str(&text).expect("reads back");
        assert_eq!(read, state);
        let (a, b) = (&read.jobs["a"], &read.jobs["b"]);
        assert_eq!(a.effective.as_str().as_ptr(), b.effective.as_str().as_ptr());
        assert!(Arc::ptr_eq(&a.why, &b.why) && Arc::ptr_eq(&a.by.name, &b.by.name));
        let names = read.jobs.iter().map(|(id, job)| id.is_same(&job.id));
        assert_eq!(names.collect::<Vec<_>>(), [true, true]);
    }
}
