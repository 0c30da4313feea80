//! Which job comes next, and every reason why one does not. The claim and its explanation read the
//! same gates, so a job is claimable exactly when it has none.

use std::collections::BTreeMap;

use super::account::{ClosedAccount, Shut};
use super::command::{Claimant, EngineOffer, Now, PauseMode};
use super::job::{Job, Park};
use super::line::InLine;
use super::money::SpentEngine;
use super::score::{Scale, Score};
use super::state::State;
use crate::job::{Capability, JobId, Priority, Stage};
use crate::time::{Span, Stamp};

/// A waiting job rises one class per this long, never into critical.
pub(super) const RISE: Span = Span::from_mins(30);

/// One reason why a job does not start.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // Each says itself in `words`.
pub enum Gate {
    /// It does not wait for a slot at all.
    Stage(Stage),
    /// A dependency is not there yet: its name, the job, that job's stage.
    Dep { name: String, job: Option<JobId>, stage: Option<Stage> },
    /// It is not in the line.
    Parked(Park),
    /// The product is paused.
    Paused { mode: PauseMode, reason: String, until: Option<Stamp>, since: Stamp },
    /// Files vanished; a person must say whether they come back.
    Suspended { count: usize },
    /// The product's ceiling leaves no room for what the job may cost.
    Ceiling { ceiling: u64, spent: u64, reserved: u64, needs: u64 },
    /// The job's own ceiling is used up.
    Budget { which: &'static str },
    /// The host lacks something.
    Capability(Capability),
    /// The host lacks the engine, or any of the class.
    Engine(String),
    /// Every account of the engine that the host may use is closed: the one that opens first.
    Account(Box<ClosedAccount>),
    /// The engine that it asks for has reached its own ceiling, or every one of its class that is open.
    EngineCeiling(SpentEngine),
    /// Of a review: every engine of the host that could do it made the work.
    Author { engines: Vec<String>, of: JobId },
    /// Another running job has the lock.
    Lock { key: String, holder: JobId },
    /// A running job touches the same files.
    Touches { glob: String, holder: JobId },
}

impl Gate {
    /// The gate's stable name, counted in `lease_granted` and shown by `explain`.
    pub fn name(&self) -> &'static str {
        match self {
            Gate::Stage(_) => "stage",
            Gate::Dep { job: None, .. } => "unknown_dep",
            Gate::Dep { .. } => "deps",
            Gate::Parked(_) => "parked",
            Gate::Paused { .. } => "paused",
            Gate::Suspended { .. } => "suspended",
            Gate::Ceiling { .. } => "ceiling",
            Gate::Budget { .. } => "budget",
            Gate::Capability(_) => "capability",
            Gate::Engine(_) => "engine",
            Gate::Account(_) => "account",
            Gate::EngineCeiling(_) => "engine_ceiling",
            Gate::Lock { .. } => "lock",
            Gate::Author { .. } => "author",
            Gate::Touches { .. } => "touches",
        }
    }
}

/// Every gate between the job and a slot of `who`; without a claimant those of hosts are left out.
pub fn gates(state: &State, job: &Job, who: Option<&Claimant>, now: Now) -> Vec<Gate> {
    let mut found = place_gates(state, job);
    found.extend(product_gates(state, job, now));
    // A review is paid for by the job it is about, too.
    let reviewed = job.subject.as_ref().and_then(|subject| state.job(&subject.job));
    let payers = std::iter::once(job).chain(reviewed);
    found.extend(
        payers.filter_map(|job| job.budget().reached(&job.spent)).map(|which| Gate::Budget { which }),
    );
    found.extend(engine_gate(state, job, now));
    if let Some(who) = who {
        found.extend(host_gates(state, job, who, now));
    }
    found.extend(neighbour_gates(state, job));
    found
}

fn place_gates(state: &State, job: &Job) -> Vec<Gate> {
    match job.stage {
        Stage::Queued => {
            let mut found: Vec<Gate> = job.park.as_deref().into_iter().cloned().map(Gate::Parked).collect();
            found.extend(unmet(state, job));
            // Its parts are its work: a composite without a body never runs, nor before it has any.
            if !job.spec.has_body {
                found.push(Gate::Stage(Stage::Queued));
            }
            found
        }
        Stage::Blocked => unmet(state, job),
        stage => vec![Gate::Stage(stage)],
    }
}

