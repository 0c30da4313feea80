//! What happened: every input, every answer, every deadline, as one closed enum without any widget's type.

use std::collections::HashSet;
use std::sync::Arc;

use super::effect::Want;
use super::keys::Key;
use super::model::{Drawn, Explained, Gist, Health, Lists, LogLine, Moment, Patch, Sought, Then};
use super::survey::Found;
use crate::engine::RunSeen;
use crate::fleet::{Claimant, Event, Refusal, State};
use crate::insight::Rejected;
use crate::job::{AttemptNo, BlobId, HolderId, JobId, Seq};

/// One happening.
#[derive(Clone, Debug)]
pub enum Msg {
    /// The time of the messages that follow.
    Now(Moment),
    /// A key, past the guards.
    Key(Key),
    /// A text was pasted, or came as fast as one.
    Paste(String),
    /// Something was chosen by its name, without a key.
    Chosen(Then),
    /// What follows is about these jobs.
    Aim(Vec<JobId>),
    /// What lies on top was told in words: nothing of it is hidden by a low terminal.
    Told,
    /// The first frame is there: the terminal may be asked things.
    Begun,
    /// What the terminal replied.
    Reply(String),
    /// The mouse.
    Mouse(Mouse, u16, u16),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// The terminal got or lost the focus.
    Focus(bool),
    /// A moment came at which something changes by itself.
    Deadline,
    /// What a frame showed.
    Drawn(Box<Drawn>),
    /// The queue as it is now, and events since the last time.
    Replica(Box<Fresh>),
    /// Lists were made beside the screen.
    Lists(Box<Lists>),
    /// Jobs were found by what is typed.
    Sought(Box<Sought>),
    /// An action was answered.
    Acted(Box<Acted>),
    /// Something that was read.
    Read(Box<Read>),
    /// What a look beside the log found.
    Found(Box<Found>),
    /// Whether a manifest that lies rejected can be taken in by now, or all that is wrong with it.
    Weighed(String, Result<(), String>),
    /// Something to tell the person.
    Said(Said),
    /// The person came back from an editor or from the shell.
    Back,
    /// The process is to end: a signal, or the terminal is gone.
    End,
}

/// What the mouse did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mouse {
    /// A click.
    Click,
    /// A second click on the same place.
    Double,
    /// It moved with its button held.
    Drag,
    /// The wheel, away from the person.
    Up,
    /// The wheel, towards the person.
    Down,
}

/// The queue as it is now.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The state.
    pub state: Arc<State>,
    /// Events since the last message of this kind, oldest first.
    pub events: Vec<(Seq, Event)>,
    /// Holders of it that provably live no more.
    pub gone: Arc<HashSet<HolderId>>,
    /// Running jobs whose files were changed meanwhile.
    pub edited: Arc<HashSet<JobId>>,
    /// Jobs whose run goes on though its agent is gone: it works and costs, and nobody counts it.
    pub outliving: Arc<HashSet<JobId>>,
    /// Agents that live on this queue, by what they offer.
    pub agents: Arc<Vec<Claimant>>,
    /// Manifests that lie rejected, and edits that are not used, by their names.
    pub rejected: Arc<Vec<Rejected>>,
    /// How fresh it is.
    pub health: Health,
    /// It is another history than the one before: nothing that was read of that one holds.
    pub anew: bool,
}

/// What became of an action.
#[derive(Clone, Debug)]
pub struct Acted {
    /// The ticket it was sent with.
    pub ticket: u64,
    /// Per job: how it went.
    pub results: Vec<(JobId, Result<String, Refusal>)>,
    /// The queue failed: none of it happened.
    pub fault: Option<String>,
    /// What it was, in the past: `parked`.
    pub past: String,
    /// It can be undone.
    pub undo: bool,
    /// The last event of the log once it was done: what shows less of it is old.
    pub upto: Seq,
}

/// Something that was read, with what was wanted.
#[derive(Clone, Debug)]
pub struct Read {
    /// What was wanted; an answer that nobody waits for any more is dropped.
    pub want: Want,
    /// What came, or why nothing did.
    pub got: Result<Got, String>,
}

/// What can be read.
#[derive(Clone, Debug)]
pub enum Got {
    /// Events of a job, oldest first.
    History(Vec<(Seq, Event)>),
    /// A text.
    Text(String),
    /// Texts, each as far as it is still stored.
    Texts(Vec<(BlobId, String)>),
    /// The gist of a job that needs a person.
    Gist(Gist),
    /// What a job changed.
    Diff(Arc<Patch>),
    /// Why a job stands where it stands.
    Explained(Arc<Explained>),
    /// The runs of the attempts, as far as their files stand here.
    Runs(Vec<(AttemptNo, RunSeen)>),
    /// Files with their sizes in bytes.
    Files(Vec<(String, u64)>),
    /// Lines of a transcript that follow those that were given before; `dropped` came before the first.
    Lines {
        /// The attempt.
        attempt: AttemptNo,
        /// The lines.
        lines: Vec<LogLine>,
        /// Lines left out before them.
        dropped: usize,
        /// They begin the transcript anew instead of following.
        fresh: bool,
    },
}

/// A word to the person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// One line.
    pub text: String,
    /// More of it, for the list of messages.
    pub more: String,
    /// Something went wrong: it stays until Esc.
    pub bad: bool,
}
