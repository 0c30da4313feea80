//! What passes through the stages, followed event by event; what came before the events at hand is read beside the
//! screen, once, where it is shown.

use crate::dash::effect::Effect;
use crate::dash::model::{Loaded, Model, Screen, WIDE};
use crate::dash::survey::Wish;
use crate::fleet::State;
use crate::insight::Flow;

/// The queue moved on from `before`. A log whose first event is at hand is known as a whole.
pub fn moved_on(model: &mut Model, before: &State) {
    let it = model.time.live.as_deref().unwrap_or(&model.replica);
    let first = it.events.front().map(|row| row.0);
    if matches!(model.flow, Loaded::Unasked) && first == Some(1) {
        let mut flow = Flow::default();
        let follows = flow.follow(&State::default(), &it.events);
        model.flow = if follows { Loaded::Here(flow) } else { Loaded::Unasked };
    } else if let Loaded::Here(flow) = &mut model.flow {
        let from = it.events.partition_point(|row| row.0 <= flow.seq());
        // What does not follow is read anew.
        if !flow.follow(before, it.events.range(from..)) {
            model.flow = Loaded::Unasked;
        }
    }
}

/// Asks for what came before, where it is shown and not known.
pub fn wants(model: &mut Model) -> Option<Effect> {
    let shown = model.page.is_none() && model.screen == Screen::Overview && model.size.0 >= WIDE;
    let asks = shown && matches!(model.flow, Loaded::Unasked) && model.time.at.is_none();
    if !asks || model.replica.state.seq == 0 || !model.replica.health.acts() {
        return None;
    }
    model.flow = Loaded::Asked;
    Some(Effect::Survey(Wish::Flow))
}

/// It was read; what came meanwhile follows, and with the state that the log begins with it is known where that
/// came from.
pub fn found(model: &mut Model, got: Result<Box<(Flow, State)>, String>) {
    let (mut flow, begin) = match got {
        Ok(found) => *found,
        Err(why) => {
            model.flow = Loaded::Failed(why);
            return;
        }
    };
    let it = model.time.live.as_deref().unwrap_or(&model.replica);
    let from = it.events.partition_point(|row| row.0 <= flow.seq());
    let follows = flow.follow(&begin, it.events.range(from..));
    model.flow = match follows {
        true => Loaded::Here(flow),
        false => Loaded::Failed("what came meanwhile does not follow what was read".to_string()),
    };
}
