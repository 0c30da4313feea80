//! What a frame shows: pure, one file per screen. Adding a screen: a file with `draw`, and its arm in `frame`;
//! a tab: the same with its arm in `page`.

mod artifacts;
mod board;
mod boxed;
mod budget;
mod burndown;
mod canvas;
mod detail;
mod diff;
mod events;
mod explain;
mod fleet;
mod form;
mod frame;
mod gate;
mod graph;
mod help;
mod jobs;
mod layered;
mod log;
mod manifest;
mod messages;
mod overview;
mod page;
mod panes;
mod parts;
mod pick;
mod prose;
mod risk;
mod runs;
mod sheet;
mod summary;
mod text;
mod time;

pub use frame::view;
pub use text::clean;
