//! `aq unpark`: take jobs back into the line, or a closed account back into use.

use clap::Args as ClapArgs;

use super::acting::{Became, Changing, Deed, Many, Outcome, act, judged, key_of_action, tell};
use super::frame::{Answer, CliError, Context};
use crate::board::Board as _;
use crate::fleet::{AccountId, Action, Command, Job, Order, State, decide};

/// Take it back into the line
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// The jobs; - reads their names from standard input
    #[arg(value_name = "JOB", required_unless_present_any = ["filter", "account"])]
    jobs: Vec<String>,
    /// Those that a filter lets through, where the verb is lawful
    #[arg(long, value_name = "FILTER", conflicts_with = "jobs")]
    filter: Option<String>,
    /// Refuse unless the job still stands there
    #[arg(long, value_name = "STAGE@EPOCH")]
    from: Option<String>,
    /// Open an account that a limit or a refused login closed: work, or claude/work
    #[arg(long, value_name = "ACCOUNT", conflicts_with_all = ["jobs", "filter", "from"])]
    account: Option<String>,
    #[command(flatten)]
    flags: Changing,
}

/// Unparks them. A job that waits for an account tries once, whatever its date; an opened account takes every
/// job again.
///
/// # Errors
/// The law's refusals; exit 2 or 3 for the name of an account.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    if let Some(name) = &args.account {
        return open(cx, &board, name, &args.flags);
    }
    let many = Many { jobs: args.jobs.clone(), filter: args.filter.clone(), from: args.from.clone() };
    let targets = many.targets(cx, &board.snapshot(), Action::Unpark)?;
    let deed = Deed {
        action: Action::Unpark,
        command: &|job: &Job| Command::Unpark { job: job.id.clone() },
        answered: false,
        next: &|job: &Job| match (job.tries.is_some(), &job.asked) {
            (true, _) => "it tries once, whatever its account says".to_string(),
            (_, Some(_)) => format!("it runs without an answer; give one: aq answer {} -m TEXT", job.id),
            _ => String::new(),
        },
    };
    act(cx, &board, &args.flags, &targets, &deed)
}

fn open(cx: &mut Context, board: &crate::board::Local, name: &str, flags: &Changing) -> Answer {
    let before = board.snapshot();
    let id = find(&before, name)?;
    let (engine, account) = (id.engine.to_string(), id.account.to_string());
    let mut order = Order::new(cx.me(), Command::OpenAccount { engine, account });
    order.key = key_of_action("act")(0);
    order.note.clone_from(&flags.message);
    let verdict = match flags.dry_run {
        true => decide(&before, &order, cx.now(&before)).map(|_| Vec::new()),
        false => cx.wait(board.act(vec![order]))?.swap_remove(0),
    };
    let became = match verdict {
        Err(no) => judged(no),
        Ok(events) => {
            let jobs = events.iter().filter(|row| row.1.what.job().is_some()).count();
            let said = if flags.dry_run { "would open" } else { "opened" };
            let back = match jobs {
                0 => String::new(),
                1 => ", 1 job back in line".to_string(),
                n => format!(", {n} jobs back in line"),
            };
            let event = events.first().map(|row| row.0);
            Became::Done { event, said: format!("{said} {id}{back}"), next: Vec::new(), undo: None }
        }
    };
    let outcome = Outcome { target: id.to_string(), from: None, to: None, became };
    tell(cx, board.snapshot().seq, flags.dry_run, &[outcome])
}

/// The closed account that `name` means: `ENGINE/ACCOUNT`, or the account alone where one engine has it.
fn find(state: &State, name: &str) -> Result<AccountId, CliError> {
    let is_closed = |id: &AccountId| state.accounts.get(id).is_some_and(|record| !record.closed.is_empty());
    let closed: Vec<&AccountId> = state.accounts.keys().filter(|id| is_closed(id)).collect();
    let means = |id: &&&AccountId| id.to_string() == name || &*id.account == name;
    let found: Vec<&&AccountId> = closed.iter().filter(means).collect();
    match found[..] {
        [one] => Ok(AccountId::clone(one)),
        [] => {
            let names: Vec<String> = closed.iter().map(ToString::to_string).collect();
            let there = if names.is_empty() { "no account is closed".to_string() } else { names.join(", ") };
            Err(CliError::not_found(format!("no closed account {name}"))
                .why(there)
                .next("see what a job waits for: aq explain JOB"))
        }
        [..] => {
            let names: Vec<String> = found.iter().map(ToString::to_string).collect();
            Err(CliError::usage(format!("{name} could be any of {} accounts", names.len()))
                .why(names.join(", "))
                .next("write ENGINE/ACCOUNT"))
        }
    }
}
