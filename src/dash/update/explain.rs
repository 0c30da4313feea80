//! Why a job waits: asked of the source, now or at a moment that a person names.

use std::sync::Arc;

use super::{field, tell};
use crate::dash::effect::{Effect, Want};
use crate::dash::keys::Key;
use crate::dash::model::{Field, Layer, Loaded, Model, Page, Tab};
use crate::dash::msg::Got;
use crate::job::{Role, Seq};
use crate::time::Stamp;

/// What a moment is written like.
const FORMS: &str = "a time is 22:00, 10m ago as 10m, or 2026-10-02T12:04:27Z; empty is now";

/// Asks anew when the queue has moved on; one question is out at a time, so a flood of events asks no flood.
pub fn wants(page: &mut Page, seq: Seq) -> Option<Effect> {
    if page.tab != Tab::Explain {
        return None;
    }
    let it = &mut page.explain;
    // The past does not move on.
    let of = (it.at, if it.at.is_some() { 0 } else { seq });
    if it.out || it.of == Some(of) {
        return None;
    }
    it.of = Some(of);
    it.out = true;
    if it.got == Loaded::Unasked {
        it.got = Loaded::Asked;
    }
    Some(Effect::Read(Want::Explain(page.job.clone(), it.at)))
}

/// An answer came; one about another moment is dropped.
pub fn read(page: &mut Page, at: Option<Stamp>, got: Result<Got, String>) {
    let it = &mut page.explain;
    it.out = false;
    if it.at != at {
        return;
    }
    it.got = match got {
        Ok(Got::Explained(said)) => Loaded::Here(Arc::clone(&said)),
        Ok(_) => Loaded::Failed("no explanation came".to_string()),
        Err(why) => Loaded::Failed(why),
    };
}

/// Begins to write a moment.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    model.layers.push(Layer::Moment(Field::of("")));
    Vec::new()
}

/// A key while the moment is written. Gives what to read once it is there, and whether the line stays.
pub fn key(model: &mut Model, line: &mut Field, key: Key) -> (bool, Vec<Effect>) {
    match key {
        Key::Esc => (false, Vec::new()),
        Key::Enter => {
            let text = line.input.value().trim().to_string();
            let at = match text.is_empty() {
                true => None,
                false => match Stamp::read_past(&text, model.now.wall) {
                    Some(at) => Some(at),
                    None => {
                        tell::say(model, Role::Wait, format!("{text} is no time: {FORMS}"), "", false);
                        return (true, Vec::new());
                    }
                },
            };
            if let Some(page) = &mut model.page {
                page.explain.at = at;
                page.explain.got = Loaded::Asked;
                page.explain.out = false;
            }
            (false, super::pages::wants(model))
        }
        _ => {
            field::edit(&mut line.input, key);
            (true, Vec::new())
        }
    }
}
