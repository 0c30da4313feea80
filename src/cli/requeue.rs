//! `aq requeue`: send jobs back to wait, from their last checkpoint or an earlier one.

use clap::Args as ClapArgs;

use super::acting::{Changing, Deed, Many, act, parse_budget};
use super::frame::{Answer, CliError, Context};
use crate::board::{Board as _, Local};
use crate::fleet::{Action, Command, Job};
use crate::insight::short_rev;
use crate::job::{Budget, JobId, Rev};
use crate::time::Stamp;

/// Events read from the log at a time.
const PAGE: usize = 20_000;
/// Checkpoints listed where the wrong one was named.
const SHOWN_MOST: usize = 10;

/// Send back to wait
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    many: Many,
    /// Start from this checkpoint of the job instead of the last one
    #[arg(long, value_name = "N")]
    checkpoint: Option<usize>,
    /// Raise ceilings: usd=8, tokens=2000000, turns=50, wall=3h
    #[arg(long, value_name = "CEILINGS")]
    budget: Option<String>,
    #[command(flatten)]
    flags: Changing,
}

/// Requeues them; what runs is stopped first.
///
/// # Errors
/// Exit 2 for a ceiling that cannot be read; exit 3 for a checkpoint that is not there; the law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let raised = args.budget.as_deref().map(parse_budget).transpose()?.unwrap_or_else(Budget::default);
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    let targets = args.many.targets(cx, &board.snapshot(), Action::Requeue)?;
    let from = match (args.checkpoint, targets.jobs.as_slice()) {
        (None, _) => None,
        (Some(number), [id]) => Some(checkpoint(cx, &board, id, number)?),
        (Some(_), _) => {
            return Err(CliError::usage("--checkpoint is about one job, and several are named")
                .next("name one job, or leave it out"));
        }
    };
    let deed = Deed {
        action: Action::Requeue,
        command: &|job: &Job| Command::Requeue {
            job: job.id.clone(),
            raised,
            from: from.clone(),
            park: None,
        },
        answered: false,
        next: &|job: &Job| format!("why it waits: aq explain {}", job.id),
    };
    act(cx, &board, &args.flags, &targets, &deed)
}

/// The commit of a job's checkpoint by its number, counted from 1 as the log has them.
fn checkpoint(cx: &Context, board: &Local, id: &JobId, number: usize) -> Result<Rev, CliError> {
    let mut all: Vec<(Rev, Stamp)> = Vec::new();
    let mut after = 0;
    loop {
        let page = cx.wait(board.events(after, PAGE))?;
        for (_, event) in &page {
            if let Some((job, rev)) = event.what.saved()
                && job == id
            {
                all.push((rev.clone(), event.at));
            }
        }
        match page.last() {
            Some((seq, _)) if page.len() >= PAGE => after = *seq,
            _ => break,
        }
    }
    // The log may have forgotten the first ones; the last one's number is known.
    let known = board.snapshot().job(id).map_or(0, |job| usize::try_from(job.checkpoints).unwrap_or(0));
    let before = known.saturating_sub(all.len());
    if let Some((rev, _)) = number.checked_sub(before + 1).and_then(|nth| all.get(nth)) {
        return Ok(rev.clone());
    }
    let error = CliError::not_found(format!("{id} has no checkpoint {number}"));
    let shown = (before + 1..).zip(&all).skip(all.len().saturating_sub(SHOWN_MOST));
    let error = shown.fold(error, |error, (n, (rev, at))| {
        error.why(format!("checkpoint {n} is {}, of {}", short_rev(Some(rev)), cx.out.moment(*at)))
    });
    Err(match all.len() {
        0 => error.why("it has none yet: each is a commit of its worktree").next("leave --checkpoint out"),
        n => error.next(format!("name one from {} to {}", before + 1, before + n)),
    })
}
