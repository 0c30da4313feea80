//! Where events live: the log by its guarantees, its line format, and the logs that keep the promise.

mod codec;
mod fault;
mod folder;
mod log;
mod memory;

pub use codec::{BatchId, Entry, decode_line, encode_line};
pub use fault::{Fault, FaultKind};
pub use folder::{
    Finding, FolderLog, Place, Scan, Segment, Watch, Wish, is_edited, move_new, replace_existing, write_whole,
};
pub use log::{Appended, Log, Saver};
pub use memory::{MemoryLog, PlantedFault};
