//! Configuration: one table of keys, read from each file by itself and merged with where each value is from.

use std::collections::BTreeMap;

use super::account::Account;
use super::command_engine::CommandEngine;
use super::forms::is_name;
use super::front::FILE_MAX;
use super::look::{LIST_COLUMNS, THEMES, Theme};
use super::manifest::Sandbox;
use super::ping::{PING_KINDS, PING_WAYS, PingKind, PingWay, Quiet};
use super::problem::{At, Problem, nearest};
use super::read::merge_problems;
use super::reader::{LIST_MAX, Reader, Row, Words, row};
use super::tree::{Entry, Node, Value, read_toml};
use crate::time::{Span, Stamp};

/// Jobs one agent may run at once; beyond it the machine, not the setting, is the limit.
const SLOTS_MAX: u64 = 256;
/// Ended jobs whose worktrees and transcripts `aq clean` keeps where nothing else is said.
pub const CLEAN_KEEP: u64 = 20;
/// Age up to which `aq clean` leaves everything alone where nothing else is said.
pub const CLEAN_OLDER_THAN: Span = Span::from_mins(14 * 24 * 60);
/// The remote that checkpoint refs go to where nothing else is said.
pub const FLEET_REMOTE: &str = "origin";

/// The remote that pull requests are opened on where nothing else is said.
pub const SHIP_REMOTE: &str = "origin";
/// The program that speaks to the forge where nothing else is said.
pub const GH: &str = "gh";

/// Where a value is from. The order is the order of precedence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The job's front matter.
    Job,
    /// The job's profile.
    Profile,
    /// A flag of the command line.
    Flag,
    /// An environment variable.
    Environment,
    /// `aq.toml` beside the queue.
    Project,
    /// The user's `config.toml`.
    User,
    /// The machine's `config.toml`.
    Machine,
    /// Built in.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Origin::Job => "job",
            Origin::Profile => "profile",
            Origin::Flag => "flag",
            Origin::Environment => "environment",
            Origin::Project => "project",
            Origin::User => "user",
            Origin::Machine => "machine",
            Origin::Default => "default",
        })
    }
}

/// Which way the cockpit copies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // Each has its word in the table of keys.
pub enum Clipboard {
    #[default]
    Auto,
    Native,
    Osc52,
    Off,
}

/// When colour is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// The time over which a ceiling of a product counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Window {
    Day,
    Week,
    Month,
    Total,
}

/// The merged configuration; `None` and empty are keys that no file sets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // Each key's meaning is its row of the table below.
pub struct Config {
    pub engine: Option<String>,
    pub profile: Option<String>,
    /// The empty command is `none`.
    pub setup: Option<String>,
    /// The empty command is `none`.
    pub verify: Option<String>,
    pub yolo: Option<bool>,
    pub sandbox: Option<Sandbox>,
    pub slots: Option<usize>,
    pub worktrees: Option<String>,
    pub env_pass: Vec<String>,
    pub notify_command: Vec<String>,
    pub notify_way: Option<PingWay>,
    /// `None` is every kind.
    pub notify_kinds: Option<Vec<PingKind>>,
    pub notify_quiet: Option<Quiet>,
    pub repos: BTreeMap<String, String>,
    pub fleet_remote: Option<String>,
    pub ship_remote: Option<String>,
    pub program_gh: Option<String>,
    pub engines: BTreeMap<String, CommandEngine>,
    /// By engine, then by name.
    pub accounts: BTreeMap<String, BTreeMap<String, Account>>,
    /// By engine: its accounts in the order of their use.
    pub pools: BTreeMap<String, Vec<String>>,
    pub clean_keep: Option<u64>,
    pub clean_older_than: Option<Span>,
    pub editor: Option<String>,
    pub pager: Option<String>,
    pub color: Option<Color>,
    /// Which way the cockpit copies.
    pub clipboard: Option<Clipboard>,
    /// `None` is `auto` too: the terminal decides.
    pub theme: Option<Theme>,
    /// The cockpit draws with signs of ASCII alone.
    pub ascii: Option<bool>,
    /// The cockpit takes the mouse.
    pub mouse: Option<bool>,
    /// The columns of the list of jobs; `None` is all of them.
    pub columns: Option<Vec<&'static str>>,
    /// A frame is handed to the terminal as a whole.
    pub synchronized: Option<bool>,
    /// The cockpit sets the window's title.
    pub title: Option<bool>,
    /// In millionths of a dollar.
    pub budget_usd: Option<u64>,
    pub budget_window: Option<Window>,
    /// In millionths of a dollar, by engine.
    pub budget_engines: BTreeMap<String, u64>,
    /// Where each key that is set is from, and its value as text.
    pub origins: BTreeMap<String, (Origin, String)>,
}

