//! A job as the law sees it: where it stands and why, who holds it, what was tried.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::event::{Actor, ActorKind};
use super::pull_request::PullRequest;
use super::score::Score;
use crate::job::{
    AttemptNo, Autoship, BlobId, Budget, DepsMode, EngineReviewer, Epoch, HolderId, Insight, JobId, Outcome,
    Proof, Rev, ReviewRule, Seldom, Seq, Spec, Stage, Text, Usage, Usual,
};
use crate::time::Stamp;

/// How the reason of a job begins that was to be shipped and was not.
pub const NOT_SHIPPED: &str = "not shipped";

/// Why a job stands where it stands when its text was changed while it waited.
pub const SUPERSEDED: &str = "edited while waiting";

/// Why a queued job waits outside the line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParkReason {
    /// A person put it aside.
    Operator,
    /// A pause before a retry.
    Backoff,
    /// A usage limit of an account.
    Limit,
    /// Its earliest start has not come.
    NotBefore,
    /// Its engine asked something.
    Asked,
    /// Its file vanished together with others.
    Vanished,
}

impl ParkReason {
    /// In words, for messages.
    pub fn words(self) -> &'static str {
        match self {
            ParkReason::Operator => "put aside by a person",
            ParkReason::Backoff => "pause before a retry",
            ParkReason::Limit => "usage limit",
            ParkReason::NotBefore => "not before its time",
            ParkReason::Asked => "asks you",
            ParkReason::Vanished => "its file vanished",
        }
    }

    /// Whether `until` is a date on the wall rather than a span of the law's time.
    pub fn is_wall(self) -> bool {
        matches!(self, ParkReason::Limit | ParkReason::NotBefore | ParkReason::Operator)
    }
}

/// A queued job that is not in the line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Park {
    /// Why.
    pub reason: ParkReason,
    /// When it ends by itself; `None` needs a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Stamp>,
    /// In more words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of a usage limit: the window, by the vendor's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// Of a usage limit: the account whose window it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl Park {
    /// A park of which nothing more is to be said.
    pub fn new(reason: ParkReason, until: Option<Stamp>) -> Park {
        Park { reason, until, text: None, window: None, account: None }
    }
}

/// A dependency: the name as written and, once known, the job it means for good.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dep {
    /// As written in the manifest.
    pub name: String,
    /// What it means; `None` is `unknown_dep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
}

/// What a lease is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseKind {
    /// Running an attempt.
    Work,
    /// Shipping.
    Ship,
}

/// Exclusive right of one process to act for a job, good for one epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lease {
    /// The process.
    pub holder: HolderId,
    /// What for.
    pub kind: LeaseKind,
    /// Since when.
    pub granted: Stamp,
    /// The engine it was granted for; empty for shipping.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub engine: String,
    /// The account of that engine; `None` for one that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// All accounts its host may use for the job, in their order, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pool: Vec<String>,
    /// Money set aside for it when it was granted, millionths of a dollar; see [`Job::set_aside`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reserve: u64,
    /// How well the job and the host fitted when it was granted; `None` for shipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

fn is_none(n: &u32) -> bool {
    *n == 0
}

/// One run of an engine on the job. Open while `ended` is `None`; a job has at most one open attempt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1, never reused.
    pub no: AttemptNo,
    /// The epoch it runs under.
    pub epoch: Epoch,
    /// What runs.
    pub engine: String,
    /// On which of its accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Who runs it.
    pub holder: HolderId,
    /// The run's random name, also in the environment of every process of it.
    pub run: String,
    /// The manifest it ran.
    pub body: BlobId,
    /// The commit it started from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Rev>,
    /// Since when.
    pub started: Stamp,
    /// Status word, since when, and the event that said so.
    pub word: (Text, Stamp, Seq),
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Stamp>,
    /// How it ended; `None` for a lost lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// In words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What it used up so far.
    #[serde(default)]
    pub usage: Usage,
    /// Its last checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<Rev>,
    /// What verify said, and about which tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<(bool, Option<Rev>)>,
    /// Of a review: what it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictSaid>,
    /// What it did, once it is over and as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insight: Option<Box<Insight>>,
}

