//! The past, made anew from events: the state at a moment, and jobs that have left the hot state.

use std::sync::Arc;

use imbl::OrdMap;

use crate::fleet::{Broken, Event, Job, State, What};
use crate::job::{JobId, Seq};
use crate::time::Stamp;

/// A state that is moved forward event by event.
#[derive(Default)]
pub struct Past {
    /// The state after what was taken so far.
    pub state: State,
    /// Archived jobs as they last were.
    pub archived: OrdMap<JobId, Arc<Job>>,
}

impl Past {
    /// Takes the next event.
    ///
    /// # Errors
    /// [`Broken`] if it cannot follow.
    pub fn take(&mut self, event: &Event) -> Result<(), Broken> {
        if let What::JobsArchived { jobs } = &event.what {
            for id in jobs {
                if let Some(job) = self.state.jobs.get(id) {
                    self.archived.insert(id.clone(), Arc::clone(job));
                }
            }
        }
        self.state.apply(event)
    }
}

/// The state after the last event at or before `at`. `events` are those that follow the state `begin`.
///
/// # Errors
/// [`Broken`] if the events do not fit each other.
pub fn state_at(begin: State, events: &[(Seq, Event)], at: Stamp) -> Result<State, Broken> {
    let mut past = Past { state: begin, ..Past::default() };
    for (_, event) in events.iter().take_while(|row| row.1.at <= at) {
        past.take(event)?;
    }
    Ok(past.state)
}

/// Archived jobs as they last were. `events` are those that follow the state `begin`.
///
/// # Errors
/// [`Broken`] if the events do not fit each other.
pub fn jobs_ever(begin: State, events: &[(Seq, Event)]) -> Result<OrdMap<JobId, Arc<Job>>, Broken> {
    let mut past = Past { state: begin, ..Past::default() };
    for (_, event) in events {
        past.take(event)?;
    }
    Ok(past.archived)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    #[test]
    fn the_past_is_the_state_of_then() {
        let scene = Scene::script("job a | pass 1h | job b | cancel a");
        let log: Vec<(Seq, Event)> = (1..).zip(scene.events.clone()).collect();
        let then = state_at(State::default(), &log, scene.job("a").submitted).expect("replays");
        assert_eq!((then.jobs.len(), then.jobs.get("a").map(|j| j.stage.name())), (1, Some("queued")));
        let now = state_at(State::default(), &log, scene.now().law).expect("replays");
        assert_eq!(now.hash(), scene.state.hash());
    }
}