/// Which files may hold a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder {
    /// Any file.
    Any,
    /// The user's or the machine's alone: it names what runs as the user, or what leaves the sandbox.
    OwnOnly,
}

struct Key {
    row: Row<Config>,
    holder: Holder,
    /// Only what a person sees hangs on it, and no job: a wrong value of it need stop nothing.
    seen_only: bool,
}

const fn any(row: Row<Config>) -> Key {
    Key { row, holder: Holder::Any, seen_only: false }
}

const fn own(row: Row<Config>) -> Key {
    Key { row, holder: Holder::OwnOnly, seen_only: false }
}

const fn seen(row: Row<Config>) -> Key {
    Key { row, holder: Holder::OwnOnly, seen_only: true }
}

/// Every key; `*` stands for a name. Reading, suggestions, help and README are drawn from this.
#[rustfmt::skip]
static KEYS: &[Key] = &[
    any(row("engine", "name", "–", "what runs a job that names no engine", |r, n, c| c.engine = r.engine(n))),
    any(row("profile", "name", "developer", "persona and defaults of a job that names no profile", |r, n, c| c.profile = r.profile(n))),
    any(row("setup", "command, or none", "–", "run once in a fresh worktree", |r, n, c| c.setup = r.command(n))),
    any(row("verify", "command, or none", "–", "must pass before the work counts", |r, n, c| c.verify = r.command(n))),
    any(row("yolo", "true, false", "false", "engine's auto-approve flag", |r, n, c| c.yolo = r.flag(n))),
    any(row("sandbox", "none", "none", "minimum isolation", |r, n, c| c.sandbox = r.sandbox(n))),
    any(row("slots", "number", "3, at most the cores", "jobs an agent runs at once", |r, n, c| c.slots = r.number(n, 1, SLOTS_MAX).and_then(|n| usize::try_from(n).ok()))),
    own(row("worktrees", "path", "$XDG_STATE_HOME/aq/worktrees", "where worktrees stand", |r, n, c| c.worktrees = r.path(n))),
    own(row("env-pass", "list of variables", "–", "more variables for engines, setup and verify", |r, n, c| c.env_pass = r.list(n, LIST_MAX, Reader::variable).unwrap_or_default())),
    own(row("notify.command", "list: program and arguments", "–", "run when something needs you: by an agent for what it did, else by the cockpit", |r, n, c| c.notify_command = r.list(n, LIST_MAX, Reader::text).unwrap_or_default())),
    seen(row("notify.way", "auto, osc9, osc99, osc777, bell, off", "auto", "how the cockpit pings you while you look elsewhere; auto takes notify.command where there is one", |r, n, c| c.notify_way = r.word(n, &PING_WAYS))),
    seen(row("notify.kinds", "list of needs, watched, paused, alerts", "all of them", "what you are pinged about", |r, n, c| c.notify_kinds = r.list(n, LIST_MAX, |r, n| r.word(n, &PING_KINDS)))),
    seen(row("notify.quiet", "hours: 22:00-07:00", "–", "hours in which it pings nobody", |r, n, c| c.notify_quiet = r.parsed(n))),
    own(row("repos.*", "path", "–", "an existing clone of the URL", |r, n, c| if let Some(path) = r.path(n) { c.repos.insert(r.here().to_string(), path); })),
    any(row("fleet.remote", "name", "origin", "git remote of checkpoint refs", |r, n, c| c.fleet_remote = r.argument(n))),
    any(row("ship.remote", "name", "origin", "git remote that `ship: pr` pushes to and opens the pull request on", |r, n, c| c.ship_remote = r.argument(n))),
    own(row("programs.gh", "name or path", "gh", "the program that `ship: pr` opens and looks at pull requests with", |r, n, c| c.program_gh = r.text(n))),
    any(row("engines.*", "`{argv, prompt, stdin, class, dialect}`", "–", "an engine of one's own", |r, n, c| if let (true, Some(engine)) = (r.is_engine_name(n), r.command_engine(n)) { c.engines.insert(r.here().to_string(), engine); })),
    own(row("engines.*.accounts.*", "`{config-dir, env}`", "the host's own login", "a login of that engine", |r, n, c| if let Some(account) = r.account(n) { c.accounts.entry(r.around(2).to_string()).or_default().insert(r.here().to_string(), account); })),
    own(row("engines.*.pool", "list of accounts", "the only account", "accounts in the order of their use; more than one lets a job go on with the next when one is used up", |r, n, c| if let Some(pool) = r.pool(n) { c.pools.insert(r.around(1).to_string(), pool); })),
    any(row("clean.keep", "number", "20", "ended jobs whose worktrees and transcripts `aq clean` keeps", |r, n, c| c.clean_keep = r.number(n, 0, u64::MAX))),
    any(row("clean.older-than", "duration", "14d", "younger ones are kept whatever their number", |r, n, c| c.clean_older_than = r.parsed(n))),
    own(row("editor", "command", "$VISUAL, $EDITOR, vi", "opens files", |r, n, c| c.editor = r.text(n))),
    own(row("pager", "command", "$PAGER, less", "shows long output", |r, n, c| c.pager = r.text(n))),
    any(row("color", "auto, always, never", "auto", "colour of output", |r, n, c| c.color = r.word(n, &[("auto", Color::Auto), ("always", Color::Always), ("never", Color::Never)]))),
    seen(row("clipboard", "auto, native, osc52, off", "auto", "which way the cockpit copies", |r, n, c| c.clipboard = r.word(n, &[("auto", Clipboard::Auto), ("native", Clipboard::Native), ("osc52", Clipboard::Osc52), ("off", Clipboard::Off)]))),
    seen(row("theme", "auto, dark, light, 16, mono, contrast", "auto", "colours of the cockpit; auto asks the terminal", |r, n, c| c.theme = r.theme(n))),
    seen(row("ascii", "true, false", "as the locale says", "the cockpit draws with signs of ASCII alone", |r, n, c| c.ascii = r.flag(n))),
    seen(row("mouse", "true, false", "true", "the cockpit takes the mouse; without it the terminal selects text as ever", |r, n, c| c.mouse = r.flag(n))),
    seen(row("columns", "list of stage, job, title, factory, engine, age, cost, score, tags, status", "all of them", "columns of the cockpit's list of jobs, as far as there is room", |r, n, c| c.columns = r.list(n, LIST_MAX, Reader::list_column))),
    seen(row("synchronized", "true, false", "true", "the cockpit hands each frame over as a whole; false where a terminal or multiplexer shows parts of it or nothing", |r, n, c| c.synchronized = r.flag(n))),
    seen(row("title", "true, false", "true", "the cockpit tells in the window's title how much needs you", |r, n, c| c.title = r.flag(n))),
    any(row("budget.usd", "dollars", "–", "ceiling of this queue; an agent that starts takes it over once, so what you set since stands", |r, n, c| c.budget_usd = r.usd(n))),
    any(row("budget.window", "day, week, month, total", "total", "time over which the ceiling counts", |r, n, c| c.budget_window = r.word(n, &[("day", Window::Day), ("week", Window::Week), ("month", Window::Month), ("total", Window::Total)]))),
    any(row("budget.engines.*", "dollars", "–", "ceiling of one engine over the same time: beyond it no job is given to that engine", |r, n, c| if let Some(usd) = r.usd(n) { c.budget_engines.insert(r.here().to_string(), usd); })),
];

