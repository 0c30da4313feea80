//! How an attempt ended: the outcome classes, what each does to the job, and the proof it carries.

use serde::{Deserialize, Serialize};

/// Class of an attempt's end, judged in the order of `engines.md` section 1 rule 7.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Each variant's meaning is its row of OUTCOMES.
pub enum Outcome {
    Ok,
    NoWork,
    TaskFailed,
    VerifyFailed,
    Timeout,
    Turns,
    BudgetExceeded,
    Auth,
    Config,
    NoEngine,
    CapabilityMismatch,
    Crash,
    Stalled,
    Overloaded,
    Limit,
    Cancelled,
    Preempted,
    Drained,
    Unknown,
    Unsaved,
}

/// What follows an outcome, `jobs.md` section 3, second table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Follow {
    /// To review or testing.
    Gate,
    /// To failed, never retried by itself.
    Fail,
    /// Retried if the manifest's `retry.on` names it; counts toward `max`.
    RetryIfNamed,
    /// Retried by default; counts toward `max`.
    Retry,
    /// Parked with backoff, at most five in a row; does not count.
    Backoff,
    /// Parked until the reset; does not count.
    ParkUntilReset,
    /// Back to queued: an operator or a drain stopped it.
    Requeue,
    /// To review, marked UNPROVEN.
    Unproven,
}

/// One row per outcome: name, what follows, meaning.
pub const OUTCOMES: [(Outcome, &str, Follow, &str); 20] = [
    (Outcome::Ok, "ok", Follow::Gate, "the engine ended well and there is work to show"),
    (Outcome::NoWork, "no_work", Follow::Fail, "the engine ended well but changed nothing"),
    (Outcome::TaskFailed, "task_failed", Follow::Fail, "the engine or script says it failed"),
    (Outcome::VerifyFailed, "verify_failed", Follow::RetryIfNamed, "verify said no"),
    (Outcome::Timeout, "timeout", Follow::RetryIfNamed, "the wall time of one attempt is over"),
    (Outcome::Turns, "turns", Follow::Fail, "the turn ceiling is reached"),
    (Outcome::BudgetExceeded, "budget_exceeded", Follow::Fail, "a ceiling of the job's budget is reached"),
    (Outcome::Auth, "auth", Follow::Fail, "login, key or payment"),
    (Outcome::Config, "config", Follow::Fail, "arguments, model, sandbox or setup are wrong"),
    (Outcome::NoEngine, "no_engine", Follow::Fail, "the engine's program is missing"),
    (
        Outcome::CapabilityMismatch,
        "capability_mismatch",
        Follow::Fail,
        "the host cannot do what the job needs",
    ),
    (Outcome::Crash, "crash", Follow::Retry, "ended by a signal or without a verdict, not by aq"),
    (Outcome::Stalled, "stalled", Follow::Retry, "silent beyond the watchdog"),
    (Outcome::Overloaded, "overloaded", Follow::Backoff, "the vendor is overloaded"),
    (Outcome::Limit, "limit", Follow::ParkUntilReset, "a usage limit of the account"),
    (Outcome::Cancelled, "cancelled", Follow::Fail, "an operator cancelled it"),
    (Outcome::Preempted, "preempted", Follow::Requeue, "made room for a critical job"),
    (Outcome::Drained, "drained", Follow::Requeue, "its agent or its queue was asked to stop"),
    (Outcome::Unknown, "unknown", Follow::Unproven, "nothing can be shown; a person looks"),
    (
        Outcome::Unsaved,
        "unsaved",
        Follow::Unproven,
        "it ended well, but its work could not be put into a commit; nobody can approve or ship it before it is",
    ),
];

impl Outcome {
    /// The outcome's name in manifests, logs and on screen.
    pub fn name(self) -> &'static str {
        OUTCOMES[self as usize].1
    }

    /// What follows by default.
    pub fn follow(self) -> Follow {
        OUTCOMES[self as usize].2
    }

    /// The outcome of that name.
    pub fn parse(name: &str) -> Option<Outcome> {
        OUTCOMES.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// May stand in `retry.on`: the classes whose retry a manifest can ask for or name.
    pub fn is_retry_word(self) -> bool {
        matches!(self.follow(), Follow::RetryIfNamed | Follow::Retry) || self == Outcome::TaskFailed
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// What stands behind an attempt's success.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// No verify ran, or nobody could tell: the badge is UNPROVEN.
    #[default]
    Unproven,
    /// Verify passed on this very tree.
    Verified,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_stands_in_the_order_of_its_enum() {
        for (i, row) in OUTCOMES.iter().enumerate() {
            assert_eq!(row.0 as usize, i);
            assert_eq!(Outcome::parse(row.1), Some(row.0));
        }
    }
}
