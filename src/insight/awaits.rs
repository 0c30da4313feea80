//! What a waiting job waits for, in the few words of a row: the one answer of lists, pages, lines and `aq ls`.

use super::explain::host_gates;
use super::waits::{closed_words, park_words, spent_words};
use crate::fleet::{Claimant, Gate, Job, Now, State, gates, suits};
use crate::job::{JobId, Stage, usd};
use crate::time::Stamp;

/// What keeps a job from running.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Await {
    /// How it waits: `parked`, `waits`; empty where the rest says it alone.
    pub how: &'static str,
    /// Until when, where that is known.
    pub until: Option<Stamp>,
    /// For what.
    pub what: String,
}

impl Await {
    fn plainly(what: impl Into<String>) -> Await {
        Await { how: "", until: None, what: what.into() }
    }

    /// `parked until 22:00, usage limit`; `date` writes a moment.
    pub fn words(&self, date: impl Fn(Stamp) -> String) -> String {
        match (self.how, self.until) {
            ("", _) => self.what.clone(),
            (how, Some(at)) => format!("{how} until {}, {}", date(at), self.what),
            (how, None) => format!("{how}: {}", self.what),
        }
    }
}

/// What the job waits for first: a park, then the queue as a whole, other jobs, its ceilings, hosts, neighbours, a
/// slot. `hosts` are those that are there; `None` where nobody knows. `None` for a job that does not wait.
pub fn awaits(state: &State, job: &Job, now: Now, hosts: Option<&[Claimant]>) -> Option<Await> {
    if !job.stage.is_waiting() {
        return None;
    }
    if let Some(park) = &job.park {
        return Some(Await { how: "parked", until: park.until, what: park_words(park) });
    }
    let found = gates(state, job, None, now);
    // A job that is blocked would not start in a queue that goes on either.
    let whole = || queue_words(state, &found, now).map(Await::plainly);
    let first = match job.stage {
        Stage::Blocked => deps_words(&found).map(Await::plainly).or_else(whole),
        _ => whole().or_else(|| deps_words(&found).map(Await::plainly)),
    };
    let said = first
        .or_else(|| found.iter().find_map(own_words).map(Await::plainly))
        .or_else(|| hosts.and_then(|hosts| host_wait(state, job, now, hosts)))
        .or_else(|| found.iter().find_map(neighbour_words).map(Await::plainly));
    let slot = || match hosts {
        Some([]) => "no agent runs",
        Some(_) => "needs a slot",
        // Of the past nobody knows who was there.
        None => "waited for an agent",
    };
    Some(said.unwrap_or_else(|| Await::plainly(slot())))
}

/// What holds the whole queue.
fn queue_words(state: &State, found: &[Gate], now: Now) -> Option<String> {
    let ceiling = state.product.ceiling.filter(|ceiling| state.spent_in_window(now.wall) >= *ceiling);
    found.iter().find_map(|gate| match gate {
        Gate::Paused { .. } | Gate::Ceiling { .. } if ceiling.is_some() => {
            ceiling.map(|ceiling| format!("ceiling {} reached", usd(ceiling)))
        }
        Gate::Paused { .. } => Some("the queue is paused".to_string()),
        Gate::Suspended { .. } => Some("the queue is suspended".to_string()),
        _ => None,
    })
}

/// `by fix-login +2`: a job that will not come by itself says so.
fn deps_words(found: &[Gate]) -> Option<String> {
    let deps = found.iter().filter_map(|gate| match gate {
        Gate::Dep { name, job, stage } => Some((name, job.as_ref(), *stage)),
        _ => None,
    });
    // What stands in the way for good is told before what only takes its time.
    let is_dead = |stage: Option<Stage>| stage.is_none_or(|stage| stage.is_ended());
    let all: Vec<_> = deps.collect();
    let first = all.iter().find(|dep| is_dead(dep.2)).or(all.first())?;
    let more = if all.len() > 1 { format!(" +{}", all.len() - 1) } else { String::new() };
    Some(match first {
        (name, None, _) => format!("no job {name}{more}"),
        (_, Some(id), stage) => {
            let end = stage.filter(|stage| stage.is_ended()).map(|stage| format!(", {stage}"));
            format!("by {id}{}{more}", end.unwrap_or_default())
        }
    })
}

/// What it has used up, or needs.
fn own_words(gate: &Gate) -> Option<String> {
    match gate {
        Gate::Ceiling { needs: 0, .. } => Some("nothing left under the ceiling".to_string()),
        Gate::Ceiling { needs, .. } => Some(format!("no {} under the ceiling", usd(*needs))),
        Gate::EngineCeiling(spent) => Some(spent_words(spent)),
        Gate::Budget { which } => Some(format!("its {which} budget is used up")),
        Gate::Stage(_) => Some("runs through its children".to_string()),
        _ => None,
    }
}

/// Whom it would run after.
fn neighbour_words(gate: &Gate) -> Option<String> {
    let after = |holder: &JobId, why: &str| Some(format!("after {holder} ({why})"));
    match gate {
        Gate::Lock { key, holder } => after(holder, &format!("lock {key}")),
        Gate::Touches { holder, .. } => after(holder, "touches"),
        _ => None,
    }
}

