//! The question before something is lost or decided: what is lost, kept, who waits, how to come back.

use ratatui_textarea::TextArea;

use super::fleet::AgentDeed;
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
    /// When it came up.
    pub opened: Span,
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
}

impl Words {
    /// An empty field.
    pub fn new(label: &'static str) -> Words {
        Words { label, text: TextArea::default(), writing: true }
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
