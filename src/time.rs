//! Instants, spans and the clocks they come from; the only file that reads a clock.
//!
//! The law takes `now` as an argument. Whoever calls it asks a [`Clock`], which is the system's in a
//! service and a hand-moved one in tests. Two readings exist: the wall, which people set and which may
//! jump, and the boot-time clock, which only advances and counts sleep. [`LawClock`] joins them by the
//! rule of `fleet.md` section 2: start at `max(wall, last event)`, then advance by boot time alone.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant in UTC, in milliseconds since 1970. Written to disk as that number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(i64);

impl Stamp {
    /// The instant `ms` milliseconds after 1970 (UTC).
    pub const fn from_millis(ms: i64) -> Stamp {
        Stamp(ms)
    }

    /// Milliseconds since 1970 (UTC).
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// How long ago `earlier` was, zero if it lies in the future.
    pub fn since(self, earlier: Stamp) -> Span {
        Span(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This instant moved forward by `span`, at most to the end of time.
    pub fn plus(self, span: Span) -> Stamp {
        Stamp(self.0.saturating_add(i64::try_from(span.0).unwrap_or(i64::MAX)))
    }

    /// The moment as a file's date has it.
    pub fn to_system(self) -> std::time::SystemTime {
        let ms = std::time::Duration::from_millis(self.0.unsigned_abs());
        if self.0 < 0 { std::time::UNIX_EPOCH - ms } else { std::time::UNIX_EPOCH + ms }
    }

    /// A file's date as a moment.
    pub fn from_system(at: std::time::SystemTime) -> Stamp {
        let ms = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        match at.duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => Stamp(ms(after)),
            Err(before) => Stamp(-ms(before.duration())),
        }
    }

    /// Reads RFC 3339 (`2026-10-02T12:04:27Z`).
    pub fn parse_rfc3339(text: &str) -> Option<Stamp> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Stamp(t.as_millisecond()))
    }

    /// Local time of day, `12:04`, for people; falls back to UTC where no time zone is known.
    pub fn local_hm(self) -> String {
        self.local("%H:%M")
    }

    /// Local date and time, `2026-10-02 12:04:27`, for people.
    pub fn local_full(self) -> String {
        self.local("%Y-%m-%d %H:%M:%S")
    }

    /// Local calendar day, `2026-10-02`.
    pub fn local_day(self) -> String {
        self.local("%Y-%m-%d")
    }

    /// When this local calendar day began; `None` for a moment that no calendar has.
    pub fn local_midnight(self) -> Option<Stamp> {
        let here = jiff::Timestamp::from_millisecond(self.0).ok()?.to_zoned(jiff::tz::TimeZone::system());
        Some(Stamp(here.start_of_day().ok()?.timestamp().as_millisecond()))
    }

    fn local(self, format: &str) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => t.to_zoned(jiff::tz::TimeZone::system()).strftime(format).to_string(),
            Err(_) => self.0.to_string(),
        }
    }

    /// A moment of the past as people write it: RFC 3339, a span ago such as `2h`, or the last time that local
    /// clocks showed `22:00`.
    pub fn read_past(text: &str, now: Stamp) -> Option<Stamp> {
        let before =
            |span: Span| Stamp(now.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)));
        if let Some(at) = Stamp::parse_rfc3339(text) {
            return Some(at);
        }
        if let Ok(span) = text.parse::<Span>() {
            return Some(before(span));
        }
        let day = before(Span::from_mins(24 * 60));
        let (clock, seconds) = match text.rsplit_once(':') {
            Some((clock, seconds)) if clock.contains(':') => {
                (clock, seconds.parse().ok().filter(|s| *s < 60)?)
            }
            _ => (text, 0),
        };
        let (hour, minute) = Stamp::clock_time(clock)?;
        // A moment of this very minute may still be to come: then it was yesterday.
        let from = |at: Stamp| Some(at.next_local(hour, minute)?.plus(Span::from_secs(seconds)));
        from(day).filter(|at| *at <= now).or_else(|| from(Stamp(day.0 - 60_000)))
    }

    /// `22:00` as hour and minute.
    pub fn clock_time(text: &str) -> Option<(i8, i8)> {
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
        ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some((hour, minute))
    }

    /// The next moment after this one at which local clocks show `hour:minute`.
    pub fn next_local(self, hour: i8, minute: i8) -> Option<Stamp> {
        self.next_clock(None, hour, minute)
    }

    /// The next moment after this one at which the clocks of `zone` (here, if `None`) show `hour:minute`.
    /// `None` for a zone or a time that does not exist.
    pub fn next_clock(self, zone: Option<&str>, hour: i8, minute: i8) -> Option<Stamp> {
        let here = jiff::Timestamp::from_millisecond(self.0).ok()?.to_zoned(time_zone(zone)?);
        let at = here.with().hour(hour).minute(minute).second(0).subsec_nanosecond(0).build().ok()?;
        let at = if at > here { at } else { at.tomorrow().ok()? };
        Some(Stamp(at.timestamp().as_millisecond()))
    }

    /// The moment at which the clocks of `zone` (here, if `None`) show this day and time.
    pub fn of_clock(zone: Option<&str>, day: (i16, i8, i8), time: (i8, i8)) -> Option<Stamp> {
        let civil = jiff::civil::DateTime::new(day.0, day.1, day.2, time.0, time.1, 0, 0).ok()?;
        let at = civil.to_zoned(time_zone(zone)?).ok()?;
        Some(Stamp(at.timestamp().as_millisecond()))
    }

    /// The year in which this moment falls in `zone`, or here.
    pub fn year(self, zone: Option<&str>) -> Option<i16> {
        let at = jiff::Timestamp::from_millisecond(self.0).ok()?.to_zoned(time_zone(zone)?);
        Some(at.year())
    }
}

