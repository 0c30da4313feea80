//! The process around the model: terminal, input, signals, and the one loop.

mod clipboard;
mod cockpit;
mod idle;
mod input;
mod ping;
mod plain;
mod signals;
mod terminal;

pub use cockpit::{Options, run};
pub use idle::Signal;
pub use plain::{Plain, run_plain};
