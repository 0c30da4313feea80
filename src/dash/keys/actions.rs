//! The table of actions. Dispatch, footer, help, palette, `.`, the mouse, `aq keys`, the man page and README are
//! drawn from it; nothing else knows which key does what.
//!
//! The keys here are those of the house; [`Keymap`](super::keymap::Keymap) has those in force.
//!
//! An action that is off says why, and nothing happens by it: [`perform`](crate::dash::update) asks `off` first,
//! whichever door it came through. Two rows may share a key in one place only if they are one idea (park and
//! unpark): the first that is not off is meant.

use super::key::Key;
use super::lawful::{
    Off, always, an_agent, at_risk, by_law, can_let_go, can_let_go_all, can_open, can_park, can_requeue,
    can_save, can_save_all, can_watch, compares, has_a_file, has_a_kept, has_a_line, has_a_pair, has_a_run,
    has_actions, has_lines, has_panes, is_held, is_past, is_searching, may_change, on_a_job, on_the_board,
    risk_is_shown, seen_by_law, somebody_waits, to_raise,
};
use super::screens::{AgentDo, GraphView, QueueDo, RiskDo, Wind};
use std::sync::Arc;

use crate::dash::model::{Gauge, Model, Place, Screen, Tab};
use crate::fleet::{Action, Job};
use crate::insight::{lawful, requeue_verb, short_rev};

/// Between two lines of the command line of which the second is for when the first was done.
pub const AND: &str = " && ";

/// What an action does; `update` matches on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Do {
    /// Goes to a screen.
    Go(Screen),
    /// Moves the cursor, or rolls a text.
    Move(Motion),
    /// Goes to the next pane, or back.
    Pane {
        /// The next.
        forth: bool,
    },
    /// Goes to the next tab, or back.
    Tab {
        /// The next.
        forth: bool,
    },
    /// Opens what is under the cursor.
    Open,
    /// Goes back by one layer.
    Back,
    /// The same; on a root screen it ends the cockpit.
    Leave,
    /// Ends the cockpit.
    Quit,
    /// Filters a list, or searches a text.
    Filter,
    /// Goes to the next match, or back.
    Match {
        /// The next.
        forth: bool,
    },
    /// Everything by name.
    Palette,
    /// Help for here.
    Help,
    /// The actions for the job under the cursor, with reasons when off.
    Menu,
    /// Goes to the next thing that needs the person.
    Next,
    /// Marks the job, or takes the mark away.
    Mark,
    /// Marks from the last mark to here.
    Range,
    /// Marks all that are shown.
    All,
    /// Copies something about the job.
    Copy,
    /// Tells the person when the job changes, or no more.
    Watch,
    /// Does something to a job, as the law knows it.
    Act(Action),
    /// Opens the job's file in an editor.
    Edit,
    /// Takes back the last action.
    Undo,
    /// Does again what was undone last.
    Redo,
    /// What was said.
    Messages,
    /// Gives one pane the whole screen.
    Zoom,
    /// Chooses the order.
    Sort,
    /// Chooses the columns.
    Columns,
    /// Shows or hides shipped jobs.
    Shipped,
    /// The next hunk of a diff, or the one before.
    Hunk {
        /// The next.
        forth: bool,
    },
    /// Old and new side by side, or in one column.
    Split,
    /// The whole change again, after two runs were compared.
    Whole,
    /// Opens the file of a diff at its line.
    EditLine,
    /// The transcript of the attempt under the cursor.
    RunLog,
    /// Marks an attempt to compare another with.
    RunMark,
    /// What came between two attempts.
    Compare,
    /// Explains as of another moment.
    At,
    /// Opens a file that was kept.
    OpenKept,
    /// The list as a board, or the board as a list.
    Board,
    /// The next column of the board, or the one before.
    Sideways {
        /// The next.
        forth: bool,
    },
    /// Writes a new job in the editor.
    New,
    /// Sets a mark in a transcript.
    LogMark,
    /// Chooses how a transcript is shown.
    LogOptions,
    /// Keeps the end of a transcript in sight.
    Follow,
    /// Something with an agent of this host.
    Agent(AgentDo),
    /// Winds the past.
    Wind(Wind),
    /// Changes how dependencies are shown.
    Graph(GraphView),
    /// Something with the queue as a whole.
    Queue(QueueDo),
    /// Something with work at risk.
    Risk(RiskDo),
    /// Reads the queue again.
    Reconnect,
    /// Draws everything anew.
    Redraw,
    /// Back to the shell for a while.
    Suspend,
}

