//! What an event does to the state. One file per noun.

mod account;
mod attempt;
mod event;
mod gate;
mod lease;
mod place;
mod pull_request;
mod steps;

pub use event::Broken;
pub(super) use lease::POISON_WINDOW;
