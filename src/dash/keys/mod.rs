//! What can be done, and by which key: one table.

mod actions;
mod key;
mod keymap;
mod lawful;
mod screens;
mod undone;

pub use actions::{ACTIONS, AND, ActionRow, Do, GROUPS, Group, Motion, On, action_of, row_of};
pub use key::Key;
pub use keymap::Keymap;
pub use lawful::to_raise;
pub use screens::{AgentDo, GraphView, QueueDo, RiskDo, Wind};
pub use undone::undone_by;
