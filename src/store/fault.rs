//! The world failed: which operation, on what, and what the system said.

use std::path::Path;

use crate::job::plain_error;

/// What kind of failure it was, where the answer differs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// An operation of the file system failed.
    Disk,
    /// No room left.
    Full,
    /// What was read cannot be right.
    Corrupt,
    /// Written by a newer aq.
    Skew,
    /// Not a queue, or not one of this machine.
    Place,
    /// A settings file that cannot be used as it is.
    Settings,
    /// The process is going down.
    Gone,
}

/// A failure of the world, with operation, operand and source.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("cannot {doing} {on}: {why}")]
pub struct Fault {
    /// The operation, as a verb phrase.
    pub doing: String,
    /// The operand, usually a path.
    pub on: String,
    /// What the system said.
    pub why: String,
    /// What to do about it; may be empty.
    pub hint: String,
    /// Its kind.
    pub kind: FaultKind,
}

impl Fault {
    /// A failed file operation.
    pub fn io(doing: &str, on: &Path, source: &std::io::Error) -> Fault {
        let full = matches!(source.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT));
        let (kind, hint) = match full {
            true => (FaultKind::Full, "make room on the disk, then repeat; nothing was lost"),
            false => (FaultKind::Disk, ""),
        };
        Fault {
            doing: doing.to_string(),
            on: on.display().to_string(),
            why: plain_error(source),
            hint: hint.to_string(),
            kind,
        }
    }

    /// A failure in words.
    pub fn new(
        kind: FaultKind,
        doing: &str,
        on: &Path,
        why: impl Into<String>,
        hint: impl Into<String>,
    ) -> Fault {
        Fault {
            doing: doing.to_string(),
            on: on.display().to_string(),
            why: why.into(),
            hint: hint.into(),
            kind,
        }
    }

    /// The process that was asked has ended.
    pub fn gone(doing: &str) -> Fault {
        Fault::new(FaultKind::Gone, doing, Path::new("the queue"), "its owner has stopped", "try again")
    }
}
