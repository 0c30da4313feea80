//! A question that wants more than a letter: a choice, an amount, a moment, or the number of what would be lost.

use tui_input::Input;

use super::app::Model;
use super::risk::{to_save, worktrees};
use super::sheet::Target;
use crate::dash::theme::Sign;
use crate::fleet::{Action, Command, Order, PauseMode, Window, decide};
use crate::insight::{LOCAL, Stops, stops_at, why_not};
use crate::job::{Budget, JobId, parse_usd, usd};
use crate::time::{Span, Stamp};

/// Running jobs named before the rest is only counted.
const NAMED_MOST: usize = 5;

/// One form. Tab goes through its first choice, left and right through its second, letters into its line.
#[derive(Clone, Debug)]
pub struct Form {
    /// What it is for.
    pub kind: FormKind,
    /// The option taken of each choice of its kind.
    pub taken: [usize; 2],
    /// The line, where it has one.
    pub input: Input,
    /// Why it could not be done as it stands.
    pub bad: Option<String>,
    /// The first line shown, on a terminal too low for all of them.
    pub top: usize,
    /// When it came up.
    pub opened: Span,
}

/// What a form is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FormKind {
    /// Pauses the queue.
    Pause,
    /// Sets its ceiling.
    Ceiling,
    /// Raises the ceilings of a job that used up its budget, and requeues it.
    Raise(Target),
    /// Goes to a moment of the past.
    Moment,
    /// Gives up several worktrees at risk.
    LetGo(Vec<JobId>),
}

/// The modes of a pause and what each does to what runs.
pub const MODES: [(PauseMode, &str); 3] = [
    (PauseMode::Drain, "running jobs finish; nothing new starts"),
    (PauseMode::Stop, "checkpointed, then parked; the turn in flight is lost"),
    (PauseMode::Kill, "fenced now; what stands in no checkpoint is at risk"),
];

/// How to come back from a ceiling that stops the queue.
pub const BACK_OF_A_STOP: &str = "u sets the old one and lets the queue go on";

/// How long a pause lasts: in words, and as the command line has it.
pub const UNTIL: [(&str, Option<&str>); 4] =
    [("I resume", None), ("1 h", Some("1h")), ("2 h", Some("2h")), ("midnight", Some("00:00"))];

/// Over what time a ceiling counts: the window, its name, in words.
pub const WINDOWS: [(Window, &str, &str); 4] = [
    (Window::Day, "day", "per day"),
    (Window::Week, "week", "per week"),
    (Window::Month, "month", "per month"),
    (Window::Total, "total", "in total"),
];

/// The words of a window.
pub fn window_words(window: Window) -> (&'static str, &'static str) {
    WINDOWS.iter().find(|row| row.0 == window).map_or(("", ""), |row| (row.1, row.2))
}

/// A form as it is shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Asked {
    /// Its question.
    pub head: String,
    /// Label and text.
    pub rows: Vec<(&'static str, String)>,
    /// Its first choice, an option a line.
    pub first: Option<Options>,
    /// Its second, in one line.
    pub second: Option<Options>,
    /// What its line is for; `None`: it has none now.
    pub line: Option<String>,
    /// Its line of the command line.
    pub runs: String,
    /// What can be answered.
    pub hint: String,
}

/// A choice as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// What is chosen.
    pub label: &'static str,
    /// The options, each with what it does.
    pub all: Vec<(&'static str, &'static str)>,
    /// The one taken.
    pub taken: usize,
}

impl Form {
    /// A form as it comes up.
    pub fn new(kind: FormKind, text: &str, taken: usize, opened: Span) -> Form {
        Form { kind, taken: [taken, 0], input: Input::new(text.to_string()), bad: None, top: 0, opened }
    }

    /// How many options its choices have.
    pub fn options(&self) -> [usize; 2] {
        match self.kind {
            FormKind::Pause => [MODES.len(), UNTIL.len()],
            FormKind::Ceiling => [WINDOWS.len(), 0],
            FormKind::Raise(_) | FormKind::Moment | FormKind::LetGo(_) => [0, 0],
        }
    }

    /// The mode of a pause that is taken.
    pub fn mode(&self) -> PauseMode {
        MODES.get(self.taken[0]).map_or(PauseMode::Drain, |row| row.0)
    }

    /// The window of a ceiling that is taken.
    pub fn window(&self) -> Window {
        WINDOWS.get(self.taken[0]).map_or(Window::Total, |row| row.0)
    }

    /// When a pause is over by itself.
    pub fn until(&self, wall: Stamp) -> Option<Stamp> {
        match self.taken[1] {
            1 => Some(wall.plus(Span::from_mins(60))),
            2 => Some(wall.plus(Span::from_mins(120))),
            3 => wall.next_local(0, 0),
            _ => None,
        }
    }

