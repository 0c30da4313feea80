//! `aq help`: the short help, a verb's own, a topic's; and what `aq` alone shows.

use clap::Args as ClapArgs;

use super::argv::whole;
use super::frame::{Answer, CliError, Context, Exit, Role, nearest_word};
use super::summary;
use super::topics::{TOPICS, topic};
use super::verbs::{GROUPS, VERBS, find_verb};

/// Help is not wider than this, however wide the terminal is: long lines are hard to read.
const WIDEST: usize = 100;

/// Help about the whole, a verb or a topic
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// A verb or a topic
    #[arg(value_name = "VERB|TOPIC")]
    what: Option<String>,
}

/// The width help is set in.
pub(super) fn width() -> usize {
    super::frame::terminal_width().min(WIDEST)
}

/// Shows the help that is asked for.
///
/// # Errors
/// Exit 2 if there is neither a verb nor a topic of that name.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let Some(what) = &args.what else {
        overview(cx, true)?;
        return Ok(Exit::Done);
    };
    // A verb's own name comes before the beginning of a topic's; a topic of that very name follows it.
    let is_verb = VERBS.iter().any(|verb| verb.name == what);
    let text = topic(what);
    if let Some(text) = text.as_ref().filter(|_| !is_verb) {
        cx.out.painted(text.trim_end())?;
        return Ok(Exit::Done);
    }
    let verb = find_verb(what).map_err(|error| unknown(what, error))?;
    if let Some(error) = verb.not_in_this_version() {
        return Err(error);
    }
    let mut command = whole(verb);
    // Building gives the verb its full name and the flags of every verb.
    command.build();
    if let Some(own) = command.find_subcommand_mut(verb.name) {
        let help = own.render_help().to_string();
        cx.out.painted(help.trim_end())?;
    }
    if let Some(text) = text.filter(|_| TOPICS.iter().any(|topic| topic.name == verb.name)) {
        cx.out.painted("")?;
        cx.out.painted(text.trim_end())?;
    }
    Ok(Exit::Done)
}

fn unknown(what: &str, error: CliError) -> CliError {
    if error.what.starts_with("no verb") {
        let names = VERBS.iter().filter(|v| v.is_here()).map(|v| v.name).chain(TOPICS.iter().map(|t| t.name));
        let said = CliError::usage(format!("no help about {what}"));
        return match nearest_word(what, names) {
            Some(near) => said.why(format!("did you mean: aq help {near}")),
            None => said,
        }
        .next("verbs and topics: aq help");
    }
    error
}

/// The verbs by group, two examples first; with the flags of every verb and the topics if `long`.
///
/// # Errors
/// If the output cannot be written.
pub(super) fn overview(cx: &mut Context, long: bool) -> Result<(), CliError> {
    cx.out.painted("aq: a folder of markdown files becomes a factory of coding agents\n")?;
    cx.out.painted("  aq explain fix-login      why this job does not run, and what would start it")?;
    cx.out.painted("  aq ls needs:me --json     what waits for you, for a program\n")?;
    for (group, heading) in GROUPS {
        let verbs: Vec<_> = VERBS.iter().filter(|verb| verb.group == group && verb.is_here()).collect();
        if verbs.is_empty() {
            continue;
        }
        let heading = cx.out.paint(Role::Head, heading);
        cx.out.painted(&format!("{heading}:"))?;
        for verb in verbs {
            cx.out.painted(&format!("  {:<12} {}", verb.name, verb.does))?;
        }
    }
    if long {
        overview_flags(cx)?;
    }
    cx.out.painted("\nNames and verbs may be shortened. A verb's flags: aq help VERB")
}

fn overview_flags(cx: &mut Context) -> Result<(), CliError> {
    let heading = cx.out.paint(Role::Head, "Flags of every verb:");
    cx.out.painted(&heading)?;
    for arg in super::argv::root().get_arguments() {
        let long = arg.get_long().map(|long| format!("--{long}")).unwrap_or_default();
        let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
        let value = arg.get_value_names().filter(|_| arg.get_action().takes_values());
        let value = value.and_then(|names| names.first()).map(|name| format!(" {name}")).unwrap_or_default();
        let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
        cx.out.painted(&format!("  {:<20} {about}", format!("{short}{long}{value}")))?;
    }
    let heading = cx.out.paint(Role::Head, "Topics:");
    cx.out.painted(&heading)?;
    for topic in TOPICS {
        cx.out.painted(&format!("  aq help {:<12} {}", topic.name, topic.does))?;
    }
    Ok(())
}

/// `aq` alone: the short help and the state of this queue.
///
/// # Errors
/// If the queue cannot be read; having none is no error here.
pub(super) fn alone(cx: &mut Context) -> Result<(), CliError> {
    if cx.out.is_json() {
        return summary::show(cx);
    }
    overview(cx, false)?;
    cx.out.painted("")?;
    summary::show(cx)
}
