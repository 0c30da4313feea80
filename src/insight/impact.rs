//! How much stands behind a job: who cannot be done before it is.

use std::collections::HashSet;

use crate::fleet::State;
use crate::job::JobId;

/// So many are counted: more than that is "very many" to everybody.
pub const BEHIND_MOST: usize = 200;

/// How many jobs that are not over wait for `id`, directly or not; counted up to `most`.
pub fn behind(state: &State, id: &JobId, most: usize) -> usize {
    behind_all(state, &[id], most)
}

/// The same of several, which are not counted themselves.
pub fn behind_all(state: &State, ids: &[&JobId], most: usize) -> usize {
    let mut seen: HashSet<&JobId> = ids.iter().copied().collect();
    let (own, mut queue) = (seen.len(), ids.to_vec());
    while let Some(next) = queue.pop() {
        for waiter in state.waiters(next) {
            let open = state.job(waiter).is_some_and(|job| !job.stage.is_ended());
            if open && seen.insert(waiter) {
                if seen.len() >= own + most {
                    return most;
                }
                queue.push(waiter);
            }
        }
    }
    seen.len() - own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    #[test]
    fn everybody_behind_counts_once() {
        let scene = Scene::script(
            "job a | job l deps=a | job r deps=a | job top deps=l,r | job gone deps=a | cancel gone",
        );
        let check = |id: &str, most, expected| {
            assert_eq!(behind(&scene.state, &JobId::from(id), most), expected, "{id}");
        };
        check("a", 100, 3);
        check("l", 100, 1);
        check("top", 100, 0);
        check("a", 2, 2);
    }
}
