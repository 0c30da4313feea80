//! Colour by role, and what strangers' text may not do to a terminal.

use unicode_width::UnicodeWidthChar as _;

pub use crate::job::{Role, role_of, sign_of};

impl Role {
    /// The attributes that begin it, of the terminal's own sixteen colours.
    fn begin(self) -> &'static str {
        match self {
            Role::Neutral => "",
            Role::Wait => "\x1b[33m",
            Role::Active => "\x1b[36m",
            Role::Human => "\x1b[1;35m",
            Role::Good => "\x1b[32m",
            Role::Bad => "\x1b[1;31m",
            Role::Head => "\x1b[1m",
        }
    }

    /// The text in this role's colour, or as it is.
    pub fn paint(self, text: &str, color: bool) -> String {
        match (color, self.begin()) {
            (false, _) | (true, "") => text.to_string(),
            (true, begin) => format!("{begin}{text}\x1b[0m"),
        }
    }
}

/// The text without escape sequences and control characters, so that it cannot move the cursor, set a
/// title or answer for the user. Tabs stay; so does everything printable.
pub fn without_controls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => match chars.next() {
                // CSI: parameters, then one final byte.
                Some('[') => while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
                // OSC, DCS, SOS, PM, APC: up to BEL or ESC \.
                Some(']' | 'P' | 'X' | '^' | '_') => skip_string(&mut chars),
                _ => {}
            },
            '\u{9b}' => while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
            '\t' => out.push('\t'),
            // Bidirectional overrides reorder what a person reads.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn skip_string(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(c) = chars.next() {
        if c == '\x07' {
            return;
        }
        if c == '\x1b' && chars.peek() == Some(&'\\') {
            chars.next();
            return;
        }
    }
}

/// Columns a text takes on a terminal.
pub(super) fn width_of(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The text cut to `width` columns, with `…` where something is left out.
pub(super) fn cut(text: &str, width: usize) -> String {
    if width_of(text) <= width {
        return text.to_string();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if used + w + 1 > width {
            break;
        }
        used += w;
        out.push(c);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_taken_out() {
        let check = |text: &str, expected: &str| assert_eq!(without_controls(text), expected);
        check("plain ünïcode 日本", "plain ünïcode 日本");
        check("a\x1b[31mred\x1b[0m b", "ared b");
        check("t\x1b]0;title\x07x", "tx");
        check("t\x1b]52;c;AAAA\x1b\\x", "tx");
        check("a\rb\x08c\x07", "abc");
        check("\u{202e}evil", "evil");
        check("end\x1b[", "end");
        check("end\x1b", "end");
    }

    #[test]
    fn cuts_by_columns() {
        let check = |text: &str, width, expected: &str| assert_eq!(cut(text, width), expected);
        check("short", 9, "short");
        check("longer than", 6, "longe…");
        check("日本語", 4, "日…");
        check("x", 0, "");
    }
}
