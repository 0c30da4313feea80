//! `aq cancel`: end jobs.

use clap::Args as ClapArgs;

use super::acting::{Changing, Deed, Many, act};
use super::frame::{Answer, Context};
use crate::board::Board as _;
use crate::fleet::{Action, Command, Job};
use crate::insight::{pr_left_open, requeue_verb};

/// End a job
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    many: Many,
    #[command(flatten)]
    flags: Changing,
}

/// Cancels them.
///
/// # Errors
/// The law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    let targets = args.many.targets(cx, &board.snapshot(), Action::Cancel)?;
    let deed = Deed {
        action: Action::Cancel,
        command: &|job: &Job| Command::Cancel { job: job.id.clone() },
        answered: false,
        next: &|job: &Job| {
            let left = pr_left_open(job).map(|left| format!("{left}; ")).unwrap_or_default();
            format!("{left}again: {}", requeue_verb(job))
        },
    };
    act(cx, &board, &args.flags, &targets, &deed)
}
