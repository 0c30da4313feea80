//! Lawful noes: a stable code, a sentence and a hint.

use crate::job::{Epoch, Stage};

macro_rules! codes {
    ($( $(#[$doc:meta])* $code:ident = $name:literal, $http:literal; )*) => {
        /// Why the law says no. Names and status numbers are promises.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Code {
            $( $(#[$doc])* $code, )*
        }

        impl Code {
            /// Every code, for tables and tests.
            pub const ALL: &'static [Code] = &[$(Code::$code),*];

            /// The stable name.
            pub fn name(self) -> &'static str {
                match self { $( Code::$code => $name, )* }
            }

            /// The status the wire gives it.
            pub fn http(self) -> u16 {
                match self { $( Code::$code => $http, )* }
            }
        }
    };
}

codes! {
    /// No job of that name.
    UnknownJob = "unknown_job", 404;
    /// The job has left the hot state; its history is in the log.
    Archived = "archived", 404;
    /// Not lawful in the job's present stage.
    InvalidState = "invalid_state", 409;
    /// The worker's epoch is over. Terminal for that worker.
    Fenced = "fenced", 409;
    /// `--from` no longer holds.
    Moved = "moved", 409;
    /// The revision that was looked at is no longer the head.
    RevMoved = "rev_moved", 409;
    /// The work stands in no commit yet.
    NotSaved = "not_saved", 409;
    /// The id is in use; mint another.
    IdTaken = "id_taken", 409;
    /// Same idempotency key, other body, no longer waiting.
    KeyReused = "key_reused", 409;
    /// The very same thing was done already; a success for whoever repeats it.
    AlreadyDone = "already_done", 409;
    /// Somebody is shipping it right now.
    Shipping = "shipping", 409;
    /// The dependencies would close a circle.
    Cycle = "cycle", 422;
    /// Authors do not approve their own work.
    SelfApproval = "self_approval", 409;
    /// Only named reviewers decide here.
    NotReviewer = "not_reviewer", 403;
    /// The budget is used up and no higher ceiling was given.
    BudgetNotRaised = "budget_not_raised", 402;
    /// The timer is early.
    NotDue = "not_due", 409;
    /// The thing is so already.
    NoChange = "no_change", 409;
    /// A limit of aq itself, such as children per parent.
    TooMany = "too_many", 422;
}

/// A lawful no.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// What and why, one sentence without a final stop.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// The job's epoch, with `fenced` and `moved`.
    pub epoch: Option<Epoch>,
    /// The job's stage, where it explains the no.
    pub stage: Option<Stage>,
}

impl Refusal {
    /// A refusal without epoch and stage.
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into(), hint: hint.into(), epoch: None, stage: None }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.message)
    }
}

impl std::error::Error for Refusal {}
