//! What engines' output means: one table of dialects, one file per dialect, one table of text rules.

mod aider;
mod claude;
mod claude_usage;
mod codex;
mod copilot;
mod cursor;
mod devin;
mod estimate;
mod fields;
mod gemini;
mod judgement;
mod opencode;
mod reset;
mod rollout;
mod rules;
mod shell;
mod startup;
mod table;
mod text;

pub use judgement::{Judgement, judge};
pub(super) use rollout::thread_file;
pub use rules::{RULES, RULES_VERSION};
pub use table::{Beside, DIALECTS, Dialect, Heard, Hearing, Resumed, RunFacts, Said, dialect};
