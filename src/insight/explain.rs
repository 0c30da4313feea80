//! Why a job stands where it stands: every gate with since-when and what would open it, its place in the
//! line. Reads the same gates as the claim, so it cannot disagree.

use super::halt::halt;
use super::line::{Line, class_of, rises_at};
use super::needs::{need_of, requeue_verb};
use super::pull_request::pr_words;
use super::rated::{Rated, rated, score_of};
use super::waits::{closed_words, doing, done_since, park_words, spent_words};
use crate::fleet::{
    Claimant, ClosedAccount, Gate, Job, Now, Park, ParkReason, Score, SpentEngine, State, gates, goes_by_age,
};
use crate::job::{Autoship, JobId, Priority, ShipKind, Stage, usd};
use crate::time::Stamp;

/// The least by which a ceiling can be told to be too low, in millionths of a dollar.
const CENT: u64 = 10_000;

/// One reason why a job does not run, or does not go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// The gate's stable name.
    pub gate: &'static str,
    /// What holds the job, in words.
    pub text: String,
    /// Since when, where it is known.
    pub since: Option<Stamp>,
    /// What would open it, completing "would start now if:".
    pub unless: String,
    /// When it opens by itself, where that is known.
    pub opens: Option<Stamp>,
}

/// Everything near at hand about why a job stands where it stands; the way to far causes is [`super::chains`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The job.
    pub job: JobId,
    /// Where it stands.
    pub stage: Stage,
    /// Since when.
    pub since: Stamp,
    /// Why, in the words of the event.
    pub why: String,
    /// The event that put it there.
    pub event: u64,
    /// The class it competes in now, raised by age.
    pub class: Priority,
    /// The class of its manifest.
    pub own_class: Priority,
    /// When age raises it next.
    pub rises: Option<Stamp>,
    /// Its place in the line and the line's length.
    pub place: Option<(usize, usize)>,
    /// What holds it.
    pub reasons: Vec<Reason>,
    /// When it may start at the earliest, if every gate has a date.
    pub next_chance: Option<Stamp>,
    /// Hosts that could take it now, by holder.
    pub takers: Vec<String>,
    /// Every known host as it stands to the job while it waits, the nearest first.
    pub hosts: Vec<Rated>,
    /// Engines of its class that are passed over because each has reached its ceiling, while others are not.
    pub around: Vec<SpentEngine>,
    /// The score that counts, and its host: the granted one while it runs.
    pub score: Option<(String, Score)>,
    /// It has waited so long that only its age counts.
    pub by_age: bool,
    /// The command that moves it on, where a person's word does.
    pub verb: Option<String>,
}

impl Explanation {
    /// Its holder provably lives no more: what the log says last of it is not so any longer.
    #[must_use]
    pub fn left_alone(mut self) -> Explanation {
        if let Some(first) = self.reasons.first_mut().filter(|_| self.stage.is_held()) {
            first.text = "its agent is gone; what it did stands in its worktree".to_string();
            first.unless = "an agent took it up: aq agent".to_string();
        }
        self
    }
}

/// Explains one job. `claimants` are the agents that are known; with none, gates of hosts are left out.
pub fn explain(state: &State, job: &Job, now: Now, line: &Line, claimants: &[Claimant]) -> Explanation {
    let waits = job.stage.is_waiting();
    let mut found = gates(state, job, None, now);
    // What is in the way of a start matters to none that does not wait for one.
    found.retain(|gate| waits || matches!(gate, Gate::Stage(_)));
    let mut reasons: Vec<Reason> = found.iter().map(|gate| reason(state, job, gate, now)).collect();
    let mut takers = Vec::new();
    let stuck = stuck_reviews(state, job, now, claimants);
    if let Some(first) = reasons.first_mut().filter(|_| !stuck.is_empty()) {
        first.text = format!("{}; {}", first.text, stuck.join("; "));
    }
    if waits && !claimants.is_empty() {
        takers = takers_of(state, job, now, claimants, found.len());
        if takers.is_empty() {
            reasons.extend(nearest_reasons(state, job, now, claimants));
        }
    }
    let next_chance = match reasons.is_empty() {
        true => None,
        false => {
            reasons.iter().map(|r| r.opens).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max())
        }
    };
    let takes_another = job.stage.is_held() || !takers.is_empty();
    Explanation {
        job: job.id.clone(),
        stage: job.stage,
        since: job.since,
        why: job.why.to_string(),
        event: job.event,
        class: class_of(job, now),
        own_class: job.spec.priority,
        rises: rises_at(job, now).filter(|_| waits),
        place: line.place(&job.id).map(|place| (place, line.len())),
        reasons,
        next_chance,
        takers,
        hosts: if waits { rated(state, job, now, claimants) } else { Vec::new() },
        around: if takes_another { routed_around(state, job, now, claimants) } else { Vec::new() },
        score: score_of(state, job, now, claimants).map(|(host, score)| (host.to_string(), score)),
        by_age: waits && goes_by_age(job, now.law),
        verb: need_of(state, job, now, claimants).map(|need| need.verb),
    }
}

