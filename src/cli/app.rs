//! The program from its words to its exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches as _;
use clap::error::ErrorKind;
use tracing::debug;

use super::argv::{Asked, arranged, asked, refused, root, whole};
use super::frame::{Answer, CliError, Context, Exit, Globals, guard};
use super::help;
use super::verbs::{Verb, Way, find_verb};

/// Owns a run: `aq __shim RUNDIR`, called by aq alone.
const SHIM: &str = crate::engine::ShimProgram::VERB;

/// Does what the words ask. Never panics: a bug is caught, reported and ends with 1.
pub fn main(words: impl Iterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = words.collect();
    // The hidden verb that aq starts itself with comes before anything else is read, so that no flag,
    // file or environment can stop a run's owner.
    if let [_, verb, run] = words.as_slice()
        && verb == SHIM
    {
        return crate::engine::shim_main(std::path::Path::new(run));
    }
    if super::complete::answered(&words) {
        return ExitCode::SUCCESS;
    }
    guard(|| run(words)).into()
}

fn run(words: Vec<OsString>) -> Exit {
    // Before the flags are understood, an error must know its form.
    let json = words.iter().take_while(|w| *w != "--").any(|w| w == "--json" || w == "--jsonl");
    let answer = match asked(&words) {
        Asked::Version => with_globals(&words, |cx| cx.out.line(concat!("aq ", env!("CARGO_PKG_VERSION")))),
        Asked::Help(long) => with_globals(&words, |cx| help::overview(cx, long)),
        Asked::Nothing => with_globals(&words, help::alone),
        Asked::Verb(at) => {
            find_verb(&words[at].to_string_lossy()).and_then(|verb| one_verb(verb, arranged(words, at, verb)))
        }
    };
    match answer {
        Ok(exit) => exit,
        Err(error) => {
            let text = if json { error.json() } else { error.text() };
            // With nobody to tell, the exit code still tells.
            let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
            error.exit
        }
    }
}

/// Flags without a verb.
fn with_globals(words: &[OsString], say: impl FnOnce(&mut Context) -> Result<(), CliError>) -> Answer {
    let bare = words.iter().filter(|w| *w != "-h" && *w != "--help");
    let matches = root().try_get_matches_from(bare).map_err(|e| refused(&e).next("all flags: aq --help"))?;
    let mut cx = Context::new(globals(&matches)?);
    say(&mut cx)?;
    cx.out.finish()?;
    Ok(Exit::Done)
}

fn globals(matches: &clap::ArgMatches) -> Result<Globals, CliError> {
    Globals::from_arg_matches(matches).map_err(|e| refused(&e))
}

fn one_verb(verb: &Verb, words: Vec<OsString>) -> Answer {
    if let Some(error) = verb.not_in_this_version() {
        return Err(error);
    }
    let Way::Here { run, .. } = verb.way else { return Ok(Exit::Usage) };
    let matches = match whole(verb).try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp) => return show_help(&error),
        Err(error) => {
            let no = refused(&error);
            let command = verb.command();
            let below: Vec<&str> = command.get_subcommands().map(|below| below.get_name()).collect();
            let no = match error.kind() == ErrorKind::InvalidSubcommand {
                true => no.why(format!("aq {} has: {}", verb.name, below.join(", "))),
                false => no,
            };
            return Err(no.next(format!("its flags: aq help {}", verb.name)));
        }
    };
    let mut cx = Context::new(globals(&matches)?);
    let Some((_, own)) = matches.subcommand() else { return Ok(Exit::Usage) };
    debug!(verb = verb.name, version = env!("CARGO_PKG_VERSION"), "begins");
    let answer = run(own, &mut cx);
    match &answer {
        Ok(exit) => debug!(verb = verb.name, exit = exit.number(), "ends"),
        Err(error) => debug!(verb = verb.name, exit = error.exit.number(), code = error.code(), "ends"),
    }
    // What was done before an error is still given out.
    let finished = cx.out.finish();
    answer.and_then(|exit| finished.map(|()| exit))
}

fn show_help(shown: &clap::Error) -> Answer {
    let written = std::io::Write::write_all(&mut std::io::stdout(), shown.to_string().as_bytes());
    written.map_err(|e| CliError::output(&e))?;
    Ok(Exit::Done)
}
