//! A line of input: which key edits what.

use tui_input::{Input, InputRequest};

use crate::dash::keys::Key;

/// Letters of one line; a filter or a command that is longer was not typed by a person.
const LINE_MOST: usize = 1_000;

/// Lets a key edit the line.
pub fn edit(input: &mut Input, key: Key) {
    let request = match key {
        Key::Char(c) if input.value().len() < LINE_MOST => InputRequest::InsertChar(c),
        Key::Backspace => InputRequest::DeletePrevChar,
        Key::Delete => InputRequest::DeleteNextChar,
        Key::Left => InputRequest::GoToPrevChar,
        Key::Right => InputRequest::GoToNextChar,
        Key::Home | Key::Ctrl('a') => InputRequest::GoToStart,
        Key::End | Key::Ctrl('e') => InputRequest::GoToEnd,
        Key::Ctrl('w') => InputRequest::DeletePrevWord,
        Key::Ctrl('u') => InputRequest::DeleteFromStart,
        Key::Ctrl('k') => InputRequest::DeleteTillEnd,
        _ => return,
    };
    input.handle(request);
}

/// Inserts a text at the cursor.
pub fn insert(input: &mut Input, text: &str) {
    text.chars().for_each(|c| edit(input, Key::Char(c)));
}
