//! The forge: the branch is pushed by git and the pull request opened and looked at by gh, never by an engine.

mod address;
mod branch;
mod gh;
mod log;
mod program;
mod request;
mod view;
mod words;

pub(super) use branch::{Push, push};
pub(super) use gh::{Found, Gh};
pub(super) use log::Logs;
pub(super) use program::Failed;
pub use program::gh_state;
pub(super) use request::{Request, request};
pub(super) use view::View;
