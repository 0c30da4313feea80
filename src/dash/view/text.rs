//! Text on a terminal: what strangers wrote made harmless, columns counted, lines cut.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::engine::{show_controls, strip_controls};
use crate::time::Span;

/// What a tab is drawn as.
const TAB: &str = "    ";

/// The text without anything that could move the cursor, reorder what is read, or change the width of a sign.
pub fn clean(text: &str) -> String {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return text.to_string();
    }
    let plain = strip_controls(text);
    plain
        .chars()
        .filter(|c| !matches!(c, '\u{fe0e}' | '\u{fe0f}'))
        .map(|c| if matches!(c, '\n' | '\t') { ' ' } else { c })
        .collect()
}

/// A text that is read before a yes: what [`clean`] takes out is marked in it, so that it hides nothing.
pub fn marked(text: &str) -> String {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return text.to_string();
    }
    let shown = show_controls(&text.replace('\t', TAB).replace('\n', " ")).into_owned();
    // What only dresses the sign before it is left, and has another width in every terminal.
    shown.replace(['\u{fe0e}', '\u{fe0f}'], "")
}

/// Columns it takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text cut to so many columns, with `more` where something is left out.
pub fn cut(text: &str, most: usize, more: &str) -> String {
    if width(text) <= most {
        return text.to_string();
    }
    let room = most.saturating_sub(width(more));
    let mut out = String::new();
    let mut used = 0;
    for part in text.graphemes(true) {
        let wide = width(part);
        if used + wide > room {
            break;
        }
        used += wide;
        out.push_str(part);
    }
    if most >= width(more) {
        out.push_str(more);
    }
    out
}

/// The end of a text in so many columns, with `more` where its beginning is left out: of a path the end tells.
pub fn cut_front(text: &str, most: usize, more: &str) -> String {
    if width(text) <= most {
        return text.to_string();
    }
    let room = most.saturating_sub(width(more));
    let mut kept: Vec<&str> = Vec::new();
    let mut used = 0;
    for part in text.graphemes(true).rev() {
        used += width(part);
        if used > room {
            break;
        }
        kept.push(part);
    }
    let end: String = kept.into_iter().rev().collect();
    if most >= width(more) { format!("{more}{end}") } else { end }
}

/// Columns of the end of a job's id that are always kept: what no other job has, with its dash.
const OWN_END: usize = 5;

/// A job's id in exactly so many columns. Ids begin with their titles and end in what tells them apart, so the middle
/// gives way.
pub fn fit_id(id: &str, columns: usize, more: &str) -> String {
    let rest = columns.saturating_sub(OWN_END + width(more));
    if width(id) <= columns || rest < OWN_END - 1 {
        return fit(id, columns, false, more);
    }
    let end = cut_front(id, OWN_END + width(more), more);
    fit(&(cut(id, rest, "").trim_end_matches('-').to_string() + &end), columns, false, more)
}

/// The text cut to so many columns, of which paths give way first, the longest one before the others: what a person
/// looks for is the name of the file.
pub fn cut_paths(text: &str, most: usize, more: &str) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_string).collect();
    let total = |words: &[String]| words.iter().map(|word| width(word) + 1).sum::<usize>().saturating_sub(1);
    while total(&words) > most {
        let folders = |word: &&mut String| word.matches('/').count() > 1;
        let Some(longest) = words.iter_mut().filter(folders).max_by_key(|word| width(word)) else { break };
        let name = longest.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        *longest = format!("{more}/{name}");
    }
    cut(&words.join(" "), most, more)
}

/// The text cut or filled up to exactly so many columns, at the left or the right edge.
pub fn fit(text: &str, columns: usize, right: bool, more: &str) -> String {
    let text = cut(text, columns, more);
    let space = " ".repeat(columns.saturating_sub(width(&text)));
    if right { space + &text } else { text + &space }
}

/// An age where there is little room: `14s`, `31m`, `1h12`, `4d`.
pub fn short_age(span: Span) -> String {
    let s = span.as_secs();
    match s {
        0..=59 => format!("{s}s"),
        60..=3_599 => format!("{}m", s / 60),
        3_600..=172_799 => format!("{}h{:02}", s / 3_600, s % 3_600 / 60),
        _ => format!("{}d", s / 86_400),
    }
}

