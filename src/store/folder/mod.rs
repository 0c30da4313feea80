//! The folder as a log: events and blobs on the machine's side, and each job's file in the folder of its stage.

mod blobs;
mod disk;
mod history;
mod journal;
mod layout;
mod log;
mod place;
mod scan;
mod segments;
mod snapshot;
mod tail;
mod watch;

pub use disk::{move_new, replace_existing, write_whole};
pub use layout::is_edited;
pub use log::FolderLog;
pub use place::{Place, Wish};
pub use scan::{Finding, Scan};
pub use segments::Segment;
pub use watch::Watch;
