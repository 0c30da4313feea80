//! The score: how well a job and a host fit, in seven terms between none and all, each weighed by a table.
//!
//! It orders jobs of one class for one host, and one day hosts for one job. Everything is whole thousandths, so
//! that every replica reckons the same. Three things are kept apart: what is known to be nothing is 0, what
//! nobody can know yet is [`Score::UNKNOWN`], and what does not apply is the best there is. Where a reading is missing,
//! as vitals are in a folder, nobody is punished and nobody is preferred.
//!
//! What each term goes by:
//! - *capabilityFit*: what only some hosts offer, such as `gpu`, is to be used by who needs it. The job itself
//!   counts as one use, so that a job without needs is never worth nothing, and a host that offers nothing
//!   special fits everybody.
//! - *affinity*: the checkpoint lies on this host, the engine is the preferred one, the wishes are met. It counts
//!   for as long as the checkpoint lies there. That others are held off for two minutes needs others who wait at
//!   that moment; a folder has one host. Whose repository is warm is a vital of a fleet.
//! - *load*: jobs that the host holds now.
//! - *costFit*: what the job may still cost, of what the ceiling has left. Without a ceiling there is nothing to
//!   keep to; without a budget of its own nobody knows what a job will cost.
//! - *health*: unknown until hosts tell their vitals.
//! - *engineQuality*: the share of its engine's attempts that ended well, the newest weighing an eighth.
//! - *starvation*: the only term of age, and the only one that is subtracted: all of it at the start, none after
//!   half an hour. So an old job passes a better one that came later.
//!
//! Weights alone could let a poor fit wait for ever behind a stream of better ones: all other differences
//! together outweigh starvation. Therefore a job that has waited [`PATIENCE`] goes by its age alone. Rejected:
//! letting starvation grow without end; then in a long queue nothing but age would ever count.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::command::{Claimant, Now};
use super::job::Job;
use super::pick::{RISE, class_at, engine_for};
use super::state::State;
use crate::job::{Capability, JobId, OFFERS, Outcome, Priority};
use crate::time::{Span, Stamp};

/// One term of the score.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Term {
    /// Its name.
    pub name: &'static str,
    /// The head of its column.
    pub head: &'static str,
    /// What it counts for, thousandths; below zero it is subtracted.
    pub weight: i32,
}

const fn term(name: &'static str, head: &'static str, weight: i32) -> Term {
    Term { name, head, weight }
}

/// Terms of a score.
const COUNT: usize = 7;

/// Every term, in the order in which they are shown.
pub const TERMS: [Term; COUNT] = [
    term("capabilityFit", "FIT", 1_000),
    term("affinity", "AFF", 500),
    term("load", "LOAD", 1_000),
    term("costFit", "COST", 750),
    term("health", "HLTH", 1_000),
    term("engineQuality", "ENG", 400),
    term("starvation", "STARV", -1_500),
];

const FIT: usize = 0;
const AFFINITY: usize = 1;
const LOAD: usize = 2;
const COST: usize = 3;
const ENGINE: usize = 5;
const STARVATION: usize = 6;

/// All of a term.
const WHOLE: u16 = 1_000;
/// Affinity: the work of the job lies on this host, which saves fetching it.
const WORK_IS_HERE: u16 = 500;
/// Affinity: a wish of the manifest about the engine.
const ENGINE_WISHED: u16 = 250;
/// Affinity: wishes of the manifest about the host, all of them met.
const HOST_WISHED: u16 = 250;
/// The newest attempt of an engine weighs one part in so many.
const NEWEST: u16 = 8;
/// After so long only age counts: longer than any ordinary queue waits, short enough that nobody waits for ever.
const PATIENCE: Span = Span::from_mins(24 * 60);

/// How well a job and a host fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Score {
    total: i32,
    terms: [u16; COUNT],
    unknown: [bool; COUNT],
}

impl Score {
    /// What counts where nothing is known: half way between the worst and the best, thousandths.
    pub const UNKNOWN: u16 = WHOLE / 2;

    fn of(terms: [u16; COUNT], unknown: [bool; COUNT]) -> Score {
        let parts = TERMS.iter().zip(terms).map(|(term, value)| term.weight * i32::from(value));
        Score { total: parts.sum::<i32>() / i32::from(WHOLE), terms, unknown }
    }

    /// What it comes to, thousandths.
    pub fn total(&self) -> i32 {
        self.total
    }

    /// Its terms with their values in thousandths, before they are weighed; `None` is not known.
    pub fn terms(&self) -> impl Iterator<Item = (&'static Term, Option<u16>)> {
        let known = self.terms.into_iter().zip(self.unknown);
        TERMS.iter().zip(known.map(|(value, unknown)| (!unknown).then_some(value)))
    }

    /// The same for a job that has waited so long.
    fn after(&self, waited: Span) -> Score {
        let mut terms = self.terms;
        terms[STARVATION] = starvation(waited);
        Score::of(terms, self.unknown)
    }
}

