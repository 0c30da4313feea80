//! `aq preempt`: stop a job so that another can run.

use clap::Args as ClapArgs;

use super::acting::{Changing, Deed, One, act};
use super::frame::{Answer, Context};
use crate::board::Board as _;
use crate::fleet::{Action, Command, Job};

/// Stop a job so that another can run
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    flags: Changing,
}

/// Preempts it: back into the line, from its last checkpoint.
///
/// # Errors
/// The law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    let targets = args.one.targets(&board.snapshot())?;
    let deed = Deed {
        action: Action::Preempt,
        command: &|job: &Job| Command::Preempt { job: job.id.clone() },
        answered: false,
        next: &|job: &Job| format!("keep it out of the line: aq park {}", job.id),
    };
    act(cx, &board, &args.flags, &targets, &deed)
}
