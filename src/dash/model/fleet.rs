//! The fleet of a folder: this host, its agents, and what its accounts can do.

use std::collections::BTreeMap;

use super::page::Loaded;
use crate::agent::{Agent, Ending};
use crate::engine::Liveness;
use crate::fleet::State;
use crate::job::{Capability, Stage};

/// The screen.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// What was found last.
    pub host: Loaded<Box<Host>>,
    /// A look is under way.
    pub looking: bool,
    /// The agent under the cursor.
    pub at: usize,
    /// Agents that were asked to end from here, by holder.
    pub ended: BTreeMap<String, Ending>,
}

/// This host.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// System and processor.
    pub system: String,
    /// Its cores.
    pub cores: usize,
    /// How many processes want one, over a minute, in hundredths; `None`: not told by this system.
    pub load: Option<u64>,
    /// The same while agents lived and the cockpit was open, every five seconds, the oldest first.
    pub loads: Vec<u64>,
    /// Its agents, those that no longer live too.
    pub agents: Vec<Agent>,
    /// Engines that a job may name here.
    pub engines: Vec<String>,
}

impl Host {
    /// How many of its agents are not known to be gone.
    pub fn living(&self) -> usize {
        self.agents.iter().filter(|agent| agent.life != Liveness::Gone).count()
    }
}

impl Fleet {
    /// The agent under the cursor.
    pub fn agent(&self) -> Option<&Agent> {
        let agents = &self.host.here()?.agents;
        agents.get(self.at.min(agents.len().saturating_sub(1)))
    }
}

/// Jobs in the line that ask for the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Demand {
    /// The engine they name, if they name one.
    pub engine: Option<String>,
    /// What the host must offer.
    pub capabilities: Vec<Capability>,
    /// How many they are.
    pub queued: usize,
}

impl Demand {
    /// Whether an agent can take them.
    pub fn fits(&self, agent: &Agent) -> bool {
        self.lacks(agent).is_empty()
    }

    /// What the agent lacks for them.
    pub fn lacks(&self, agent: &Agent) -> Vec<String> {
        let engine = self.engine.iter().filter(|name| !agent.engines.contains(name)).cloned();
        let missing = agent.capabilities.missing(&self.capabilities);
        engine.chain(missing.into_iter().map(ToString::to_string)).collect()
    }

    /// In words: `claude gpu`, or `anything`.
    pub fn words(&self) -> String {
        let parts: Vec<String> =
            self.engine.iter().cloned().chain(self.capabilities.iter().map(ToString::to_string)).collect();
        if parts.is_empty() { "anything".to_string() } else { parts.join(" ") }
    }
}

/// What the jobs in the line ask for, what most of them ask for first.
pub fn demands(state: &State) -> Vec<Demand> {
    let mut all: BTreeMap<(Option<&str>, String), Demand> = BTreeMap::new();
    for job in state.jobs.values().filter(|job| job.stage == Stage::Queued && job.park.is_none()) {
        let capabilities = &job.spec.capabilities;
        let words: Vec<String> = capabilities.iter().map(ToString::to_string).collect();
        let fresh =
            || Demand { engine: job.spec.engine.clone(), capabilities: capabilities.to_vec(), queued: 0 };
        all.entry((job.spec.engine.as_deref(), words.join(" "))).or_insert_with(fresh).queued += 1;
    }
    let mut all: Vec<Demand> = all.into_values().collect();
    all.sort_by_key(|demand| std::cmp::Reverse(demand.queued));
    all
}

/// What is done to agents of this host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AgentDeed {
    /// One is started.
    Start,
    /// This one, by its holder, is ended.
    End(String, i32, Ending),
}
