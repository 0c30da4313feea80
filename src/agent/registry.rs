//! The agents that have registered below a queue: who they are, whether they live, and the signals that end them.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::engine::{Liveness, ProcessIdentity, is_alive};
use crate::job::{CapabilitySet, EngineClass};
use crate::time::Stamp;

/// A registration file is a few words; what is longer is none.
const FILE_MOST: u64 = 64 << 10;

/// How agents are ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ending {
    /// The first signal.
    Drain,
    /// Both.
    Stop,
}

/// An agent as it has registered itself.
#[derive(Clone, PartialEq, Debug)]
pub struct Agent {
    /// The process; `None` if the text is not understood.
    pub who: Option<ProcessIdentity>,
    /// The text of it.
    pub holder: String,
    /// Jobs it runs at once.
    pub slots: u64,
    /// When it began.
    pub since: Stamp,
    /// Its last sign of life.
    pub beat: Stamp,
    /// The engines it runs.
    pub engines: Vec<String>,
    /// What its host offers.
    pub capabilities: CapabilitySet,
    /// Its registration.
    pub file: PathBuf,
    /// Whether it lives, as far as it can be seen from here.
    pub life: Liveness,
}

#[derive(Deserialize)]
struct Registered {
    holder: String,
    #[serde(default)]
    slots: u64,
    #[serde(default)]
    since: i64,
    #[serde(default)]
    engines: Vec<(String, EngineClass)>,
    #[serde(default)]
    capabilities: CapabilitySet,
}

/// The agents that have registered below the machine's side of a queue, dead ones too.
pub fn agents_of(side: &Path) -> Vec<Agent> {
    let entries = std::fs::read_dir(side.join("agents")).into_iter().flatten().flatten();
    let files =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "json"));
    let mut found: Vec<Agent> = files.filter_map(|file| read(&file)).collect();
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

fn read(file: &Path) -> Option<Agent> {
    let meta = std::fs::metadata(file).ok()?;
    if meta.len() > FILE_MOST {
        return None;
    }
    let it: Registered = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let who = it.holder.parse::<ProcessIdentity>().ok();
    let life = who.as_ref().map_or(Liveness::Unknown, is_alive);
    Some(Agent {
        who,
        holder: it.holder,
        slots: it.slots,
        since: Stamp::from_millis(it.since),
        beat: meta.modified().map(Stamp::from_system).unwrap_or_default(),
        engines: it.engines.into_iter().map(|row| row.0).collect(),
        capabilities: it.capabilities,
        file: file.to_path_buf(),
        life,
    })
}

/// Ends an agent. Two different signals, because two of one kind that are sent together arrive as one.
///
/// # Errors
/// That it lives no more, for its number may be another's by now; that of the system, if the process cannot be
/// signalled.
pub fn end_agent(who: &ProcessIdentity, ending: Ending) -> std::io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process};
    if is_alive(who) != Liveness::Alive {
        return Err(std::io::Error::new(std::io::ErrorKind::NotFound, "it lives no more"));
    }
    let pid = who.pid;
    let pid = Pid::from_raw(pid).filter(|_| pid > 1).ok_or(std::io::ErrorKind::InvalidInput)?;
    kill_process(pid, Signal::TERM)?;
    if ending == Ending::Stop {
        kill_process(pid, Signal::INT)?;
    }
    Ok(())
}
