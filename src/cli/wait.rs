//! `aq wait`: until jobs have got there, or ended otherwise; the exit code tells which.

use std::collections::HashSet;
use std::time::Duration;

use clap::Args as ClapArgs;
use serde::Serialize;

use super::feed::Feed;
use super::frame::{Answer, CliError, Context, Envelope, Exit, Form, find_jobs};
use super::scene::{Seen, hosts};
use crate::board::{Board as _, Source};
use crate::fleet::{Job, State};
use crate::insight::{awaits_engines, need_of};
use crate::job::{JobId, STAGES, Seq, Stage};
use crate::time::{Span, Stamp};

/// Wait until jobs have got there
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// The jobs
    #[arg(required = true)]
    jobs: Vec<String>,

    /// A stage, or settled: nothing more happens without a person
    #[arg(long = "for", value_name = "STAGE|settled", default_value = "shipped", value_parser = goal)]
    goal: Goal,

    /// Ends with the first that got there
    #[arg(long)]
    any: bool,

    /// Not longer than this
    #[arg(long, value_name = "SPAN")]
    timeout: Option<Span>,
}

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Goal {
    Stage(Stage),
    Settled,
}

fn goal(text: &str) -> Result<Goal, String> {
    if text == "settled" {
        return Ok(Goal::Settled);
    }
    Stage::parse(text).map(Goal::Stage).ok_or_else(|| {
        let names: Vec<&str> = STAGES.iter().map(|row| row.1).collect();
        format!("it is settled or a stage: {}", names.join(", "))
    })
}

/// One job that is no longer waited for.
#[derive(Clone, Serialize)]
struct Arrived {
    job: String,
    stage: Option<&'static str>,
    why: String,
    exit: u8,
    #[serde(skip)]
    code: Exit,
}

/// Waits.
///
/// # Errors
/// Exit 3 if there is no such job; a fault if the log cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let seen = Seen::open(cx, None)?;
    let jobs = find_jobs(&seen.state, &args.jobs)?;
    let mut watch = Waiting { left: jobs, goal: args.goal, arrived: Vec::new(), told: HashSet::new() };
    let until = args.timeout.map(|span| cx.wall().plus(span));
    let mut feed = Feed::of(seen.board, seen.state.seq);
    let exit = loop {
        let state = feed.board.snapshot();
        watch.look(&state, cx)?;
        if let Some(exit) = watch.verdict(args.any) {
            break exit;
        }
        if until.is_some_and(|until| cx.wall() >= until) {
            watch.tell_timeout(&state, cx);
            break Exit::WaitTimedOut;
        }
        feed.after = state.seq;
        feed.pause(cx, until.map(|until| rest(cx.wall(), until)))?;
    };
    if cx.out.form() == Form::Json {
        let seq: Seq = feed.board.snapshot().seq;
        cx.out.json(&Envelope::new("waited", cx.wall(), seq, Source::Local, &watch.arrived))?;
    }
    Ok(exit)
}

/// A little more than what is left, so that the next look is not a moment too early.
fn rest(now: Stamp, until: Stamp) -> Duration {
    Duration::from_millis(until.since(now).as_millis() + 1)
}

struct Waiting {
    left: Vec<JobId>,
    goal: Goal,
    arrived: Vec<Arrived>,
    /// Jobs about which a person was told, with the stage they were in.
    told: HashSet<(JobId, Stage)>,
}

impl Waiting {
    /// Takes out every job that got there or ended otherwise, and says who waits for a person.
    fn look(&mut self, state: &State, cx: &mut Context) -> Result<(), CliError> {
        for id in std::mem::take(&mut self.left) {
            let Some(code) = fate(state, &id, self.goal) else {
                self.tell_person(state, &id, cx);
                self.left.push(id);
                continue;
            };
            let stage = state.stage_of(&id).map(Stage::name);
            let why = state.job(&id).map(|job| job.why.to_string()).unwrap_or_default();
            let arrived = Arrived { job: id.to_string(), stage, why, exit: code.number(), code };
            match cx.out.form() {
                Form::Json => {}
                Form::JsonLines => {
                    cx.out.json(&Envelope::new("waited", cx.wall(), state.seq, Source::Local, &arrived))?
                }
                Form::Table | Form::Plain => {
                    cx.out.line(&format!("{}\t{}\t{}", arrived.job, stage.unwrap_or("-"), arrived.why))?;
                }
            }
            self.arrived.push(arrived);
        }
        cx.out.flush()
    }

    /// The exit, once it is clear; with several jobs the highest code wins.
    fn verdict(&self, any: bool) -> Option<Exit> {
        if any && self.arrived.iter().any(|arrived| arrived.code == Exit::Done) {
            return Some(Exit::Done);
        }
        let all = self.left.is_empty();
        all.then(|| self.arrived.iter().map(|arrived| arrived.code).max().unwrap_or(Exit::Done))
    }

    fn tell_person(&mut self, state: &State, id: &JobId, cx: &mut Context) {
        let now = cx.now(state);
        let hosts = if awaits_engines(state) { hosts(cx).unwrap_or_default() } else { Vec::new() };
        let need = |job| need_of(state, job, now, &hosts);
        let need = state.job(id).and_then(|job| need(job).map(|need| (job.stage, need)));
        if let Some((stage, need)) = need.filter(|(stage, _)| self.told.insert((id.clone(), *stage))) {
            cx.out.talk(&format!("{id} is in {stage}, waits for you: {}", need.verb));
        }
    }

    fn tell_timeout(&self, state: &State, cx: &mut Context) {
        for id in &self.left {
            let stage = state.stage_of(id).map_or("gone", Stage::name);
            cx.out.talk(&format!("{id} is still in {stage}: aq explain {id}"));
        }
    }
}

/// How the wait for this job ends, if it does.
fn fate(state: &State, id: &JobId, goal: Goal) -> Option<Exit> {
    let Some(stage) = state.stage_of(id) else { return Some(Exit::WaitFailed) };
    if reached(state.job(id), stage, goal) {
        return Some(Exit::Done);
    }
    match stage {
        Stage::Failed if state.job(id).is_some_and(|job| &*job.why == "cancelled") => {
            Some(Exit::WaitCancelled)
        }
        Stage::Failed => Some(Exit::WaitFailed),
        Stage::DeadLetter => Some(Exit::WaitDeadLetter),
        // Final, and not what was waited for.
        Stage::Shipped => Some(Exit::WaitFailed),
        _ => None,
    }
}

fn reached(job: Option<&Job>, stage: Stage, goal: Goal) -> bool {
    // Later in life means passed; failed and dead_letter are no part of that road.
    const ROAD: [Stage; 7] = [
        Stage::Blocked,
        Stage::Queued,
        Stage::Assigned,
        Stage::Building,
        Stage::Review,
        Stage::Testing,
        Stage::Shipped,
    ];
    let at = |stage: Stage| ROAD.iter().position(|step| *step == stage);
    match goal {
        Goal::Stage(wanted) if wanted == stage => true,
        Goal::Stage(wanted) => matches!((at(stage), at(wanted)), (Some(is), Some(goal)) if is > goal),
        Goal::Settled => match stage {
            Stage::Review | Stage::Shipped => true,
            Stage::Testing => job.is_none_or(|job| !job.ships_itself()),
            _ => false,
        },
    }
}
