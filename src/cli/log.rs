//! `aq log`: what the runs of an attempt said, read or followed; byte for byte where it is piped.

use std::path::Path;
use std::time::Duration;

use clap::Args as ClapArgs;
use serde_json::json;

use super::feed::Feed;
use super::frame::{Answer, CliError, Context, Envelope, Exit, Form, Role, without_controls};
use super::scene::Seen;
use crate::board::Board as _;
use crate::engine::{AttemptReader, LogPiece, Record, RunKind, RunSeen, Source};
use crate::fleet::{Attempt, Job};
use crate::store::Place;
use crate::time::Span;

/// A transcript that is followed is looked at this often: often enough to read along, rare enough to cost nothing.
const LOOK_AGAIN: Span = Span::from_millis(200);

/// Show the transcript of an attempt
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// The job
    job: String,

    /// Goes on until the attempt ends
    #[arg(long, short)]
    follow: bool,

    /// Which attempt; the last one if not said
    #[arg(long, value_name = "N")]
    attempt: Option<u32>,

    /// Only what this one of its runs said
    #[arg(long, value_name = "RUN", value_enum)]
    run: Option<Which>,

    /// Only the last lines
    #[arg(long, value_name = "N")]
    tail: Option<usize>,
}

/// One of the runs of an attempt.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Which {
    /// The job's setup
    Setup,
    /// The engine
    Engine,
    /// The job's verify
    Verify,
    /// Verify of what base would become by a ship
    Ship,
}

impl Which {
    fn kind(self) -> RunKind {
        match self {
            Which::Setup => RunKind::Setup,
            Which::Engine => RunKind::Engine,
            Which::Verify => RunKind::Verify,
            Which::Ship => RunKind::Ship,
        }
    }
}

/// Shows it.
///
/// # Errors
/// Exit 3 if there is no such job, attempt or transcript; a fault if it cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let seen = Seen::open(cx, None)?;
    let job = seen.job(&args.job)?;
    let attempt = chosen(&job, args.attempt)?;
    let runs = seen.board.place().runs(&job.id);
    let only = args.run.map(Which::kind);
    let has_run = |run: &RunSeen| only.is_none_or(|only| only == run.kind);
    let is_there = RunSeen::all(&runs, attempt.no).iter().any(|run| has_run(run) && run.transcript.exists());
    // An attempt that has just begun may not have written yet.
    let may_come = args.follow && speaks(&job, attempt.no);
    if !is_there && !may_come {
        if !ran_here(seen.board.place(), &job, attempt) {
            return Err(never_written(&runs, &job, attempt));
        }
        let what = only.map_or(String::new(), |kind| format!("the {} of ", kind.name()));
        cx.out.talk(&format!("{what}attempt {} of {} wrote nothing", attempt.no, job.id));
    }
    let fault = |e: std::io::Error| CliError::io("read", &runs, &e);
    let mut reader = match args.tail {
        Some(lines) => AttemptReader::tail(&runs, attempt.no, only, lines).map_err(fault)?.0,
        None => AttemptReader::at(&runs, attempt.no, only),
    };
    if !args.follow && is_there {
        cx.out.page();
    }
    let mut held = Vec::new();
    copy(&mut reader, &runs, cx, &mut held)?;
    if args.follow {
        follow(&mut reader, &runs, (&job, attempt.no), seen.board, cx)?;
    }
    if cx.out.form() == Form::Json {
        cx.out.json(&Envelope::new("log", cx.wall(), seen.state.seq, crate::board::Source::Local, held))?;
    }
    Ok(Exit::Done)
}

fn never_written(runs: &Path, job: &Job, attempt: &Attempt) -> CliError {
    let path = runs.join(format!("{}.jsonl", attempt.no));
    CliError::not_found(format!("no transcript of attempt {} of {}", attempt.no, job.id))
        .why(format!("there is no {}; it was never written, or cleaned away", path.display()))
        .next(format!("what the log says about it: aq events {}", job.id))
}

/// Whether the attempt's run stands here, so that a transcript that is not there was never written.
fn ran_here(place: &Place, job: &Job, attempt: &Attempt) -> bool {
    attempt.ended.is_some() && place.runs(&job.id).join(attempt.no.to_string()).is_dir()
}

fn chosen(job: &Job, wanted: Option<u32>) -> Result<&Attempt, CliError> {
    let found = match wanted {
        Some(no) => job.attempts.iter().find(|attempt| attempt.no == no),
        None => job.attempts.last(),
    };
    found.ok_or_else(|| {
        let all: Vec<String> = job.attempts.iter().map(|attempt| attempt.no.to_string()).collect();
        let (what, why) = match wanted {
            Some(no) if !all.is_empty() => {
                (format!("{} has no attempt {no}", job.id), format!("it has {}", all.join(", ")))
            }
            _ => (format!("{} has no attempt yet", job.id), format!("it is {} ({})", job.stage, job.why)),
        };
        let next = match job.attempts.last() {
            Some(last) => format!("the last one: aq log {} --attempt {}", job.id, last.no),
            None => format!("why it does not run: aq explain {}", job.id),
        };
        CliError::not_found(what).why(why).next(next)
    })
}

