//! `aq ship`: make the branch stand, merge it, or open its pull request; one that is open is looked at.

use std::sync::Arc;

use clap::Args as ClapArgs;

use super::acting::{
    Became, Changing, Consent, Many, Outcome, can_ask, changed, consent, judged, sheet, tell,
};
use super::approve::looked_at;
use super::frame::{Answer, CliError, Context, Exit};
use crate::agent::{Ship, ship};
use crate::board::{Board as _, Local, Settings};
use crate::fleet::{Action, Command, Job, Level, Order, Refusal, State, decide};
use crate::insight::in_words;
use crate::job::{HolderId, JobId, Rev};

/// Make the branch stand, merge it, or open its pull request; look at one that is open
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    many: Many,
    /// The revision you looked at; for one job
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    #[command(flatten)]
    flags: Changing,
}

/// A job that may be shipped, with the revision that was looked at.
struct Wanted {
    id: JobId,
    rev: Option<Rev>,
    verdict: Result<(), Refusal>,
    /// Its pull request is open: the job waits for that.
    looks: bool,
}

/// Ships them, one after the other: what one merges is the base of the next.
///
/// # Errors
/// Exit 2 for a yes that is missing; the refusals of the law and of git.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let settings = cx.settings()?;
    let board = Arc::new(match args.flags.dry_run {
        true => cx.acting_or_looking(true)?,
        false => cx.acting_under(&settings)?,
    });
    let before = board.snapshot();
    let targets = args.many.targets(cx, &before, Action::Ship)?;
    if targets.jobs.is_empty() {
        cx.out.talk("no job is meant: nothing to do");
    }
    if args.rev.is_some() && targets.jobs.len() > 1 {
        return Err(CliError::usage("--rev is about one job, and several are named")
            .next("name one job, or leave it out and add --yes"));
    }
    let mut wanted = Vec::new();
    for id in &targets.jobs {
        if before.job(id).is_some_and(|job| job.awaited_pr().is_some()) {
            // It is only looked at: nothing is decided, so nothing is asked.
            wanted.push(Wanted { id: id.clone(), rev: None, verdict: Ok(()), looks: true });
            continue;
        }
        // A yes to several is a yes to their heads as they are shown.
        let dry = args.flags.dry_run || args.flags.yes || before.job(id).is_none();
        let rev = looked_at(cx, &before, id, args.rev.as_deref(), dry, "ship")?;
        let verdict = judge(cx, &before, id, rev.clone(), targets.from);
        wanted.push(Wanted { id: id.clone(), rev, verdict, looks: false });
    }
    let lawful: Vec<&Job> = wanted
        .iter()
        .filter(|one| one.verdict.is_ok() && !one.looks)
        .filter_map(|one| before.job(&one.id))
        .collect();
    if !lawful.is_empty() {
        let mut asked = sheet("ship", Action::Ship, &before, &lawful, cx.now(&before).law);
        if args.flags.dry_run || can_ask(cx) {
            asked.rows.extend(changed(cx, &board, Action::Ship, &lawful)?);
        }
        match consent(cx, &args.flags, Level::Decides, args.rev.is_some(), &asked)? {
            Consent::Withheld => return Ok(Exit::Failed),
            Consent::Given | Consent::Shown => {}
        }
    }
    let mut outcomes = Vec::new();
    for one in &wanted {
        let became = match (&one.verdict, args.flags.dry_run) {
            (Err(no), _) => judged(no.clone()),
            (Ok(()), true) => Became::Done { event: None, said: String::new(), next: Vec::new(), undo: None },
            (Ok(()), false) => one_ship(cx, &board, &settings, one, args)?,
        };
        outcomes.push(outcome(&before, &board.snapshot(), &one.id, became));
    }
    tell(cx, board.snapshot().seq, args.flags.dry_run, &outcomes)
}

/// What the law would say now.
fn judge(
    cx: &Context,
    state: &State,
    id: &JobId,
    rev: Option<Rev>,
    from: Option<(crate::job::Stage, u64)>,
) -> Result<(), Refusal> {
    let command = Command::ShipStart { job: id.clone(), holder: HolderId::new("asks"), rev };
    let mut order = Order::new(cx.me(), command);
    order.from = from;
    decide(state, &order, cx.now(state)).map(|_| ()).map_err(|no| in_words(Action::Ship, state.job(id), no))
}

fn one_ship(
    cx: &Context,
    board: &Arc<Local>,
    settings: &Settings,
    one: &Wanted,
    args: &Args,
) -> Result<Became, CliError> {
    let note = args.flags.message.clone();
    let what = Ship { job: one.id.clone(), rev: one.rev.clone(), by_person: true, note };
    Ok(match cx.wait(ship(board, settings, &cx.me(), &what))? {
        Err(no) => judged(no),
        Ok(sent) => Became::Done {
            event: board.snapshot().job(&one.id).map(|job| job.event),
            said: sent.said(&one.id),
            next: Vec::new(),
            undo: None,
        },
    })
}

fn outcome(before: &State, after: &State, id: &JobId, became: Became) -> Outcome {
    let at = |state: &State| state.job(id).map(|job| format!("{}@{}", job.stage, job.epoch));
    Outcome { target: id.to_string(), from: at(before), to: at(after), became }
}
