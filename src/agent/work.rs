//! One job in a slot: which phase it is in, and what is known of it so far.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::place::Workspace;
use crate::engine::{RunKind, StopCause};
use crate::job::{AttemptNo, Epoch, JobId, Outcome, Rev, Usage};
use crate::time::{Span, Stamp};

/// What the worker is doing for the job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Folder, branch, prompt, plan.
    Preparing,
    /// The law is asked to start the attempt.
    Starting,
    /// A run of this kind is under way.
    Running(RunKind),
    /// The tree is put into a commit.
    Saving,
    /// The law is told how it ended.
    Reporting,
}

/// What is ready to run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Prepared {
    /// The folder.
    pub space: Workspace,
    /// The name of the engine's run.
    pub run: String,
    /// There is a setup command, and the worktree is new.
    pub setup: bool,
    /// There is a verify command.
    pub verify: bool,
    /// Work is asked for: an engine that changes nothing has not done it.
    pub must_change: bool,
    /// What it is then.
    #[serde(default = "no_work")]
    pub idle: Outcome,
    /// Changes outside the allowed scope fail the attempt.
    pub strict: bool,
}

fn no_work() -> Outcome {
    Outcome::NoWork
}

/// How a run ended.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct RunEnd {
    /// Which.
    pub kind: RunKind,
    /// Its class.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
    /// When a usage limit resets.
    pub until: Option<Stamp>,
    /// Which window, by the vendor's name.
    pub window: Option<String>,
    /// A run stood behind it: the end is not one of what comes before and after a run.
    pub judged: bool,
    /// What it used up.
    pub usage: Usage,
    /// Tool calls that worked: work of a kind that leaves no file.
    pub tools: u64,
    /// How long it took.
    pub wall: Span,
    /// Its shim was killed: the run never came to its own end.
    pub lost: bool,
}

/// Beside the runs of an attempt: what was prepared, for whoever takes the engine up.
pub(super) const PREPARED_FILE: &str = "prepared.json";
/// And what was saved before verify, for whoever takes the verify up.
pub(super) const SAVED_FILE: &str = "saved.json";

/// A tree in a commit.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Saved {
    /// The commit; `None` where checkpoints are off.
    pub rev: Option<Rev>,
    /// Lines changed since the checkpoint before.
    pub lines: u64,
    /// The tree differs from where the attempt began.
    pub changed: bool,
    /// Changed files outside the allowed scope.
    pub outside: Vec<PathBuf>,
    /// What could not go in.
    pub left_out: Vec<String>,
}

/// A job in a slot.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Work {
    /// The job.
    pub job: JobId,
    /// The epoch of our lease.
    pub epoch: Epoch,
    /// What runs it.
    pub engine: String,
    /// The attempt; 0 until the law has started it.
    pub attempt: AttemptNo,
    /// What it is doing.
    pub phase: Phase,
    /// What is ready to run.
    pub prepared: Option<Prepared>,
    /// A stop that was ordered.
    pub stop: Option<StopCause>,
    /// Why, in the words of whoever ordered it; empty where the cause says it all.
    pub stop_why: String,
    /// The job moved on without us: nothing is reported any more.
    pub fenced: bool,
    /// How the engine ended.
    pub ended: Option<RunEnd>,
    /// The last checkpoint of this attempt.
    pub saved: Saved,
    /// What verify said.
    pub verified: Option<(bool, Span)>,
    /// A checkpoint while running is due then (boot time).
    pub save_at: Option<Span>,
    /// The run is looked at then (boot time).
    pub look_at: Option<Span>,
    /// A checkpoint while running is being made.
    pub saving: bool,
    /// What the watchdogs have seen of the engine.
    pub watched: super::step::Watched,
    /// Consumption left before a ceiling is reached, when the attempt began.
    pub left: crate::job::Budget,
}

impl Work {
    /// What is left of a job's budget now.
    pub fn meter(&mut self, job: &crate::fleet::Job) {
        let (budget, spent) = (job.budget(), job.spent);
        let less =
            |ceiling: Option<u64>, used: Option<u64>| ceiling.map(|c| c.saturating_sub(used.unwrap_or(0)));
        let wall = |c: Span| Span::from_millis(c.as_millis().saturating_sub(spent.wall.as_millis()));
        self.left = crate::job::Budget {
            micro_usd: less(budget.micro_usd, spent.micro_usd),
            tokens: less(budget.tokens, spent.tokens),
            turns: less(budget.turns, spent.turns),
            wall: budget.wall.map(wall),
        };
    }

    /// A job just granted.
    pub fn granted(job: JobId, epoch: Epoch, engine: String) -> Work {
        Work {
            job,
            epoch,
            engine,
            attempt: 0,
            phase: Phase::Preparing,
            prepared: None,
            stop: None,
            stop_why: String::new(),
            fenced: false,
            ended: None,
            saved: Saved::default(),
            verified: None,
            save_at: None,
            look_at: None,
            saving: false,
            watched: super::step::Watched::default(),
            left: crate::job::Budget::default(),
        }
    }
}
