//! Times as people write them: RFC 3339, `22:00`, `2h`.

use super::complaint::CliError;
use crate::time::{Span, Stamp};

/// What a bare span such as `2h` is counted from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Toward {
    /// `--since`, `--at`: that long ago.
    Past,
    /// `--until`: that long from now.
    Future,
}

/// Reads a moment.
///
/// # Errors
/// Exit 2 with the accepted forms.
pub fn parse_moment(flag: &str, text: &str, toward: Toward, now: Stamp) -> Result<Stamp, CliError> {
    let read = match toward {
        Toward::Past => Stamp::read_past(text, now),
        Toward::Future => Stamp::parse_rfc3339(text)
            .or_else(|| text.parse::<Span>().ok().map(|span| now.plus(span)))
            .or_else(|| Stamp::clock_time(text).and_then(|(hour, minute)| now.next_local(hour, minute))),
    };
    read.ok_or_else(|| {
        CliError::usage(format!("{flag} does not understand the time {text:?}"))
            .why("a time is RFC 3339, a time of day, or a span")
            .next(format!("write: {flag} 2026-10-02T12:04:27Z, {flag} 22:00 or {flag} 2h"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let now = Stamp::parse_rfc3339("2026-10-02T12:00:00Z").expect("a time");
        let check = |text: &str, toward, expected: Option<&str>| {
            let read = parse_moment("--at", text, toward, now).ok().map(|at| at.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        };
        check("2026-10-01T00:00:00Z", Toward::Past, Some("2026-10-01T00:00:00Z"));
        check("2h", Toward::Past, Some("2026-10-02T10:00:00Z"));
        check("2h", Toward::Future, Some("2026-10-02T14:00:00Z"));
        check("yesterday", Toward::Past, None);
        check("25:00", Toward::Past, None);
        check("", Toward::Past, None);
    }
}
