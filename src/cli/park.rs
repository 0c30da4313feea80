//! `aq park`: put jobs aside, until a moment or a person.

use clap::Args as ClapArgs;

use super::acting::{Changing, Deed, Many, act, parse_until};
use super::frame::{Answer, Context};
use crate::board::Board as _;
use crate::fleet::{Action, Command, Job, ParkReason};

/// Put a job aside
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    many: Many,
    /// Back into the line at this time: 22:00, 2h, or RFC 3339
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    #[command(flatten)]
    flags: Changing,
}

/// Parks them; what runs is stopped first and keeps its checkpoint.
///
/// # Errors
/// Exit 2 for a time that cannot be read or is over; the law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let until = args.until.as_deref().map(|text| parse_until(text, cx.wall())).transpose()?;
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    let targets = args.many.targets(cx, &board.snapshot(), Action::Park)?;
    let when = until.map(|at| cx.out.moment(at));
    let deed = Deed {
        action: Action::Park,
        command: &|job: &Job| Command::Park { job: job.id.clone(), until, reason: ParkReason::Operator },
        answered: false,
        next: &|job: &Job| match &when {
            Some(at) => format!("until {at}, or resume: aq unpark {}", job.id),
            None => format!("resume: aq unpark {}", job.id),
        },
    };
    act(cx, &board, &args.flags, &targets, &deed)
}
