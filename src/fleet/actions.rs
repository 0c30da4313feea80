//! The operators' actions: one table from which lawfulness, messages, help and the dash are drawn.

use crate::job::Stage;

/// How much an action can cost, `cockpit.md` section 10.1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Loses nothing: done at once.
    Reversible,
    /// Decides or loses a little: asked before.
    Decides,
    /// Loses much: the number or name is typed.
    LosesMuch,
}

/// What a person may do to a job.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)] // Each has its row in ACTIONS.
pub enum Action {
    Approve,
    Reject,
    Promote,
    Review,
    Ship,
    Requeue,
    Redrive,
    Cancel,
    Park,
    Unpark,
    Answer,
    Preempt,
}

/// One row of [`ACTIONS`].
pub struct ActionRow {
    /// The action.
    pub action: Action,
    /// Its verb.
    pub name: &'static str,
    /// The stages it is lawful in; the state of the job may still refuse it.
    pub from: &'static [Stage],
    /// How much it can cost.
    pub level: Level,
    /// What it does, in a few words.
    pub does: &'static str,
    /// What it did, in the past, before the name of a job: `parked`.
    pub past: &'static str,
}

const fn row(
    action: Action,
    [name, past]: [&'static str; 2],
    from: &'static [Stage],
    level: Level,
    does: &'static str,
) -> ActionRow {
    ActionRow { action, name, from, level, does, past }
}

use Stage::{Assigned, Blocked, Building, DeadLetter, Failed, Queued, Review, Testing};

/// Every action, in the order help shows them.
pub const ACTIONS: [ActionRow; 12] = [
    row(
        Action::Approve,
        ["approve", "approved"],
        &[Review],
        Level::Decides,
        "says yes to the revision you looked at",
    ),
    row(
        Action::Reject,
        ["reject", "rejected"],
        &[Review, Testing, Failed],
        Level::Decides,
        "says no; from failed it gives up",
    ),
    row(
        Action::Promote,
        ["promote", "promoted"],
        &[Review],
        Level::Decides,
        "lets it pass to testing without approvals",
    ),
    row(
        Action::Review,
        ["review", "asked reviewers of"],
        &[Review],
        Level::Reversible,
        "asks reviewers for a decision",
    ),
    row(
        Action::Ship,
        ["ship", "shipped"],
        &[Testing],
        Level::Decides,
        "makes the branch stand, merges it, or opens its pull request",
    ),
    row(
        Action::Requeue,
        ["requeue", "requeued"],
        &[Failed, Assigned, Building],
        Level::Reversible,
        "sends it back to wait",
    ),
    row(
        Action::Redrive,
        ["redrive", "redriven"],
        &[Failed, DeadLetter],
        Level::Reversible,
        "starts over with fresh attempts",
    ),
    row(
        Action::Cancel,
        ["cancel", "cancelled"],
        &[Queued, Blocked, Assigned, Building, Review, Testing, Failed],
        Level::Reversible,
        "ends it",
    ),
    row(Action::Park, ["park", "parked"], &[Queued, Assigned, Building], Level::Reversible, "puts it aside"),
    row(Action::Unpark, ["unpark", "unparked"], &[Queued], Level::Reversible, "takes it back into the line"),
    row(Action::Answer, ["answer", "answered"], &[Queued], Level::Decides, "answers its question"),
    row(
        Action::Preempt,
        ["preempt", "preempted"],
        &[Assigned, Building],
        Level::Decides,
        "stops it so that another can run",
    ),
];

impl Action {
    /// The action's row.
    pub fn row(self) -> &'static ActionRow {
        &ACTIONS[self as usize]
    }

    /// `aq undo` can take it back, at least from some of its stages.
    pub fn has_undo(self) -> bool {
        use Action::{Cancel, Park, Reject, Review, Unpark};
        matches!(self, Reject | Review | Cancel | Park | Unpark)
    }

    /// Its verb.
    pub fn name(self) -> &'static str {
        self.row().name
    }
}
