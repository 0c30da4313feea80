//! The agents of this host: who they are, and the signals that end them.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::outcome::{Became, Outcome, tell};
use crate::agent::{Agent, Ending, agents_of, end_agent};
use crate::board::state_home;
use crate::cli::frame::{Answer, CliError, Context, Exit};
use crate::engine::Liveness;
use crate::store::{Fault, Place};

/// Flags of `drain` and `stop`.
#[derive(ClapArgs, Debug)]
pub struct AgentArgs {
    /// The agents of every queue that was made on this host
    #[arg(long)]
    all: bool,
    /// Show whom it would reach, and do nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// The queue that is meant here, and with `all` every queue that was made on this host.
fn sides(cx: &Context, all: bool) -> Result<Vec<PathBuf>, CliError> {
    let here = match cx.place() {
        Ok(place) => vec![place.side.clone()],
        Err(error) if all && error.exit == Exit::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    if !all {
        return Ok(here);
    }
    let known =
        known_queues().into_iter().filter_map(|queue| Place::open(&queue).ok()).map(|place| place.side);
    let mut sides: Vec<PathBuf> = here.into_iter().chain(known).collect();
    sides.sort();
    sides.dedup();
    Ok(sides)
}

/// Where the queues that were made on this host are remembered, a file per queue with its path.
fn memory() -> Option<PathBuf> {
    state_home().map(|home| home.join("queues"))
}

/// Remembers a queue, for `--all`. A user's state folder that cannot be written keeps nobody from work.
pub fn remember_queue(cx: &Context, place: &Place) {
    let Some(dir) = memory() else { return };
    let text = place.queue.as_os_str().as_encoded_bytes();
    let made = std::fs::create_dir_all(&dir).map_err(|e| Fault::io("make", &dir, &e));
    if let Err(fault) = made.and_then(|()| crate::store::write_whole(&dir.join(&place.id), text)) {
        cx.out.warn(&format!("aq stop --all will not know this queue: {fault}"));
    }
}

fn known_queues() -> Vec<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    let entries = memory().and_then(|dir| std::fs::read_dir(dir).ok()).into_iter().flatten().flatten();
    let texts = entries.filter_map(|entry| std::fs::read(entry.path()).ok());
    texts.map(|bytes| PathBuf::from(std::ffi::OsString::from_vec(bytes))).collect()
}

/// Ends the agents that live, and tells which.
///
/// # Errors
/// A fault if the queue cannot be used; exit 5 inside a run of it.
pub fn end_agents(cx: &mut Context, args: &AgentArgs, ending: Ending) -> Answer {
    let sides = sides(cx, args.all)?;
    if !args.dry_run {
        cx.refuse_inside()?;
    }
    let agents: Vec<Agent> = sides.iter().flat_map(|side| agents_of(side)).collect();
    let living: Vec<&Agent> = agents.iter().filter(|agent| agent.life == Liveness::Alive).collect();
    let unseen = agents.iter().filter(|agent| agent.life == Liveness::Unknown).count();
    if unseen > 0 {
        cx.out.warn(&format!("{unseen} registered agents cannot be seen from here and are left alone"));
    }
    if living.is_empty() {
        cx.out.talk("no agent of this queue runs on this host: nothing to do");
    }
    let outcomes: Vec<Outcome> = living.iter().map(|agent| one(agent, args.dry_run, ending)).collect();
    // Signals are no events.
    tell(cx, 0, args.dry_run, &outcomes)
}

fn one(agent: &Agent, dry_run: bool, ending: Ending) -> Outcome {
    let pid = agent.who.as_ref().map_or(0, |who| who.pid);
    let said = match (ending, dry_run) {
        (Ending::Drain, false) => format!("agent {pid} drains: it takes nothing new, checkpoints and ends"),
        (Ending::Stop, false) => format!("agent {pid} stops now, and still checkpoints"),
        (Ending::Drain, true) => format!("agent {pid} would drain"),
        (Ending::Stop, true) => format!("agent {pid} would stop"),
    };
    let sent = match &agent.who {
        Some(who) if !dry_run => end_agent(who, ending),
        _ => Ok(()),
    };
    let became = match sent {
        Ok(()) => Became::Done { event: None, said, next: Vec::new(), undo: None },
        Err(error) => Became::Refused(CliError::io("signal", Path::new(&format!("agent {pid}")), &error)),
    };
    Outcome { target: agent.holder.clone(), from: None, to: None, became }
}
