//! What a job amounts to: its manifest, profile and configuration put together, each value with its origin.
//!
//! Precedence is job, profile, configuration, default. Two parts come out. The [`Spec`] is what the law reads
//! and rides in events. The [`Effective`] is what a worker needs beside the body; it is stored once as an
//! immutable blob, so its form only grows and carries a version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::body::script_of;
use super::command_engine::Placed;
use super::config::{Config, Origin};
use super::manifest::{Manifest, Sandbox, Scope};
use super::problem::{At, Problem, suggestion};
use super::profile::Profile;
use super::reader::Known;
use super::spec::{EngineClass, ShipKind, Spec, Terms};
use super::{Budget, Capability, IdempotencyKey};
use crate::time::Span;

/// Version of the stored form. A reader meets older ones and fills in what they lack.
pub const EFFECTIVE_V: u32 = 1;
/// The profile of a job that names none.
pub const DEFAULT_PROFILE: &str = "developer";

/// What must be known of the machine to resolve a manifest.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// The folder above `queue/`.
    pub folder: String,
    /// The user's home, for paths that begin with `~/`.
    pub home: Option<String>,
    /// The place of [`work_place`] is in a git repository.
    pub in_git: bool,
    /// Why nothing can be done at that place, in words; `None` if it can.
    pub unusable: Option<String>,
    /// The queue belongs to no folder of work, so the job must name one.
    pub place_needed: bool,
}

/// Where a job works.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkPlace {
    /// The repository, if it was named: an absolute path or a URL.
    pub repo: Option<String>,
    /// The folder: absolute, or below the clone where `repo` is a URL (then `.` is its top).
    pub cwd: String,
}

/// Everything a worker needs to run a job, beside the job's text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)] // Each field's meaning is its row of the manifest's table.
pub struct Effective {
    /// Version of this form.
    pub v: u32,
    pub title: String,
    pub profile: String,
    /// The profile's text, which stands before the job's; empty for none.
    #[serde(default)]
    pub persona: String,
    pub engine: Option<String>,
    pub engine_class: Option<EngineClass>,
    pub prefers_engine: Option<String>,
    pub model: Option<String>,
    pub effort: Option<String>,
    pub repo: Option<String>,
    pub cwd: String,
    pub base: Option<String>,
    pub worktree: bool,
    pub setup: Option<String>,
    pub verify: Option<String>,
    pub timeout: Span,
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    #[serde(default)]
    pub touches: Vec<String>,
    #[serde(default)]
    pub artifacts: Vec<String>,
    #[serde(default)]
    pub allowed_scope: Vec<String>,
    pub scope_strict: bool,
    pub ship: ShipKind,
    pub yolo: bool,
    pub sandbox: Sandbox,
    /// Origin of every field that is not at its default.
    pub origins: BTreeMap<String, Origin>,
}

impl Effective {
    /// A command for a tree that nobody has prepared: with the setup before it, where there is one.
    pub fn on_a_fresh_tree(&self, command: &str) -> String {
        match self.setup.as_deref().filter(|setup| !setup.is_empty()) {
            Some(setup) => format!("set -e\n( {setup}\n)\n( {command}\n)"),
            None => command.to_string(),
        }
    }
}

/// A manifest made whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolved {
    /// What the law reads.
    pub spec: Spec,
    /// What a worker reads.
    pub effective: Effective,
}

/// Name of the profile a job runs under.
pub fn profile_name<'a>(manifest: &'a Manifest, config: &'a Config) -> &'a str {
    manifest.profile.as_deref().or(config.profile.as_deref()).unwrap_or(DEFAULT_PROFILE)
}

