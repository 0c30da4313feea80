//! The keys of a sheet: its answers, its words, and the guard of its first moments.

use ratatui_textarea as area;

use super::go;
use crate::dash::keys::{Key, Motion};
use crate::dash::model::{Answer, GUARD, Model, Pane, Plan, Sheet, Words, later};
use crate::job::JobId;

/// Letters of an answer or a reason: a page, not a book.
const WORDS_MOST: usize = 16 << 10;

/// What a key did.
pub enum After {
    /// Nothing is decided yet.
    Stay,
    /// Things stay as they are.
    Kept,
    /// Yes to this, with these words.
    Said(Plan, Option<String>),
    /// What was asked for, and why it cannot be yet.
    Off(String, String),
}

/// A key while the sheet is up.
pub fn key(model: &Model, sheet: &mut Sheet, key: Key) -> After {
    // A key that was held down when it came up must not answer it.
    if model.now.up < later(sheet.opened, GUARD) {
        return After::Stay;
    }
    if let Some(motion) = rolls(sheet, key) {
        roll(model, sheet, motion, 1);
        return After::Stay;
    }
    if let Some(words) = sheet.words.as_mut().filter(|words| words.writing) {
        match key {
            Key::Esc => return After::Kept,
            Key::Enter if words.said().is_empty() => {}
            Key::Enter if words.lacks().is_some() => {
                let what = sheet.answers.first().map(|answer| answer.label.clone());
                return After::Off(what.unwrap_or_default(), words.lacks().unwrap_or_default());
            }
            Key::Enter => words.writing = false,
            Key::Ctrl('j') => words.text.insert_newline(),
            _ if length(words.text.lines()) < WORDS_MOST || !matches!(key, Key::Char(_)) => {
                if let Some(input) = input_of(key) {
                    words.text.input(input);
                }
            }
            _ => {}
        }
        return After::Stay;
    }
    match key {
        Key::Esc | Key::Enter | Key::Char('n' | 'q') => After::Kept,
        Key::Char('e') if sheet.words.is_some() => {
            if let Some(words) = &mut sheet.words {
                words.writing = true;
            }
            After::Stay
        }
        Key::Char(letter) => match sheet.answers.iter().find(|answer| answer.key == letter) {
            Some(answer) => match unread(model, sheet, answer) {
                Some(why) => After::Off(answer.label.clone(), why),
                None => {
                    let words = sheet.words.as_ref().map(Words::said);
                    After::Said(answer.plan.clone(), words)
                }
            },
            None => After::Stay,
        },
        _ => After::Stay,
    }
}

/// What must be done before this can be answered: all of it must have been in sight. To look at something needs no
/// reading.
fn unread(model: &Model, sheet: &Sheet, answer: &Answer) -> Option<String> {
    let looks = matches!(answer.plan, Plan::Look(..));
    if let Some(why) = sheet.words.as_ref().and_then(Words::lacks).filter(|_| !looks) {
        return Some(why);
    }
    let none = model.drawn.window(Pane::Sheet).height == 0;
    match (looks || sheet.sight.is_whole(), none) {
        (true, _) => None,
        (false, true) => Some("make the window larger: nothing of the question is in sight".to_string()),
        (false, false) => Some("read all of it first: PgDn goes on".to_string()),
    }
}

/// The motion of a key where the sheet has more lines than room: while words are written the arrows are theirs.
fn rolls(sheet: &Sheet, key: Key) -> Option<Motion> {
    match key {
        Key::PageDown => Some(Motion::PageDown),
        Key::PageUp => Some(Motion::PageUp),
        _ if is_writing(sheet) => None,
        Key::Down | Key::Char('j') => Some(Motion::Down),
        Key::Up | Key::Char('k') => Some(Motion::Up),
        Key::Home => Some(Motion::First),
        Key::End => Some(Motion::Last),
        _ => None,
    }
}

/// Rolls its lines from where the last frame had them; the next frame goes no further than there are lines.
pub fn roll(model: &Model, sheet: &mut Sheet, motion: Motion, times: usize) {
    let window = model.drawn.window(Pane::Sheet);
    sheet.top = window.top;
    (0..times).for_each(|_| sheet.top = go::moved(sheet.top, motion, window.height.max(1), usize::MAX / 2));
}

/// Whether letters are letters in it now.
pub fn is_writing(sheet: &Sheet) -> bool {
    sheet.words.as_ref().is_some_and(|words| words.writing)
}

/// Inserts a text at the cursor of its words.
pub fn insert(sheet: &mut Sheet, text: &str) {
    if let Some(words) = &mut sheet.words {
        let room = WORDS_MOST.saturating_sub(length(words.text.lines()));
        words.text.insert_str(text.chars().take(room).collect::<String>());
    }
}

/// Whether it is the sheet that answers this job's question.
pub fn answers(sheet: &Sheet, job: &JobId) -> bool {
    sheet.answers.iter().any(|answer| matches!(&answer.plan, Plan::Answer(target) if target.job == *job))
}

fn length(lines: &[String]) -> usize {
    lines.iter().map(|line| line.len() + 1).sum()
}

fn input_of(key: Key) -> Option<area::Input> {
    let (key, ctrl) = match key {
        Key::Char(c) => (area::Key::Char(c), false),
        Key::Ctrl(c) => (area::Key::Char(c), true),
        Key::Backspace => (area::Key::Backspace, false),
        Key::Delete => (area::Key::Delete, false),
        Key::Up => (area::Key::Up, false),
        Key::Down => (area::Key::Down, false),
        Key::Left => (area::Key::Left, false),
        Key::Right => (area::Key::Right, false),
        Key::Home => (area::Key::Home, false),
        Key::End => (area::Key::End, false),
        _ => return None,
    };
    Some(area::Input { key, ctrl, alt: false, shift: false })
}