/// How far.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)] // Their names say them.
pub enum Motion {
    Down,
    Up,
    First,
    Last,
    PageDown,
    PageUp,
    HalfDown,
    HalfUp,
}

/// Where an action is at home.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum On {
    /// In every place.
    Everywhere,
    /// Wherever a job is under the cursor.
    Jobs,
    /// On screens that list jobs.
    Lists,
    /// On one screen.
    Screen(Screen),
    /// In every place but one screen.
    Elsewhere(Screen),
    /// On every tab of a job.
    Page,
    /// On one tab of a job.
    Tab(Tab),
    /// Where panes can have the focus: on the overview, and on a job's summary.
    Panes,
}

impl On {
    /// Where that is, in words.
    pub fn name(self) -> &'static str {
        match self {
            On::Everywhere => "everywhere",
            On::Jobs => "on a job",
            On::Lists => "in lists of jobs",
            On::Screen(screen) => screen.name(),
            On::Elsewhere(Screen::Risk) => "on every screen but Risk",
            On::Elsewhere(_) => "on every screen but one",
            On::Page => "on a job's page",
            On::Tab(tab) => tab.name(),
            On::Panes => "Overview, Summary",
        }
    }

    /// Whether that place is one of its places.
    pub fn has(self, place: Place) -> bool {
        match (self, place) {
            (On::Everywhere, _) | (On::Page, Place::Page(_)) => true,
            (On::Jobs, Place::Page(_)) => true,
            (On::Jobs | On::Lists, Place::Screen(screen)) => {
                matches!(screen, Screen::Overview | Screen::Jobs | Screen::Graph)
                    || self == On::Lists && screen == Screen::Risk
            }
            (On::Screen(mine), Place::Screen(screen)) => mine == screen,
            (On::Elsewhere(other), place) => place != Place::Screen(other),
            (On::Tab(mine), Place::Page(tab)) => mine == tab,
            (On::Panes, place) => {
                matches!(place, Place::Screen(Screen::Overview) | Place::Page(Tab::Summary))
            }
            _ => false,
        }
    }
}

/// Headings of help, in its order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)] // Each has its row in GROUPS.
pub enum Group {
    Move,
    Select,
    View,
    Act,
    Everywhere,
}

/// The groups and their headings.
pub const GROUPS: [(Group, &str); 5] = [
    (Group::Move, "MOVE"),
    (Group::Select, "SELECT"),
    (Group::View, "VIEW"),
    (Group::Act, "ACT on marked jobs, or the one under the cursor"),
    (Group::Everywhere, "EVERYWHERE"),
];

/// One row of [`ACTIONS`].
pub struct ActionRow {
    /// Its name, by which `keys.toml` and the palette know it; stable.
    pub name: &'static str,
    /// What it does, in a few words.
    pub title: &'static str,
    /// Its keys; an action without one is in `.` and in the palette.
    pub keys: &'static [Key],
    /// Where it is at home.
    pub on: On,
    /// Its heading in help.
    pub group: Group,
    /// Its word in the footer; the first that fit are shown.
    pub hint: Option<&'static str>,
    /// Why it is off now.
    pub off: fn(&Model) -> Off,
    /// What it does.
    pub does: Do,
}

