//! The table of dialects: who reads a run's lines, and what an exit code says where nothing stronger does.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::event::EngineEvent;
use super::super::transcript::Source;
use super::{aider, claude, codex, copilot, cursor, devin, gemini, opencode, rollout, shell, text};
use crate::job::{Outcome, Tokens};
use crate::time::Stamp;

/// What one line of output turned out to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Text for people. Legal in every dialect.
    Text,
    /// It looked like an event and is none that this version knows: counted, never an error. The text says
    /// what is not known about it.
    Unknown(String),
    /// What it said; an event of the engine that means nothing to us is an empty list.
    Events(Vec<EngineEvent>),
}

/// One line of a run, without its newline.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The line.
    pub bytes: &'a [u8],
    /// Which stream it came by.
    pub source: Source,
    /// When it was seen (wall clock): vendors write reset times without a day.
    pub at: Stamp,
}

/// Reads the lines of one run, in order. Kept for the run, because totals become deltas and a result only
/// has the id of its call.
pub trait Hearing: Send {
    /// Reads the next line.
    fn hear(&mut self, said: Said<'_>) -> Heard;

    /// What follows from the end of the output; some engines have no last event.
    fn close(&mut self) -> Vec<EngineEvent> {
        Vec::new()
    }
}

/// What a reader must know that the lines do not say; it rides in the run's plan.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunFacts {
    /// The model asked for, until the engine names one itself.
    pub model: Option<String>,
    /// The account that pays, as the settings name it.
    pub account: Option<String>,
    /// Time zone of the engine's clock, `Europe/Berlin`; the machine's where none is told.
    pub zone: Option<String>,
    /// Characters of the prompt, for estimates.
    pub prompt_chars: u64,
    /// The session that is taken up again.
    pub resumed: Option<Resumed>,
}

/// A session taken up again.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Resumed {
    /// Its id.
    pub session: String,
    /// What it had used up before, for engines that count on; `None`: nobody knows.
    pub before: Option<Tokens>,
}

/// Finds a file by the environment of a run and the id of its session.
type FindFile = fn(&[(String, String)], &str) -> Option<PathBuf>;

/// A file that an engine writes beside its output and that tells more of it, or sooner.
pub struct Beside {
    /// Finds the file.
    pub file: FindFile,
    /// Whether a line of it is heard and kept: the rest is the conversation.
    pub wanted: fn(&[u8]) -> bool,
}

/// One output dialect.
pub struct Dialect {
    /// Its name in plans and in `aq.toml`.
    pub name: &'static str,
    /// What it is, for people.
    pub meaning: &'static str,
    /// Begins to read a run.
    pub open: fn(&RunFacts) -> Box<dyn Hearing>,
    /// The class of an exit code that the program documents. It goes before any text, after any event.
    pub exit_class: fn(i32) -> Option<Outcome>,
    /// The class of an exit that nothing else explains.
    pub bare_exit: fn(i32) -> Outcome,
    /// What is read beside the output; its lines come as [`Source::Record`].
    pub beside: Option<Beside>,
}

/// Every dialect this program reads.
pub const DIALECTS: [Dialect; 10] = [
    Dialect {
        name: "shell",
        meaning: "a script: text, `::aq {json}` events, and exit codes 0, 64, 69, 75, 77",
        open: |_| Box::new(shell::Shell),
        exit_class: shell::exit_class,
        bare_exit: succeeds_or_fails,
        beside: None,
    },
    Dialect {
        name: "text",
        meaning: "text only: judged by exit code, 0 or not",
        open: |_| Box::new(text::Text),
        exit_class: |_| None,
        bare_exit: succeeds_or_fails,
        beside: None,
    },
    Dialect {
        name: "claude",
        meaning: "`--output-format stream-json` of Claude Code",
        open: |facts| Box::new(claude::Claude::new(facts)),
        exit_class: |_| None,
        bare_exit: needs_a_verdict,
        beside: None,
    },
    Dialect {
        name: "codex",
        meaning: "`exec --json` of Codex",
        open: |facts| Box::new(codex::Codex::new(facts)),
        exit_class: codex::exit_class,
        bare_exit: needs_a_verdict,
        beside: Some(Beside { file: rollout::file, wanted: rollout::counts }),
    },
    Dialect {
        name: "devin",
        meaning: "text only: exit code 0 is a claim, every other end is unknown",
        open: |_| Box::new(text::Text),
        exit_class: |_| None,
        bare_exit: devin::bare_exit,
        beside: None,
    },
    Dialect {
        name: "gemini",
        meaning: "`-o stream-json` of Gemini CLI, and its exit codes 41, 42, 44, 52, 53",
        open: |facts| Box::new(gemini::Gemini::new(facts)),
        exit_class: gemini::exit_class,
        bare_exit: fails_or_needs_a_verdict,
        beside: None,
    },
    Dialect {
        name: "opencode",
        meaning: "`run --format json` of opencode; the end of the output is its last word",
        open: |facts| Box::new(opencode::OpenCode::new(facts)),
        exit_class: |_| None,
        bare_exit: needs_a_verdict,
        beside: None,
    },
    Dialect {
        name: "copilot",
        meaning: "`--output-format json` of Copilot CLI, in both of its schemas",
        open: |facts| Box::new(copilot::Copilot::new(facts)),
        exit_class: |_| None,
        bare_exit: fails_or_needs_a_verdict,
        beside: None,
    },
    Dialect {
        name: "cursor",
        meaning: "`--output-format stream-json` of cursor-agent; its failures are text",
        open: |facts| Box::new(cursor::Cursor::new(facts)),
        exit_class: |_| None,
        bare_exit: fails_or_needs_a_verdict,
        beside: None,
    },
    Dialect {
        name: "aider",
        meaning: "text: lines of errors, of tokens and of edits; exit code 0 says little",
        open: |facts| Box::new(aider::Aider::new(facts)),
        exit_class: |_| None,
        bare_exit: succeeds_or_fails,
        beside: None,
    },
];

/// Zero or not; other codes mean whatever the program's author meant.
fn succeeds_or_fails(code: i32) -> Outcome {
    if code == 0 { Outcome::Ok } else { Outcome::TaskFailed }
}

/// The program always says how it ended; one that has not was cut off.
fn needs_a_verdict(_: i32) -> Outcome {
    Outcome::Crash
}

/// As [`needs_a_verdict`], but failures are told by the exit code alone.
fn fails_or_needs_a_verdict(code: i32) -> Outcome {
    if code == 0 { Outcome::Crash } else { Outcome::TaskFailed }
}

/// The dialect of that name.
pub fn dialect(name: &str) -> Option<&'static Dialect> {
    DIALECTS.iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::DIALECT_NAMES;

    #[test]
    fn settings_may_name_every_dialect_and_no_other() {
        assert!(DIALECT_NAMES.iter().all(|row| dialect(row.1).is_some()));
        assert!(DIALECTS.iter().all(|row| DIALECT_NAMES.iter().any(|name| name.1 == row.name)));
    }
}
