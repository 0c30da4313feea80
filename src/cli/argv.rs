//! From words on the command line to a verb and its arguments; clap's noes in our own words.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Args as _, Command};

use super::frame::{CliError, Globals};
use super::verbs::Verb;

/// What the words ask for before any verb is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// `aq` alone.
    Nothing,
    /// `aq -h`, `aq --help` (long).
    Help(bool),
    /// `aq --version`.
    Version,
    /// A verb, at this place of the words.
    Verb(usize),
}

/// The command `aq` with its flags, without verbs.
pub fn root() -> Command {
    let version = Arg::new("version").long("version").action(ArgAction::SetTrue).help("The version");
    Globals::augment_args(Command::new("aq"))
        .about("A folder of markdown files becomes a factory of coding agents")
        .long_about(None)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .arg(version)
        .term_width(super::help::width())
}

/// `aq` with one verb.
pub fn whole(verb: &Verb) -> Command {
    root().subcommand(verb.command())
}

/// Finds the verb: the first word that is neither a flag nor the value of one.
pub fn asked(words: &[OsString]) -> Asked {
    let root = root();
    let takes_value = |name: &str| {
        let found = root.get_arguments().find(|arg| arg.get_long() == Some(name));
        found.is_some_and(|arg| arg.get_action().takes_values())
    };
    let (mut at, mut seen) = (1, Asked::Nothing);
    while let Some(word) = words.get(at) {
        let text = word.to_string_lossy();
        match text.strip_prefix("--") {
            Some("") => return if at + 1 < words.len() { Asked::Verb(at + 1) } else { seen },
            Some("help") => seen = Asked::Help(true),
            Some("version") => seen = Asked::Version,
            Some(flag) if takes_value(flag) => at += 1,
            Some(_) => {}
            None if text == "-h" => seen = Asked::Help(false),
            None if text.starts_with('-') && text.len() > 1 => {}
            None => return Asked::Verb(at),
        }
        at += 1;
    }
    seen
}

/// A filter term such as `-tag:parked` begins like a flag; no flag has a colon or a comparison in it.
pub fn spare_terms(words: &mut [OsString]) {
    for word in words.iter_mut().take_while(|word| *word != "--") {
        let Some(term) = word.to_str().and_then(|text| text.strip_prefix('-')) else { continue };
        let name = term.find([':', '<', '>']).map(|end| &term[..end]);
        if name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase())) {
            *word = OsString::from(format!("!{term}"));
        }
    }
}

/// The words as clap shall see them: the verb written out, directly behind `aq`.
pub fn arranged(mut words: Vec<OsString>, at: usize, verb: &Verb) -> Vec<OsString> {
    words.remove(at);
    if at > 1 && words.get(at - 1).is_some_and(|word| word == OsStr::new("--")) {
        words.remove(at - 1);
    }
    words.insert(1, OsString::from(verb.name));
    spare_terms(&mut words[2..]);
    words
}

/// What clap refuses, in the words of `cli.md` section 7.
pub fn refused(error: &clap::Error) -> CliError {
    let text = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(list)) => list.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let (arg, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    let near = [ContextKind::SuggestedArg, ContextKind::SuggestedValue, ContextKind::SuggestedSubcommand];
    let near = near.into_iter().map(text).find(|text| !text.is_empty());
    let said = match error.kind() {
        ErrorKind::UnknownArgument if arg.starts_with('-') => CliError::usage(format!("no flag {arg}")),
        ErrorKind::UnknownArgument => CliError::usage(format!("{arg} is one word too many")),
        ErrorKind::InvalidSubcommand => {
            CliError::usage(format!("no such verb: {}", text(ContextKind::InvalidSubcommand)))
        }
        ErrorKind::InvalidValue if value.is_empty() => CliError::usage(format!("{arg} needs a value")),
        ErrorKind::InvalidValue => CliError::usage(format!("{value} is no value of {arg}"))
            .why(format!("it is one of: {}", text(ContextKind::ValidValue))),
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(why_no_value).unwrap_or_default();
            CliError::usage(format!("{value:?} is no value of {arg}")).why(why)
        }
        ErrorKind::MissingRequiredArgument => CliError::usage(format!("missing: {arg}")),
        ErrorKind::ArgumentConflict => {
            CliError::usage(format!("{arg} and {} exclude each other", text(ContextKind::PriorArg)))
        }
        _ => {
            let shown = error.to_string();
            let first = shown.lines().next().unwrap_or_default();
            CliError::usage(first.trim_start_matches("error: ").to_string())
        }
    };
    match near {
        Some(near) => said.why(format!("did you mean: {near}")),
        None => said,
    }
}

/// Why a text is no value of a flag. Parsers of the standard library and of clap speak of digits and ranges.
fn why_no_value(error: &(dyn std::error::Error + 'static)) -> String {
    if error.is::<std::num::ParseIntError>() {
        return "it is a whole number".to_string();
    }
    let text = error.to_string();
    match text.split_once(" is not in ").and_then(|(_, range)| range.split_once("..=")) {
        Some((least, most)) => format!("it is a whole number from {least} to {most}"),
        None => text.replace("invalid digit found in string", "it is a whole number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::verbs::find_verb;

    fn words(text: &str) -> Vec<OsString> {
        std::iter::once("aq").chain(text.split_whitespace()).map(OsString::from).collect()
    }

    #[test]
    fn the_verb_is_found_behind_flags() {
        let check = |text: &str, expected: Asked| assert_eq!(asked(&words(text)), expected, "{text}");
        check("", Asked::Nothing);
        check("-q", Asked::Nothing);
        check("-h", Asked::Help(false));
        check("--help", Asked::Help(true));
        check("--version", Asked::Version);
        check("ls", Asked::Verb(1));
        check("--queue ls ls", Asked::Verb(3));
        check("--queue=q --json ls --help", Asked::Verb(3));
        check("-- ls", Asked::Verb(2));
    }

    #[test]
    fn negated_terms_are_not_flags() {
        let check = |text: &str, expected: &str| {
            let ls = find_verb("ls").expect("a verb");
            let Asked::Verb(at) = asked(&words(text)) else { panic!("no verb in {text}") };
            let got: Vec<String> =
                arranged(words(text), at, ls).iter().map(|w| w.to_string_lossy().into()).collect();
            assert_eq!(got.join(" "), expected);
        };
        check("--plain l -tag:parked -q", "aq ls --plain !tag:parked -q");
        check("l -age>2h -x", "aq ls !age>2h -x");
        check("l -- -tag:parked", "aq ls -- -tag:parked");
    }
}
