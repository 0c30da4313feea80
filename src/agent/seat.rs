//! Seats: numbers that no two jobs at work on this host share, and the ports that belong to each.
//!
//! A job may name a database or a folder by `AQ_SLOT` and listen on the ports from `AQ_PORT_BASE`. Several agents
//! work on one host, perhaps on several queues, and each counts its own slots from zero; so the number is taken
//! from the user's state folder instead, as a lock on a small file, which ends with whoever holds it.

use std::fs::File;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::board::state_home;
use crate::job::plain_error;

/// First port of seat 0, and how many each seat has.
const PORT_BASE: u32 = 21_000;
const PORTS_EACH: u32 = 100;
/// The last of these ends where ports end. From seat 117 on Linux may give the ports to outgoing connections too.
const SEATS_MOST: u32 = (65_536 - PORT_BASE) / PORTS_EACH;

/// A number that is this job's alone as long as it is held.
#[derive(Debug)]
pub(super) struct Seat {
    number: u32,
    _lock: File,
}

impl Seat {
    /// The lowest number that is free.
    ///
    /// # Errors
    /// In words: the state folder cannot be used, or every number is taken.
    pub fn take() -> Result<Seat, String> {
        let home = state_home().ok_or("there is no folder for state: set HOME or XDG_STATE_HOME")?;
        Seat::take_in(&home.join("seats"))
    }

    fn take_in(dir: &Path) -> Result<Seat, String> {
        let failed = |error: &std::io::Error| format!("no seat in {}: {}", dir.display(), plain_error(error));
        std::fs::create_dir_all(dir).map_err(|error| failed(&error))?;
        for number in 0..SEATS_MOST {
            if let Some(seat) = Seat::at(dir, number).map_err(|error| failed(&error))? {
                return Ok(seat);
            }
        }
        Err(format!("all {SEATS_MOST} seats of this host are taken: end some agents"))
    }

    /// The seat of a run that an agent now dead had started. `None`: somebody took it in between.
    pub fn again(number: u32) -> Option<Seat> {
        Seat::at(&state_home()?.join("seats"), number).ok().flatten()
    }

    fn at(dir: &Path, number: u32) -> std::io::Result<Option<Seat>> {
        let file = File::options().create(true).append(true).open(dir.join(number.to_string()))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Seat { number, _lock: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.number
    }
}

/// What a run is told of its seat.
pub(super) fn seat_env(number: u32) -> [(String, String); 2] {
    [
        ("AQ_SLOT".to_string(), number.to_string()),
        ("AQ_PORT_BASE".to_string(), (PORT_BASE + number * PORTS_EACH).to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_hold_one_number_and_what_is_given_back_goes_out_again() {
        let dir = tempfile::tempdir().unwrap();
        let take = || Seat::take_in(dir.path()).unwrap();
        let (a, b, c) = (take(), take(), take());
        assert_eq!([a.number(), b.number(), c.number()], [0, 1, 2]);
        assert!(Seat::at(dir.path(), 1).unwrap().is_none());
        drop(b);
        assert_eq!(take().number(), 1);
        let blocked = dir.path().join("file");
        std::fs::write(&blocked, "").unwrap();
        assert!(Seat::take_in(&blocked).unwrap_err().contains("no seat in"));
    }

    #[test]
    fn the_ports_of_all_seats_exist() {
        let last: u32 = seat_env(SEATS_MOST - 1)[1].1.parse().unwrap();
        assert!(last + PORTS_EACH <= 65_536, "{last}");
        assert_eq!(seat_env(0).map(|row| row.1), ["0", "21000"]);
    }
}
