//! What is asked of the world, as data: tests read effects, the runtime does them.

use std::path::PathBuf;
use std::sync::Arc;

use super::model::{AgentDeed, Deed, DiffOf, GistOf, GraphSeen, Lists, Memo, Request, Seek, Sought, Target};
use super::survey::Wish;
use crate::fleet::{Action, Command};
use crate::insight::Recording;
use crate::job::{AttemptNo, BlobId, JobId, Rev};
use crate::time::Stamp;

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Orders for the law, as one action that one undo takes back.
    Act {
        /// Comes back with the answer.
        ticket: u64,
        /// What it is.
        action: Action,
        /// The orders.
        deeds: Vec<Deed>,
        /// The person's words.
        note: Option<String>,
    },
    /// Stores the words and gives them as the answer to a job's question.
    Answer {
        /// Comes back with the answer.
        ticket: u64,
        /// The job.
        target: Target,
        /// The words.
        text: String,
    },
    /// Ships a job at the revision that was looked at.
    Ship {
        /// Comes back with the answer.
        ticket: u64,
        /// The job.
        target: Target,
        /// The revision.
        rev: Option<Rev>,
    },
    /// Takes back the person's last action that can be taken back.
    Undo {
        /// Comes back with the answer.
        ticket: u64,
    },
    /// Does again what the person undid last.
    Redo {
        /// Comes back with the answer.
        ticket: u64,
    },
    /// An order about the whole queue.
    Order {
        /// Comes back with the answer.
        ticket: u64,
        /// What is asked of the law.
        command: Command,
        /// What it was once it is done, in the past: `paused local (drain)`.
        past: String,
        /// It can be undone.
        undo: bool,
    },
    /// Puts worktrees at risk into commits.
    Rescue {
        /// Comes back with the answer.
        ticket: u64,
        /// Their jobs.
        jobs: Vec<JobId>,
    },
    /// Gives up worktrees with everything in them that stands in no commit.
    LetGo {
        /// Comes back with the answer.
        ticket: u64,
        /// Their jobs.
        jobs: Vec<JobId>,
    },
    /// Starts or ends agents of this host.
    Agents {
        /// Comes back with the answer.
        ticket: u64,
        /// What.
        deed: AgentDeed,
    },
    /// Looks at something beside the log.
    Survey(Wish),
    /// Gives up what no screen shows any more. To give back the memory of a hundred thousand jobs takes longer
    /// than a frame.
    Forget(Old),
    /// Makes the lists beside the screen.
    Lists(Box<Request>),
    /// Looks for jobs by what is typed, beside the screen.
    Seek(Box<Seek>),
    /// Keeps something for the next start.
    Remember(Memo),
    /// Reads something.
    Read(Want),
    /// Follows the transcript of an attempt until another want of this kind, or `Unfollow`.
    Follow(JobId, AttemptNo),
    /// Follows no transcript any more.
    Unfollow,
    /// Puts a text on the clipboard; the word says what it is.
    Copy(&'static str, String),
    /// Opens a job's own file in the person's editor.
    Edit(JobId),
    /// Puts an edited text where the job's file is now.
    Rewrite {
        /// The job.
        job: JobId,
        /// Where the text stands until then.
        copy: PathBuf,
        /// What the file held when the person began.
        was: Vec<u8>,
        /// What it is to hold.
        text: Vec<u8>,
    },
    /// Opens a file of the job's worktree at a line.
    EditAt(JobId, String, u32),
    /// Opens a file that was kept of a job's runs.
    OpenKept(JobId, String),
    /// Opens a manifest that lies rejected, by its name.
    OpenRejected(String),
    /// Looks whether that manifest can be taken in by now.
    Weigh(String),
    /// Puts it back into inbox.
    Readmit(String),
    /// Writes a new job in the person's editor.
    New,
    /// Submits the text of a new job; the file it stands in is taken away once it is in the queue.
    Submit(PathBuf, String),
    /// Asks the terminal for the colour of its background; it replies when it likes, or never.
    AskBackground,
    /// Takes the mouse, or leaves it to the terminal.
    Mouse(bool),
    /// Tells the person something while they look elsewhere.
    Ping(String),
    /// The window's title.
    Title(String),
    /// Reads the queue again now.
    Reconnect,
    /// Draws everything anew.
    Redraw,
    /// Gives the terminal back to the shell until the person returns.
    Suspend,
}

/// What no screen shows any more.
#[derive(Clone, Debug)]
pub enum Old {
    /// Lists that others have replaced.
    Lists(Box<Lists>),
    /// What followed from the dependencies.
    Graph(Arc<GraphSeen>),
    /// Jobs that were found by what was typed.
    Sought(Box<Sought>),
    /// The log of the past.
    Recording(Arc<Recording>),
}

/// What is to be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Want {
    /// Every event of a job.
    History(JobId),
    /// The manifest of a job.
    Manifest(JobId, BlobId),
    /// Texts that come with events of a job.
    Texts(JobId, Vec<BlobId>),
    /// The question a job waits with.
    Question(JobId, BlobId),
    /// The gist of a job that needs a person.
    Gist(JobId, GistOf),
    /// What the runs of a job's attempts were to do and how they ended.
    Runs(JobId),
    /// A transcript, of the attempt.
    Log(JobId, AttemptNo),
    /// What a job changed.
    Diff(JobId, DiffOf),
    /// Why a job stands where it stands, now or at a moment.
    Explain(JobId, Option<Stamp>),
    /// The files kept of a job's runs.
    Files(JobId),
}

impl Want {
    /// The job it is about.
    pub fn job(&self) -> &JobId {
        match self {
            Want::History(job)
            | Want::Manifest(job, _)
            | Want::Question(job, _)
            | Want::Texts(job, _)
            | Want::Gist(job, _)
            | Want::Runs(job)
            | Want::Log(job, _)
            | Want::Diff(job, _)
            | Want::Explain(job, _)
            | Want::Files(job) => job,
        }
    }
}
