//! The fleet of a folder: this host, its agents, and what its accounts can do.

use std::collections::BTreeMap;

use super::page::Loaded;
use crate::agent::{Agent, Ending};

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
    /// Its agents, those that no longer live too.
    pub agents: Vec<Agent>,
    /// Engines that a job may name here.
    pub engines: Vec<String>,
}

impl Fleet {
    /// The agent under the cursor.
    pub fn agent(&self) -> Option<&Agent> {
        let agents = &self.host.here()?.agents;
        agents.get(self.at.min(agents.len().saturating_sub(1)))
    }
}

/// What is done to agents of this host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AgentDeed {
    /// One is started.
    Start,
    /// This one, by its holder, is ended.
    End(String, i32, Ending),
}
