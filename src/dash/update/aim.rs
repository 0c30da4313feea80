//! What is asked for by name, without a key or a cursor.

use super::{go, pick};
use crate::dash::effect::Effect;
use crate::dash::model::{Model, Screen, Tab, Then};
use crate::job::JobId;

/// Something was chosen.
pub fn chosen(model: &mut Model, then: Then) -> Vec<Effect> {
    model.touched = model.now.up;
    model.dirty = true;
    pick::run(model, then)
}

/// What follows is about these jobs: one has its page opened, several are marked.
pub fn at(model: &mut Model, mut jobs: Vec<JobId>) -> Vec<Effect> {
    model.marks.clear();
    model.dirty = true;
    match (jobs.pop(), jobs.is_empty()) {
        (None, _) => Vec::new(),
        (Some(job), true) => go::page(model, job, Tab::Summary),
        (Some(last), false) => {
            let effects = go::screen(model, Screen::Jobs);
            model.marks.extend(jobs);
            model.marks.insert(last);
            effects
        }
    }
}
