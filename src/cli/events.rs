//! `aq events`: the log, read or followed.

use clap::Args as ClapArgs;
use serde::Serialize;
use serde_json::{Map, Value};

use super::feed::Feed;
use super::frame::{
    Answer, Cell, CliError, Column, Context, Envelope, Exit, Form, Table, Toward, find_job, nearest_word,
    parse_moment,
};
use super::scene::Seen;
use crate::fleet::{Event, What};
use crate::job::{JobId, Seq};
use crate::time::Stamp;

/// Show the log
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Only events about this job
    job: Option<String>,

    /// Goes on as the log grows
    #[arg(long, short)]
    follow: bool,

    /// Events since then
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Only these kinds
    #[arg(long = "type", value_name = "KINDS", value_delimiter = ',')]
    kinds: Vec<String>,

    /// Events after this number
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after: Seq,
}

/// An event as the wire has it.
#[derive(Serialize)]
struct Frame<'a> {
    v: u32,
    kind: &'static str,
    seq: Seq,
    at: String,
    product: &'static str,
    job: Option<&'a str>,
    #[serde(rename = "type")]
    name: &'static str,
    by: String,
    note: Option<&'a str>,
    #[serde(flatten)]
    facts: Map<String, Value>,
}

/// Shows it.
///
/// # Errors
/// Exit 2 for an unknown kind or time, exit 3 for an unknown job; a fault if the log cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    args.kinds.iter().try_for_each(|kind| known_kind(kind))?;
    let since =
        args.since.as_ref().map(|text| parse_moment("--since", text, Toward::Past, cx.wall())).transpose()?;
    let seen = Seen::open(cx, None)?;
    let job = args.job.as_ref().map(|name| find_job(&seen.state, name)).transpose()?;
    let wanted = Wanted { job, since, kinds: args.kinds.clone() };
    let (at, source, state) = (cx.wall(), seen.source(), std::sync::Arc::clone(&seen.state));
    let mut feed = Feed::of(seen.board, args.after);
    if !args.follow {
        cx.out.page();
    }
    let mut all = Vec::new();
    loop {
        let events = feed.page(cx)?;
        let found = events.iter().filter(|row| wanted.has(&row.1));
        match (cx.out.form(), args.follow) {
            (Form::Json, false) => all.extend(found.cloned()),
            _ => show(found, cx)?,
        }
        if events.is_empty() && !args.follow {
            break;
        }
        if args.follow {
            cx.out.flush()?;
        }
        if events.is_empty() {
            feed.pause(cx, None)?;
        }
    }
    if cx.out.form() == Form::Json {
        let data: Vec<Frame<'_>> = all.iter().map(frame).collect();
        cx.out.json(&Envelope::new("events", at, state.seq, source, data))?;
    }
    if cx.out.form() == Form::JsonLines {
        cx.out.painted(r#"{"v":1,"kind":"end","reason":"the log ends here"}"#)?;
    }
    Ok(Exit::Done)
}

/// What is to be shown.
struct Wanted {
    job: Option<JobId>,
    since: Option<Stamp>,
    kinds: Vec<String>,
}

impl Wanted {
    fn has(&self, event: &Event) -> bool {
        let about = |id: &JobId| match &event.what {
            What::JobsArchived { jobs } | What::QueueSuspended { jobs } => jobs.contains(id),
            what => what.job() == Some(id),
        };
        self.job.as_ref().is_none_or(about)
            && self.since.is_none_or(|since| event.at >= since)
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == event.what.name()))
    }
}

fn known_kind(kind: &str) -> Result<(), CliError> {
    if What::NAMES.contains(&kind) {
        return Ok(());
    }
    let error = CliError::usage(format!("no kind of event {kind}"));
    let error = match nearest_word(kind, What::NAMES.iter().copied()) {
        Some(near) => error.why(format!("did you mean: {near}")),
        None => error,
    };
    Err(error.next(format!("kinds: {}", What::NAMES.join(", "))))
}

/// A page of a table: its columns are set anew for each, which only the eye of a follower could notice.
fn show<'a>(rows: impl Iterator<Item = &'a (Seq, Event)>, cx: &mut Context) -> Result<(), CliError> {
    if cx.out.is_json() {
        return rows.into_iter().try_for_each(|row| cx.out.json(&frame(row)));
    }
    let mut table = Table::of(&[
        Column::number("seq"),
        Column::words("at"),
        Column::words("type"),
        Column::words("job"),
        Column::words("by"),
        Column::text("facts"),
    ]);
    for row in rows {
        let framed = frame(row);
        let facts = short(&framed.facts, framed.note);
        let exact = Value::Object(framed.facts).to_string();
        table.rows.push(vec![
            Cell::same(row.0.to_string()),
            Cell::same(cx.out.moment(row.1.at)),
            Cell::same(framed.name),
            Cell::same(framed.job.unwrap_or("-")),
            Cell::same(framed.by),
            Cell::pair(facts, exact),
        ]);
    }
    cx.out.table(&table)
}

/// Facts in a few words: what is long or an object is left to programs.
fn short(facts: &Map<String, Value>, note: Option<&str>) -> String {
    let words = facts.iter().filter_map(|(name, value)| match value {
        Value::String(text) if text.len() <= 60 => Some(format!("{name} {text}")),
        Value::Number(n) => Some(format!("{name} {n}")),
        Value::Bool(flag) => Some(format!("{name} {flag}")),
        _ => None,
    });
    let mut all: Vec<String> = words.collect();
    all.extend(note.map(|note| format!("“{note}”")));
    all.join(", ")
}

fn frame(row: &(Seq, Event)) -> Frame<'_> {
    let (seq, event) = row;
    let tagged = serde_json::to_value(&event.what).unwrap_or_default();
    let inner = tagged.as_object().and_then(|tagged| tagged.values().next()).and_then(Value::as_object);
    let mut facts = inner.cloned().unwrap_or_default();
    let job = event.what.job().map(JobId::as_str);
    facts.remove("job");
    Frame {
        v: 1,
        kind: "event",
        seq: *seq,
        at: event.at.to_string(),
        product: "local",
        job,
        name: event.what.name(),
        by: event.by.to_string(),
        note: event.note.as_deref(),
        facts,
    }
}