/// The words of every key and which files may hold it.
pub fn config_keys() -> impl Iterator<Item = (Words, Holder)> {
    KEYS.iter().map(|key| (key.row.words, key.holder))
}

/// The key of that name: the one that says most about it, `engines.*.pool` before `engines.*`.
fn key_of(name: &str) -> Option<&'static Key> {
    let fits = KEYS.iter().filter(|key| parts(key.row.words.name, name).is_some());
    fits.max_by_key(|key| key.row.words.name.len())
}

/// The parts of a name, if it is one of the pattern's: its fixed words and what stands for each `*`. The last
/// `*` stands for any rest, URLs too.
fn parts<'a>(pattern: &'a str, name: &'a str) -> Option<Vec<&'a str>> {
    let Some((before, after)) = pattern.split_once('*') else { return (pattern == name).then(|| vec![name]) };
    let rest = name.strip_prefix(before)?;
    let inner = |at: usize| Some((at, parts(after, rest.get(at..)?)?));
    let (at, more) = match after {
        "" => (rest.len(), Vec::new()),
        _ => (1..rest.len()).find_map(inner)?,
    };
    let star = rest.get(..at).filter(|star| !star.is_empty())?;
    let words = |part: &'a str| Some(part.trim_matches('.')).filter(|part| !part.is_empty());
    Some(words(before).into_iter().chain([star]).chain(more.into_iter().filter_map(words)).collect())
}

