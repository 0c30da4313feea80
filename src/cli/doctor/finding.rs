//! One thing that was looked at.

use serde::Serialize;

/// How a thing was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be.
    Fine,
    /// Worth knowing; nothing is broken.
    Note,
    /// To be mended.
    Bad,
}

/// What was looked at, how it is, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// The thing.
    pub check: &'static str,
    /// How it is.
    pub health: Health,
    /// In words.
    pub says: String,
    /// How to mend it; empty where there is nothing to mend.
    pub mend: String,
}

impl Finding {
    /// As it should be.
    pub fn fine(check: &'static str, says: impl Into<String>) -> Finding {
        Finding { check, health: Health::Fine, says: says.into(), mend: String::new() }
    }

    /// Worth knowing.
    pub fn note(check: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Finding {
        Finding { check, health: Health::Note, says: says.into(), mend: mend.into() }
    }

    /// To be mended.
    pub fn bad(check: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Finding {
        Finding { check, health: Health::Bad, says: says.into(), mend: mend.into() }
    }
}
