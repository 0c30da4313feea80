//! The model: everything the cockpit knows. Only `update` changes it, and only messages move it.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use super::background::Background;
use super::board::Board;
use super::budget::Budget;
use super::column::{COLUMNS, Column, column};
use super::done::DoneList;
use super::drawn::Drawn;
use super::fleet::Fleet;
use super::gist::Gists;
use super::graph::Graph;
use super::layer::Layer;
use super::listing::Listing;
use super::lists::{Lists, Sort};
use super::moment::{Moment, later};
use super::notice::Notices;
use super::page::{Loaded, Page};
use super::place::{Pane, Place, Screen};
use super::recall::Recall;
use super::replica::{Health, Replica};
use super::risk::Risk;
use super::seek::Seeking;
use super::time::{TICK, Time};
use super::toast::{Message, Toast};
use super::watch::Watched;
use crate::dash::keys::Keymap;
use crate::dash::theme::Look;
use crate::fleet::{Action, Actor, Claimant, Job, Now};
use crate::insight::{Alert, Filter, Flow, LastDay, Rejected};
use crate::job::{Config, JobId, PING_PACE, PingWay, Rev, Seq};
use crate::time::Span;

/// For so long after a key on a list its order is held.
pub const HOLD: Span = Span::from_secs(1);

/// Everything.
#[derive(Clone, Debug)]
pub struct Model {
    /// The time of the message at hand.
    pub now: Moment,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Who acts.
    pub me: Actor,
    /// Nothing may be changed from here.
    pub read_only: bool,
    /// That is so because settings cannot be used, not because somebody asked for it.
    pub unusable: bool,
    /// How things look.
    pub look: Look,
    /// The terminal's background.
    pub background: Background,
    /// Which key means what.
    pub keys: Keymap,
    /// The first layer.
    pub replica: Replica,
    /// The second.
    pub lists: Lists,
    /// What was read of the jobs that need a person.
    pub gists: Gists,
    /// Which request the lists were last asked by, and whether it is still out.
    pub asked: (u64, bool),
    /// What was asked for has changed since.
    pub outdated: bool,
    /// The screen below everything.
    pub screen: Screen,
    /// A job's page over it.
    pub page: Option<Page>,
    /// The job that screens share: pick it on one, find it on the next.
    pub selected: Option<JobId>,
    /// Marked jobs: actions go to them.
    pub marks: BTreeSet<JobId>,
    /// Marked jobs that the list on the screen does not have, and what they were counted by.
    pub hidden: (usize, Vec<usize>),
    /// The revision of each job whose whole change was last on the screen.
    pub looked: BTreeMap<JobId, Rev>,
    /// Where a range of marks began.
    pub range: Option<JobId>,
    /// Jobs that the person is told about.
    pub watched: Watched,
    /// What is told outside the screen.
    pub notices: Notices,
    /// The overview.
    pub overview: Overview,
    /// The list of jobs.
    pub jobs: Jobs,
    /// Dependencies.
    pub graph: Graph,
    /// The past.
    pub time: Time,
    /// This host and its agents.
    pub fleet: Fleet,
    /// The last day, as far as its events were read.
    pub day: LastDay,
    /// Ceilings and spend.
    pub budget: Budget,
    /// What passed through the stages of the live queue on the last day.
    pub flow: Loaded<Flow>,
    /// Work at risk.
    pub risk: Risk,
    /// What lies over the screen; the last has the keys.
    pub layers: Vec<Layer>,
    /// Jobs that the palette looks for.
    pub seeking: Seeking,
    /// What is remembered from start to start.
    pub recall: Recall,
    /// The row above the footer.
    pub toast: Option<Toast>,
    /// Everything that was said, the newest last.
    pub messages: VecDeque<Message>,
    /// So many of them nobody has looked at yet.
    pub unread: usize,
    /// What people did, as far as it was asked for.
    pub done: DoneList,
    /// Actions that were sent and not answered, by ticket.
    pub waiting: BTreeMap<u64, Waiting>,
    /// What was answered so far to actions that were sent together, by the first of their tickets.
    pub batches: BTreeMap<u64, Answered>,
    /// The last event of what was done from here; until it is shown, what is shown is old.
    pub done_upto: Seq,
    /// The last ticket given out.
    pub ticket: u64,
    /// When the last key was pressed.
    pub touched: Span,
    /// The terminal has the focus.
    pub focused: bool,
    /// One pane has the whole screen.
    pub zoom: bool,
    /// What the last frame showed.
    pub drawn: Drawn,
    /// Something changed that a frame would show.
    pub dirty: bool,
    /// The last thing done here of which the log says nothing, until another is done: undo would take back what was
    /// done before it.
    pub unlogged: Option<&'static str>,
    /// The end.
    pub quit: bool,
}