/// What one file, the environment or the flags set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigLayer {
    /// Whose it is.
    pub origin: Origin,
    values: Vec<(String, Node)>,
}

/// Reads one file. Beside the layer come warnings: unknown keys and keys this file may not hold.
///
/// # Errors
///
/// Every value of the wrong form and every error of the language, the warnings among them.
pub fn read_config(text: &str, origin: Origin) -> Result<(ConfigLayer, Vec<Problem>), Vec<Problem>> {
    read_file(text, origin, false)
}

/// The same where work must go on: a wrong value of a key that only a person's own eyes hang on is a warning too,
/// and the key is as if nobody had set it.
///
/// # Errors
///
/// As [`read_config`], of the other keys.
pub fn read_config_to_use(text: &str, origin: Origin) -> Result<(ConfigLayer, Vec<Problem>), Vec<Problem>> {
    read_file(text, origin, true)
}

fn read_file(text: &str, origin: Origin, to_use: bool) -> Result<(ConfigLayer, Vec<Problem>), Vec<Problem>> {
    if text.len() > FILE_MAX {
        let message = format!("{} bytes; a configuration has at most {FILE_MAX}", text.len());
        return Err(vec![Problem::new(At::new(1, 1), message)]);
    }
    let (root, problems) = read_toml(text.strip_prefix('\u{feff}').unwrap_or(text), 1);
    let layer = ConfigLayer { origin, values: Vec::new() };
    let mut reading = Reading { layer, warnings: Vec::new(), problems: Vec::new() };
    if let Value::Map(entries) = root.value {
        reading.visit("", entries);
    }
    let mut reader = Reader::new(None, Stamp::default());
    let (values, mut good) = (std::mem::take(&mut reading.layer.values), Vec::new());
    for (name, node) in values {
        let before = reader.problems.len();
        read_key(&mut reader, &name, &node, &mut Config::default());
        if to_use && reader.problems.len() > before && key_of(&name).is_some_and(|key| key.seen_only) {
            reading.warnings.extend(reader.problems.drain(before..));
        } else {
            good.push((name, node));
        }
    }
    reading.layer.values = good;
    reader.problems.append(&mut reading.problems);
    if problems.is_empty() && reader.problems.is_empty() {
        reading.warnings.sort_by_key(|odd| odd.at);
        return Ok((reading.layer, reading.warnings));
    }
    reader.problems.append(&mut reading.warnings);
    Err(merge_problems(problems, reader.problems))
}

