//! What is said about what was done: one row for a while, and all of it in the list of messages.

use crate::job::Role;
use crate::time::{Span, Stamp};

/// How long a word about what was done stays.
pub const TOAST_LIFE: Span = Span::from_secs(6);
/// Messages kept for `m`; more than a day's work of them tells nothing.
pub const MESSAGES_MOST: usize = 500;

/// The row above the footer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Toast {
    /// What is said.
    pub text: String,
    /// How.
    pub role: Role,
    /// It can be undone by `u`.
    pub undo: bool,
    /// When it goes by itself; an action that failed stays until Esc.
    pub until: Option<Span>,
}

/// One entry of `m`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// When.
    pub at: Stamp,
    /// How.
    pub role: Role,
    /// What was said.
    pub text: String,
    /// More: the hint, the raw answer.
    pub more: String,
}
