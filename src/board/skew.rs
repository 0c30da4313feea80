//! Whether this host's clock leapt: agents note what it shows beside the time since boot, which no setting moves.
//!
//! Events carry the law's time, which begins at the wall's. A process that begins under a clock hours ahead would
//! write that time into the log, and every other process would go on from there. A cockpit therefore compares first.
//! An agent that starts accepts the clock as it is: somebody must be able to say that it is right now.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::engine::process_identity;
use crate::store::Place;
use crate::time::{Clock, Span, Stamp};

/// The file on the machine's side.
const NOTED: &str = "clock";
/// A clock that is set by this much is set in small steps, or by a person who knows.
const LEAP_MOST: Span = Span::from_mins(5);

#[derive(Serialize, Deserialize)]
struct Noted {
    v: u32,
    boot: String,
    since: Span,
    wall: Stamp,
}

fn file(place: &Place) -> PathBuf {
    place.side.join(NOTED)
}

/// The boot, and the container: in another one the time since boot may be another.
fn boot() -> String {
    let it = process_identity();
    format!("{} {}", it.boot, it.namespace)
}

/// Notes what the clock shows. Not written, nothing is compared.
pub fn note_clock(place: &Place, clock: &dyn Clock) {
    let noted = Noted { v: 1, boot: boot(), since: clock.uptime(), wall: clock.wall() };
    if let Ok(text) = serde_json::to_vec(&noted) {
        let beside = place.side.join(format!(".{NOTED}.tmp"));
        let _ = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, file(place)));
    }
}

/// How far the clock is from where it would be by the time since it was noted, in words: `3 h 00 ahead of`. `None` if it
/// is where it should be, or if nothing was noted since this boot.
pub fn leap(place: &Place, clock: &dyn Clock) -> Option<String> {
    let noted: Noted = serde_json::from_slice(&std::fs::read(file(place)).ok()?).ok()?;
    let passed = clock.uptime().as_millis().checked_sub(noted.since.as_millis())?;
    if noted.boot != boot() {
        return None;
    }
    let (due, shown) = (noted.wall.plus(Span::from_millis(passed)), clock.wall());
    let (off, word) = match shown > due {
        true => (shown.since(due), "ahead of"),
        false => (due.since(shown), "behind"),
    };
    (off > LEAP_MOST).then(|| format!("{} {word}", off.age()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Wish;
    use crate::time::FakeClock;

    #[test]
    fn only_a_clock_that_was_set_has_leapt() {
        let dir = tempfile::tempdir().expect("a folder");
        let place =
            Place::create(&Wish { queue: &dir.path().join("queue"), git_common: None }).expect("a queue");
        let clock = FakeClock::at(Stamp::from_millis(1_800_000_000_000));
        assert_eq!(leap(&place, &clock), None, "nothing was noted");
        note_clock(&place, &clock);
        clock.pass(Span::from_mins(600));
        clock.sleep(Span::from_mins(600));
        assert_eq!(leap(&place, &clock), None, "time that passes is no leap");
        let set = |mins: i64| clock.set_wall(Stamp::from_millis(clock.wall().as_millis() + mins * 60_000));
        set(4);
        assert_eq!(leap(&place, &clock), None);
        set(176);
        assert_eq!(leap(&place, &clock).as_deref(), Some("3 h 00 ahead of"));
        set(-360);
        assert_eq!(leap(&place, &clock).as_deref(), Some("3 h 00 behind"));
        note_clock(&place, &clock);
        assert_eq!(leap(&place, &clock), None, "an agent has accepted it");
    }
}
