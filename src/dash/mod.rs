//! The cockpit: a terminal over one queue. Elm, strict: `update(&mut Model, Msg) -> Vec<Effect>` and
//! `view(&Model, &mut Frame) -> Drawn` are pure; `run` owns the terminal, `source` owns the queue.
//!
//! # Who knows what
//!
//! - `keys`: the one table of actions. Dispatch, footer, help, palette, `.` and the mouse read it.
//! - `model`: the replica (never changed here), lists that follow from it, and what each view adds.
//! - `update`: what becomes of the model, one file per concern. Time arrives as [`Msg::Now`].
//! - `view`: what a frame shows, one file per screen. What only drawing can know comes back as [`Drawn`].
//! - `effect`, `msg`: what is asked of the world and what it answers; no widget's type is in them.
//! - `source`: a thread that follows the queue and does effects. A fleet is another file beside `folder`.
//! - `plain`: the same model told in words, line by line, and steered by lines that are typed.
//! - `run`: terminal, input thread, signals, guards, the loop with its one timer.
//!
//! # To add
//!
//! - **An action**: a [`Do`] (or none, for an action of the law), a row in `keys/actions.rs` with its place,
//!   keys, reason when off and command line, and an arm in `update/root.rs`. Nothing else: every door shows it.
//! - **A screen**: its state in a file of `model` and a field of [`Model`], its keys as rows of the table, its
//!   meaning in a file of `update`, its picture in a file of `view` with `draw(&mut Canvas, Rect)`; then one arm
//!   each in `view/frame.rs` (in place of `later::screen`), `update/go.rs` (`list`, if it has rows) and
//!   `Model::current` (if it has a job under its cursor).
//! - **A tab**: its state in a file of `model` and a field of [`Page`], what it must read in `update/pages.rs`
//!   (`of_tab` asks with a [`Want`], `read` takes the answer), the reading in `source/hands.rs`, its picture in
//!   a file of `view`, its arm in `view/page.rs` (in place of `later::tab`).
//! - **A sheet**: an arm in `answers_of` of `update/act.rs`: answers are letters with a [`Plan`], words are
//!   asked for by [`Words`]. A new kind of plan gets its arm in `send`. A sheet about no job is pushed as a
//!   [`Layer::Sheet`] by whoever needs it.
//! - **A list**: a [`Listing`], fed by `take` and `reset`: it keeps the cursor on its job, holds a new order
//!   while a finger is on it, and lets a row stay that left. Draw only `canvas.window(...)` of it.
//! - **An age or a count that time changes**: `canvas.age(...)` notes by itself when the frame goes stale.

mod effect;
mod guards;
mod keys;
mod model;
mod msg;
mod plain;
mod run;
mod source;
mod survey;
mod theme;
mod update;
mod view;

pub use effect::{Effect, Old, Want};
pub use keys::{
    ACTIONS, ActionRow, AgentDo, Do, GROUPS, GraphView, Group, Key, Keymap, Motion, On, QueueDo, RiskDo,
    Wind, action_of,
};
pub use model::*;
pub use msg::{Acted, Fresh, Got, Mouse, Msg, Read, Said};
pub use plain::{Step, Talk};
pub use run::{Options, Plain, Signal, own_keys, run, run_plain};
pub use source::Folder;
pub use survey::{Found, Risks, Wish};
pub use theme::{Look, THEMES, Theme, Wishes};
pub use update::update;
pub use view::view;
