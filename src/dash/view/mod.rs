//! What a frame shows: pure, one file per screen. Adding a screen: a file with `draw`, and its arm in `frame`;
//! a tab: the same with its arm in `page`.

mod artifacts;
mod board;
mod boxed;
mod canvas;
mod detail;
mod diff;
mod events;
mod explain;
mod frame;
mod gate;
mod help;
mod jobs;
mod later;
mod log;
mod manifest;
mod messages;
mod overview;
mod page;
mod parts;
mod pick;
mod prose;
mod runs;
mod sheet;
mod summary;
mod text;

pub use frame::view;
pub use text::clean;