struct Reading {
    layer: ConfigLayer,
    warnings: Vec<Problem>,
    problems: Vec<Problem>,
}

impl Reading {
    /// Gathers the values under dotted names.
    fn visit(&mut self, prefix: &str, entries: Vec<Entry>) {
        for entry in entries {
            let name = format!("{prefix}{}", entry.key);
            let inner = format!("{name}.");
            let is_table = KEYS.iter().any(|key| key.row.words.name.starts_with(&inner));
            match (key_of(&name), entry.value.value) {
                (Some(key), Value::Map(entries)) => {
                    let rest = self.take_inner(key, &name, entries);
                    // An entry that only names accounts says nothing else about its engine.
                    if let Some(rest) = rest {
                        self.take(name, entry.at, Node { at: entry.value.at, value: Value::Map(rest) });
                    }
                }
                (Some(_), value) => self.take(name, entry.at, Node { at: entry.value.at, value }),
                (None, Value::Map(entries)) if is_table => self.visit(&inner, entries),
                (None, _) if is_table => self.no_table(&name, entry.value.at),
                (None, _) => self.unknown(&name, entry.at),
            }
        }
    }

    /// Takes the keys that stand within the table of another key, and gives what is left of it.
    fn take_inner(&mut self, key: &Key, name: &str, entries: Vec<Entry>) -> Option<Vec<Entry>> {
        let within = format!("{}.", key.row.words.name);
        let words = KEYS.iter().filter_map(|key| key.row.words.name.strip_prefix(&within));
        let inner: Vec<&str> = words.collect();
        let (mut rest, mut any) = (Vec::new(), false);
        for entry in entries {
            let own = format!("{name}.{}", entry.key);
            let table = inner.contains(&format!("{}.*", entry.key).as_str());
            match entry.value.value {
                Value::Map(entries) if table => {
                    for entry in entries {
                        self.take(format!("{own}.{}", entry.key), entry.at, entry.value);
                    }
                }
                _ if table => self.no_table(&own, entry.value.at),
                value if inner.contains(&entry.key.as_str()) => {
                    self.take(own, entry.at, Node { at: entry.value.at, value });
                }
                value => {
                    rest.push(Entry { value: Node { at: entry.value.at, value }, ..entry });
                    continue;
                }
            }
            any = true;
        }
        (!any || !rest.is_empty()).then_some(rest)
    }

    fn take(&mut self, name: String, at: At, node: Node) {
        let own_only = key_of(&name).is_some_and(|key| key.holder == Holder::OwnOnly);
        if own_only && self.layer.origin == Origin::Project {
            let hint = "only the user's or the machine's file may hold it: aq config edit --user";
            self.warnings.push(Problem::new(at, format!("{name} is ignored here")).hint(hint));
        } else {
            self.layer.values.push((name, node));
        }
    }

    fn no_table(&mut self, name: &str, at: At) {
        let problem = Problem::new(at, format!("{name}: a single value where a table is wanted"));
        self.problems.push(problem.hint(format!("write [{name}] and its keys below")));
    }

    fn unknown(&mut self, name: &str, at: At) {
        let hint = match nearest(name, KEYS.iter().map(|key| key.row.words.name)) {
            Some(found) => format!("did you mean {found:?}?"),
            None => "the keys: aq help config".to_string(),
        };
        self.warnings.push(Problem::new(at, format!("unknown key {name:?} is ignored")).hint(hint));
    }
}

