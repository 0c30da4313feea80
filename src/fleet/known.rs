//! What many jobs have in common, kept once: the terms of their manifests, who submitted them, why they stand where
//! they stand. Nobody can tell but by how much memory there is: what is shared equals what it takes the place of.

use std::hash::Hash;
use std::sync::Arc;

use imbl::HashMap;

use super::job::Job;
use crate::job::{Terms, Text};

/// Different ones of a kind that are looked for again. Where there are more, they seldom come again.
const MOST: usize = 1_024;

/// What came so far. A copy costs two pointers.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    texts: HashMap<Text, ()>,
    terms: HashMap<Arc<Terms>, ()>,
}

impl Known {
    /// For a job with a new manifest.
    pub fn share_all(&mut self, job: &mut Job) {
        if let Some(terms) = known(&mut self.terms, job.spec.terms()) {
            Arc::make_mut(&mut job.spec).set_terms(terms);
        }
        share(&mut self.texts, &mut job.by.name);
        self.share(job);
    }

    /// For a job that moved on.
    pub fn share(&mut self, job: &mut Job) {
        share(&mut self.texts, &mut job.why);
        if !job.attempts.is_usual()
            && let Some(attempt) = job.attempts.last_mut()
        {
            share(&mut self.texts, &mut attempt.word.0);
        }
    }
}

fn share<T: Clone + Eq + Hash>(before: &mut HashMap<T, ()>, it: &mut T) {
    if let Some(same) = known(before, it) {
        *it = same;
    }
}

/// The one that came before and equals `it`, if there is one.
fn known<T: Clone + Eq + Hash>(before: &mut HashMap<T, ()>, it: &T) -> Option<T> {
    let same = before.get_key_value(it).map(|row| row.0.clone());
    if same.is_none() {
        if before.len() >= MOST {
            before.clear();
        }
        before.insert(it.clone(), ());
    }
    same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_are_one_and_only_so_many_are_kept() {
        let mut texts = HashMap::new();
        let mut put = |text: &str| {
            let mut it = Text::new(text);
            share(&mut texts, &mut it);
            it
        };
        let first = put("a");
        assert!(first.is_same(&put("a")));
        for n in 0..2 * MOST {
            put(&n.to_string());
        }
        let again = put("a");
        assert!(!first.is_same(&again) && first == again, "let go, and found anew");
    }
}
