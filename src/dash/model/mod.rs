//! What the cockpit knows, in three layers: the replica, lists that follow from it, and what each view adds.

mod app;
mod column;
mod drawn;
mod layer;
mod listing;
mod lists;
mod moment;
mod page;
mod place;
mod replica;
mod sheet;
mod toast;

pub use app::{HOLD, Jobs, Model, Overview, Waiting};
pub use column::{COLUMNS, Column, ColumnRow, column, engine_of, factory_of};
pub use drawn::{Area, Drawn, Face, Hit, Prose, Window};
pub use layer::{Choice, Field, Layer, Pick, Then};
pub use listing::Listing;
pub use lists::{INLINE_MOST, Lists, Request, Sort, lists};
pub use moment::{Moment, later};
pub use page::{BYTES_MOST, LINES_MOST, Loaded, LogLine, LogPane, Page, Voice};
pub use place::{Pane, Place, SCREENS, Screen, TABS, Tab};
pub use replica::{EVENTS_MOST, Health, Replica};
pub use sheet::{Answer, Deed, GUARD, Plan, Sheet, Target, Words};
pub use toast::{MESSAGES_MOST, Message, TOAST_LIFE, Toast};
