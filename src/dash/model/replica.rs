//! What is known of the queue: the state as it was published, the last events, how fresh it all is.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use crate::fleet::{Claimant, Event, State};
use crate::insight::Rejected;
use crate::job::{HolderId, JobId, Seq};
use crate::time::{Span, Stamp};

/// Events kept for the panes that show them; older ones are read from the log when a job is looked at.
pub const EVENTS_MOST: usize = 50_000;

/// How the data comes and how fresh it is, `cockpit.md` section 6.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Health {
    /// Nothing has come yet.
    Loading,
    /// A folder on this machine; `false` where it is only looked at now and then, for want of a watch.
    Local {
        /// Changes are told at once.
        watched: bool,
    },
    /// A coordinator's stream, up to date.
    Live,
    /// A coordinator without a stream: it is asked again and again.
    Polling {
        /// How often.
        every: Span,
        /// When it answered last.
        heard: Stamp,
        /// Why there is no stream.
        why: String,
    },
    /// The stream says nothing any more, not even that it lives; it is opened anew.
    Stale {
        /// When it was heard last.
        heard: Stamp,
        /// How that goes.
        retry: Retry,
    },
    /// The coordinator cannot be reached; what was read stays.
    Offline {
        /// Why.
        why: String,
        /// When it was heard last; `None`: never.
        heard: Option<Stamp>,
        /// How it is tried again.
        retry: Retry,
    },
    /// The coordinator does not know the person any more; what was read stays.
    SignedOut {
        /// Why, and what to run: `token expired 12:01, run aq login`.
        why: String,
        /// When it was heard last; `None`: never.
        heard: Option<Stamp>,
    },
    /// The data could not be read any more; what was read stays.
    Broken {
        /// Why, in words.
        why: String,
    },
    /// What is shown is as it is, and nothing can be changed where it comes from.
    Barred {
        /// The state in a word: `skew`, `read-only`.
        word: &'static str,
        /// Why, in words.
        why: String,
        /// What mends it.
        mend: String,
    },
    /// A moment of the past, made anew from the log.
    Replay,
    /// The log speaks a newer law; data up to the last event understood.
    Skew {
        /// In words, with both numbers.
        why: String,
    },
}

/// How a coordinator is tried again, for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retry {
    /// Tries since it was heard last.
    pub tries: u32,
    /// When the next one begins.
    pub next: Stamp,
}

impl Health {
    /// Whether things may be changed by it: what is shown is what is there, or nearly.
    pub fn acts(&self) -> bool {
        matches!(self, Health::Local { .. } | Health::Live | Health::Polling { .. } | Health::Stale { .. })
    }

    /// The moment after which nothing is known, where that is not now: ages stand still there.
    pub fn ends(&self) -> Option<Stamp> {
        match self {
            Health::Stale { heard, .. } => Some(*heard),
            Health::Offline { heard, .. } | Health::SignedOut { heard, .. } => *heard,
            _ => None,
        }
    }
}

/// The first of the three layers: a replica, never changed here but by what the source sends.
#[derive(Clone, Debug)]
pub struct Replica {
    /// Cheap to clone: persistent maps.
    pub state: Arc<State>,
    /// The latest events, the oldest first.
    pub events: VecDeque<(Seq, Event)>,
    /// Holders that provably live no more.
    pub gone: Arc<HashSet<HolderId>>,
    /// Running jobs whose files were changed meanwhile.
    pub edited: Arc<HashSet<JobId>>,
    /// Jobs whose run goes on though its agent is gone: it works and costs, and nobody counts it.
    pub outliving: Arc<HashSet<JobId>>,
    /// How fresh.
    pub health: Health,
    /// Since when it could not be read any more; what is shown is as old.
    pub lost: Option<Stamp>,
    /// Where it comes from, for row 1: the queue's folder.
    pub from: String,
    /// What it is, for row 2: `local`.
    pub scope: String,
    /// Agents that live on this queue, by what they offer.
    pub agents: Arc<Vec<Claimant>>,
    /// Manifests that lie rejected, and edits that are not used, by their names.
    pub rejected: Arc<Vec<Rejected>>,
}

impl Replica {
    /// Before anything has come.
    pub fn empty(from: &str, scope: &str) -> Replica {
        Replica {
            state: Arc::default(),
            events: VecDeque::new(),
            gone: Arc::default(),
            edited: Arc::default(),
            outliving: Arc::default(),
            health: Health::Loading,
            lost: None,
            from: from.to_string(),
            scope: scope.to_string(),
            agents: Arc::default(),
            rejected: Arc::default(),
        }
    }

    /// Takes further events into the ring; those that are in it already are passed over.
    pub fn take_events(&mut self, events: Vec<(Seq, Event)>) {
        let last = self.events.back().map_or(0, |row| row.0);
        self.events.extend(events.into_iter().filter(|row| row.0 > last));
        let over = self.events.len().saturating_sub(EVENTS_MOST);
        self.events.drain(..over);
    }

    /// Whether anything was ever read: before that, no jobs is not the same as none there.
    pub fn is_known(&self) -> bool {
        // A coordinator that answers tells of an empty queue too.
        let barred = matches!(self.health, Health::Barred { .. });
        self.state.seq > 0 || barred || self.health == Health::Replay || self.health.acts()
    }

    /// Why nothing may be changed now, if that is so.
    pub fn bars(&self) -> Option<String> {
        match &self.health {
            Health::Loading => Some("the queue is still being read".to_string()),
            Health::Local { .. } | Health::Live | Health::Polling { .. } | Health::Stale { .. } => None,
            Health::Offline { why, .. } => Some(format!("offline: {why}")),
            Health::SignedOut { why, .. } => Some(format!("signed out: {why}")),
            Health::Replay => Some("you see the past: L goes live".to_string()),
            Health::Broken { why } => Some(format!("the queue cannot be read: {why}")),
            Health::Skew { why } => Some(why.clone()),
            Health::Barred { word, why, .. } => Some(format!("{word}: {why}")),
        }
    }
}
