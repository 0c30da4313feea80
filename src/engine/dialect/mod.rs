//! What engines' output means: one table of dialects, one file per dialect.

mod judgement;
mod shell;
mod table;
mod text;

pub use judgement::{Judgement, judge};
pub use table::{DIALECTS, Dialect, Heard, dialect};