/// The accepted work of a job: what review looks at and ship ships.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Head {
    /// The commit; `None` where there is no git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<Rev>,
    /// The epoch that produced it.
    pub epoch: Epoch,
    /// Whether verify passed on this very tree.
    pub proof: Proof,
}

/// What a reviewer's job is about: one commit of another job.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Subject {
    /// The job that is reviewed.
    pub job: JobId,
    /// The commit it is pinned to.
    pub rev: Rev,
    /// The entry of `reviewers` that asked for it.
    pub reviewer: String,
}

/// An engine that was asked about one commit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AskedReview {
    /// The job it reviews in.
    pub by: JobId,
    /// The commit.
    pub rev: Rev,
    /// The entry of `reviewers`.
    pub reviewer: String,
}

/// What a reviewing engine said at the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VerdictSaid {
    /// Yes or no.
    pub approve: bool,
    /// The blob of its words.
    pub words: BlobId,
    /// How the check ended that aq ran on that very commit; `None`: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<bool>,
}

/// A reviewer's word about one revision.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// Whose, normalised.
    pub by: Actor,
    /// Yes or no.
    pub approve: bool,
    /// The revision looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<Rev>,
    /// When.
    pub at: Stamp,
    /// The reviewing job, where it was an engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<JobId>,
    /// The blob of its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<BlobId>,
    /// How the check ended that aq ran for an engine's decision; `None`: none was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<bool>,
}

impl Decision {
    /// Whether it is a yes that lets the work pass: that of an engine only with a check that aq saw pass.
    pub fn counts(&self) -> bool {
        self.approve && (self.by.kind != ActorKind::Engine || self.checked == Some(true))
    }
}

/// Something the next attempt's prompt must carry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handoff {
    /// A reviewer's words.
    Rejected(String),
    /// The blob of a reviewing engine's words.
    Reviewed(BlobId),
    /// A question and the blob of its answer.
    Answered {
        /// What was asked.
        question: Option<BlobId>,
        /// What a person said.
        answer: BlobId,
    },
    /// What a pull request wants changed, its failed checks and its reviewers' words.
    PullRequest(BlobId),
}

/// A job in the hot state. Most of a long queue only wait: what those have nothing of costs them a pointer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// The file's name in the queue folder; `None` for an inline child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Text>,
    /// The resolved fields.
    pub spec: Arc<Spec>,
    /// The manifest's bytes.
    pub body: BlobId,
    /// The worker's values.
    pub effective: BlobId,
    /// Who submitted it.
    pub by: Actor,
    /// When.
    pub submitted: Stamp,
    /// Where it stands.
    pub stage: Stage,
    /// Since when.
    pub since: Stamp,
    /// Why it stands there.
    pub why: Text,
    /// The event that put it there.
    pub event: Seq,
    /// The fencing number.
    pub epoch: Epoch,
    /// Since when it competes for a slot, whatever interrupted it; ages its priority.
    pub waiting: Stamp,
    /// Not in the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub park: Option<Box<Park>>,
    /// What must come first: deps as written, then children.
    #[serde(default, skip_serializing_if = "Seldom::is_usual")]
    pub deps: Seldom<Vec<Dep>>,
    /// The composite it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<JobId>,
    /// Its parts.
    #[serde(default, skip_serializing_if = "Seldom::is_usual")]
    pub children: Seldom<Vec<JobId>>,
    /// Who holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Box<Lease>>,
    /// Every attempt, oldest first.
    #[serde(default, skip_serializing_if = "Seldom::is_usual")]
    pub attempts: Seldom<Vec<Attempt>>,
    /// The accepted work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Box<Head>>,
    /// What only jobs have that more has become of; read as if it stood here.
    #[serde(flatten)]
    pub course: Seldom<Course>,
}

