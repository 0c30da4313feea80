//! What the law knows of a job: the resolved fields of its manifest that rules read.
//!
//! A [`Spec`] rides in `job_submitted`; fields at their default are not written. What only a worker
//! needs (prompt, persona, commands, paths) is in a blob and never in an event.

use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::{Budget, Capability, IdempotencyKey, Outcome, Seldom, Usual};
use crate::time::{Span, Stamp};

/// Wall time of one attempt where nothing else is said.
pub const DEFAULT_TIMEOUT: Span = Span::from_mins(120);
/// Attempts after the first where nothing else is said.
pub const DEFAULT_RETRY_MAX: u32 = 2;
/// First pause of the `exp` backoff.
pub const BACKOFF_FIRST: Span = Span::from_secs(30);
/// Longest pause of the `exp` backoff.
pub const BACKOFF_MOST: Span = Span::from_mins(60);

/// Class that comes before any score when jobs compete. The order of variants is the order of the pick.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Priority {
    Critical,
    High,
    #[default]
    Medium,
    Low,
}

/// Kind of program that may run a job when no engine is named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineClass {
    /// Edits files and runs commands by itself.
    AgenticCoder,
    /// Proposes edits in a conversation.
    ChatCoder,
    /// Runs what the body says.
    Script,
}

impl Priority {
    /// The class as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Priority::Critical => "critical",
            Priority::High => "high",
            Priority::Medium => "medium",
            Priority::Low => "low",
        }
    }
}

impl EngineClass {
    /// The class as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            EngineClass::AgenticCoder => "agentic-coder",
            EngineClass::ChatCoder => "chat-coder",
            EngineClass::Script => "script",
        }
    }
}

/// When a dependency counts as satisfied.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepsMode {
    /// Shipped.
    #[default]
    Hard,
    /// Testing or shipped.
    Soft,
}

/// What shipping does with the job's branch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShipKind {
    /// The branch stands; nothing is merged.
    #[default]
    Branch,
    /// Merged into base, fast-forward or merge commit.
    Merge,
    /// A pull request; it has shipped once that is merged and its checks are green.
    Pr,
}

impl ShipKind {
    /// Its word in a manifest.
    pub const fn name(self) -> &'static str {
        match self {
            ShipKind::Branch => "branch",
            ShipKind::Merge => "merge",
            ShipKind::Pr => "pr",
        }
    }
}

/// Pause before a retry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// 30 s, doubling, at most 1 h.
    #[default]
    Exp,
    /// The same pause each time.
    Fixed(Span),
}

impl Backoff {
    /// The pause before retry number `n`, from 1.
    pub fn pause(self, n: u32) -> Span {
        match self {
            Backoff::Fixed(span) => span,
            Backoff::Exp => BACKOFF_FIRST.times(1u64 << n.saturating_sub(1).min(20)).min(BACKOFF_MOST),
        }
    }
}

impl FromStr for Backoff {
    type Err = crate::time::BadSpan;

    fn from_str(text: &str) -> Result<Backoff, Self::Err> {
        if text == "exp" { Ok(Backoff::Exp) } else { text.parse().map(Backoff::Fixed) }
    }
}

/// How often and after what a failed attempt is tried again.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Retry {
    /// Attempts after the first that count.
    pub max: u32,
    /// Pause before each.
    pub backoff: Backoff,
    /// The outcomes that are retried.
    pub on: Vec<Outcome>,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry { max: DEFAULT_RETRY_MAX, backoff: Backoff::Exp, on: vec![Outcome::Crash, Outcome::Stalled] }
    }
}

impl Usual for Retry {
    fn usual() -> &'static Retry {
        static USUAL: LazyLock<Retry> = LazyLock::new(Retry::default);
        &USUAL
    }
}

/// The gate between an attempt that ended well and testing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct ReviewRule {
    /// Approvals needed; 0 is `auto`, which passes only what verify proved.
    #[serde(default, skip_serializing_if = "is_default")]
    pub approvals: u32,
    /// Who is asked; empty is anybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<String>,
    /// A command a reviewer's decision must rest on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The submitter may not approve either.
    #[serde(default, skip_serializing_if = "is_default")]
    pub four_eyes: bool,
}

impl Usual for ReviewRule {
    fn usual() -> &'static ReviewRule {
        static USUAL: LazyLock<ReviewRule> = LazyLock::new(ReviewRule::default);
        &USUAL
    }
}

/// An entry of `reviewers` that asks an engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EngineReviewer<'a> {
    /// The entry as it was written; the name that its decisions stand under.
    pub entry: &'a str,
    /// The persona it reviews with.
    pub profile: &'a str,
    /// The engine, where the entry names one.
    pub engine: Option<&'a str>,
}

/// The persona of reviewers that are asked for by their engine alone.
const REVIEWER: &str = "reviewer";

impl<'a> EngineReviewer<'a> {
    /// `profile:NAME` or `engine:NAME`; any other name is a person's.
    pub fn of(entry: &'a str) -> Option<EngineReviewer<'a>> {
        match entry.split_once(':')? {
            ("profile", profile) => Some(EngineReviewer { entry, profile, engine: None }),
            ("engine", engine) => Some(EngineReviewer { entry, profile: REVIEWER, engine: Some(engine) }),
            _ => None,
        }
    }
}

impl ReviewRule {
    /// The engines that are asked.
    pub fn engines(&self) -> impl Iterator<Item = EngineReviewer<'_>> {
        self.reviewers.iter().filter_map(|entry| EngineReviewer::of(entry))
    }

    /// The people who are asked; none is anybody.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        self.reviewers.iter().map(String::as_str).filter(|entry| EngineReviewer::of(entry).is_none())
    }
}

