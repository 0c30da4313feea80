//! When a usage window opens again, from the words in which vendors say it.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::time::{Span, Stamp};

/// What comes before any of the forms.
const LEAD: &str = r"(?:try again|resets?)";
const CLOCK: &str = r"(\d{1,2})(?::(\d{2}))?\s*([AP])\.?M";

/// `try again in 2 days 17 hours 14 minutes`
static IN: LazyLock<Regex> =
    LazyLock::new(|| form(&format!(r"{LEAD} in ((?:\d+\s*[a-z]+\.?(?:,| and)?\s*)+)")));
/// One part of it.
static PART: LazyLock<Regex> = LazyLock::new(|| form(r"(\d+)\s*([dhms])"));
/// `try again at Mar 10th, 2026 3:39 AM`, `resets Oct 10, 9am (Europe/Berlin)`
static ON: LazyLock<Regex> = LazyLock::new(|| {
    let day = r"([A-Z]{3})[a-z]* (\d{1,2})(?:st|nd|rd|th)?,?(?: (\d{4}),?)?(?: at)?";
    form(&format!(r"{LEAD}(?: at| on)? {day} {CLOCK}"))
});
/// `try again at 5:23 PM`, `resets 9am (Europe/Berlin)`
static AT: LazyLock<Regex> = LazyLock::new(|| form(&format!(r"{LEAD}(?: at)? {CLOCK}")));
/// A zone behind the time goes before the one of the process.
static ZONE: LazyLock<Regex> = LazyLock::new(|| form(r"M \(([A-Za-z]+(?:[/_+-][A-Za-z0-9_+-]+)*)\)"));

/// A time told without its seconds is that of a whole minute.
const MINUTE_MS: i64 = 60_000;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

fn form(pattern: &str) -> Regex {
    #[allow(clippy::expect_used)] // A pattern of this file; a test reads every one.
    Regex::new(&format!("(?i){pattern}")).expect("a pattern of this file")
}

/// The reset that `text`, seen at `at`, tells; times are read in `zone`, the machine's where none is given.
/// `None` where nothing is told or it cannot be read: an unknown reset, never a guess.
pub(super) fn reset_of(text: &str, at: Stamp, zone: Option<&str>) -> Option<Stamp> {
    if let Some(found) = IN.captures(text) {
        return later(&found[1], at);
    }
    let told = ZONE.captures(text).map(|found| found[1].to_string());
    let zone = told.as_deref().or(zone);
    if let Some(found) = ON.captures(text) {
        return on_day(&found, at, zone);
    }
    let found = AT.captures(text)?;
    let (hour, minute) = clock(&found, 1)?;
    // Past means tomorrow. Vendors leave the seconds out, so this very minute is not past yet.
    let reset = Stamp::from_millis(at.as_millis() - MINUTE_MS).next_clock(zone, hour, minute)?;
    Some(if reset > at { reset } else { Stamp::from_millis(reset.as_millis() + MINUTE_MS) })
}

fn later(parts: &str, at: Stamp) -> Option<Stamp> {
    let mut seconds = 0_u64;
    for part in PART.captures_iter(parts) {
        let unit = match part[2].to_ascii_lowercase().as_str() {
            "d" => 86_400,
            "h" => 3_600,
            "m" => 60,
            _ => 1,
        };
        seconds = seconds.checked_add(part[1].parse::<u64>().ok()?.checked_mul(unit)?)?;
    }
    (seconds > 0).then(|| at.plus(Span::from_secs(seconds)))
}

fn on_day(found: &Captures<'_>, at: Stamp, zone: Option<&str>) -> Option<Stamp> {
    let name = found[1].to_ascii_lowercase();
    let month = i8::try_from(MONTHS.iter().position(|month| *month == name)? + 1).ok()?;
    let day = found[2].parse().ok()?;
    let (hour, minute) = clock(found, 4)?;
    let year = found.get(3).and_then(|year| year.as_str().parse::<i16>().ok());
    let this = year.or_else(|| at.year(zone))?;
    let reset = Stamp::of_clock(zone, (this, month, day), (hour, minute))?;
    if year.is_none() && reset <= at {
        // Told without a year around new year.
        return Stamp::of_clock(zone, (this + 1, month, day), (hour, minute));
    }
    Some(reset)
}

/// Hour and minute of a twelve-hour clock whose hour is group `first`.
fn clock(found: &Captures<'_>, first: usize) -> Option<(i8, i8)> {
    let hour: i8 = found.get(first)?.as_str().parse().ok()?;
    let minute: i8 = found.get(first + 1).map_or(Ok(0), |minute| minute.as_str().parse()).ok()?;
    let half = found.get(first + 2)?.as_str();
    let after_noon = half.eq_ignore_ascii_case("p");
    (1..=12).contains(&hour).then_some((hour % 12 + if after_noon { 12 } else { 0 }, minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen on 2026-03-08 at 14:00 UTC, by a process whose clock is three hours ahead.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let at = Stamp::parse_rfc3339("2026-03-08T14:00:00Z").unwrap();
        let reset = reset_of(text, at, Some("AQT-3"));
        assert_eq!(reset.map_or_else(|| "unknown".to_string(), |at| at.to_string()), expected, "{text}");
    }

    #[test]
    fn every_form_of_every_vendor_is_read() {
        let codex = "You\u{2019}ve hit your usage limit. Visit the page to purchase more credits or";
        check(&format!("{codex} try again at 5:23 PM."), "2026-03-08T14:23:00Z");
        check(&format!("{codex} try again at 4:23 PM."), "2026-03-09T13:23:00Z");
        check(&format!("{codex} try again at 5:00 PM."), "2026-03-08T14:01:00Z");
        check(&format!("{codex} try again at 4:59 PM."), "2026-03-09T13:59:00Z");
        check(&format!("{codex} try again at 12:05 AM."), "2026-03-08T21:05:00Z");
        check(&format!("{codex} try again at Mar 10th, 2026 3:39 AM."), "2026-03-10T00:39:00Z");
        check(&format!("{codex} try again in 2 days 17 hours 14 minutes."), "2026-03-11T07:14:00Z");
        check("You've hit a rate limit. Please try again in 2 hours", "2026-03-08T16:00:00Z");
        check("try again in 1h 30m", "2026-03-08T15:30:00Z");
        check("You've hit your session limit · resets 9am (UTC)", "2026-03-09T09:00:00Z");
        check("You've hit your weekly limit · resets Mar 12, 9:30pm (UTC)", "2026-03-12T21:30:00Z");
        check("resets Jan 2, 9am (UTC)", "2027-01-02T09:00:00Z");
    }

    #[test]
    fn what_is_not_told_or_makes_no_sense_is_unknown() {
        check("You've hit your usage limit.", "unknown");
        check("try again at 13:99 PM", "unknown");
        check("try again at Foo 10th, 2026 3:39 AM", "unknown");
        check("try again in a while", "unknown");
        check("try again in 99999999999999999999 days", "unknown");
        check("resets 9am (Nowhere/Atall)", "unknown");
    }
}