/// What has become of a job that has begun: one that waits has nothing of it, and a pointer is all it costs.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Course {
    /// Failures since submit or redrive that count toward `retry.max`.
    #[serde(skip_serializing_if = "is_none")]
    pub counted: u32,
    /// Overloads in a row.
    #[serde(skip_serializing_if = "is_none")]
    pub overloads: u32,
    /// Usage limits in a row; they lengthen the pause of one that names no reset.
    #[serde(skip_serializing_if = "is_none")]
    pub limits: u32,
    /// How often a reviewing engine sent it back since submit or redrive.
    #[serde(skip_serializing_if = "is_none")]
    pub reworks: u32,
    /// When a person let it try: accounts closed by then do not hold it. Good for one grant; what closes
    /// later is news that the person did not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries: Option<Stamp>,
    /// When leases were lost, within the poison window.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Stamp>,
    /// The last checkpoint of any epoch, accepted or not, and its epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<(Rev, Epoch)>,
    /// Checkpoints so far: the number of the last one.
    #[serde(skip_serializing_if = "is_zero")]
    pub checkpoints: u64,
    /// The checkpoint that the next attempt starts from, where a person named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<Rev>,
    /// Decisions about the head.
    #[serde(skip_serializing_if = "Seldom::is_usual")]
    pub reviews: Seldom<Vec<Decision>>,
    /// The gate, if it was changed after submit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Box<ReviewRule>>,
    /// What all attempts since submit or redrive used up.
    #[serde(skip_serializing_if = "Seldom::is_usual")]
    pub spent: Seldom<Usage>,
    /// Ceilings raised by an operator.
    #[serde(skip_serializing_if = "Seldom::is_usual")]
    pub raised: Seldom<Budget>,
    /// For the next prompt.
    #[serde(skip_serializing_if = "Seldom::is_usual")]
    pub handoff: Seldom<Vec<Handoff>>,
    /// The open question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Box<BlobId>>,
    /// Its pull request, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pr: Option<Box<PullRequest>>,
    /// How it was shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped: Option<Box<(String, Option<Rev>)>>,
    /// Of a reviewer's job: what it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Box<Subject>>,
    /// Engines asked about its commits, oldest first.
    #[serde(skip_serializing_if = "Seldom::is_usual")]
    pub asked_reviews: Seldom<Vec<AskedReview>>,
}

impl Usual for Course {
    fn usual() -> &'static Course {
        static USUAL: LazyLock<Course> = LazyLock::new(Course::default);
        &USUAL
    }
}

impl Deref for Job {
    type Target = Course;

    fn deref(&self) -> &Course {
        &self.course
    }
}

impl DerefMut for Job {
    fn deref_mut(&mut self) -> &mut Course {
        &mut self.course
    }
}

impl Job {
    /// The gate in force.
    pub fn review_rule(&self) -> &ReviewRule {
        self.rule.as_deref().unwrap_or(&self.spec.review)
    }

    /// The ceilings in force.
    pub fn budget(&self) -> Budget {
        self.spec.budget.raised_by(&self.raised)
    }

