//! What stands between the terminal and the keys: torn escape sequences and pasted text are no commands.
//!
//! crossterm takes a lone ESC at the end of a read as the key Esc, so over a slow line an arrow can arrive as
//! Esc, `[`, `A`. And where bracketed paste is stripped, a pasted word arrives as letters. Both would fire
//! actions that nobody asked for. The guard sees keys with their instants: an Esc is given out only when for a
//! while nothing followed that makes it a sequence, and letters that came faster than fingers are one paste.
//! A reply of the terminal to a question of ours comes the same way; it is taken out whole.
//! Instants are handed in, so that its tests need no clock.

use super::keys::Key;
use super::model::later;
use crate::time::Span;

/// An Esc is only an Esc if no `[` or `O` follows within this time.
pub const ESC_WAIT: Span = Span::from_millis(30);
/// Printable keys within this time belong to one burst.
pub const BURST: Span = Span::from_millis(20);
/// So many of them are a paste: nobody types four letters in 20 ms.
pub const BURST_LEAST: usize = 4;

/// What begins a reply of the terminal: an operating system command, in the form of one letter.
pub const REPLY: Key = Key::Char('\u{9d}');
/// What ends it: a string terminator, in the same form. A bell does too.
pub const REPLY_END: Key = Key::Char('\u{9c}');
/// Letters of a reply that could mean something; whoever sends more is no terminal.
const REPLY_MOST: usize = 64;

/// What comes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Passed {
    /// A key.
    Key(Key),
    /// A text that came as fast as a paste.
    Paste(String),
    /// What the terminal replied.
    Reply(String),
}

/// The state between one key and the next.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// An Esc that waits, and since when.
    esc: Option<Span>,
    /// Inside a torn sequence, begun then.
    torn: Option<Span>,
    /// A reply that is on its way, and when its last part came.
    reply: Option<(String, Span)>,
}

impl Guard {
    /// When a waiting Esc is to be given out.
    pub fn deadline(&self) -> Option<Span> {
        self.esc.map(|at| later(at, ESC_WAIT))
    }

    /// The waiting Esc, if its time has come.
    pub fn due(&mut self, now: Span) -> Option<Passed> {
        self.deadline().filter(|at| *at <= now)?;
        self.esc = None;
        Some(Passed::Key(Key::Esc))
    }

    /// Takes keys that came together, each with its instant.
    pub fn take(&mut self, keys: &[(Key, Span)]) -> Vec<Passed> {
        let mut out = Vec::new();
        let mut rest = keys;
        while let Some(((key, at), more)) = rest.split_first() {
            out.extend(self.due(*at));
            if let Some(whole) = self.replies(*key, *at) {
                out.extend(whole);
                rest = more;
                continue;
            }
            if self.is_torn(*key, *at) {
                rest = more;
                continue;
            }
            let burst = burst(rest);
            if burst >= BURST_LEAST {
                out.extend(self.esc.take().map(|_| Passed::Key(Key::Esc)));
                out.push(Passed::Paste(rest[..burst].iter().filter_map(|row| printable(row.0)).collect()));
                rest = &rest[burst..];
                continue;
            }
            match (self.esc, *key) {
                (None, Key::Esc) => self.esc = Some(*at),
                (Some(_), key) => {
                    // Something else followed: the Esc was one.
                    out.push(Passed::Key(Key::Esc));
                    self.esc = (key == Key::Esc).then_some(*at);
                    out.extend((key != Key::Esc).then_some(Passed::Key(key)));
                }
                (None, key) => out.push(Passed::Key(key)),
            }
            rest = more;
        }
        out
    }

    /// Whether the key belongs to a reply of the terminal; gives the reply with its last key.
    fn replies(&mut self, key: Key, at: Span) -> Option<Option<Passed>> {
        let on_its_way = self.reply.take().filter(|(_, last)| {
            // What stays away for longer was torn off; what comes now is a person's again.
            at.as_millis().saturating_sub(last.as_millis()) <= ESC_WAIT.as_millis()
        });
        let Some((mut text, _)) = on_its_way else {
            let begins = key == REPLY || self.esc.is_some() && key == Key::Char(']');
            if begins {
                self.esc = None;
                self.reply = Some((String::new(), at));
            }
            return (begins || key == REPLY_END).then_some(None);
        };
        match key {
            REPLY_END | Key::Ctrl('g') => return Some(Some(Passed::Reply(text))),
            Key::Char('\\') if text.ends_with('\u{1b}') => {
                text.pop();
                return Some(Some(Passed::Reply(text)));
            }
            Key::Esc => text.push('\u{1b}'),
            Key::Char(c) if text.len() < REPLY_MOST => text.push(c),
            _ => return None,
        }
        self.reply = Some((text, at));
        Some(None)
    }

