//! What the cockpit knows, in three layers: the replica, lists that follow from it, and what each view adds.

mod app;
mod board;
mod column;
mod diff;
mod drawn;
mod explained;
mod layer;
mod listing;
mod lists;
mod moment;
mod page;
mod patch;
mod place;
mod replica;
mod runs;
mod sheet;
mod toast;

pub use app::{HOLD, Jobs, Model, Overview, Waiting};
pub use board::{BOARD, Board, Cards, deal};
pub use column::{COLUMNS, Column, ColumnRow, column, engine_of, factory_of};
pub use diff::{DiffOf, DiffPane};
pub use drawn::{Area, Drawn, Face, Hit, Prose, Window};
pub use explained::{Explained, Lacks};
pub use layer::{Choice, Field, Layer, LogChange, Pick, Then};
pub use listing::Listing;
pub use lists::{INLINE_MOST, Lists, Request, Sort, lists};
pub use moment::{Moment, later};
pub use page::{BYTES_MOST, ExplainPane, FilesPane, LINES_MOST, Loaded, LogLine, LogPane, Page, Voice};
pub use patch::{FileKind, Patch, PatchFile, PatchLine, Side};
pub use place::{Pane, Place, SCREENS, Screen, TABS, Tab};
pub use replica::{EVENTS_MOST, Health, Replica};
pub use runs::RunsPane;
pub use sheet::{Answer, Deed, GUARD, Plan, Sheet, Target, Words};
pub use toast::{MESSAGES_MOST, Message, TOAST_LIFE, Toast};
