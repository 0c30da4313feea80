//! Makes visible in text what a terminal would obey or not draw: what a person decides on hides nothing.
//!
//! [`strip_controls`](super::strip_controls) is for what is only told: there a colour that is gone is no loss. A
//! patch, a manifest or an answer is read before a yes, and what a shell would run of it must be seen. So nothing is
//! taken out here: each such character is written as people write it, `^[` or `<U+202E>`.

use std::borrow::Cow;

/// Characters that are drawn as nothing, or turn the direction of what stands around them (the default ignorable
/// ones of Unicode, the breaks of lines and paragraphs, and the annotations). Those of U+0080 to U+009F are
/// controls already.
const UNSEEN: [(char, char); 18] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// `text` with everything marked that a terminal would obey or not draw. Newlines and tabs stay, and so does what
/// only joins or dresses the sign before it, as in a family or a red heart.
pub fn show_controls(text: &str) -> Cow<'_, str> {
    let Some(first) = first_unseen(text) else { return Cow::Borrowed(text) };
    let (seen, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len() + 8);
    out.push_str(seen);
    let mut before = seen.chars().next_back();
    for c in rest.chars() {
        match mark(c, before) {
            Some(mark) => out.push_str(&mark),
            None => out.push(c),
        }
        before = Some(c);
    }
    Cow::Owned(out)
}

/// Whether a line of a text has something to be marked. The return before its end hides nothing: a whole text may
/// have its lines end like that.
pub fn hides(line: &str) -> bool {
    first_unseen(line.strip_suffix('\r').unwrap_or(line)).is_some()
}

fn first_unseen(text: &str) -> Option<usize> {
    let mut before = None;
    text.char_indices().find_map(|(at, c)| {
        let is = is_unseen(c, before);
        before = Some(c);
        is.then_some(at)
    })
}

fn is_unseen(c: char, before: Option<char>) -> bool {
    match c {
        '\n' | '\t' | ' '..='~' => false,
        _ if c.is_control() => true,
        _ if !UNSEEN.iter().any(|range| (range.0..=range.1).contains(&c)) => false,
        _ => !belongs(c, before),
    }
}

/// Joiners and the two common dresses of a sign belong to it, once, and behind no letter of ASCII: there they would
/// make two names look alike.
fn belongs(c: char, before: Option<char>) -> bool {
    let Some(before) = before.filter(|c| !c.is_ascii()) else { return false };
    match c {
        '\u{fe0e}' | '\u{fe0f}' => !matches!(before, '\u{200c}' | '\u{200d}') && !is_unseen(before, None),
        '\u{200c}' | '\u{200d}' => before == '\u{fe0f}' || !is_unseen(before, None),
        _ => false,
    }
}

fn mark(c: char, before: Option<char>) -> Option<String> {
    let caret = |c: u8| format!("^{}", char::from(c ^ 0x40));
    match (c, u8::try_from(c)) {
        _ if !is_unseen(c, before) => None,
        (_, Ok(byte)) if c.is_ascii() => Some(caret(byte)),
        _ => Some(format!("<U+{:04X}>", u32::from(c))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_a_terminal_obeys_or_hides_is_marked() {
        let check = |text: &str, expected: &str| {
            assert_eq!(show_controls(text), expected, "{text:?}");
            assert_eq!(hides(text), text != expected, "{text:?}");
        };
        check("plain\ttext\n", "plain\ttext\n");
        check(
            "echo deploying \x1b]0; touch PWNED; echo \x07done",
            "echo deploying ^[]0; touch PWNED; echo ^Gdone",
        );
        check("\x1b[2Ja\x08\x7f\0", "^[[2Ja^H^?^@");
        check("rm -rf /\rls", "rm -rf /^Mls");
        check("a\u{202e}b\u{2066}c\u{200b}d\u{ad}e", "a<U+202E>b<U+2066>c<U+200B>d<U+00AD>e");
        check("\u{9b}31m\u{feff}\u{2028}", "<U+009B>31m<U+FEFF><U+2028>");
        check("\u{e0041}\u{3164}\u{fe00}", "<U+E0041><U+3164><U+FE00>");
        check(
            "日本語 é e\u{301} ❤\u{fe0f} 👩\u{200d}👩 ❤\u{fe0f}\u{200d}🔥",
            "日本語 é e\u{301} ❤\u{fe0f} 👩\u{200d}👩 ❤\u{fe0f}\u{200d}🔥",
        );
        check("a\u{fe0f}b\u{200d}c\u{200d}", "a<U+FE0F>b<U+200D>c<U+200D>");
        check("❤\u{fe0f}\u{fe0f}\u{fe0f}👩\u{200d}\u{200d}", "❤\u{fe0f}<U+FE0F><U+FE0F>👩\u{200d}<U+200D>");
    }

    #[test]
    fn lines_may_end_as_windows_ends_them() {
        assert_eq!((hides("ls\r"), hides("ls\r\r"), hides("l\rs")), (false, true, true));
        assert_eq!(show_controls("ls\r"), "ls^M");
    }
}
