//! Pure readings of state and events: why a job waits, what stands in its way, what comes next.

mod chains;
mod deeds;
mod draw;
mod explain;
mod filter;
mod filter_parse;
mod halt;
mod impact;
mod lawful;
mod level;
mod line;
mod needs;
mod past;
mod path;
mod rails;
mod recording;
mod reviews;
mod rollup;
mod spending;
mod stakes;
mod tags;
#[cfg(test)]
mod tests;
mod waits;

pub use chains::{Chain, chains};
pub use deeds::{Deed, Inverse, LOCAL, PastAction, take_deed, way_back};
pub use draw::{Edge, Picture, dot, mermaid, picture};
pub use explain::{Explanation, Reason, explain};
pub use filter::{Filter, Scene};
pub use filter_parse::{BadFilter, FIELDS, Field, parse_filter};
pub use halt::{Halt, halt};
pub use impact::behind;
pub use lawful::{in_words, lawful};
pub use level::{has_inverse, level_of};
pub use line::Line;
pub use needs::{Need, need_of, needs_you, requeue_verb};
pub use past::{Past, jobs_ever, state_at};
pub use path::{CriticalPath, Estimates, Left, Step, critical_path};
pub use rails::{Rail, rails};
pub use recording::{Mark, Recording, Timeline};
pub use reviews::engine_reviews;
pub use rollup::{Rollup, rollup, used};
pub use spending::{Ledger, Outlay, Spending, spending};
pub use stakes::{counts, short_rev, stakes};
pub use tags::{has_conflict, tags};
pub use waits::{account_gate, closed_words, limit_words, park_words, status_of};