    /// Whether the key belongs to a sequence that arrived in pieces.
    fn is_torn(&mut self, key: Key, at: Span) -> bool {
        if self.esc.is_some() && matches!(key, Key::Char('[' | 'O')) {
            self.esc = None;
            self.torn = Some(at);
            return true;
        }
        let Some(begun) = self.torn else { return false };
        let fresh = at.as_millis().saturating_sub(begun.as_millis()) <= ESC_WAIT.as_millis();
        let part = matches!(key, Key::Char(c) if c.is_ascii_graphic() || c == ' ');
        if !fresh || !part {
            self.torn = None;
            return false;
        }
        // Parameters are digits and signs; a letter or ~ ends it.
        self.torn = match key {
            Key::Char(c) if ('@'..='~').contains(&c) => None,
            _ => Some(at),
        };
        true
    }
}

fn printable(key: Key) -> Option<char> {
    match key {
        Key::Char(c) if !c.is_control() => Some(c),
        Key::Enter => Some('\n'),
        Key::Tab => Some('\t'),
        _ => None,
    }
}

/// How many printable keys at the beginning came within one burst of each other.
fn burst(keys: &[(Key, Span)]) -> usize {
    let mut count = 0;
    let mut last: Option<Span> = None;
    for (key, at) in keys {
        let near =
            last.is_none_or(|last| at.as_millis().saturating_sub(last.as_millis()) <= BURST.as_millis());
        if printable(*key).is_none() || !near {
            break;
        }
        (last, count) = (Some(*at), count + 1);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `KEY@MS` words, `;` between what comes together; `@MS` alone is a look at the clock.
    #[track_caller]
    fn check(script: &str, expected: &str) {
        let mut guard = Guard::default();
        let mut out = Vec::new();
        for batch in script.split(';') {
            let words = batch.split_whitespace().map(|word| word.rsplit_once('@').expect("KEY@MS"));
            let read =
                |(key, ms): (&str, &str)| (key.to_string(), Span::from_millis(ms.parse().expect("ms")));
            let keys: Vec<(String, Span)> = words.map(read).collect();
            if let [(name, at)] = keys.as_slice()
                && name.is_empty()
            {
                out.extend(guard.due(*at));
                continue;
            }
            let keys: Vec<(Key, Span)> = keys.iter().map(|(name, at)| (named(name), *at)).collect();
            out.extend(guard.take(&keys));
        }
        let said: Vec<String> = out
            .iter()
            .map(|passed| match passed {
                Passed::Key(key) => key.to_string(),
                Passed::Paste(text) => format!("paste({})", text.escape_default()),
                Passed::Reply(text) => format!("reply({text})"),
            })
            .collect();
        assert_eq!(said.join(" "), expected, "{script}");
    }

    /// A key by its name; the two of replies have theirs here alone.
    fn named(name: &str) -> Key {
        match name {
            "OSC" => REPLY,
            "ST" => REPLY_END,
            name => Key::parse(name).expect("a key"),
        }
    }

    #[test]
    fn a_reply_is_no_keys() {
        check("OSC@0 1@0 1@0 :@0 r@0 S@1 ST@1 j@90", "reply(11:rS) j");
        check("OSC@0 1@0 1@0 Ctrl-g@1 j@90", "reply(11) j");
        check("j@0 OSC@1 1@1 1@1 a@1 b@1 ST@1", "j reply(11ab)");
        // In pieces, with a lone Esc at the end of each.
        check("Esc@0 ; ]@5 1@5 x@5 ; Esc@9 ; \\@12 ; j@90", "reply(1x) j");
        // What never ends, and an Alt-] of a person, hold up nothing.
        check("OSC@0 1@0 ; q@60", "q");
        check("OSC@0 ; j@31", "j");
        check("ST@0 j@9", "j");
    }

    #[test]
    fn a_torn_arrow_is_nothing() {
        check("Esc@0 ; [@5 ; A@9 ; j@40", "j");
        check("Esc@0 ; O@5 P@5 ; j@40", "j");
        check("Esc@0 ; [@5 1@6 ;@100", "");
        check("Esc@0 ; [@5 1@6 ~@7 x@60", "x");
        check("Esc@0 ; [@5 ; S@80", "S");
    }

    #[test]
    fn an_esc_alone_is_an_esc_after_its_wait() {
        check("Esc@0 ; @29", "");
        check("Esc@0 ; @30", "Esc");
        check("Esc@0 ; [@31", "Esc [");
        check("Esc@0 ; j@10", "Esc j");
        check("Esc@0 ; Esc@10 ; @40", "Esc Esc");
    }

    #[test]
    fn letters_faster_than_fingers_are_a_paste() {
        check("x@0 y@1 S@1 d@2", "paste(xySd)");
        check("x@0 y@1 S@1", "x y S");
        check("r@0 m@10 Enter@20 q@30 ; j@300", "paste(rm\\nq) j");
        check("j@0 j@30 j@60 j@90", "j j j j");
        check("Down@0 Down@1 Down@2 Down@3", "Down Down Down Down");
    }
}
