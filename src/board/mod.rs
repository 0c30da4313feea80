//! The seam: what the dash, the agent and most verbs speak to, without asking whether it is a folder or a fleet.

mod archive;
mod ceilings;
mod deeds;
mod intake;
mod local;
mod losses;
mod newcomers;
mod rewrite;
mod seam;
mod settings;
mod skew;
mod submit;
mod sync;
mod texts;

pub use archive::HOT_ENDED_MOST;
pub use ceilings::ceilings_wanted;
pub use intake::{Draft, Intake, Ready, TEMPLATE};
pub use local::{Local, Purpose};
pub use rewrite::Rewritten;
pub use seam::{Answer, Board, Source};
pub use settings::{Settings, cache_home, config_files, data_home, keys_file, state_home};
pub use skew::{leap, note_clock};
pub use submit::{Submitted, order_review, submit};
pub use sync::{Memory, Report};
pub use texts::takes_text;