/// Why the reviews of this job that wait are taken by no host.
pub(super) fn stuck_reviews(state: &State, job: &Job, now: Now, claimants: &[Claimant]) -> Vec<String> {
    if job.stage != Stage::Review || claimants.is_empty() {
        return Vec::new();
    }
    let of = |review: &Job| {
        let shared = gates(state, review, None, now).len();
        let is_taken = !takers_of(state, review, now, claimants, shared).is_empty();
        let reasons = if is_taken { Vec::new() } else { nearest_reasons(state, review, now, claimants) };
        reasons.into_iter().map(|reason| reason.text).collect::<Vec<_>>()
    };
    super::reviews::waiting_reviews(state, job).flat_map(of).collect()
}

/// Engines that the job could be given by its class and is not, by their ceilings.
fn routed_around(state: &State, job: &Job, now: Now, claimants: &[Claimant]) -> Vec<SpentEngine> {
    let (None, Some(class)) = (&job.spec.engine, job.spec.engine_class) else { return Vec::new() };
    let offered = |name: &str| {
        claimants.iter().flat_map(|who| &who.engines).any(|offer| offer.name == name && offer.class == class)
    };
    // What it runs on is not passed over: its ceiling was reached since.
    let runs = job.open_attempt().map(|attempt| attempt.engine.as_str());
    let spent = state.spent_engines(now.wall);
    spent.filter(|it| offered(&it.engine) && runs != Some(it.engine.as_str())).collect()
}

/// Hosts without a gate of their own for this job.
fn takers_of(state: &State, job: &Job, now: Now, claimants: &[Claimant], shared: usize) -> Vec<String> {
    let free = claimants.iter().filter(|who| gates(state, job, Some(who), now).len() == shared);
    free.map(|who| who.holder.to_string()).collect()
}

/// What the host that comes nearest lacks.
fn nearest_reasons(state: &State, job: &Job, now: Now, claimants: &[Claimant]) -> Vec<Reason> {
    let nearest = claimants.iter().map(|who| (host_gates(state, job, now, who), who));
    let Some((lacks, who)) = nearest.min_by_key(|row| row.0.len()) else { return Vec::new() };
    let near = |gate: &Gate| {
        let mut reason = reason(state, job, gate, now);
        if reason.gate != "account" {
            reason.text = format!("{} (nearest host: {})", reason.text, who.holder.short());
        }
        reason
    };
    lacks.iter().map(near).collect()
}

/// The gates of one host.
pub(super) fn host_gates(state: &State, job: &Job, now: Now, who: &Claimant) -> Vec<Gate> {
    let mut all = gates(state, job, Some(who), now);
    all.retain(|gate| match gate {
        Gate::Capability(_) | Gate::Engine(_) | Gate::Account(_) | Gate::Author { .. } => true,
        // Of an engine that it names it is the job's own.
        Gate::EngineCeiling(_) => job.spec.engine.is_none(),
        _ => false,
    });
    all
}

fn plain(gate: &Gate, text: impl Into<String>, since: Option<Stamp>, unless: impl Into<String>) -> Reason {
    Reason { gate: gate.name(), text: text.into(), since, unless: unless.into(), opens: None }
}

