//! The law: what may happen to a job, and what follows. Pure: no clock, no disk, no chance, no async.

mod account;
mod actions;
mod apply;
mod command;
mod decide;
mod event;
mod invariant;
mod job;
mod known;
mod line;
mod money;
mod pick;
mod pull_request;
mod read;
mod refusal;
mod score;
mod state;

pub use account::{Account, AccountId, ClosedAccount, Closure, Met, Shut, login_of, named};
pub use actions::{ACTIONS, Action, Level};
pub use apply::Broken;
pub use command::{Child, Claimant, Command, Ending, EngineOffer, Now, Order, PauseMode, Submission};
pub use decide::{decide, handle};
pub use event::{Actor, ActorKind, CEILING_TAKEN_BACK, Event, What, Window};
pub use invariant::check_whole;
pub use job::{
    AskedReview, Attempt, Course, Decision, Dep, Handoff, Head, Job, Lease, LeaseKind, NOT_SHIPPED, Park,
    ParkReason, SUPERSEDED, Subject, VerdictSaid,
};
pub use line::{InLine, kinds_in_line, line};
pub use money::{EngineMoney, SpentEngine};
pub use pick::{Gate, class_at, gates, next_moment, suits};
pub use pull_request::{Checks, PrLook, PrMeans, PrReview, PrState, PullRequest};
pub use read::{Derived, Gathered, Names, Portion};
pub use refusal::{Code, Refusal};
pub use score::{Scale, Score, TERMS, Term, goes_by_age};
pub use state::{Product, State, Tombstone};

/// Number of this law. Rides in every batch and snapshot; a process that meets a higher one stops
/// deciding. It rises whenever the same events would give another state.
pub const LAW: u32 = 1;
