//! What has happened, in the past tense. Events only grow: a field or kind is never renamed or dropped.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Dep, ParkReason, PauseMode, PrLook, Score, Subject, VerdictSaid};
use crate::job::{
    AttemptNo, BlobId, Budget, Epoch, HolderId, IdempotencyKey, Insight, JobId, Outcome, Rev, ReviewRule,
    Seldom, Spec, Stage, Text, Usage,
};
use crate::time::{Span, Stamp};

/// Why the queue goes on when the ceiling that had stopped it was taken back. Nobody was asked about files that
/// vanished, so it says nothing about them.
pub const CEILING_TAKEN_BACK: &str = "the ceiling that stopped it was taken back";

/// What sort of being acted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ActorKind {
    /// A human at a terminal or an editor.
    Person,
    /// A process of `aq agent`.
    Agent,
    /// An engine inside its own run, through the fence socket.
    Engine,
    /// aq itself: a timer, the folder watch.
    System,
}

/// The kinds and their names on disk.
const ACTOR_KINDS: [(ActorKind, &str); 4] = [
    (ActorKind::Person, "person"),
    (ActorKind::Agent, "agent"),
    (ActorKind::Engine, "engine"),
    (ActorKind::System, "system"),
];

/// The name under which the settings speak.
const SETTINGS: &str = "settings";

/// Who did something: `person:ann`, `agent:host/…`, `engine:JOB`, `system:folder`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Actor {
    /// What sort of being.
    pub kind: ActorKind,
    /// Its name within the kind.
    pub name: Text,
}

impl Actor {
    /// An actor of that kind and name.
    pub fn new(kind: ActorKind, name: &str) -> Actor {
        Actor { kind, name: name.into() }
    }

    /// The settings, which an agent tells the law when it starts.
    pub fn settings() -> Actor {
        Actor::new(ActorKind::System, SETTINGS)
    }

    /// Whether it is the settings.
    pub fn is_settings(&self) -> bool {
        self.kind == ActorKind::System && *self.name == *SETTINGS
    }

    /// Whether both are one being: people are told apart by their name without host and letter case.
    pub fn is(&self, other: &Actor) -> bool {
        fn user(actor: &Actor) -> &str {
            actor.name.split_once('@').map_or(&actor.name, |(user, _)| user)
        }
        self == other
            || (self.kind, other.kind) == (ActorKind::Person, ActorKind::Person)
                && user(self).eq_ignore_ascii_case(user(other))
    }

    /// As people know it: of an agent the host and the process, not all that makes it unlike every other.
    pub fn short(&self) -> String {
        match self.kind {
            ActorKind::Agent => format!("agent:{}", HolderId::from(&*self.name).short()),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = ACTOR_KINDS.iter().find(|row| row.0 == self.kind).map_or("?", |row| row.1);
        write!(f, "{kind}:{}", self.name)
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> String {
        actor.to_string()
    }
}

impl TryFrom<String> for Actor {
    type Error = String;

    fn try_from(text: String) -> Result<Actor, String> {
        let (kind, name) = text.split_once(':').ok_or_else(|| format!("not an actor: {text:?}"))?;
        let row = ACTOR_KINDS
            .iter()
            .find(|row| row.1 == kind)
            .ok_or_else(|| format!("no such actor kind: {kind:?}"))?;
        Ok(Actor::new(row.0, name))
    }
}

/// Over what time a product's ceiling counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Window {
    Day,
    Week,
    Month,
    #[default]
    Total,
}

impl Window {
    /// Behind a sum: `per day`, `in total`.
    pub fn words(self) -> &'static str {
        match self {
            Window::Day => "per day",
            Window::Week => "per week",
            Window::Month => "per month",
            Window::Total => "in total",
        }
    }
}

/// One entry of the log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// The law's time when it was decided.
    pub at: Stamp,
    /// Who asked for it.
    pub by: Actor,
    /// Key of the order that caused it; makes receipts survive a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<IdempotencyKey>,
    /// A person's words about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What happened.
    pub what: What,
}

