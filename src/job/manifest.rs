//! A job's manifest as it was written: every field that may be set, and the table they are read by.

use std::collections::BTreeMap;

use super::children::{Child, read_children};
use super::forms::CLASS_NAMES;
use super::problem::At;
use super::reader::{LIST_MAX, Reader, Row, Words, row};
use super::spec::{Autoship, DepsMode, EngineClass, Priority, Retry, ReviewRule, ShipKind};
use super::tree::Node;
use super::{Budget, Capability};
use crate::time::{Span, Stamp};

/// Dependencies of one job; more is a plan that wants composites.
pub const DEPS_MAX: usize = 200;

/// Minimum isolation a job asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sandbox {
    /// None beyond the worktree and the stripped environment.
    #[default]
    None,
}

/// What is done about changes outside `allowed-scope`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Scope {
    /// Said on the job.
    #[default]
    Warn,
    /// The attempt fails.
    Strict,
}

/// The text of a job and the line of its file on which it begins.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Body {
    /// The text as it stands in the file.
    pub text: String,
    /// Its first line's number in the file.
    pub line: u32,
}

impl Body {
    /// There is nothing but white space.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// A manifest: `None` is a field that was not written. Defaults are put in by `resolve`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // Each field's meaning is its row of the table below.
pub struct Manifest {
    /// Name of the file without `.md`; what siblings and `deps` may call the job.
    pub stem: String,
    pub title: Option<String>,
    pub engine: Option<String>,
    pub engine_class: Option<EngineClass>,
    pub prefers_engine: Option<String>,
    pub model: Option<String>,
    pub effort: Option<String>,
    pub profile: Option<String>,
    pub repo: Option<String>,
    pub cwd: Option<String>,
    pub base: Option<String>,
    pub worktree: Option<bool>,
    /// The empty command is `none`.
    pub setup: Option<String>,
    /// The empty command is `none`.
    pub verify: Option<String>,
    pub timeout: Option<Span>,
    pub priority: Option<Priority>,
    pub capabilities: Option<Vec<Capability>>,
    pub prefers: Option<Vec<String>>,
    pub lock: Option<String>,
    pub touches: Option<Vec<String>>,
    pub deps: Option<Vec<String>>,
    pub deps_mode: Option<DepsMode>,
    pub children: Vec<Child>,
    pub budget: Option<Budget>,
    pub retry: Option<Retry>,
    pub review: Option<ReviewRule>,
    pub ship: Option<ShipKind>,
    pub autoship: Option<Autoship>,
    pub allowed_scope: Option<Vec<String>>,
    pub scope: Option<Scope>,
    pub artifacts: Option<Vec<String>>,
    pub idempotency_key: Option<String>,
    pub tracker_item: Option<String>,
    pub not_before: Option<Stamp>,
    pub yolo: Option<bool>,
    pub sandbox: Option<Sandbox>,
    /// What follows the front matter.
    pub body: Body,
    /// Where the value of each written field stands, for problems that only the whole can show.
    pub places: BTreeMap<String, At>,
}

const PRIORITIES: [(&str, Priority); 4] = [
    (Priority::Critical.name(), Priority::Critical),
    (Priority::High.name(), Priority::High),
    (Priority::Medium.name(), Priority::Medium),
    (Priority::Low.name(), Priority::Low),
];

/// Every field of a manifest: reading, suggestions, help and README are drawn from this.
#[rustfmt::skip]
pub(super) static MANIFEST: &[Row<Manifest>] = &[
    row("title", "text", "first heading, else file name", "what people see", |r, n, m| m.title = r.title(n)),
    row("engine", "a name of the engine table or of `aq.toml`", "profile, else config", "what runs it", |r, n, m| m.engine = r.engine(n)),
    row("engine-class", "agentic-coder, chat-coder, script", "profile, else agentic-coder where no engine is named", "any engine of that class will do", |r, n, m| m.engine_class = r.word(n, &CLASS_NAMES)),
    row("prefers-engine", "name", "profile", "soft preference in routing", |r, n, m| m.prefers_engine = r.engine(n)),
    row("model", "text", "profile, else engine's", "passed through", |r, n, m| m.model = r.argument(n)),
    row("effort", "text", "profile, else engine's", "passed through", |r, n, m| m.effort = r.argument(n)),
    row("profile", "name", "config, else `developer`", "persona and defaults", |r, n, m| m.profile = r.profile(n)),
    row("repo", "path or git URL", "the folder above `queue/`", "the repository in which the work happens", |r, n, m| m.repo = r.path(n)),
    row("cwd", "path", "the folder above `queue/`", "where the work happens", |r, n, m| m.cwd = r.path(n)),
    row("base", "branch or sha", "repo's default branch", "where the job branch starts", |r, n, m| m.base = r.git_ref(n)),
    row("worktree", "true, false", "true in a git repo", "false: run in cwd itself, one writer at a time", |r, n, m| m.worktree = r.flag(n)),
    row("setup", "command, or none", "config", "run once in a fresh worktree (deps, env)", |r, n, m| m.setup = r.command(n)),
    row("verify", "command, or none", "profile, else config", "must pass before the work counts", |r, n, m| m.verify = r.command(n)),
    row("timeout", "`90s 45m 2h 1d`", "2h", "wall time of one attempt", |r, n, m| m.timeout = r.span(n)),
    row("priority", "critical, high, medium, low", "medium", "a class that comes before any score", |r, n, m| m.priority = r.word(n, &PRIORITIES)),
    row("capabilities", "list of `key`, `key:value`, `key>=1.2`", "profile", "what a host must have", |r, n, m| m.capabilities = r.capabilities(n)),
    row("prefers", "`factory:NAME`, `os:linux`", "–", "soft", |r, n, m| m.prefers = r.wishes(n)),
    row("lock", "key", "the worktree, or cwd when worktree is false", "one running job per key", |r, n, m| m.lock = r.text(n)),
    row("touches", "globs", "–", "overlapping running jobs wait for each other", |r, n, m| m.touches = r.globs(n)),
    row("deps", "list of ids, idempotency keys or file stems", "–", "jobs that come first", |r, n, m| m.deps = r.deps(n)),
    row("deps-mode", "hard (= shipped), soft (= testing or shipped)", "hard", "when a dependency counts", |r, n, m| m.deps_mode = r.word(n, &[("hard", DepsMode::Hard), ("soft", DepsMode::Soft)])),
    row("children", "list of inline jobs (these fields, `name` and `body`) or files", "–", "composite: a body runs once after its children, from their merged heads", |r, n, m| m.children = read_children(r, n)),
    row("budget", "`{usd, tokens, wall, turns}`", "profile, else product's", "ceilings summed over all attempts", |r, n, m| m.budget = r.budget(n)),
    row("retry", "`{max, backoff, on}`", "max 2, exp, on crash and stalled", "what is tried again, how often, after what pause", |r, n, m| m.retry = r.retry(n)),
    row("review", "auto, manual, or `{approvals, reviewers, check, four-eyes}`", "profile, else auto", "the gate before testing", |r, n, m| m.review = r.review(n)),
    row("ship", "branch, merge, pr", "branch", "what shipping does with the branch; pr opens a pull request through gh, and the job has shipped once that is merged and green", |r, n, m| m.ship = r.ship(n)),
    row("autoship", "never, verified, or a delay such as `30m`", "never", "whether it ships by itself", |r, n, m| m.autoship = r.autoship(n)),
    row("allowed-scope", "globs", "profile", "changes outside are a warning, or a failure with `scope: strict`", |r, n, m| m.allowed_scope = r.globs(n)),
    row("scope", "warn, strict", "warn", "what a change outside `allowed-scope` does", |r, n, m| m.scope = r.word(n, &[("warn", Scope::Warn), ("strict", Scope::Strict)])),
    row("artifacts", "globs", "–", "kept after the run", |r, n, m| m.artifacts = r.globs(n)),
    row("idempotency-key", "text", "–", "same key, same body: the same job", |r, n, m| m.idempotency_key = r.text(n)),
    row("tracker-item", "text", "–", "link to an outside tracker", |r, n, m| m.tracker_item = r.text(n)),
    row("not-before", "RFC 3339 or `22:00`", "–", "earliest start", |r, n, m| m.not_before = r.moment(n)),
    row("yolo", "true, false", "config (false)", "engine's auto-approve flag", |r, n, m| m.yolo = r.flag(n)),
    row("sandbox", "none", "config (none)", "minimum isolation; `fs` and `hermetic` are refused until they are built", |r, n, m| m.sandbox = r.sandbox(n)),
];

impl Manifest {
    /// Where a field's value stands; the file's begin if it was not written.
    pub(super) fn place(&self, field: &str) -> At {
        self.places.get(field).copied().unwrap_or(At::new(1, 1))
    }

    /// The field was written, whether or not its value could be read.
    pub(super) fn names(&self, field: &str) -> bool {
        self.places.contains_key(field)
    }
}

/// The words of every field of a manifest, in the order of help.
pub fn manifest_fields() -> impl Iterator<Item = Words> {
    MANIFEST.iter().map(|row| row.words)
}

impl Reader<'_> {
    fn deps(&mut self, node: &Node) -> Option<Vec<String>> {
        let mut names = self.list(node, DEPS_MAX, |r, item| {
            let text = r.text(item)?;
            // People write the file they see; the stem is what it is known by.
            Some(text.strip_suffix(".md").unwrap_or(&text).to_string())
        })?;
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        Some(names)
    }

    /// A list of names of people, and of engines by `profile:NAME` or `engine:NAME`.
    pub(super) fn reviewers(&mut self, node: &Node) -> Option<Vec<String>> {
        self.list(node, LIST_MAX, Reader::reviewer)
    }
}