/// A zone by its name (`Europe/Berlin`) or in the form of `TZ` (`CET-1CEST,M3.5.0,M10.5.0/3`).
fn time_zone(name: Option<&str>) -> Option<jiff::tz::TimeZone> {
    let Some(name) = name else { return Some(jiff::tz::TimeZone::system()) };
    let name = name.trim_start_matches(':');
    jiff::tz::TimeZone::get(name).or_else(|_| jiff::tz::TimeZone::posix(name)).ok()
}

/// The name of this machine's time zone, if it has one.
pub fn local_zone() -> Option<String> {
    jiff::tz::TimeZone::system().iana_name().map(str::to_string)
}

impl fmt::Display for Stamp {
    /// RFC 3339 in UTC with whole seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => write!(f, "{}", t.strftime("%Y-%m-%dT%H:%M:%SZ")),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A length of time in milliseconds. People write it `500ms 90s 45m 2h 1d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// `ms` milliseconds.
    pub const fn from_millis(ms: u64) -> Span {
        Span(ms)
    }

    /// `s` seconds.
    pub const fn from_secs(s: u64) -> Span {
        Span(s.saturating_mul(1000))
    }

    /// `m` minutes.
    pub const fn from_mins(m: u64) -> Span {
        Span::from_secs(m.saturating_mul(60))
    }

