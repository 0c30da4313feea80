//! A pull request of a job: what the law keeps of it, and what a look at it means.

use serde::{Deserialize, Serialize};

use crate::job::Rev;
use crate::time::{Span, Stamp};

/// A look that shows nothing new is recorded no more often than this: the log shall say that somebody looked,
/// and a pull request that waits for days shall not fill it.
pub(super) const RECORDED_EVERY: Span = Span::from_mins(15);
/// So often in a row a pull request sends its job back by rule; then a person looks. Checks that no attempt
/// can make green would go on for ever, and each round costs money.
pub(super) const SENT_BACK_MOST: u32 = 5;

/// Whether a pull request still stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrState {
    /// It waits for checks, reviewers or its merge.
    Open,
    /// It was merged.
    Merged,
    /// It was closed without a merge.
    Closed,
}

/// What its reviewers say, those whose word counts there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrReview {
    /// Nobody has decided.
    Waiting,
    /// Somebody approved and nobody asks for changes.
    Approved,
    /// Somebody asks for changes.
    ChangesRequested,
}

/// The checks of its head, by how they ended. All zero: it has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Checks {
    /// Green, neutral or passed over.
    pub green: u32,
    /// Red.
    pub red: u32,
    /// Not ended yet.
    pub pending: u32,
}

impl Checks {
    /// Nothing is red and nothing is still to come.
    pub fn are_green(self) -> bool {
        self.red == 0 && self.pending == 0
    }
}

/// What a look showed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PrLook {
    /// Whether it stands.
    pub state: PrState,
    /// Its head on the forge.
    pub head: Rev,
    /// The checks of that head.
    pub checks: Checks,
    /// What the reviewers say.
    pub review: PrReview,
    /// Ids of the reviews that ask for changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<String>,
    /// It cannot be merged into its base.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conflict: bool,
    /// The commit that the merge made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Rev>,
}

/// A job's pull request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PullRequest {
    /// Its number on the forge.
    pub number: u64,
    /// Where people see it.
    pub url: String,
    /// The commit that aq pushed.
    pub rev: Rev,
    /// When it was opened, pushed to, or the last look was recorded.
    pub at: Stamp,
    /// The last recorded look; `None` since the last push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<PrLook>,
    /// Reviews that an attempt has been given already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<String>,
    /// How often in a row it sent the job back by rule.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sent_back: u32,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// What a look means for the job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PrMeans {
    /// Nothing to do but to wait.
    Wait,
    /// It is merged and green: the job has shipped.
    Out,
    /// Checks failed: the next attempt mends them.
    Red,
    /// A reviewer asks for changes that no attempt has seen.
    Asked,
    /// It was closed without a merge: a person decides.
    Closed,
    /// It conflicts with its base: a person decides.
    Conflict,
}

impl PullRequest {
    /// What a look means. A head that another hand has moved is that hand's: it sends nothing back.
    pub fn means(&self, look: &PrLook) -> PrMeans {
        match look.state {
            PrState::Merged if look.checks.are_green() => PrMeans::Out,
            PrState::Merged => PrMeans::Wait,
            PrState::Closed => PrMeans::Closed,
            PrState::Open if look.head != self.rev => PrMeans::Wait,
            PrState::Open if look.conflict => PrMeans::Conflict,
            PrState::Open if look.asks.iter().any(|id| !self.answered.contains(id)) => PrMeans::Asked,
            // All of them shall have ended, so that one attempt mends them all.
            PrState::Open if look.checks.red > 0 && look.checks.pending == 0 => PrMeans::Red,
            PrState::Open => PrMeans::Wait,
        }
    }

    /// Whether nothing more comes of it.
    pub fn is_closed(&self) -> bool {
        self.look.as_ref().is_some_and(|look| look.state == PrState::Closed)
    }

    /// Whether it is merged.
    pub fn is_merged(&self) -> bool {
        self.look.as_ref().is_some_and(|look| look.state == PrState::Merged)
    }
}
