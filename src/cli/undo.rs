//! `aq undo`: take back your last action, from the log.

use clap::Args as ClapArgs;
use serde::Serialize;

use super::acting::{Became, Changing, Outcome, act_on, tell};
use super::frame::{Answer, Cell, CliError, Column, Context, Envelope, Exit, Table};
use crate::board::{Board, Local, Source};
use crate::fleet::{Command, Job, Order, Refusal, State};
use crate::insight::{Deed, LOCAL, PastAction, left_out, no_way_back, to_redo, way_again, way_back};
use crate::job::IdempotencyKey;

/// Actions listed where nothing else is said.
const LISTED: usize = 20;

/// Take back your last action
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Which of your actions that have an inverse, counted from the last
    #[arg(value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    nth: u32,
    /// List actions instead, others' too
    #[arg(long)]
    list: bool,
    /// Do again what you undid last
    #[arg(long, conflicts_with_all = ["nth", "list"])]
    redo: bool,
    #[command(flatten)]
    flags: Changing,
}

/// Undoes it, as far as it still stands as it was left.
///
/// # Errors
/// Exit 3 if there is no such action; exit 4 with the reason if it no longer applies.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let board = cx.acting_or_looking(args.flags.dry_run || args.list)?;
    let actions = board.past_actions()?;
    if args.list {
        return list(cx, &board.snapshot(), &actions);
    }
    let me = cx.me();
    if args.redo {
        return again(cx, &board, args, &actions);
    }
    let mine = || actions.iter().rev().filter(|past| past.by.is(&me));
    let nth = usize::try_from(args.nth).unwrap_or(1) - 1;
    let state = board.snapshot();
    let Some(past) = mine().filter(|past| past.is_open(&state)).nth(nth) else {
        let count = mine().filter(|past| past.is_open(&state)).count();
        let last = mine().find(|past| past.stands(&state)).filter(|past| past.has_no_inverse());
        return Err(CliError::not_found(match (count, last) {
            (0, Some(past)) => no_way_back(&state, past),
            (0, None) => "you have done nothing here that could be undone".to_string(),
            (n, _) => format!("only {n} of your actions can be undone"),
        })
        .next("see them: aq undo --list"));
    };
    if let Some(last) = mine().next().filter(|last| nth == 0 && last.has_no_inverse()) {
        cx.out.talk(&format!("your last action, {} {}, has no inverse", last.verb, last.targets()));
    }
    let outcomes = take_back(cx, &board, args, past)?;
    tell(cx, board.snapshot().seq, args.flags.dry_run, &outcomes)
}

/// Does again what was undone last.
fn again(cx: &mut Context, board: &Local, args: &Args, actions: &[PastAction]) -> Answer {
    let Some(past) = to_redo(actions, &cx.me()) else {
        let none = "you have undone nothing here, or done something else since";
        return Err(CliError::not_found(none).next("see what was done: aq undo --list"));
    };
    let mut outcomes = Vec::new();
    for deed in past.taken_back() {
        let state = board.snapshot();
        let way = way_again(&state, deed, cx.now(&state).wall);
        outcomes.push(turn(
            cx,
            board,
            args,
            &Turn { past, deed, way, key: past.redo_key(deed), words: REDO },
        )?);
    }
    tell(cx, board.snapshot().seq, args.flags.dry_run, &outcomes)
}

fn take_back(cx: &Context, board: &Local, args: &Args, past: &PastAction) -> Result<Vec<Outcome>, CliError> {
    let now = cx.now(&board.snapshot());
    let mut outcomes = Vec::new();
    for deed in past.deeds.iter().filter(|deed| deed.inverse.is_some() && !deed.undone) {
        let way = way_back(&board.snapshot(), deed, now.wall);
        let key = Some(IdempotencyKey::new(format!("undo-{}", deed.seq)));
        outcomes.push(turn(cx, board, args, &Turn { past, deed, way, key, words: UNDO })?);
    }
    Ok(outcomes)
}

/// The verb, and what is said once it is done.
type Words = [&'static str; 2];
const UNDO: Words = ["undo", "undid"];
const REDO: Words = ["redo", "redid"];

/// One deed that is turned back, or forth again.
struct Turn<'a> {
    past: &'a PastAction,
    deed: &'a Deed,
    way: Result<Command, String>,
    key: Option<IdempotencyKey>,
    words: Words,
}