    /// Whole milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// The same span for the standard library.
    pub const fn to_std(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// This span `n` times, at most the longest span there is.
    pub const fn times(self, n: u64) -> Span {
        Span(self.0.saturating_mul(n))
    }

    /// As an age for people, two units at most: `14 s`, `3 min`, `2 h 05`, `4 d`.
    pub fn age(self) -> String {
        let s = self.as_secs();
        match s {
            0..=59 => format!("{s} s"),
            60..=5_999 => format!("{} min", s / 60),
            6_000..=172_799 => format!("{} h {:02}", s / 3600, s % 3600 / 60),
            _ => format!("{} d", s / 86_400),
        }
    }
}

/// A span that could not be read; says what is accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a duration: {0:?} (write 500ms, 90s, 45m, 2h or 1d)")]
pub struct BadSpan(String);

impl FromStr for Span {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Span, BadSpan> {
        let bad = || BadSpan(text.to_string());
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let n: u64 = text[..split].parse().map_err(|_| bad())?;
        let unit = match &text[split..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(bad()),
        };
        n.checked_mul(unit).map(Span).ok_or_else(bad)
    }
}

impl fmt::Display for Span {
    /// The shortest exact form that [`Span::from_str`] reads back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, unit) = match self.0 {
            0 => (0, "s"),
            ms if ms % 86_400_000 == 0 => (ms / 86_400_000, "d"),
            ms if ms % 3_600_000 == 0 => (ms / 3_600_000, "h"),
            ms if ms % 60_000 == 0 => (ms / 60_000, "m"),
            ms if ms % 1_000 == 0 => (ms / 1_000, "s"),
            ms => (ms, "ms"),
        };
        write!(f, "{n}{unit}")
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where time comes from: the system in a service, a hand-moved one in tests.
pub trait Clock: Send + Sync {
    /// The wall clock. People set it; it may jump either way.
    fn wall(&self) -> Stamp;
    /// Time since boot, sleep included. Never goes back.
    fn boot(&self) -> Span;
    /// Time since boot that the machine was awake: the same for all processes of one boot.
    fn awake(&self) -> Span;

    /// Time since boot by a source that nothing between the process and the kernel can move, where there is one.
    fn uptime(&self) -> Span {
        self.boot()
    }
}

/// The clocks of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall(&self) -> Stamp {
        Stamp(jiff::Timestamp::now().as_millisecond())
    }

    fn boot(&self) -> Span {
        #[cfg(target_os = "linux")]
        let id = rustix::time::ClockId::Boottime;
        // On macOS the monotonic clock is the one that counts sleep.
        #[cfg(not(target_os = "linux"))]
        let id = rustix::time::ClockId::Monotonic;
        read(id)
    }

    fn uptime(&self) -> Span {
        // `12345.67 6789.01`: seconds since boot come first. Only Linux has the file.
        let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
        let told = text.split([' ', '.']).next().and_then(|secs| secs.parse().ok()).map(Span::from_secs);
        told.unwrap_or_else(|| self.boot())
    }

    fn awake(&self) -> Span {
        // On macOS this counts sleep too; there every process of the machine can be seen, so nobody's
        // silence has to be measured.
        read(rustix::time::ClockId::Monotonic)
    }
}

fn read(id: rustix::time::ClockId) -> Span {
    let t = rustix::time::clock_gettime(id);
    let ms = t.tv_sec.saturating_mul(1000).saturating_add(t.tv_nsec / 1_000_000);
    Span(u64::try_from(ms).unwrap_or(0))
}

/// A clock that moves only when it is told to.
#[derive(Debug, Default)]
pub struct FakeClock {
    wall: AtomicI64,
    boot: AtomicI64,
    slept: AtomicI64,
}

impl FakeClock {
    /// A clock that shows `start` and a boot time of zero.
    pub fn at(start: Stamp) -> FakeClock {
        FakeClock { wall: AtomicI64::new(start.0), ..FakeClock::default() }
    }

    /// Lets `span` pass on all clocks.
    pub fn pass(&self, span: Span) {
        let ms = i64::try_from(span.0).unwrap_or(i64::MAX);
        self.wall.fetch_add(ms, Ordering::Relaxed);
        self.boot.fetch_add(ms, Ordering::Relaxed);
    }

