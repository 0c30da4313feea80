//! The table of dialects: how a line is read and how an exit code is judged.

use super::super::event::EngineEvent;
use super::{shell, text};
use crate::job::Outcome;

/// What one line of output turned out to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Text for people. Legal in every dialect.
    Text,
    /// It looked like an event and is none that this version knows: counted, never an error. The text says
    /// what is not known about it.
    Unknown(String),
    /// What it said.
    Events(Vec<EngineEvent>),
}

/// One output dialect.
pub struct Dialect {
    /// Its name in plans and in `aq.toml`.
    pub name: &'static str,
    /// What it is, for people.
    pub meaning: &'static str,
    /// Reads one line, without its newline.
    pub hear: fn(&[u8]) -> Heard,
    /// The class of an exit code, where nothing stronger decides.
    pub exit_class: fn(i32) -> Outcome,
}

/// Every dialect this program reads.
pub const DIALECTS: [Dialect; 2] = [
    Dialect {
        name: "shell",
        meaning: "a script: text, `::aq {json}` events, and exit codes 0, 64, 69, 75, 77",
        hear: shell::hear,
        exit_class: shell::exit_class,
    },
    Dialect {
        name: "text",
        meaning: "text only: judged by exit code, 0 or not",
        hear: text::hear,
        exit_class: text::exit_class,
    },
];

/// The dialect of that name.
pub fn dialect(name: &str) -> Option<&'static Dialect> {
    DIALECTS.iter().find(|row| row.name == name)
}
