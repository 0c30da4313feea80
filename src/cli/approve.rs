//! `aq approve`: say yes to the revision you looked at.

use clap::Args as ClapArgs;

use super::acting::{Changing, Deed, One, act, can_ask, named_rev};
use super::frame::{Answer, CliError, Context};
use crate::board::Board as _;
use crate::fleet::{Action, Command, Job, State};
use crate::insight::short_rev;
use crate::job::{JobId, Rev, Stage};

/// Say yes to a revision
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    one: One,
    /// The revision you looked at; needed without a terminal
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    #[command(flatten)]
    flags: Changing,
}

/// Approves it, if the branch still stands where it was looked at.
///
/// # Errors
/// Exit 2 without `--rev` where nobody can be asked; the law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    let state = board.snapshot();
    let targets = args.one.targets(&state)?;
    let rev = looked_at(cx, &state, &targets.jobs[0], args.rev.as_deref(), args.flags.dry_run, "approve")?;
    let deed = Deed {
        action: Action::Approve,
        command: &|job: &Job| Command::Review { job: job.id.clone(), approve: true, rev: rev.clone() },
        answered: args.rev.is_some(),
        next: &next,
    };
    act(cx, &board, &args.flags, &targets, &deed)
}

fn next(job: &Job) -> String {
    let head = job.head.as_ref().and_then(|head| head.rev.as_ref());
    match job.stage {
        Stage::Testing => match head {
            Some(rev) => format!("ship it: aq ship {} --rev {}", job.id, short_rev(Some(rev))),
            None => format!("ship it: aq ship {}", job.id),
        },
        _ => format!("approvals: {} of {}", job.approvals(), job.approvals_needed()),
    }
}

/// The revision a decision is about: the one named, or at a terminal the head that is about to be shown.
///
/// # Errors
/// Exit 2 where nobody can be asked and none is named.
pub(super) fn looked_at(
    cx: &Context,
    state: &State,
    id: &JobId,
    named: Option<&str>,
    dry_run: bool,
    verb: &str,
) -> Result<Option<Rev>, CliError> {
    let head = state.job(id).and_then(|job| job.head.as_ref()).and_then(|head| head.rev.as_ref());
    match (named, head) {
        (Some(text), head) => named_rev(head, text).map(Some),
        (None, Some(rev)) if !dry_run && !can_ask(cx) => Err(CliError::usage(format!(
            "to {verb} {id} without a terminal, say which revision you looked at"
        ))
        .why(format!("its branch is at {} now", short_rev(Some(rev))))
        .next(format!("look at it: aq diff {id}"))
        .next(format!("then: aq {verb} {id} --rev {}", short_rev(Some(rev))))),
        (None, head) => Ok(head.cloned()),
    }
}
