//! `aq redrive`: start over with fresh attempts and budget.

use clap::Args as ClapArgs;

use super::acting::{Changing, Deed, Many, act};
use super::frame::{Answer, Context};
use crate::board::Board as _;
use crate::fleet::{Action, Command, Job};

/// Start over with fresh attempts
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    many: Many,
    #[command(flatten)]
    flags: Changing,
}

/// Redrives them.
///
/// # Errors
/// The law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    let targets = args.many.targets(cx, &board.snapshot(), Action::Redrive)?;
    let deed = Deed {
        action: Action::Redrive,
        command: &|job: &Job| Command::Redrive { job: job.id.clone() },
        answered: false,
        next: &|job: &Job| format!("end it: aq cancel {}", job.id),
    };
    act(cx, &board, &args.flags, &targets, &deed)
}
