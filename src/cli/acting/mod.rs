//! What all verbs that change something share: their flags and targets, what is asked before loss, the orders, what is told.

mod agents;
mod consent;
mod deed;
mod editor;
mod flags;
mod outcome;
mod sheet;

pub use agents::{AgentArgs, end_agents, remember_queue};
pub use consent::{Consent, Sheet, can_ask, consent, yes_or_no};
pub use deed::{Deed, act, act_on, named_rev};
pub use editor::{Edited, again, edit, editor_of};
pub use flags::{Changing, Many, One, key_of_action, must_say, parse_budget, parse_until};
pub use outcome::{Became, Outcome, judged, tell};
pub use sheet::{changed, sheet};