/// The overview's panes.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The pane with the focus.
    pub pane: Pane,
    /// The alert under the cursor, where they have the focus.
    pub alert: usize,
    /// Jobs that wait for a person.
    pub needs: Listing,
    /// Jobs that run.
    pub running: Listing,
    /// What can be acted upon next, where there is room for it.
    pub actionable: Listing,
    /// Jobs that ended.
    pub recent: Listing,
}

impl Overview {
    /// Every list.
    pub fn lists(&self) -> [&Listing; 4] {
        [&self.needs, &self.running, &self.actionable, &self.recent]
    }

    /// The list with the focus.
    pub fn list(&self) -> &Listing {
        match self.pane {
            Pane::Running => &self.running,
            Pane::Actionable => &self.actionable,
            Pane::Recent => &self.recent,
            _ => &self.needs,
        }
    }

    /// The same, to move in it.
    pub fn list_mut(&mut self) -> &mut Listing {
        match self.pane {
            Pane::Running => &mut self.running,
            Pane::Actionable => &mut self.actionable,
            Pane::Recent => &mut self.recent,
            _ => &mut self.needs,
        }
    }
}

/// The list of jobs and what is asked of it.
#[derive(Clone, Debug)]
pub struct Jobs {
    /// The rows.
    pub list: Listing,
    /// The same as a board.
    pub board: Board,
    /// The filter as it was typed.
    pub query: String,
    /// The terms of it that could be read.
    pub filter: Filter,
    /// A term that cannot be read, and why.
    pub bad: Option<String>,
    /// The order.
    pub sort: Sort,
    /// Columns that a person took away.
    pub hidden: Vec<Column>,
    /// Shipped jobs too.
    pub shipped: bool,
    /// The person asked for another list, and no request carries it yet.
    pub changed: bool,
    /// The request that carries it.
    pub reset_at: u64,
}

impl Jobs {
    /// The job under the cursor, of the list or of the board.
    pub fn cursor(&self) -> Option<&JobId> {
        if self.board.on { self.board.cursor() } else { self.list.cursor() }
    }
}

impl Default for Jobs {
    fn default() -> Jobs {
        Jobs {
            list: Listing::default(),
            board: Board::default(),
            query: String::new(),
            filter: Filter::default(),
            bad: None,
            sort: Sort { by: column(Column::Stage), down: false },
            hidden: Vec::new(),
            shipped: false,
            changed: false,
            reset_at: 0,
        }
    }
}

/// An action that was sent and not answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// What.
    pub action: Option<Action>,
    /// To which jobs; their rows show that an answer is waited for.
    pub jobs: Vec<JobId>,
    /// What the person wrote with it: it is not lost with the action.
    pub words: Option<String>,
    /// It was sent together with others, which are told as one.
    pub batch: Option<u64>,
}

/// What was answered to an action, for all jobs that it was sent to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answered {
    /// What it was, in the past: `shipped`.
    pub past: String,
    /// What was done, a line each.
    pub done: Vec<String>,
    /// What was not: why, in a row; and in full with what helps, where the row does not say it all.
    pub refused: Vec<(String, Option<String>)>,
    /// It can be undone.
    pub undo: bool,
    /// Answers that are still to come.
    pub left: usize,
}

impl Answered {
    /// All that was asked.
    pub fn all(&self) -> usize {
        self.done.len() + self.refused.len() + self.left
    }
}

