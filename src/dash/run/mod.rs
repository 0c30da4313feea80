//! The process around the model: terminal, input, signals, and the one loop.

mod cockpit;
mod input;
mod signals;
mod terminal;

pub use cockpit::{Options, run};
