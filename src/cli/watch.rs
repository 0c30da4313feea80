//! `aq watch`: one line per change of a job's place, append only.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args as ClapArgs;
use serde::Serialize;

use super::feed::Feed;
use super::frame::{Answer, CliError, Context, role_of, sign_of, without_controls};
use super::notify::{Note, Notifier};
use super::scene::{Seen, filter_of};
use crate::engine::is_gone;
use crate::fleet::{Claimant, Event, Job, Now, State};
use crate::insight::{Aside, Filter, Scene, critical_jobs, park_words};
use crate::job::Seq;
use crate::store::is_edited;

/// Print one line per change
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Words and terms that must all hold: aq help filter
    filter: Vec<String>,

    /// Runs notify.command of your own settings at each line, with the line as its last argument
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
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
}

/// Prints until it is stopped.
///
/// # Errors
/// Exit 2 for a bad filter; a fault if the log cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let mut notifier = args.notify.then(|| Notifier::of(cx)).transpose()?;
    let filter = filter_of(&args.filter)?;
    if filter.asks_tag("at-risk") {
        return Err(CliError::usage("no event tells that work is at risk, so it cannot be watched")
            .next("look: aq risk, or aq ls tag:at-risk"));
    }
    let mut seen = Seen::open(cx, None)?;
    if filter.asks_scores() {
        seen.ask_hosts(cx)?;
    }
    let mut replica = State::clone(&seen.state);
    let mut feed = Feed::of(seen.board, replica.seq);
    loop {
        let events = feed.page(cx)?;
        for (seq, event) in &events {
            let Some((before, after)) = step(event, &mut replica, (&filter, &seen.hosts), cx)? else {
                continue;
            };
            if let Some(notifier) = &mut notifier {
                notifier.tell(cx, &note_of(&after));
            }
            print(*seq, event, before.as_deref(), &after, cx)?;
        }
        cx.out.flush()?;
        if events.is_empty() {
            feed.pause(cx, None)?;
        }
    }
}

/// What the user's command is told of a job that changed.
fn note_of(job: &Job) -> Note<'_> {
    let stage = if job.park.is_some() { "parked" } else { job.stage.name() };
    let text = without_controls(&format!("{}: {stage}, {}", job.spec.title, job.why));
    let parts = [
        ("AQ_JOB", job.id.as_str()),
        ("AQ_TITLE", job.spec.title.as_str()),
        ("AQ_STAGE", stage),
        ("AQ_WHY", &job.why),
    ];
    Note { text, parts }
}

/// A job before and after an event.
type Changed = (Option<Arc<Job>>, Arc<Job>);

/// Applies one event to the replica; gives the job whose place it changed, if the filter lets it through.
fn step(
    event: &Event,
    replica: &mut State,
    (filter, hosts): (&Filter, &[Claimant]),
    cx: &Context,
) -> Result<Option<Changed>, CliError> {
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
    let Some(after) = id.and_then(|id| replica.jobs.get(id)).cloned() else { return Ok(None) };
    let place = |job: &Job| (job.stage, job.park.is_some());
    if before.as_ref().is_some_and(|before| place(before) == place(&after)) {
        return Ok(None);
    }
    let now = Now { law: replica.at, wall: cx.wall() };
    let place = cx.place()?;
    let edited = |job: &Job| is_edited(place, job);
    let critical = if filter.asks_tag("critical") { critical_jobs(replica, now) } else { BTreeSet::new() };
    let aside = Aside { critical, ..Aside::default() };
    let scene = Scene { state: replica, now, hosts, gone: &is_gone, edited: &edited, aside: &aside };
    Ok(filter.lets(&after, &scene).then_some((before, after)))
}

fn print(
    seq: Seq,
    event: &Event,
    before: Option<&Job>,
    after: &Job,
    cx: &mut Context,
) -> Result<(), CliError> {
    let park = after.park.as_ref();
    let why = match park {
        Some(park) => {
            let until = park.until.map(|at| format!("until {}, ", cx.out.until(at, event.at)));
            format!("{}{}", until.filter(|_| !cx.out.is_json()).unwrap_or_default(), park_words(park))
        }
        None => after.why.to_string(),
    };
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
        why: &why,
        until: park.and_then(|park| park.until).map(|at| at.to_string()),
        account: park.and_then(|park| park.account.as_deref()),
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