macro_rules! whats {
    ($( $(#[$doc:meta])* $kind:ident = $name:literal { $( $(#[$attr:meta])* $field:ident : $type:ty ),* $(,)? } )*) => {
        /// The kinds of event with their facts. `job` names the job, `epoch` is the one after the event.
        #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)] // Fields say themselves; each kind has its sentence.
        pub enum What {
            $( $(#[$doc])* $kind { $( $(#[$attr])* $field : $type ),* }, )*
        }

        impl What {
            /// Names of all kinds, in the order of the enum.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The kind's name on disk and on the wire.
            pub fn name(&self) -> &'static str {
                match self { $( What::$kind { .. } => $name, )* }
            }
        }
    };
}

whats! {
    /// A manifest was accepted.
    JobSubmitted = "job_submitted" {
        job: JobId,
        spec: Arc<Spec>,
        body: BlobId,
        effective: BlobId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        deps: Vec<Dep>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<JobId>,
        /// Of a reviewer's job: what it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reviews: Option<Subject>,
        /// Queued or blocked.
        stage: Stage,
    }
    /// A waiting job got a new manifest.
    JobSuperseded = "job_superseded" {
        job: JobId,
        spec: Arc<Spec>,
        body: BlobId,
        effective: BlobId,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        deps: Vec<Dep>,
        stage: Stage,
    }
    /// An unknown dependency name now means a job, for good.
    DepResolved = "dep_resolved" { job: JobId, name: String, to: JobId }
    /// A job waits for other jobs.
    JobBlocked = "job_blocked" { job: JobId, reason: String }
    /// Every dependency is satisfied.
    JobUnblocked = "job_unblocked" { job: JobId }
    /// A queued job waits for a moment or a person.
    JobParked = "job_parked" {
        job: JobId,
        epoch: Epoch,
        reason: ParkReason,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Stamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Of a usage limit: the window and the account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
    }
    /// The moment has come, or a person lifted it.
    JobUnparked = "job_unparked" { job: JobId, reason: String }
    /// A claim was won.
    LeaseGranted = "lease_granted" {
        job: JobId,
        epoch: Epoch,
        holder: HolderId,
        engine: String,
        /// The account it counts on, and all that its host may use where there are several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pool: Vec<String>,
        #[serde(default, skip_serializing_if = "is_zero")]
        reserve: u64,
        /// How well the job and the host fitted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        score: Option<Score>,
        /// How many jobs were passed over, by gate: all that the host cannot take, and those before it in line.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        passed: Vec<(String, u32)>,
    }
    /// A restarted agent took over a run that had outlived its agent. The epoch stays.
    LeaseAdopted = "lease_adopted" { job: JobId, epoch: Epoch, holder: HolderId }
    /// The holder is provably gone; its attempt is closed.
    LeaseExpired = "lease_expired" { job: JobId, epoch: Epoch, reason: String }
    /// The holder gave the job back before an attempt began.
    LeaseReleased = "lease_released" { job: JobId, epoch: Epoch, reason: String }
    /// An attempt runs.
    AttemptStarted = "attempt_started" {
        job: JobId,
        epoch: Epoch,
        attempt: AttemptNo,
        engine: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        run: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base: Option<Rev>,
    }
    /// A status word changed or a ceiling was touched.
    Progressed = "progressed" {
        job: JobId,
        epoch: Epoch,
        word: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Box<Usage>>,
    }
    /// The whole worktree stands in a commit.
    Checkpointed = "checkpointed" { job: JobId, epoch: Epoch, rev: Rev, lines: u64 }
    /// Verify has spoken about a tree.
    Verified = "verified" {
        job: JobId,
        epoch: Epoch,
        passed: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rev: Option<Rev>,
        took: Span,
    }
    /// An attempt is over; `to` is the stage it leads to.
    AttemptEnded = "attempt_ended" {
        job: JobId,
        epoch: Epoch,
        attempt: AttemptNo,
        outcome: Outcome,
        reason: String,
        #[serde(default)]
        usage: Seldom<Usage>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rev: Option<Rev>,
        /// Of a usage limit: the window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<String>,
        /// The engine itself could not be run so; not the job's setup, nor what stands around it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        engine_fault: bool,
        /// What it did.
        #[serde(default, skip_serializing_if = "Seldom::is_usual")]
        insight: Seldom<Insight>,
        to: Stage,
    }
    /// The last figures and the last checkpoint of a run whose attempt was closed before it ended: by an operator,
    /// by a question, or because its agent was lost.
    AttemptSettled = "attempt_settled" {
        job: JobId,
        attempt: AttemptNo,
        usage: Seldom<Usage>,
        /// Where its work was saved after all, if that is news.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rev: Option<Rev>,
    }
    /// An engine needs an answer; the text is a blob.
    Asked = "asked" { job: JobId, epoch: Epoch, question: BlobId }
    /// A person answered; the text is a blob and goes into the hand-off.
    Answered = "answered" { job: JobId, answer: BlobId }
    /// Reviewers were asked.
    ReviewRequested = "review_requested" { job: JobId, rule: ReviewRule }
    /// A reviewing engine has said what it came to, and aq's check how it ended. The words are a blob.
    VerdictGiven = "verdict_given" { job: JobId, epoch: Epoch, verdict: VerdictSaid }
    /// A reviewer decided about one revision; `to` is set when that was the last approval needed.
    ReviewGiven = "review_given" {
        job: JobId,
        epoch: Epoch,
        approve: bool,
        /// An engine: in whose name, in which job, its words, and how the check ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reviewer: Option<Actor>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        review: Option<JobId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        words: Option<BlobId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        checked: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rev: Option<Rev>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Stage>,
    }
    /// Passed to testing without the approvals, by an operator or as a composite's rollup.
    Promoted = "promoted" { job: JobId, epoch: Epoch, reason: String }
    /// Someone ships; nobody else may meanwhile.
    ShipStarted = "ship_started" {
        job: JobId,
        epoch: Epoch,
        holder: HolderId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rev: Option<Rev>,
    }
    /// The branch stands or the merge happened.
    Shipped = "shipped" {
        job: JobId,
        epoch: Epoch,
        how: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rev: Option<Rev>,
    }
    /// Shipping did not happen; `to` is testing, or review after a conflict.
    ShipFailed = "ship_failed" { job: JobId, epoch: Epoch, reason: String, to: Stage }
    /// The job's pull request has its work: opened, found, or pushed to anew.
    PrOpened = "pr_opened" { job: JobId, epoch: Epoch, number: u64, url: String, rev: Rev }
    /// A look at the pull request.
    PrSeen = "pr_seen" { job: JobId, epoch: Epoch, number: u64, look: PrLook }
    /// Its checks failed or its reviewers want changes; the words are a blob and go into the hand-off.
    PrSentBack = "pr_sent_back" { job: JobId, epoch: Epoch, reason: String, words: BlobId, to: Stage }
    /// A reviewer or operator said no.
    Rejected = "rejected" {
        job: JobId,
        epoch: Epoch,
        to: Stage,
        /// A reviewing engine's words, for the next hand-off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        words: Option<BlobId>,
    }
    /// Sent back to wait; attempts are kept.
    Requeued = "requeued" {
        job: JobId,
        epoch: Epoch,
        to: Stage,
        #[serde(default, skip_serializing_if = "Budget::is_open")]
        raised: Budget,
        /// The checkpoint it starts from, where it is not the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Rev>,
    }
    /// Sent back to wait with fresh attempts and budget.
    Redriven = "redriven" { job: JobId, epoch: Epoch, to: Stage }
    /// An operator ended it.
    Cancelled = "cancelled" { job: JobId, epoch: Epoch }
    /// Given up by rule.
    DeadLettered = "dead_lettered" { job: JobId, epoch: Epoch, reason: String }
    /// Stopped to make room.
    Preempted = "preempted" { job: JobId, epoch: Epoch }
    /// Jobs were added below a parent; each has its own `job_submitted`.
    ChildrenAdded = "children_added" { job: JobId, children: Vec<JobId> }
    /// Ended jobs left the hot state.
    JobsArchived = "jobs_archived" { jobs: Vec<JobId> }
    /// An account of an engine takes no jobs; whose attempt showed it.
    AccountClosed = "account_closed" {
        engine: String,
        account: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<String>,
        outcome: Outcome,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Stamp>,
        of: JobId,
        text: String,
    }
    /// It takes jobs again, as far as that window goes.
    AccountOpened = "account_opened" {
        engine: String,
        account: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<String>,
        reason: String,
    }
    /// The product's ceiling was set.
    BudgetChanged = "budget_changed" {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ceiling: Option<u64>,
        window: Window,
    }
    /// The ceiling of one engine was set.
    EngineBudgetChanged = "engine_budget_changed" {
        engine: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ceiling: Option<u64>,
    }
    /// The product's work was paused.
    BudgetPaused = "budget_paused" {
        mode: PauseMode,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Stamp>,
    }
    /// The product's work goes on.
    BudgetResumed = "budget_resumed" { reason: String }
    /// Several waiting files vanished at once; the queue waits for a person's word.
    QueueSuspended = "queue_suspended" { jobs: Vec<JobId> }
    /// A worker's write came too late; kept as audit.
    Refused = "refused" { job: JobId, epoch: Epoch, verb: String }
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl What {
    /// The job it is about; `None` for events of the whole product.
    pub fn job(&self) -> Option<&JobId> {
        use What::{
            AccountClosed, AccountOpened, Answered, Asked, AttemptEnded, AttemptSettled, AttemptStarted,
            BudgetChanged, BudgetPaused, BudgetResumed, Cancelled, Checkpointed, ChildrenAdded, DeadLettered,
            DepResolved, EngineBudgetChanged, JobBlocked, JobParked, JobSubmitted, JobSuperseded,
            JobUnblocked, JobUnparked, JobsArchived, LeaseAdopted, LeaseExpired, LeaseGranted, LeaseReleased,
            PrOpened, PrSeen, PrSentBack, Preempted, Progressed, Promoted, QueueSuspended, Redriven, Refused,
            Rejected, Requeued, ReviewGiven, ReviewRequested, ShipFailed, ShipStarted, Shipped, VerdictGiven,
            Verified,
        };
        match self {
            JobSubmitted { job, .. }
            | JobSuperseded { job, .. }
            | DepResolved { job, .. }
            | JobBlocked { job, .. }
            | JobUnblocked { job }
            | JobParked { job, .. }
            | JobUnparked { job, .. }
            | LeaseGranted { job, .. }
            | LeaseAdopted { job, .. }
            | LeaseExpired { job, .. }
            | LeaseReleased { job, .. }
            | AttemptStarted { job, .. }
            | Progressed { job, .. }
            | Checkpointed { job, .. }
            | Verified { job, .. }
            | AttemptEnded { job, .. }
            | AttemptSettled { job, .. }
            | Asked { job, .. }
            | Answered { job, .. }
            | ReviewRequested { job, .. }
            | ReviewGiven { job, .. }
            | VerdictGiven { job, .. }
            | Promoted { job, .. }
            | ShipStarted { job, .. }
            | Shipped { job, .. }
            | ShipFailed { job, .. }
            | PrOpened { job, .. }
            | PrSeen { job, .. }
            | PrSentBack { job, .. }
            | Rejected { job, .. }
            | Requeued { job, .. }
            | Redriven { job, .. }
            | Cancelled { job, .. }
            | DeadLettered { job, .. }
            | Preempted { job, .. }
            | ChildrenAdded { job, .. }
            | Refused { job, .. } => Some(job),
            JobsArchived { .. }
            | AccountClosed { .. }
            | AccountOpened { .. }
            | BudgetChanged { .. }
            | EngineBudgetChanged { .. }
            | BudgetPaused { .. }
            | BudgetResumed { .. }
            | QueueSuspended { .. } => None,
        }
    }

    /// The job and the commit its work was saved in, if this says so.
    pub fn saved(&self) -> Option<(&JobId, &Rev)> {
        match self {
            What::Checkpointed { job, rev, .. } | What::AttemptSettled { job, rev: Some(rev), .. } => {
                Some((job, rev))
            }
            _ => None,
        }
    }
}