impl Model {
    /// The cockpit before anything has come.
    pub fn new(me: Actor, from: &str, read_only: bool, look: Look) -> Model {
        let listing = Listing::default;
        Model {
            now: Moment::default(),
            size: (80, 24),
            me,
            read_only,
            unusable: false,
            look,
            background: Background::default(),
            keys: Keymap::default(),
            replica: Replica::empty(from, "local"),
            lists: Lists::default(),
            gists: Gists::default(),
            asked: (0, false),
            outdated: false,
            screen: Screen::Overview,
            page: None,
            selected: None,
            marks: BTreeSet::new(),
            hidden: (0, Vec::new()),
            looked: BTreeMap::new(),
            range: None,
            watched: Watched::default(),
            notices: Notices::default(),
            overview: Overview {
                pane: Pane::Needs,
                alert: 0,
                needs: listing(),
                running: listing(),
                actionable: listing(),
                recent: listing(),
            },
            jobs: Jobs::default(),
            graph: Graph::default(),
            time: Time::default(),
            fleet: Fleet::default(),
            day: LastDay::default(),
            budget: Budget::default(),
            flow: Loaded::Unasked,
            risk: Risk::default(),
            layers: Vec::new(),
            seeking: Seeking::default(),
            recall: Recall::default(),
            toast: None,
            messages: VecDeque::new(),
            unread: 0,
            done: DoneList::Unasked,
            waiting: BTreeMap::new(),
            batches: BTreeMap::new(),
            done_upto: 0,
            ticket: 0,
            touched: Span::ZERO,
            focused: true,
            zoom: false,
            drawn: Drawn::default(),
            dirty: true,
            unlogged: None,
            quit: false,
        }
    }

    /// Takes what the settings say of the cockpit.
    pub fn set_by(&mut self, config: &Config, unusable: bool) {
        self.unusable = unusable;
        let notices = &mut self.notices;
        notices.titles = config.title.unwrap_or(true);
        notices.agents_tell =
            config.notify_way.unwrap_or_default() == PingWay::Auto && !config.notify_command.is_empty();
        notices.quiet.clone_from(&config.notify_quiet);
        if let Some(kinds) = &config.notify_kinds {
            notices.kinds.clone_from(kinds);
        }
        if let Some(columns) = &config.columns {
            let others = COLUMNS.iter().filter(|row| !columns.contains(&row.name));
            self.jobs.hidden = others.map(|row| row.column).collect();
        }
    }

    /// Where the person is.
    pub fn place(&self) -> Place {
        self.page.as_ref().map_or(Place::Screen(self.screen), |page| Place::Page(page.tab))
    }

    /// The readings by which the replica is judged.
    pub fn law_now(&self) -> Now {
        match self.time.at {
            Some(position) => Now { law: position.at.max(self.replica.state.at), wall: position.at },
            None => self.now.of(&self.replica.state),
        }
    }

    /// The job of that id, as it is known.
    pub fn job(&self, id: &JobId) -> Option<&Arc<Job>> {
        self.replica.state.jobs.get(id)
    }

    /// The job under the cursor, wherever that is.
    pub fn current(&self) -> Option<&Arc<Job>> {
        let id = match (&self.page, self.screen) {
            (Some(page), _) => Some(&page.job),
            (None, Screen::Overview) if self.overview.pane == Pane::Alerts => None,
            (None, Screen::Overview) => self.overview.list().cursor(),
            (None, Screen::Jobs) => self.jobs.cursor(),
            (None, Screen::Graph) => self.graph.list.cursor(),
            (None, Screen::Risk) if self.time.at.is_none() => self.risk.list.cursor(),
            (None, _) => self.selected.as_ref(),
        };
        id.and_then(|id| self.job(id))
    }

    /// The jobs that an action would go to: the marked ones, or the one under the cursor.
    pub fn targets(&self) -> Vec<&Arc<Job>> {
        if self.marks.is_empty() || self.page.is_some() {
            return self.current().into_iter().collect();
        }
        self.marks.iter().filter_map(|id| self.job(id)).collect()
    }

    /// The lists whose jobs are on the screen and can be marked.
    pub fn marked_lists(&self) -> Vec<&Listing> {
        let overview = &self.overview;
        match self.screen {
            _ if self.page.is_some() => Vec::new(),
            Screen::Overview => overview.lists().to_vec(),
            Screen::Jobs => vec![&self.jobs.list],
            Screen::Graph => vec![&self.graph.list],
            _ => Vec::new(),
        }
    }

    /// The marked jobs that none of them has: a filter hides them, or they were marked elsewhere.
    pub fn hidden_marks(&self) -> Vec<&JobId> {
        let lists = self.marked_lists();
        if self.marks.is_empty() || lists.is_empty() {
            return Vec::new();
        }
        let shown: HashSet<&JobId> = lists.into_iter().flat_map(Listing::rows).collect();
        self.marks.iter().filter(|id| !shown.contains(id)).collect()
    }

