//! `aq add`: submit manifests, from files, standard input or an editor.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::acting::{Became, Outcome, again, can_ask, edit, judged, tell, yes_or_no};
use super::frame::{Answer, CliError, Context, Exit, Form, find_job};
use crate::agent::{Ask, Reply, ask_fence};
use crate::board::{Board as _, Intake, Local, Ready, Settings, Submitted, TEMPLATE, submit};
use crate::job::{FILE_MAX, JobId};

/// Submit manifests
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Markdown files; - reads one from standard input
    #[arg(value_name = "FILE", required_unless_present = "edit")]
    files: Vec<PathBuf>,
    /// Below this job
    #[arg(long, value_name = "JOB")]
    parent: Option<String>,
    /// Write it in your editor; a FILE is what it begins with
    #[arg(long)]
    edit: bool,
    /// Check, and submit nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// A manifest that is to be submitted.
struct Text {
    /// Its name: of the file, without folders.
    name: String,
    /// Its bytes, or why they could not be read.
    bytes: Result<Vec<u8>, CliError>,
    /// Without a file of its own it gets its id for a name.
    nameless: bool,
}

/// Submits them; the good ones also where others are bad.
///
/// # Errors
/// Exit 2 with every problem, where no file was good; the law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    if let Some(url) = std::env::var("AQ_FENCE_URL").ok().filter(|url| !url.is_empty()) {
        return through_the_fence(args, cx, &url);
    }
    let settings = cx.settings()?;
    let board = if args.dry_run { cx.acting_or_looking(true)? } else { cx.acting_under(&settings)? };
    let parent = args.parent.as_deref().map(|name| find_job(&board.snapshot(), name)).transpose()?;
    let texts = if args.edit { edited(args, cx, &board, &settings)? } else { read_all(&args.files, &board)? };
    let Some(texts) = texts else {
        cx.out.talk("nothing was added: the text was left as it was");
        return Ok(Exit::Done);
    };
    let intake = Intake::new(board.place(), &settings, cx.wall());
    let read: Vec<(String, Result<Ready, CliError>)> =
        texts.into_iter().map(|text| (text.name.clone(), read_one(&intake, text))).collect();
    let outcomes = submit_good(args, cx, &board, parent, read)?;
    tell(cx, board.snapshot().seq, args.dry_run, &outcomes)
}

fn read_one(intake: &Intake<'_>, text: Text) -> Result<Ready, CliError> {
    let bytes = text.bytes?;
    let mut ready = intake.read(&text.name, &bytes).map_err(|problems| bad(&text.name, &problems))?;
    if text.nameless {
        ready.job.file = None;
    }
    Ok(ready)
}

/// A manifest with problems: every one of them, with its caret.
fn bad(name: &str, problems: &str) -> CliError {
    CliError::usage(format!("{name} cannot be submitted"))
        .why(problems.trim_end())
        .next("mend it, then add it again; fields: aq help manifest")
        .field("file", name)
}

fn submit_good(
    args: &Args,
    cx: &Context,
    board: &Local,
    parent: Option<JobId>,
    read: Vec<(String, Result<Ready, CliError>)>,
) -> Result<Vec<Outcome>, CliError> {
    let good: Vec<Ready> = read.iter().filter_map(|row| row.1.as_ref().ok()).cloned().collect();
    let mut submitted = match args.dry_run {
        true => Vec::new(),
        false => cx.wait(submit(board, &cx.me(), parent.map(|id| (id, None)), &good))?,
    }
    .into_iter();
    let mut outcomes = Vec::new();
    for (name, ready) in read {
        let outcome = match ready {
            Err(problems) => {
                Outcome { target: name, from: None, to: None, became: Became::Refused(problems) }
            }
            Ok(ready) => match submitted.next() {
                Some(became) => told(board, &name, &ready, became),
                None => checked(&name),
            },
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn checked(name: &str) -> Outcome {
    let said = format!("{name} is good");
    let became = Became::Done { event: None, said, next: Vec::new(), undo: None };
    Outcome { target: name.to_string(), from: None, to: None, became }
}

fn told(board: &Local, name: &str, ready: &Ready, became: Submitted) -> Outcome {
    let (id, did) = match became {
        Submitted::New(id) => (id, "added"),
        Submitted::Superseded(id) => (id, "gave its new text to"),
        Submitted::Refused(no) => {
            return Outcome { target: name.to_string(), from: None, to: None, became: judged(no) };
        }
    };
    let state = board.snapshot();
    let job = state.job(&id);
    let children = match ready.children.len() {
        0 => String::new(),
        1 => " with 1 child".to_string(),
        n => format!(" with {n} children"),
    };
    let stage = job.map_or_else(String::new, |job| format!(": it is {}", job.stage));
    let became = Became::Done {
        event: job.map(|job| job.event),
        said: format!("{did} {id}{children}{stage}"),
        next: vec![format!("follow it: aq show {id}")],
        undo: Some(format!("aq cancel {id}")),
    };
    let to = job.map(|job| format!("{}@{}", job.stage, job.epoch));
    Outcome { target: id.to_string(), from: None, to, became }
}

fn read_all(files: &[PathBuf], board: &Local) -> Result<Option<Vec<Text>>, CliError> {
    let inbox = board.place().queue.join("inbox");
    let mut texts = Vec::new();
    for file in files {
        if file.as_os_str() == "-" {
            texts.push(Text { name: "stdin.md".to_string(), bytes: from_stdin(), nameless: true });
            continue;
        }
        let name = name_of(file);
        let bytes = match file.canonicalize().ok().filter(|at| at.parent() == Some(inbox.as_path())) {
            Some(_) => Err(CliError::usage(format!("{name} is in the inbox of this queue already"))
                .why("what lies there is taken in from there")
                .next("see it: aq ls")),
            None => from_file(file),
        };
        texts.push(Text { name, bytes, nameless: false });
    }
    Ok(Some(texts))
}

/// The name a job's file gets in the queue.
fn name_of(file: &Path) -> String {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = name.trim_start_matches(['.', '#']);
    if plain.ends_with(".md") { plain.to_string() } else { format!("{plain}.md") }
}

/// A manifest beyond its limit is read no further than the reader needs to say so.
fn from_file(file: &Path) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let most = u64::try_from(FILE_MAX).unwrap_or(u64::MAX) + 1;
    let read = std::fs::File::open(file).and_then(|open| open.take(most).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(CliError::usage(format!("{} is not there", file.display()))
                .why("no such file")
                .next("name a markdown file, or - for standard input"))
        }
        Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => {
            Err(CliError::usage(format!("{} is a folder", file.display()))
                .next("name the markdown files in it; a folder of jobs is a queue: aq init"))
        }
        Err(error) => Err(CliError::io("read", file, &error)),
    }
}

fn from_stdin() -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let most = u64::try_from(FILE_MAX).unwrap_or(u64::MAX) + 1;
    let read = std::io::stdin().lock().take(most).read_to_end(&mut bytes);
    read.map_err(|e| CliError::io("read", Path::new("standard input"), &e))?;
    Ok(bytes)
}

