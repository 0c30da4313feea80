//! What is wrong with a file somebody wrote, told with the line itself and a caret under the place.

/// Problems printed for one file; more than this is a broken file, and the rest is only counted.
pub const PROBLEMS_MAX: usize = 1_000;
/// Columns of a source line that are shown; a longer line is cut around the caret.
const SHOWN_COLUMNS: usize = 100;
/// Bytes of a source line that is shown at all; counting characters of a longer one for each of its problems
/// would take seconds and show nothing a person reads.
const LINE_MAX: usize = 20_000;
/// Characters of a message; what a stranger wrote rides in it.
const MESSAGE_MAX: usize = 300;
/// Columns kept to the left of the caret when a line is cut.
const SHOWN_BEFORE: usize = 60;
/// Words further from the wrong one than a third of their length are no suggestion but noise.
const SUGGESTION_SHARE: usize = 3;

/// A place in a file: line and column from 1, columns and length counted in characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct At {
    /// Line, from 1.
    pub line: u32,
    /// Character of the line, from 1.
    pub column: u32,
    /// Characters meant, at least 1; the caret ends with its line.
    pub len: u32,
}

impl At {
    /// A place of one character.
    pub fn new(line: usize, column: usize) -> At {
        At { line: narrow(line), column: narrow(column), len: 1 }
    }

    /// The same place with that many characters meant.
    #[must_use]
    pub fn long(self, len: usize) -> At {
        At { len: narrow(len.max(1)), ..self }
    }
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// One thing that is wrong with a manifest, a profile or a configuration file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where it stands.
    pub at: At,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem at that place.
    pub fn new(at: At, message: impl Into<String>) -> Problem {
        let mut message: String = message.into();
        if let Some((end, _)) = message.char_indices().nth(MESSAGE_MAX) {
            message.truncate(end);
            message.push('…');
        }
        Problem { at, message, hint: None }
    }

    /// The same problem with advice.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Problem {
        Problem { hint: Some(hint.into()), ..self }
    }
}

/// Every problem as text: `NAME:3:12: message`, the source line, carets, the hint.
pub fn render_problems(file: &str, source: &[u8], problems: &[Problem]) -> String {
    let source = String::from_utf8_lossy(source);
    let lines: Vec<&str> = source.split('\n').collect();
    let mut out = String::new();
    for problem in problems.iter().take(PROBLEMS_MAX) {
        let At { line, column, .. } = problem.at;
        out.push_str(&format!("{}:{line}:{column}: {}\n", visible(file), visible(&problem.message)));
        let shown = lines
            .get((line as usize).wrapping_sub(1))
            .filter(|text| text.len() <= LINE_MAX && !text.trim().is_empty());
        if let Some(text) = shown {
            out.push_str(&caret(text.trim_end_matches('\r').trim_start_matches('\u{feff}'), problem.at));
        }
        if let Some(hint) = &problem.hint {
            out.push_str(&format!("    {}\n", visible(hint)));
        }
    }
    if problems.len() > PROBLEMS_MAX {
        out.push_str(&format!("and {} more\n", problems.len() - PROBLEMS_MAX));
    }
    out
}

/// The line and a caret line under it, aligned by the width of characters.
fn caret(line: &str, at: At) -> String {
    let chars: Vec<char> = line.chars().collect();
    let start = (at.column as usize).saturating_sub(1).min(chars.len());
    let end = start.saturating_add(at.len as usize).min(chars.len()).max(start + 1);
    let from = if chars.len() > SHOWN_COLUMNS { start.saturating_sub(SHOWN_BEFORE) } else { 0 };
    let to = chars.len().min(from + SHOWN_COLUMNS);
    let cut = if from > 0 { "…" } else { "" };
    let shown: String = chars[from..to].iter().map(|c| plain(*c)).collect();
    let tail = if to < chars.len() { "…" } else { "" };
    let before: usize = chars[from..start].iter().map(|c| width(*c)).sum();
    let meant = chars[start.min(to)..end.min(to)].iter().map(|c| width(*c)).sum::<usize>().max(1);
    let pad = " ".repeat(before + cut.chars().count());
    format!("    {cut}{}{tail}\n    {pad}{}\n", shown.trim_end(), "^".repeat(meant))
}

/// A character as it may go to a terminal: a tab as one space, any other control character as a sign.
fn plain(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// Text from strangers without control characters; line breaks stay.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c } else { plain(c) }).collect()
}

/// Columns a character takes on most terminals: combining marks none, East Asian wide and emoji two.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f | 0x20d0..=0x20ff => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1f64f | 0x1f680..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The candidate that `word` is most likely a slip of, if one is near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let word = plain(word);
    let near = |candidate: &str| strsim::damerau_levenshtein(&word, &plain(candidate));
    let limit = |candidate: &str| (candidate.chars().count() / SUGGESTION_SHARE).max(1);
    let found = candidates.into_iter().map(|c| (near(c), c)).filter(|(d, c)| *d <= limit(c));
    found.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// `did you mean "x"?`, or the words there are when none is near.
pub fn suggestion<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(word, candidates.clone()) {
        Some(found) => format!("did you mean {found:?}?"),
        None => format!("one of: {}", candidates.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(source: &str, at: At, expected: &Expect) {
        let problem = Problem::new(at, "wrong").hint("write it right");
        expected.assert_eq(&render_problems("a.md", source.as_bytes(), &[problem]));
    }

    #[test]
    fn carets_stand_under_the_place() {
        check(
            "title: x\ntimeout: 5x\n",
            At::new(2, 10).long(2),
            &expect![[r#"
                a.md:2:10: wrong
                    timeout: 5x
                             ^^
                    write it right
            "#]],
        );
        check(
            "日本: é\u{301}\tx\r\n",
            At::new(1, 8).long(9),
            &expect![[r#"
                a.md:1:8: wrong
                    日本: é́ x
                            ^
                    write it right
            "#]],
        );
        check(
            &format!("{}here{}", "a ".repeat(100), " b".repeat(100)),
            At::new(1, 201).long(4),
            &expect![[r#"
                a.md:1:201: wrong
                    …a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a here b b b b b b b b b b b b b b b b b b…
                                                                                 ^^^^
                    write it right
            "#]],
        );
        check(
            "short\u{1b}[2J",
            At::new(9, 9),
            &expect![[r#"
                a.md:9:9: wrong
                    write it right
            "#]],
        );
    }

    #[test]
    fn slips_are_recognised() {
        let words = ["title", "engine", "engine-class", "timeout", "deps", "deps-mode"];
        let check = |word: &str, found: Option<&str>| assert_eq!(nearest(word, words), found, "{word}");
        check("tilte", Some("title"));
        check("engine_class", Some("engine-class"));
        check("Timeout", Some("timeout"));
        check("dep", Some("deps"));
        check("colour", None);
        check("", None);
    }
}