    /// How many jobs wait for the person, as every door counts them; those that only wait to be shipped share one
    /// row and are still as many.
    pub fn needs(&self) -> usize {
        self.lists.needs.len() + self.lists.to_ship.len()
    }

    /// The agents that live; `None` where nobody knows: of the past only jobs are kept.
    pub fn agents(&self) -> Option<&[Claimant]> {
        let is_now = self.time.at.is_none() && self.replica.is_known();
        is_now.then_some(self.replica.agents.as_slice())
    }

    /// What is wrong around the jobs, as the lists were made.
    pub fn alerts(&self) -> &[Alert] {
        &self.lists.alerts
    }

    /// The alert under the cursor, where alerts have the focus.
    pub fn alert(&self) -> Option<&Alert> {
        let is_there = self.page.is_none() && self.screen == Screen::Overview;
        let found = if is_there && self.overview.pane == Pane::Alerts { self.alerts() } else { return None };
        found.get(self.overview.alert.min(found.len().checked_sub(1)?))
    }

    /// The edit of this job's file that is not used, if there is one.
    pub fn bad_edit(&self, job: &Job) -> Option<&Rejected> {
        let file = job.file.as_deref()?;
        self.replica.rejected.iter().find(|it| it.edit && it.name == file)
    }

    /// Whether an action on this job was sent and not answered.
    pub fn is_waiting(&self, id: &JobId) -> bool {
        self.waiting.values().any(|one| one.jobs.contains(id))
    }

    /// The focused pane.
    pub fn pane(&self) -> Pane {
        match (&self.page, self.screen) {
            (Some(page), _) if self.in_parts().is_some() => Pane::Part(page.parts.at),
            (Some(_), _) => Pane::Text,
            (None, Screen::Overview) => self.overview.pane,
            (None, Screen::Graph) => Pane::Graph,
            (None, Screen::Risk) => Pane::Risk,
            (None, Screen::Budget) => Pane::Budget,
            (None, Screen::Fleet) => Pane::Fleet,
            (None, Screen::Time) => Pane::Time,
            (None, _) => Pane::Jobs,
        }
    }

    /// Why nothing may be changed, if that is so.
    pub fn bars(&self) -> Option<String> {
        if self.read_only {
            let why = match self.unusable {
                true => "your settings cannot be used, mend them: aq config edit",
                false => "started with --read-only",
            };
            return Some(format!("read-only: {why}"));
        }
        self.replica.bars()
    }

    /// The next moment at which something changes by time alone, on the clock since boot. `None`: the process
    /// may sleep until something comes.
    pub fn deadline(&self) -> Option<Span> {
        let toast = self.toast.as_ref().and_then(|toast| toast.until);
        let mut lists = [&self.jobs.list, &self.graph.list].into_iter().chain(self.overview.lists());
        let held = lists.any(|list| list.held() > 0) || self.jobs.board.held();
        let held = held.then(|| later(self.touched, HOLD));
        let plays = self.time.playing.map(|last| later(last, TICK));
        let it = &self.notices;
        let pings = it.last.filter(|_| !it.waiting.is_empty()).map(|last| later(last, PING_PACE));
        [toast, held, plays, pings, self.drawn.stale_at].into_iter().flatten().min()
    }

    /// Whether anything is still on its way: tests wait for this instead of for a time.
    pub fn pending(&self) -> bool {
        let looks = match (&self.page, self.screen) {
            (None, Screen::Fleet) => self.fleet.looking && self.fleet.host.here().is_none(),
            (None, Screen::Risk) => self.risk.looking && self.risk.found.here().is_none(),
            (None, Screen::Time) => matches!(self.time.recording, Loaded::Asked),
            _ => false,
        };
        let now = self.time.live.as_deref().unwrap_or(&self.replica);
        let old = matches!(now.health, Health::Local { .. } | Health::Live) && now.state.seq < self.done_upto;
        let acts = matches!(self.done, Loaded::Asked)
            && self.layers.iter().any(|layer| matches!(layer, Layer::Messages { .. }));
        let asked =
            acts || self.asked.1 || self.outdated || self.seeking.out || !self.waiting.is_empty() || old;
        asked || looks || self.replica.health == Health::Loading
    }
}
