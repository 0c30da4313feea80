//! A job's page: its tabs and what was read for them.

use super::place::Tab;
use crate::fleet::Event;
use crate::job::{AttemptNo, JobId, Seq};
use crate::time::Stamp;

/// Lines of a transcript kept in memory.
pub const LINES_MOST: usize = 20_000;
/// Bytes of a transcript kept in memory.
pub const BYTES_MOST: usize = 8 << 20;

/// Something that is read from the queue when it is needed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Loaded<T> {
    /// Nobody asked yet.
    #[default]
    Unasked,
    /// It is being read.
    Asked,
    /// Here it is.
    Here(T),
    /// It cannot be had; the pane says so, and nothing else suffers.
    Failed(String),
}

impl<T> Loaded<T> {
    /// What was read.
    pub fn here(&self) -> Option<&T> {
        match self {
            Loaded::Here(it) => Some(it),
            _ => None,
        }
    }
}

/// The page of one job.
#[derive(Clone, Debug)]
pub struct Page {
    /// The job.
    pub job: JobId,
    /// The tab that is shown.
    pub tab: Tab,
    /// Every event about it, oldest first.
    pub history: Loaded<Vec<(Seq, Event)>>,
    /// The manifest as it was written.
    pub manifest: Loaded<String>,
    /// The transcript of an attempt.
    pub log: LogPane,
    /// The first line shown of a text, per tab.
    pub tops: [usize; 8],
}

impl Page {
    /// A page on that tab, with nothing read.
    pub fn of(job: JobId, tab: Tab) -> Page {
        Page {
            job,
            tab,
            history: Loaded::Unasked,
            manifest: Loaded::Unasked,
            log: LogPane::default(),
            tops: [0; 8],
        }
    }

    /// What is searched for in its text.
    pub fn search(&self) -> &str {
        &self.log.search
    }

    /// The first line shown on this tab.
    pub fn top(&self) -> usize {
        self.tops[self.tab as usize]
    }
}

/// The tail of a transcript.
#[derive(Clone, Debug, Default)]
pub struct LogPane {
    /// Which attempt; `None` before any was asked for.
    pub attempt: Option<AttemptNo>,
    /// The lines, oldest first.
    pub lines: Loaded<Vec<LogLine>>,
    /// Lines that came before those kept.
    pub dropped: usize,
    /// The end stays in sight.
    pub follow: bool,
    /// What is searched for.
    pub search: String,
}

/// Who said a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Voice {
    /// The program's output.
    Out,
    /// Its error stream.
    Err,
    /// aq itself.
    Aq,
}

/// One line of a transcript.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// When it was seen.
    pub at: Stamp,
    /// Who said it.
    pub voice: Voice,
    /// What, with its colours.
    pub text: String,
}