/// Dependencies and children that are not satisfied yet.
pub(super) fn unmet(state: &State, job: &Job) -> Vec<Gate> {
    let children = job.children.iter().map(|child| (child.as_str(), Some(child)));
    let deps = job.deps.iter().map(|dep| (dep.name.as_str(), dep.job.as_ref()));
    let mut found = Vec::new();
    for (name, id) in deps.chain(children) {
        let stage = id.and_then(|id| state.stage_of(id));
        if !stage.is_some_and(|stage| job.accepts_dep(stage)) {
            found.push(Gate::Dep { name: name.to_string(), job: id.cloned(), stage });
        }
    }
    found
}

fn product_gates(state: &State, job: &Job, now: Now) -> Vec<Gate> {
    let mut found = Vec::new();
    let product = &state.product;
    if let Some((mode, reason, until, since)) = &product.paused {
        found.push(Gate::Paused { mode: *mode, reason: reason.clone(), until: *until, since: *since });
    }
    if !product.suspended.is_empty() {
        found.push(Gate::Suspended { count: product.suspended.len() });
    }
    if let Some(ceiling) = product.ceiling {
        let (spent, reserved, needs) = (state.spent_in_window(now.wall), product.reserved, job.unspent());
        if spent.saturating_add(reserved).saturating_add(needs) > ceiling || spent >= ceiling {
            found.push(Gate::Ceiling { ceiling, spent, reserved, needs });
        }
    }
    found
}

/// A job that names its engine waits for that one's money wherever it would run.
fn engine_gate(state: &State, job: &Job, now: Now) -> Option<Gate> {
    state.spent_engine(job.spec.engine.as_deref()?, now.wall).map(Gate::EngineCeiling)
}

/// Gates that go by the host and the job's kind alone: what shuts out one job shuts out all of its kind.
fn host_gates(state: &State, job: &Job, who: &Claimant, now: Now) -> Vec<Gate> {
    let missing = who.capabilities.missing(&job.spec.capabilities);
    let mut found: Vec<Gate> = missing.into_iter().cloned().map(Gate::Capability).collect();
    // That of an engine which it names is of the job, and told already.
    let told = |gate: &Gate| job.spec.engine.is_some() && matches!(gate, Gate::EngineCeiling(_));
    found.extend(means_for(state, job, who, now).err().filter(|gate| !told(gate)));
    found
}

/// Whether the host has all that the job needs of it.
pub(super) fn has_all(who: &Claimant, job: &Job) -> bool {
    who.capabilities.missing(&job.spec.capabilities).is_empty()
}

/// Whether nothing of the host itself keeps it from the job.
pub fn suits(state: &State, job: &Job, who: &Claimant, now: Now) -> bool {
    has_all(who, job) && means_for(state, job, who, now).is_ok()
}

/// The engine that this host would run the job with now.
pub(super) fn engine_for<'a>(state: &State, job: &'a Job, who: &'a Claimant, now: Now) -> Option<&'a str> {
    means_for(state, job, who, now).ok().map(|means| means.engine)
}

/// Of a review: the engines that made the work, which therefore do not review it.
pub(super) fn authors<'a>(state: &'a State, review: &Job) -> impl Iterator<Item = &'a str> {
    let subject = review.subject.as_ref().and_then(|subject| state.job(&subject.job));
    subject.into_iter().flat_map(|job| job.attempts.iter().map(|attempt| attempt.engine.as_str()))
}

/// What a claimant would run a job with.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    pub engine: &'a str,
    /// `None` for an engine without accounts.
    pub account: Option<&'a str>,
    /// All that the host may use.
    pub pool: &'a [String],
}

