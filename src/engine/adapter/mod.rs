//! How each engine is driven: one table, and per engine the recipe of its command line.

mod found;
mod recipe;
mod session;
mod table;

pub use found::{Found, found_on_path, missing_flags, sandbox_fault, version_of};
pub use recipe::{ARGUMENT_MAX, Ask, Recipe};
pub use session::{Past, session_is_there};
pub use table::{ENGINES, Engine, Reach, Told, engine};
