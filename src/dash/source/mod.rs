//! Where the data comes from and what is done with a person's yes: a thread of its own, behind messages.

mod folder;
mod hands;
mod heap;
mod host;
mod keep;
mod readmitting;
mod reads;
mod rejected;
mod remembering;
mod rewriting;
mod submitting;
mod tail;

pub use folder::{Folder, Source};
pub use remembering::recalled;