/// What no host can give it; nothing where one can.
fn host_wait(state: &State, job: &Job, now: Now, hosts: &[Claimant]) -> Option<Await> {
    let gate = shuts_out(state, job, now, hosts)?;
    Some(match gate {
        Gate::Account(closed) => {
            Await { how: "waits", until: closed.closure.until, what: closed_words(&closed) }
        }
        Gate::EngineCeiling(spent) => Await::plainly(spent_words(&spent)),
        gate => Await::plainly(lack_words(&gate)?),
    })
}

/// What no host has, in words; `None` for what is no lack of a host.
pub(super) fn lack_words(gate: &Gate) -> Option<String> {
    match gate {
        Gate::Capability(capability) => Some(format!("no host has {capability}")),
        Gate::Engine(engine) => Some(format!("no host has {engine}")),
        Gate::Author { .. } => Some("no other engine to review".to_string()),
        _ => None,
    }
}

/// What keeps every one of these hosts from the job, if there are any: the first that the nearest of them lacks.
/// A closed account opens again, and so does an engine whose money is spent: a host with one comes nearer than a
/// host that lacks something, and of several the one that opens first.
pub(super) fn shuts_out(state: &State, job: &Job, now: Now, hosts: &[Claimant]) -> Option<Gate> {
    if hosts.is_empty() || hosts.iter().any(|who| suits(state, job, who, now)) {
        return None;
    }
    let order = |lacks: &Vec<Gate>| {
        let (mut lacking, mut opens) = (0, None);
        for gate in lacks {
            match gate {
                Gate::Account(closed) => opens = Some((closed.closure.until.is_none(), closed.closure.until)),
                Gate::EngineCeiling(_) => opens = Some((true, None)),
                _ => lacking += 1,
            }
        }
        (lacking, opens)
    };
    let each = hosts.iter().map(|who| host_gates(state, job, now, who));
    let opens = |gate: &Gate| matches!(gate, Gate::Account(_) | Gate::EngineCeiling(_));
    each.min_by_key(order)?.into_iter().min_by_key(opens)
}

/// What the job asks for and none of these hosts has, so that it waits for ever.
pub(super) fn has_no_host(state: &State, job: &Job, now: Now, hosts: &[Claimant]) -> Option<String> {
    shuts_out(state, job, now, hosts).as_ref().and_then(lack_words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::{Scene, claimant};

    #[track_caller]
    fn check(script: &str, id: &str, expected: &str) {
        let scene = Scene::script(script);
        let hosts = [claimant()];
        let said = awaits(&scene.state, scene.job(id), scene.now(), Some(&hosts));
        let date = |at: Stamp| at.to_string().get(11..16).unwrap_or_default().to_string();
        assert_eq!(said.map(|it| it.words(date)).unwrap_or_default(), expected);
    }

    #[test]
    fn a_waiting_job_says_what_it_waits_for() {
        check("job a", "a", "needs a slot");
        check("job a | job b deps=a", "b", "by a");
        check("job a | job b | job c deps=a,b", "c", "by a +1");
        check("job a | job b deps=nobody", "b", "no job nobody");
        check("job a | job b | job c deps=a,b | cancel b", "c", "by b, failed +1");
        check("job a cap=gpu", "a", "no host has gpu");
        check("job a engine=claude", "a", "no host has claude");
        check("job a | park a", "a", "parked: put aside by a person");
        check("job a lock=db | job b lock=db | claim", "b", "after a (lock db)");
        check("job a | claim", "a", "");
    }

    #[test]
    fn what_holds_the_whole_queue_goes_before_what_is_of_a_host() {
        check("job a cap=gpu | pause", "a", "the queue is paused");
        check("job a | job b deps=a | pause", "b", "by a");
        check("job a | suspend a", "a", "the queue is suspended");
        check("ceiling 1 | job a budget=2", "a", "no $2.00 under the ceiling");
    }

    #[test]
    fn a_job_waits_for_the_money_of_its_engine() {
        let spent = "job a | cap shell 2 | claim | start a | progress a usd=2.5 | end a crash | job b";
        check(spent, "b", "budget shell reached, $2.50 of $2.00");
        check(&format!("{spent} | cap shell 5"), "b", "needs a slot");
        check(&format!("{spent} | cap shell none"), "b", "needs a slot");
        // Also where nobody knows of any host.
        let scene = Scene::script(spent);
        let said = awaits(&scene.state, scene.job("b"), scene.now(), None);
        assert_eq!(said.map(|it| it.what).as_deref(), Some("budget shell reached, $2.50 of $2.00"));
    }

    #[test]
    fn a_job_that_the_ceiling_stopped_waits_for_the_ceiling() {
        let stopped = "job a | ceiling 1 | claim | start a | progress a usd=2 | end a drained";
        check(stopped, "a", "ceiling $1.00 reached");
        check(&format!("{stopped} | resume"), "a", "ceiling $1.00 reached");
        check(&format!("{stopped} | ceiling 5"), "a", "the queue is paused");
        check(&format!("{stopped} | ceiling 5 | resume"), "a", "needs a slot");
    }

    #[test]
    fn without_a_host_it_is_said_that_no_agent_runs_and_of_the_past_nobody_knows() {
        let scene = Scene::script("job a cap=gpu");
        let said = |hosts: Option<&[Claimant]>| {
            awaits(&scene.state, scene.job("a"), scene.now(), hosts).map(|it| it.what)
        };
        assert_eq!(said(Some(&[])).as_deref(), Some("no agent runs"));
        assert_eq!(said(None).as_deref(), Some("waited for an agent"));
    }
}