fn turn(cx: &Context, board: &Local, args: &Args, it: &Turn<'_>) -> Result<Outcome, CliError> {
    let before = board.snapshot();
    let target = it.deed.job.as_ref().map_or_else(|| LOCAL.to_string(), ToString::to_string);
    let at = |state: &State| {
        let job = it.deed.job.as_ref().and_then(|id| state.job(id));
        job.map(|job| format!("{}@{}", job.stage, job.epoch))
    };
    let what = |word: &str| format!("{word} {} of {target}", it.past.verb);
    let became = match &it.way {
        Err(why) => Became::Refused(not_now(&what(it.words[0]), &target, why)),
        Ok(command) => {
            let mut order = Order::new(cx.me(), command.clone());
            order.key.clone_from(&it.key);
            order.note.clone_from(&args.flags.message);
            let job = it.deed.job.as_ref().and_then(|id| before.job(id));
            order.from = job.map(|job| (job.stage, job.epoch));
            match args.flags.dry_run {
                true => {
                    let verdict = crate::fleet::decide(&before, &order, cx.now(&before));
                    dry(verdict.map(|_| ()), &what(it.words[0]))
                }
                false => done(cx, board, order, &what(it.words[1]), it)?,
            }
        }
    };
    let (from, to) = (at(&before), at(&board.snapshot()));
    Ok(Outcome { target, from, to, became })
}

fn not_now(what: &str, target: &str, why: &str) -> CliError {
    let message = format!("cannot {what}: {why}");
    let hint = match target {
        LOCAL => "look: aq budget show".to_string(),
        job => format!("look: aq show {job}"),
    };
    Refusal::new(crate::fleet::Code::Moved, message, hint).into()
}

fn dry(verdict: Result<(), Refusal>, what: &str) -> Became {
    match verdict {
        Ok(()) => Became::Done { event: None, said: format!("would {what}"), next: Vec::new(), undo: None },
        Err(no) => Became::Refused(no.into()),
    }
}

fn done(cx: &Context, board: &Local, order: Order, did: &str, it: &Turn<'_>) -> Result<Became, CliError> {
    let lost = left_out(it.deed).filter(|_| it.words == UNDO);
    Ok(match act_on(cx, board, vec![order])?.swap_remove(0) {
        Err(no) => Became::Refused(no.into()),
        Ok(events) => {
            let after = board.snapshot();
            let job = it.deed.job.as_ref().and_then(|id| after.job(id));
            let is = job.map_or_else(String::new, |job| format!(": it is {}", place_of(cx, job)));
            Became::Done {
                event: events.first().map(|row| row.0),
                said: format!("{did}{is}"),
                next: lost.into_iter().collect(),
                undo: None,
            }
        }
    })
}

/// `queued`, or `parked (usage limit) until 22:00`.
fn place_of(cx: &Context, job: &Job) -> String {
    let Some(park) = &job.park else { return job.stage.to_string() };
    let until = park.until.map_or(String::new(), |at| format!(" until {}", cx.out.moment(at)));
    format!("parked ({}){until}", park.reason.words())
}

#[derive(Serialize)]
struct Row {
    n: Option<usize>,
    at: String,
    by: String,
    verb: &'static str,
    jobs: Vec<String>,
    can_undo: bool,
    why_not: Option<String>,
}

fn list(cx: &mut Context, state: &State, actions: &[PastAction]) -> Answer {
    let (me, now) = (cx.me(), cx.wall());
    let mut n = 0;
    let mut rows = Vec::new();
    for past in actions.iter().rev().take(LISTED) {
        let mine = past.by.is(&me);
        n += usize::from(mine && past.is_open(state));
        let ways: Vec<Result<_, String>> = past.deeds.iter().map(|deed| way_back(state, deed, now)).collect();
        let can_undo = mine && ways.iter().any(Result::is_ok);
        let why_not = match mine {
            true => ways.into_iter().find_map(Result::err).filter(|_| !can_undo),
            false => Some("it is not yours".to_string()),
        };
        let jobs = past.deeds.iter().filter_map(|deed| deed.job.as_ref()).map(ToString::to_string).collect();
        let (at, by) = (cx.out.moment(past.at), past.by.name.to_string());
        let n = (mine && past.is_open(state)).then_some(n);
        rows.push((past.told(), Row { n, at, by, verb: past.verb, jobs, can_undo, why_not }));
    }
    if cx.out.is_json() {
        let rows: Vec<Row> = rows.into_iter().map(|row| row.1).collect();
        cx.out.json(&Envelope::new("undo", now, state.seq, Source::Local, rows))?;
        return Ok(Exit::Done);
    }
    let columns = ["n", "at", "by", "did", "to"].map(Column::words);
    let mut table = Table::of(&columns);
    table.columns.push(Column::text("undo"));
    for (targets, row) in rows {
        let number = row.n.map_or_else(String::new, |n| n.to_string());
        let undo = row.why_not.unwrap_or_else(|| "aq undo".to_string());
        let cells = [number, row.at, row.by, row.verb.to_string(), targets, undo];
        table.rows.push(cells.into_iter().map(Cell::same).collect());
    }
    cx.out.table(&table)?;
    Ok(Exit::Done)
}
