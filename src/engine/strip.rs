//! Takes terminal control out of text that came from a stranger.

use std::borrow::Cow;

/// `text` without escape sequences and control characters, for showing on a terminal. Newlines and tabs
/// stay. Unfinished sequences are dropped to the end, so that text put after it cannot complete them.
pub fn strip_controls(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\x1b' => skip_escape(&mut rest),
            '\u{9b}' => skip_csi(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut rest),
            c if is_control(c) => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Control characters and the marks that turn the direction of text: those can make one thing look like
/// another.
fn is_control(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_escape(rest: &mut Chars<'_>) {
    match rest.next() {
        Some('[') => skip_csi(rest),
        // Strings of the terminal: title, clipboard, hyperlink, device control.
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(rest),
        // Two-letter prefixes such as a choice of character set.
        Some(' '..='/') => {
            while rest.next_if(|c| matches!(c, ' '..='/')).is_some() {}
            rest.next();
        }
        _ => {}
    }
}

fn skip_csi(rest: &mut Chars<'_>) {
    // Parameters and intermediates, then one final letter; anything else breaks the sequence off.
    while rest.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    rest.next_if(|c| matches!(c, '@'..='~'));
}

fn skip_string(rest: &mut Chars<'_>) {
    while let Some(c) = rest.next() {
        match c {
            '\x07' | '\u{9c}' => return,
            '\x1b' if rest.peek() == Some(&'\\') => {
                rest.next();
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_is_left() {
        let check = |text: &str, expected: &str| assert_eq!(strip_controls(text), expected, "{text:?}");
        check("plain\ttext\n", "plain\ttext\n");
        check("\x1b[31mred\x1b[0m", "red");
        check("\x1b[1;38;5;208mx\x1b[m", "x");
        check("\x1b]0;title\x07x", "x");
        check("\x1b]52;c;aGk=\x1b\\x", "x");
        check("\x1b]8;;http://e\x1b\\link\x1b]8;;\x1b\\", "link");
        check("\x1bPq\x1b[31mstill inside\x1b\\x", "x");
        check("\x1b(Bx\x1b=y\x1b", "xy");
        check("50%\r100%", "50%100%");
        check("a\x08b\x00c\x7f", "abc");
        check("\u{9b}31mx\u{9d}0;t\u{9c}y", "xy");
        check("safe\u{202e}txt.exe", "safetxt.exe");
        check("\x1b[31", "");
        check("\x1b]0;never ends", "");
        check("日本\x1b[K語", "日本語");
    }
}