fn reason(state: &State, job: &Job, gate: &Gate, now: Now) -> Reason {
    let id = &job.id;
    match gate {
        Gate::Stage(stage) => stage_reason(state, job, gate, *stage, now),
        Gate::Dep { name, job: None, .. } => plain(
            gate,
            format!("waits for {name}, and no job has that name"),
            Some(job.since),
            format!("a job named {name} existed and had shipped"),
        ),
        Gate::Dep { job: Some(on), .. } => dep_reason(state, job, gate, on),
        Gate::Parked(park) => parked_reason(job, gate, park),
        Gate::Paused { reason, until, since, .. } => Reason {
            opens: *until,
            ..plain(
                gate,
                format!("the queue is paused: {reason}"),
                Some(*since),
                format!("the queue went on: {}", halt(state, now).map_or(String::new(), |halt| halt.verb)),
            )
        },
        Gate::Suspended { count } => plain(
            gate,
            format!("{count} files vanished at once, so the queue asks first"),
            None,
            "you said whether they come back: aq budget resume local",
        ),
        Gate::Ceiling { ceiling, spent, reserved, needs } => {
            ceiling_reason(gate, *ceiling, spent.saturating_add(*reserved), *needs)
        }
        Gate::Budget { which } => plain(
            gate,
            format!("its own ceiling of {which} is used up"),
            Some(job.since),
            format!("its ceiling were raised: aq requeue {id} --budget {which}=MORE"),
        ),
        Gate::Capability(capability) => plain(
            gate,
            format!("no host offers {capability}"),
            None,
            format!("a host with {capability} asked for work"),
        ),
        Gate::Engine(engine) => plain(
            gate,
            format!("no host has the engine {engine}"),
            None,
            format!("{engine} were on the PATH of a host that asks for work"),
        ),
        Gate::Account(closed) => account_reason(job, gate, closed),
        Gate::EngineCeiling(spent) => plain(
            gate,
            spent_words(spent),
            spent.since,
            format!("its ceiling were higher: aq budget set local --engine {}=MORE", spent.engine),
        ),
        Gate::Author { engines, of } => plain(
            gate,
            format!("no engine reviews its own work: {} made {of}", engines.join(", ")),
            Some(job.since),
            format!("a host with another engine asked for work; or you decide: aq approve {of}"),
        ),
        Gate::Lock { key, holder } => {
            held_reason(state, gate, holder, &format!("{holder} holds the lock {key}"))
        }
        Gate::Touches { glob, holder } => {
            held_reason(state, gate, holder, &format!("{holder} works on {glob} too"))
        }
    }
}

/// `taken` is spent or set aside.
fn ceiling_reason(gate: &Gate, ceiling: u64, taken: u64, needs: u64) -> Reason {
    let lacking = taken.saturating_add(needs).saturating_sub(ceiling).max(CENT);
    // A job without a ceiling of its own sets nothing aside.
    let room = if needs == 0 { "nothing".to_string() } else { format!("no room for {}", usd(needs)) };
    plain(
        gate,
        format!("the ceiling of {} leaves {room}: {} spent or set aside", usd(ceiling), usd(taken)),
        None,
        format!("the ceiling were {} higher: aq budget set local --ceiling MORE", usd(lacking)),
    )
}

fn account_reason(job: &Job, gate: &Gate, closed: &ClosedAccount) -> Reason {
    let (id, closure) = (&closed.id, &closed.closure);
    let text = format!("{}: {}, as {} met it", id.engine, closed_words(closed), closure.job);
    let unless =
        format!("it was let try: aq unpark {}, or {id} was opened: aq unpark --account {id}", job.id);
    Reason { opens: closure.until, ..plain(gate, text, Some(closure.since), unless) }
}

fn held_reason(state: &State, gate: &Gate, holder: &JobId, text: &str) -> Reason {
    let since = state.job(holder).and_then(|job| job.lease.as_ref()).map(|lease| lease.granted);
    plain(gate, text, since, format!("{holder} ended"))
}

