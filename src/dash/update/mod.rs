//! What becomes of the model: pure, one file per concern. Adding a screen: its keys are rows of the table of
//! actions, their meaning a file here, its arm in `root`.

mod act;
mod aim;
mod diff;
mod explain;
mod feed;
mod field;
mod files;
mod go;
mod jobs;
mod layers;
mod log;
mod pages;
mod pick;
mod root;
mod runs;
mod sheet;
mod tell;

pub use root::update;