fn read_key(reader: &mut Reader<'_>, name: &str, node: &Node, config: &mut Config) {
    let Some(key) = key_of(name) else { return };
    let Some(parts) = parts(key.row.words.name, name) else { return };
    reader.within_all(&parts, |r| key.row.read(r, node, config));
}

/// A layer of single settings, as flags and environment variables give them.
///
/// # Errors
///
/// Every setting with an unknown name or a value of the wrong form.
pub fn read_settings(origin: Origin, settings: &[(&str, &str)]) -> Result<ConfigLayer, Vec<Problem>> {
    let mut reader = Reader::new(None, Stamp::default());
    let mut layer = ConfigLayer { origin, values: Vec::new() };
    for (name, text) in settings {
        let value = Value::Scalar { text: (*text).to_string(), quoted: false };
        let node = Node { at: At::new(1, 1), value };
        match key_of(name) {
            Some(_) => read_key(&mut reader, name, &node, &mut Config::default()),
            None => reader.fail(node.at, format!("unknown key {name:?}")),
        }
        layer.values.push(((*name).to_string(), node));
    }
    if reader.problems.is_empty() { Ok(layer) } else { Err(reader.problems) }
}

/// Puts layers together; for each key the layer of the highest precedence wins.
pub fn merge_config(layers: &[ConfigLayer]) -> Config {
    let mut order: Vec<&ConfigLayer> = layers.iter().collect();
    order.sort_by_key(|layer| layer.origin);
    let mut config = Config::default();
    let mut reader = Reader::new(None, Stamp::default());
    for layer in order {
        for (name, node) in &layer.values {
            if !config.origins.contains_key(name) {
                read_key(&mut reader, name, node, &mut config);
                config.origins.insert(name.clone(), (layer.origin, node.as_shown()));
            }
        }
    }
    config
}

impl Config {
    /// Where a key's value is from.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).map_or(Origin::Default, |pair| pair.0)
    }

    /// Every key with its value as text and where it is from; defaults as the table words them.
    pub fn listing(&self) -> Vec<(String, String, Origin)> {
        let mut out = Vec::new();
        for Words { name, default, .. } in KEYS.iter().map(|key| key.row.words) {
            let is_its = |set: &str| key_of(set).is_some_and(|key| key.row.words.name == name);
            let set: Vec<_> = self.origins.iter().filter(|(key, _)| is_its(key)).collect();
            out.extend(set.iter().map(|(key, (origin, text))| ((*key).clone(), text.clone(), *origin)));
            if set.is_empty() && !name.ends_with('*') {
                out.push((name.to_string(), default.to_string(), Origin::Default));
            }
        }
        out
    }
}

impl Reader<'_> {
    /// A variable that may be passed on; those of aq itself carry its tokens.
    pub(super) fn variable(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node)?;
        let letters = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !letters || text.starts_with(|c: char| c.is_ascii_digit()) {
            self.fail(node.at, format!("not the name of a variable: {text:?}"));
        } else if text.starts_with("AQ_") {
            self.fail(node.at, format!("{text} is aq's own and is never passed on"));
        } else {
            return Some(text);
        }
        None
    }

    /// A theme; `auto` is none.
    fn theme(&mut self, node: &Node) -> Option<Theme> {
        let named = THEMES.map(|(name, theme)| (name, Some(theme)));
        let words: Vec<(&str, Option<Theme>)> = std::iter::once(("auto", None)).chain(named).collect();
        self.word(node, &words).flatten()
    }

    /// A column of the list of jobs.
    fn list_column(&mut self, node: &Node) -> Option<&'static str> {
        self.word(node, &LIST_COLUMNS.map(|name| (name, name)))
    }

    fn is_engine_name(&mut self, node: &Node) -> bool {
        let ok = is_name(self.here());
        if !ok {
            let hint = "a name is lower-case letters, digits, - _ and .";
            self.advise(node.at.long(1), "not a name for an engine", hint);
        }
        ok
    }
}
