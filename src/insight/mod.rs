//! Pure readings of state and events: why a job waits, what stands in its way, what comes next.

mod chains;
mod draw;
mod explain;
mod filter;
mod filter_parse;
mod halt;
mod line;
mod needs;
mod past;
mod path;
mod rails;
mod rollup;
mod tags;
#[cfg(test)]
mod tests;
mod waits;

pub use chains::{Chain, chains};
pub use draw::{Edge, Picture, dot, mermaid, picture};
pub use explain::{Explanation, Reason, explain};
pub use filter::{Filter, Scene};
pub use filter_parse::{BadFilter, FIELDS, Field, parse_filter};
pub use halt::{Halt, halt};
pub use line::Line;
pub use needs::{Need, need_of, needs_you, requeue_verb};
pub use past::{Past, jobs_ever, state_at};
pub use path::{CriticalPath, Estimates, Left, Step, critical_path};
pub use rails::{Rail, rails};
pub use rollup::{Rollup, rollup, used};
pub use tags::{has_conflict, tags};
pub use waits::{account_gate, closed_words, limit_words, park_words, status_of};
