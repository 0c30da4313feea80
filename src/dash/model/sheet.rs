//! The question before something is lost or decided: what is lost, kept, who waits, how to come back.

use ratatui_textarea::TextArea;

use super::drawn::Window;
use super::fleet::AgentDeed;
use super::gist::GistOf;
use crate::fleet::{Action, Command, Level};
use crate::job::{Epoch, JobId, Rev, Stage};
use crate::time::Span;

/// A sheet takes no key for so long after it came up: a repeated key must not answer it.
pub const GUARD: Span = Span::from_millis(150);

/// One sheet.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its question: `Cancel fix-login-7k2m?`.
    pub head: String,
    /// Under it: the job in a line.
    pub about: String,
    /// Label and text.
    pub rows: Vec<(String, String)>,
    /// Its line of the command line.
    pub runs: String,
    /// What can be answered, beside `n` and Enter, which keep things as they are.
    pub answers: Vec<Answer>,
    /// What keeping things as they are is called: `keep it`.
    pub keep: &'static str,
    /// Words that are asked for.
    pub words: Option<Words>,
    /// How much it can cost: `LosesMuch` wants its words typed.
    pub level: Level,
    /// Lines of it that are rolled out of sight above.
    pub top: usize,
    /// How much of it was in sight.
    pub sight: Sight,
    /// Changes whose size is being read, each with the row that waits for it.
    pub sizes: Vec<(JobId, GistOf, usize)>,
    /// When it came up.
    pub opened: Span,
}

impl Sheet {
    /// One that asks nothing yet, with what most of them have in common: no words, and a yes that decides.
    pub fn new(opened: Span) -> Sheet {
        Sheet {
            head: String::new(),
            about: String::new(),
            rows: Vec::new(),
            runs: String::new(),
            answers: Vec::new(),
            keep: "keep it",
            words: None,
            level: Level::Decides,
            top: 0,
            sight: Sight::default(),
            sizes: Vec::new(),
            opened,
        }
    }

    /// Something of it is another text now: what was read of it before does not count.
    pub fn changed(&mut self) {
        self.sight = Sight::default();
    }
}

/// How far the lines of a sheet have been in sight, from the first on. Nobody says yes to what was not on the screen:
/// on a terminal too low for it they are rolled through, or it is made larger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sight {
    lines: usize,
    upto: usize,
}

impl Sight {
    /// All of it, however it was told.
    pub const WHOLE: Sight = Sight { lines: 1, upto: 1 };

    /// The same after a frame that showed this part of so many lines. Set anew for another width it is another text.
    pub fn after(self, window: Window, lines: usize) -> Sight {
        let upto = if self.lines == lines { self.upto } else { 0 };
        let upto = if window.top <= upto { upto.max(window.top + window.height) } else { upto };
        Sight { lines, upto: upto.min(lines) }
    }

    /// Whether nothing of it is left to be read.
    pub fn is_whole(self) -> bool {
        self.lines > 0 && self.upto >= self.lines
    }
}

/// One answer of a sheet.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// Its letter.
    pub key: char,
    /// What it does, in a few words.
    pub label: String,
    /// What it does.
    pub plan: Plan,
}

/// Words that a sheet asks for.
#[derive(Clone, Debug)]
pub struct Words {
    /// What they are for: `your answer`.
    pub label: &'static str,
    /// The text with its cursor.
    pub text: TextArea<'static>,
    /// They are still being written; then letters are letters.
    pub writing: bool,
    /// What must be typed: the number of what nobody looked at.
    pub must: Option<String>,
}

impl Words {
    /// An empty field.
    pub fn new(label: &'static str) -> Words {
        Words { label, text: TextArea::default(), writing: true, must: None }
    }

    /// A field for a number, without which there is no yes.
    pub fn number(label: &'static str, number: usize) -> Words {
        Words { must: Some(number.to_string()), ..Words::new(label) }
    }

    /// Why what is written is not enough, if that is so.
    pub fn lacks(&self) -> Option<String> {
        let must = self.must.as_ref().filter(|must| self.said() != **must)?;
        Some(format!("type {must} to go on"))
    }

    /// What was written, without blank ends.
    pub fn said(&self) -> String {
        self.text.lines().join("\n").trim().to_string()
    }
}

/// What is asked of the queue once a person has said yes. Decided on what was seen: each target carries the
/// stage and epoch it had then.
#[derive(Clone, PartialEq, Debug)]
pub enum Plan {
    /// Orders for the law.
    Orders(Action, Vec<Deed>),
    /// The words of the sheet go with the orders as their note.
    Noted(Action, Vec<Deed>),
    /// The words of the sheet are the answer to a job's question.
    Answer(Target),
    /// Ships jobs, each at the revision that was looked at, one after the other.
    Ship(Vec<(Target, Option<Rev>)>),
    /// An order about the whole queue; what it was once it is done; whether it can be undone.
    Queue(Box<Command>, String, bool),
    /// Puts worktrees at risk into commits.
    Rescue(Vec<JobId>),
    /// Starts or ends agents of this host.
    Agents(AgentDeed),
    /// Gives up worktrees with what stands in no commit.
    LetGo(Vec<JobId>),
    /// Puts a manifest that lies rejected back into inbox.
    Readmit(String),
    /// Asks for another ceiling of the queue instead.
    Ceiling,
    /// Looks at a tab of the job's page instead.
    Look(JobId, super::place::Tab),
}

/// A job as it stood when it was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// The job.
    pub job: JobId,
    /// Where it stood.
    pub from: (Stage, Epoch),
}

/// One order for the law.
#[derive(Clone, PartialEq, Debug)]
pub struct Deed {
    /// Its target.
    pub target: Target,
    /// What is asked.
    pub command: Command,
}
