//! `aq reject`: say no, with the reason.

use clap::Args as ClapArgs;

use super::acting::{Changing, Deed, Many, act, must_say};
use super::frame::{Answer, Context};
use crate::board::Board as _;
use crate::fleet::{Action, Command, Job};
use crate::insight::{pr_left_open, requeue_verb, words_reach};
use crate::job::Stage;

/// Say no
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    many: Many,
    /// Send it back to wait, your words handed to its next attempt
    #[arg(long)]
    requeue: bool,
    #[command(flatten)]
    flags: Changing,
}

/// Rejects them: to failed, to wait again, or from failed for good.
///
/// # Errors
/// Exit 2 without words; the law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let why = "whoever works on it next reads them";
    must_say(args.flags.message.as_deref(), "reject", why)?;
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    let targets = args.many.targets(cx, &board.snapshot(), Action::Reject)?;
    let deed = Deed {
        action: Action::Reject,
        command: &|job: &Job| Command::Reject { job: job.id.clone(), requeue: args.requeue },
        answered: true,
        next: &|job: &Job| match job.stage {
            Stage::Failed if job.used_up().is_some() => format!("again: {}", requeue_verb(job)),
            Stage::Failed => {
                let left = pr_left_open(job).map(|left| format!("{left}; ")).unwrap_or_default();
                format!("{left}again with your words: aq reject {} --requeue -m WHY", job.id)
            }
            Stage::DeadLetter => format!("start over: aq redrive {}", job.id),
            _ => words_reach(job).to_string(),
        },
    };
    act(cx, &board, &args.flags, &targets, &deed)
}