fn stage_reason(state: &State, job: &Job, gate: &Gate, stage: Stage, now: Now) -> Reason {
    let id = &job.id;
    let (text, unless) = match stage {
        Stage::Queued => (
            "a composite without a body runs only through its children".to_string(),
            "its children shipped".to_string(),
        ),
        Stage::Blocked => ("waits for other jobs".to_string(), "they had shipped".to_string()),
        Stage::Assigned => {
            ("claimed; its worktree is made".to_string(), "it was not claimed already".to_string())
        }
        Stage::Building => {
            let age = |since| now.law.since(since).age();
            let doing = doing(job)
                .map_or(String::new(), |(word, since)| format!(": {}", done_since(word, &age(since))));
            (format!("it runs{doing}"), "it did not run already".to_string())
        }
        Stage::Review | Stage::Testing if job.unsaved().is_some() => {
            let why = job.unsaved().unwrap_or_default();
            (why.to_string(), format!("it was sent back: aq reject {id} -m WHY --requeue"))
        }
        Stage::Review => (
            match super::engine_reviews(state, job).0.join("; ") {
                said if said.is_empty() => format!("waits for review: {}", job.why),
                said => format!("waits for review: {said}"),
            },
            format!("it was sent back: aq reject {id} -m WHY --requeue"),
        ),
        Stage::Testing if job.awaited_pr().is_some() => (
            job.awaited_pr().map(|pr| pr_words(pr, now.law)).unwrap_or_default(),
            format!("it was merged and its checks were green; look now: aq ship {id}"),
        ),
        Stage::Testing => {
            (ship_words(state, job), format!("it was sent back: aq reject {id} -m WHY --requeue"))
        }
        Stage::Shipped => ("done, final".to_string(), "shipped were not final; submit a new job".to_string()),
        Stage::Failed => {
            (format!("failed: {}", job.why), format!("it was sent back to wait: {}", requeue_verb(job)))
        }
        Stage::DeadLetter => {
            (format!("given up: {}", job.why), format!("it was started over: aq redrive {id}"))
        }
    };
    plain(gate, text, Some(job.since), unless)
}

/// Who ships a job in testing, and what goes before it.
fn ship_words(state: &State, job: &Job) -> String {
    if let Some(lease) = job.ship_lease() {
        return format!("is being shipped by {}", lease.holder);
    }
    if !job.ships_itself() {
        return match job.spec.autoship {
            Autoship::Never => "passed its gate, waits for ship".to_string(),
            _ if job.failed_to_ship() => {
                "its rule has tried to ship it; mend what stood in the way, then ship it".to_string()
            }
            _ => "passed its gate UNPROVEN, and no rule ships that: it waits for ship".to_string(),
        };
    }
    let first = (job.spec.ship == ShipKind::Merge)
        .then(|| state.held().find(|(other, _)| other.ship_lease().is_some()))
        .flatten();
    match (job.spec.autoship, first) {
        (_, Some((first, _))) => format!("ships itself; agents merge one after the other, now {}", first.id),
        (Autoship::After(wait), None) => format!("ships itself once it has been here for {wait}"),
        (_, None) => "ships itself as soon as an agent looks".to_string(),
    }
}

fn dep_reason(state: &State, job: &Job, gate: &Gate, on: &JobId) -> Reason {
    let want = if job.accepts_dep(Stage::Testing) { "were in testing or shipped" } else { "had shipped" };
    let (text, unless) = match state.job(on) {
        Some(dep) => {
            (format!("waits for {on}, which is {} ({})", dep.stage, dep.why), format!("{on} {want}"))
        }
        None => match state.stage_of(on) {
            Some(stage) => {
                (format!("waits for {on}, which ended {stage} and is archived"), format!("{on} {want}"))
            }
            None => (format!("waits for {on}, which is gone"), format!("{on} {want}")),
        },
    };
    plain(gate, text, Some(job.since), unless)
}

