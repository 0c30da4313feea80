//! What to do next, as a pure function: a happening and the agent's state give acts.

mod walk;
mod watch;
mod watchdog;
mod words;

#[cfg(test)]
mod tests;

pub(super) use walk::{is_done, step};
pub use watch::SAVE_EVERY;
pub(super) use watch::next_deadline;
pub(super) use watchdog::Watched;
pub(super) use words::{Act, At, Grant, Happening, Sight};
#[cfg(test)]
mod world;
