//! `aq unpark`: take jobs back into the line.

use clap::Args as ClapArgs;

use super::acting::{Changing, Deed, Many, act};
use super::frame::{Answer, Context};
use crate::board::Board as _;
use crate::fleet::{Action, Command, Job};

/// Take it back into the line
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    many: Many,
    #[command(flatten)]
    flags: Changing,
}

/// Unparks them.
///
/// # Errors
/// The law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    let targets = args.many.targets(cx, &board.snapshot(), Action::Unpark)?;
    let deed = Deed {
        action: Action::Unpark,
        past: "unparked",
        command: &|job: &Job| Command::Unpark { job: job.id.clone() },
        answered: false,
        next: &|job: &Job| match job.asked {
            Some(_) => format!("it runs without an answer; give one: aq answer {} -m TEXT", job.id),
            None => String::new(),
        },
    };
    act(cx, &board, &args.flags, &targets, &deed)
}
