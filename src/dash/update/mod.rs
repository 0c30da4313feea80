//! What becomes of the model: pure, one file per concern. Adding a screen: its keys are rows of the table of
//! actions, their meaning a file here, its arm in `root`.

mod act;
mod acted;
mod aim;
mod alerts;
mod background;
mod budget;
mod diff;
mod explain;
mod feed;
mod field;
mod files;
mod fleet;
mod flow;
mod form;
mod gist;
mod go;
mod graph;
mod jobs;
mod layers;
mod lines;
mod log;
mod notice;
mod pages;
mod palette;
mod parts;
mod pick;
mod risk;
mod root;
mod runs;
mod search;
mod several;
mod sheet;
mod tell;
mod time;
mod watch;

pub use lines::run_by_line;
pub use root::update;