    /// What must be typed before it is done: the number of what would be lost.
    pub fn number(&self, model: &Model) -> Option<usize> {
        match &self.kind {
            FormKind::Pause if self.mode() == PauseMode::Kill => {
                Some(running(model).len()).filter(|n| *n > 0)
            }
            FormKind::LetGo(jobs) => Some(jobs.len()),
            _ => None,
        }
    }

    /// How it is shown now.
    pub fn asked(&self, model: &Model) -> Asked {
        match &self.kind {
            FormKind::Pause => self.pause(model),
            FormKind::Ceiling => self.ceiling(model),
            FormKind::Raise(target) => self.raise(model, target),
            FormKind::Moment => Asked {
                head: "Go to a moment".to_string(),
                rows: vec![
                    ("forms", "11:20 (the last one), 44m (ago), 2026-10-02T12:04:27Z".to_string()),
                    ("then", "every screen shows that moment; L goes live".to_string()),
                ],
                line: Some("when".to_string()),
                runs: format!("aq show JOB --at {}", self.typed("TIME")),
                hint: "{enter} go   Esc stay".to_string(),
                ..Asked::default()
            },
            FormKind::LetGo(jobs) => Asked {
                head: format!("Let go of {}?", worktrees(jobs.len())),
                rows: vec![
                    ("lost", "everything in them that stands in no commit, for good".to_string()),
                    ("jobs", named(jobs.iter().map(JobId::as_str))),
                    ("kept", "commits, checkpoints, logs".to_string()),
                    ("instead", instead(model)),
                ],
                line: Some("type how many worktrees are given up".to_string()),
                runs: let_go(jobs),
                hint: format!("type {} then {{enter}}   Esc keeps all", jobs.len()),
                ..Asked::default()
            },
        }
    }

    fn pause(&self, model: &Model) -> Asked {
        let jobs = running(model);
        let mode = self.mode();
        let mut rows = vec![("running", format!("{}{}", jobs.len(), with_colon(&jobs)))];
        let number = self.number(model);
        if number.is_some() {
            rows.push(("instead", "drain loses nothing; stop checkpoints first".to_string()));
        }
        rows.push(("back", "u, or R: resume is instant".to_string()));
        let until = UNTIL[self.taken[1].min(UNTIL.len() - 1)].1;
        let until = until.map(|until| format!(" --until {until}")).unwrap_or_default();
        let enter = match (mode, number) {
            (_, Some(number)) => format!("type {number} then {{enter}} to kill"),
            (PauseMode::Stop, None) if !jobs.is_empty() => "y stop".to_string(),
            (mode, None) => format!("{{enter}} {}", mode.name()),
        };
        Asked {
            head: format!("Pause {LOCAL}?"),
            rows,
            first: Some(Options {
                label: "mode",
                all: MODES.iter().map(|row| (row.0.name(), row.1)).collect(),
                taken: self.taken[0],
            }),
            second: Some(Options {
                label: "until",
                all: UNTIL.iter().map(|row| (row.0, "")).collect(),
                taken: self.taken[1],
            }),
            line: number.map(|_| "type how many jobs are killed".to_string()),
            runs: format!("aq budget pause {LOCAL} --mode {}{until}", mode.name()),
            hint: format!("{enter}   Tab mode   {{sides}} until   Esc back"),
        }
    }

    /// The ceiling that is written, in millionths of a dollar; no ceiling is `None`.
    ///
    /// # Errors
    /// Why it is no amount.
    pub fn amount(&self) -> Result<Option<u64>, String> {
        let text = self.input.value().trim();
        match text {
            "none" => Ok(None),
            text => parse_usd(text.trim_start_matches('$'))
                .map(Some)
                .ok_or_else(|| format!("{text:?} is no amount: write 20, 1.50 or none")),
        }
    }

    /// What the ceiling that is written would stop at once.
    pub fn stops(&self, model: &Model) -> Option<Stops> {
        let state = &model.replica.state;
        stops_at(state, self.amount().ok()?, self.window(), model.law_now().wall)
    }

