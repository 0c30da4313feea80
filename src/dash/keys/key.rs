//! A key, by the name that people read and write.

use std::fmt;

/// One press. Only keys that every terminal, multiplexer and browser lets through are needed; the others are
/// second names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)] // Their names say them.
pub enum Key {
    Char(char),
    Ctrl(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    ShiftLeft,
    ShiftRight,
    Home,
    End,
    PageUp,
    PageDown,
}

/// Keys with a name longer than a letter: the key, what people write, what a screen shows, the same in ASCII.
const NAMED: [(Key, &str, &str, &str); 17] = [
    (Key::Char(' '), "Space", "Space", "Space"),
    (Key::Enter, "Enter", "⏎", "Ent"),
    (Key::Esc, "Esc", "Esc", "Esc"),
    (Key::Tab, "Tab", "Tab", "Tab"),
    (Key::BackTab, "Shift-Tab", "⇧Tab", "S-Tab"),
    (Key::Backspace, "Backspace", "Bksp", "Bksp"),
    (Key::Delete, "Delete", "Del", "Del"),
    (Key::Up, "Up", "↑", "Up"),
    (Key::Down, "Down", "↓", "Down"),
    (Key::Left, "Left", "←", "Left"),
    (Key::Right, "Right", "→", "Right"),
    (Key::ShiftLeft, "Shift-Left", "⇧←", "S-Left"),
    (Key::ShiftRight, "Shift-Right", "⇧→", "S-Right"),
    (Key::Home, "Home", "Home", "Home"),
    (Key::End, "End", "End", "End"),
    (Key::PageUp, "PgUp", "PgUp", "PgUp"),
    (Key::PageDown, "PgDn", "PgDn", "PgDn"),
];

impl Key {
    /// As people write it, `Ctrl-R` or `Enter`.
    pub fn parse(text: &str) -> Option<Key> {
        if let Some(row) = NAMED.iter().find(|row| row.1.eq_ignore_ascii_case(text)) {
            return Some(row.0);
        }
        let alone = |text: &str| {
            let mut chars = text.chars();
            chars.next().filter(|_| chars.next().is_none())
        };
        match text.strip_prefix("Ctrl-").or_else(|| text.strip_prefix("ctrl-")) {
            Some(rest) => alone(rest).map(|c| Key::Ctrl(c.to_ascii_lowercase())),
            None => alone(text).filter(|c| !c.is_control()).map(Key::Char),
        }
    }

    /// As a screen shows it.
    pub fn sign(self, ascii: bool) -> String {
        match (NAMED.iter().find(|row| row.0 == self), self) {
            (Some(row), _) => if ascii { row.3 } else { row.2 }.to_string(),
            (None, Key::Ctrl(c)) => format!("Ctrl-{}", c.to_ascii_uppercase()),
            (None, Key::Char(c)) => c.to_string(),
            // Every other key has its row.
            (None, _) => String::new(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMED.iter().find(|row| row.0 == *self) {
            Some(row) => f.pad(row.1),
            None => f.pad(&self.sign(false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_and_print() {
        let named = NAMED.iter().map(|row| row.0);
        for key in named.chain([Key::Char('a'), Key::Char('?'), Key::Ctrl('r')]) {
            assert_eq!(Key::parse(&key.to_string()), Some(key));
            assert!(!key.sign(false).is_empty() && key.sign(true).is_ascii());
        }
        assert_eq!((Key::parse(""), Key::parse("ab"), Key::parse("\u{7}")), (None, None, None));
    }
}