/// The engine and account this claimant would run the job with, or the gate in the way. A job that asks for
/// a class takes any engine of it, so an engine whose accounts are closed, or whose money is spent, is passed over
/// for the next.
fn means_for<'a>(state: &State, job: &'a Job, who: &'a Claimant, now: Now) -> Result<Means<'a>, Gate> {
    let spec = &job.spec;
    let asked = |offer: &&EngineOffer| match &spec.engine {
        Some(name) => offer.name == *name,
        None => spec.engine_class == Some(offer.class),
    };
    let made_it = |name: &str| authors(state, job).any(|author| author == name);
    let fits = |offer: &&EngineOffer| asked(offer) && !made_it(&offer.name);
    let preferred =
        |offer: &&EngineOffer| spec.engine.is_none() && Some(&offer.name) == spec.prefers_engine.as_ref();
    let all = || who.engines.iter().filter(fits);
    let order = all().filter(preferred).chain(all().filter(|offer| !preferred(offer)));
    let mut shut = None;
    for offer in order {
        let spent = state.spent_engine(&offer.name, now.wall).map(Gate::EngineCeiling);
        match spent.map_or_else(|| account_of(state, job, offer, who.holder.host(), now), Err) {
            Ok(account) => return Ok(Means { engine: &offer.name, account, pool: &offer.accounts }),
            Err(gate) => shut = shut.or(Some(gate)),
        }
    }
    if let (None, Some(subject)) = (&shut, &job.subject) {
        let barred = who.engines.iter().filter(|offer| asked(offer) && made_it(&offer.name));
        let engines: Vec<String> = barred.map(|offer| offer.name.clone()).collect();
        if !engines.is_empty() {
            return Err(Gate::Author { engines, of: subject.job.clone() });
        }
    }
    Err(shut.unwrap_or_else(|| {
        let class = spec.engine_class.map(|c| format!("any of class {}", c.name()));
        Gate::Engine(spec.engine.clone().or(class).unwrap_or_default())
    }))
}

/// The first account in the host's order that is open; the job's last one comes before all, because its
/// conversation lives there and nothing but a closed account may change it.
fn account_of<'a>(
    state: &State,
    job: &'a Job,
    offer: &'a EngineOffer,
    host: &str,
    now: Now,
) -> Result<Option<&'a str>, Gate> {
    let last = job.attempts.iter().rev().find(|attempt| attempt.engine == offer.name);
    let last = last.and_then(|attempt| attempt.account.as_ref()).filter(|name| offer.accounts.contains(name));
    let order = || last.into_iter().chain(&offer.accounts);
    let shut = |name: &str, word| state.shut(&offer.name, name, host, now.wall, word);
    if offer.accounts.is_empty() {
        return Ok(None);
    }
    let open = order().find(|name| shut(name, None).is_none());
    // Only where none is open does it come to a person's word.
    let tried = || job.tries.and_then(|at| order().find(|name| shut(name, Some(at)).is_none()));
    if let Some(name) = open.or_else(tried) {
        return Ok(Some(name));
    }
    let first = order().filter_map(|name| shut(name, None)).reduce(Shut::sooner);
    first.map_or(Ok(None), |shut| Err(Gate::Account(Box::new(shut.as_gate(&offer.name)))))
}

fn neighbour_gates(state: &State, job: &Job) -> Vec<Gate> {
    let mut found = Vec::new();
    if let Some(key) = &job.spec.lock
        && let Some(holder) = state.index.locks.get(key.as_str()).filter(|id| **id != job.id)
    {
        found.push(Gate::Lock { key: key.clone(), holder: holder.clone() });
    }
    if job.spec.touches.is_empty() {
        return found;
    }
    for (other, _) in state.held() {
        if other.id == job.id || !other.stage.is_held() {
            continue;
        }
        let overlap =
            job.spec.touches.iter().find(|mine| other.spec.touches.iter().any(|its| overlaps(mine, its)));
        if let Some(glob) = overlap {
            found.push(Gate::Touches { glob: glob.clone(), holder: other.id.clone() });
        }
    }
    found
}

/// Whether two globs may match one path. Errs toward yes: waiting is cheaper than a conflict.
fn overlaps(a: &str, b: &str) -> bool {
    let fixed = |glob: &str| {
        let end = glob.find(['*', '?', '[', '{']).unwrap_or(glob.len());
        (glob[..end].to_string(), end == glob.len())
    };
    let ((a, a_whole), (b, b_whole)) = (fixed(a), fixed(b));
    let below = |path: &str, dir: &str| path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'));
    match (a_whole, b_whole) {
        (true, true) => a == b || below(&a, &b) || below(&b, &a),
        (true, false) => a.starts_with(&b) || below(&b, &a),
        (false, true) => b.starts_with(&a) || below(&a, &b),
        (false, false) => a.starts_with(&b) || b.starts_with(&a),
    }
}

