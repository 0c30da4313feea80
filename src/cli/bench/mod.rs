//! `aq bench`: the goals beside what this machine does.

mod agent;
mod disk;
mod figures;
mod history;
mod verb;
mod yard;

pub use verb::{Args, run};
