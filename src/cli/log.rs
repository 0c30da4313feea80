//! `aq log`: the transcript of an attempt, read or followed; byte for byte where it is piped.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args as ClapArgs;
use serde_json::json;

use super::feed::Feed;
use super::frame::{Answer, CliError, Context, Envelope, Exit, Form, Role, without_controls};
use super::scene::Seen;
use crate::board::Board as _;
use crate::engine::{Record, Source, TranscriptReader};
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

    /// Only the last lines
    #[arg(long, value_name = "N")]
    tail: Option<usize>,
}

/// Shows it.
///
/// # Errors
/// Exit 3 if there is no such job, attempt or transcript; a fault if it cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let seen = Seen::open(cx, None)?;
    let job = seen.job(&args.job)?;
    let attempt = chosen(&job, args.attempt)?;
    let path = transcript(seen.board.place(), &job, attempt);
    // An attempt that has just begun may not have written yet.
    let may_come = args.follow && attempt.ended.is_none();
    if !path.exists() && !may_come && ran_here(seen.board.place(), &job, attempt) {
        cx.out.talk(&format!("attempt {} of {} wrote nothing", attempt.no, job.id));
        if cx.out.form() == Form::Json {
            let none: [(); 0] = [];
            cx.out.json(&Envelope::new(
                "log",
                cx.wall(),
                seen.state.seq,
                crate::board::Source::Local,
                none,
            ))?;
        }
        return Ok(Exit::Done);
    }
    if !path.exists() && !may_come {
        return Err(CliError::not_found(format!("no transcript of attempt {} of {}", attempt.no, job.id))
            .why(format!("there is no {}; it was never written, or cleaned away", path.display()))
            .next(format!("what the log says about it: aq events {}", job.id)));
    }
    let reader = match args.tail {
        Some(lines) => TranscriptReader::tail(&path, lines),
        None => Ok(TranscriptReader::at(&path, 0)),
    };
    let mut reader = reader.map_err(|e| CliError::io("read", &path, &e))?;
    if !args.follow {
        cx.out.page();
    }
    let mut held = Vec::new();
    copy(&mut reader, &path, cx, &mut held)?;
    if args.follow {
        follow(&mut reader, &path, (&job, attempt.no), seen.board, cx)?;
    }
    if cx.out.form() == Form::Json {
        cx.out.json(&Envelope::new("log", cx.wall(), seen.state.seq, crate::board::Source::Local, held))?;
    }
    Ok(Exit::Done)
}

/// Where the transcript of an attempt stands.
fn transcript(place: &Place, job: &Job, attempt: &Attempt) -> PathBuf {
    let runs = place.runs(&job.id);
    let own_folder = runs.join(attempt.no.to_string()).join("transcript.jsonl");
    if own_folder.exists() { own_folder } else { runs.join(format!("{}.jsonl", attempt.no)) }
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

/// Gives out every line that is there.
fn copy(
    reader: &mut TranscriptReader,
    path: &Path,
    cx: &mut Context,
    held: &mut Vec<serde_json::Value>,
) -> Result<(), CliError> {
    loop {
        let records = reader.next_lines().map_err(|e| CliError::io("read", path, &e))?;
        if records.is_empty() {
            return Ok(());
        }
        for record in &records {
            match cx.out.form() {
                Form::Json => held.push(line_of(record)),
                Form::JsonLines => {
                    let mut line = line_of(record);
                    line["v"] = json!(1);
                    line["kind"] = json!("line");
                    cx.out.json(&line)?;
                }
                Form::Table | Form::Plain => one(record, cx)?,
            }
        }
    }
}

fn line_of(record: &Record) -> serde_json::Value {
    json!({"at": record.at.to_string(), "s": record.source, "line": record.text(), "cut": record.cut})
}

/// At a terminal control sequences are taken out and aq's own words are marked; in a pipe only what the
/// engine said is given, byte for byte.
fn one(record: &Record, cx: &mut Context) -> Result<(), CliError> {
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

/// Goes on until the attempt is closed and nothing more is written.
fn follow(
    reader: &mut TranscriptReader,
    path: &Path,
    (job, attempt): (&Job, u32),
    board: crate::board::Local,
    cx: &mut Context,
) -> Result<(), CliError> {
    let after = board.snapshot().seq;
    let mut feed = Feed::of(board, after);
    let most = Duration::from_millis(LOOK_AGAIN.as_millis());
    loop {
        let state = feed.board.snapshot();
        let open =
            state.job(&job.id).and_then(|job| job.open_attempt()).is_some_and(|open| open.no == attempt);
        copy(reader, path, cx, &mut Vec::new())?;
        cx.out.flush()?;
        if !open {
            return Ok(());
        }
        feed.after = state.seq;
        feed.pause(cx, Some(most))?;
    }
}
