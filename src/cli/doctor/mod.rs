//! `aq doctor`: what is wrong with queue, log, git, engines, disk and clock, and how to mend it.

mod engines;
mod finding;
mod machine;
mod queue;
mod run;

pub use run::{Args, run};
