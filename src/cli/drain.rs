//! `aq drain`: let the agents of this queue on this host finish.

use clap::Args as ClapArgs;

use super::acting::{AgentArgs, end_agents};
use super::frame::{Answer, Context};
use crate::agent::Ending;

/// Let the agents of this queue finish
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    own: AgentArgs,
}

/// Sends each its first signal: it takes nothing new, checkpoints, gives back and ends.
///
/// # Errors
/// A fault if the queue cannot be used; exit 8 if some agent could not be reached.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    end_agents(cx, &args.own, Ending::Drain)
}