/// How old data is, where a minute more or less matters: `45s`, `3m12s`, `1h12`.
pub fn exact_age(span: Span) -> String {
    let s = span.as_secs();
    match s {
        60..=3_599 => format!("{}m{:02}s", s / 60, s % 60),
        _ => short_age(span),
    }
}

/// How long an age stays as it is shown: seconds are drawn anew every ten, then minutes, then hours.
pub fn good_for(span: Span) -> Span {
    let ms = span.as_millis();
    let step = match span.as_secs() {
        0..=59 => return Span::from_millis(10_000.min(60_000 - ms)),
        60..=172_799 => 60_000,
        _ => 86_400_000,
    };
    Span::from_millis(step - ms % step)
}

/// A number with its thousands apart.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_by_what_people_see_as_letters() {
        let check = |text: &str, most: usize, expected: &str| assert_eq!(cut(text, most, "…"), expected);
        check("abc", 3, "abc");
        check("abcd", 3, "ab…");
        check("日本語", 5, "日本…");
        check("日本語", 4, "日…");
        check("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…");
        check("abc", 0, "");
        assert_eq!((fit("a", 3, true, "…"), fit("a", 3, false, "…")), ("  a".to_string(), "a  ".to_string()));
    }

    #[test]
    fn an_id_keeps_what_tells_it_apart() {
        let check = |id: &str, columns: usize, expected: &str| assert_eq!(fit_id(id, columns, "…"), expected);
        check("fix-login", 10, "fix-login ");
        check("port-the-scheduler-7k2m", 10, "port…-7k2m");
        check("port-the-scheduler-7k2m", 14, "port-the…-7k2m");
        check("sse-resume-2m4p", 10, "sse…-2m4p ");
        check("port-the-scheduler-7k2m", 9, "port-the…");
        check("日本語の題-5h1c", 14, "日本語の…-5h1c");
        check("fix", 0, "");
    }

    #[test]
    fn what_strangers_write_is_harmless() {
        assert_eq!(clean("a\x1b[31mb\u{fe0f}\nc\x07\u{202e}"), "ab c");
    }

    #[test]
    fn what_is_decided_on_hides_nothing() {
        let check = |text: &str, expected: &str| assert_eq!(marked(text), expected);
        check("a\x1b[31mb\u{fe0f}\nc\x07\u{202e}", "a^[[31mb<U+FE0F> c^G<U+202E>");
        check("\tif ❤\u{fe0f}\r", "    if ❤^M");
    }

    #[test]
    fn ages_say_how_long_they_are_good_for() {
        let check = |ms: u64, age: &str, good: u64| {
            let span = Span::from_millis(ms);
            assert_eq!((short_age(span).as_str(), good_for(span).as_millis()), (age, good));
        };
        check(14_000, "14s", 10_000);
        check(55_000, "55s", 5_000);
        check(61_000, "1m", 59_000);
        check(4_320_000, "1h12", 60_000);
        check(200_000_000, "2d", 59_200_000);
    }

    #[test]
    fn how_old_data_is_is_told_to_the_second_below_an_hour() {
        let check = |s: u64, age: &str| assert_eq!(exact_age(Span::from_secs(s)), age);
        check(45, "45s");
        check(60, "1m00s");
        check(192, "3m12s");
        check(4_320, "1h12");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(
            (grouped(7), grouped(10_029), grouped(1_234_567)),
            ("7".into(), "10,029".into(), "1,234,567".into())
        );
    }

    #[test]
    fn of_a_long_text_paths_give_way_first() {
        let check =
            |text: &str, most: usize, expected: &str| assert_eq!(cut_paths(text, most, "…"), expected);
        check("cannot read /a/b/c.md: gone", 40, "cannot read /a/b/c.md: gone");
        check("cannot read /a/long/b/c.md: gone", 30, "cannot read …/c.md: gone");
        check("moved /a/b/c to /a/longer/d", 24, "moved /a/b/c to …/d");
        check("cannot read /a/long/b/c.md: gone", 20, "cannot read …/c.md:…");
        check("no path in it at all", 10, "no path i…");
    }
}
