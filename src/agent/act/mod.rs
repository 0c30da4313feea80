//! Doing one act. Each runs as a task of its own and ends in one happening; nothing is decided here.

mod command;
mod doer;
mod login;
mod plan;
mod prepare;
mod report;
mod review;
mod runs;
mod save;

pub(super) use doer::{Doer, blocking};
pub(super) use runs::used_by;
pub(super) use save::accept;
