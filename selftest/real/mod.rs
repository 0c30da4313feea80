//! The real `claude` and `codex` against the model server: what they say, and jobs that they do.
//!
//! They are asked for by `selftest/run --real`, which installs them and names their folder in `AQ_REAL`.

mod bench;
mod canary;
mod claude;
mod codex;
mod jobs;
mod parts;
mod program;
mod words;