impl ActionRow {
    /// The line of the command line that does the same, where one does.
    pub fn runs(&self, model: &Model) -> Option<String> {
        let job = model.current().map_or("JOB", |job| job.id.as_str());
        let now = model.law_now();
        // As the action goes to those jobs alone that the law lets, so does the line; where it lets none, the line
        // is that of the jobs that were meant.
        let targets = |action: Action| {
            let all = model.targets();
            let lets = |job: &&Arc<Job>| {
                (action != Action::Park || job.park.is_none())
                    && lawful(&model.replica.state, job, action, &model.me, now).is_ok()
            };
            let some: Vec<&str> = all.iter().copied().filter(lets).map(|job| job.id.as_str()).collect();
            match (all.is_empty(), some.is_empty()) {
                (true, _) => "JOB".to_string(),
                (_, true) => all.iter().map(|job| job.id.as_str()).collect::<Vec<_>>().join(" "),
                _ => some.join(" "),
            }
        };
        Some(match self.does {
            Do::Go(Screen::Jobs) => "aq ls".to_string(),
            Do::Go(Screen::Overview) | Do::Next => "aq next".to_string(),
            Do::Go(Screen::Graph) => "aq graph".to_string(),
            Do::Go(Screen::Budget) => "aq budget show".to_string(),
            Do::Go(Screen::Risk) => "aq risk".to_string(),
            Do::Open => format!("aq show {job}"),
            Do::Filter => "aq ls FILTER".to_string(),
            Do::Undo => "aq undo".to_string(),
            Do::Redo => "aq undo --redo".to_string(),
            Do::Agent(AgentDo::Start) => "aq agent".to_string(),
            Do::Agent(AgentDo::Drain) => "aq drain".to_string(),
            Do::Agent(AgentDo::Stop) => "aq stop".to_string(),
            Do::Queue(QueueDo::Pause) => "aq budget pause local".to_string(),
            Do::Queue(QueueDo::Resume) => "aq budget resume local".to_string(),
            Do::Queue(QueueDo::Ceiling) => "aq budget set local --ceiling USD".to_string(),
            Do::Risk(RiskDo::Rescue) => format!("aq risk rescue {job}"),
            Do::Risk(RiskDo::RescueAll) => "aq risk rescue --all".to_string(),
            Do::Risk(RiskDo::LetGo) => format!("aq risk let-go {job}"),
            Do::Act(Action::Reject) => format!("aq reject {} -m WHY", targets(Action::Reject)),
            Do::Act(Action::Answer) => format!("aq answer {job} -m TEXT"),
            Do::Act(Action::Requeue) if to_raise(model).is_some() => {
                to_raise(model).map_or_else(String::new, requeue_verb)
            }
            Do::Act(action @ (Action::Approve | Action::Ship)) => bound(model, action),
            Do::Act(action) => format!("aq {} {}", action.name(), targets(action)),
            _ => return None,
        })
    }
}

/// The line of what is bound to a revision: each job has its own, so several are several calls.
fn bound(model: &Model, action: Action) -> String {
    let all = model.targets();
    let lets =
        |job: &&&Arc<Job>| lawful(&model.replica.state, job, action, &model.me, model.law_now()).is_ok();
    let some: Vec<&Arc<Job>> = all.iter().filter(lets).copied().collect();
    let one = |job: &Arc<Job>| {
        // What stands in a pull request is only looked at.
        let head =
            job.head.as_ref().filter(|_| job.awaited_pr().is_none()).and_then(|head| head.rev.as_ref());
        let rev = head.map(|rev| format!(" --rev {}", short_rev(Some(rev)))).unwrap_or_default();
        format!("aq {} {}{rev}", action.name(), job.id)
    };
    let lines: Vec<String> = (if some.is_empty() { all } else { some }).into_iter().map(one).collect();
    if lines.is_empty() { format!("aq {} JOB --rev REV", action.name()) } else { lines.join(AND) }
}

macro_rules! actions {
    ($( $group:ident $on:expr, $name:literal $title:literal [$($key:expr),*] $hint:expr, $off:expr, $does:expr; )*) => {
        /// Every action, in the order in which help shows them.
        pub static ACTIONS: &[ActionRow] = &[$( ActionRow {
            name: $name, title: $title, keys: &[$($key),*], on: $on, group: Group::$group, hint: $hint, off: $off, does: $does,
        } ),*];
    };
}

use Do::{Act, Go, Move};
use Key::{BackTab, Char, Ctrl, Down, End, Enter, Esc, Home, PageDown, PageUp, Right, Up};
use On::{Everywhere, Jobs};