/// Where a job works. Ask this first, look whether it is in a git repository, then resolve.
pub fn work_place(manifest: &Manifest, folder: &str, home: Option<&str>) -> WorkPlace {
    let repo = manifest
        .repo
        .as_deref()
        .map(|repo| if is_url(repo) { repo.to_string() } else { join(folder, repo, home) });
    let cwd = manifest.cwd.as_deref();
    let cwd = match &repo {
        Some(url) if is_url(url) => cwd.unwrap_or(".").to_string(),
        Some(path) => cwd.map_or_else(|| path.clone(), |cwd| join(path, cwd, home)),
        None => cwd.map_or_else(|| folder.to_string(), |cwd| join(folder, cwd, home)),
    };
    WorkPlace { repo, cwd }
}

/// Whether the place of a job is on this machine, and not behind a git URL.
pub fn is_here(place: &WorkPlace) -> bool {
    !place.repo.as_deref().is_some_and(is_url)
}

/// A git URL: with a scheme, or `host:path` as ssh writes it.
fn is_url(text: &str) -> bool {
    let ssh = text.split_once(':').is_some_and(|(host, path)| !host.contains('/') && !path.is_empty());
    text.contains("://") || ssh
}

/// A path put below a folder unless it is absolute, with `.` and `..` taken out by their letters alone.
fn join(folder: &str, path: &str, home: Option<&str>) -> String {
    let from_home = match (path.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => Some(format!("{home}{rest}")),
        _ => None,
    };
    let whole = match from_home {
        Some(whole) => whole,
        None if path.starts_with('/') => path.to_string(),
        None => format!("{folder}/{path}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Puts a manifest, its profile and the configuration together.
///
/// # Errors
///
/// What can only be seen now: an engine of the profile or the configuration that does not exist, a missing
/// script, a worktree without a repository, a job without a place.
pub fn resolve(
    manifest: &Manifest,
    profile: &Profile,
    config: &Config,
    known: &Known,
    facts: &Facts,
) -> Result<Resolved, Vec<Problem>> {
    let mut picker = Picker { config, origins: BTreeMap::new() };
    let effective = picker.effective(manifest, profile, facts);
    let spec = picker.spec(manifest, profile, &effective);
    let effective = Effective { origins: picker.origins, ..effective };
    let resolved = Resolved { spec, effective };
    let problems = whole_problems(manifest, config, known, facts, &resolved.effective);
    if problems.is_empty() { Ok(resolved) } else { Err(problems) }
}

fn whole_problems(
    m: &Manifest,
    config: &Config,
    known: &Known,
    facts: &Facts,
    e: &Effective,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (field, name) in [("engine", &e.engine), ("prefers-engine", &e.prefers_engine)] {
        let Some(name) = name.as_ref().filter(|name| !known.engines.contains(name)) else { continue };
        let origin = e.origins.get(field).copied().unwrap_or(Origin::Default);
        let message = format!("{field}: no such engine: {name:?} (from {origin})");
        let hint = suggestion(name, known.engines.iter().map(String::as_str));
        problems.push(Problem::new(m.place(field), message).hint(hint));
    }
    let is_script = e.engine.as_deref() == Some("shell")
        || (e.engine.is_none() && e.engine_class == Some(EngineClass::Script));
    if is_script
        && !m.body.is_empty()
        && let Err(problem) = script_of(&m.body)
    {
        problems.push(problem);
    }
    if let Some(engine) = e.engine.as_ref().and_then(|name| config.engines.get(name)) {
        let placed = Placed { model: e.model.as_deref(), effort: e.effort.as_deref(), ..Placed::default() };
        if let Err(field) = engine.argv_for(&placed).map_err(|field| field.to_string())
            && !m.names(&field)
        {
            let message = format!("its engine's command line needs a {field}");
            let hint = format!("write {field}: … into the job or its profile");
            problems.push(Problem::new(m.place("engine"), message).hint(hint));
        }
    }
    problems.extend(problem_of_place(m, facts, e));
    problems
}

/// What is wrong with the place of work; of several things the first, because it leads to the others.
fn problem_of_place(m: &Manifest, facts: &Facts, e: &Effective) -> Option<Problem> {
    if e.repo.as_deref().is_some_and(is_url) {
        let problem = Problem::new(m.place("repo"), "repo: a URL is not in this version");
        return Some(problem.hint("clone it, and name the folder of the clone"));
    }
    if facts.place_needed && !m.names("repo") && !m.names("cwd") {
        let message = "this queue belongs to no project, so the job must say where it works";
        return Some(Problem::new(At::new(1, 1), message).hint("write repo: or cwd:"));
    }
    if let Some(why) = &facts.unusable {
        let field = if m.names("cwd") { "cwd" } else { "repo" };
        let message = if m.names(field) { format!("{field}: {why}") } else { why.clone() };
        let from = e.repo.as_ref().filter(|_| field == "cwd").unwrap_or(&facts.folder);
        let hint = format!("name a folder to work in; a relative path begins at {from}");
        return Some(Problem::new(m.place(field), message).hint(hint));
    }
    if e.worktree && !facts.in_git {
        let message = format!("worktree: true, but {} is in no git repository", e.cwd);
        let hint = "name a repo, or write worktree: false";
        return Some(Problem::new(m.place("worktree"), message).hint(hint));
    }
    None
}

/// Picks values by precedence and remembers where each is from.
struct Picker<'a> {
    config: &'a Config,
    origins: BTreeMap<String, Origin>,
}

impl Picker<'_> {
    fn first<T>(&mut self, field: &str, layers: [(Option<T>, Origin); 3]) -> Option<T> {
        let (value, origin) = layers.into_iter().find_map(|(value, origin)| Some((value?, origin)))?;
        self.origins.insert(field.to_string(), origin);
        Some(value)
    }

    /// A field that only jobs have.
    fn job<T: Clone>(&mut self, field: &str, job: &Option<T>) -> Option<T> {
        self.both(field, job, &None)
    }

    /// A field that jobs and profiles have.
    fn both<T: Clone>(&mut self, field: &str, job: &Option<T>, profile: &Option<T>) -> Option<T> {
        let none = (None, Origin::Default);
        self.first(field, [(job.clone(), Origin::Job), (profile.clone(), Origin::Profile), none])
    }

    /// A field that may stand everywhere; its key in the configuration has its name.
    fn all<T: Clone>(
        &mut self,
        field: &str,
        job: &Option<T>,
        profile: &Option<T>,
        config: &Option<T>,
    ) -> Option<T> {
        let last = (config.clone(), self.config.origin(field));
        self.first(field, [(job.clone(), Origin::Job), (profile.clone(), Origin::Profile), last])
    }

    /// Engine and class are one choice: the first layer that makes it makes it whole, or a job that asks for
    /// a class would be held to the engine of its profile.
    fn engine(&mut self, m: &Manifest, p: &Profile) -> (Option<String>, Option<EngineClass>) {
        let config = self.config.engine.clone();
        let layers = [
            (m.engine.clone(), m.engine_class, Origin::Job),
            (p.engine.clone(), p.engine_class, Origin::Profile),
            (config, None, self.config.origin("engine")),
        ];
        for (engine, class, origin) in layers {
            if engine.is_some() || class.is_some() {
                let fields = [("engine", engine.is_some()), ("engine-class", class.is_some())];
                for (field, _) in fields.into_iter().filter(|pair| pair.1) {
                    self.origins.insert(field.to_string(), origin);
                }
                return (engine, class);
            }
        }
        (None, Some(EngineClass::AgenticCoder))
    }

    /// Ceilings are picked one by one, so that a job may raise one and keep the others of its profile.
    fn budget(&mut self, job: Option<Budget>, profile: Option<Budget>) -> Budget {
        let (job, profile) = (job.unwrap_or_default(), profile.unwrap_or_default());
        Budget {
            micro_usd: self.both("budget.usd", &job.micro_usd, &profile.micro_usd),
            tokens: self.both("budget.tokens", &job.tokens, &profile.tokens),
            turns: self.both("budget.turns", &job.turns, &profile.turns),
            wall: self.both("budget.wall", &job.wall, &profile.wall),
        }
    }

    fn effective(&mut self, m: &Manifest, p: &Profile, facts: &Facts) -> Effective {
        let c = self.config;
        let place = work_place(m, &facts.folder, facts.home.as_deref());
        let is_clone = place.repo.as_deref().is_some_and(is_url);
        let (engine, engine_class) = self.engine(m, p);
        let command = |command: Option<String>| command.filter(|text| !text.is_empty());
        self.job("title", &m.title);
        self.job("repo", &m.repo);
        self.job("cwd", &m.cwd);
        self.all("profile", &m.profile, &None, &c.profile);
        Effective {
            v: EFFECTIVE_V,
            title: m.shown_title(),
            profile: p.name.clone(),
            persona: p.persona.clone(),
            engine,
            engine_class,
            prefers_engine: self.both("prefers-engine", &m.prefers_engine, &p.prefers_engine),
            model: self.both("model", &m.model, &p.model),
            effort: self.both("effort", &m.effort, &p.effort),
            repo: place.repo,
            cwd: place.cwd,
            base: self.job("base", &m.base),
            worktree: self.job("worktree", &m.worktree).unwrap_or(facts.in_git || is_clone),
            setup: command(self.all("setup", &m.setup, &None, &c.setup)),
            verify: command(self.all("verify", &m.verify, &p.default_verify, &c.verify)),
            timeout: self.job("timeout", &m.timeout).unwrap_or(super::DEFAULT_TIMEOUT),
            capabilities: self.both("capabilities", &m.capabilities, &p.capabilities).unwrap_or_default(),
            touches: self.job("touches", &m.touches).unwrap_or_default(),
            artifacts: self.job("artifacts", &m.artifacts).unwrap_or_default(),
            allowed_scope: self.both("allowed-scope", &m.allowed_scope, &p.allowed_scope).unwrap_or_default(),
            scope_strict: self.job("scope", &m.scope) == Some(Scope::Strict),
            ship: self.job("ship", &m.ship).unwrap_or_default(),
            yolo: self.all("yolo", &m.yolo, &None, &c.yolo).unwrap_or_default(),
            sandbox: self.all("sandbox", &m.sandbox, &None, &c.sandbox).unwrap_or_default(),
            origins: BTreeMap::new(),
        }
    }

    fn spec(&mut self, m: &Manifest, p: &Profile, e: &Effective) -> Spec {
        let place_lock = || (!e.worktree).then(|| format!("cwd:{}", e.cwd));
        let written = Terms {
            title: e.title.clone(),
            engine: e.engine.clone(),
            engine_class: e.engine_class,
            prefers_engine: e.prefers_engine.clone(),
            profile: e.profile.clone(),
            priority: self.job("priority", &m.priority).unwrap_or_default(),
            capabilities: e.capabilities.clone().into(),
            prefers: self.job("prefers", &m.prefers).unwrap_or_default().into(),
            lock: self.job("lock", &m.lock).or_else(place_lock),
            touches: e.touches.clone().into(),
            deps: self.job("deps", &m.deps).unwrap_or_default(),
            deps_mode: self.job("deps-mode", &m.deps_mode).unwrap_or_default(),
            budget: self.budget(m.budget, p.budget).into(),
            retry: self.job("retry", &m.retry).unwrap_or_default().into(),
            review: self.both("review", &m.review, &p.review).unwrap_or_default().into(),
            ship: e.ship,
            autoship: self.job("autoship", &m.autoship).unwrap_or_default(),
            not_before: self.job("not-before", &m.not_before),
            timeout: e.timeout,
            has_verify: e.verify.is_some(),
            has_body: !m.body.is_empty(),
            worktree: e.worktree,
            scope_strict: e.scope_strict,
            key: self.job("idempotency-key", &m.idempotency_key).map(IdempotencyKey::new),
            tracker_item: self.job("tracker-item", &m.tracker_item),
        };
        written.into()
    }
}
