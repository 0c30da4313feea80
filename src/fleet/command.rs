//! What is asked for, in the imperative, and by whom.

use serde::{Deserialize, Serialize};

use super::event::{Actor, Window};
use super::job::{Park, ParkReason, Subject, VerdictSaid};
use super::pull_request::PrLook;
use crate::job::{
    AttemptNo, BlobId, Budget, CapabilitySet, EngineClass, Epoch, HolderId, IdempotencyKey, Insight, JobId,
    Outcome, Rev, ReviewRule, Spec, Stage, Usage,
};
use crate::time::{Span, Stamp};

/// The two readings of time a decision may use: the law's, and the wall for dates that people wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// The law's time: never goes back.
    pub law: Stamp,
    /// The wall, read again each time; only for not-before, limit resets and budget windows.
    pub wall: Stamp,
}

/// A command with who asks and under what condition.
#[derive(Clone, PartialEq, Debug)]
pub struct Order {
    /// Who asks.
    pub by: Actor,
    /// Same key twice is the same order.
    pub key: Option<IdempotencyKey>,
    /// Refuse unless the job still stands there (`--from STAGE@EPOCH`).
    pub from: Option<(Stage, Epoch)>,
    /// A person's words.
    pub note: Option<String>,
    /// What is asked.
    pub command: Command,
}

impl Order {
    /// An order without key, condition or note.
    pub fn new(by: Actor, command: Command) -> Order {
        Order { by, key: None, from: None, note: None, command }
    }
}

/// How running work is treated when the product is paused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseMode {
    /// Running jobs finish, nothing new starts.
    Drain,
    /// Running jobs are checkpointed and wait.
    Stop,
    /// Running jobs are fenced at once.
    Kill,
}

impl PauseMode {
    /// The mode as people write it.
    pub fn name(self) -> &'static str {
        match self {
            PauseMode::Drain => "drain",
            PauseMode::Stop => "stop",
            PauseMode::Kill => "kill",
        }
    }
}

/// A job to be made.
#[derive(Clone, PartialEq, Debug)]
pub struct Submission {
    /// A fresh id; refused with `id_taken` if it is not.
    pub job: JobId,
    /// The resolved fields.
    pub spec: Spec,
    /// The manifest's bytes.
    pub body: BlobId,
    /// The resolved profile and worker's values.
    pub effective: BlobId,
    /// The file's name in the queue folder.
    pub file: Option<String>,
}

/// A job to be made below a parent.
pub type Child = Submission;

/// An engine a claimant can run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EngineOffer {
    /// The engine's name.
    pub name: String,
    /// What kind it is.
    pub class: EngineClass,
    /// Its accounts in the order of their use; more than one is a person's consent to go on with the next.
    /// None: it has no accounts, as a script.
    pub accounts: Vec<String>,
}

/// Who claims and what it can do.
#[derive(Clone, PartialEq, Debug)]
pub struct Claimant {
    /// The process that will hold the lease.
    pub holder: HolderId,
    /// What the host has.
    pub capabilities: CapabilitySet,
    /// The engines found on it.
    pub engines: Vec<EngineOffer>,
}

/// What a worker says at the end of an attempt.
#[derive(Clone, PartialEq, Debug)]
pub struct Ending {
    /// Class of the end.
    pub outcome: Outcome,
    /// In words.
    pub reason: String,
    /// What it used up.
    pub usage: Usage,
    /// The last checkpoint.
    pub rev: Option<Rev>,
    /// When a usage limit resets, wall time.
    pub until: Option<Stamp>,
    /// Which of its windows, by the vendor's name.
    pub window: Option<String>,
    /// With `config` and `no_engine`: the engine itself could not be run so, rather than what the job asks
    /// for around it.
    pub engine_fault: bool,
    /// What the attempt did, as far as it is known.
    pub insight: Insight,
}