const ON_JOBS: On = On::Screen(Screen::Jobs);
const ON_GRAPH: On = On::Screen(Screen::Graph);
const ON_TIME: On = On::Screen(Screen::Time);
const ON_FLEET: On = On::Screen(Screen::Fleet);
const ON_BUDGET: On = On::Screen(Screen::Budget);
const ON_RISK: On = On::Screen(Screen::Risk);

actions! {
    // Moving.
    Move Everywhere, "down" "next row" [Char('j'), Down] Some("move"), always, Move(Motion::Down);
    Move Everywhere, "up" "row before" [Char('k'), Up] None, always, Move(Motion::Up);
    Move Everywhere, "first" "first row" [Char('g'), Home] None, always, Move(Motion::First);
    Move Everywhere, "last" "last row" [Char('G'), End] None, always, Move(Motion::Last);
    Move Everywhere, "page-down" "page down" [PageDown] None, always, Move(Motion::PageDown);
    Move Everywhere, "page-up" "page up" [PageUp] None, always, Move(Motion::PageUp);
    Move Everywhere, "half-down" "half a page down" [Ctrl('d')] None, always, Move(Motion::HalfDown);
    Move Everywhere, "half-up" "half a page up" [Ctrl('u')] None, always, Move(Motion::HalfUp);
    Move On::Panes, "pane" "next pane" [Key::Tab] Some("pane"), has_panes, Do::Pane { forth: true };
    Move On::Panes, "pane-back" "pane before" [BackTab] None, has_panes, Do::Pane { forth: false };
    Move On::Page, "tab" "next tab" [Char(']'), Right, Key::Tab] Some("tab"), always, Do::Tab { forth: true };
    Move On::Page, "tab-back" "tab before" [Char('['), Key::Left, BackTab] None, always, Do::Tab { forth: false };
    Move On::Lists, "open" "open the job" [Enter] Some("open"), can_open, Do::Open;
    Move Everywhere, "back" "back one layer" [Esc] None, always, Do::Back;
    Move Everywhere, "leave" "back; on a screen without layers: quit" [Char('q')] None, always, Do::Leave;
    // Selecting.
    Select ON_JOBS, "mark" "mark or unmark" [Char(' ')] Some("mark"), on_a_job, Do::Mark;
    Select ON_JOBS, "range" "mark from the last mark to here" [Char('v')] None, on_a_job, Do::Range;
    Select ON_JOBS, "all" "mark all shown" [Char('*')] None, always, Do::All;
    Select Jobs, "copy" "copy id, title, branch, link, command, JSON" [Char('y')] None, on_a_job, Do::Copy;
    // Viewing.
    View ON_JOBS, "sort" "choose the order" [Char('s')] Some("sort"), always, Do::Sort;
    View ON_JOBS, "columns" "choose the columns" [Char('c')] Some("columns"), always, Do::Columns;
    View ON_JOBS, "board" "board or list" [Char('b')] Some("board"), always, Do::Board;
    Move ON_JOBS, "right" "next column of the board" [Char('l'), Right] Some("column"), on_the_board, Do::Sideways { forth: true };
    Move ON_JOBS, "left" "column before" [Char('h'), Key::Left] None, on_the_board, Do::Sideways { forth: false };
    View ON_JOBS, "shipped" "show or hide shipped jobs" [Char('B')] None, always, Do::Shipped;
    View Everywhere, "zoom" "one pane on the whole screen" [Char('z')] None, always, Do::Zoom;
    View On::Tab(Tab::Log), "follow" "keep the end in sight" [Char('f')] Some("follow"), always, Do::Follow;
    Select On::Tab(Tab::Log), "log-mark" "set a mark with the time" [Char(' ')] None, has_lines, Do::LogMark;
    View On::Tab(Tab::Log), "log-options" "wrap, timestamps, levels" [Char('o')] Some("wrap/ts"), always, Do::LogOptions;
    View On::Tab(Tab::Log), "match" "next match" [Char('n')] None, is_searching, Do::Match { forth: true };
    View On::Tab(Tab::Log), "match-back" "match before" [Char('N')] None, is_searching, Do::Match { forth: false };
    // While something is searched for in a change, its keys go to matches and not to hunks.
    View On::Tab(Tab::Diff), "diff-match" "next match" [Char('n')] None, is_searching, Do::Match { forth: true };
    View On::Tab(Tab::Diff), "diff-match-back" "match before" [Char('N')] None, is_searching, Do::Match { forth: false };
    View On::Tab(Tab::Diff), "hunk" "next hunk" [Char('n')] Some("hunk"), always, Do::Hunk { forth: true };
    View On::Tab(Tab::Diff), "hunk-back" "hunk before" [Char('N')] None, always, Do::Hunk { forth: false };
    View On::Tab(Tab::Diff), "split" "old and new side by side, or in one column" [Char('|')] Some("split"), always, Do::Split;
    View On::Tab(Tab::Diff), "whole" "the whole change, not two runs" [Char('D')] Some("whole change"), compares, Do::Whole;
    Move On::Tab(Tab::Runs), "run-log" "its log" [Enter] Some("its log"), has_a_run, Do::RunLog;
    Select On::Tab(Tab::Runs), "run-mark" "mark a run to compare with" [Char(' ')] None, has_a_run, Do::RunMark;
    View On::Tab(Tab::Runs), "compare" "what came between two runs" [Char('D')] Some("diff two"), has_a_pair, Do::Compare;
    View On::Tab(Tab::Explain), "at" "as it was at a time" [Char('t')] Some("at a time"), always, Do::At;
    Move On::Tab(Tab::Artifacts), "open-kept" "open the file" [Enter] Some("open"), has_a_kept, Do::OpenKept;
    // Acting. What is lawful is the law's word.
    Act Jobs, "approve" "approve the revision" [Char('a')] Some("approve"), |m| seen_by_law(m, Action::Approve), Act(Action::Approve);
    Act Jobs, "answer" "answer its question" [Char('a')] Some("answer"), |m| by_law(m, Action::Answer), Act(Action::Answer);
    Act Jobs, "reject" "reject, with words" [Char('d')] Some("reject"), |m| by_law(m, Action::Reject), Act(Action::Reject);
    Act Jobs, "ship" "ship the branch" [Char('S')] Some("ship"), |m| seen_by_law(m, Action::Ship), Act(Action::Ship);
    Act Jobs, "park" "put aside" [Char('p')] Some("park"), can_park, Act(Action::Park);
    Act Jobs, "unpark" "back into the line" [Char('p')] Some("unpark"), |m| by_law(m, Action::Unpark), Act(Action::Unpark);
    Act Jobs, "requeue" "requeue from the last checkpoint" [Char('r')] Some("requeue"), can_requeue, Act(Action::Requeue);
    Act Jobs, "redrive" "start over with fresh attempts" [] None, |m| by_law(m, Action::Redrive), Act(Action::Redrive);
    Act Jobs, "cancel" "cancel" [Char('x')] Some("cancel"), |m| by_law(m, Action::Cancel), Act(Action::Cancel);
    Act Jobs, "promote" "pass to testing without approvals" [] None, |m| by_law(m, Action::Promote), Act(Action::Promote);
    Act Jobs, "preempt" "stop it so that another can run" [] None, |m| by_law(m, Action::Preempt), Act(Action::Preempt);
    Act On::Tab(Tab::Diff), "edit-line" "open the file at this line, in the worktree" [Char('e')] Some("edit"), has_a_line, Do::EditLine;
    Act Jobs, "edit" "edit the manifest" [Char('e')] None, has_a_file, Do::Edit;
    Act ON_JOBS, "new" "new job from a template" [Char('n')] None, may_change, Do::New;
    Act ON_FLEET, "drain" "the agent gives its jobs back and ends" [Char('d')] Some("drain"), an_agent, Do::Agent(AgentDo::Drain);
    Act ON_FLEET, "stop" "stop the agent now" [] None, an_agent, Do::Agent(AgentDo::Stop);
    Act Everywhere, "start" "start an agent on this host" [] None, may_change, Do::Agent(AgentDo::Start);
    Act ON_BUDGET, "ceiling" "set the ceiling" [Char('e')] Some("ceiling"), may_change, Do::Queue(QueueDo::Ceiling);
    Act Everywhere, "pause" "pause the queue: drain, stop, kill" [Char('P')] None, may_change, Do::Queue(QueueDo::Pause);
    Act On::Elsewhere(Screen::Risk), "resume" "let the queue go on" [Char('R')] None, is_held, Do::Queue(QueueDo::Resume);
    Act ON_RISK, "rescue" "put the worktree into a commit" [Char('r')] Some("rescue"), can_save, Do::Risk(RiskDo::Rescue);
    Act ON_RISK, "rescue-all" "rescue all that nobody saves" [Char('R')] Some("rescue all"), can_save_all, Do::Risk(RiskDo::RescueAll);
    Act ON_RISK, "let-go-all" "give up all that nobody saves" [] None, can_let_go_all, Do::Risk(RiskDo::LetGoAll);
    Act ON_RISK, "let-go" "give the worktree up" [] None, can_let_go, Do::Risk(RiskDo::LetGo);
    Move ON_GRAPH, "upstream" "to what it waits for" [Char('h'), Key::Left] None, on_a_job, Do::Graph(GraphView::Stream { down: false });
    Move ON_GRAPH, "downstream" "to what waits for it" [Char('l'), Right] None, on_a_job, Do::Graph(GraphView::Stream { down: true });
    View ON_GRAPH, "focus" "only what is near" [Char('f')] Some("focus"), on_a_job, Do::Graph(GraphView::Focus);
    View ON_GRAPH, "critical" "only the critical path" [Char('c')] Some("critical"), always, Do::Graph(GraphView::Critical);
    View ON_GRAPH, "layout" "rows, or layers around the focus" [Char('o')] Some("layers"), on_a_job, Do::Graph(GraphView::Layout);
    View ON_GRAPH, "slack" "how much later it could be done" [Char('s')] Some("slack"), always, Do::Graph(GraphView::Gauge(Gauge::Slack));
    View ON_GRAPH, "impact" "how many wait for it" [Char('i')] Some("impact"), always, Do::Graph(GraphView::Gauge(Gauge::Impact));
    View ON_TIME, "play" "play, or stand still" [Char(' ')] Some("play"), always, Do::Wind(Wind::Play);
    Move ON_TIME, "event-back" "event before" [Key::Left] Some("event"), always, Do::Wind(Wind::Step { forth: false });
    Move ON_TIME, "event" "next event" [Right] None, always, Do::Wind(Wind::Step { forth: true });
    Move ON_TIME, "minute-back" "a minute back" [Key::ShiftLeft] None, always, Do::Wind(Wind::Minute { forth: false });
    Move ON_TIME, "minute" "a minute further" [Key::ShiftRight] None, always, Do::Wind(Wind::Minute { forth: true });
    Move ON_TIME, "landmark-back" "mark before" [Char('[')] Some("mark"), always, Do::Wind(Wind::Landmark { forth: false });
    Move ON_TIME, "landmark" "next mark" [Char(']')] None, always, Do::Wind(Wind::Landmark { forth: true });
    View ON_TIME, "slower" "slower" [Char('-')] None, always, Do::Wind(Wind::Speed { faster: false });
    View ON_TIME, "faster" "faster" [Char('+')] Some("faster"), always, Do::Wind(Wind::Speed { faster: true });
    View ON_TIME, "moment" "go to a time" [Char('t')] Some("time"), always, Do::Wind(Wind::Moment);
    View ON_TIME, "only" "only this job" [Char('f')] Some("only job"), always, Do::Wind(Wind::Only);
    View ON_TIME, "differs" "this moment against now" [Char('D')] Some("diff"), is_past, Do::Wind(Wind::Differs);
    View Everywhere, "live" "back to now" [Char('L')] Some("live"), is_past, Do::Wind(Wind::Live);
    View ON_RISK, "unsaved" "compare with the accepted work" [Char('D')] Some("compare"), at_risk, Do::Risk(RiskDo::Compare);
    View ON_RISK, "risk-sort" "what nobody saves first, or lines, files, age" [Char('s')] Some("sort"), risk_is_shown, Do::Risk(RiskDo::Sort);
    Select ON_RISK, "copy-path" "copy where it stands" [Char('y')] None, at_risk, Do::Risk(RiskDo::CopyPath);
    Select Jobs, "watch" "tell me when it changes" [Char('w')] Some("watch"), can_watch, Do::Watch;
    Act Everywhere, "menu" "all actions here" [Char('.')] Some("actions"), has_actions, Do::Menu;
    // Everywhere.
    Everywhere ON_JOBS, "filter" "filter the list" [Char('/')] Some("filter"), always, Do::Filter;
    Everywhere ON_GRAPH, "graph-filter" "filter the graph" [Char('/')] Some("filter"), always, Do::Filter;
    Everywhere On::Tab(Tab::Log), "search" "search the text" [Char('/')] Some("search"), always, Do::Filter;
    Everywhere On::Tab(Tab::Diff), "diff-search" "search the change" [Char('/')] Some("search"), always, Do::Filter;
    Everywhere Everywhere, "palette" "commands by name" [Char(':'), Ctrl('p')] Some("commands"), always, Do::Palette;
    Everywhere Everywhere, "help" "help for here" [Char('?')] Some("help"), always, Do::Help;
    Everywhere Everywhere, "next" "next thing that needs you" [Char('!')] None, somebody_waits, Do::Next;
    Everywhere Everywhere, "undo" "undo your last action" [Char('u')] None, may_change, Do::Undo;
    Everywhere Everywhere, "redo" "do again what you undid" [Char('U')] None, may_change, Do::Redo;
    Everywhere Everywhere, "messages" "what was said, and what people did" [Char('m')] None, always, Do::Messages;
    Everywhere Everywhere, "overview" "go to Overview" [Char('1')] None, always, Go(Screen::Overview);
    Everywhere Everywhere, "jobs" "go to Jobs" [Char('2')] None, always, Go(Screen::Jobs);
    Everywhere Everywhere, "graph" "go to Graph" [Char('3')] None, always, Go(Screen::Graph);
    Everywhere Everywhere, "fleet" "go to Fleet" [Char('4')] None, always, Go(Screen::Fleet);
    Everywhere Everywhere, "budget" "go to Budget" [Char('5')] None, always, Go(Screen::Budget);
    Everywhere Everywhere, "time" "go to Time" [Char('6')] None, always, Go(Screen::Time);
    Everywhere Everywhere, "risk" "go to Risk" [Char('7')] None, always, Go(Screen::Risk);
    Everywhere Everywhere, "reconnect" "read the queue again now" [Ctrl('r')] None, always, Do::Reconnect;
    Everywhere Everywhere, "redraw" "draw everything anew" [Ctrl('l')] None, always, Do::Redraw;
    Everywhere Everywhere, "suspend" "back to the shell for a while" [Ctrl('z')] None, always, Do::Suspend;
    Everywhere Everywhere, "quit" "quit now" [Ctrl('c')] None, always, Do::Quit;
}

/// The row that a key means in a place: the first that is not off, else the first, so that it can say why.
pub fn action_of(model: &Model, key: Key) -> Option<&'static ActionRow> {
    let place = model.place();
    let mine = || ACTIONS.iter().filter(move |row| row.on.has(place) && model.keys.of(row).contains(&key));
    mine().find(|row| (row.off)(model).is_ok()).or_else(|| mine().next())
}

/// The row of an action of the law, or of what else can be done.
pub fn row_of(does: Do) -> Option<&'static ActionRow> {
    ACTIONS.iter().find(|row| row.does == does)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = ACTIONS.iter().map(|row| row.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    #[test]
    fn every_action_of_the_law_has_a_row() {
        // Asking reviewers has a form of its own, at the command line.
        let without = [Action::Review];
        for row in &crate::fleet::ACTIONS {
            assert!(row_of(Act(row.action)).is_some() != without.contains(&row.action), "{}", row.name);
        }
    }
}
