//! The process around the model: terminal, input, signals, and the one loop.

mod clipboard;
mod cockpit;
mod edits;
mod idle;
mod input;
mod own_keys;
mod ping;
mod plain;
mod screen;
mod signals;
mod terminal;

pub use cockpit::{Options, run};
pub use idle::Signal;
pub use own_keys::own_keys;
pub use plain::{Plain, run_plain};
