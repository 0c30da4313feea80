//! What is looked at beside the log: worktrees, agents, the past; as data that is asked for and answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::model::{Done, Host};
use crate::agent::AtRisk;
use crate::fleet::State;
use crate::insight::{Flow, Recording};
use crate::job::JobId;

/// What is to be looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Worktrees of this host with work that stands in no commit.
    Risks,
    /// Which of these jobs have such a worktree that no living agent saves; `None`: of all that are not shipped.
    AtRisk(Option<Vec<JobId>>),
    /// How such a worktree differs from the accepted work of its job.
    Unsaved(JobId),
    /// The log from its beginning.
    Recording,
    /// What passed through the stages on the last day, from the same.
    Flow,
    /// This host and its agents.
    Host,
    /// What people did.
    Done,
}

/// What was found. The inner error says in words why nothing could be.
#[derive(Clone, Debug)]
pub enum Found {
    /// Worktrees at risk.
    Risks(Result<Risks, String>),
    /// Of the jobs that were asked for, those at risk.
    AtRisk(Option<Vec<JobId>>, Result<BTreeSet<JobId>, String>),
    /// A patch.
    Unsaved(JobId, Result<String, String>),
    /// This host.
    Host(Result<Box<Host>, String>),
    /// The log.
    Recording(Result<Arc<Recording>, String>),
    /// What passed through the stages, and the state with which the log begins.
    Flow(Result<Box<(Flow, State)>, String>),
    /// What people did, the newest first.
    Done(Result<Arc<Vec<Done>>, String>),
}

/// Worktrees at risk of one host.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Risks {
    /// The host.
    pub host: String,
    /// The worktrees.
    pub rows: Vec<AtRisk>,
    /// How many worktrees of this queue stand there, those without a risk too.
    pub worktrees: usize,
}