fn parked_reason(job: &Job, gate: &Gate, park: &Park) -> Reason {
    let id = &job.id;
    let words = match park.reason {
        ParkReason::Limit => park_words(park),
        reason => reason.words().to_string(),
    };
    let more = park.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let unless = match park.reason {
        ParkReason::Asked => format!("you answered: aq answer {id} -m TEXT"),
        ParkReason::Vanished => "you said whether its file comes back: aq budget resume local".to_string(),
        ParkReason::Operator | ParkReason::Backoff | ParkReason::Limit | ParkReason::NotBefore => {
            format!("it was taken back into the line: aq unpark {id}")
        }
    };
    Reason { opens: park.until, ..plain(gate, format!("{words}{more}"), Some(job.since), unless) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::{Scene, claimant};

    #[track_caller]
    fn check(script: &str, id: &str, expected: &[&str]) {
        let scene = Scene::script(script);
        let line = Line::of(&scene.state, scene.now(), &[claimant()]);
        let said = explain(&scene.state, scene.job(id), scene.now(), &line, &[claimant()]);
        let mut text: Vec<String> =
            said.reasons.iter().map(|r| format!("{}: {} -> {}", r.gate, r.text, r.unless)).collect();
        if let Some((place, of)) = said.place {
            text.push(format!("place {place} of {of}"));
        }
        text.extend(said.takers.iter().map(|who| format!("taker {who}")));
        assert_eq!(text, expected);
    }

    #[test]
    fn a_free_job_names_its_place_and_its_taker() {
        check("job a | job b", "b", &["place 2 of 2", "taker here/1"]);
    }

    #[test]
    fn an_engine_at_its_ceiling_is_routed_around_or_waited_for() {
        let mut two = claimant();
        let mut fish = two.engines[0].clone();
        fish.name = "fish".into();
        two.engines.push(fish);
        let spent = "job a | cap shell 2 | claim | start a | progress a usd=2 | job b class=script";
        let check = |script: &str, id: &str, who: &Claimant, expected: (&[&str], &[&str])| {
            let scene = Scene::script(script);
            let (line, now) = (Line::default(), scene.now());
            let said = explain(&scene.state, scene.job(id), now, &line, std::slice::from_ref(who));
            let held: Vec<String> =
                said.reasons.iter().map(|it| format!("{}: {}", it.gate, it.text)).collect();
            let around: Vec<&str> = said.around.iter().map(|it| it.engine.as_str()).collect();
            assert_eq!(
                (held, around.as_slice()),
                (expected.0.iter().map(ToString::to_string).collect(), expected.1)
            );
        };
        check(spent, "b", &two, (&[], &["shell"]));
        // What runs on it is not routed around it, and goes on.
        check(spent, "a", &two, (&["stage: it runs: working, 0 s ago"], &[]));
        let reached = "engine_ceiling: budget shell reached, $2.00 of $2.00";
        check(spent, "b", &claimant(), (&[&format!("{reached} (nearest host: here)")], &[]));
        check(&format!("{spent} | job c"), "c", &two, (&[reached], &[]));
        check(&format!("{spent} | cap shell 3"), "b", &two, (&[], &[]));
    }

    #[test]
    fn every_gate_says_what_would_open_it() {
        check(
            "job a cap=gpu",
            "a",
            &[
                "capability: no host offers gpu (nearest host: here) -> a host with gpu asked for work",
                "place 1 of 1",
            ],
        );
        check(
            "job a engine=claude",
            "a",
            &[
                "engine: no host has the engine claude (nearest host: here) -> claude were on the PATH of a host that asks for work",
                "place 1 of 1",
            ],
        );
        check(
            "job a lock=db | job b lock=db | claim",
            "b",
            &["lock: a holds the lock db -> a ended", "place 1 of 1", "taker here/1"],
        );
        check(
            "job a | park a",
            "a",
            &[
                "parked: put aside by a person -> it was taken back into the line: aq unpark a",
                "taker here/1",
            ],
        );
        check(
            "job a | pause",
            "a",
            &[
                "paused: the queue is paused: paused by a person -> the queue went on: aq budget resume local",
                "place 1 of 1",
                "taker here/1",
            ],
        );
        check(
            "ceiling 1 | job a budget=2",
            "a",
            &[
                "ceiling: the ceiling of $1.00 leaves no room for $2.00: $0.00 spent or set aside \
                 -> the ceiling were $1.00 higher: aq budget set local --ceiling MORE",
                "place 1 of 1",
                "taker here/1",
            ],
        );
        check(
            "job a | claim | start a | progress a usd=1 | ceiling 1 | resume | job b",
            "b",
            &[
                "ceiling: the ceiling of $1.00 leaves nothing: $1.00 spent or set aside \
                 -> the ceiling were $0.01 higher: aq budget set local --ceiling MORE",
                "place 1 of 1",
                "taker here/1",
            ],
        );
        let over = "job a | claim | start a | progress a usd=1 | ceiling 1";
        check(over, "a", &["stage: it runs: working, 0 s ago -> it did not run already"]);
        check(
            &format!("{over} | end a task_failed"),
            "a",
            &["stage: failed: task_failed -> it was sent back to wait: aq requeue a"],
        );
        check(
            "job a | job b deps=a",
            "b",
            &["deps: waits for a, which is queued (submitted) -> a had shipped", "taker here/1"],
        );
    }

    #[test]
    fn what_its_agent_left_alone_is_not_said_to_run() {
        let scene = Scene::script("job a | claim | start a");
        let said = |alone: bool| {
            let line = Line::of(&scene.state, scene.now(), &[claimant()]);
            let said = explain(&scene.state, scene.job("a"), scene.now(), &line, &[]);
            if alone { said.left_alone().reasons[0].text.clone() } else { said.reasons[0].text.clone() }
        };
        assert_eq!(said(false), "it runs: working, 0 s ago");
        assert_eq!(said(true), "its agent is gone; what it did stands in its worktree");
    }
}