/// Gives out everything that is there.
fn copy(
    reader: &mut AttemptReader,
    runs: &Path,
    cx: &mut Context,
    held: &mut Vec<serde_json::Value>,
) -> Result<(), CliError> {
    loop {
        let pieces = reader.next_pieces().map_err(|e| CliError::io("read", runs, &e))?;
        if pieces.is_empty() {
            return Ok(());
        }
        for piece in &pieces {
            match piece {
                LogPiece::Run(run) => head(run, cx)?,
                LogPiece::Lines(kind, records) => {
                    records.iter().try_for_each(|record| one(*kind, record, cx, held))?;
                }
            }
        }
    }
}

/// What a run was to do and how it ended: over its lines at a terminal, beside them in a pipe, which holds only what
/// was said.
fn head(run: &RunSeen, cx: &mut Context) -> Result<(), CliError> {
    let Some(command) = &run.command else { return Ok(()) };
    let began = run.started.map(|at| format!(", began {}", at.local_full())).unwrap_or_default();
    let end = run.end_words().map(|end| format!("  {end}")).unwrap_or_default();
    let text = without_controls(&format!("{}: {command}{end}{began}", run.kind.name()));
    match cx.out.form() {
        Form::Json | Form::JsonLines => Ok(()),
        _ if !cx.out.is_terminal() => {
            cx.out.talk(&text);
            Ok(())
        }
        Form::Table | Form::Plain => {
            let text = cx.out.paint(Role::Head, &format!("── {text}"));
            cx.out.painted(&text)
        }
    }
}

fn one(
    kind: RunKind,
    record: &Record,
    cx: &mut Context,
    held: &mut Vec<serde_json::Value>,
) -> Result<(), CliError> {
    match cx.out.form() {
        Form::Json => held.push(line_of(kind, record)),
        Form::JsonLines => {
            let mut line = line_of(kind, record);
            line["v"] = json!(1);
            line["kind"] = json!("line");
            cx.out.json(&line)?;
        }
        Form::Table | Form::Plain => said(record, cx)?,
    }
    Ok(())
}

fn line_of(kind: RunKind, record: &Record) -> serde_json::Value {
    let at = record.at.to_string();
    json!({"at": at, "run": kind.name(), "s": record.source, "line": record.text(), "cut": record.cut})
}

/// At a terminal control sequences are taken out and aq's own words are marked; in a pipe only what the
/// engine said is given, byte for byte.
fn said(record: &Record, cx: &mut Context) -> Result<(), CliError> {
    if cx.out.is_terminal() {
        if let Some(gap) = &record.gap {
            let text = format!("… {} lines are no longer kept", gap.lines);
            let text = cx.out.paint(Role::Wait, &text);
            cx.out.painted(&text)?;
        }
        let text = without_controls(&record.text());
        let text = match record.source {
            Source::Out => text,
            Source::Err => cx.out.paint(Role::Wait, &text),
            Source::Record => return Ok(()),
            Source::Aq => cx.out.paint(Role::Active, &format!("aq: {text}")),
        };
        return cx.out.painted(&text);
    }
    if matches!(record.source, Source::Aq | Source::Record) {
        return Ok(());
    }
    cx.out.bytes(&record.bytes)?;
    if record.whole { cx.out.bytes(b"\n") } else { Ok(()) }
}

/// Whether more may be said with an attempt.
fn speaks(job: &Job, attempt: u32) -> bool {
    job.speaking_attempt().is_some_and(|speaking| speaking.no == attempt)
}

/// Goes on until the attempt is closed and nothing more is written.
fn follow(
    reader: &mut AttemptReader,
    runs: &Path,
    (job, attempt): (&Job, u32),
    board: crate::board::Local,
    cx: &mut Context,
) -> Result<(), CliError> {
    let after = board.snapshot().seq;
    let mut feed = Feed::of(board, after);
    let most = Duration::from_millis(LOOK_AGAIN.as_millis());
    loop {
        let state = feed.board.snapshot();
        let open = state.job(&job.id).is_some_and(|job| speaks(job, attempt));
        copy(reader, runs, cx, &mut Vec::new())?;
        cx.out.flush()?;
        if !open {
            return Ok(());
        }
        feed.after = state.seq;
        feed.pause(cx, Some(most))?;
    }
}
