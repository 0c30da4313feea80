//! What lies over a screen and takes the keys: a line of input, a choice, help, a sheet, messages.

use tui_input::Input;

use super::app::Model;
use super::column::Column;
use super::form::Form;
use super::place::{Pane, Place, Screen, Tab};
use super::sheet::Sheet;
use crate::dash::keys::{Do, Group, row_of};
use crate::dash::theme::Look;
use crate::insight::Rejected;
use crate::job::JobId;

/// One layer. The last one has the keys; Esc takes it away.
#[derive(Clone, Debug)]
pub enum Layer {
    /// The filter of the list of jobs is being written.
    Filter(Field),
    /// The text of a page is being searched.
    Search(Field),
    /// A moment is being written, at which something is to be explained.
    Moment(Field),
    /// One of several things is chosen.
    Pick(Pick),
    /// Help for here.
    Help(Pick),
    /// A question before something is done.
    Sheet(Box<Sheet>),
    /// The same, where more than a letter is asked for.
    Form(Box<Form>),
    /// All that is wrong with a manifest.
    Problems {
        /// The manifest, as it lies rejected.
        of: Rejected,
        /// The first line that is shown.
        top: usize,
    },
    /// What was said, and what went wrong.
    Messages {
        /// The row under the cursor, from the newest.
        at: usize,
        /// What people did stands there instead.
        done: bool,
    },
}

/// One line of input, and what stood there before it was begun.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// The text with its cursor.
    pub input: Input,
    /// What Esc brings back.
    pub before: String,
}

impl Field {
    /// A field that begins with `text`.
    pub fn of(text: &str) -> Field {
        Field { input: Input::new(text.to_string()), before: text.to_string() }
    }
}

/// Something to choose from.
#[derive(Clone, Debug)]
pub struct Pick {
    /// Its title.
    pub title: String,
    /// What is typed narrows it; without it letters are keys.
    pub field: Option<Field>,
    /// All there is to choose.
    pub all: Vec<Choice>,
    /// So many of them are always there; a line that is typed stands behind them.
    pub fixed: usize,
    /// So many of them do not wait for anything; jobs found by what is typed stand behind them.
    pub own: usize,
    /// It is the palette: jobs are looked for too, and its rows stand in groups.
    pub palette: bool,
    /// Which line of those that were run stands in the field, counted from the last, and what was typed before.
    pub past: Option<(usize, String)>,
    /// Which of them are shown, in this order.
    pub shown: Vec<usize>,
    /// The place of the cursor among those shown.
    pub at: usize,
}

/// One row of a [`Pick`].
#[derive(Clone, Debug)]
pub struct Choice {
    /// What it is.
    pub label: String,
    /// More about it: its target, its state.
    pub note: String,
    /// Its key elsewhere.
    pub key: String,
    /// Its line of the command line.
    pub runs: String,
    /// What it does.
    pub then: Then,
}

/// A group of the palette.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Section {
    /// What can be done.
    Actions,
    /// What can be gone to.
    GoTo,
    /// What was run last.
    Recent,
}

impl Section {
    /// All of them, in their order.
    pub const ALL: [Section; 3] = [Section::Actions, Section::GoTo, Section::Recent];

    /// Its heading.
    pub fn name(self) -> &'static str {
        match self {
            Section::Actions => "Actions",
            Section::GoTo => "Go to",
            Section::Recent => "Recent",
        }
    }
}

impl Choice {
    /// One without a key and without a line of the command line.
    pub fn of(label: impl Into<String>, note: impl Into<String>, then: Then) -> Choice {
        Choice { label: label.into(), note: note.into(), key: String::new(), runs: String::new(), then }
    }

    /// Its group in the palette.
    pub fn section(&self) -> Section {
        match self.then {
            Then::Do(Do::Go(_))
            | Then::Open(_)
            | Then::Tab(..)
            | Then::Row(..)
            | Then::View(_)
            | Then::DeleteView(_) => Section::GoTo,
            Then::Again(..) => Section::Recent,
            _ => Section::Actions,
        }
    }

    /// The line by which the palette comes to it again.
    pub fn line(&self) -> String {
        match &self.then {
            Then::Type(text) => text.clone(),
            Then::At(text) => format!("at {text}"),
            Then::Filter(text) => format!("filter {text}"),
            Then::Tab(job, _) => format!("explain {job}"),
            Then::Save(name) => format!("save {name}"),
            _ => self.label.clone(),
        }
    }

    /// Why it is off, as things stand now: they may have changed since the choice was offered.
    pub fn off(&self, model: &Model) -> Option<String> {
        match self.then {
            Then::Do(does) => row_of(does).and_then(|row| (row.off)(model).err()),
            // Whether it is off there is seen there; that nothing may be changed holds in every place.
            Then::There(_, does) => row_of(does).filter(|row| row.group == Group::Act).and(model.bars()),
            Then::Not(ref why) => Some(why.clone()),
            _ => None,
        }
    }
}

/// What choosing does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Then {
    /// An action of the table.
    Do(Do),
    /// Goes where an action of the table is at home; what needs no row chosen there is done as well.
    There(Place, Do),
    /// Opens a job's page.
    Open(JobId),
    /// The same, at a tab.
    Tab(JobId, Tab),
    /// Goes to a row of a screen.
    Row(Screen, usize),
    /// The beginning of a line, to be written on.
    Type(String),
    /// Goes to a moment of the past, as it was written.
    At(String),
    /// Filters the list of jobs.
    Filter(String),
    /// Saves how the list of jobs is looked at, under that name.
    Save(String),
    /// Looks at it by the saved view of that name.
    View(String),
    /// Deletes that view.
    DeleteView(String),
    /// Runs a line again, and what it stands for.
    Again(String, Box<Then>),
    /// Nothing, for that reason.
    Not(String),
    /// Sorts by a column, or turns it round.
    Sort(Column),
    /// Shows or hides a column.
    Column(Column),
    /// Puts the cursor of a pane on a row.
    Point(Pane, usize),
    /// Copies a text; the word says what it is.
    Copy(&'static str, String),
    /// Changes how a transcript is shown.
    Log(LogChange),
    /// Changes how things look.
    Look(Look),
    /// Takes the mouse, or leaves it to the terminal.
    Mouse(bool),
}

/// What can be turned on and off about a transcript.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogChange {
    /// Long lines go on below.
    Wrap,
    /// Each line has its time.
    Times,
    /// Only what a program wrote as errors, and what aq says.
    OnlyLoud,
}

impl Pick {
    /// A choice of all of these.
    pub fn of(title: impl Into<String>, field: bool, all: Vec<Choice>) -> Pick {
        let (shown, fixed) = ((0..all.len()).collect(), all.len());
        let field = field.then(|| Field::of(""));
        let (own, title) = (fixed, title.into());
        Pick { title, field, all, fixed, own, palette: false, past: None, shown, at: 0 }
    }

    /// The row under the cursor.
    pub fn chosen(&self) -> Option<&Choice> {
        self.shown.get(self.at).and_then(|i| self.all.get(*i))
    }
}