    /// Which ceiling is used up, so that the job goes on only with a higher one.
    pub fn used_up(&self) -> Option<&'static str> {
        let ended_over = |over: Outcome| self.stage == Stage::Failed && *self.why == *over.name();
        // Where usage was not told exactly, the end says what the figures do not.
        self.budget().reached(&self.spent).or(match () {
            () if ended_over(Outcome::Turns) => Some("turns"),
            () if ended_over(Outcome::BudgetExceeded) => Some(self.budget().first().unwrap_or("usd")),
            () => None,
        })
    }

    /// The open attempt.
    pub fn open_attempt(&self) -> Option<&Attempt> {
        self.attempts.last().filter(|a| a.ended.is_none())
    }

    /// The attempt whose transcripts may still grow: the open one, or the one whose work is being shipped.
    pub fn speaking_attempt(&self) -> Option<&Attempt> {
        self.attempts.last().filter(|last| last.ended.is_none() || self.ship_lease().is_some())
    }

    /// The lease for running, if there is one.
    pub fn work_lease(&self) -> Option<&Lease> {
        self.lease.as_deref().filter(|l| l.kind == LeaseKind::Work)
    }

    /// What is left of its own ceiling before the open attempt, millionths of a dollar; 0 without a ceiling.
    pub fn unspent(&self) -> u64 {
        let spent = self.spent.micro_usd.unwrap_or(0);
        self.budget().micro_usd.map_or(0, |ceiling| ceiling.saturating_sub(spent))
    }

    /// Money still set aside for it, millionths of a dollar: what its lease reserved less what its open attempt
    /// has spent, and what came in late of those before. The queue's ceiling would count that twice.
    pub fn set_aside(&self) -> u64 {
        let spent = self.open_attempt().and_then(|attempt| attempt.usage.micro_usd);
        let reserve = self.lease.as_ref().map_or(0, |lease| lease.reserve);
        reserve.min(self.unspent()).saturating_sub(spent.unwrap_or(0))
    }

    /// The lease for shipping, if there is one.
    pub fn ship_lease(&self) -> Option<&Lease> {
        self.lease.as_deref().filter(|l| l.kind == LeaseKind::Ship)
    }

    /// The pull request that ships it once it is merged: it has the work as it is, and nobody is at it now.
    pub fn awaited_pr(&self) -> Option<&PullRequest> {
        let head = self.head.as_ref().and_then(|head| head.rev.as_ref());
        let waits = self.stage == Stage::Testing && self.lease.is_none();
        self.pr.as_deref().filter(|pr| waits && Some(&pr.rev) == head && !pr.is_closed())
    }

    /// Approvals that count: of the head as it is, at most one per reviewer.
    pub fn approvals(&self) -> u32 {
        let head = self.head.as_ref().and_then(|h| h.rev.as_ref());
        let count = self.reviews.iter().filter(|d| d.counts() && d.rev.as_ref() == head).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Approvals without which no review passes: where the gate asks for none, one person's word.
    pub fn approvals_needed(&self) -> u32 {
        self.review_rule().approvals.max(1)
    }

    /// The commit that a review is about.
    pub fn pinned(&self) -> Option<&Rev> {
        self.head.as_ref().filter(|_| self.stage == Stage::Review)?.rev.as_ref()
    }

    /// Engines that its review asks for and that were not asked about its present commit yet.
    pub fn reviewers_to_ask(&self) -> impl Iterator<Item = EngineReviewer<'_>> {
        let rev = self.pinned();
        let asked = move |entry: &str| {
            self.asked_reviews.iter().any(|asked| asked.reviewer == entry && Some(&asked.rev) == rev)
        };
        self.review_rule().engines().filter(move |one| rev.is_some() && !asked(one.entry))
    }

    /// Proof behind the accepted work.
    pub fn proof(&self) -> Proof {
        self.head.as_ref().map_or(Proof::Unproven, |h| h.proof)
    }

    /// Whether a rule may ship it: verify has proven its work, or it has no work of its own and its parts were
    /// proven each.
    pub fn is_proven(&self) -> bool {
        self.proof() == Proof::Verified || !self.spec.has_body
    }

    /// Whether it leaves testing by its own rule. A rule ships what is proven, and tries once: what stood in the
    /// way then is a person's to mend.
    pub fn ships_itself(&self) -> bool {
        self.spec.autoship != Autoship::Never && self.is_proven() && !self.failed_to_ship()
    }

    /// Whether the last thing that became of it is a ship that did not come about.
    pub fn failed_to_ship(&self) -> bool {
        self.stage == Stage::Testing && self.ship_lease().is_none() && self.why.starts_with(NOT_SHIPPED)
    }

    /// Whether it is in review because its ship met a conflict, which no approval mends.
    pub fn met_conflict(&self) -> bool {
        self.stage == Stage::Review && self.why.starts_with(NOT_SHIPPED)
    }

    /// Why the work that it offers stands in no commit, where it was done in git: it is in a worktree alone, so
    /// nobody can look at it and nothing can ship it.
    pub fn unsaved(&self) -> Option<&str> {
        let offers = matches!(self.stage, Stage::Review | Stage::Testing) && self.ship_lease().is_none();
        let head = self.head.as_ref().filter(|head| offers && head.rev.is_none())?;
        let made = self.attempts.iter().rev().find(|attempt| attempt.epoch == head.epoch)?;
        let in_git = made.outcome == Some(Outcome::Unsaved) || made.base.is_some();
        in_git.then_some(made.reason.as_str())
    }

    /// Whether `stage` satisfies a dependency in this job's mode.
    pub fn accepts_dep(&self, stage: Stage) -> bool {
        match self.spec.deps_mode {
            DepsMode::Hard => stage == Stage::Shipped,
            DepsMode::Soft => matches!(stage, Stage::Testing | Stage::Shipped),
        }
    }
}
