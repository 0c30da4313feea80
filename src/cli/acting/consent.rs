//! Asking before loss: what is shown, what is asked, and what must be said where nobody can be asked.

use std::io::{IsTerminal as _, Write as _};

use super::flags::Changing;
use crate::cli::frame::{CliError, Context};
use crate::engine::show_controls;
use crate::fleet::Level;

/// What a person must know before saying yes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sheet {
    /// The question without its mark: `cancel fix-login-7k2m`.
    pub head: String,
    /// Label and text: lost, kept, waits, back.
    pub rows: Vec<(&'static str, String)>,
    /// For what loses much: the words that count as a yes, the number first.
    pub words: Vec<String>,
}

impl Sheet {
    /// The rows, with the labels as wide as the widest.
    fn lines(&self) -> Vec<String> {
        let width = self.rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
        self.rows.iter().map(|(label, text)| format!("{label:<width$}  {text}")).collect()
    }
}

/// The word about a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Consent {
    /// Go on.
    Given,
    /// Nothing was done, by the person's own word.
    Withheld,
    /// Only shown, `--dry-run`.
    Shown,
}

/// Gets the yes that `level` needs; `answered` says that the flags given are the yes already.
///
/// # Errors
/// Exit 2 where nobody can be asked and the flag that stands for a yes is missing.
pub fn consent(
    cx: &mut Context,
    flags: &Changing,
    level: Level,
    answered: bool,
    sheet: &Sheet,
) -> Result<Consent, CliError> {
    if flags.dry_run {
        cx.out.talk(&format!("would {}", sheet.head));
        sheet.lines().iter().for_each(|line| cx.out.talk(&format!("  {line}")));
        return Ok(Consent::Shown);
    }
    let enough = match level {
        Level::Reversible => true,
        Level::Decides => answered || flags.yes || flags.confirm.is_some(),
        Level::LosesMuch => match &flags.confirm {
            Some(word) if sheet.words.iter().any(|w| w == word) => true,
            Some(word) => return Err(wrong_word(sheet, word)),
            None => false,
        },
    };
    if enough {
        return Ok(Consent::Given);
    }
    if !can_ask(cx) {
        return Err(unasked(level, sheet));
    }
    let said = ask(level, sheet)?;
    let yes = match level {
        Level::LosesMuch => sheet.words.contains(&said),
        _ => matches!(said.to_ascii_lowercase().as_str(), "y" | "yes"),
    };
    if !yes {
        cx.out.talk("nothing was done");
    }
    Ok(if yes { Consent::Given } else { Consent::Withheld })
}

/// Whether there is somebody to ask: a terminal on both sides, and nothing that forbids it.
pub fn can_ask(cx: &Context) -> bool {
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    terminal && !cx.globals.no_input && !cx.out.is_json()
}

/// Asks a question that loses nothing either way. Only where [`can_ask`] says so.
///
/// # Errors
/// A fault if the terminal cannot be read.
pub fn yes_or_no(question: &str) -> Result<bool, CliError> {
    let terminal = |e: std::io::Error| CliError::io("ask at", std::path::Path::new("the terminal"), &e);
    let mut err = std::io::stderr().lock();
    err.write_all(format!("{question} [Y/n] ").as_bytes()).and_then(|()| err.flush()).map_err(terminal)?;
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line).map_err(terminal)?;
    Ok(read > 0 && !matches!(line.trim().to_ascii_lowercase().as_str(), "n" | "no"))
}

fn unasked(level: Level, sheet: &Sheet) -> CliError {
    let error = CliError::usage(format!("nobody can be asked whether to {}", sheet.head));
    let error = sheet.lines().into_iter().fold(error, CliError::why);
    match (level, sheet.words.first()) {
        (Level::LosesMuch, Some(word)) => error.next(format!("to do it, add: --confirm={word}")),
        _ => error.next("to do it, add: --yes"),
    }
}

fn wrong_word(sheet: &Sheet, word: &str) -> CliError {
    let error = CliError::usage(format!("--confirm={word} is not what it takes to {}", sheet.head));
    let error = sheet.lines().into_iter().fold(error, CliError::why);
    error.next(format!("to do it, say: --confirm={}", sheet.words.join(" or --confirm=")))
}

/// Shows the sheet and reads one line.
fn ask(level: Level, sheet: &Sheet) -> Result<String, CliError> {
    let terminal = |e: std::io::Error| CliError::io("ask at", std::path::Path::new("the terminal"), &e);
    let mut text = format!("{}?\n", sheet.head);
    for line in sheet.lines() {
        text.push_str(&format!("  {line}\n"));
    }
    // Titles and names in it were written by others: they hide nothing from whoever decides.
    let mut text: String =
        text.split_terminator('\n').map(|line| show_controls(line).into_owned() + "\n").collect();
    match level {
        Level::LosesMuch => {
            text.push_str(&format!("to go on, type {}: ", sheet.words.join(" or ")));
        }
        _ => text.push_str("do it? [y/N] "),
    }
    let mut err = std::io::stderr().lock();
    err.write_all(text.as_bytes()).and_then(|()| err.flush()).map_err(terminal)?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(terminal)?;
    Ok(line.trim().to_string())
}