/// All of it at the start, none once age has lifted the class.
fn starvation(waited: Span) -> u16 {
    let part = waited.min(RISE).as_millis() * u64::from(WHOLE) / RISE.as_millis();
    WHOLE - u16::try_from(part).unwrap_or(WHOLE)
}

/// A score as the log has it: the short names of the terms, in thousandths.
#[derive(Serialize, Deserialize)]
struct Written {
    total: i32,
    fit: u16,
    aff: u16,
    load: u16,
    cost: u16,
    hlth: u16,
    eng: u16,
    starv: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unknown: Vec<String>,
}

impl From<Score> for Written {
    fn from(score: Score) -> Written {
        let [fit, aff, load, cost, hlth, eng, starv] = score.terms;
        let unknown = TERMS.iter().zip(score.unknown).filter(|row| row.1);
        let unknown = unknown.map(|row| row.0.head.to_ascii_lowercase()).collect();
        Written { total: score.total, fit, aff, load, cost, hlth, eng, starv, unknown }
    }
}

impl From<Written> for Score {
    fn from(it: Written) -> Score {
        let unknown = TERMS.map(|term| it.unknown.iter().any(|name| name.eq_ignore_ascii_case(term.head)));
        let terms = [it.fit, it.aff, it.load, it.cost, it.hlth, it.eng, it.starv];
        Score { total: it.total, terms, unknown }
    }
}

/// A host, or nobody, as every job is weighed against it at one moment.
pub struct Scale<'a> {
    state: &'a State,
    who: Option<&'a Claimant>,
    now: Now,
    /// Jobs that it holds.
    held: usize,
    /// What it offers beyond what every host says of itself.
    special: Vec<&'a str>,
    /// What the ceiling has left.
    rest: Option<u64>,
}

impl<'a> Scale<'a> {
    /// The scale of `who` at `now`; of nobody, all that is of a host is unknown.
    pub fn of(state: &'a State, who: Option<&'a Claimant>, now: Now) -> Scale<'a> {
        let on_it = |who: &Claimant| {
            let held = state.held().filter(|(job, _)| job.stage.is_held());
            held.filter(|(_, holder)| holder.host() == who.holder.host()).count()
        };
        let product = &state.product;
        let taken = || state.spent_in_window(now.wall).saturating_add(product.reserved);
        Scale {
            state,
            who,
            now,
            held: who.map_or(0, on_it),
            special: who.map_or(Vec::new(), special),
            rest: product.ceiling.map(|ceiling| ceiling.saturating_sub(taken())),
        }
    }

    /// The score of the job as it stands.
    pub fn score(&self, job: &Job) -> Score {
        let runs = self.who.and_then(|who| engine_for(self.state, job, who, self.now));
        self.ageless(job, runs).after(self.now.law.since(job.waiting))
    }

    /// The score of the job on that engine as if it had come just now: the same for all jobs of its kind.
    pub(super) fn ageless(&self, job: &Job, runs: Option<&str>) -> Score {
        let engine = runs.or(job.spec.engine.as_deref());
        let mut known = [None; COUNT];
        if let Some(who) = self.who {
            known[FIT] = Some(self.fit(&job.spec.capabilities));
            known[AFFINITY] = Some(affinity(job, who, runs));
            known[LOAD] = Some(share(1, 1 + self.held as u64));
        }
        known[COST] = self.cost_fit(job);
        known[ENGINE] = engine.and_then(|name| self.state.quality.get(name)).copied();
        known[STARVATION] = Some(starvation(Span::ZERO));
        Score::of(known.map(|value| value.unwrap_or(Score::UNKNOWN)), known.map(|value| value.is_none()))
    }

    fn fit(&self, needs: &[Capability]) -> u16 {
        let used = self.special.iter().filter(|key| needs.iter().any(|need| need.key() == **key)).count();
        share(1 + used as u64, 1 + self.special.len() as u64)
    }

    fn cost_fit(&self, job: &Job) -> Option<u16> {
        let Some(rest) = self.rest else { return Some(WHOLE) };
        let price = price(job)?;
        Some(WHOLE - share(price.min(rest), rest.max(1)))
    }
}

/// Thousandths, cut off.
fn share(part: u64, whole: u64) -> u16 {
    let thousandths = u128::from(part) * u128::from(WHOLE) / u128::from(whole);
    u16::try_from(thousandths).unwrap_or(WHOLE).min(WHOLE)
}

/// Keys that not every host offers: neither what all say of themselves nor the versions of their engines.
fn special(who: &Claimant) -> Vec<&str> {
    let usual = |key: &str| OFFERS.iter().any(|row| row.0 == key);
    let version = |key: &str| who.engines.iter().any(|offer| offer.name == key);
    who.capabilities.keys().filter(|key| !usual(key) && !version(key)).collect()
}

