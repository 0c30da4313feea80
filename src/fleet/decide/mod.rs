//! Decisions: a command against the state gives events or a refusal. One file per noun.

mod account;
mod attempt;
mod claim;
mod consequence;
mod gate;
mod operator;
mod order;
mod product;
mod pull_request;
mod review;
mod ship;
mod submit;

pub use order::{decide, handle};
