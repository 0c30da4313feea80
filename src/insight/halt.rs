//! Why the whole queue stands still, and the commands that set it going again.

use crate::fleet::{Now, State, Window};
use crate::job::{JobId, usd};
use crate::time::Stamp;

/// Something that lets no job of the queue start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Halt {
    /// What it is, completing "the queue is".
    pub what: String,
    /// The commands that end it.
    pub verb: String,
}

/// Lets it go on, where nothing else is in the way.
const RESUME: &str = "aq budget resume local";

/// What holds the queue as a whole now. A pause comes first: it also stops what runs.
pub fn halt(state: &State, now: Now) -> Option<Halt> {
    let product = &state.product;
    // Resumed with a ceiling that is used up, it would stop again at the next cent.
    let used_up = product.ceiling.filter(|ceiling| state.spent_in_window(now.wall) >= *ceiling);
    if let Some((_, reason, ..)) = &product.paused {
        let verb = match used_up {
            Some(_) => format!("aq budget set local --ceiling MORE, then {RESUME}"),
            None => RESUME.to_string(),
        };
        return Some(Halt { what: format!("paused: {reason}"), verb });
    }
    if !product.suspended.is_empty() {
        let what = format!("suspended: {} vanished", files(product.suspended.len()));
        return Some(Halt { what, verb: RESUME.to_string() });
    }
    used_up.map(|ceiling| Halt {
        what: format!("held by its ceiling: {} is used up", usd(ceiling)),
        verb: "aq budget set local --ceiling MORE".to_string(),
    })
}

/// What a ceiling set now would stop at once: it is below what is spent already.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stops {
    /// What is spent in its window, millionths of a dollar.
    pub spent: u64,
    /// The jobs that run.
    pub running: Vec<JobId>,
}

impl Stops {
    /// In words: `$8.00 is spent already: the queue pauses at once, and 2 running jobs are checkpointed and wait`.
    pub fn words(&self) -> String {
        let spent = usd(self.spent);
        let jobs = match self.running.len() {
            0 => String::new(),
            1 => ", and 1 running job is checkpointed and waits".to_string(),
            n => format!(", and {n} running jobs are checkpointed and wait"),
        };
        format!("{spent} is spent already: the queue pauses at once{jobs}")
    }
}

/// What that ceiling would stop if it were set now; `None`: nothing.
pub fn stops_at(state: &State, ceiling: Option<u64>, window: Window, wall: Stamp) -> Option<Stops> {
    let spent = state.spent_in(window, wall);
    ceiling.filter(|ceiling| spent >= *ceiling && state.product.paused.is_none())?;
    let running = state.held().map(|row| row.0).filter(|job| job.stage.is_held());
    Some(Stops { spent, running: running.map(|job| job.id.clone()).collect() })
}

fn files(count: usize) -> String {
    if count == 1 { "1 waiting file".to_string() } else { format!("{count} waiting files") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    #[track_caller]
    fn check(script: &str, expected: &str) {
        let scene = Scene::script(script);
        let said = halt(&scene.state, scene.now()).map(|halt| format!("{} ({})", halt.what, halt.verb));
        assert_eq!(said.unwrap_or_default(), expected);
    }

    #[test]
    fn what_holds_the_queue_names_the_way_out() {
        check("job a", "");
        check("job a | pause", "paused: paused by a person (aq budget resume local)");
        check("job a | suspend a", "suspended: 1 waiting file vanished (aq budget resume local)");
        let over = "job a | ceiling 1 | claim | start a | progress a usd=2";
        check(
            over,
            "paused: ceiling $1.00 reached (aq budget set local --ceiling MORE, then aq budget resume local)",
        );
        check(
            &format!("{over} | resume"),
            "held by its ceiling: $1.00 is used up (aq budget set local --ceiling MORE)",
        );
        check(&format!("{over} | ceiling 5"), "paused: ceiling $1.00 reached (aq budget resume local)");
    }
}
