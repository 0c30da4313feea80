//! `aq requeue`: send jobs back to wait, from their last checkpoint.

use clap::Args as ClapArgs;

use super::acting::{Changing, Deed, Many, act, parse_budget};
use super::frame::{Answer, CliError, Context};
use crate::board::Board as _;
use crate::fleet::{Action, Command, Job};
use crate::job::Budget;

/// Send back to wait
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    many: Many,
    /// Start from this checkpoint; not in this version
    #[arg(long, value_name = "N", hide = true)]
    checkpoint: Option<String>,
    /// Raise ceilings: usd=8, tokens=2000000, turns=50, wall=3h
    #[arg(long, value_name = "CEILINGS")]
    budget: Option<String>,
    #[command(flatten)]
    flags: Changing,
}

/// Requeues them; what runs is stopped first.
///
/// # Errors
/// Exit 2 for a ceiling that cannot be read; the law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    if let Some(n) = &args.checkpoint {
        return Err(CliError::usage(format!("starting from checkpoint {n} is not in this version"))
            .why("a requeued job starts from its last checkpoint, and from no earlier one")
            .next("start over from its base: aq redrive JOB, or leave --checkpoint out"));
    }
    let raised = args.budget.as_deref().map(parse_budget).transpose()?.unwrap_or_else(Budget::default);
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    let targets = args.many.targets(cx, &board.snapshot(), Action::Requeue)?;
    let deed = Deed {
        action: Action::Requeue,
        past: "requeued",
        command: &|job: &Job| Command::Requeue { job: job.id.clone(), raised },
        answered: false,
        next: &|job: &Job| format!("why it waits: aq explain {}", job.id),
    };
    act(cx, &board, &args.flags, &targets, &deed)
}