/// The class a job competes in now: it rises with its age, but never into critical.
pub fn class_at(priority: Priority, waiting: Stamp, now: Stamp) -> Priority {
    let risen = usize::try_from(now.since(waiting).as_millis() / RISE.as_millis()).unwrap_or(usize::MAX);
    const BY_RANK: [Priority; 4] = [Priority::Critical, Priority::High, Priority::Medium, Priority::Low];
    match priority {
        Priority::Critical => Priority::Critical,
        other => BY_RANK[(other as usize).saturating_sub(risen).max(Priority::High as usize)],
    }
}

/// What a claim found: the job, its score and what runs it, or nothing; and how many were passed over, by gate.
pub(super) struct Picked<'a> {
    pub job: Option<(&'a Job, Score, Means<'a>)>,
    pub passed: Vec<(String, u32)>,
}

/// The first job of the line that has no gate for this claimant. Kinds that the host cannot take are left out
/// of it as a whole.
pub(super) fn pick<'a>(state: &'a State, who: &'a Claimant, now: Now) -> Picked<'a> {
    // A gate of the whole product shuts out everybody.
    if state.product.paused.is_some() || !state.product.suspended.is_empty() {
        return Picked { job: None, passed: Vec::new() };
    }
    // By name, because kinds come in an order that means nothing.
    let mut passed: BTreeMap<&'static str, u32> = BTreeMap::new();
    let scale = Scale::of(state, Some(who), now);
    let line = InLine::of(state, now, |job, many| {
        let lacks = who.capabilities.missing(&job.spec.capabilities).into_iter().next();
        let lacks = lacks.cloned().map(Gate::Capability);
        match lacks.map_or_else(|| means_for(state, job, who, now), Err) {
            Ok(means) => Some(scale.ageless(job, Some(means.engine))),
            Err(gate) => {
                *passed.entry(gate.name()).or_default() += many;
                None
            }
        }
    });
    let mut found = None;
    for (job, score) in line {
        let gate = match (gates(state, job, None, now).into_iter().next(), means_for(state, job, who, now)) {
            (Some(gate), _) | (None, Err(gate)) => gate,
            (None, Ok(means)) => {
                found = Some((job, score, means));
                break;
            }
        };
        *passed.entry(gate.name()).or_default() += 1;
    }
    let passed = passed.into_iter().map(|(name, many)| (name.to_string(), many)).collect();
    Picked { job: found, passed }
}

/// When time alone may next change something: the earliest park, pause or closed account that ends by itself.
pub fn next_moment(state: &State, now: Now) -> Option<Span> {
    let (law, wall) = state.next_alarms();
    let pause = state.product.paused.as_ref().and_then(|p| p.2);
    let ship = state.autoship().filter_map(|job| match job.spec.autoship {
        crate::job::Autoship::After(wait) => Some(job.since.plus(wait)),
        _ => None,
    });
    let law = law.into_iter().chain(ship).min().map(|at| at.since(now.law));
    let wall = wall.into_iter().chain(pause).chain(state.next_opening()).min().map(|at| at.since(now.wall));
    law.into_iter().chain(wall).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_overlap_when_one_path_may_match_both() {
        let check = |a: &str, b: &str, expected: bool| {
            assert_eq!((overlaps(a, b), overlaps(b, a)), (expected, expected), "{a} {b}");
        };
        check("src/a.rs", "src/a.rs", true);
        check("src/a.rs", "src/b.rs", false);
        check("src/**", "src/b.rs", true);
        check("src/**", "docs/**", false);
        check("src", "src/deep/file", true);
        check("src", "srcs/file", false);
        check("**/*.md", "docs/x.md", true);
        check("src/api/*", "src/*", true);
    }

    #[test]
    fn age_lifts_a_class_but_never_to_critical() {
        let check = |p: Priority, mins: u64, expected: Priority| {
            let now = Stamp::from_millis(0).plus(Span::from_mins(mins));
            assert_eq!(class_at(p, Stamp::from_millis(0), now), expected);
        };
        check(Priority::Low, 29, Priority::Low);
        check(Priority::Low, 30, Priority::Medium);
        check(Priority::Low, 60, Priority::High);
        check(Priority::Low, 6000, Priority::High);
        check(Priority::Medium, 30, Priority::High);
        check(Priority::Critical, 0, Priority::Critical);
    }
}
