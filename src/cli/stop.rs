//! `aq stop`: stop the agents of this queue on this host now.

use clap::Args as ClapArgs;

use super::acting::{AgentArgs, end_agents};
use super::frame::{Answer, Context};
use crate::agent::Ending;

/// Stop the agents of this queue
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    own: AgentArgs,
}

/// Sends each both signals: runs are stopped now, and still checkpointed.
///
/// # Errors
/// A fault if the queue cannot be used; exit 8 if some agent could not be reached.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    end_agents(cx, &args.own, Ending::Stop)
}
