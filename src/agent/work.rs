//! One job in a slot: which phase it is in, and what is known of it so far.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::place::Workspace;
use crate::engine::{RunKind, StopCause};
use crate::job::{AttemptNo, BlobId, Epoch, Insight, JobId, Outcome, Rev, Usage};
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
    /// It plans: its work is the parts that it hands in, or the files that it writes.
    #[serde(default)]
    pub plans: bool,
    /// Its number on this host; `None` in what an older agent wrote.
    #[serde(default)]
    pub seat: Option<u32>,
    /// Of a review: the commit it is pinned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Rev>,
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
    /// Not the model that was asked for, in words.
    pub other_model: Option<String>,
    /// What it used up.
    pub usage: Usage,
    /// What it did, the change of files aside. A tool call that worked is work of a kind that leaves no file.
    pub insight: Insight,
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
    /// By so many files, and lines added and removed; unknown without git.
    #[serde(default)]
    pub change: Option<(u64, u64, u64)>,
    /// Changed files outside the allowed scope.
    pub outside: Vec<PathBuf>,
    /// How many they are in all that the job changed; `None` where the scope is not limited.
    pub strays: Option<u64>,
    /// What could not go in.
    pub left_out: Vec<String>,
    /// The job has parts.
    #[serde(default)]
    pub parts: bool,
    /// Of a review, which has no commit: yes or no, and the blob of its words.
    #[serde(default)]
    pub verdict: Option<(bool, BlobId)>,
    /// Of a review: why there is no verdict.
    #[serde(default)]
    pub no_verdict: String,
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
    /// The ceilings in force when the attempt began.
    pub budget: crate::job::Budget,
    /// What earlier attempts had used up of them.
    pub spent: Usage,
    /// Consumption left before a ceiling is reached, when the attempt began.
    pub left: crate::job::Budget,
}

impl Work {
    /// What is left of a job's budget now.
    pub fn meter(&mut self, job: &crate::fleet::Job) {
        let (budget, spent) = (job.budget(), *job.spent);
        (self.budget, self.spent) = (budget, spent);
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

    /// Whether it reviews what another job made.
    pub fn is_review(&self) -> bool {
        self.prepared.as_ref().is_some_and(|prepared| prepared.review.is_some())
    }

    /// How an end of its engine stands to the job's ceilings: whoever held one, aq, the shim's one wall or the
    /// engine's own cap, the word is the same and names the figure.
    pub fn held_to_budget(&self, end: RunEnd) -> RunEnd {
        let mut used = Usage { wall: end.wall, ..end.usage };
        if end.outcome == Outcome::Turns {
            // The engine was told of this ceiling and counts by itself; what it counted is used up.
            used.turns = used.turns.max(self.left.turns);
        }
        let which = match end.outcome {
            // The shim knows one wall only; the job's own ceiling was the nearer one.
            Outcome::Timeout if self.left.wall.is_some_and(|left| end.wall >= left) => Some("wall"),
            Outcome::Turns if self.left.turns.is_some() => Some("turns"),
            Outcome::BudgetExceeded => self.left.crossed(&used).or(self.left.reached(&used)),
            _ => None,
        };
        let Some(words) = which.and_then(|which| self.budget.used_of(which, &self.spent.plus(used))) else {
            return end;
        };
        let cause = StopCause::BudgetExceeded;
        RunEnd { outcome: cause.outcome(), reason: format!("{}: {words}", cause.reason()), ..end }
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
            budget: crate::job::Budget::default(),
            spent: Usage::default(),
            left: crate::job::Budget::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Budget;

    /// The second attempt of a job; the first took two turns and a dollar. Turns are those of this one.
    #[track_caller]
    fn check(left: Budget, outcome: Outcome, turns: Option<u64>, expected: &str) {
        let mut work = Work::granted(JobId::new("a"), 1, "claude".to_string());
        work.spent = Usage { turns: Some(2), micro_usd: Some(1_000_000), ..Usage::default() };
        work.left = left;
        work.budget = Budget {
            turns: left.turns.map(|left| left + 2),
            micro_usd: left.micro_usd.map(|left| left + 1_000_000),
            ..left
        };
        let end = RunEnd {
            usage: Usage { turns, micro_usd: Some(500_000), ..Usage::default() },
            wall: Span::from_secs(5),
            ..RunEnd::without_run(outcome, "its words".to_string())
        };
        let end = work.held_to_budget(end);
        assert_eq!(format!("{}: {}", end.outcome, end.reason), expected);
    }

    #[test]
    fn whoever_holds_a_ceiling_gives_the_same_word() {
        use Outcome::{BudgetExceeded, Ok, Timeout, Turns};
        let none = Budget::default();
        let turns = Budget { turns: Some(3), ..none };
        let words =
            |which: &str| format!("budget_exceeded: a ceiling of the job's budget is reached: {which}");
        // The engine's own cap, and aq's count at the turn after it.
        check(turns, Turns, Some(3), &words("turns 5 of 5"));
        check(turns, Turns, None, &words("turns 5 of 5"));
        check(turns, Turns, Some(1), &words("turns 5 of 5"));
        check(turns, BudgetExceeded, Some(4), &words("turns 5 of 5"));
        check(none, Turns, Some(3), "turns: its words");
        check(
            Budget { micro_usd: Some(500_000), ..none },
            BudgetExceeded,
            None,
            &words("usd $1.50 of $1.50"),
        );
        check(none, BudgetExceeded, Some(3), "budget_exceeded: its words");
        let wall = |secs| Budget { wall: Some(Span::from_secs(secs)), ..none };
        check(wall(5), Timeout, None, &words("wall 5s of 5s"));
        check(wall(9), Timeout, None, "timeout: its words");
        check(turns, Ok, Some(3), "ok: its words");
    }
}