    fn ceiling(&self, model: &Model) -> Asked {
        let product = &model.replica.state.product;
        let now = product.ceiling.map_or("none".to_string(), usd);
        let spent = super::budget::spent(model);
        let (about, more) =
            (if spent.estimated { "~" } else { "" }, if spent.unknown > 0 { " +?" } else { "" });
        let (_, words) = window_words(product.window);
        let mut rows = vec![
            ("now", format!("{now} {words}")),
            (
                "spent",
                format!(
                    "{about}{}{more} of it, {} set aside for what runs",
                    usd(spent.micro),
                    usd(product.reserved)
                ),
            ),
            ("at it", "the queue pauses; running jobs are checkpointed and wait".to_string()),
            ("back", "u sets the old one".to_string()),
        ];
        if let Some(stops) = self.stops(model) {
            rows[2] = ("warning", format!("{} {}", model.look.sign(Sign::Warning), stops.words()));
            rows[3] = ("back", BACK_OF_A_STOP.to_string());
        }
        Asked {
            head: format!("The ceiling of {LOCAL}"),
            rows,
            first: Some(Options {
                label: "counts",
                all: WINDOWS.iter().map(|row| (row.2, "")).collect(),
                taken: self.taken[0],
            }),
            line: Some("dollars, or none".to_string()),
            runs: format!(
                "aq budget set {LOCAL} --ceiling {} --window {}",
                self.typed("USD"),
                window_words(self.window()).0
            ),
            hint: "{enter} set it   Tab window   Esc leave it".to_string(),
            ..Asked::default()
        }
    }

    fn raise(&self, model: &Model, target: &Target) -> Asked {
        let id = &target.job;
        let mut rows = Vec::new();
        if let Some(job) = model.job(id) {
            let names = ["usd", "tokens", "turns", "wall"];
            let far = names.iter().filter_map(|name| job.budget().used_of(name, &job.spent));
            rows.push(("ended", job.why.to_string()));
            rows.push(("spent", far.collect::<Vec<_>>().join(", ")));
        }
        rows.push(("then", "it goes on from its last checkpoint and keeps its attempts".to_string()));
        rows.push(("instead", "redrive in . starts over with fresh attempts and budget".to_string()));
        if let Err(why) = self.raised(model, target) {
            rows.push(("warning", format!("{} {why}", model.look.sign(Sign::Warning))));
        }
        Asked {
            head: format!("Requeue {id} with a higher ceiling"),
            rows,
            line: Some("ceilings: usd, tokens, turns, wall".to_string()),
            runs: format!(
                "aq requeue {id} --budget {} --from {}@{}",
                self.typed("usd=MORE").replace(", ", ","),
                target.from.0,
                target.from.1
            ),
            hint: "{enter} requeue it   Esc leave it".to_string(),
            ..Asked::default()
        }
    }

    /// The requeue with the ceilings that are written.
    ///
    /// # Errors
    /// Why they cannot be read, or what the law says against it: a ceiling below what is spent.
    pub fn raised(&self, model: &Model, target: &Target) -> Result<Command, String> {
        let raised = Budget::parse(self.input.value().trim())
            .map_err(|part| format!("{part:?} is no ceiling: write usd=8, turns=50 or wall=3h"))?;
        let job = target.job.clone();
        let command = Command::Requeue { job, raised, from: None, park: None };
        let order = Order::new(model.me.clone(), command.clone());
        match decide(&model.replica.state, &order, model.law_now()) {
            Ok(_) => Ok(command),
            Err(no) => Err(why_not(Action::Requeue, &target.job, &no)),
        }
    }

    fn typed<'a>(&'a self, empty: &'a str) -> &'a str {
        let text = self.input.value().trim();
        if text.is_empty() { empty } else { text }
    }
}

/// The command line that gives them up: one is agreed to by yes, several by their number.
fn let_go(jobs: &[JobId]) -> String {
    let names = jobs.iter().map(JobId::as_str).collect::<Vec<_>>().join(" ");
    match jobs.len() {
        1 => format!("aq risk let-go {names} --yes"),
        many => format!("aq risk let-go {names} --confirm {many}"),
    }
}

/// What could be done with them and loses nothing.
fn instead(model: &Model) -> String {
    match to_save(model).len() {
        0 => "copy them away first: no commit takes what is left in them".to_string(),
        saved => format!("R rescues {}: what a commit takes is kept", worktrees(saved)),
    }
}

/// Jobs that somebody works on.
pub fn running(model: &Model) -> Vec<JobId> {
    let held = model.replica.state.held().filter(|row| row.0.stage.is_held());
    held.map(|row| row.0.id.clone()).collect()
}

fn with_colon(jobs: &[JobId]) -> String {
    if jobs.is_empty() { String::new() } else { format!(": {}", named(jobs.iter().map(JobId::as_str))) }
}

fn named<'a>(jobs: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = jobs.collect();
    let more = all.len().saturating_sub(NAMED_MOST);
    let shown = all.iter().take(NAMED_MOST).copied().collect::<Vec<_>>().join(" ");
    if more > 0 { format!("{shown} +{more}") } else { shown }
}