    /// Lets the machine sleep for `span`.
    pub fn sleep(&self, span: Span) {
        self.pass(span);
        self.slept.fetch_add(i64::try_from(span.0).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Sets the wall alone, as a person or a time server would.
    pub fn set_wall(&self, to: Stamp) {
        self.wall.store(to.0, Ordering::Relaxed);
    }
}

impl Clock for FakeClock {
    fn wall(&self) -> Stamp {
        Stamp(self.wall.load(Ordering::Relaxed))
    }

    fn boot(&self) -> Span {
        Span(u64::try_from(self.boot.load(Ordering::Relaxed)).unwrap_or(0))
    }

    fn awake(&self) -> Span {
        let slept = self.slept.load(Ordering::Relaxed);
        Span(self.boot().0.saturating_sub(u64::try_from(slept).unwrap_or(0)))
    }
}

/// The law's `now`: starts at `max(wall, last event)`, advances by boot time, never goes back.
#[derive(Debug, Clone, Copy)]
pub struct LawClock {
    start: Stamp,
    boot: Span,
}

impl LawClock {
    /// Starts the law's time after the last event of the log.
    pub fn start(clock: &dyn Clock, last_event: Stamp) -> LawClock {
        LawClock { start: clock.wall().max(last_event), boot: clock.boot() }
    }

    /// The law's now; `last_event` keeps it from falling behind what others have written.
    pub fn now(&self, clock: &dyn Clock, last_event: Stamp) -> Stamp {
        let passed = clock.boot().0.saturating_sub(self.boot.0);
        self.start.plus(Span(passed)).max(last_event)
    }
}

/// A stopwatch of waking time: it stands still while the machine sleeps.
///
/// The wall limit of an attempt and the grace of a kill ladder must not run in sleep: a laptop that was
/// closed over lunch took no working time from anybody, and an engine that could not act on TERM was not
/// given its grace. [`Clock::boot`] judges leases and therefore counts sleep. `Instant` is the clock that
/// does not, on Linux (`CLOCK_MONOTONIC`) and on macOS (`CLOCK_UPTIME_RAW`).
#[derive(Clone, Copy, Debug)]
pub struct Awake(std::time::Instant);

impl Awake {
    /// Starts at zero.
    pub fn start() -> Awake {
        Awake(std::time::Instant::now())
    }

    /// Waking time since the start, as exactly as the clock tells it: for benchmarks.
    pub fn exact(&self) -> Duration {
        self.0.elapsed()
    }

    /// Waking time since the start.
    pub fn passed(&self) -> Span {
        Span(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_with_seconds_is_the_last_such_moment() {
        let then = Stamp::parse_rfc3339("2026-10-02T12:04:27Z").unwrap();
        let text = &then.local_full()[11..];
        let check = |later: u64, days: u64| {
            let now = then.plus(Span::from_secs(later));
            assert_eq!(
                Stamp::read_past(text, now),
                Some(then.plus(Span::from_mins(days * 24 * 60))),
                "{later}"
            );
        };
        check(0, 0);
        check(10, 0);
        check(86_399, 0);
        check(86_400, 1);
        assert_eq!(Stamp::read_past("12:04:60", then), None);
    }

    #[test]
    fn spans_read_and_print() {
        let check = |text: &str, ms: Option<u64>, back: &str| match text.parse::<Span>() {
            Ok(span) => assert_eq!((Some(span.as_millis()), span.to_string().as_str()), (ms, back)),
            Err(_) => assert_eq!((None, ""), (ms, back), "{text}"),
        };
        check("90s", Some(90_000), "90s");
        check("120s", Some(120_000), "2m");
        check("500ms", Some(500), "500ms");
        check("2h", Some(7_200_000), "2h");
        check("1d", Some(86_400_000), "1d");
        check("0s", Some(0), "0s");
        check("", None, "");
        check("5", None, "");
        check("5 m", None, "");
        check("-5m", None, "");
        check("99999999999999999999d", None, "");
        check("213503982335d", None, "");
    }

    #[test]
    fn a_wall_that_jumps_back_does_not_stop_the_law() {
        let clock = FakeClock::at(Stamp::from_millis(10_000_000));
        let law = LawClock::start(&clock, Stamp::from_millis(0));
        clock.set_wall(Stamp::from_millis(0));
        clock.pass(Span::from_secs(5));
        assert_eq!(law.now(&clock, Stamp::from_millis(0)), Stamp::from_millis(10_005_000));
    }

    #[test]
    fn the_law_starts_after_the_last_event_even_if_the_wall_is_behind() {
        let clock = FakeClock::at(Stamp::from_millis(1_000));
        let last = Stamp::from_millis(9_000);
        let law = LawClock::start(&clock, last);
        clock.pass(Span::from_secs(1));
        assert_eq!(law.now(&clock, last), Stamp::from_millis(10_000));
    }
}
