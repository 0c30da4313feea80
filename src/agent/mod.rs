//! The agent: claims, prepares, runs, checkpoints, verifies, reports; and ships when a person or a rule says so.

mod act;
mod change;
mod deaths;
mod desk;
mod fence;
mod forge;
mod herald;
mod host;
mod keep;
mod late;
#[cfg(target_os = "linux")]
mod linux;
mod note;
mod place;
mod pull_request;
mod reclaim;
mod registry;
mod rework;
mod risk;
mod run;
mod seat;
mod ship;
mod step;
mod verdict;
mod work;

pub use change::{Change, Wanted, change};
pub use desk::Until;
pub use fence::{Ask, Reply, ask as ask_fence};
pub use forge::gh_state;
pub use herald::{Pings, harmless};
pub use host::{claimant, claimant_at_once, claimants, load};
pub use keep::{Kept, kept, kept_folder};
pub use late::settle_closed;
pub use place::{job_branch, worktree_path};
pub use reclaim::{goes_on, make_whole, orphaned};
pub use registry::{Agent, Ending, agents_of, end_agent};
pub use risk::{AtRisk, at_risk, at_risk_of, let_go, rescue, unsaved_patch};
pub use run::{Ended, Options, run};
pub use ship::{Sent, Ship, ship};
pub use step::SAVE_EVERY;
