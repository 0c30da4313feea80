//! `aq review`: ask reviewers for a decision.

use clap::Args as ClapArgs;

use super::acting::{Changing, Deed, One, act};
use super::frame::{Answer, Context};
use crate::board::Board as _;
use crate::fleet::{Action, Command, Job};
use crate::job::ReviewRule;

/// Approvals that may be asked for; more is a mistyped number.
const APPROVALS_MOST: i64 = 20;

/// Ask reviewers for a decision
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    one: One,
    /// Who decides; may be given several times
    #[arg(long = "reviewer", value_name = "NAME")]
    reviewers: Vec<String>,
    /// How many of them must say yes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=APPROVALS_MOST))]
    approvals: Option<u32>,
    #[command(flatten)]
    flags: Changing,
}

/// Changes the job's gate.
///
/// # Errors
/// The law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    let targets = args.one.targets(&board.snapshot())?;
    let deed = Deed {
        action: Action::Review,
        command: &|job: &Job| Command::RequestReview { job: job.id.clone(), rule: rule(args, job) },
        answered: false,
        next: &|job: &Job| {
            let rule = job.review_rule();
            let who =
                if rule.reviewers.is_empty() { "anybody".to_string() } else { rule.reviewers.join(", ") };
            format!("{} of {who} decide: aq approve {} or aq reject {}", rule.approvals, job.id, job.id)
        },
    };
    act(cx, &board, &args.flags, &targets, &deed)
}

/// The gate as it is, with what the flags change. What names nobody new keeps those who were named.
fn rule(args: &Args, job: &Job) -> ReviewRule {
    let mut rule = job.review_rule().clone();
    if !args.reviewers.is_empty() {
        rule.reviewers.clone_from(&args.reviewers);
    }
    rule.approvals = args.approvals.unwrap_or(rule.approvals.max(1));
    rule
}