macro_rules! commands {
    ($( $(#[$doc:meta])* $kind:ident = $name:literal { $( $field:ident : $type:ty ),* $(,)? } )*) => {
        /// Everything the law can be asked. Commands with `epoch` come from workers and are fenced.
        #[derive(Clone, PartialEq, Debug)]
        #[allow(missing_docs)]
        pub enum Command {
            $( $(#[$doc])* $kind { $( $field : $type ),* }, )*
        }

        impl Command {
            /// Names of all commands, in the order of the enum.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The command's name in messages and in the coverage grid.
            pub fn name(&self) -> &'static str {
                match self { $( Command::$kind { .. } => $name, )* }
            }
        }
    };
}

commands! {
    /// Makes a job, or finds that its key has made it already.
    Submit = "submit" { new: Box<Submission>, parent: Option<(JobId, Option<Epoch>)> }
    /// Makes the job in which an engine reviews one commit of another job.
    OrderReview = "order_review" { new: Box<Submission>, of: Subject }
    /// Gives a waiting job a new manifest.
    Supersede = "supersede" { job: JobId, spec: Box<Spec>, body: BlobId, effective: BlobId }
    /// Asks for one job to work on.
    Claim = "claim" { who: Box<Claimant> }
    /// Takes over a run whose agent is gone but whose engine lives.
    Adopt = "adopt" { job: JobId, epoch: Epoch, gone: HolderId, holder: HolderId }
    /// The holder is provably gone. An adoption keeps the epoch, so the holder that was seen is named too.
    ExpireLease = "expire_lease" { job: JobId, epoch: Epoch, gone: HolderId, reason: String }
    /// The holder gives the job back before an attempt began.
    Release = "release" { job: JobId, epoch: Epoch, reason: String }
    /// The attempt begins.
    Start = "start" { job: JobId, epoch: Epoch, engine: String, run: String, base: Option<Rev> }
    /// The status word changed.
    Progress = "progress" { job: JobId, epoch: Epoch, word: String, usage: Option<Usage> }
    /// The worktree stands in a commit.
    Checkpoint = "checkpoint" { job: JobId, epoch: Epoch, rev: Rev, lines: u64 }
    /// Verify has spoken.
    Verify = "verify" { job: JobId, epoch: Epoch, passed: bool, rev: Option<Rev>, took: Span }
    /// The attempt is over and nothing of it runs any more.
    End = "end" { job: JobId, epoch: Epoch, ending: Box<Ending> }
    /// What a run had used up at its end and the commit its work was saved in, where its attempt was closed before.
    /// No epoch fences it, because the job has moved on, and the money is spent and the work is there all the same:
    /// the run's random name says which it was.
    Settle = "settle" { job: JobId, attempt: AttemptNo, run: String, usage: Usage, rev: Option<Rev> }
    /// A reviewing engine has said what it came to.
    Verdict = "verdict" { job: JobId, epoch: Epoch, verdict: VerdictSaid }
    /// An engine needs an answer.
    Ask = "ask" { job: JobId, epoch: Epoch, question: BlobId }
    /// Puts a queued job aside, or stops a held one and puts it aside.
    Park = "park" { job: JobId, until: Option<Stamp>, reason: ParkReason }
    /// Lifts a park.
    Unpark = "unpark" { job: JobId }
    /// A parked job's moment has come (a timer).
    Wake = "wake" { job: JobId }
    /// Answers a question.
    Answer = "answer" { job: JobId, answer: BlobId }
    /// Asks reviewers.
    RequestReview = "request_review" { job: JobId, rule: ReviewRule }
    /// A reviewer decides about a revision.
    Review = "review" { job: JobId, approve: bool, rev: Option<Rev> }
    /// Lets a job pass the gate.
    Promote = "promote" { job: JobId }
    /// Begins to ship.
    ShipStart = "ship_start" { job: JobId, holder: HolderId, rev: Option<Rev> }
    /// Shipping is done.
    ShipDone = "ship_done" { job: JobId, epoch: Epoch, how: String, rev: Option<Rev> }
    /// Shipping did not happen.
    ShipFail = "ship_fail" { job: JobId, epoch: Epoch, reason: String, conflict: bool }
    /// The work stands in a pull request.
    PrOpen = "pr_open" { job: JobId, epoch: Epoch, number: u64, url: String, rev: Rev }
    /// The pull request was looked at; `words` is what it wants changed.
    PrSee = "pr_see" { job: JobId, epoch: Epoch, look: Box<PrLook>, words: Option<BlobId> }
    /// Says no.
    Reject = "reject" { job: JobId, requeue: bool }
    /// Sends back to wait; `from` is an earlier checkpoint to start from instead of the last, `park` puts it aside
    /// again as it was before it was cancelled, if that is not over by now.
    Requeue = "requeue" { job: JobId, raised: Budget, from: Option<Rev>, park: Option<Box<Park>> }
    /// Sends back to wait with fresh attempts and budget.
    Redrive = "redrive" { job: JobId }
    /// Ends a job.
    Cancel = "cancel" { job: JobId }
    /// Stops a held job so that another can run.
    Preempt = "preempt" { job: JobId }
    /// Moves ended jobs out of the hot state.
    Archive = "archive" { jobs: Vec<JobId> }
    /// Opens an account again: a person at once, a timer what is due.
    OpenAccount = "open_account" { engine: String, account: String }
    /// Sets the product's ceiling in millionths of a dollar; `lifts` also ends a pause that came of nothing but the
    /// ceiling of before, where the new one is not reached.
    SetCeiling = "set_ceiling" { ceiling: Option<u64>, window: Window, lifts: bool }
    /// Sets the ceiling of one engine in millionths of a dollar; it counts over the window of the product.
    SetEngineCeiling = "set_engine_ceiling" { engine: String, ceiling: Option<u64> }
    /// Pauses the product.
    Pause = "pause" { mode: PauseMode, until: Option<Stamp> }
    /// Lets the product go on; also answers a suspension.
    Resume = "resume" { }
    /// Several waiting files vanished at once.
    Suspend = "suspend" { jobs: Vec<JobId> }
}

impl Command {
    /// The job it is about, where it is about one that must exist.
    pub fn job(&self) -> Option<&JobId> {
        use Command::{
            Adopt, Answer, Archive, Ask, Cancel, Checkpoint, Claim, End, ExpireLease, OpenAccount,
            OrderReview, Park, Pause, PrOpen, PrSee, Preempt, Progress, Promote, Redrive, Reject, Release,
            RequestReview, Requeue, Resume, Review, SetCeiling, SetEngineCeiling, Settle, ShipDone, ShipFail,
            ShipStart, Start, Submit, Supersede, Suspend, Unpark, Verdict, Verify, Wake,
        };
        match self {
            Supersede { job, .. }
            | Adopt { job, .. }
            | ExpireLease { job, .. }
            | Release { job, .. }
            | Start { job, .. }
            | Progress { job, .. }
            | Checkpoint { job, .. }
            | Verify { job, .. }
            | Verdict { job, .. }
            | End { job, .. }
            | Settle { job, .. }
            | Ask { job, .. }
            | Park { job, .. }
            | Unpark { job }
            | Wake { job }
            | Answer { job, .. }
            | RequestReview { job, .. }
            | Review { job, .. }
            | Promote { job }
            | ShipStart { job, .. }
            | ShipDone { job, .. }
            | ShipFail { job, .. }
            | PrOpen { job, .. }
            | PrSee { job, .. }
            | Reject { job, .. }
            | Requeue { job, .. }
            | Redrive { job }
            | Cancel { job }
            | Preempt { job } => Some(job),
            Submit { .. }
            | OrderReview { .. }
            | Claim { .. }
            | Archive { .. }
            | OpenAccount { .. }
            | SetCeiling { .. }
            | SetEngineCeiling { .. }
            | Pause { .. }
            | Resume {}
            | Suspend { .. } => None,
        }
    }

    /// The epoch a worker shows; `None` for everybody else's commands.
    pub fn epoch(&self) -> Option<Epoch> {
        use Command::{
            Adopt, Ask, Checkpoint, End, ExpireLease, PrOpen, PrSee, Progress, Release, ShipDone, ShipFail,
            Start, Submit, Verdict, Verify,
        };
        match self {
            Adopt { epoch, .. }
            | ExpireLease { epoch, .. }
            | Release { epoch, .. }
            | Start { epoch, .. }
            | Progress { epoch, .. }
            | Checkpoint { epoch, .. }
            | Verdict { epoch, .. }
            | Verify { epoch, .. }
            | End { epoch, .. }
            | Ask { epoch, .. }
            | ShipDone { epoch, .. }
            | ShipFail { epoch, .. }
            | PrOpen { epoch, .. }
            | PrSee { epoch, .. } => Some(*epoch),
            Submit { parent, .. } => parent.as_ref().and_then(|(_, epoch)| *epoch),
            _ => None,
        }
    }
}