fn affinity(job: &Job, who: &Claimant, engine: Option<&str>) -> u16 {
    let mut sum = 0;
    if home(job).is_some_and(|host| host == who.holder.host()) {
        sum += WORK_IS_HERE;
    }
    if engine.is_some() && engine == job.spec.prefers_engine.as_deref() {
        sum += ENGINE_WISHED;
    }
    let wishes = job.spec.prefers.len() as u64;
    if wishes > 0 {
        let met = job.spec.prefers.iter().filter(|wish| meets(who, wish)).count() as u64;
        sum += share(met * u64::from(HOST_WISHED), wishes * u64::from(WHOLE));
    }
    sum
}

/// `factory:NAME` names the host, without what tells it from others of that name; all else is what it offers.
fn meets(who: &Claimant, wish: &str) -> bool {
    match wish.strip_prefix("factory:") {
        Some(name) => who.holder.host().split('~').next() == Some(name) || who.holder.host() == name,
        None => wish.parse().is_ok_and(|wish: Capability| who.capabilities.satisfies(&wish)),
    }
}

/// The host where the job's last checkpoint lies.
pub(super) fn home(job: &Job) -> Option<&str> {
    let (_, epoch) = job.checkpoint.as_ref()?;
    job.attempts.iter().rev().find(|attempt| attempt.epoch == *epoch).map(|attempt| attempt.holder.host())
}

/// What the job may still cost at most, where that is known; rounded up to two digits, so that jobs which cost
/// much the same are of one kind.
pub(super) fn price(job: &Job) -> Option<u64> {
    job.budget().micro_usd?;
    let exact = job.unspent();
    let step = 10_u64.pow(exact.checked_ilog10().unwrap_or(0).saturating_sub(1));
    Some(exact.checked_next_multiple_of(step).unwrap_or(u64::MAX))
}

/// What is thought of an engine after one more attempt of it; `None` where its end says nothing about it:
/// somebody stopped it, or its account or its host was to blame.
pub(super) fn graded(so_far: Option<u16>, outcome: Outcome) -> Option<u16> {
    use Outcome::{BudgetExceeded, Crash, NoWork, Ok, Stalled, TaskFailed, Timeout, Turns, VerifyFailed};
    let before = so_far.unwrap_or(Score::UNKNOWN);
    match outcome {
        Ok => Some(before + (WHOLE - before) / NEWEST),
        NoWork | TaskFailed | VerifyFailed | Timeout | Turns | BudgetExceeded | Crash | Stalled => {
            Some(before - before / NEWEST)
        }
        _ => None,
    }
}

/// What jobs are ordered by in the line: the least comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Rank<'a> {
    class: Priority,
    /// `None` comes first: it has waited so long that only its age counts.
    score: Option<Reverse<i32>>,
    waiting: Stamp,
    id: &'a JobId,
}

/// Whether the job has waited so long that its score counts no more.
pub fn goes_by_age(job: &Job, now: Stamp) -> bool {
    now.since(job.waiting) >= PATIENCE
}

/// The job's place in the order with that ageless score, and its score now.
pub(super) fn rank<'a>(job: &'a Job, ageless: &Score, now: Stamp) -> (Rank<'a>, Score) {
    let waited = now.since(job.waiting);
    let score = ageless.after(waited);
    let class = class_at(job.spec.priority, job.waiting, now);
    let by_score = (!goes_by_age(job, now)).then_some(Reverse(score.total));
    (Rank { class, score: by_score, waiting: job.waiting, id: &job.id }, score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_written_with_short_names_and_read_back() {
        let score =
            Score::of([1_000, 400, 500, 533, 500, 300, 0], [false, false, false, false, true, false, false]);
        let text = serde_json::to_string(&score).expect("plain data");
        let expected = r#"{"total":2719,"fit":1000,"aff":400,"load":500,"cost":533,"hlth":500,"eng":300,"starv":0,"unknown":["hlth"]}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Score>(&text).expect("reads back"), score);
        for term in TERMS {
            assert!(text.contains(&format!("\"{}\":", term.head.to_lowercase())), "{}", term.head);
        }
    }

    #[test]
    fn an_engine_is_thought_of_by_what_it_came_to_lately() {
        let check = |ends: &str, expected: Option<u16>| {
            let ends = ends.split_whitespace().map(|end| Outcome::parse(end).expect("an outcome"));
            let grade = ends.fold(None, |so_far, end| graded(so_far, end).or(so_far));
            assert_eq!(grade, expected);
        };
        check("", None);
        check("overloaded limit auth cancelled drained unknown config no_engine", None);
        check("ok", Some(562));
        check("crash", Some(438));
        check("ok ok ok ok ok ok ok ok ok ok", Some(866));
        check("ok ok ok ok ok ok ok ok ok ok verify_failed", Some(758));
        check(&"task_failed ".repeat(100), Some(7));
        check(&"ok ".repeat(100), Some(993));
    }

    #[test]
    fn starvation_ends_with_the_first_rise() {
        let check = |waited: Span, expected: u16| assert_eq!(starvation(waited), expected);
        check(Span::ZERO, 1_000);
        check(Span::from_mins(3), 900);
        check(Span::from_mins(15), 500);
        check(Span::from_mins(30), 0);
        check(Span::from_mins(300), 0);
    }
}
