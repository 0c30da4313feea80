//! What the cockpit knows, in three layers: the replica, lists that follow from it, and what each view adds.

mod app;
mod background;
mod board;
mod budget;
mod column;
mod diff;
mod done;
mod drawn;
mod explained;
mod fleet;
mod form;
mod gist;
mod graph;
mod layer;
mod listing;
mod lists;
mod moment;
mod notice;
mod page;
mod part;
mod patch;
mod place;
mod recall;
mod replica;
mod risk;
mod runs;
mod seek;
mod sheet;
mod time;
mod toast;
mod watch;

pub use app::{Answered, HOLD, Jobs, Model, Overview, Waiting};
pub use background::{Background, REPLIES_WITHIN};
pub use board::{BOARD, Board, Cards, deal};
pub use budget::{Budget, BudgetRow, budget_rows, spent, spent_by, window_span};
pub use column::{COLUMNS, Column, ColumnRow, column, engine_of, factory_of};
pub use diff::{DiffOf, DiffPane};
pub use done::{Done, DoneList, done};
pub use drawn::{Area, Drawn, Face, Hit, Prose, WIDE, Window};
pub use explained::Explained;
pub use fleet::{AgentDeed, Demand, Fleet, Host, demands};
pub use form::{
    Asked, BACK_OF_A_STOP, Form, FormKind, MODES, Options, UNTIL, WINDOWS, running, window_words,
};
pub use gist::{GISTS_MOST, Gist, GistOf, Gists};
pub use graph::{Gauge, Graph, GraphSeen, GraphWish, HOPS, graph_seen};
pub use layer::{Choice, Field, Layer, LogChange, Pick, Section, Then};
pub use listing::{Listing, Step};
pub use lists::{INLINE_MOST, Lists, PerList, Request, Sort, lists};
pub use moment::{Moment, later};
pub use notice::{Notices, STAYS};
pub use page::{
    BYTES_MOST, ExplainPane, FilesPane, LINES_MOST, Loaded, LogLine, LogPane, Page, Voice, words_of,
};
pub use part::{PARTS, Part, Parts};
pub use patch::{FileKind, Patch, PatchFile, PatchLine, Side};
pub use place::{Pane, Place, SCREENS, Screen, TABS, Tab};
pub use recall::{Memo, NAME_MOST, Recall, SavedView, VIEWS_MOST, plain};
pub use replica::{EVENTS_MOST, Health, Replica, Retry};
pub use risk::{Owner, Risk, RiskOrder, Unsaved, at_risk_in, nobodys, owner_of, to_save, worktrees};
pub use runs::RunsPane;
pub use seek::{Seek, Seeking, Sought, seek};
pub use sheet::{Answer, Deed, GUARD, Plan, Sheet, Sight, Target, Words};
pub use time::{BEFORE, Differs, NAMES, Position, SPEEDS, TICK, Time};
pub use toast::{MESSAGES_MOST, Message, TOAST_LIFE, Toast};
pub use watch::{WATCHED_MOST, Watched};
