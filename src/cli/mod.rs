//! The command line: one verb, one file; the frame they stand in; one table of them all.

mod acting;
mod app;
mod argv;
mod columns;
mod complete;
mod feed;
mod frame;
mod notify;
mod scene;
mod summary;
mod topics;
mod verbs;
mod view;

// One verb, one file.
mod add;
mod agent;
mod answer;
mod approve;
mod artifacts;
mod ask;
mod bench;
mod budget;
mod cancel;
mod clean;
mod completions;
mod config;
mod dash;
mod demo;
mod diff;
mod doctor;
mod drain;
mod events;
mod explain;
mod graph;
mod help;
mod init;
mod insights;
mod keys;
mod log;
mod ls;
mod man;
mod next;
mod park;
mod path;
mod preempt;
mod profile;
mod progress;
mod promote;
mod redrive;
mod reject;
mod requeue;
mod review;
mod risk;
mod ship;
mod show;
mod stop;
mod undo;
mod unpark;
mod wait;
mod watch;

pub use app::main;
pub use frame::{
    Answer, Cell, CliError, ColorWish, Column, Context, EXITS, Envelope, Exit, Form, Globals, Kind, Out,
    Role, Table, Toward, find_job, find_jobs, find_queue, parse_moment, without_controls,
};
pub use topics::TOPICS;
pub use verbs::{Group, VERBS, Verb};
