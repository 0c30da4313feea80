//! What a person is pinged about while they look elsewhere, how, and when not.

use std::str::FromStr;

use crate::time::Span;

/// At most one ping in this time; what comes meanwhile is told in the next one together.
pub const PING_PACE: Span = Span::from_secs(10);

/// How the cockpit pings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // Each has its word in PING_WAYS.
pub enum PingWay {
    #[default]
    Auto,
    Osc9,
    Osc99,
    Osc777,
    Bell,
    Off,
}

/// The ways by the names that people write.
pub const PING_WAYS: [(&str, PingWay); 6] = [
    ("auto", PingWay::Auto),
    ("osc9", PingWay::Osc9),
    ("osc99", PingWay::Osc99),
    ("osc777", PingWay::Osc777),
    ("bell", PingWay::Bell),
    ("off", PingWay::Off),
];

/// What a ping is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PingKind {
    /// A job waits for the person.
    Needs,
    /// A watched job went on.
    Watched,
    /// The queue was paused by somebody else.
    Paused,
    /// An account was closed, or a ceiling is near.
    Alerts,
}

/// The kinds by the names that people write.
pub const PING_KINDS: [(&str, PingKind); 4] = [
    ("needs", PingKind::Needs),
    ("watched", PingKind::Watched),
    ("paused", PingKind::Paused),
    ("alerts", PingKind::Alerts),
];

/// Hours of the day in which nobody is pinged, `22:00-07:00`; they may go over midnight.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quiet {
    from: String,
    until: String,
}

impl Quiet {
    /// Whether a time of day, `HH:MM`, is in it; its end is not.
    pub fn has(&self, time: &str) -> bool {
        // Times of this form stand in the order of their letters.
        let (from, until) = (self.from.as_str(), self.until.as_str());
        if from <= until { from <= time && time < until } else { from <= time || time < until }
    }
}

impl FromStr for Quiet {
    type Err = String;

    fn from_str(text: &str) -> Result<Quiet, String> {
        let wrong = || format!("no hours: {text:?}; write them as 22:00-07:00");
        let (from, until) = text.split_once('-').ok_or_else(wrong)?;
        let is_time = |text: &str| {
            let Some((hour, minute)) = text.split_once(':') else { return false };
            let below = |part: &str, end: u8| {
                part.len() == 2
                    && part.bytes().all(|b| b.is_ascii_digit())
                    && part.parse::<u8>().is_ok_and(|n| n < end)
            };
            below(hour, 24) && below(minute, 60)
        };
        match is_time(from) && is_time(until) {
            true => Ok(Quiet { from: from.to_string(), until: until.to_string() }),
            false => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_may_go_over_midnight() {
        let check = |hours: &str, inside: &[&str], outside: &[&str]| {
            let quiet: Quiet = hours.parse().expect("hours");
            inside.iter().for_each(|time| assert!(quiet.has(time), "{time} in {hours}"));
            outside.iter().for_each(|time| assert!(!quiet.has(time), "{time} in {hours}"));
        };
        check("22:00-07:00", &["22:00", "23:59", "00:00", "06:59"], &["07:00", "12:00", "21:59"]);
        check("12:30-13:00", &["12:30", "12:59"], &["12:29", "13:00", "00:00"]);
        check("12:00-12:00", &[], &["12:00", "00:00"]);
    }

    #[test]
    fn what_is_no_hours_is_refused() {
        for text in ["", "22:00", "22-07", "24:00-07:00", "22:60-07:00", "2:00-07:00", "+1:00-07:00"] {
            assert!(text.parse::<Quiet>().is_err(), "{text}");
        }
    }
}
