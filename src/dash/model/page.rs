//! A job's page: its tabs and what was read for them.

use std::collections::HashMap;
use std::sync::Arc;

use super::diff::DiffPane;
use super::explained::Explained;
use super::part::Parts;
use super::place::Tab;
use super::runs::RunsPane;
use crate::engine::RunKind;
use crate::fleet::{Event, What};
use crate::job::{AttemptNo, BlobId, JobId, Seq};
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
    /// What was asked, answered and said with a no, by the blob it stands in; empty until it is read.
    pub texts: HashMap<BlobId, String>,
    /// The manifest as it was written.
    pub manifest: Loaded<String>,
    /// Which manifest that is: another one is written, or another moment is looked at.
    pub manifest_of: Option<BlobId>,
    /// What it changed.
    pub diff: DiffPane,
    /// Its attempts.
    pub runs: RunsPane,
    /// Why it stands where it stands.
    pub explain: ExplainPane,
    /// Files kept of its runs.
    pub files: FilesPane,
    /// The transcript of an attempt.
    pub log: LogPane,
    /// The panes of its summary.
    pub parts: Parts,
    /// Its worktree was looked at since the page was opened.
    pub looked: bool,
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
            texts: HashMap::new(),
            manifest: Loaded::Unasked,
            manifest_of: None,
            diff: DiffPane::default(),
            runs: RunsPane::default(),
            explain: ExplainPane::default(),
            files: FilesPane::default(),
            log: LogPane::default(),
            parts: Parts::default(),
            looked: false,
            tops: [0; 8],
        }
    }

    /// What is searched for in its text.
    pub fn search(&self) -> &str {
        match self.tab {
            Tab::Diff => &self.diff.search,
            _ => &self.log.search,
        }
    }

    /// The first line shown on this tab.
    pub fn top(&self) -> usize {
        self.tops[self.tab as usize]
    }
}

/// The blob of the words that come with an event: a question, an answer, a reviewing engine's verdict.
pub fn words_of(what: &What) -> Option<&BlobId> {
    match what {
        What::Asked { question, .. } => Some(question),
        What::Answered { answer, .. } => Some(answer),
        What::Rejected { words, .. } => words.as_ref(),
        What::VerdictGiven { verdict, .. } => Some(&verdict.words),
        _ => None,
    }
}

/// Why a job stands where it stands.
#[derive(Clone, Debug, Default)]
pub struct ExplainPane {
    /// The moment that is asked about; `None` is now.
    pub at: Option<Stamp>,
    /// What was asked for last: the moment, and for now the event up to which the queue was known.
    pub of: Option<(Option<Stamp>, Seq)>,
    /// A question is out.
    pub out: bool,
    /// The last answer.
    pub got: Loaded<Arc<Explained>>,
}

/// Files kept of a job's runs.
#[derive(Clone, Debug, Default)]
pub struct FilesPane {
    /// Names with their sizes in bytes.
    pub got: Loaded<Vec<(String, u64)>>,
    /// The one under the cursor.
    pub at: usize,
}

/// The tail of a transcript.
#[derive(Clone, Debug, Default)]
pub struct LogPane {
    /// The attempt a person chose; `None` is the newest, whichever that is.
    pub chosen: Option<AttemptNo>,
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
    /// The line among those shown that a search went to last.
    pub hit: Option<usize>,
    /// Long lines go on below.
    pub wrap: bool,
    /// Without the time of each line.
    pub bare: bool,
    /// Only what a program wrote as errors, and what aq says.
    pub only_loud: bool,
    /// Only what had been said by this moment of the past.
    pub until: Option<Stamp>,
    /// Which lines are shown; `None` is all.
    picked: Option<Vec<usize>>,
}

impl LogPane {
    /// How many lines are shown.
    pub fn count(&self) -> usize {
        match &self.picked {
            Some(picked) => picked.len(),
            None => self.lines.here().map_or(0, Vec::len),
        }
    }

    /// A line of those that are shown.
    pub fn line(&self, nth: usize) -> Option<&LogLine> {
        let at = match &self.picked {
            Some(picked) => *picked.get(nth)?,
            None => nth,
        };
        self.lines.here()?.get(at)
    }

    /// The lines among those shown that hold what is searched for, in their order.
    pub fn matches(&self) -> Vec<usize> {
        if self.search.is_empty() {
            return Vec::new();
        }
        let wanted = self.search.to_lowercase();
        let has =
            |nth: &usize| self.line(*nth).is_some_and(|line| line.text.to_lowercase().contains(&wanted));
        (0..self.count()).filter(has).collect()
    }

    /// Picks anew what is shown, after lines or the choice of them have changed.
    pub fn pick(&mut self) {
        let loud = |line: &LogLine| !self.only_loud || line.voice != Voice::Out;
        let said = |line: &LogLine| self.until.is_none_or(|until| line.at <= until);
        let lines = self.lines.here().filter(|_| self.only_loud || self.until.is_some());
        let shown = |lines: &Vec<LogLine>| {
            (0..lines.len()).filter(|at| loud(&lines[*at]) && said(&lines[*at])).collect()
        };
        self.picked = lines.map(shown);
    }
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
    /// The person: here I was.
    Mark,
    /// What a run was to do and how it ended, over what it said; of several for that, which one from 1.
    Run(RunKind, usize),
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
