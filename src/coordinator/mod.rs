//! The sole owner of a state: takes orders, decides them in batches, commits, publishes.

mod core;
mod mailbox;

pub use self::core::{Coordinator, Verdict};
pub use mailbox::{Duties, Mailbox, start, start_with};
