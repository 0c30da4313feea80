//! The words of a step: what can happen to an agent, and what it can be told to do.

use crate::agent::work::{Prepared, RunEnd, Saved, Work};
use crate::engine::{RunKind, StopCause};
use crate::fleet::{Event, Order};
use crate::job::{Epoch, JobId, Outcome, Usage};
use crate::time::{Span, Stamp};

/// A job granted, under an epoch, with the engine that runs it.
pub(in crate::agent) type Grant = (JobId, Epoch, String);

/// The readings of time a step uses.
#[derive(Clone, Copy, Debug)]
pub(in crate::agent) struct At {
    /// For deadlines of this process.
    pub boot: Span,
    /// For rules of the law.
    pub law: Stamp,
}

/// What a look at a running engine showed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::agent) struct Sight {
    /// What it is doing, for people.
    pub word: String,
    /// What it has used up.
    pub usage: Usage,
    /// A figure that grows with every line it says; 0: it has said nothing.
    pub said: u64,
    /// A figure that changes while its processes work.
    pub worked: u64,
    /// A tool is open.
    pub in_tool: bool,
    /// How often the last call was made in a row.
    pub repeats: u32,
    /// It gave its verdict.
    pub ended: bool,
    /// Its account's window is used up.
    pub limited: bool,
    /// It tries again, against this HTTP status if one was told.
    pub retrying: Option<Option<u16>>,
    /// Its first line is waited for this long; `None`: for ever.
    pub start: Option<Span>,
    /// It may be quiet for this long; `None`: as long as it likes.
    pub silence: Option<Span>,
}

/// Everything that can happen to an agent.
#[derive(Debug)]
pub(in crate::agent) enum Happening {
    /// The law's state moved.
    Moved,
    /// A claim was answered: with the jobs granted, or not at all because the log cannot be used now.
    Granted { asked: usize, jobs: Option<Vec<Grant>> },
    /// A run that outlived its agent is ours now.
    Adopted(Box<Work>),
    /// So many runs of dead agents wait for a slot.
    Orphans(usize),
    /// A job's folder is ready, or cannot be.
    Prepared { slot: usize, result: Result<Prepared, (Outcome, String)> },
    /// The attempt has begun, or the law refused.
    Started { slot: usize, attempt: Option<u32> },
    /// A run has ended and nothing of it lives.
    Ended { slot: usize, end: RunEnd },
    /// A tree is saved, or could not be.
    Saved { slot: usize, result: Result<Saved, String> },
    /// The outcome is in the log, with what the law made of it; or the lease was lost.
    Reported { slot: usize, events: Vec<Event>, next: Option<Grant> },
    /// What a look at a running job showed.
    Looked { slot: usize, sight: Sight },
    /// A ship by rule is over.
    Shipped { job: JobId },
    /// The engines that a review waits for were asked; or not all of them could be.
    ReviewersAsked { job: JobId, all: bool },
    /// A look at a job's pull request is over: whether it showed something new, and what is to be said of it.
    PrLooked { job: JobId, news: bool, line: Option<String> },
    /// Whether files are missing.
    Hold(bool),
    /// First or second request to stop.
    Asked,
    /// A deadline may have passed.
    Tick,
    /// Nothing was heard for long: everything is asked again.
    Net,
}

/// Everything an agent can be told to do.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::agent) enum Act {
    /// Ask the law for this many jobs.
    Claim(usize),
    /// Make a job's folder ready.
    Prepare { slot: usize },
    /// Ask the law to begin the attempt.
    Start { slot: usize },
    /// Give the job back before it began.
    Release { slot: usize },
    /// Give a job back that has no slot.
    GiveBack { job: JobId, epoch: Epoch },
    /// Start a run and wait for its end.
    Run { slot: usize, kind: RunKind },
    /// Wait for the end of a run that is under way already.
    Await { slot: usize, kind: RunKind },
    /// Stop the run of this kind, whether it has started or is about to.
    Stop { slot: usize, kind: RunKind, cause: StopCause, now: bool },
    /// Put the tree into a commit. `last`: the run is over.
    Save { slot: usize, last: bool },
    /// Tell the law; `claim`: ask for the next job in the same breath.
    Report { slot: usize, orders: Vec<Order>, claim: bool },
    /// Look at a running job.
    Look { slot: usize },
    /// Tell the law about progress; nobody waits for the answer.
    Note(Box<Order>),
    /// Ask the engines that a job's review waits for.
    AskReviewers { job: JobId },
    /// Ship a job by its rule.
    Ship { job: JobId },
    /// Look at the pull request that a job waits for.
    LookAtPr { job: JobId },
}
