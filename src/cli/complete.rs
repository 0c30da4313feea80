//! Completion as the shell asks for it: verbs and flags from their table, names from the queue.
//!
//! A shell calls `aq` with the words so far at each press of a key, so a queue that does not answer at once
//! gives what it gave the last time, and then nothing; it never makes anybody wait.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use clap::{Arg, Command};
use clap_complete::Shell;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};

use super::argv::root;
use super::frame::{CliError, find_queue};
use super::verbs::VERBS;
use crate::board::{Board as _, Local, Purpose, Settings, cache_home};
use crate::engine::ENGINES;
use crate::insight::FIELDS;
use crate::job::STAGES;
use crate::time::SystemClock;

/// By this variable a shell's script asks for candidates.
const ASKS: &str = "AQ_COMPLETE";
/// A press of a key is answered within 150 ms (`cli.md` section 11); starting and writing take the rest.
const QUEUE_MOST: Duration = Duration::from_millis(100);
/// Candidates of one kind; nobody reads more.
const CANDIDATES_MOST: usize = 200;

/// Answers a shell if one asks; false if these are words of a person.
pub(super) fn answered(words: &[OsString]) -> bool {
    if std::env::var_os(ASKS).is_none_or(|shell| shell.is_empty()) {
        return false;
    }
    let here = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(whole_table).var(ASKS).bin("aq");
    // A shell that cannot be answered shows nothing, which is what an error message would spoil.
    let _ = asked.try_complete(words.iter().cloned(), here.as_deref());
    true
}

/// The script by which a shell asks.
///
/// # Errors
/// Exit 1 if it cannot be written.
pub(super) fn script(shell: Shell) -> Result<Vec<u8>, CliError> {
    let mut script = Vec::new();
    if let Some(way) = Shells::builtins().completer(&shell.to_string()) {
        let written = way.write_registration(ASKS, "aq", "aq", "aq", &mut script);
        written.map_err(|e| CliError::output(&e))?;
    }
    Ok(script)
}

/// Every verb that is here, with those who know the names its arguments take.
fn whole_table() -> Command {
    let verbs = VERBS.iter().filter(|verb| verb.is_here()).map(|verb| knowing(verb.command()));
    root().subcommands(verbs)
}

fn knowing(command: Command) -> Command {
    command.mut_args(with_names).mut_subcommands(knowing)
}

/// The arguments that take names, by what they are called in every verb.
fn with_names(arg: Arg) -> Arg {
    let names: fn(&OsStr) -> Vec<CompletionCandidate> = match arg.get_id().as_str() {
        "job" | "jobs" | "parent" => jobs,
        "filter" => filter_terms,
        "name" => profiles,
        "engine" => engines,
        "goal" => goals,
        _ => return arg,
    };
    arg.add(ArgValueCompleter::new(names))
}

/// Candidates that begin so.
fn beginning<S: AsRef<str>>(
    current: &OsStr,
    rows: impl IntoIterator<Item = (S, String)>,
) -> Vec<CompletionCandidate> {
    let begins = current.to_string_lossy();
    let fit = rows.into_iter().filter(|(name, _)| name.as_ref().starts_with(&*begins));
    fit.take(CANDIDATES_MOST)
        .map(|(name, about)| {
            let help = (!about.is_empty()).then(|| super::frame::without_controls(&about).into());
            CompletionCandidate::new(name.as_ref()).help(help)
        })
        .collect()
}

fn jobs(current: &OsStr) -> Vec<CompletionCandidate> {
    beginning(current, job_names())
}

/// Ids and titles, from the queue if it answers in time, else as they were the last time.
fn job_names() -> Vec<(String, String)> {
    let Ok(place) = find_queue(named_queue().as_deref()) else { return Vec::new() };
    let kept = cache_home().map(|cache| cache.join(format!("jobs-{}.tsv", place.id)));
    let (send, found) = sync_channel(1);
    std::thread::spawn(move || {
        let Ok(local) = Local::open(&place, Purpose::Read, Arc::new(SystemClock)) else { return };
        let state = local.snapshot();
        let row = |job: &crate::fleet::Job| (job.id.to_string(), job.spec.title.clone());
        // Whoever waited has gone on if this took too long.
        let _ = send.send(state.jobs.values().map(|job| row(job)).collect::<Vec<_>>());
    });
    let Ok(rows) = found.recv_timeout(QUEUE_MOST) else {
        let text = kept.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let row = |line: &str| line.split_once('\t').map(|(id, title)| (id.to_string(), title.to_string()));
        return text.lines().filter_map(row).collect();
    };
    if let Some(path) = kept {
        let text: String = rows.iter().map(|(id, title)| format!("{id}\t{title}\n")).collect();
        // A cache that cannot be written is none.
        let _ = path.parent().map(std::fs::create_dir_all);
        let _ = std::fs::write(path, text);
    }
    rows
}

/// The queue that the words name; the engine gives a completer nothing but the word at the cursor.
fn named_queue() -> Option<PathBuf> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let at = words.iter().position(|word| word == "--queue")?;
    words.get(at + 1).map(PathBuf::from)
}

fn filter_terms(current: &OsStr) -> Vec<CompletionCandidate> {
    let text = current.to_string_lossy();
    if text.starts_with("stage:") {
        return beginning(current, STAGES.iter().map(|row| (format!("stage:{}", row.1), String::new())));
    }
    beginning(current, FIELDS.iter().map(|field| (format!("{}:", field.name), field.means.to_string())))
}

fn settings() -> Option<Settings> {
    let place = find_queue(named_queue().as_deref()).ok();
    Settings::load(place.as_ref(), &[]).ok()
}

fn profiles(current: &OsStr) -> Vec<CompletionCandidate> {
    let names = settings().map(|settings| settings.profile_names()).unwrap_or_default();
    beginning(current, names.into_iter().map(|name| (name, String::new())))
}

fn engines(current: &OsStr) -> Vec<CompletionCandidate> {
    let own = settings().map(|settings| settings.config.engines).unwrap_or_default();
    let built_in = ENGINES.iter().map(|row| row.name.to_string());
    beginning(current, built_in.chain(own.into_keys()).map(|name| (name, String::new())))
}

fn goals(current: &OsStr) -> Vec<CompletionCandidate> {
    let settled = ("settled", "nothing more happens without a person".to_string());
    let stages = STAGES.iter().map(|row| (row.1, String::new()));
    beginning(current, std::iter::once(settled).chain(stages))
}
