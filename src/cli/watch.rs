//! `aq watch`: one line per change of a job's place, append only.

use clap::Args as ClapArgs;
use serde::Serialize;

use super::feed::Feed;
use super::frame::{Answer, CliError, Context, role_of, sign_of, without_controls};
use super::scene::{Seen, filter_of, is_gone};
use crate::fleet::{Event, Job, Now, State};
use crate::insight::{Filter, Scene};
use crate::job::Seq;

/// Print one line per change
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Words and terms that must all hold: aq help filter
    filter: Vec<String>,

    /// Calls the user's own command at each line; not in this version
    #[arg(long)]
    notify: bool,
}

#[derive(Serialize)]
struct Change<'a> {
    v: u32,
    kind: &'static str,
    seq: Seq,
    at: String,
    job: &'a str,
    title: &'a str,
    from: Option<&'static str>,
    to: &'static str,
    parked: bool,
    why: &'a str,
}

/// Prints until it is stopped.
///
/// # Errors
/// Exit 2 for a bad filter; a fault if the log cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    if args.notify {
        return Err(CliError::usage("aq watch --notify is not in this version")
            .why("the notify command of the user's config is not run yet")
            .next("today: aq watch | while read -r line; do notify-send aq \"$line\"; done"));
    }
    let filter = filter_of(&args.filter)?;
    let seen = Seen::open(cx, None)?;
    let mut replica = State::clone(&seen.state);
    let mut feed = Feed::of(seen.board, replica.seq);
    loop {
        let events = feed.page(cx)?;
        for (seq, event) in &events {
            step(*seq, event, &mut replica, &filter, cx)?;
        }
        cx.out.flush()?;
        if events.is_empty() {
            feed.pause(cx, None)?;
        }
    }
}

/// Applies one event to the replica and prints what it changed.
fn step(
    seq: Seq,
    event: &Event,
    replica: &mut State,
    filter: &Filter,
    cx: &mut Context,
) -> Result<(), CliError> {
    let id = event.what.job();
    let before = id.and_then(|id| replica.jobs.get(id)).cloned();
    replica.apply(event).map_err(|broken| {
        let (on, hint) = (std::path::Path::new("the log"), "start aq watch again");
        CliError::from(crate::store::Fault::new(
            crate::store::FaultKind::Corrupt,
            "follow",
            on,
            broken.to_string(),
            hint,
        ))
    })?;
    let Some(after) = id.and_then(|id| replica.jobs.get(id)).cloned() else { return Ok(()) };
    let place = |job: &Job| (job.stage, job.park.is_some());
    if before.as_ref().is_some_and(|before| place(before) == place(&after)) {
        return Ok(());
    }
    let now = Now { law: replica.at, wall: cx.wall() };
    let scene = Scene { state: replica, now, gone: &is_gone };
    if !filter.lets(&after, &scene) {
        return Ok(());
    }
    print(seq, event, before.as_deref(), &after, cx)
}

fn print(
    seq: Seq,
    event: &Event,
    before: Option<&Job>,
    after: &Job,
    cx: &mut Context,
) -> Result<(), CliError> {
    let change = Change {
        v: 1,
        kind: "change",
        seq,
        at: event.at.to_string(),
        job: after.id.as_str(),
        title: &after.spec.title,
        from: before.map(|job| job.stage.name()),
        to: after.stage.name(),
        parked: after.park.is_some(),
        why: &after.why,
    };
    if cx.out.is_json() {
        return cx.out.json(&change);
    }
    let to = if change.parked { "parked" } else { change.to };
    if !cx.out.is_for_people() {
        let from = change.from.unwrap_or("-");
        return cx.out.line(&format!("{}\t{}\t{from}\t{to}\t{}", change.at, change.job, change.why));
    }
    let sign = cx.out.paint(role_of(after.stage), sign_of(after.stage, cx.out.ascii()));
    let why = without_controls(change.why);
    cx.out.painted(&format!("{} {sign} {:<11} {}  {why}", event.at.local_hm(), to, change.job))
}