/// Whether a job in testing ships by itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Autoship {
    /// A person ships.
    #[default]
    Never,
    /// At once if verify proved it.
    Verified,
    /// After this long in testing, if verify proved it.
    After(Span),
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

fn default_timeout() -> Span {
    DEFAULT_TIMEOUT
}

fn is_default_timeout(span: &Span) -> bool {
    *span == DEFAULT_TIMEOUT
}

/// The resolved fields the law reads: what a job has for itself, and the [`Terms`] it shares with others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "Terms", into = "Terms")]
pub struct Spec {
    /// What people see.
    pub title: String,
    /// Names as written: ids, idempotency keys or file stems.
    pub deps: Seldom<Vec<String>>,
    /// Same key, same body: the same job.
    pub key: Option<IdempotencyKey>,
    terms: Arc<Terms>,
}

/// All fields as they are written; defaults are left out. Most jobs of a queue have the same ones but for the
/// three that every [`Spec`] has for itself: in memory these are empty here, and the rest is kept once for all.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Terms {
    pub(super) title: String,
    /// Engine by name; `None` where only a class was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Any engine of this class will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_class: Option<EngineClass>,
    /// Soft preference among engines of the class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefers_engine: Option<String>,
    /// Name of the profile; `developer` where nothing is said.
    #[serde(default = "developer", skip_serializing_if = "is_developer")]
    pub profile: String,
    /// Class that comes before any score.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: Priority,
    /// What a host must have.
    #[serde(default, skip_serializing_if = "is_default")]
    pub capabilities: Seldom<Vec<Capability>>,
    /// Soft wishes: `factory:NAME`, `os:linux`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub prefers: Seldom<Vec<String>>,
    /// One running job per key; `None` where the own worktree makes a lock needless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
    /// Overlapping running jobs of the same repository wait for each other.
    #[serde(default, skip_serializing_if = "is_default")]
    pub touches: Seldom<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) deps: Vec<String>,
    /// When a dependency counts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deps_mode: DepsMode,
    /// Ceilings over all attempts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub budget: Seldom<Budget>,
    /// What is retried, how often, after what pause.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retry: Seldom<Retry>,
    /// The gate before testing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub review: Seldom<ReviewRule>,
    /// What shipping does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ship: ShipKind,
    /// Whether it ships by itself.
    #[serde(default, skip_serializing_if = "is_default")]
    pub autoship: Autoship,
    /// Earliest start, wall time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Stamp>,
    /// Wall time of one attempt.
    #[serde(default = "default_timeout", skip_serializing_if = "is_default_timeout")]
    pub timeout: Span,
    /// There is a verify command.
    #[serde(default, skip_serializing_if = "is_default")]
    pub has_verify: bool,
    /// There is something to run; false for a composite with an empty body.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub has_body: bool,
    /// Runs in a git worktree of its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub worktree: bool,
    /// Changes outside the allowed scope fail the attempt instead of warning.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scope_strict: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<IdempotencyKey>,
    /// Link to an outside tracker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracker_item: Option<String>,
}

impl From<Terms> for Spec {
    fn from(mut written: Terms) -> Spec {
        let (title, deps) = (std::mem::take(&mut written.title), std::mem::take(&mut written.deps));
        let key = written.key.take();
        Spec { title, deps: deps.into(), key, terms: Arc::new(written) }
    }
}

impl From<Spec> for Terms {
    fn from(spec: Spec) -> Terms {
        let (title, deps, key) = (spec.title, spec.deps.to_vec(), spec.key);
        Terms { title, deps, key, ..(*spec.terms).clone() }
    }
}

impl Deref for Spec {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        &self.terms
    }
}

impl DerefMut for Spec {
    fn deref_mut(&mut self) -> &mut Terms {
        Arc::make_mut(&mut self.terms)
    }
}

fn developer() -> String {
    "developer".to_string()
}

fn is_developer(name: &String) -> bool {
    name == "developer"
}

impl Spec {
    /// What it may share with others.
    pub fn terms(&self) -> &Arc<Terms> {
        &self.terms
    }

    /// Puts other terms in the place of its own.
    pub fn set_terms(&mut self, terms: Arc<Terms>) {
        self.terms = terms;
    }

    /// A spec of that title with every field at its default.
    pub fn titled(title: impl Into<String>) -> Spec {
        Spec::from(Terms {
            title: title.into(),
            engine: None,
            engine_class: None,
            prefers_engine: None,
            profile: developer(),
            priority: Priority::default(),
            capabilities: Seldom::default(),
            prefers: Seldom::default(),
            lock: None,
            touches: Seldom::default(),
            deps: Vec::new(),
            deps_mode: DepsMode::default(),
            budget: Seldom::default(),
            retry: Seldom::default(),
            review: Seldom::default(),
            ship: ShipKind::default(),
            autoship: Autoship::default(),
            not_before: None,
            timeout: DEFAULT_TIMEOUT,
            has_verify: false,
            has_body: true,
            worktree: false,
            scope_strict: false,
            key: None,
            tracker_item: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_not_written_and_read_back() {
        let spec = Spec::titled("t");
        let text = serde_json::to_string(&spec).expect("a spec is plain data");
        assert_eq!(text, r#"{"title":"t"}"#);
        assert_eq!(serde_json::from_str::<Spec>(&text).expect("reads back"), spec);
    }

    #[test]
    fn exponential_backoff_doubles_up_to_an_hour() {
        let pauses: Vec<u64> = (1..10).map(|n| Backoff::Exp.pause(n).as_secs()).collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    }
}
