//! `aq promote`: let jobs pass to testing without their approvals.

use clap::Args as ClapArgs;

use super::acting::{Changing, Deed, Many, act};
use super::frame::{Answer, Context};
use crate::board::Board as _;
use crate::fleet::{Action, Command, Job};

/// Pass to testing without approvals
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    many: Many,
    #[command(flatten)]
    flags: Changing,
}

/// Promotes them.
///
/// # Errors
/// The law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    let targets = args.many.targets(cx, &board.snapshot(), Action::Promote)?;
    let deed = Deed {
        action: Action::Promote,
        command: &|job: &Job| Command::Promote { job: job.id.clone() },
        answered: false,
        next: &|job: &Job| {
            format!("ship it: aq ship {}, or send it back: aq reject {} -m WHY", job.id, job.id)
        },
    };
    act(cx, &board, &args.flags, &targets, &deed)
}
