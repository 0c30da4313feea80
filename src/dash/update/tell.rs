//! Saying things: the toast, and the list of messages behind it.

use crate::dash::model::{Layer, MESSAGES_MOST, Message, Model, TOAST_LIFE, Toast};
use crate::dash::msg::Said;
use crate::job::Role;

/// Columns of the toast row that its text cannot have: the keys behind it.
const HINTS: usize = 22;

/// Says something in the toast row and keeps it. What went wrong stays until Esc.
pub fn say(model: &mut Model, role: Role, text: impl Into<String>, more: impl Into<String>, undo: bool) {
    let text = text.into();
    let until = (role != Role::Bad).then(|| model.now.after(TOAST_LIFE));
    model.messages.push_back(Message { at: model.now.wall, role, text: text.clone(), more: more.into() });
    let read = model.layers.iter().any(|layer| matches!(layer, Layer::Messages { .. }));
    model.unread = if read { 0 } else { (model.unread + 1).min(MESSAGES_MOST) };
    let over = model.messages.len().saturating_sub(MESSAGES_MOST);
    model.messages.drain(..over);
    model.toast = Some(Toast { text, role, undo, until });
    model.dirty = true;
}

/// Keeps a word that nobody asked for, and shows it unless something went wrong and waits to be read.
pub fn note(model: &mut Model, role: Role, text: &str) {
    let stays = model.toast.take().filter(|toast| toast.until.is_none());
    say(model, role, text, "", false);
    if let Some(toast) = stays {
        model.toast = Some(toast);
    } else if let Some(toast) = &mut model.toast {
        // It was not the person who went wrong.
        toast.until = Some(model.now.after(TOAST_LIFE));
    }
}

/// Why an action that was asked for is off.
pub fn off(model: &mut Model, name: &str, why: &str) {
    hint(model, format!("{name} is off: {why}"));
}

/// Why a key does nothing. Nothing happened: a message of it is kept only where the row has no room for all of it.
pub fn hint(model: &mut Model, text: String) {
    if text.chars().count() + HINTS > usize::from(model.size.0) {
        say(model, Role::Wait, text, "", false);
        return;
    }
    let until = Some(model.now.after(TOAST_LIFE));
    model.toast = Some(Toast { text, role: Role::Wait, undo: false, until });
    model.dirty = true;
}

/// A word from the world.
pub fn said(model: &mut Model, said: &Said) {
    let role = if said.bad { Role::Bad } else { Role::Neutral };
    say(model, role, &said.text, &said.more, false);
}