/// The text from the user's editor; `None` if it was left as it was.
fn edited(
    args: &Args,
    cx: &Context,
    board: &Local,
    settings: &Settings,
) -> Result<Option<Vec<Text>>, CliError> {
    let (name, first, nameless) = match args.files.as_slice() {
        [] => ("job.md".to_string(), TEMPLATE.to_string(), true),
        [file] => {
            let text = String::from_utf8_lossy(&from_file(file)?).into_owned();
            (name_of(file), text, false)
        }
        _ => return Err(CliError::usage("--edit opens one text").next("name one FILE, or none")),
    };
    let own = settings.config.editor.as_deref();
    let mut edited = edit(cx, own, &name, &first)?;
    loop {
        if edited.text == first || edited.text.trim().is_empty() {
            edited.used();
            return Ok(None);
        }
        let intake = Intake::new(board.place(), settings, cx.wall());
        let Err(problems) = intake.read(&name, edited.text.as_bytes()) else {
            edited.used();
            let bytes = Ok(edited.text.into_bytes());
            return Ok(Some(vec![Text { name, bytes, nameless }]));
        };
        if !can_ask(cx) || !yes_or_no(&format!("{problems}edit it again?"))? {
            return Err(bad(&name, &problems).next(format!("your text is in {}", edited.file.display())));
        }
        edited = again(own, &edited.file)?;
    }
}

/// Inside an engine: its agent submits, fenced, below the engine's own job.
fn through_the_fence(args: &Args, cx: &mut Context, url: &str) -> Answer {
    if args.edit {
        return Err(CliError::usage("an engine has no editor").next("write a file, then: aq add FILE"));
    }
    let own = std::env::var("AQ_JOB").unwrap_or_default();
    if let Some(parent) = args.parent.as_ref().filter(|parent| **parent != own) {
        return Err(CliError::usage(format!("inside a run, jobs are added below {own} alone, not {parent}"))
            .next("write: aq add FILE --parent \"$AQ_JOB\""));
    }
    let (mut done, mut refused) = (0, Vec::new());
    for file in &args.files {
        let (name, bytes) = match file.as_os_str() == "-" {
            true => ("stdin.md".to_string(), from_stdin()),
            false => (name_of(file), from_file(file)),
        };
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let reply = match text {
            Err(error) => Err(error),
            Ok(text) => Ok(cx.wait(ask_fence(url, &Ask::Add { name: name.clone(), text }))?),
        };
        match reply {
            Ok(reply) if reply.done => {
                done += 1;
                match cx.out.form() {
                    Form::Json | Form::JsonLines => cx.out.json(&serde_json::json!({"job": reply.text}))?,
                    Form::Table | Form::Plain => cx.out.line(&reply.text)?,
                }
            }
            Ok(reply) => refused.push(no_of(&name, &reply.text, reply.code.as_deref())),
            Err(error) => refused.push(error),
        }
    }
    match (refused.iter().min_by_key(|no| no.exit), done) {
        (None, _) => Ok(Exit::Done),
        (Some(worst), 0) => Err(worst.clone()),
        _ => {
            refused.iter().for_each(|no| cx.out.complain(no));
            Ok(Exit::Partly)
        }
    }
}

/// An agent's answer to a run: said to people, or its no.
///
/// # Errors
/// The refusal.
pub(super) fn of_reply(cx: &mut Context, reply: &Reply, said: &str) -> Answer {
    if !reply.done {
        return Err(no_of("this run", &reply.text, reply.code.as_deref()));
    }
    cx.out.talk(said);
    Ok(Exit::Done)
}

/// The agent's no: with a code it is the law's, without one the manifest's problems.
fn no_of(name: &str, text: &str, code: Option<&str>) -> CliError {
    let code = code.and_then(|name| crate::fleet::Code::ALL.iter().find(|code| code.name() == name));
    match code {
        Some(code) => crate::fleet::Refusal::new(*code, text, "the run's own lease decides").into(),
        None => bad(name, text),
    }
}
