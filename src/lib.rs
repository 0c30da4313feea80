//! aq: a folder of markdown files becomes a factory of coding agents.
//!
//! # Bird's eye
//!
//! A job is a markdown file. What happens to it is decided by one pure function, the law, from a state and
//! a command; what was decided is an event; events stand in one log, and the state is what they add up to.
//! Every process that looks at a queue has a coordinator that owns such a state, and speaks to it through
//! the board. An agent claims jobs under a lease, runs engines through a shim that outlives it, saves the
//! tree in git, and tells the law how it ended.
//!
//! # The rooms, in reading order
//!
//! - [`job`]: the words. Ids, stages, outcomes, manifests, profiles, settings. Text in, values out.
//! - [`time`]: instants, spans, clocks.
//! - [`fleet`]: the law. Commands, events, refusals, state, decide, apply, score, pick.
//! - [`insight`]: pure readings of state and events: why a job waits, what is behind it, what it cost.
//! - [`store`]: logs by their guarantees, the line format, and the folder as a log.
//! - [`git`]: worktrees, checkpoints, changes, ships.
//! - [`engine`]: the shim that owns a run, the kill ladder, what engines say and how it is judged.
//! - [`coordinator`]: the sole owner of a state: orders in batches, one flush, then answers.
//! - [`board`]: the seam that verbs and agents speak to; settings; from what hands do to what the law is asked.
//! - [`agent`]: a pure step, acts, one loop.
//! - [`dash`]: the cockpit: a pure update and view over a replica, one table of actions.
//! - [`cli`]: one verb, one file.
//!
//! # What there is not
//!
//! - No second set of rules: the folder, and one day the fleet, obey the same law.
//! - No clock, disk, chance or async in `job`, `fleet`, `insight`, the agent's step, the cockpit's update and view.
//! - No shared mutex over state; no state that does not follow from events.
//! - No room that imports from a floor above it, or through another's inner files.
//! - No acknowledgement before its flush, and no flush that is tried twice.
//! - No deletion of work that stands in no commit, unless a person says so.
//!
//! # Where the code departs from its design, and why
//!
//! - `pulldown_cmark` is used in `job` too: the first heading and the fenced script of a job are found by the
//!   rules of any renderer.
//! - Where a file was last put is written in a journal beside the log, not as an event: it is the folder's own
//!   book, and a simple job keeps to five events.
//! - Dependencies whose heads conflict end the attempt with `config` and name both sides; a job that was claimed
//!   cannot go back to blocked, because nothing would wake it there.
//! - `dash` meets `agent`: what a person ships, compares or rescues in a folder is done by the agent's hands.
//! - A job that has waited for a day goes by its age alone: the weights of a score could let it wait for ever.
//! - Files of a run are not flushed: they outlive processes, not power (see `engine`).

pub mod agent;
pub mod board;
pub mod cli;
pub mod coordinator;
pub mod dash;
pub mod engine;
pub mod fleet;
pub mod git;
pub mod insight;
pub mod job;
pub mod store;
pub mod time;
