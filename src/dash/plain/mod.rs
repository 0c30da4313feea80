//! The cockpit in words, for screen readers, pipes and terminals that cannot be drawn on: lines are only ever
//! added, a sign is a word, and what can be done is a numbered menu. The model, its messages and the table of
//! actions are those of the drawn cockpit; readings of a job are the verbs of the command line.

mod menu;
mod screens;
mod talk;
mod words;

pub use talk::{Step, Talk};
