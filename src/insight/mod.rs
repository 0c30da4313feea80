//! Pure readings of state and events: why a job waits, what stands in its way, what comes next.

mod actionable;
mod alerts;
mod awaits;
mod chains;
mod day;
mod deeds;
mod draw;
mod explain;
mod filter;
mod filter_parse;
mod flow;
mod foremost;
mod halt;
mod impact;
mod lawful;
mod level;
mod line;
mod needs;
mod past;
mod path;
mod pull_request;
mod rails;
mod rated;
mod recording;
mod reviews;
mod rollup;
mod spending;
mod stakes;
mod tags;
mod tally;
#[cfg(test)]
mod tests;
mod waits;

pub use actionable::actionable;
pub use alerts::{Alert, AlertAbout, LOG_AHEAD_MOST, Rejected, alerts, rejected};
pub use awaits::{Await, awaits};
pub use chains::{Chain, chains};
pub use day::{Ends, LastDay, MINUTES, Save};
pub use deeds::{
    Deed, Inverse, LOCAL, PastAction, left_out, no_way_back, take_deed, to_redo, way_again, way_back,
};
pub use draw::{Edge, Picture, dot, mermaid, picture};
pub use explain::{Explanation, Reason, explain};
pub use filter::{Filter, Scene};
pub use filter_parse::{BadFilter, FIELDS, Field, is_begun, parse_filter};
pub use flow::{Day, Flow, HOURS, Net, stage_after};
pub use foremost::{Foremost, foremost};
pub use halt::{Halt, Stops, halt, stops_at};
pub use impact::{BEHIND_MOST, behind};
pub use lawful::{in_words, lawful, why_not};
pub use level::{has_inverse, level_of, undo_runs_again};
pub use line::Line;
pub use needs::{AGENT_GONE, Need, RUNS_ON, need_in, need_of, needs_you, requeue_verb};
pub use past::{Past, jobs_ever, state_at};
pub use path::{CriticalPath, Estimates, Left, Step, critical_jobs, critical_path};
pub use pull_request::{look_words, pr_left_open, pr_words};
pub use rails::{Rail, rails};
pub use rated::{Rated, points, score_of, score_words};
pub use recording::{Mark, Recording, Timeline};
pub use reviews::{awaits_engines, engine_reviews};
pub use rollup::{Rollup, rollup, used};
pub use spending::{Ledger, Outlay, Spending, Sum, spending};
pub use stakes::{answer_reaches, counts, short_rev, stakes, stakes_of_all, with_text, words_reach};
pub use tags::{Aside, EDITED, has_conflict, tags};
pub use tally::{Tally, shipped_since};
pub use waits::{account_gate, closed_words, doing, done_since, limit_words, park_words, status_of};
