//! The theme by the terminal's own background: asked for once the first frame is there, and again when the person
//! comes back to the window, who may have changed it meanwhile. Nothing waits for the reply.
//!
//! Terminals can also tell a change by themselves (mode 2031). What they tell then is a report that crossterm
//! 0.29 never sees the end of: it would swallow every key up to the next `u` or `c`. So it is not asked for.

use crate::dash::effect::Effect;
use crate::dash::model::{Model, REPLIES_WITHIN, later};
use crate::dash::theme::{Theme, theme_on};

/// Asks, where the theme follows the background.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    if !model.background.follows {
        return Vec::new();
    }
    model.background.asked = Some(model.now.up);
    vec![Effect::AskBackground]
}

/// The terminal replied. What comes too late, unasked or without a colour changes nothing.
pub fn reply(model: &mut Model, text: &str) {
    let in_time = model.background.asked.take().is_some_and(|at| model.now.up <= later(at, REPLIES_WITHIN));
    let theme = theme_on(text).filter(|_| in_time && model.background.follows);
    if let Some(theme) = theme.filter(|theme| *theme != model.look.theme)
        && matches!(model.look.theme, Theme::Dark | Theme::Light)
    {
        model.look.theme = theme;
        model.dirty = true;
    }
}
