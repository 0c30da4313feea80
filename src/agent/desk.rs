//! The agent's own state: its slots and its mood. Owned by the one loop.

use std::collections::BTreeMap;

use super::work::Work;
use crate::fleet::{Claimant, PauseMode};
use crate::job::{JobId, Seq};
use crate::time::Span;

/// How far the agent is on its way out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Mood {
    /// Claims whatever it can run.
    Working,
    /// Claims nothing more; what runs is checkpointed and given back.
    Draining,
    /// As draining, at once.
    Stopping,
}

/// When an agent ends by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// Only when it is asked to.
    Asked,
    /// When nothing is ready: parked and blocked jobs are left (`--once`).
    NothingReady,
    /// When nothing will become ready without a person.
    Settled,
}

/// The watch over one pull request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PrWatch {
    /// When it is due, boot time.
    pub at: Span,
    /// The pause after the next look that shows nothing new.
    pub wait: Span,
    /// Somebody looks now.
    pub busy: bool,
}

/// The agent.
#[derive(Debug)]
pub(super) struct Desk {
    /// Who it is and what it can do.
    pub who: Claimant,
    /// Jobs by slot.
    pub slots: Vec<Option<Work>>,
    /// On its way out?
    pub mood: Mood,
    /// When it ends by itself.
    pub until: Until,
    /// Claims are under way for this many slots.
    pub claiming: usize,
    /// The state that the last claim was asked from.
    pub claimed_at: Option<Seq>,
    /// Runs of dead agents that wait for a slot: they come before new work.
    pub orphans: usize,
    /// The state for which a claim came back empty: claiming again before it changes is useless.
    pub empty_at: Option<Seq>,
    /// Waiting files are missing; nothing is claimed until it is clear why.
    pub hold: bool,
    /// How the product is paused, as last seen.
    pub paused: Option<PauseMode>,
    /// Jobs this agent is shipping by rule.
    pub shipping: Vec<JobId>,
    /// Jobs whose reviewers this agent is asking.
    pub asking: Vec<JobId>,
    /// Jobs, by their epoch, whose reviewers could not all be asked; said once, and not tried again here.
    pub unasked: Vec<(JobId, crate::job::Epoch)>,
    /// When each awaited pull request is looked at.
    pub prs: BTreeMap<JobId, PrWatch>,
    /// Attempts of this agent that ended well, and otherwise.
    pub tally: (u32, u32),
}

impl Desk {
    /// An agent with empty slots.
    pub fn new(who: Claimant, slots: usize, until: Until) -> Desk {
        Desk {
            who,
            slots: (0..slots).map(|_| None).collect(),
            mood: Mood::Working,
            until,
            claiming: 0,
            claimed_at: None,
            orphans: 0,
            empty_at: None,
            hold: false,
            paused: None,
            shipping: Vec::new(),
            asking: Vec::new(),
            unasked: Vec::new(),
            prs: BTreeMap::new(),
            tally: (0, 0),
        }
    }

    /// Slots without a job.
    pub fn free(&self) -> usize {
        self.slots.iter().filter(|slot| slot.is_none()).count()
    }

    /// Slots that neither hold a job nor are promised to a claim under way.
    pub fn room(&self) -> usize {
        self.free().saturating_sub(self.claiming)
    }

    /// Nothing is under way.
    pub fn is_idle(&self) -> bool {
        let busy = self.slots.iter().any(Option::is_some) || self.claiming > 0;
        let looks = self.prs.values().any(|watch| watch.busy);
        !busy && self.shipping.is_empty() && self.asking.is_empty() && !looks
    }
}
